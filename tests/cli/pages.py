"""Pages whose commands are run: `python -m tests.cli.pages docs/policy.md` writes their real output into a page."""

import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

from click.testing import CliRunner

from edge.cli import commands
from edge.errors import AnprError

BLOCK = re.compile(r"^```(console|toml)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
FILLED = "policy.toml"


def renew(page: str, folder: Path) -> str:
    """Return ``page`` with what its commands print, run one after the other in ``folder``.

    Lines of a block of TOML are filled into policy.toml; digests, which differ with each release, are cut short.
    """

    def block(found: re.Match[str]) -> str:
        kind, text = found.groups()
        if kind == "toml":
            _fill(folder / FILLED, text)
            return found[0]
        return f"```console\n{''.join(_told(text))}```\n"

    with chdir(folder):
        return BLOCK.sub(block, page)


def _told(text: str) -> Iterator[str]:
    """Yield each command of a block with its output, and its exit status where that is not 0."""
    for command in re.findall(r"^\$ (?:.*\\\n)*.*\n", text, re.MULTILINE):
        yield command
        words = shlex.split(command.removeprefix("$ ").replace("\\\n", " "))
        assert words[0] == "anpr-edge"
        done = CliRunner(env={"LC_ALL": "C.UTF-8", "COLUMNS": "100"}).invoke(commands, words[1:])
        yield DIGEST.sub("sha256:…", done.output)
        if isinstance(done.exception, AnprError):
            yield f"anpr-edge: {done.exception}\n"


def _fill(file: Path, text: str) -> None:
    """Give options of a policy other values."""
    written = file.read_text(encoding="utf-8")
    for line in text.splitlines():
        option = line.split(" = ")[0]
        written, count = re.subn(rf"^{option} = .*$", lambda _, line=line: line, written, flags=re.MULTILINE)  # type: ignore[misc]
        assert count == 1, f"{option} stands {count} times in {file}"
    file.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    place = Path(sys.argv[1]).absolute()
    with tempfile.TemporaryDirectory() as name:
        place.write_text(renew(place.read_text(encoding="utf-8"), Path(name)), encoding="utf-8")
