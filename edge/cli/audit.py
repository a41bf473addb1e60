"""`anpr-edge audit`: what an auditor runs, on the camera or on a copy."""

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from edge.cli.options import PATH, Day, config_option
from edge.errors import ConfigError

if TYPE_CHECKING:
    from nacl.signing import VerifyKey

    from edge.gate.audit.events import Entry
    from edge.gate.audit.store import Content
    from edge.gate.audit.verify import Verdict, Witness

F = TypeVar("F", bound=Callable[..., Any])
_FAULTY, _NOT_FULLY_CHECKED = 1, 3


def _place_options(command: F) -> F:
    """Add the two ways to a log."""
    config = click.option("--config", type=PATH, metavar="FILE", help="The camera.toml of this camera.")
    log = click.option("--log", type=PATH, metavar="FOLDER", help="A copy of the log, instead of --config.")
    return config(log(command))


_checkpoint_option = click.option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    type=PATH,
    metavar="FILE",
    help="What a subscriber has kept of the topic `checkpoint`, one message a line, or one note; repeatable.",
)
_key_option = click.option("--key", type=PATH, metavar="FILE", help="The camera's public key (camera.pub).")


@click.group()
def audit() -> None:
    """Check what this camera's gate has done, and that nobody has changed its log since.

    \b
    Twice a year:
      1. anpr-edge audit verify --config camera.toml --key camera.pub --checkpoint kept.jsonl
           nothing in the log was changed, taken out, reordered, cut off or set back
      2. anpr-edge audit retention --config camera.toml
           nothing on this camera is older than its term
      3. anpr-edge audit show --config camera.toml --since 2026-07-01
           read what happened

    The key and the checkpoints of step 1 come from elsewhere, not from the camera: `anpr-edge central checkpoints`
    prints those that the city has collected, and any MQTT client that writes the messages of
    `anpr/1/ZONE/CAMERA/checkpoint` to a file, one a line, keeps them.
    """  # noqa: D301  (click's mark for lines that it must not wrap)


@audit.command()
@_place_options
@_key_option
@_checkpoint_option
@click.option("--proof", type=PATH, metavar="FILE", help="Check a proof made by `audit prove`; needs no log.")
def verify(
    config: Path | None, log: Path | None, key: Path | None, checkpoints: tuple[Path, ...], proof: Path | None
) -> None:
    """Check the whole log against its own checkpoints, the outbox and what subscribers have kept.

    Exit status 0: up to the newest entry that a --checkpoint vouches for the log is as it was written. 1: it is not.
    3: there is no fault, but without a --checkpoint nobody can tell whether the end is missing.

    \b
    Each fault has a name:
      edited       entries were changed, taken out or put in
      reordered    entries stand in another order
      truncated    entries at the end are gone that the log's own checkpoints vouch for
      rolled back  a checkpoint kept elsewhere vouches for more or for other entries: the end was cut off,
                   or an older copy was put in the log's place
      forged       a checkpoint is not signed with this camera's key

    On the camera give --config; for a copy give --log and --key. With --proof only that proof is checked.
    """  # noqa: D301  (click's mark for lines that it must not wrap)
    from edge.gate.audit import witness  # noqa: PLC0415

    kept = [one for file in checkpoints for one in witness.in_file(file)]
    if proof is not None:
        _check_proof(proof, _key(config, key), kept)
        return
    if config is not None:
        kept = [*kept, *witness.in_outbox(_outbox(config))]
    _verify(_folder(config, log), _origin(config), _key(config, key), kept)


@audit.command()
@_place_options
@click.option("--event", "names", multiple=True, metavar="NAME", help="Only this event, such as policy_loaded.")
@click.option("--since", type=Day(), metavar="DAY", help="From this day on.")
@click.option("--until", type=Day(), metavar="DAY", help="To this day, included.")
@click.option("--json", "as_json", is_flag=True, help="Print entries as they stand in the log, one a line.")
def show(  # noqa: PLR0913  (a command's options)
    config: Path | None,
    log: Path | None,
    names: tuple[str, ...],
    since: date | None,
    until: date | None,
    *,
    as_json: bool,
) -> None:
    """Print the entries of the log as sentences, oldest first. Checks nothing: `audit verify` does."""
    from edge.gate.audit import prose  # noqa: PLC0415
    from edge.gate.audit.events import encode  # noqa: PLC0415

    for entry in _chosen(_content(config, log).entries(), names, since, until):
        click.echo(encode(entry) if as_json else prose.tell(entry))


@audit.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON per store.")
def retention(config: Path, *, as_json: bool) -> None:
    """Prove that nothing on this camera is older than its term.

    Prints each store, its term by the policy and its oldest item; exit status 1 where something is older.
    """
    import msgspec  # noqa: PLC0415

    from edge.config import load  # noqa: PLC0415
    from edge.policy import verify_for  # noqa: PLC0415
    from edge.service.retention import holdings  # noqa: PLC0415

    read = load(config)
    policy = verify_for(read.policy.file, read.policy.officer_key, read.camera.id, read.camera.zone)
    found = holdings(read, policy)
    for one in found:
        line = f"{'OLDER' if one.over else 'ok':<6} {one.store:<29} term: {one.term:<27} oldest: {one.oldest}"
        click.echo(msgspec.json.encode(one) if as_json else line)
    sys.exit(1 if any(one.over for one in found) else 0)


@audit.command()
@_place_options
@click.option("--entry", type=click.IntRange(0), metavar="NUMBER", help="Prove that this entry is in the log.")
@click.option("--since", type=click.IntRange(0), metavar="SIZE", help="Prove that the log only grew since this size.")
@click.option("--size", type=click.IntRange(0), metavar="SIZE", help="Up to the checkpoint over so many entries.")
def prove(config: Path | None, log: Path | None, entry: int | None, since: int | None, size: int | None) -> None:
    """Print a proof that needs neither the log nor this software: for one entry, or for the growth of the log.

    \b
      anpr-edge audit prove --config camera.toml --entry 4711 > entry.tlog-proof
      anpr-edge audit verify --key camera.pub --proof entry.tlog-proof
      anpr-edge audit prove --config camera.toml --since 4000 > growth.txt
      anpr-edge audit verify --key camera.pub --proof growth.txt --checkpoint kept.jsonl

    The SIZE of --since is that of a checkpoint in kept.jsonl: the number in the second line of its note.

    Forms: c2sp.org/tlog-proof, and the request of c2sp.org/tlog-witness. A proof shows the one entry and hashes.
    """  # noqa: D301  (click's mark for lines that it must not wrap)
    from edge.gate.audit import proof  # noqa: PLC0415

    content = _content(config, log)
    if (entry is None) == (since is None):
        raise click.UsageError("give either --entry or --since")
    text = proof.of_growth(content, since or 0, size) if entry is None else proof.of_entry(content, entry, size)
    click.echo(text, nl=False)


@audit.command()
@config_option
@click.argument("what", type=click.Choice(["logged-in", "exported"]))
def note(config: Path, what: str) -> None:
    """Have the gate write down that somebody logged in, or that data were taken off the camera.

    \b
    For hooks of the system, as root. In /etc/pam.d/sshd and /etc/pam.d/login:
      session optional pam_exec.so quiet type=open_session /usr/bin/anpr-edge audit note logged-in --config FILE

    Who it was stands in the system's own journal, not here. Where no gate runs, the next one notes it at its start.
    """  # noqa: D301  (click's mark for lines that it must not wrap)
    from edge.config import load  # noqa: PLC0415
    from edge.gate.audit import notes  # noqa: PLC0415

    if not notes.is_taken(notes.leave(load(config).notes_folder, what)):
        click.echo("no gate is running; noted when it starts, with the time of then", err=True)


def _folder(config: Path | None, log: Path | None) -> Path:
    from edge.config import load  # noqa: PLC0415

    if (config is None) == (log is None):
        raise click.UsageError("give either --config or --log")
    return log or load(_given(config)).audit_folder


def _origin(config: Path | None) -> str | None:
    """Return the name that the log of this camera must have; that of a copy stands in its checkpoints."""
    from edge.config import load  # noqa: PLC0415
    from edge.gate.audit.checkpoint import origin_of  # noqa: PLC0415

    if config is None:
        return None
    camera = load(config).camera
    return origin_of(camera.zone, camera.id)


def _outbox(config: Path) -> Path:
    from edge.config import load  # noqa: PLC0415

    return load(config).outbox_file


def _key(config: Path | None, key: Path | None) -> "VerifyKey":
    """Return the key that checkpoints must bear: as given, or else the camera's own."""
    from edge import keys  # noqa: PLC0415
    from edge.config import load  # noqa: PLC0415

    if key is not None:
        return keys.read_public(key, keys.Role.CAMERA)[1]
    return keys.read_secret(load(_given(config)).gate.signing_key, keys.Role.CAMERA)[1].verify_key


def _given(config: Path | None) -> Path:
    if config is None:
        raise click.UsageError("give --config, or --key")
    return config


def _content(config: Path | None, log: Path | None) -> "Content":
    from edge.gate.audit.store import load  # noqa: PLC0415

    return load(_folder(config, log))


def _chosen(entries: "list[Entry]", names: tuple[str, ...], since: date | None, until: date | None) -> "list[Entry]":
    from edge.gate.audit.events import NAMES  # noqa: PLC0415
    from edge.windows import local_day  # noqa: PLC0415

    for name in names:
        if name not in NAMES:
            raise ConfigError(f"--event {name}: is no event; allowed: {', '.join(NAMES)}")
    kinds = tuple(NAMES[name] for name in names) or tuple(NAMES.values())
    return [
        entry
        for entry in entries
        if isinstance(entry.what, kinds) and (since or date.min) <= local_day(entry.time) <= (until or date.max)
    ]


def _check_proof(file: Path, key: "VerifyKey", kept: "list[Witness]") -> None:
    from edge.gate.audit import proof  # noqa: PLC0415
    from edge.gate.audit.events import AuditError  # noqa: PLC0415

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AuditError(f"{file}: can't be read: {error}") from error
    click.echo(f"proven: {proof.check(text, key, kept)}")


def _verify(folder: Path, origin: str | None, key: "VerifyKey", kept: "list[Witness]") -> None:
    from edge.gate.audit import proof, prose, store  # noqa: PLC0415
    from edge.gate.audit.events import AuditError  # noqa: PLC0415
    from edge.gate.audit.verify import examine  # noqa: PLC0415

    content = store.load(folder)
    notes = [mark.note for mark in content.marks] + [one.note for one in kept]
    if not notes:
        raise AuditError(f"{folder}: no checkpoint vouches for this log, in it or elsewhere")
    name = origin or proof.origin_in(notes[-1])
    verdict = examine(content, name, key, kept)
    click.echo(prose.judge(name, content, verdict))
    for finding in verdict.findings:
        click.echo(f"FAULT  {finding}")
    sys.exit(_status(verdict))


def _status(verdict: "Verdict") -> int:
    """Return the exit status; a log whose end nothing vouches for is not one that is good."""
    if verdict.findings:
        return _FAULTY
    return 0 if verdict.elsewhere else _NOT_FULLY_CHECKED
