"""The contract for machines."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import jsonschema
import msgspec
import pytest
from msgspec import inspect as types

from edge import categories
from edge.categories import CellKey
from edge.release_rules import Dimension
from edge.uplink import schema
from edge.uplink.contract import (
    Cell,
    Checkpoint,
    CheckpointData,
    CountReport,
    DimensionName,
    Health,
    HealthData,
    Receipt,
    ReceiptData,
    RestName,
    State,
    StateData,
    Status,
    encode,
)
from tests.messages import checkpoint, health, receipt, report, state

PAGE = Path(__file__).parent.parent.parent / "docs" / "contract.md"


def _sample(name: schema.Name) -> dict[str, Any]:
    samples: dict[schema.Name, CountReport | State | Health | Checkpoint | Receipt] = {
        "counts": report(1),
        "state": state(Status.ONLINE),
        "health": health(1),
        "checkpoint": checkpoint(1),
        "receipt": receipt("subscriber.central", 4711, 196),
    }
    decoded: dict[str, Any] = msgspec.json.decode(encode(samples[name]))
    return decoded


NAMES: tuple[schema.Name, ...] = ("counts", "state", "health", "checkpoint", "receipt")


def test_the_files_are_current() -> None:
    """What ships is what the structs give; `python -m edge.uplink.schema --write` renews it."""
    shipped = {file.name: file.read_bytes() for file in schema.FOLDER.iterdir()}
    assert shipped == schema.documents()


@pytest.mark.parametrize("name", NAMES)
def test_the_schemas_are_valid_and_accept_real_messages(name: schema.Name) -> None:
    """They are JSON Schema 2020-12, and what the gate writes passes."""
    document = schema.load(name)
    jsonschema.Draft202012Validator.check_schema(document)
    jsonschema.Draft202012Validator(document).validate(_sample(name))
    assert document["$id"] == _sample(name)["dataschema"]


@pytest.mark.parametrize("name", NAMES)
def test_every_attribute_is_required_and_a_new_one_welcome(name: schema.Name) -> None:
    """A message without any one of its attributes fails; a later minor version may add some."""
    validator, sample = jsonschema.Draft202012Validator(schema.load(name)), _sample(name)
    for attribute in sample:
        assert not validator.is_valid({key: value for key, value in sample.items() if key != attribute})
    assert validator.is_valid(sample | {"added": 1})


def test_files_bear_the_version_of_their_messages() -> None:
    """A new minor version is a new file, named as the messages name it."""
    assert set(schema.documents()) == {
        "counts-1.3.json",
        "state-1.1.json",
        "health-1.4.json",
        "checkpoint-1.0.json",
        "receipt-1.0.json",
        "asyncapi.json",
    }


def test_wall_policy_and_contract_know_the_same_dimensions() -> None:
    """What vision counts is what a policy can ask for and a message can carry, in one order."""
    names = list(get_args(DimensionName))
    assert list(Dimension) == names
    assert list(CellKey.__struct_fields__) == ["table", *names]
    assert list(get_args(RestName)) == ["hour", *names]
    assert [name for name in Cell.__struct_fields__ if name not in {"n", "rest", "vehicle_types"}] == names


@pytest.mark.parametrize("name", get_args(DimensionName))
def test_the_page_on_the_contract_names_every_value(name: str) -> None:
    """In the row of its dimension; of origin an example."""
    (row,) = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith(f"| `{name}` |")]
    written = set(re.findall("`([^`]*)`", row.split("|")[2]))
    closed = getattr(categories, name.title().replace("_", "") if name != "plate" else "PlateKind")
    expected = {"GM0344", "elsewhere"} if name == "origin" else {str(value) for value in closed}
    if name == "trade":
        expected = {value for value in expected if len(value) > 1} | {"A", "U"}
    assert written == expected


SECTIONS: dict[type[msgspec.Struct], str] = {
    CountReport: "A count report",
    StateData: "State",
    HealthData: "Health",
    CheckpointData: "Checkpoint",
    ReceiptData: "Receipt",
}


def _section(title: str) -> str:
    return PAGE.read_text(encoding="utf-8").partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def _fields(kind: types.Type) -> Iterator[str]:
    """Yield the names of all fields of a message, as they are written."""
    match kind:
        case types.StructType(fields=fields):
            for field in fields:
                yield field.encode_name
                yield from _fields(field.type)
        case types.UnionType(types=members):
            for member in members:
                yield from _fields(member)
        case types.VarTupleType(item_type=item):
            yield from _fields(item)
        case _:
            return


@pytest.mark.parametrize("kind", SECTIONS, ids=lambda kind: kind.__name__)
def test_the_page_on_the_contract_names_every_field(kind: type[msgspec.Struct]) -> None:
    """In the section of its message."""
    written = set(re.findall(r"[`\"](\w+)[`\"]", _section(SECTIONS[kind]) + _section("Dimensions")))
    assert set(_fields(types.type_info(kind))) - written == set()


@pytest.mark.parametrize("kind", [StateData, HealthData], ids=lambda kind: kind.__name__)
def test_the_page_on_the_contract_names_the_values_of_each_field(kind: type[msgspec.Struct]) -> None:
    """In its row, in the second column: all of a closed list, and no other."""
    table = _section(SECTIONS[kind]).partition("| field |")[2].partition("\n\n")[0]
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| `")]
    values = {name: set(re.findall("`(.*?)`", row[2])) for row in rows for name in re.findall("`(.*?)`", row[1])}
    info = types.type_info(kind)
    assert isinstance(info, types.StructType)
    for field in info.fields:
        assert _values(field.type) == values[field.encode_name], field.name


def _values(kind: types.Type) -> set[str]:
    match kind:
        case types.EnumType(cls=closed):
            return {str(value) for value in closed}
        case types.LiteralType(values=values):
            return {str(value) for value in values}
        case types.UnionType(types=members):
            return set().union(*map(_values, members))
        case _:
            return set()


def test_the_topics_of_the_document_are_those_of_the_contract() -> None:
    """AsyncAPI 3 with a channel and an operation per topic and root; counts are never retained, receipts only read."""
    document = msgspec.json.decode(schema.documents()["asyncapi.json"])
    addresses = {channel["address"] for channel in document["channels"].values()}
    branches = ("counts/{stream}", "state", "health", "checkpoint", "receipt/{subscriber}")
    assert addresses == {
        f"{root}/{{zone}}/{{camera}}/{branch}" for root in ("anpr/1", "anpr-bench/1") for branch in branches
    }
    for operation in document["operations"].values():
        mqtt = operation["bindings"]["mqtt"]
        assert mqtt["qos"] == 1
        assert mqtt["retain"] is not operation["channel"]["$ref"].endswith("counts")
        assert (operation["action"] == "receive") is operation["channel"]["$ref"].endswith("receipt")
        assert operation["channel"]["$ref"].removeprefix("#/channels/") in document["channels"]
