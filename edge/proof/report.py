"""A proof as one page: for a terminal, and as HTML without outside parts for printing and filing."""

import html
from collections.abc import Iterator
from importlib.resources import files
from string import Template
from textwrap import wrap
from typing import Final
from zoneinfo import ZoneInfo

from edge.policy_text import Language, Words
from edge.proof.claims import Claim, Outcome
from edge.proof.prove import Proof
from edge.windows import TIMEZONE

WIDTH: Final = 100
_INDENT: Final = " " * 4

TITLE: Final = Words("What this camera keeps to itself", "Wat deze camera voor zich houdt")
MARKS: Final = {Outcome.HOLDS: "✓", Outcome.FAILS: "✗", Outcome.UNCHECKED: "?"}
OUTCOMES: Final = {
    Outcome.HOLDS: Words("holds", "klopt"),
    Outcome.FAILS: Words("does not hold", "klopt niet"),
    Outcome.UNCHECKED: Words("not checked", "niet gecontroleerd"),
}
LIMITS: Final = (
    Words(
        "The checks ran on a separate installation in memory: this camera's software, models, policy, zone rules and "
        "lists, with a key, a broker and a register of its own, and a film of made-up plates in place of the camera. "
        "Its three processes ran as one user; on the street each has its own besides.",
        "De controles draaiden op een aparte installatie in het geheugen: software, modellen, policy, zoneregels en "
        "lijsten van deze camera, met een eigen sleutel, broker en register, en een film met verzonnen kentekens in "
        "plaats van de camera. De drie processen draaiden als één gebruiker; op straat heeft elk bovendien zijn eigen.",
    ),
    Words(
        "They show what this software does on this machine today. They don't show what others do with counts, nor what "
        "somebody could do who replaces the software: compare the digests above with those of the published source.",
        "Zij tonen wat deze software vandaag op dit apparaat doet. Zij tonen niet wat anderen met aantallen doen, en "
        "niet wat iemand kan die de software vervangt: vergelijk de controlegetallen hierboven met die van de openbare "
        "broncode.",
    ),
)
_LABELS: Final = {
    "camera": Words("camera", "camera"),
    "policy": Words("policy", "policy"),
    "policy_digest": Words("its SHA-256", "SHA-256 ervan"),
    "officer": Words("signed by key", "getekend met sleutel"),
    "software": Words("software", "software"),
    "software_digest": Words("its SHA-256", "SHA-256 ervan"),
    "models": Words("models, SHA-256", "modellen, SHA-256"),
    "machine": Words("machine", "apparaat"),
    "at": Words("checked", "gecontroleerd"),
}


def verdict(proof: Proof) -> Words:
    """Say in a sentence what came of it."""
    counts = {outcome: sum(claim.outcome is outcome for claim in proof.claims) for outcome in Outcome}
    total, fails, open_ones = len(proof.claims), counts[Outcome.FAILS], counts[Outcome.UNCHECKED]
    if fails:
        more = Words(f", {open_ones} not checked", f", {open_ones} niet gecontroleerd") if open_ones else Words("", "")
        return Words(
            f"{fails} of {total} claims {'fails' if fails == 1 else 'fail'}{more.en}",
            f"{fails} van {total} beweringen {'klopt' if fails == 1 else 'kloppen'} niet{more.nl}",
        )
    if open_ones:
        return Words(
            f"Of {total} claims {total - open_ones} hold; not checked: {open_ones}",
            f"Van {total} beweringen kloppen er {total - open_ones}; niet gecontroleerd: {open_ones}",
        )
    return Words(f"All {total} claims hold", f"Alle {total} beweringen kloppen")


def text(proof: Proof, language: Language) -> str:
    """Return the page for a terminal of 100 columns."""
    lines = [TITLE.told(language), "", *(f"{name + ':':22}{value}" for name, value in _facts(proof, language))]
    for claim in proof.claims:
        lines += ["", f"{MARKS[claim.outcome]} {claim.title.told(language)}: {OUTCOMES[claim.outcome].told(language)}"]
        for words in (claim.how, claim.found):
            lines += wrap(words.told(language), WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)
    lines += ["", verdict(proof).told(language), ""]
    return "\n".join([*lines, *(line for words in LIMITS for line in wrap(words.told(language), WIDTH))])


def page(proof: Proof, language: Language) -> str:
    """Return the page as HTML."""
    template = files("edge.proof").joinpath("report.html").read_text(encoding="utf-8")
    facts = "".join(f"<dt>{_safe(name)}</dt><dd>{_safe(value)}</dd>" for name, value in _facts(proof, language))
    return Template(template).substitute(
        language=language.value,
        title=_safe(TITLE.told(language)),
        verdict=_safe(verdict(proof).told(language)),
        state=_worst(proof).value,
        facts=facts,
        claims="".join(_row(claim, language) for claim in proof.claims),
        limits="".join(f"<p>{_safe(words.told(language))}</p>" for words in LIMITS),
    )


def _worst(proof: Proof) -> Outcome:
    found = {claim.outcome for claim in proof.claims}
    return next(outcome for outcome in (Outcome.FAILS, Outcome.UNCHECKED, Outcome.HOLDS) if outcome in found)


def _facts(proof: Proof, language: Language) -> Iterator[tuple[str, str]]:
    of = proof.identity
    at = of.at.astimezone(ZoneInfo(TIMEZONE)).strftime("%Y-%m-%d %H:%M %Z")
    values = {
        "camera": f"{of.camera}, zone {of.zone}",
        "policy": f"{of.policy}, {Words('serial', 'nummer').told(language)} {of.serial}",
        "policy_digest": of.policy_digest,
        "officer": of.officer_key,
        "software": f"anpr-edge {of.software}",
        "software_digest": of.software_digest,
        "models": of.models,
        "machine": of.machine,
        "at": f"{at}, {proof.seconds:.0f} s",
    }
    yield from ((label.told(language), values[name]) for name, label in _LABELS.items())


def _row(claim: Claim, language: Language) -> str:
    title, how, found = (_safe(words.told(language)) for words in (claim.title, claim.how, claim.found))
    outcome = _safe(OUTCOMES[claim.outcome].told(language))
    return (
        f"<tr class={claim.outcome.value}><td class=mark>{MARKS[claim.outcome]}</td>"
        f"<td><b>{title}</b><span>{how}</span></td><td class=found><b>{outcome}</b><span>{found}</span></td></tr>"
    )


def _safe(value: str) -> str:
    return html.escape(value, quote=True)
