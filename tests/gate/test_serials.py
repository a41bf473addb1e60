"""The highest policy serial on the disk."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ConfigError
from edge.gate.serials import Serials
from edge.policy import Policy
from edge.uplink.outbox import OutboxError
from tests.policies import policy_at

NAMED = Path("policy.toml")


def _policy(folder: Path, serial: int, gap: int = 10) -> Policy:
    return policy_at(folder, serial, gap=gap)


def test_a_new_camera_takes_any_policy_and_then_none_older(tmp_path: Path) -> None:
    """What ran last is remembered through restarts; a lower serial is refused with what is allowed."""
    file = tmp_path / "policy-serial"
    serials = Serials(file)
    serials.check(_policy(tmp_path, 3), NAMED)
    serials.note(_policy(tmp_path, 3))
    again = Serials(file)
    again.check(_policy(tmp_path, 3), NAMED)
    again.check(_policy(tmp_path, 4), NAMED)
    with pytest.raises(ConfigError, match=r"policy\.toml: \[policy\] serial = 2; allowed: 3 or higher"):
        again.check(_policy(tmp_path, 2), NAMED)


def test_one_serial_has_one_policy(tmp_path: Path) -> None:
    """A changed policy without a new serial is refused: reports of both would look alike."""
    serials = Serials(tmp_path / "policy-serial")
    serials.note(_policy(tmp_path, 3))
    with pytest.raises(ConfigError, match=r"serial = 3; allowed: 4 or higher, for another policy of serial 3"):
        serials.check(_policy(tmp_path, 3, gap=11), NAMED)


def test_a_policy_that_never_counted_binds_nobody(tmp_path: Path) -> None:
    """A policy that was only tried, as before its first day, leaves the way back open."""
    file = tmp_path / "policy-serial"
    Serials(file).check(_policy(tmp_path, 9), NAMED)
    Serials(file).check(_policy(tmp_path, 1), NAMED)


def test_a_draft_cut_at_any_byte_leaves_the_line_before(tmp_path: Path) -> None:
    """A crash in the middle of writing is as if nothing had been written."""
    file = tmp_path / "policy-serial"
    Serials(file).note(_policy(tmp_path, 12))
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.with_name("policy-serial.new").write_bytes(whole.replace(b"12", b"13")[:length])
        with pytest.raises(ConfigError, match="allowed: 12 or higher"):
            Serials(file).check(_policy(tmp_path, 11), NAMED)
    Serials(file).note(_policy(tmp_path, 13))
    assert not file.with_name("policy-serial.new").exists()


def test_a_file_cut_at_any_byte_is_refused(tmp_path: Path) -> None:
    """A damaged card never lowers the serial: serial 12 cut to 1 is no serial."""
    file = tmp_path / "policy-serial"
    Serials(file).note(_policy(tmp_path, 12))
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        with pytest.raises(ConfigError, match="policy-serial: is damaged"):
            Serials(file)


@given(st.binary(max_size=100))
def test_any_bytes_are_a_serial_or_an_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Whatever is in the file, reading it never crashes."""
    file = tmp_path_factory.mktemp("serials") / "policy-serial"
    file.write_bytes(content)
    with pytest.raises(ConfigError):
        Serials(file)


def test_without_the_disk_nothing_is_noted(tmp_path: Path) -> None:
    """Where the line can't be written counts are not taken; vision repeats them."""
    serials = Serials(tmp_path / "none" / "policy-serial")
    with pytest.raises(OutboxError, match="policy-serial: can't be written"):
        serials.note(_policy(tmp_path, 1))
