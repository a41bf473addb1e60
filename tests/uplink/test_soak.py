"""A street on which everything is killed with SIGKILL; `make soak` does the same for longer."""

from pathlib import Path

import pytest

from edge.proof.broker import BrokerError, find_mosquitto
from tests.uplink.soak import SUBSCRIBERS, soak

REPORTS = 60


@pytest.mark.parametrize(
    "names",
    [("gate", "uplink"), ("broker",), ("uplink", "broker", *SUBSCRIBERS)],
    ids=["camera", "broker", "all but the gate"],
)
def test_every_report_arrives_whatever_is_killed(tmp_path: Path, names: tuple[str, ...]) -> None:
    """At both subscribers, once in the store, byte for byte; in order unless the broker forgot some."""
    try:
        find_mosquitto()
    except BrokerError as error:
        pytest.skip(str(error))
    said: list[str] = []
    done = soak(tmp_path, REPORTS, seed=4, tell=said.append, names=names)
    assert done.kills, said
