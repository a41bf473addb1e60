"""The texts by which sources are named: their options, and how to show them."""

import difflib
import re
from collections.abc import Iterable
from typing import Annotated, Any, TypeVar, get_args, get_type_hints
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta

from edge.errors import ConfigError

T = TypeVar("T", bound=msgspec.Struct)

Fps = Annotated[float, Meta(ge=0.1, le=240, description="frames per second, a number from 0.1 to 240")]
Size = Annotated[
    str,
    Meta(pattern=r"^[1-9][0-9]{1,3}x[1-9][0-9]{1,3}$", description="WIDTHxHEIGHT in pixels, such as 1920x1080"),
]

# Cameras take passwords before the @, in the path and in the query; only the host is surely none.
_ADDRESS = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?:\S*@)?(?P<host>[^\s/?#\"']*)[^\s\"']*", re.IGNORECASE)
_SECRET = re.compile(r"\b([\w-]*(?:user|pass|pw|pwd|token|key)[\w-]*)=(\"[^\"]*\"|\S+)", re.IGNORECASE)


def masked(text: str) -> str:
    """Return ``text`` with every network address cut to its host, and every value named like a secret removed."""
    return _SECRET.sub(r"\1=***", _ADDRESS.sub(r"\g<scheme>://\g<host>/...", text))


def nearest(name: str, known: Iterable[str]) -> str:
    """Return "; did you mean X?" for the known name that is most like ``name``, or nothing."""
    match = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean {match[0]}?" if match else ""


def split_options(scheme: str, text: str, kind: type[T]) -> tuple[str, T]:
    """Split what follows ``scheme``, ``REST?name=value&...``, into its rest and its options.

    Raises:
        ConfigError: an option is unknown, or its value not allowed.
    """
    rest, _, query = text.partition("?")
    values = dict(parse_qsl(query, keep_blank_values=True))
    hints = get_type_hints(kind, include_extras=True)
    for name, value in values.items():
        if name not in hints:
            raise ConfigError(
                f"source {scheme}:{text}: unknown option {name}{nearest(name, hints)}; allowed: {', '.join(hints)}"
            )
        _check(f"source {scheme}:{text}", name, value, hints[name])
    return rest, msgspec.convert(values, kind, strict=False)


def pixels(size: str) -> tuple[int, int]:
    """Return (width, height) of a ``Size``."""
    width, height = size.split("x")
    return int(width), int(height)


def _check(source: str, name: str, value: str, hint: Any) -> None:
    try:
        msgspec.convert(value, hint, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{source}: {name}={value}; allowed: {_allowed(hint)}") from error


def _allowed(hint: Any) -> str:
    """Return the description of an annotated type, also where it may be left out (Annotated | None)."""
    annotated = next(part for part in (hint, *get_args(hint)) if hasattr(part, "__metadata__"))
    return str(annotated.__metadata__[0].description)
