"""Files that appear whole or not at all."""

import stat
import threading
from pathlib import Path

import pytest

from edge.registry.draft import replacing


def test_a_file_appears_at_the_end(tmp_path: Path) -> None:
    """Until then the old one is there, or none."""
    target = tmp_path / "register.db"
    for content in ("first", "second"):
        before = target.read_text() if target.exists() else None
        with replacing(target) as draft:
            draft.write_text(content)
            assert (target.read_text() if target.exists() else None) == before
        assert target.read_text() == content
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_nothing_is_left_of_what_failed(tmp_path: Path, error: type[BaseException]) -> None:
    """The old file stays, and no draft does."""
    target = tmp_path / "register.db"
    target.write_text("old")

    def fail() -> None:
        with replacing(target) as draft:
            draft.write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"register.db": "old"}


def test_a_second_run_waits_for_its_turn(tmp_path: Path) -> None:
    """It is refused, and the first one's draft is not touched; afterwards it may."""
    target = tmp_path / "register.db"
    with replacing(target) as draft:
        draft.write_text("first")
        with pytest.raises(OSError, match="another run is writing it"), replacing(target):
            pass
    assert target.read_text() == "first"
    with replacing(target) as draft:
        draft.write_text("second")
    assert target.read_text() == "second"


def test_of_many_runs_at_once_each_writes_all_or_nothing(tmp_path: Path) -> None:
    """Whatever is there was written by one of them, from its beginning to its end."""
    target = tmp_path / "register.db"

    def write(letter: str) -> None:
        for _ in range(50):
            try:
                with replacing(target) as draft, draft.open("r+") as stream:
                    for _ in range(20):
                        stream.write(letter * 10)
                        stream.flush()
            except OSError:
                continue

    threads = [threading.Thread(target=write, args=(letter,)) for letter in "abcd"]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if target.exists():
            content = target.read_text()
            assert content == content[0] * 200
    for thread in threads:
        thread.join()


def test_others_may_read_it(tmp_path: Path) -> None:
    """A new file is for all to read; an old one keeps its mode, whatever the umask of who replaces it."""
    target = tmp_path / "register.db"
    with replacing(target):
        pass
    assert stat.S_IMODE(target.stat().st_mode) == 0o644
    target.chmod(0o640)
    with replacing(target):
        pass
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_what_a_killed_run_left_is_in_nobodys_way(tmp_path: Path) -> None:
    """Its draft is begun afresh."""
    (tmp_path / ".register.db.new").write_text("left behind, and longer")
    with replacing(tmp_path / "register.db") as draft:
        assert draft.read_text() == ""
        draft.write_text("whole")
    assert (tmp_path / "register.db").read_text() == "whole"
