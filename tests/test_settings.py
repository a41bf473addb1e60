"""What is no TOML: the usual slips are named, and no text of the file is shown."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ConfigError
from edge.settings import parse

FILE = Path("some.toml")


def _refused(text: str) -> str:
    with pytest.raises(ConfigError) as refused:
        parse(FILE, text.encode())
    return str(refused.value).removeprefix("some.toml: is not TOML: ")


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("until = 31-12-2026", "line 2: until = 31-12-2026; a date is written 2026-12-31"),
        ("until=1/2/2026  # the last", "line 2: until = 1/2/2026; a date is written 2026-02-01"),
        ("until = 01.02.2026", "line 2: until = 01.02.2026; a date is written 2026-02-01"),
        ("zone = zez", "line 2: zone is no number, date, true or false; a text is written in quotes"),
        ("until = 2026-13-45", "line 2: until is no number, date, true or false; a text is written in quotes"),
        ("names = [cam-017]", "Invalid value (at line 2, column 10)"),
        ("[section", "Expected ']' at the end of a table declaration (at line 2, column 9)"),
    ],
)
def test_the_usual_slips_are_named_with_their_line(line: str, message: str, ending: str) -> None:
    """A date as the Dutch write it, and a text without quotes; anything else is told as the parser tells it."""
    assert _refused(f"[where]{ending}{line}{ending}") == message


def test_what_may_be_secret_is_not_shown() -> None:
    """The address of a camera holds its password."""
    assert "secret" not in _refused("[camera]\nsource = rtsp://root:secret@10.0.0.1/live\n")


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_after_an_option_is_read_or_refused(value: str, rest: str) -> None:
    """Nothing else happens, wherever lines end."""
    try:
        parse(FILE, f"zone = {value}\n{rest}".encode())
    except ConfigError as refused:
        assert str(refused).startswith("some.toml: is not TOML: ")  # noqa: PT017  (or it is read)
