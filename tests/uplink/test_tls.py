"""Certificates, right and wrong."""

import ssl
from pathlib import Path

import pytest

from edge.errors import ConfigError
from edge.proof.pki import Pki
from edge.uplink.tls import client_context
from tests.brokers import CAMERA, OTHER


def test_a_right_set_gives_a_context_that_checks_everything(pki: Pki) -> None:
    """Certificate and name of the broker are checked, TLS is 1.2 at least."""
    identity = pki.cameras[CAMERA]
    context = client_context(pki.ca, identity.certificate, identity.key)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_missing_file_is_named(pki: Pki, tmp_path: Path, missing: int) -> None:
    """Whichever it is, status 78 and its path."""
    identity = pki.cameras[CAMERA]
    files = [pki.ca, identity.certificate, identity.key]
    files[missing] = tmp_path / "absent.pem"
    with pytest.raises(ConfigError, match=r"absent\.pem: can't be read: No such file") as error:
        client_context(*files)
    assert error.value.exit_status == 78


def test_wrong_content_is_named(pki: Pki, tmp_path: Path) -> None:
    """Text instead of a certificate, a key instead of the authority, and another camera's key are told apart."""
    identity, text = pki.cameras[CAMERA], tmp_path / "notes.txt"
    text.write_text("no certificate")
    with pytest.raises(ConfigError, match=r"notes\.txt: is not a PEM certificate of an authority"):
        client_context(text, identity.certificate, identity.key)
    with pytest.raises(ConfigError, match=r"cam-017\.crt: holds no certificate of an authority"):
        client_context(identity.certificate, identity.certificate, identity.key)
    with pytest.raises(ConfigError, match=r"notes\.txt and .*: are not a PEM certificate and its key"):
        client_context(pki.ca, text, identity.key)
    with pytest.raises(ConfigError, match=r"cam-018\.tls\.key: is not the key of .*cam-017\.crt"):
        client_context(pki.ca, identity.certificate, pki.cameras[OTHER].key)
