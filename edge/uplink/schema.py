"""The contract for machines: JSON Schema 2020-12 of each message, and an AsyncAPI 3 document of the topics.

Made from the structs of `edge.uplink.contract`; `python -m edge.uplink.schema --write` renews the files in schema/.
"""

import argparse
import sys
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from edge.uplink.contract import (
    BENCH_ROOT,
    CONTENT_TYPE,
    PRODUCTION_ROOT,
    Checkpoint,
    CountReport,
    Envelope,
    Health,
    Receipt,
    State,
    Stream,
)

FOLDER = Path(__file__).with_name("schema")
DIALECT = "https://json-schema.org/draft/2020-12/schema"
JWS = "^[A-Za-z0-9_-]+\\.\\.[A-Za-z0-9_-]+$"
Name = Literal["counts", "state", "health", "checkpoint", "receipt"]
Document = dict[str, Any]


class Kind(NamedTuple):
    """One kind of message."""

    name: Name
    struct: type[Envelope]
    address: str
    retained: bool
    when: str
    sent: bool = True


KINDS = (
    Kind(
        "counts",
        CountReport,
        "counts/{stream}",
        retained=False,
        when="For each hour and each day, also an empty one, one for each table.",
    ),
    Kind("state", State, "state", retained=True, when="On each connection, at the end, and as last will."),
    Kind("health", Health, "health", retained=True, when="Each hour, and when camera or clock change their state."),
    Kind(
        "checkpoint", Checkpoint, "checkpoint", retained=True, when="Each hour, when the gate starts and when it ends."
    ),
    Kind(
        "receipt",
        Receipt,
        "receipt/{subscriber}",
        retained=True,
        when="When a subscriber has stored reports, at most every 5 seconds.",
        sent=False,
    ),
)


def load(name: Name) -> Document:
    """Return the JSON Schema of one kind of message, as shipped."""
    document: Document = msgspec.json.decode((FOLDER / _file(name)).read_bytes())
    return document


def documents() -> dict[str, bytes]:
    """Make the content of every file in schema/, by name."""
    made = {_file(kind.name): _json_schema(kind) for kind in KINDS} | {"asyncapi.json": _asyncapi()}
    return {
        name: msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n" for name, document in made.items()
    }


def _file(name: Name) -> str:
    return f"{name}-{_version(name)}.json"


def _version(name: Name) -> str:
    kind = next(kind for kind in KINDS if kind.name == name)
    return _identity(kind).rpartition(":")[2]


def _identity(kind: Kind) -> str:
    """Return the name of the schema that a kind's messages have now."""
    default = next(field.default for field in msgspec.structs.fields(kind.struct) if field.name == "dataschema")
    return str(default)


def _json_schema(kind: Kind) -> Document:
    (reference,), definitions = msgspec.json.schema_components([kind.struct], ref_template="#/$defs/{name}")
    for definition in definitions.values():
        definition["description"] = definition["description"].replace("``", "")
    message = definitions[kind.struct.__name__]
    # What has a default in the struct, such as the type, is written out all the same.
    message["required"] = list(message["properties"])
    for attribute in message["properties"].values():
        attribute.pop("default", None)
    return {"$schema": DIALECT, "$id": _identity(kind), **reference, "$defs": definitions}


def _asyncapi() -> Document:
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "anpr-edge",
            "version": "1.5",
            "description": "What a camera publishes: counts of many vehicles, its presence, health and audit log.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {f"{prefix}{kind.name}": _channel(root, kind) for prefix, root in _roots() for kind in KINDS},
        "operations": {
            f"{prefix}{'publish' if kind.sent else 'read'}_{kind.name}": _operation(prefix, kind)
            for prefix, _ in _roots()
            for kind in KINDS
        },
        "components": {"messages": {kind.name: _message(kind) for kind in KINDS}},
    }


def _roots() -> tuple[tuple[str, str], ...]:
    return (("", PRODUCTION_ROOT), ("bench_", BENCH_ROOT))


def _channel(root: str, kind: Kind) -> Document:
    address = f"{root}/{{zone}}/{{camera}}/{kind.address}"
    parameters: Document = {
        "zone": {"description": "The zone's name: lower-case letters, digits and dashes."},
        "camera": {"description": "The camera's name, which is also its certificate's common name."},
        "stream": {"description": "The length of the bins.", "enum": [Stream.HOUR, Stream.DAY]},
        "subscriber": {"description": "The common name of a subscriber's certificate."},
    }
    return {
        "address": address,
        "description": kind.when,
        "parameters": {name: value for name, value in parameters.items() if f"{{{name}}}" in address},
        "messages": {kind.name: {"$ref": f"#/components/messages/{kind.name}"}},
    }


def _operation(prefix: str, kind: Kind) -> Document:
    return {
        "action": "send" if kind.sent else "receive",
        "channel": {"$ref": f"#/channels/{prefix}{kind.name}"},
        "bindings": {"mqtt": {"qos": 1, "retain": kind.retained, "bindingVersion": "0.2.0"}},
    }


def _message(kind: Kind) -> Document:
    payload = {
        "schemaFormat": "application/schema+json;version=draft-2020-12",
        "schema": {"$ref": f"./{_file(kind.name)}"},
    }
    headers = {"headers": _signature()} if kind.sent else {}
    return {"name": kind.name, "contentType": CONTENT_TYPE, **headers, "payload": payload}


def _signature() -> Document:
    what = "User property: detached JWS (RFC 7797) by the camera's key over the payload's bytes."
    signature = {"type": "string", "pattern": JWS, "description": what}
    return {"type": "object", "required": ["sig"], "properties": {"sig": signature}}


def _main() -> int:
    parser = argparse.ArgumentParser(prog="python -m edge.uplink.schema", description=__doc__)
    parser.add_argument("--write", action="store_true", required=True, help="write the files")
    parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    for name, content in documents().items():
        (FOLDER / name).write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(_main())
