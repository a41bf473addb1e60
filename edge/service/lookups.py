"""Everything in which vision looks vehicles up: opened as the policy asks, and kept current while it runs."""

import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog

from edge import keys
from edge.categories import RegisterAge, VisionAct, VisionEvent
from edge.config import Config
from edge.errors import AnprError
from edge.keys import Role
from edge.policy import Policy
from edge.policy_fields import What
from edge.registry.age import register_age
from edge.registry.enrich import Enricher, ExemptionOn, Lookup, OriginOf, Sources, TradeOf, enricher
from edge.registry.lists.lookup import Exemptions, Origins, Trades
from edge.registry.live import Live
from edge.registry.manifest import check_successor
from edge.registry.pack import Pack
from edge.registry.zone import rules
from edge.registry.zone.rules import ZoneRules
from edge.release_rules import Enrichment
from edge.windows import day_number

log = structlog.get_logger()

L = TypeVar("L", Exemptions, Origins, Trades)
F = TypeVar("F")
Today = Callable[[], date]


class Lookups:
    """The register, the zone's rules and the lists of one camera; what the policy does not name is not opened.

    ``today`` gives the local day whose passages are still looked up, ``monotonic`` the seconds by which files are
    looked after; ``tell`` hears what comes into use and what expires.
    """

    def __init__(
        self,
        config: Config,
        policy: Policy,
        today: Today,
        monotonic: Callable[[], float] = time.monotonic,
        tell: Callable[[VisionEvent], None] = lambda _: None,
    ) -> None:
        """Open what the policy names.

        Raises:
            ConfigError: something of it is missing, damaged, or signed or sealed with other keys.
        """
        self._places, self._officer_key = config.registry, config.policy.officer_key
        self._today, self._day, self._monotonic, self._tell_gate = today, today(), monotonic, tell
        self._register: Live[Pack] | None = None
        self._lists: list[Live[Exemptions] | Live[Origins] | Live[Trades]] = []
        try:
            self.enricher: Enricher = enricher(policy.file.what, self._sources())
        except AnprError:
            self.close()
            raise
        self._tell_unopened(policy.file.what)

    def refresh(self) -> None:
        """Take what has been replaced into use, and forget what has expired; never waits."""
        if self._register is not None and self._register.refresh():
            self._tell(self._register.current)
        before, self._day = self._day, self._today()
        for listed in self._lists:
            new = listed.refresh()
            if new:
                self._tell_list(listed.current)
            if new or before != self._day:  # What was loaded before midnight may be taken after it.
                listed.current.forget(self._day)
            if before != self._day:
                self._note(f"{listed.current.kind}_expired", self._day)

    def register_age(self) -> RegisterAge:
        """Return how old the register is."""
        day = None if self._register is None else self._register.current.manifest.day
        return register_age(day, self._today())

    def wait(self) -> None:
        """Wait until all new files have been found good or not."""
        if self._register is not None:
            self._register.wait()
        for listed in self._lists:
            listed.wait()

    def close(self) -> None:
        """Close the register."""
        if self._register is not None:
            self._register.close()

    def _sources(self) -> Sources:
        places = self._places
        return Sources(
            register=self._open_register,
            rules=_if_named(places.zone_rules, self._open_rules),
            exemptions=_if_named(places.exemptions, self._open_exemptions),
            origins=_if_named(places.origin, self._open_origins),
            trades=_if_named(places.trade, self._open_trades),
        )

    def _open_register(self) -> Lookup:
        file = self._places.pack
        _, key = keys.read_public(self._places.key, Role.REGISTRY)
        live = Live(
            file,
            lambda: Pack(file, key),
            lambda old, new: check_successor(file, old.manifest, new.manifest),
            Pack.close,
            self._monotonic,
        )
        self._register = live
        self._tell(live.current)
        return live.follow(Pack.lookup)

    def _open_rules(self, file: Path, digest: str) -> ZoneRules:
        found = rules.load(file, self._officer_key, digest)
        log.info("rules_in_use", file=str(file), digest=digest)
        return found

    def _open_exemptions(self, file: Path) -> ExemptionOn:
        return self._open(file, Exemptions).follow(Exemptions.on)

    def _open_origins(self, file: Path) -> OriginOf:
        return self._open(file, Origins).follow(Origins.of)

    def _open_trades(self, file: Path) -> TradeOf:
        return self._open(file, Trades).follow(Trades.of)

    def _open(self, file: Path, kind: type[L]) -> Live[L]:
        places = self._places
        live = Live(
            file,
            lambda: kind.load(file, places.sealing_key, places.key, self._today()),
            kind.accept,
            monotonic=self._monotonic,
        )
        self._lists.append(live)
        self._tell_list(live.current)
        return live

    def _tell_unopened(self, what: What) -> None:
        """Tell an installer what was configured in vain."""
        places, named = self._places, what.enrichment
        files = {
            places.zone_rules: bool(what.zone_rules),
            places.exemptions: Enrichment.EXEMPTIONS in named,
            places.origin: Enrichment.ORIGIN in named,
            places.trade: Enrichment.TRADE in named,
        }
        for file, wanted in files.items():
            if file is not None and not wanted:
                log.info("not_opened", file=str(file), reason="the policy does not name it")

    def _tell(self, pack: Pack) -> None:
        log.info("register_in_use", day=pack.manifest.day.isoformat(), vehicles=pack.manifest.vehicles)
        self._note("register_in_use", pack.manifest.day)

    def _tell_list(self, listed: Exemptions | Origins | Trades) -> None:
        log.info("list_in_use", kind=listed.kind.value, sealed=listed.sealed.isoformat(timespec="seconds"))
        self._note(f"{listed.kind}_in_use", listed.sealed.date())

    def _note(self, act: str, day: date) -> None:
        self._tell_gate(VisionEvent(VisionAct(act), day_number(day)))


def _if_named(file: Path | None, opener: Callable[..., F]) -> Callable[..., F] | None:
    """Return what opens ``file``, None where the configuration names none."""
    return None if file is None else partial(opener, file)
