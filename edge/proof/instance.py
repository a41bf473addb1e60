"""A separate installation in one folder: this camera's software, models, policy and lists, but nothing of its own.

It has its own signing key, broker, register and folders; of the camera it reads what it must, and writes nothing.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edge import keys
from edge.config import Config
from edge.keys import Role
from edge.proof import clip
from edge.proof.broker import HOST
from edge.proof.pki import Pki
from edge.service.supervisor import prepare_folders


@dataclass(frozen=True, slots=True)
class Instance:
    """Its configuration, in the file and as read, and the public half of its signing key.

    ``walled`` is the same with the camera's own source in place of the clip, for which walls differ.
    """

    file: Path
    walled: Path
    config: Config
    camera_key: Path


def make(folder: Path, camera: Config, pki: Pki, port: int) -> Instance:
    """Write it into ``folder``, which must exist and lie in memory; ``camera`` is what is to be proven.

    Raises:
        ConfigError: a file that the camera's configuration names can't be read.
    """
    tables, secret = folder / "tables", folder / "secret"
    for one in (tables, secret):
        one.mkdir()
    signing_key, camera_key = keys.make(Role.CAMERA, secret)
    replace = msgspec.structs.replace
    config = replace(
        camera,
        camera=replace(camera.camera, source=str(clip.STREET)),
        view=replace(camera.view, line=clip.truth().line, inwards="down", region=(), masks=()),
        registry=replace(camera.registry, **_tables(camera, tables)),
        paths=replace(camera.paths, runtime=folder / "runtime", state=folder / "state"),
        gate=replace(camera.gate, signing_key=signing_key, user="", vision_user=""),
        uplink=replace(camera.uplink, host=HOST, port=port, ca=pki.ca, **_identity(pki, camera.camera.id)),
    )
    walled = write(replace(config, camera=camera.camera), folder / "walled.toml")
    return Instance(write(config, folder / "camera.toml"), walled, config, camera_key)


def write(config: Config, file: Path) -> Path:
    """Write a configuration as TOML, and make the folders that it names; return the file."""
    file.write_text(_written(config), encoding="utf-8")
    prepare_folders(config)
    return file


def _tables(camera: Config, folder: Path) -> dict[str, Path | None]:
    """Copy what vehicles are looked up in: the clip's register, and the camera's lists, which uplink shortens."""
    places = camera.registry
    found = {
        "pack": clip.PACK,
        "key": clip.PACK_KEY,
        "exemptions": places.exemptions,
        "origin": places.origin,
        "trade": places.trade,
    }
    return {name: None if file is None else _copy(file, folder / name / file.name) for name, file in found.items()}


def _copy(file: Path, place: Path) -> Path:
    place.parent.mkdir()
    if file.exists():  # Vision says in its own words what is missing.
        shutil.copyfile(file, place)
    return place


def _identity(pki: Pki, camera: str) -> dict[str, Path]:
    identity = pki.cameras[camera]
    return {"certificate": identity.certificate, "key": identity.key}


def _written(config: Config) -> str:
    """Return it as TOML, whose texts, numbers and lists are written as in JSON."""
    return "\n".join(
        "\n".join([f"[{name}]", *(f"{option} = {_value(value)}" for option, value in options.items()), ""])
        for name, options in msgspec.to_builtins(config, enc_hook=str).items()
    )


def _value(value: object) -> str:
    return json.dumps("" if value is None else value, ensure_ascii=False)
