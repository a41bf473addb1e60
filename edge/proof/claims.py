"""What is claimed of a camera, how it was checked, and what came of it."""

from enum import StrEnum
from typing import NamedTuple

from edge.policy_text import Words


class Outcome(StrEnum):
    """What a check says of a claim."""

    HOLDS = "holds"
    FAILS = "fails"
    UNCHECKED = "unchecked"  # Something that the check needs is missing here.


class Claim(NamedTuple):
    """One claim; ``found`` is the result in words, with its figures."""

    title: Words
    how: Words
    found: Words
    outcome: Outcome


def judged(*, good: bool) -> Outcome:
    """Return what a check that was made says."""
    return Outcome.HOLDS if good else Outcome.FAILS


def decimal(number: float) -> str:
    """Write a number with one decimal as in Dutch."""
    return f"{number:.1f}".replace(".", ",")


def listed(names: list[str]) -> str:
    """Write a list for a sentence; at most six of it, so that a page stays a page."""
    shown = ", ".join(names[:6])
    return f"{shown}, … ({len(names)})" if len(names) > 6 else shown  # noqa: PLR2004  (as the docstring says)
