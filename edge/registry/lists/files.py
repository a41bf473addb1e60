"""Writing a sealed list."""

from collections.abc import Iterable
from pathlib import Path

from edge.errors import ConfigError
from edge.registry.draft import replacing


def replace(file: Path, content: Iterable[bytes]) -> None:
    """Write ``content`` in the place of ``file`` in one step: whoever reads sees the whole of either.

    Raises:
        ConfigError: it can't be written; the old file stays.
    """
    try:
        with replacing(file) as draft, draft.open("r+b") as stream:
            stream.writelines(content)
    except (OSError, ValueError) as error:  # Path() has no name to replace.
        raise ConfigError(f"{file}: can't be written: {getattr(error, 'strerror', None) or error}") from error
