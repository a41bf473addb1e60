"""The two ways in which a bin is released: by true numbers, or with differential privacy."""

from collections.abc import Sequence
from functools import partial
from typing import Protocol

import msgspec

from edge.gate import private, release
from edge.gate.budget import Bin, Budget, Log, Place, after
from edge.gate.interval import Published
from edge.gate.noise import laplace
from edge.gate.release import Outcome, Rule
from edge.gate.sights import Sight
from edge.policy import Policy
from edge.release_rules import Period, Privacy, Release, Table
from edge.uplink.contract import Cell


class Mode(Protocol):
    """How bins are released."""

    def release(self, bin_: Bin, sights: Sequence[Sight], table: Table, hours: Sequence[Published] = ()) -> Outcome:
        """Choose what leaves of a bin of one table; ``hours`` as in `edge.gate.release`.

        Raises:
            OutboxError: what must be written down first can't be written now.
        """

    def close(self, bin_: Bin) -> None:
        """Hear that the reports of a bin are on the disk."""


class Plain:
    """By true numbers of different vehicles; where the policy asks for it, the released ones are perturbed."""

    def __init__(self, rule: Rule, perturbation: int, budget: Budget) -> None:
        self._rule, self._perturbation, self._budget = rule, perturbation, budget

    def release(self, bin_: Bin, sights: Sequence[Sight], table: Table, hours: Sequence[Published] = ()) -> Outcome:
        """Choose by the rules of edge.gate.release."""
        if not self._budget.allows(bin_):
            return Outcome((), {}, [])
        if bin_.stump:
            return Outcome((), {}, list(sights))
        outcome = release.release(sights, table, Period(bin_.stream), self._rule, hours)
        return outcome._replace(cells=tuple(map(self._perturbed, outcome.cells)))

    def close(self, bin_: Bin) -> None:
        """Forget the bin."""
        self._budget.close(bin_)

    def _perturbed(self, cell: Cell) -> Cell:
        """Add noise to the number, if the policy says so; one that would fall below k is written as k."""
        if not self._perturbation:
            return cell
        return msgspec.structs.replace(cell, n=max(self._rule.k, cell.n + laplace(self._perturbation)))


class Private:
    """With differential privacy: a bin is drawn once, and stored with the same noise when there is room for it."""

    def __init__(self, rule: Release, privacy: Privacy, budget: Budget) -> None:
        self._rule, self._privacy, self._budget = rule, privacy, budget
        self._drawn = dict[Place, Outcome]()

    def release(self, bin_: Bin, sights: Sequence[Sight], table: Table, _: Sequence[Published] = ()) -> Outcome:
        """Choose by noised numbers alone."""
        if not self._budget.allows(bin_):
            return Outcome((), {}, [])
        if bin_.place not in self._drawn:
            self._drawn[bin_.place] = self._draw(bin_, sights, table)
        return self._drawn[bin_.place]

    def close(self, bin_: Bin) -> None:
        """Forget the bin."""
        self._budget.close(bin_)
        self._drawn = after(bin_, self._drawn)

    def _draw(self, bin_: Bin, sights: Sequence[Sight], table: Table) -> Outcome:
        if bin_.stump:
            return Outcome((), {}, list(sights))
        draw = partial(laplace, self._privacy.scale(table))
        return private.release(sights, table, Period(bin_.stream), self._rule.threshold(table), draw)


def mode_of(policy: Policy, log: Log) -> Mode:
    """Return the way that a policy asks for."""
    rule, budget = policy.file.release, Budget(policy, log)
    if rule.dp is not None:
        return Private(rule, rule.dp, budget)
    return Plain(Rule(rule.k, policy.file.what.measure), rule.perturbation, budget)
