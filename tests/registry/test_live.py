"""Files that are replaced while they are in use."""

import threading
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from edge.errors import ConfigError
from edge.registry.live import CHECK_SECONDS, Live


class Number:
    """A number in a file, which may grow only, and knows when it is not used any more."""

    def __init__(self, file: Path) -> None:
        if not file.read_text().isdigit():
            raise ConfigError(f"{file}: is no number")
        self.value, self.retired = int(file.read_text()), False

    def grows(self, new: "Number") -> None:
        """Refuse a smaller one."""
        if new.value < self.value:
            raise ConfigError(f"{new.value} is less than {self.value}")

    def retire(self) -> None:
        """Note that it is over."""
        self.retired = True


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def _put(file: Path, text: str) -> None:
    draft = file.with_suffix(".new")
    draft.write_text(text)
    draft.replace(file)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with a number."""
    _put(tmp_path / "number", "5")
    return tmp_path / "number"


def _pass(live: Live[Number], clock: Clock) -> bool:
    """Let the time to look pass, and whatever is looked at be read; tell whether another is in use."""
    clock.now += CHECK_SECONDS
    live.refresh()
    live.wait()
    return live.refresh()


def test_what_is_replaced_is_taken_into_use(file: Path) -> None:
    """The new number counts, the old one is retired, and who asked before asks the new one."""
    clock = Clock()
    live = Live(file, lambda: Number(file), Number.grows, Number.retire, clock)
    value, old = live.follow(lambda number: number.value), live.current
    assert not _pass(live, clock)
    _put(file, "7")
    assert value() == 5
    assert _pass(live, clock)
    assert (value(), old.retired, live.current.retired) == (7, True, False)
    live.close()
    assert live.current.retired


@pytest.mark.parametrize("text", ["nonsense", "3"])
def test_what_is_wrong_is_refused_once_and_the_old_one_stays(file: Path, text: str) -> None:
    """A damaged file and one that may not follow are each logged once; a better one is taken afterwards."""
    clock = Clock()
    live = Live(file, lambda: Number(file), Number.grows, Number.retire, clock)
    _put(file, text)
    with capture_logs() as logs:
        assert not _pass(live, clock)
        assert not _pass(live, clock)
    assert [entry["event"] for entry in logs] == ["new_file_refused"]
    assert live.current.value == 5
    _put(file, "8")
    assert _pass(live, clock)
    assert live.current.value == 8


def test_a_file_that_is_gone_for_a_while_changes_nothing(file: Path) -> None:
    """The old one stays in use until another is there."""
    clock = Clock()
    live = Live(file, lambda: Number(file), Number.grows, monotonic=clock)
    file.unlink()
    assert not _pass(live, clock)
    assert live.current.value == 5
    _put(file, "6")
    assert _pass(live, clock)


def test_a_frame_never_waits(file: Path) -> None:
    """Refreshing returns while the new file is still being read."""
    clock, ready = Clock(), threading.Event()
    ready.set()

    def slowly() -> Number:
        return Number(file) if ready.wait(10) else Number(file.with_name("late"))

    live = Live(file, slowly, Number.grows, monotonic=clock)
    ready.clear()
    _put(file, "6")
    clock.now += CHECK_SECONDS
    assert not live.refresh()
    assert live.current.value == 5
    ready.set()
    live.wait()
    assert live.refresh()
    assert live.current.value == 6
