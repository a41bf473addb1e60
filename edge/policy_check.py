"""What is wrong with a policy: every field that is missing or wrong, and every two that contradict each other."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from edge import release_rules
from edge.errors import ConfigError
from edge.policy_fields import PolicyFile
from edge.release_rules import Dimension, Enrichment, Release
from edge.settings import Layer, OptionError, hints_of, parse, refusal
from edge.settings import faults as wrong_options

# These say something about the holder: they take a decision that the link is needed for the public task.
LINKS = (Enrichment.ORIGIN, Enrichment.TRADE)

Read = Callable[[str, str], Any]


def faults(file: Path, content: bytes) -> Iterator[ConfigError]:
    """Yield everything for which the policy ``content`` of ``file`` is refused; nothing where it is sound.

    Raises:
        ConfigError: it is no TOML at all.
    """
    layer = parse(file, content)
    wrong = list(wrong_options(PolicyFile, [layer]))
    yield from wrong
    named = {(fault.section, fault.option) for fault in wrong if isinstance(fault, OptionError)}
    read = _sound_options(layer, named)
    for contradictions in (_term, _assessment, _decision, _zone_rules, _doubles, _retention):
        yield from contradictions(file, read)
    if not any(section.partition(".")[0] == "release" for section, _ in named):
        yield from _release(layer, read)


def ended(file: Path, content: bytes, today: date) -> Iterator[ConfigError]:
    """Yield what makes a policy, sound or not, useless from ``today`` on: its last day has passed."""
    until = _sound_options(parse(file, content), set())("where", "valid_until")
    if until is not None and until < today:
        yield refusal(file, "where", "valid_until", until, f"{today} (today) or later: a camera would count nothing")


def _sound_options(layer: Layer, wrong: set[tuple[str, str]]) -> Read:
    """Return what reads one option, and gives None where it is missing or wrong."""
    sections = hints_of(PolicyFile)

    def read(section: str, option: str) -> Any:
        if (section, option) in wrong:
            return None
        try:
            return msgspec.convert(layer.tree[section][option], hints_of(sections[section])[option])
        except (KeyError, TypeError, msgspec.ValidationError):
            return None

    return read


def _term(file: Path, read: Read) -> Iterator[ConfigError]:
    since, until = read("where", "valid_from"), read("where", "valid_until")
    if since and until and until < since:
        yield refusal(file, "where", "valid_until", until, f"{since} (valid_from) or later")


def _assessment(file: Path, read: Read) -> Iterator[ConfigError]:
    enrichment, dpia = read("what", "enrichment"), read("why", "dpia")
    if enrichment and dpia is not None and not dpia.strip():
        allowed = f"the reference of a data protection impact assessment, with enrichment {enrichment[0]}"
        yield refusal(file, "why", "dpia", dpia, allowed)


def _decision(file: Path, read: Read) -> Iterator[ConfigError]:
    enrichment, decision = read("what", "enrichment"), read("why", "link_decision")
    if enrichment is None or decision is None:
        return
    links = [link for link in LINKS if link in enrichment]
    if links and not decision.strip():
        allowed = f"the decision that the link is needed for the public task, with enrichment {links[0]}"
        yield refusal(file, "why", "link_decision", decision, allowed)
    if decision and not links:
        yield refusal(file, "why", "link_decision", decision, '"" with enrichment neither origin nor trade')


def _zone_rules(file: Path, read: Read) -> Iterator[ConfigError]:
    enrichment, rules = read("what", "enrichment"), read("what", "zone_rules")
    if rules and enrichment is not None and Enrichment.RDW not in enrichment:
        yield refusal(file, "what", "zone_rules", rules, '"" without enrichment rdw')
    rungs = [rung for table in read("release", "tables") or () for rung in table.rungs]
    if rules == "" and any(Dimension.ADMITTED in rung.dimensions for rung in rungs):
        allowed = "the digest that `anpr-edge rules verify` prints (docs/zone-rules.md), with admitted on a ladder"
        yield refusal(file, "what", "zone_rules", rules, allowed)


def _doubles(file: Path, read: Read) -> Iterator[ConfigError]:
    for section, option in (("where", "cameras"), ("what", "enrichment")):
        names = read(section, option) or ()
        if len(set(names)) < len(names):
            yield refusal(file, section, option, [str(name) for name in names], "each name once")


def _retention(file: Path, read: Read) -> Iterator[ConfigError]:
    here, there = read("retention", "outbox_days"), read("retention", "message_days")
    if here and there and here > there:
        yield refusal(file, "retention", "outbox_days", here, f"{there} (message_days) or less")


def _release(layer: Layer, read: Read) -> Iterator[ConfigError]:
    enrichment, measure, bench = read("what", "enrichment"), read("what", "measure"), read("policy", "bench")
    if None in (enrichment, measure, bench):
        return
    release = msgspec.convert(layer.tree["release"], Release)
    yield from release_rules.faults(layer.file, release, release_rules.Terms(enrichment, measure, bench))
