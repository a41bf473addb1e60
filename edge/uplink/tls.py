"""TLS with a client certificate, and errors that name the file."""

import ssl
from pathlib import Path

from edge.errors import ConfigError


def client_context(ca: Path, certificate: Path, key: Path) -> ssl.SSLContext:
    """Return a context that trusts ``ca`` alone and shows ``certificate`` (PEM files); TLS 1.2 at least.

    Raises:
        ConfigError: a file is missing, is not what it should be, or key and certificate are no pair.
    """
    for file in (ca, certificate, key):
        _check_readable(file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _trust(context, ca)
    _show(context, certificate, key)
    return context


def _check_readable(file: Path) -> None:
    try:
        file.open("rb").close()
    except OSError as error:
        raise ConfigError(f"{file}: can't be read: {error.strerror}; expected a PEM file") from error


def _trust(context: ssl.SSLContext, ca: Path) -> None:
    try:
        context.load_verify_locations(ca)
    except ssl.SSLError as error:
        raise ConfigError(f"{ca}: is not a PEM certificate of an authority") from error
    if not context.cert_store_stats()["x509_ca"]:
        raise ConfigError(f"{ca}: holds no certificate of an authority")


def _show(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    try:
        # An empty password: a key that needs one is refused instead of asked for on the terminal.
        context.load_cert_chain(certificate, key, password="")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise ConfigError(f"{key}: is not the key of {certificate}") from error
        raise ConfigError(f"{certificate} and {key}: are not a PEM certificate and its key without password") from error
