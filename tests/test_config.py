"""Reading camera.toml."""

import os
from pathlib import Path

import pytest

from edge.config import DEFAULTS, load, replace_source
from edge.errors import ConfigError

CAMERA = '[camera]\nid = "cam-017"\nzone = "zez-demo"\nsource = "street.mkv"\n'


def _file(folder: Path, text: str) -> Path:
    file = folder / "camera.toml"
    file.write_text(text)
    return file


def test_defaults_fill_what_the_operator_leaves_out(tmp_path: Path) -> None:
    """Three lines of an operator make a whole configuration; single options override defaults."""
    config = load(_file(tmp_path, CAMERA + '[uplink]\nhost = "broker.example"\n'))
    assert config.camera.id == "cam-017"
    assert (config.uplink.host, config.uplink.port) == ("broker.example", 8883)
    assert config.view.inwards == "down"


def test_nobody_is_waited_for_unless_named(tmp_path: Path) -> None:
    """Subscribers are names of certificates."""
    assert load(_file(tmp_path, CAMERA)).uplink.subscribers == ()
    named = load(_file(tmp_path, CAMERA + '[uplink]\nsubscribers = ["subscriber.central", "b"]\n'))
    assert named.uplink.subscribers == ("subscriber.central", "b")


def test_paths_are_seen_from_their_file(tmp_path: Path) -> None:
    """A relative path belongs to the folder of the file that names it, an absolute one stays."""
    config = load(_file(tmp_path, CAMERA + '[registry]\npack = "tables/pack.db"\n'))
    assert config.registry.pack == tmp_path / "tables" / "pack.db"
    assert config.paths.runtime == Path("/run/anpr-edge")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("camera = 3\n", r"camera = 3; \[camera\] is a section"),
        ("[camra]\n", r"unknown section \[camra\]; did you mean camera\?"),
        ("[zzz]\n", r"unknown section \[zzz\]; allowed: camera, view"),
        (CAMERA + "[uplink]\nprt = 1\n", r"\[uplink\] unknown option prt; did you mean port\?"),
        (CAMERA + "[uplink]\nport = 70000\n", r"\[uplink\] port = 70000; allowed: a whole number from 1 to 65535"),
        (CAMERA + '[uplink]\nport = "8883"\n', r'\[uplink\] port = "8883"; allowed: a whole number'),
        (CAMERA + "[models]\nthreads = 0\n", r"\[models\] threads = 0; allowed: auto, or a whole number from 1 to 16"),
        (CAMERA + '[models]\nthreads = "all"\n', r'\[models\] threads = "all"; allowed: auto, or a whole number'),
        (CAMERA + "[uplink]\nport = true\n", r"\[uplink\] port = true; allowed: a whole number"),
        (
            CAMERA + '[uplink]\nsubscribers = "a.central"\n',
            r'\[uplink\] subscribers = "a.central"; allowed: a list of up to',
        ),
        (CAMERA + '[uplink]\nsubscribers = ["#"]\n', r"\[uplink\] subscribers = .*; allowed: a list of up to 16 names"),
        (
            CAMERA + '[uplink]\nsubscribers = ["a/b"]\n',
            r"subscribers = .*; allowed: .* lower-case letters, digits, dashes",
        ),
        (CAMERA + f"[uplink]\nsubscribers = {['a'] * 17}\n", r"subscribers = .*; allowed: a list of up to 16 names"),
        (CAMERA + "[paths]\nstate = 3\n", r"\[paths\] state = 3; allowed: a path"),
        (CAMERA + '[view]\ninwards = "north"\n', r'\[view\] inwards = "north"; allowed: down, up, left or right'),
        (CAMERA + "[view]\nline = [[0.1, 0.5], [0.1, 0.5]]\n", r"\[view\] line = .*; allowed: two different points"),
        (CAMERA + "[view]\nline = [[0.1, 5], [0.1, 0.5]]\n", r"\[view\] line = .*; allowed: two points"),
        (CAMERA + "[view]\nregion = [[0.1, 0.5], [0.1, 0.5]]\n", r"\[view\] region .* at least three"),
        (CAMERA + "[view]\nmasks = [[[0.1, 0.5]]]\n", r"\[view\] masks .* at least three"),
        ('[camera]\nid = "Cam 17"\nzone = "z"\nsource = "x"\n', r'\[camera\] id = "Cam 17"; allowed: lower-case'),
        ('[camera]\nid = "cam"\nzone = "z"\n', r"\[camera\] source is missing; allowed: a text"),
        ("[camera\n", "is not TOML"),
        ('[camera]\nid = "a/b"\n', "lower-case"),
    ],
)
def test_every_error_names_file_section_option_value_and_what_is_allowed(
    tmp_path: Path, text: str, message: str
) -> None:
    """A wrong file is refused with one line that says what to change, and exit status 78."""
    file = _file(tmp_path, text)
    with pytest.raises(ConfigError, match=message) as refused:
        load(file)
    assert str(refused.value).startswith(str(file))
    assert "\n" not in str(refused.value)
    assert refused.value.exit_status == 78


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    """A missing file, a folder and a file of other bytes are refused by name."""
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    for name, message in [("none.toml", "No such file"), ("", "Is a directory"), ("bytes.toml", "UTF-8")]:
        with pytest.raises(ConfigError, match=message):
            load(tmp_path / name)


def test_the_command_line_may_replace_the_source(tmp_path: Path) -> None:
    """Only the source changes."""
    config = load(_file(tmp_path, CAMERA))
    replaced = replace_source(config, "other.mp4")
    assert (replaced.camera.source, replaced.camera.id) == ("other.mp4", config.camera.id)


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 1), (3, 2), (4, 3), (5, 4), (64, 4)])
def test_threads_are_chosen_for_the_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: int, threads: int
) -> None:
    """One core is left to the rest of the system, and more than four are not taken; a number stays what it is."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    assert load(_file(tmp_path, CAMERA)).models.threads == threads
    assert load(_file(tmp_path, CAMERA + '[models]\nthreads = "auto"\n')).models.threads == threads
    assert load(_file(tmp_path, CAMERA + "[models]\nthreads = 16\n")).models.threads == 16


def test_the_defaults_file_explains_every_option() -> None:
    """Each option of the defaults, the required ones too, stands in the file that ships."""
    text = DEFAULTS.read_text()
    for name in ("id", "zone", "source", "line", "inwards", "region", "masks", "threads", "max_mb", "port"):
        assert f"\n{name} = " in text or f"\n# {name} = " in text
