"""The walls that the kernel puts around each process, tried from inside by real processes."""

import json
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from edge.categories import Sandbox
from edge.config import DEFAULTS, Config, load
from edge.proof.pki import Pki
from edge.proof.wall_checks import echo
from edge.sandbox import kernel, landlock, memory, seccomp
from edge.sandbox.landlock import READ, Access
from edge.service import sandbox, walls
from edge.service.sandbox import Walls
from edge.signed import signature_file
from hil.demo.site import CAMERA, ROOT, ZONE, Site
from tests.camera.rtsp_server import RtspServer
from tests.service.sites import bench_site, camera, command, edit

pytestmark = [
    pytest.mark.skipif(landlock.version() < 4, reason="this kernel's Landlock is off, or knows no ports"),
    pytest.mark.skipif(platform.machine() not in {"x86_64", "aarch64"}, reason="seccomp numbers are for two machines"),
]
REFUSED = {"EACCES", "EPERM", "EAFNOSUPPORT"}
# Root of a user name space of its own has no privilege outside: what it may do, any user may.
USERS = {"as this user": (), "without privilege": ("unshare", "--user", "--map-user=1000")}

Try = Callable[..., list[str]]


@pytest.fixture
def site(tmp_path: Path, one_vehicle: Path, memory: Path, pki: Pki) -> Site:
    """A whole installation; nothing runs."""
    made = bench_site(tmp_path / "site", one_vehicle, memory, pki)
    (made.folder / "state").mkdir()
    return made


@pytest.fixture(name="echo")
def _echo() -> Iterator[int]:
    """The port of a server on 127.0.0.1 that sends back what it gets."""
    with echo() as port:
        yield port


def _tried(site: Site, process: str, *attempts: tuple[str | int, ...], user: tuple[str, ...] = ()) -> list[str]:
    done = subprocess.run(
        [*user, sys.executable, "-m", "edge.proof.probe", process, str(site.config)],
        input=json.dumps(attempts), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    if done.returncode and "unshare" in done.stderr:
        pytest.skip("user name spaces are not allowed here")
    assert not done.returncode, done.stderr
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("user", USERS.values(), ids=list(USERS))
@pytest.mark.parametrize("process", ["vision", "gate", "setup"])
def test_vision_and_gate_have_no_network(site: Site, echo: int, process: str, user: tuple[str, ...]) -> None:
    """Neither TCP, UDP nor raw packets, to a server that others reach; Unix sockets work."""
    socket.create_connection(("127.0.0.1", echo), 5).close()
    attempts = ("tcp", "127.0.0.1", echo), ("tcp", "::1", echo), ("udp", "127.0.0.1", echo), ("packet",)
    assert set(_tried(site, process, *attempts, user=user)) <= REFUSED
    assert _tried(site, process, ("unix",), user=user) == ["done"]


@pytest.mark.parametrize("user", USERS.values(), ids=list(USERS))
@pytest.mark.parametrize("process", ["vision", "gate", "uplink", "setup"])
def test_other_files_can_t_be_read(site: Site, tmp_path: Path, process: str, user: tuple[str, ...]) -> None:
    """Whatever is not on a process's list: secrets of the machine, other folders, other processes' memory."""
    other = tmp_path / "other"
    other.write_text("something else")
    attempts = ("read", str(other)), ("list", str(tmp_path)), ("read", "/etc/shadow"), ("list", "/etc"), ("list", "/")
    assert set(_tried(site, process, *attempts, user=user)) <= REFUSED
    assert other.read_text() == "something else"


@pytest.mark.parametrize("process", ["vision", "gate", "uplink", "setup"])
def test_other_processes_can_t_be_reached(site: Site, process: str) -> None:
    """Neither read, traced nor signalled, also by root."""
    pid = os.getpid()
    assert set(_tried(site, process, ("memory", pid), ("trace", pid), ("kill", pid))) <= REFUSED


def test_each_writes_in_its_own_folders_only(site: Site, memory: Path, tmp_path: Path) -> None:
    """Vision and gate each in one at runtime, the gate in the state, uplink in its outbox, set-up mode nowhere."""
    runtime, state = load(site.config).paths.runtime, site.folder / "state"
    places = [runtime / "vision", runtime / "gate", state, state / "audit", state / "outbox"]
    for place in places:
        place.mkdir(exist_ok=True)
    places += [runtime, site.folder, tmp_path, Path("/tmp")]  # noqa: S108
    may = {"vision": (0,), "gate": (1, 2, 3, 4), "uplink": (4,), "setup": ()}
    for process, allowed in may.items():
        found = _tried(site, process, *(("write", str(place / f"by-{process}")) for place in places))
        assert [at for at, outcome in enumerate(found) if outcome == "done"] == list(allowed)
    assert memory == runtime


def test_the_outbox_is_a_folder_for_two_users_of_one_group(site: Site) -> None:
    """Whichever of gate and uplink comes first makes it, whatever the umask; SQLite makes files in it."""
    folder = load(site.config).outbox_file.parent
    for process in ("gate", "uplink"):
        _tried(site, process, user=("sh", "-c", 'umask 077; exec "$@"', "sh"))
        assert folder.stat().st_mode & 0o7777 == 0o2770
        folder.rmdir()


def test_the_signing_key_is_the_gates_alone(site: Site) -> None:
    """Uplink, vision and set-up mode can't read it; the gate can."""
    key = str(load(site.config).gate.signing_key)
    assert _tried(site, "gate", ("read", key)) == ["done"]
    assert _tried(site, "uplink", ("read", key)) == ["EACCES"]
    assert _tried(site, "vision", ("read", key)) == ["EACCES"]
    assert _tried(site, "setup", ("read", key)) == ["EACCES"]


def test_uplink_sees_neither_visions_folder_nor_the_register(site: Site) -> None:
    """What waits below the threshold, and what vehicles are looked up in."""
    vision = load(site.config).paths.runtime / "vision"
    vision.mkdir()
    (vision / "counts.json").touch()
    attempts = ("read", str(vision / "counts.json")), ("list", str(vision)), ("read", str(site.folder / "register.db"))
    assert set(_tried(site, "uplink", *attempts)) <= REFUSED


def test_uplink_has_the_network(site: Site, echo: int) -> None:
    """It is the one process that is meant to."""
    assert _tried(site, "uplink", ("tcp", "127.0.0.1", echo), ("packet",)) == ["done", "EAFNOSUPPORT"]


def test_nobody_starts_other_programs(site: Site) -> None:
    """A program that anyone may run can't be run from inside."""
    for process in ("vision", "gate", "uplink", "setup"):
        assert _tried(site, process, ("run", "/bin/true")) == ["EACCES"]


@pytest.mark.parametrize("user", USERS.values(), ids=list(USERS))
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_network_camera_is_the_one_machine_that_vision_reaches(
    site: Site, echo: int, host: str, user: tuple[str, ...]
) -> None:
    """Its port at its address answers; another address, another port and UDP don't."""
    edit(site, f'source = "{load(site.config).camera.source}"', f'source = "rtsp://{host}:{echo}/main"')
    with socket.create_server(("127.0.0.1", 0)) as other:
        attempts = (
            ("tcp", "127.0.0.1", echo), ("tcp", "127.0.0.2", echo), ("udp", "127.0.0.1", echo),
            ("tcp", "127.0.0.1", other.getsockname()[1]),
        )  # fmt: skip
        found = _tried(site, "vision", *attempts, user=user)
    assert found[0] == "done"
    assert "done" not in found[1:]


def test_a_stream_is_watched_through_the_walls(site: Site) -> None:
    """A network camera delivers to a vision that is walled in fully; so does GStreamer, where it is installed."""
    pipeline = "gst:videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=10/1"
    with RtspServer() as server:
        for source in (f"rtsp://user:word@{server.host}/main", *([pipeline] if shutil.which("gst-launch-1.0") else [])):
            with subprocess.Popen(
                command(site, "vision", "--source", source), stderr=subprocess.PIPE, text=True
            ) as process:
                assert process.stderr is not None
                entries = [json.loads(line) for line in _until("camera_delivering", process.stderr)]
                process.terminate()
            assert [entry["sandbox"] for entry in entries if entry["event"] == "walled_in"] == ["full"]


def _until(event: str, lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield line
        if event in line:
            return
    pytest.fail(f"no {event}")


def test_a_whole_camera_counts_inside_its_walls(site: Site, memory: Path) -> None:
    """In the default layout all three say that they are walled in fully, and one vehicle is counted and reported."""
    done = camera(_installed(site, memory), "run", "--start", "2026-11-17T15:00:00+01:00")
    assert done.returncode == 0
    entries = [json.loads(line) for line in done.stderr.splitlines()]
    said = {
        entry["process"]: (entry["sandbox"], entry["missing"]) for entry in entries if entry["event"] == "walled_in"
    }
    assert said == dict.fromkeys(("vision", "gate", "uplink"), ("full", []))
    assert [entry["cells"] for entry in entries if entry["event"] == "window_released"] == [1, 0]


def test_a_key_that_lies_among_what_a_process_reads_is_named(site: Site) -> None:
    """A folder that is readable is readable as a whole: who keeps another's secret key there is told."""
    config = load(site.config)
    key = config.gate.signing_key
    key.replace(site.folder / "camera.key")
    edit(site, str(key), str(site.folder / "camera.key"))
    with subprocess.Popen(command(site, "vision"), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        *_, said = _until("walled_in", process.stderr)
        process.terminate()
    assert '"sandbox": "partial"' in said
    assert f"secret keys: {site.folder / 'camera.key'} can be read" in said


def test_set_up_mode_writes_nothing_on_a_kernel_that_holds_no_files_either(site: Site, tmp_path: Path) -> None:
    """Not a byte: without Landlock a file can be made, and stays empty."""
    place = tmp_path / "picture"
    script = (
        "import sys; from pathlib import Path; from edge.config import load; from edge.sandbox import landlock\n"
        "from edge.service import walls\n"
        "landlock.version = lambda: 0\n"
        "walls.enter_setup(load(Path(sys.argv[1])))\n"
        "Path(sys.argv[2]).write_bytes(b'picture')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(site.config), str(place)], stderr=subprocess.PIPE, text=True, check=False
    )
    assert "File too large" in done.stderr
    assert place.read_bytes() == b""


def test_a_log_that_uplink_could_change_is_named(site: Site) -> None:
    """Whoever keeps a list, which uplink rewrites, beside the log is told."""
    edit(site, 'zone_rules = "zone-rules.toml"', 'zone_rules = "zone-rules.toml"\nexemptions = "state/list.sealed"')
    config = load(site.config)
    assert sandbox.open_by_layout(walls.of_uplink(config)) == [f"files: {config.audit_folder} can be changed"]


@pytest.mark.parametrize(
    "walled", [walls.of_vision, walls.of_gate, walls.of_uplink, walls.of_setup], ids=lambda one: one.__name__
)
def test_the_default_layout_opens_no_secret(tmp_path: Path, walled: Callable[[Config], Walls]) -> None:
    """Where the defaults look for them, no process can read the key of another or change what it must not."""
    file = tmp_path / "camera.toml"
    file.write_text(_defaults(tmp_path))
    config = load(file)
    for key in (config.gate.signing_key, config.registry.sealing_key, config.uplink.key):
        key.parent.mkdir(parents=True, exist_ok=True)
        key.touch()
    assert sandbox.open_by_layout(walled(config)) == []


@pytest.mark.parametrize("name", ["video.toml", "pi.toml", "rtsp.toml", "jetson.toml"])
def test_the_examples_open_no_secret(name: str) -> None:
    """Keys lie in no folder that another process reads, whether they are there yet or not."""
    config = load(ROOT / "docs" / "examples" / name)
    for walled in (walls.of_vision, walls.of_gate, walls.of_uplink, walls.of_setup):
        found = walled(config)
        assert found.hidden
        assert not [key for key in found.hidden if sandbox._covered(key, found, Access.READ_FILE)]


def _defaults(root: Path) -> str:
    """Return the defaults with every path below ``root``, lists and rules where the documentation puts them."""
    text = re.sub(r'"/(etc|run|usr|var)/', rf'"{root}/\1/', DEFAULTS.read_text())
    for name in ("exemptions", "origin", "trade"):
        text = text.replace(f'{name} = ""', f'{name} = "{root}/var/lib/anpr-edge/lists/{name}.sealed"')
    text = text.replace('zone_rules = ""', f'zone_rules = "{root}/etc/anpr-edge/policy/zone-rules.toml"')
    return text.replace("[camera]", f'[camera]\nid = "{CAMERA}"\nzone = "{ZONE}"\nsource = "x"', 1)


def _installed(site: Site, root: Path) -> Site:
    """Copy an installation to where the defaults look for its files, below ``root``."""
    config, file = load(site.config), root / "camera.toml"
    view = f"line = {json.dumps(config.view.line)}"
    text = _defaults(root).replace('source = "x"', f'source = "{config.camera.source}"')
    file.write_text(re.sub(r"^line = .*$", view, text, flags=re.MULTILINE))
    new = load(file)
    moved = {
        config.policy.file: new.policy.file, signature_file(config.policy.file): signature_file(new.policy.file),
        config.policy.officer_key: new.policy.officer_key, config.registry.pack: new.registry.pack,
        config.registry.key: new.registry.key, config.gate.signing_key: new.gate.signing_key,
        config.uplink.ca: new.uplink.ca, config.uplink.certificate: new.uplink.certificate,
        config.uplink.key: new.uplink.key, config.models.directory: new.models.directory,
    }  # fmt: skip
    old_rules, new_rules = config.registry.zone_rules, new.registry.zone_rules
    assert old_rules is not None
    assert new_rules is not None
    moved |= {old_rules: new_rules, signature_file(old_rules): signature_file(new_rules)}
    for old, place in moved.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if old.is_dir() else shutil.copy)(old, place)
    return Site(root, file, new.policy.file, site.camera_key)


def test_what_the_kernel_lacks_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Landlock and seccomp nothing holds, and one line says so."""
    monkeypatch.setattr(landlock, "version", lambda: 0)
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    monkeypatch.setattr(kernel, "prctl", lambda *_: None)
    monkeypatch.setattr(memory, "seal", lambda: None)
    with capture_logs() as logs:
        level = sandbox.enter(Walls({Path("/usr"): READ}, locked=False))
    assert level is Sandbox.NONE
    (entry,) = logs
    assert entry["log_level"] == "warning"
    assert "files: Landlock is off" in entry["missing"]
    assert "system calls: seccomp is not known on riscv64" in entry["missing"]


@pytest.mark.parametrize(
    ("version", "lacking"),
    [
        (2, ["truncating files", "control of devices", "TCP ports", "signals and abstract sockets"]),
        (4, ["control of devices", "signals and abstract sockets"]),
        (6, []),
    ],
)
def test_an_older_kernel_is_used_as_far_as_it_goes(
    monkeypatch: pytest.MonkeyPatch, version: int, lacking: list[str]
) -> None:
    """It is asked for what it knows only, and what it lacks is named."""
    monkeypatch.setattr(landlock, "version", lambda: version)
    monkeypatch.setattr(kernel, "call", lambda *_: os.dup(2))
    assert landlock.restrict({Path("/usr"): READ}, ports=()) == lacking


def test_swap_is_said_where_memory_can_t_be_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without swap needs no lock."""

    def refuse(_flags: int) -> None:
        raise PermissionError

    monkeypatch.setattr(kernel, "lock_memory", refuse)
    swaps = tmp_path / "swaps"
    swaps.write_text("Filename Type Size Used Priority\n")
    assert memory.keep_from_swap(swaps) == []
    swaps.write_text("Filename Type Size Used Priority\n/var/swap file 102396 0 -2\n")
    assert memory.keep_from_swap(swaps) == ["memory: may be swapped out"]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("rtsp://user:p4ss@127.0.0.1/main?a=1", "rtsp://user:p4ss@127.0.0.1/main?a=1"),
        ("rtsps://localhost:8554/x", "rtsps://127.0.0.1:8554/x"),
        ("gst:rtspsrc location=rtsp://[::1]:554/x protocols=tcp ! decodebin",) * 2,
    ],
)
def test_the_cameras_address_takes_the_place_of_its_name(
    site: Site, monkeypatch: pytest.MonkeyPatch, source: str, found: str
) -> None:
    """Inside the walls no name can be looked up; nothing else of the source changes."""
    monkeypatch.setattr(walls, "move_in", lambda *_: None)
    monkeypatch.setattr(walls, "enter", lambda _: Sandbox.FULL)
    edit(site, f'source = "{load(site.config).camera.source}"', f'source = "{source}"')
    config, _ = walls.enter_vision(load(site.config))
    assert config.camera.source == found


def test_the_programs_are_as_many_instructions_as_the_kernel_takes() -> None:
    """A filter has at most 4,096, and each jump stays inside it."""
    for machine in seccomp._MACHINES.values():
        for network in seccomp.Network:
            program = seccomp._program(machine, network)
            assert len(program) // 8 < 200
