"""Keys of cameras in a folder."""

from pathlib import Path

from nacl.signing import SigningKey

from central.keyring import Folder
from edge.uplink import signature
from tests.central.collecting import write_key
from tests.messages import KEY

OTHER = SigningKey(bytes(range(1, 33)))
IDS = [signature.key_id(key.verify_key) for key in (KEY, OTHER)]


def test_a_key_is_for_the_camera_of_its_file(tmp_path: Path) -> None:
    """A camera may have two, a key one camera."""
    write_key(tmp_path, "cam-017", KEY)
    write_key(tmp_path, "cam-017.new-card", OTHER)
    folder = Folder(tmp_path, list[str]().append)
    assert [folder.find(one, "cam-017") for one in IDS] == [KEY.verify_key, OTHER.verify_key]
    assert [folder.find(one, "cam-018") for one in IDS] == [None, None]


def test_a_folder_that_changes_is_read_again(tmp_path: Path) -> None:
    """What comes and what goes, said once each."""
    lines: list[str] = []
    write_key(tmp_path, "cam-017", KEY)
    folder = Folder(tmp_path, lines.append)
    folder.reload()
    assert lines == []
    other = write_key(tmp_path, "cam-018", OTHER)
    folder.reload()
    folder.reload()
    assert folder.find(IDS[1], "cam-018") == OTHER.verify_key
    other.unlink()
    folder.reload()
    assert folder.find(IDS[1], "cam-018") is None
    assert lines == [f"{tmp_path}: 2 keys of cameras", f"{tmp_path}: 1 keys of cameras"]


def test_what_can_not_be_read_changes_nothing(tmp_path: Path) -> None:
    """A half-copied key is said once, and the keys of before go on; mended, it is read."""
    lines: list[str] = []
    write_key(tmp_path, "cam-017", KEY)
    folder = Folder(tmp_path, lines.append)
    (tmp_path / "cam-018.pub").write_text("anpr-edge camera pub")
    folder.reload()
    folder.reload()
    assert len(lines) == 1
    assert "going on with the keys read before" in lines[0]
    assert folder.find(IDS[0], "cam-017") == KEY.verify_key
    write_key(tmp_path, "cam-018", OTHER)
    folder.reload()
    assert folder.find(IDS[1], "cam-018") == OTHER.verify_key
