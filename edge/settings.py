"""TOML files as typed structs, with errors that name file, section, option, value and what is allowed."""

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from edge.errors import ConfigError

T = TypeVar("T", bound=msgspec.Struct)

OptionalFile = Annotated[Path | None, Meta(description="a path, or empty for none")]
ThreadCount = Annotated[int, Meta(ge=1, le=16, description="auto, or a whole number from 1 to 16")]
_MOST_THREADS = 4  # That auto takes.
_LINE = re.compile(r"\(at line (\d+), column \d+\)")
_DAY_FIRST = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=\s*(\d{1,2})([-/.])(\d{1,2})\3(\d{4})\b", re.ASCII)
_UNQUOTED = re.compile(r"""\s*([A-Za-z0-9_-]+)\s*=\s*[^\s"'\[{#]""")


class Layer(NamedTuple):
    """One file and what it holds: sections of options."""

    file: Path
    tree: dict[str, Any]


def parse(file: Path, content: bytes | None = None) -> Layer:
    """Read one TOML file, or its ``content`` where that was read (and verified) before.

    Raises:
        ConfigError: it can't be read or is not TOML.
    """
    try:
        text = (file.read_bytes() if content is None else content).decode()
    except OSError as error:
        raise ConfigError(f"{file}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: is not UTF-8 text") from error
    try:
        return Layer(file, tomllib.loads(text))
    # Beside what is no TOML: numbers of thousands of digits, and deep nesting.
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{file}: is not TOML: {_slip(text, str(error))}") from error


def _slip(text: str, error: str) -> str:
    """Say what was probably meant, where it is one of the two usual slips; of a text, which may be secret, the name."""
    if not (at := _LINE.search(error)):
        return error
    line = text.split("\n")[int(at[1]) - 1]
    if found := _DAY_FIRST.match(line):
        name, day, dash, month, year = found.groups()
        written = f"{name} = {day}{dash}{month}{dash}{year}"
        return f"line {at[1]}: {written}; a date is written {year}-{month:0>2}-{day:0>2}"
    if found := _UNQUOTED.match(line):
        return f"line {at[1]}: {found[1]} is no number, date, true or false; a text is written in quotes"
    return error


class OptionError(ConfigError):
    """One ``option`` of one ``section`` is unknown, missing, wrong or contradicts another."""

    def __init__(self, file: Path, section: str, option: str, fault: str) -> None:
        super().__init__(f"{file}: [{section}] {fault}")
        self.section, self.option = section, option


def build(kind: type[T], layers: list[Layer]) -> T:
    """Make a ``kind``, whose fields are sections, from ``layers``; a later layer overrides single options.

    Raises:
        ConfigError: unknown, missing or wrong sections and options; paths become absolute, seen from their file.
    """
    for fault in faults(kind, layers):
        raise fault
    sections = hints_of(kind)
    return kind(**{name: _section(name, section, layers) for name, section in sections.items()})


def faults(kind: type[msgspec.Struct], layers: list[Layer]) -> Iterator[ConfigError]:
    """Yield every error for which `build` would refuse ``layers``, in the order of the file's sections."""
    sections = hints_of(kind)
    for layer in layers:
        yield from _unknown(layer, sections)
    sound = [
        Layer(layer.file, {name: part for name, part in layer.tree.items() if isinstance(part, dict)})
        for layer in layers
    ]
    for name, section in sections.items():
        named = _named(name, section, sound)
        for option, hint in hints_of(section).items():
            try:
                if option in named:
                    _option(name, option, hint, sound)
            except ConfigError as fault:
                yield fault


def table(kind: type[T], file: Path, title: str, options: object) -> T:
    """Make a ``kind`` from one table of a file, which errors call ``[title]``; options with a default may be absent.

    Raises:
        ConfigError: unknown, missing or wrong options.
    """
    if not isinstance(options, dict):
        raise ConfigError(f"{file}: {title} is no table of options")
    fields = {field.encode_name: field for field in _fields(kind)}
    for option in options:
        if option not in fields:
            raise OptionError(file, title, option, f"unknown option {option}{nearest(option, fields)}")
    hints = hints_of(kind)
    given = {fields[name].name: _value(file, title, name, options[name], hints[fields[name].name]) for name in options}
    for option, field in fields.items():
        if field.required and option not in options:
            raise OptionError(file, title, option, f"{option} is missing; allowed: {allowed_by(hints[field.name])}")
    return kind(**given)


def value_of(kind: type[msgspec.Struct], file: Path, section: str, option: str, value: object) -> Any:
    """Return the ``value`` of one option as its type, whatever the rest of the file says.

    Raises:
        ConfigError: it is not allowed.
    """
    return _value(file, section, option, value, hints_of(hints_of(kind)[section])[option])


@cache
def hints_of(kind: type) -> dict[str, Any]:
    """Return the type of each field of a struct; asking Python anew takes longer than reading a whole file."""
    return get_type_hints(kind, include_extras=True)


def refusal(file: Path, section: str, option: str, value: object, allowed: str) -> OptionError:
    """Say what is wrong with one option, in the one form that all these errors have."""
    return OptionError(file, section, option, f"{option} = {_toml(value)}; allowed: {allowed}")


def spare_cores() -> int:
    """Return how many threads ``auto`` is: the cores that this process may use but one, at least 1, at most 4.

    One core is left for decoding, the other processes and the system: a thread that waits for a core holds up the
    others in every layer of a model. The detector took 3.3 ms a frame on one thread and 2.2 ms on two (x86, floats):
    what can't be shared is a third, so each further thread brings less.
    """
    return min(max(len(os.sched_getaffinity(0)) - 1, 1), _MOST_THREADS)


def _unknown(layer: Layer, sections: dict[str, Any]) -> Iterator[ConfigError]:
    """Refuse every section and option that nobody reads."""
    for section, options in layer.tree.items():
        if section not in sections:
            yield ConfigError(f"{layer.file}: unknown section [{printable(section)}]{nearest(section, sections)}")
        elif not isinstance(options, dict):
            yield ConfigError(
                f"{layer.file}: {printable(section)} = {_toml(options)}; [{section}] is a section of options"
            )
        else:
            known = hints_of(sections[section])
            for option in options:
                if option not in known:
                    fault = f"unknown option {printable(option)}{nearest(option, known)}"
                    yield OptionError(layer.file, section, option, fault)


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which of the ``known`` names was probably meant, or which are allowed."""
    match = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean {match[0]}?" if match else f"; allowed: {', '.join(known)}"


def _section(name: str, kind: type, layers: list[Layer]) -> Any:
    hints = hints_of(kind)
    named = _named(name, kind, layers)
    return kind(**{option: _option(name, option, hint, layers) for option, hint in hints.items() if option in named})


def _named(section: str, kind: type[msgspec.Struct], layers: list[Layer]) -> set[str]:
    """Return the options of a section that stand in a file, or must."""
    required = {field.name for field in _fields(kind) if field.required}
    return required.union(*(layer.tree.get(section, {}) for layer in layers))


def _option(section: str, option: str, hint: Any, layers: list[Layer]) -> Any:
    for layer in reversed(layers):
        if option in layer.tree.get(section, {}):
            return _value(layer.file, section, option, layer.tree[section][option], hint)
    raise OptionError(layers[-1].file, section, option, f"{option} is missing; allowed: {allowed_by(hint)}")


def _value(file: Path, section: str, option: str, value: object, hint: Any) -> Any:
    if value == "" and hint == OptionalFile:
        return None
    if value == "auto" and hint == ThreadCount:
        return spare_cores()
    if isinstance(value, dict | list) and (kind := _struct_in(hint)):
        if isinstance(value, dict) and not _is_list(hint):
            return table(kind, file, f"{section}.{option}", value)
        if isinstance(value, list) and _is_list(hint) and all(isinstance(row, dict) for row in value):
            return tuple(table(kind, file, f"{section}.{option}.{at}", row) for at, row in enumerate(value, 1))
    try:
        converted = msgspec.convert(value, hint, dec_hook=_as_path)
    except (msgspec.ValidationError, TypeError) as error:
        raise refusal(file, section, option, value, allowed_by(hint)) from error
    return file.parent.absolute() / converted if isinstance(converted, Path) else converted


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(kind)


@cache
def _struct_in(hint: Any) -> type[msgspec.Struct] | None:
    """Return what an option's table, or each of its tables, becomes; None for an option without tables."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return hint
    inner = [arg for arg in get_args(hint) if arg is not Ellipsis]
    return next((found for arg in inner if (found := _struct_in(arg))), None)


@cache
def _is_list(hint: Any) -> bool:
    """Tell whether an option is a list of tables, and not one table."""
    return any(get_origin(one) is tuple for one in (hint, *get_args(hint)))


def _as_path(kind: type, value: object) -> Path:
    if kind is Path and isinstance(value, str) and value:
        return Path(value)
    raise TypeError("not a path")


def _toml(value: object) -> str:
    """Show ``value`` as its author wrote it, cut short."""
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
    text = printable(f'"{value}"' if isinstance(value, str) else text)
    return text if len(text) <= 80 else f"{text[:77]}..."  # noqa: PLR2004  (a line's worth)


def printable(text: str) -> str:
    """Write control characters as TOML does: a terminal must not obey what a file says."""
    return "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in text)


def allowed_by(hint: Any) -> str:
    """Say what an option of this type may be."""
    metas: tuple[Any, ...] = getattr(hint, "__metadata__", ())
    return str(next(meta.description for meta in metas if meta.description))
