"""Deleting what has expired, without any key: what uplink does."""

from collections.abc import Iterable
from datetime import date
from itertools import chain
from pathlib import Path

import structlog

from edge.errors import ConfigError
from edge.registry.lists.files import replace
from edge.registry.lists.sealed import opened

log = structlog.get_logger()


def expire(file: Path, today: date) -> int:
    """Rewrite a sealed list without the segments that expired before ``today``; return how many those were.

    The header stays as it was signed. Memory cards may keep old blocks: what stands in them is ciphertext.

    Raises:
        ConfigError: the file can't be read or written, or is no list.
    """
    with opened(file) as sealed:
        kept = [segment for segment in sealed.present if segment.until >= today]
        if len(kept) < len(sealed.present):
            replace(file, chain([sealed.head()], map(sealed.read, kept)))
        return len(sealed.present) - len(kept)


def expire_all(files: Iterable[Path], today: date) -> None:
    """Expire every list that is there; one that is damaged is logged, and does not keep the others."""
    for file in files:
        try:
            if file.exists() and expire(file, today):
                log.info("expired_rows_deleted", file=str(file))
        except ConfigError as error:
            log.error("expired_rows_not_deleted", file=str(file), reason=str(error))  # noqa: TRY400  (one line)
