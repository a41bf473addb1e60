"""Errors that a user can cause; each is one line that says what to change."""


class AnprError(Exception):
    """Base of every expected error: printed as one line, never as a traceback."""

    exit_status = 1


class ConfigError(AnprError):
    """Configuration, policy, key, model or table that must be mended before the process can run."""

    exit_status = 78  # EX_CONFIG of sysexits.h: the supervisor and systemd do not restart it.


class SourceError(AnprError):
    """A camera source that can't be opened, or that stopped."""


class ProtocolError(AnprError):
    """A message on the socket between vision and gate that breaks its format."""
