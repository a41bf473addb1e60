"""Files that the officer signs."""

from pathlib import Path

import pytest

from edge import keys, signed
from edge.errors import ConfigError
from edge.keys import Role


def _signed(folder: Path, role: Role, purpose: str) -> tuple[Path, Path]:
    """Return a file with its signature, and the public key."""
    secret, public = keys.make(role, folder)
    file = folder / "file.toml"
    file.write_bytes(b"content")
    signed.sign(file, b"content", *keys.read_secret(secret, role), purpose)
    return file, public


@pytest.mark.parametrize("role", signed.ROLES)
def test_the_role_of_the_signer_is_told(tmp_path: Path, role: Role) -> None:
    """Whoever checks learns whether a bench or an officer signed."""
    file, public = _signed(tmp_path, role, "policy")
    assert signed.check(file, b"content", public, "policy") is role


def test_a_signature_serves_one_purpose_and_one_content(tmp_path: Path) -> None:
    """What was signed as a policy is no rule file; another byte is another file."""
    file, public = _signed(tmp_path, Role.OFFICER, "policy")
    for content, purpose in [(b"content", "zone rules"), (b"Content", "policy")]:
        with pytest.raises(ConfigError, match=r"file\.toml\.sig: is not the signature of .*officer\.pub over"):
            signed.check(file, content, public, purpose)


def test_a_signature_that_is_none_is_named(tmp_path: Path) -> None:
    """Text that is no base64, and a file without its signature."""
    file, public = _signed(tmp_path, Role.OFFICER, "policy")
    signed.signature_file(file).write_text("né")
    with pytest.raises(ConfigError, match=r"file\.toml\.sig: is not a signature"):
        signed.check(file, b"content", public, "policy")
    signed.signature_file(file).unlink()
    with pytest.raises(ConfigError, match=r"file\.toml\.sig: can't be read: .*; file\.toml needs its officer's"):
        signed.check(file, b"content", public, "policy")


def test_only_officers_and_benches_sign(tmp_path: Path) -> None:
    """A camera's key counts for nothing here."""
    file, _ = _signed(tmp_path, Role.OFFICER, "policy")
    _, camera = keys.make(Role.CAMERA, tmp_path)
    with pytest.raises(ConfigError, match=r"camera\.pub: is not an anpr-edge officer public key or"):
        signed.check(file, b"content", camera, "policy")
