"""`anpr-edge prove`: what a privacy officer runs, and files."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli.options import PATH, config_option, language_option
from edge.errors import ConfigError

if TYPE_CHECKING:
    from edge.config import Config
    from edge.proof.prove import Proof, Tell

FAILED, UNCHECKED = 1, 3


@click.command()
@config_option
@click.option("--html", "page", type=PATH, metavar="FILE", help="Also write the page as HTML, for printing and filing.")
@language_option
def prove(config: Path, page: Path | None, language: str) -> None:
    """Check every privacy claim on this camera's own software, models and policy; print one page.

    \b
    A separate instance counts a film of made-up plates: in memory, with its own
    key, broker and topics. The camera may go on counting meanwhile. Then
      canary     memory of the three processes, files, messages and packets are
                 searched for every plate
      walls      what vision, gate and uplink must not do is tried from inside
      wire       what was sent is checked against schema, signature and k
      retention  this camera's audit log and stores are checked too

    It takes a minute or a few, needs Mosquitto (apt-get install mosquitto), and root for looking into memory. Exit
    status: 0 every claim holds, 1 one does not, 3 one could not be checked here.
    """  # noqa: D301  (click's mark for lines that it must not wrap)
    from edge.cli.progress import stoppable  # noqa: PLC0415
    from edge.config import load  # noqa: PLC0415
    from edge.policy_text import Language, Words  # noqa: PLC0415
    from edge.proof import report  # noqa: PLC0415
    from edge.proof.claims import Outcome  # noqa: PLC0415

    tongue = Language(language)

    def tell(step: Words) -> None:
        click.echo(f"… {step.told(tongue)}", err=True)

    with stoppable(), _draft(page) as write:
        proof = _proven(load(config), tell)
        click.echo(report.text(proof, tongue))
        write(report.page(proof, tongue))
    outcomes = {claim.outcome for claim in proof.claims}
    sys.exit(FAILED if Outcome.FAILS in outcomes else UNCHECKED if Outcome.UNCHECKED in outcomes else 0)


def _proven(camera: "Config", tell: "Tell") -> "Proof":
    from edge.proof.broker import BrokerError  # noqa: PLC0415
    from edge.proof.prove import prove as run  # noqa: PLC0415

    try:
        return run(camera, tell, datetime.now(UTC))
    except BrokerError as error:  # Nothing is said of the camera: another status than that of a claim that fails.
        raise ConfigError(str(error)) from error


@contextmanager
def _draft(page: Path | None) -> Iterator[Callable[[str], object]]:
    """Give what writes the page, where one is asked for: a draft now, not after minutes in vain, and all at the end."""
    if page is None:
        yield lambda _: None
        return
    draft = page.with_name(f".{page.name}.part")
    try:
        draft.touch()
        yield lambda content: draft.write_text(content, encoding="utf-8")
        draft.replace(page)
    except OSError as error:
        raise ConfigError(f"--html {page}: can't be written: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)
