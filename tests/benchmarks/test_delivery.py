"""The benchmark of delivery, on few reports."""

from pathlib import Path

import msgspec
import pytest

from benchmarks.delivery import ADDRESS, make_entries, measure
from edge.proof.broker import BrokerError, find_mosquitto
from edge.uplink.contract import CountReport, Stream


def test_its_reports_are_those_of_a_busy_street() -> None:
    """Each another one, of the contract's form, with as many cells as large reports have."""
    entries = make_entries(3)
    reports = [msgspec.json.decode(entry.payload, type=CountReport) for entry in entries]
    assert [report.sequence for report in reports] == ["1", "2", "3"]
    assert {len(report.data.cells) for report in reports} == {16}
    assert {entry.topic for entry in entries} == {ADDRESS.topic(Stream.HOUR)}
    assert len({entry.signature for entry in entries}) == 3 == len({entry.payload for entry in entries})


def test_what_a_report_costs_is_near_what_it_must(tmp_path: Path) -> None:
    """Beside its payload a fifth or so on the wire, in one packet and one answer; some pages on the disk."""
    try:
        find_mosquitto()
    except BrokerError as error:
        pytest.skip(str(error))
    figures = measure(700, tmp_path)
    assert figures.payload_bytes < figures.wire_up_bytes < 1.4 * figures.payload_bytes
    assert 0 < figures.wire_down_bytes < 60
    assert 0 < figures.share_of_floor < 2
    assert figures.per_s > 100
    assert figures.uplink_disk_bytes < 40_000
