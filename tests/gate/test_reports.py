"""Messages as the contract has them, signed."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from edge.categories import CameraState, Clock, RegisterAge, Sandbox, Share, Unreadable, VisionHealth
from edge.gate.reports import Seen
from edge.gate.sights import Sight
from edge.release_rules import Table
from edge.uplink import signature
from edge.uplink.contract import Sequences, Status, Stream
from edge.uplink.outbox import Entry, Stats
from edge.windows import day_window
from tests.counts import HOUR, cell, policy, van
from tests.gate.desks import KEY, NOW, reports
from tests.gate.streets import LADDER, hour

MODELS = "sha256:" + "0" * 64


def _table(folder: Path) -> Table:
    return policy(folder).file.release.tables[0]


def _data(entry: Entry) -> dict[str, Any]:
    assert signature.verify(KEY.verify_key, entry.topic, entry.payload, entry.signature)
    fields: dict[str, Any] = json.loads(entry.payload)["data"]
    return fields


def test_a_report_has_the_form_of_the_contract(tmp_path: Path) -> None:
    """Field by field; what is released and how it came about, and nothing of what is withheld."""
    cells = hour([Sight(HOUR.start, 0, cell(van(), 12, 37))], LADDER).cells
    entry = reports(tmp_path).counts(Stream.HOUR, Seen(HOUR, 95, whole=True), _table(tmp_path), cells)(4711)
    assert entry.topic == "anpr/1/zez-demo/cam-017/counts/hour"
    assert json.loads(entry.payload) == {
        "specversion": "1.0",
        "id": "cam-017:hour:4711",
        "source": "urn:anpr:zez-demo:cam-017",
        "type": "nl.anpr-edge.counts.v1",
        "time": "2026-11-23T11:00:10Z",
        "datacontenttype": "application/json",
        "dataschema": "urn:anpr-edge:schema:counts:1.3",
        "sequence": "4711",
        "data": {
            "window": {
                "from": "2026-11-23T10:00:00Z",
                "to": "2026-11-23T11:00:00Z",
                "timezone": "Europe/Amsterdam",
                "partial": True,
                "observed_share": 0.95,
            },
            "policy": policy(tmp_path).digest,
            "release": {"k": 10, "noise": None},
            "table": "emission",
            "weight": 1.0,
            "measure": "passages",
            "cells": [
                {"n": 37, "direction": "in", "vehicle_type": "van", "emission_class": "6", "admitted": "unknown"}
            ],
            "expires": "2027-11-23",
        },
    }
    assert signature.verify(KEY.verify_key, entry.topic, entry.payload, entry.signature)


def test_a_report_expires_at_the_end_of_its_last_day(tmp_path: Path) -> None:
    """Local midnight after the date that it names."""
    entry = reports(tmp_path).counts(Stream.HOUR, Seen(HOUR, 100, whole=True), _table(tmp_path), ())(1)
    assert entry.expires == 1_795_474_800 + 365 * 86_400


@pytest.mark.parametrize(
    ("observed", "whole", "partial"), [(100, True, False), (95, True, True), (100, False, True), (0, True, True)]
)
def test_a_window_that_was_not_seen_whole_says_so(
    tmp_path: Path,
    observed: int,
    whole: bool,  # noqa: FBT001  (a parameter)
    partial: bool,  # noqa: FBT001  (a parameter)
) -> None:
    """Partial where something is missing, or where a restart cut it in two."""
    seen = Seen(HOUR, observed, whole=whole)
    window = _data(reports(tmp_path).counts(Stream.HOUR, seen, _table(tmp_path), ())(1))["window"]
    assert (window["partial"], window["observed_share"]) == (partial, observed / 100)


def test_a_day_has_a_stream_of_its_own(tmp_path: Path) -> None:
    """Its topic, its id and its bin, here the day of 25 hours."""
    day = day_window(date(2026, 10, 25))
    entry = reports(tmp_path).counts(Stream.DAY, Seen(day, 100, whole=True), _table(tmp_path), ())(3)
    assert entry.topic == "anpr/1/zez-demo/cam-017/counts/day"
    assert json.loads(entry.payload)["id"] == "cam-017:day:3"
    window = _data(entry)["window"]
    assert (window["from"], window["to"]) == ("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z")


def test_the_last_will_is_signed_in_advance(tmp_path: Path) -> None:
    """All three states, each retained under the same topic, with what identifies the camera's software."""
    states = reports(tmp_path).states("1.2.3", MODELS, Sandbox.PARTIAL)
    assert set(states) == set(Status)
    for status, entry in states.items():
        assert entry.topic == "anpr/1/zez-demo/cam-017/state"
        assert _data(entry) == {
            "status": status,
            "software": "1.2.3",
            "policy": policy(tmp_path).digest,
            "models": MODELS,
            "sandbox": "partial",
        }
        assert json.loads(entry.payload)["id"] == f"cam-017:state-{status}:{NOW}"


@pytest.mark.parametrize(
    ("waiting", "bucket"),
    [(0, "none"), (1, "below_24"), (23, "below_24"), (24, "below_168"), (168, "168_or_more"), (9999, "168_or_more")],
)
def test_health_has_buckets(tmp_path: Path, waiting: int, bucket: str) -> None:
    """Of the outbox it says about how much waits, and about how much was not received."""
    seen = VisionHealth(CameraState.STALLED, Clock.SYNCHRONISED, Share.SOME, Share.NONE, 3, RegisterAge.BELOW_8_DAYS)
    entry = reports(tmp_path).health(seen, Stats(waiting, 2, waiting, Sequences(4300, 180)), Unreadable.MANY)
    assert entry.topic == "anpr/1/zez-demo/cam-017/health"
    assert _data(entry) == {
        "camera": "stalled",
        "clock": "synchronised",
        "frames_dropped": "below_50_percent",
        "frames_corrupt": "none",
        "reopened": 3,
        "outbox_waiting": bucket,
        "outbox_dropped": 2,
        "register_age": "below_8_days",
        "unreadable": "many",
        "policy": "in_force",
        "unreceived": bucket,
        "oldest": {"hour": 4300, "day": 180},
    }


@pytest.mark.parametrize(
    ("first", "last", "term"),
    [
        ("2026-11-24", "2026-12-31", "not_yet"),
        ("2026-11-23", "2026-11-23", "in_force"),
        ("2026-01-01", "2026-11-22", "ended"),
    ],
)
def test_health_says_when_the_policy_lets_nothing_be_counted(tmp_path: Path, first: str, last: str, term: str) -> None:
    """Before its first day and after its last one, by a clock that is synchronised; a file has a time of its own."""
    written = reports(tmp_path, valid_from=first, valid_until=last)
    for clock, told in ((Clock.SYNCHRONISED, term), (Clock.FILE, None), (Clock.UNSYNCHRONISED, None)):
        seen = VisionHealth(CameraState.DELIVERING, clock, Share.NONE, Share.NONE, 0, RegisterAge.UNKNOWN)
        assert _data(written.health(seen, Stats(0, 0, None, Sequences(1, 1)), Unreadable.FEW)).get("policy") == told


def test_health_says_nothing_of_receipts_that_nobody_is_asked_for(tmp_path: Path) -> None:
    """Where no subscriber is named, `unreceived` is absent."""
    seen = VisionHealth(CameraState.DELIVERING, Clock.FILE, Share.NONE, Share.NONE, 0, RegisterAge.UNKNOWN)
    assert "unreceived" not in _data(reports(tmp_path).health(seen, Stats(0, 0, None, Sequences(1, 1)), Unreadable.FEW))


def test_no_dropped_frame_and_a_few_are_the_same(tmp_path: Path) -> None:
    """At night the first vehicle may cost the first frame: the lowest bucket must not tell the two apart."""
    texts = {
        reports(tmp_path).health(
            VisionHealth(CameraState.DELIVERING, Clock.SYNCHRONISED, share, Share.NONE, 0, RegisterAge.UNKNOWN),
            Stats(0, 0, None, Sequences(1, 1)),
            Unreadable.FEW,
        )
        for share in (Share.NONE, Share.FEW)
    }
    assert len(texts) == 1
