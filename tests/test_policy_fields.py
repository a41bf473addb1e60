"""Every field that a policy can have, as its types tell: where one is missing or wrong, the refusal names it."""

import json
import math
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import msgspec.inspect as types
import pytest

from edge import policy
from edge.errors import ConfigError
from edge.policy_check import faults
from edge.policy_fields import PolicyFile
from hil.demo import site

# No field takes one of these.
WRONG: tuple[object, ...] = ([[]], {"a": 1}, -1.5, "\x07", math.inf, 10**23, "x" * 2_000)


class Place(NamedTuple):
    """One field: the way to it through the file, the title of its section or table, and whether it must be there."""

    way: tuple[str | int, ...]
    title: str
    required: bool

    @property
    def option(self) -> str:
        """Its name."""
        return str(self.way[-1])


def _walk(kind: types.StructType, way: tuple[str | int, ...] = (), title: str = "") -> Iterator[Place]:
    """Go through a struct and the tables in it; of a list of tables through the first."""
    for field in kind.fields:
        below, named = (*way, field.encode_name), f"{title}.{field.encode_name}".lstrip(".")
        if way:
            yield Place(below, title, field.required)
        match _plain(field.type):
            case types.StructType() as inner:
                yield from _walk(inner, below, named)
            case types.VarTupleType(item_type=types.StructType() as inner):
                yield from _walk(inner, (*below, 0), f"{named}.1")


def _plain(kind: types.Type) -> types.Type:
    """Take off descriptions, and the None of what may be left out."""
    while isinstance(kind, types.Metadata):
        kind = kind.type
    if isinstance(kind, types.UnionType):
        return _plain(next(one for one in kind.types if not isinstance(one, types.NoneType)))
    return kind


_ROOT = types.type_info(PolicyFile)
assert isinstance(_ROOT, types.StructType)
PLACES = list(_walk(_ROOT))


def _example() -> dict[str, Any]:
    """Return a sound policy in which each table stands once."""
    tree = tomllib.loads(site.EXAMPLE.read_text(encoding="utf-8"))
    tree["what"]["measure"] = "unique_vehicles"
    tree["release"]["dp"] = {"budget": 1.0}
    return tree


def _owner(tree: Any, way: tuple[str | int, ...]) -> Any:
    for step in way[:-1]:
        tree = tree[step]
    return tree


def _toml(value: Any) -> str:
    match value:
        case dict():
            return f"{{{', '.join(f'{name} = {_toml(one)}' for name, one in value.items())}}}"
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case str() | bool():
            return json.dumps(value)
        case date():
            return value.isoformat()
    return str(value)


def _faults(file: Path, tree: dict[str, Any]) -> list[str]:
    """Write a policy, and return all that is wrong with it; it is refused for the first of that, where there is any."""
    file.write_text("".join(f"{section} = {_toml(options)}\n" for section, options in tree.items()), encoding="utf-8")
    found = [str(fault) for fault in faults(file, file.read_bytes())]
    if found:
        with pytest.raises(ConfigError) as refused:
            policy.read(file)
        assert str(refused.value) == found[0]
    else:
        policy.read(file)
    return found


def test_the_example_is_sound(tmp_path: Path) -> None:
    """What follows spoils one field of it at a time; every field stands in one of its sections and tables."""
    assert _faults(tmp_path / "policy.toml", _example()) == []
    assert {place.title for place in PLACES} >= {"policy", "release", "release.tables.1", "release.tables.1.rungs.1"}


@pytest.mark.parametrize("place", [one for one in PLACES if one.required], ids=lambda place: str(place.way))
def test_a_field_that_is_missing_is_named(tmp_path: Path, place: Place) -> None:
    """With its section, and with what is allowed."""
    tree, file = _example(), tmp_path / "policy.toml"
    del _owner(tree, place.way)[place.option]
    named = f"{file}: [{place.title}] {place.option} is missing; allowed: "
    assert any(fault.startswith(named) for fault in _faults(file, tree))


@pytest.mark.parametrize("place", [one for one in PLACES if not one.required], ids=lambda place: str(place.way))
def test_a_field_that_may_be_missing_is_not_missed(tmp_path: Path, place: Place) -> None:
    """Others may contradict its default; it is never named as missing."""
    tree = _example()
    _owner(tree, place.way).pop(place.option, None)
    assert not any("is missing" in fault for fault in _faults(tmp_path / "policy.toml", tree))


@pytest.mark.parametrize("value", WRONG, ids=lambda value: repr(value)[:12])
@pytest.mark.parametrize("place", PLACES, ids=lambda place: str(place.way))
def test_a_field_that_is_wrong_is_named(tmp_path: Path, place: Place, value: object) -> None:
    """As an option with its value, or, where it is a table, with what is wrong inside."""
    tree, file = _example(), tmp_path / "policy.toml"
    _owner(tree, place.way)[place.option] = value
    found = _faults(file, tree)
    named = f"{file}: [{place.title}] {place.option} = ", f"{file}: [{place.title}.{place.option}] "
    assert any(fault.startswith(named) for fault in found)
    assert all(fault.isprintable() for fault in found)


@pytest.mark.parametrize("section", sorted({place.way[0] for place in PLACES}, key=str))
def test_of_a_section_that_is_missing_each_field_is_named(tmp_path: Path, section: str) -> None:
    """One run says everything that must be filled in."""
    tree, file = _example(), tmp_path / "policy.toml"
    del tree[section]
    found = _faults(file, tree)
    for place in PLACES:
        if place.title == section and place.required:
            assert any(fault.startswith(f"{file}: [{section}] {place.option} is missing; ") for fault in found)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: str(place.way))
def test_a_misspelt_field_is_named(tmp_path: Path, place: Place) -> None:
    """A misspelt field is named wherever it stands, also beside the right one."""
    tree, file = _example(), tmp_path / "policy.toml"
    _owner(tree, place.way)[f"{place.option}x"] = 1
    assert any(
        f": [{place.title}] unknown option {place.option}x; did you mean" in fault for fault in _faults(file, tree)
    )
