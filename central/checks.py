"""Checks every message against the contract; whatever it holds, the answer is an event and never an exception."""

import base64
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

import jsonschema
import msgspec
from nacl.signing import VerifyKey

from central.events import Aside, BreachError, Event, Received, Refused
from central.memory import Arrival, Memory
from edge.uplink import schema, signature
from edge.uplink.contract import (
    BENCH_ROOT,
    CONTENT_TYPE,
    PRODUCTION_ROOT,
    Address,
    Checkpoint,
    CountData,
    CountReport,
    DifferentialPrivacy,
    Health,
    State,
    Stream,
    Window,
)

T = TypeVar("T")

MAX_BYTES = 1 << 20
# Below ten different vehicles only a bench may release.
MIN_K = 10
TOPIC = re.compile(r"(?P<root>anpr(?:-bench)?/1)/(?P<zone>[a-z0-9-]{1,63})/(?P<camera>[a-z0-9-]{1,63})/(?P<branch>.+)")
# Of a window, in seconds: a day has 25 hours at most.
LONGEST: Mapping[Stream, int] = {Stream.HOUR: 3_600, Stream.DAY: 25 * 3_600}
# A policy lets messages be kept for 3660 days at most.
LONGEST_KEPT = timedelta(days=11 * 366)
LARGEST, SMALLEST = 1_000_000, 1e-6
RECEIPT = re.compile(r"receipt/[a-z0-9][a-z0-9.-]*")
NAMES: Mapping[str, schema.Name] = {
    "counts/hour": "counts",
    "counts/day": "counts",
    "state": "state",
    "health": "health",
    "checkpoint": "checkpoint",
}


class Keys(Protocol):
    """The cameras' public keys."""

    def find(self, kid: str, camera: str) -> VerifyKey | None:
        """Return the key of this id, where it may sign for this camera."""
        ...


class Checker:
    """Checks messages of any number of cameras."""

    def __init__(self, keys: Keys | None, memory: Memory, *, bench: bool) -> None:
        """Check signatures against ``keys``, where there are any; take ``bench`` messages or real ones."""
        self._keys, self._memory, self._root = keys, memory, BENCH_ROOT if bench else PRODUCTION_ROOT
        self._bench = bench
        self._validators = {name: _validator(name) for name in NAMES.values()}

    def check(self, received: Received) -> Event:
        """Say what to make of a message."""
        try:
            return self._check(received)
        except BreachError as breach:
            return Refused(received.topic, str(breach))

    def _check(self, received: Received) -> Event:
        address, branch = self._address(received.topic)
        if branch not in NAMES:
            return Aside(received.topic)
        if len(received.payload) > MAX_BYTES:
            raise BreachError(f"has {len(received.payload)} bytes; at most {MAX_BYTES} are allowed")
        if received.content_type != CONTENT_TYPE:
            raise BreachError(f"content type {received.content_type!r} is not {CONTENT_TYPE}")
        arrival = self._verify(received, address)
        content = self._read(NAMES[branch], received.payload)
        if content["source"] != address.source:
            raise BreachError(f"source {content['source']} does not belong to this topic")
        return self._take(branch, arrival)

    def _take(self, branch: str, arrival: Arrival) -> Event:
        payload = arrival.received.payload
        match branch:
            case "state":
                return self._memory.take_state(_decode(payload, State), arrival)
            case "health":
                return self._memory.take_health(_decode(payload, Health), arrival)
            case "checkpoint":
                return self._memory.take_checkpoint(_decode(payload, Checkpoint), arrival)
            case _:
                return self._take_counts(Stream(branch.removeprefix("counts/")), arrival)

    def _address(self, topic: str) -> tuple[Address, str]:
        found = TOPIC.fullmatch(topic)
        if not found or not (found["branch"] in NAMES or RECEIPT.fullmatch(found["branch"])):
            raise BreachError("is no topic of the contract")
        if found["root"] != self._root:
            raise BreachError("is a bench message" if not self._bench else "is no bench message")
        return Address(found["zone"], found["camera"], self._bench), found["branch"]

    def _verify(self, received: Received, address: Address) -> Arrival:
        header = _header(received.signature)
        if header.topic != received.topic:
            raise BreachError(f"was signed for another topic, {header.topic}")
        if self._keys is None:
            return Arrival(received, address, header.kid, "not checked")
        key = self._keys.find(header.kid, address.camera)
        if key is None:
            raise BreachError(f"was signed with an unknown key, {header.kid}")
        if not signature.verify(key, received.topic, received.payload, received.signature):
            raise BreachError("its signature is wrong")
        return Arrival(received, address, header.kid, "verified")

    def _read(self, name: schema.Name, payload: bytes) -> dict[str, Any]:
        try:
            content = msgspec.json.decode(payload)
            breach = next(self._validators[name].iter_errors(content), None)
        except (msgspec.DecodeError, RecursionError) as error:
            raise BreachError("is not JSON") from error
        if breach:
            # Where and which rule; what stands there instead is for nobody's log.
            raise BreachError(f"breaks the schema at {breach.json_path}: {breach.validator}")
        return dict(content)

    def _take_counts(self, stream: Stream, arrival: Arrival) -> Event:
        if arrival.received.retained:
            raise BreachError("is retained; counts never are")
        report = _decode(arrival.received.payload, CountReport)
        _check_window(report, LONGEST[stream])
        _check_expiry(report.data)
        self._check_k(report)
        if report.id != f"{arrival.address.camera}:{stream}:{report.sequence}":
            raise BreachError("its id does not belong to its camera, stream and sequence")
        return self._memory.take_report(report, stream, arrival)

    def _check_k(self, report: CountReport) -> None:
        _check_sizes(report.data)
        k = report.data.release.k
        if k < MIN_K and not self._bench:
            raise BreachError(f"k is {k}; at least {MIN_K} is required")
        noise = report.data.release.noise
        least = max(k, noise.threshold) if isinstance(noise, DifferentialPrivacy) else k
        if any(cell.n < least for cell in report.data.cells):
            raise BreachError(f"has a cell below {'its k' if least == k else 'the threshold of its noise'}, {least}")


def _validator(name: schema.Name) -> Any:
    return jsonschema.Draft202012Validator(schema.load(name))


def _header(text: str) -> signature.Header:
    """Read the protected header, as anyone can without a key."""
    encoded = text.split(".", maxsplit=1)[0]
    try:
        raw = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        return msgspec.json.decode(raw, type=signature.Header)
    except (ValueError, msgspec.MsgspecError) as error:
        raise BreachError("is not signed" if not text else "its signature can't be read") from error


def _decode(payload: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(payload, type=kind)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise BreachError(f"breaks the schema: {error}") from error


def _check_sizes(data: CountData) -> None:
    """Refuse numbers that are none of vehicles: no store could keep them, and no sum hold them."""
    noise = data.release.noise
    largest = max(data.release.k, *(cell.n for cell in data.cells), noise.scale if noise else 0)
    if largest > LARGEST or data.weight < SMALLEST:
        raise BreachError("has a number that is too large, or a weight that is too small")


def _check_window(report: CountReport, longest: int) -> None:
    """Refuse what has the right form and no meaning, such as a 31st of February."""
    try:
        start, end = local_times(report.data.window)
    except (ValueError, OverflowError, KeyError, OSError) as error:
        raise BreachError("its window is no time, or its time zone unknown") from error
    # In UTC: within one zone Python compares what the clock shows, and in October it shows an hour twice.
    seconds = (end.astimezone(UTC) - start.astimezone(UTC)).total_seconds()
    if seconds <= 0:
        raise BreachError("its window ends before it begins")
    if seconds > longest:
        raise BreachError("its window is longer than its stream's")


def _check_expiry(data: CountData) -> None:
    """Refuse what would be kept longer than any policy allows."""
    _, end = local_times(data.window)
    # The last day of the year 9999 would end in a year that no date has.
    if data.expires - end.date() > LONGEST_KEPT or data.expires.year == date.max.year:
        raise BreachError("it expires more than eleven years after its window")


def local_times(window: Window) -> tuple[datetime, datetime]:
    """Return a window's start and end on its own clock.

    Raises:
        ValueError, KeyError, OSError: no such time, or no such zone.
        OverflowError: on that clock it would lie before the year 1 or after 9999.
    """
    zone = ZoneInfo(window.timezone)
    return _moment(window.start).astimezone(zone), _moment(window.end).astimezone(zone)


def _moment(timestamp: str) -> datetime:
    return datetime.strptime(timestamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
