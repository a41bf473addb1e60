"""Delays between attempts."""

from edge.uplink.backoff import Backoff


def test_delays_double_up_to_a_minute_until_success() -> None:
    """1, 2, 4 and so on, 60 at most; after a success it is 1 again."""
    backoff = Backoff()
    states = [backoff.failing]
    assert [backoff.fail() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    states.append(backoff.failing)
    backoff.reset()
    assert [*states, backoff.failing] == [False, True, False]
    assert backoff.fail() == 1
