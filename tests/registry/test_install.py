"""Taking packs and deltas into use."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey

from edge import keys
from edge.errors import AnprError, ConfigError
from edge.keys import Role
from edge.registry import delta
from edge.registry.install import install, verify
from edge.registry.manifest import Allowed
from edge.registry.pack import Pack
from edge.registry.vehicle import VehicleClass
from tests.registry.packs import DAY, ELECTRIC_VAN, TRUCK, VAN, make_pack, registry_keys

STRICT = Allowed()
LATER, LATEST = date(2026, 11, 27), date(2026, 12, 4)
MANY = {f"V{number:02}B{letter}F": VAN for number in range(10, 60) for letter in "DFG"}
CHANGED = {**MANY, "V10BDF": ELECTRIC_VAN, "V77BDF": TRUCK}
CHANGED.pop("V59BGF")


@pytest.fixture
def server(tmp_path: Path) -> Path:
    """A folder with keys, three weekly packs and the deltas between them."""
    folder = tmp_path / "server"
    key, _ = registry_keys(folder)
    make_pack(folder / "1.db", MANY, key, DAY)
    make_pack(folder / "2.db", CHANGED, key, LATER)
    make_pack(folder / "3.db", {**MANY, "V10BDF": TRUCK}, key, LATEST)
    _delta(folder, "1.db", "2.db", key)
    _delta(folder, "2.db", "3.db", key)
    return folder


@pytest.fixture
def place(server: Path, tmp_path: Path) -> Path:
    """Where a camera has the first pack."""
    shutil.copy(server / "1.db", tmp_path / "register.db")
    return tmp_path / "register.db"


def _delta(folder: Path, old: str, new: str, key: SigningKey) -> None:
    with closing(Pack(folder / old, key.verify_key)) as before, closing(Pack(folder / new, key.verify_key)) as after:
        delta.make(before, after, folder / f"{old[0]}-{new[0]}.delta", key)


def _content(file: Path, server: Path) -> str:
    with closing(Pack(file, registry_keys(server)[0].verify_key)) as pack:
        return pack.manifest.content


def _put(server: Path, name: str, place: Path, allowed: Allowed = STRICT) -> None:
    install(server / name, place, server / "registry.pub", allowed, print)


def test_a_pack_takes_the_place_of_the_last(server: Path, place: Path) -> None:
    """Whole, or by a delta: the contents are the same."""
    _put(server, "1-2.delta", place)
    assert _content(place, server) == _content(server / "2.db", server)
    _put(server, "3.db", place)
    assert place.read_bytes() == (server / "3.db").read_bytes()


def test_the_first_pack_is_a_whole_one(server: Path, tmp_path: Path) -> None:
    """A delta has nothing to start from on a new camera."""
    with pytest.raises(ConfigError, match=r"is a delta, but there is no pack at .*; take the full pack"):
        _put(server, "1-2.delta", tmp_path / "new.db")
    _put(server, "1.db", tmp_path / "new.db")


def test_a_missed_delta_is_noticed(server: Path, place: Path) -> None:
    """The second one is refused on the first pack, which stays."""
    before = place.read_bytes()
    with pytest.raises(ConfigError, match="one before it is missing; take the full pack"):
        _put(server, "2-3.delta", place)
    assert place.read_bytes() == before


def test_an_older_pack_is_refused_unless_told(server: Path, place: Path) -> None:
    """Going back is an operator's decision; the same pack again is none."""
    _put(server, "2.db", place)
    with pytest.raises(ConfigError, match=r"1\.db: is of 2026-11-20, .*older than the current one, of 2026-11-27"):
        _put(server, "1.db", place)
    _put(server, "2.db", place)
    _put(server, "1.db", place, Allowed(older=True))


def test_a_pack_of_another_size_is_refused_unless_told(server: Path, place: Path) -> None:
    """Half the register is a broken export."""
    half = dict(list(MANY.items())[:75])
    make_pack(server / "half.db", half, registry_keys(server)[0], LATER)
    with pytest.raises(ConfigError, match=r"half\.db: has 75 vehicles; expected after the current pack: 135 to 165"):
        _put(server, "half.db", place)
    _put(server, "half.db", place, Allowed(size=True))


def test_another_servers_files_are_refused(server: Path, place: Path, tmp_path: Path) -> None:
    """Pack and delta, by name; and the key of another role."""
    other = tmp_path / "other"
    key, _ = registry_keys(other)
    make_pack(other / "1.db", MANY, key)
    make_pack(other / "2.db", CHANGED, key, LATER)
    _delta(other, "1.db", "2.db", key)
    for name in ("2.db", "1-2.delta"):
        with pytest.raises(ConfigError, match=f"{name}: .*not signed by the registry key"):
            install(other / name, place, server / "registry.pub", STRICT, print)
    keys.make(Role.CAMERA, tmp_path)
    with pytest.raises(ConfigError, match="is not an anpr-edge registry public key"):
        install(server / "2.db", place, tmp_path / "camera.pub", STRICT, print)


@settings(max_examples=40)
@given(cut=st.integers(0, 1 << 16), flip=st.booleans())
def test_a_damaged_delta_is_refused(tmp_path_factory: pytest.TempPathFactory, cut: int, *, flip: bool) -> None:
    """Cut or changed anywhere, it changes nothing."""
    folder = tmp_path_factory.mktemp("damaged")
    key, public = registry_keys(folder)
    make_pack(folder / "1.db", MANY, key, DAY)
    make_pack(folder / "2.db", CHANGED, key, LATER)
    _delta(folder, "1.db", "2.db", key)
    content = bytearray((folder / "1-2.delta").read_bytes())
    if flip:
        content[cut % len(content)] ^= 1
    else:
        del content[cut % len(content) :]
    (folder / "1-2.delta").write_bytes(content)
    before = (folder / "1.db").read_bytes()
    with pytest.raises(ConfigError):
        install(folder / "1-2.delta", folder / "1.db", public, STRICT, print)
    assert (folder / "1.db").read_bytes() == before


plates = st.from_regex(r"[VX][0-9]{2}[BD][BDFGHJ]{2}", fullmatch=True)
registers = st.dictionaries(plates, st.sampled_from([VAN, ELECTRIC_VAN, TRUCK]), min_size=1, max_size=40)


@settings(max_examples=40)
@given(registers, registers)
def test_a_delta_leads_from_any_register_to_any_other(
    tmp_path_factory: pytest.TempPathFactory, old: dict[str, VehicleClass], new: dict[str, VehicleClass]
) -> None:
    """Vehicles come, go and change; what results is the other register, and says how many changed."""
    folder = tmp_path_factory.mktemp("delta")
    key, public = registry_keys(folder)
    make_pack(folder / "1.db", old, key, DAY)
    make_pack(folder / "2.db", new, key, LATER)
    with closing(Pack(folder / "1.db", key.verify_key)) as one, closing(Pack(folder / "2.db", key.verify_key)) as two:
        changed = delta.make(one, two, folder / "1-2.delta", key)
    assert changed == sum(old.get(plate) != new.get(plate) for plate in old.keys() | new.keys())
    install(folder / "1-2.delta", folder / "1.db", public, Allowed(size=True), print)
    with closing(Pack(folder / "1.db", key.verify_key)) as pack:
        assert {plate: pack.lookup(plate.encode()) for plate in new} == new
        assert not any(pack.lookup(plate.encode()) for plate in old.keys() - new.keys())


def test_both_kinds_of_files_are_verified(server: Path) -> None:
    """A delta says to which pack it leads, and from which."""
    pack, way = verify(server / "2.db", server / "registry.pub"), verify(server / "1-2.delta", server / "registry.pub")
    assert (way.manifest, way.base) == (pack.manifest, _content(server / "1.db", server))
    assert pack.base is None
    with pytest.raises(ConfigError, match=r"none\.db: can't be read"):
        verify(server / "none.db", server / "registry.pub")
    shutil.copy(server / "1-2.delta", server / "delta.db")
    with pytest.raises(ConfigError, match=r"delta\.db: is a delta, not a pack"):
        Pack(server / "delta.db", registry_keys(server)[0].verify_key)
    (server / "text.db").write_text("nothing of the kind")
    with pytest.raises(ConfigError, match=r"text\.db: is no register pack"):
        verify(server / "text.db", server / "registry.pub")


SMALL_DISK = """
import resource, sys
from pathlib import Path
from edge.errors import AnprError
from edge.registry.install import install
from edge.registry.manifest import Allowed
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    install(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), Allowed(), print)
except AnprError as error:
    print(error)
"""


@pytest.mark.parametrize("name", ["2.db", "1-2.delta"])
def test_a_full_disk_keeps_the_last_pack(server: Path, place: Path, name: str) -> None:
    """Where the new pack does not fit, that is said, and neither is a draft left nor the old pack touched."""
    before = place.read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", SMALL_DISK, server / name, place, server / "registry.pub"],
        capture_output=True, text=True, check=True, env=os.environ,
    )  # fmt: skip
    assert "register.db: can't be written: " in done.stdout
    assert place.read_bytes() == before
    assert not list(place.parent.glob(".*"))


def test_a_place_that_can_not_be_written_is_named(server: Path, tmp_path: Path) -> None:
    """A folder that is not there."""
    with pytest.raises(AnprError, match=r"none/register\.db: can't be written"):
        _put(server, "1.db", tmp_path / "none" / "register.db")


KILLED = """
import os, signal, sys
from pathlib import Path
from edge.registry.install import install
from edge.registry.manifest import Allowed
calls, last, synchronise = 0, int(sys.argv[4]), os.fsync
def kill(handle):
    global calls
    calls += 1
    if calls == last:
        os.kill(os.getpid(), signal.SIGKILL)
    synchronise(handle)
os.fsync = kill
install(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), Allowed(), print)
"""


@pytest.mark.parametrize("name", ["2.db", "1-2.delta"])
@pytest.mark.parametrize(("step", "result"), [(1, "1.db"), (2, "2.db")])
def test_a_kill_leaves_one_whole_pack(server: Path, place: Path, name: str, step: int, result: str) -> None:
    """Before the file is on the disk the old one counts, after its renaming the new one; a second try succeeds."""
    command = [sys.executable, "-c", KILLED, *map(str, (server / name, place, server / "registry.pub", step))]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert _content(place, server) == _content(server / result, server)
    shutil.copy(server / "1.db", place)
    _put(server, name, place)
    assert _content(place, server) == _content(server / "2.db", server)
    assert not list(place.parent.glob(".register*"))
