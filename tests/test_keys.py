"""Key files."""

import stat
from pathlib import Path

import pytest
from nacl.public import SealedBox

from edge import keys
from edge.errors import ConfigError
from edge.keys import Role


def test_a_pair_signs_and_verifies(tmp_path: Path) -> None:
    """What the secret key signs, the public key verifies, for that role and purpose only."""
    private, public = keys.make(Role.OFFICER, tmp_path)
    role, secret = keys.read_secret(private, Role.OFFICER)
    _, verify = keys.read_public(public, Role.OFFICER)
    signature = keys.sign_file(role, secret, "policy", b"content")
    assert keys.verifies(Role.OFFICER, verify, "policy", b"content", signature)
    assert not keys.verifies(Role.BENCH, verify, "policy", b"content", signature)
    assert not keys.verifies(Role.OFFICER, verify, "pack", b"content", signature)
    assert not keys.verifies(Role.OFFICER, verify, "policy", b"contents", signature)
    assert not keys.verifies(Role.OFFICER, verify, "policy", b"content", b"short")


def test_the_secret_key_is_for_its_owner_only(tmp_path: Path) -> None:
    """The secret file has mode 0600."""
    private, _ = keys.make(Role.CAMERA, tmp_path)
    assert stat.S_IMODE(private.stat().st_mode) == 0o600


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    """Making keys twice keeps the first pair."""
    private, _ = keys.make(Role.CAMERA, tmp_path)
    before = private.read_text()
    with pytest.raises(ConfigError, match="never overwritten"):
        keys.make(Role.CAMERA, tmp_path)
    assert private.read_text() == before


@pytest.mark.parametrize(
    "content", ["", "one line\n", "anpr-edge officer public key\nnot base64!\n", "a\nb\nc\n", "é\n"]
)
def test_other_files_are_no_keys(tmp_path: Path, content: str) -> None:
    """Anything else than a key file is refused by name."""
    file = tmp_path / "officer.pub"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"officer\.pub: is not an anpr-edge officer public key"):
        keys.read_public(file, Role.OFFICER)


def test_a_key_of_another_role_is_refused(tmp_path: Path) -> None:
    """A camera's key is no officer's key, a secret half no public one."""
    private, public = keys.make(Role.CAMERA, tmp_path)
    with pytest.raises(ConfigError, match="first line says 'anpr-edge camera public key'"):
        keys.read_public(public, Role.OFFICER, Role.BENCH)
    with pytest.raises(ConfigError, match="is not an anpr-edge camera public key"):
        keys.read_public(private, Role.CAMERA)


def test_what_is_sealed_to_a_camera_its_key_opens(tmp_path: Path) -> None:
    """The pair of a camera for its lists seals and opens; it is none that signs."""
    private, public = keys.make(Role.SEALING, tmp_path)
    sealed = SealedBox(keys.read_sealing_public(public)).encrypt(b"content")
    assert SealedBox(keys.read_sealing_secret(private)).decrypt(sealed) == b"content"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    with pytest.raises(ConfigError, match="first line says 'anpr-edge sealing secret key'"):
        keys.read_secret(private, Role.REGISTRY)
    _, other = keys.make(Role.REGISTRY, tmp_path)
    with pytest.raises(ConfigError, match="is not an anpr-edge sealing public key"):
        keys.read_sealing_public(other)
