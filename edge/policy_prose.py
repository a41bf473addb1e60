"""A policy in plain words, as a privacy officer reads it before signing, or to a council."""

from collections.abc import Iterator
from textwrap import wrap

from edge.categories import VehicleType
from edge.policy import Policy
from edge.policy_fields import PolicyFile
from edge.policy_names import DIMENSIONS, VEHICLES, listed
from edge.policy_scenario import reason, scenario_of
from edge.policy_text import Language, Words
from edge.release_rules import Enrichment, Measure, Period, Privacy, Release, Table

WIDTH = 100
INDENT = "  "

_COUNTED = {
    Enrichment.RDW: Words(
        "vehicle type, drive and emission class, from the public vehicle register (RDW), copied to the camera",
        "voertuigtype, aandrijving en emissieklasse, uit het openbare kentekenregister (RDW), als kopie op de camera",
    ),
    Enrichment.EXEMPTIONS: Words(
        "whether there is an exemption, for a day or for long; never why",
        "of er een ontheffing is, voor een dag of langdurig; nooit waarom",
    ),
    Enrichment.ORIGIN: Words(
        "the municipality of the holder, from the digits of the postcode; small ones are merged",
        "de gemeente van de houder, uit de cijfers van de postcode; kleine zijn samengevoegd",
    ),
    Enrichment.TRADE: Words(
        "the section of the holder's business (a letter of the SBI), or private",
        "de sector van het bedrijf van de houder (een letter van de SBI), of particulier",
    ),
}
_MEASURED = {
    Measure.PASSAGES: Words(
        "passages; the same vehicle again within {gap} minutes counts once",
        "passages; hetzelfde voertuig binnen {gap} minuten telt eenmaal",
    ),
    Measure.UNIQUE_VEHICLES: Words("different vehicles", "verschillende voertuigen"),
}
_ONCE_A_DAY = Words(
    "different vehicles, each once a day in each direction, in the hour of its first passage",
    "verschillende voertuigen, elk eenmaal per dag en richting, in het uur van de eerste passage",
)
_PERIODS = {Period.HOUR: Words("each hour", "elk uur"), Period.DAY: Words("each day", "elke dag")}
_EVERY = Words("all vehicles", "alle voertuigen")
_ADMITTED = Words(
    "whether the zone lets the vehicle in, by the rule file {rules}",
    "of de zone het voertuig toelaat, volgens het regelbestand {rules}",
)
_DIRECTION = Words(
    "how many vehicles drive in and out, and with what kind of plate (Dutch, foreign, unreadable)",
    "hoeveel voertuigen in en uit rijden, en met welk soort kenteken (Nederlands, buitenlands, onleesbaar)",
)
_NEVER = Words(
    "What never leaves the camera: number plates, pictures, codes made of plates, and the time of a single passage.",
    "Wat de camera nooit verlaat: kentekens, beelden, van kentekens gemaakte codes, en het tijdstip van een passage.",
)
_SET_UP = Words(
    "live pictures for an installer who aims the camera: for at most {minutes} minutes at a time, and {day} a day",
    "live beelden voor een installateur die de camera richt: hooguit {minutes} minuten achtereen, en {day} per dag",
)
_NO_SET_UP = Words("no live pictures, not even for an installer", "geen live beelden, ook niet voor een installateur")
_BENCH = Words(
    "BENCH POLICY: for made-up plates; no production camera accepts it.",
    "TESTPOLICY: voor verzonnen kentekens; geen camera op straat accepteert haar.",
)
_UNSIGNED = Words(
    "This shows what the file says; that it is signed is told by `anpr-edge policy verify`.",
    "Dit toont wat het bestand zegt; of het getekend is, zegt `anpr-edge policy verify`.",
)


def tell(policy: Policy, language: Language) -> str:
    """Write what may be counted, by whom, why, where, until when, how it is released, and its scenario."""
    file, identity = policy.file, policy.file.policy
    title = Words(f"Policy {identity.id}, serial {identity.serial}", f"Policy {identity.id}, nummer {identity.serial}")
    lines = [title.told(language), policy.digest, *([_BENCH.told(language)] if identity.bench else [])]
    for head, paragraphs in _chapters(file):
        lines += ["", head.told(language).upper()]
        for paragraph in paragraphs:
            lines += wrap(paragraph.told(language), WIDTH, initial_indent=INDENT, subsequent_indent=INDENT * 2)
    return "\n".join([*lines, "", *wrap(_NEVER.told(language), WIDTH), *wrap(_UNSIGNED.told(language), WIDTH)])


def _chapters(file: PolicyFile) -> Iterator[tuple[Words, list[Words]]]:
    yield Words("Who", "Wie"), list(_who(file))
    yield Words("Why", "Waarom"), list(_why(file))
    yield Words("Where and when", "Waar en wanneer"), list(_where(file))
    yield Words("What is counted", "Wat wordt geteld"), list(_what(file))
    yield Words("What is released", "Wat wordt vrijgegeven"), list(_release(file))
    number = scenario_of(file.what.enrichment)
    why = reason(file.what.enrichment)
    yield (
        Words("Scenario of the advice", "Scenario van het advies"),
        [Words(f"{number}: {why.en}", f"{number}: {why.nl}")],
    )


def _labelled(en: str, nl: str, text: str) -> Words:
    return Words(f"{en}: {text}", f"{nl}: {text}")


def _who(file: PolicyFile) -> Iterator[Words]:
    who = file.who
    yield _labelled("controller", "verwerkingsverantwoordelijke", f"{who.controller} ({who.contact})")
    yield _labelled("data protection officer", "Functionaris Gegevensbescherming", who.data_protection_officer)
    yield _labelled("information", "informatie", who.information_url)


def _why(file: PolicyFile) -> Iterator[Words]:
    why = file.why
    yield _labelled("purpose", "doel", why.purpose)
    yield _labelled("legal basis", "grondslag", why.legal_basis)
    yield _labelled("necessity", "noodzaak", why.necessity)
    yield _labelled("traffic decision", "verkeersbesluit", why.traffic_decision)
    if why.dpia:
        yield _labelled("DPIA", "DPIA", why.dpia)
    if why.link_decision:
        yield _labelled("decision on the link", "besluit over de koppeling", why.link_decision)


def _where(file: PolicyFile) -> Iterator[Words]:
    where = file.where
    yield _labelled("zone", "zone", where.zone)
    yield _labelled("cameras", "camera's", ", ".join(where.cameras))
    yield Words(
        f"from {where.valid_from} to {where.valid_until}; after that day the cameras count nothing",
        f"van {where.valid_from} tot en met {where.valid_until}; daarna tellen de camera's niets",
    )


def _what(file: PolicyFile) -> Iterator[Words]:
    what = file.what
    yield _DIRECTION
    yield from (_COUNTED[one] for one in what.enrichment)
    if what.zone_rules:
        yield Words(*(words.format(rules=what.zone_rules) for words in _ADMITTED))
    measured = _MEASURED[what.measure] if file.release.dp is None else _ONCE_A_DAY
    numbers = Words(*(words.format(gap=what.repeat_gap_minutes) for words in measured))
    yield Words(f"the numbers are {numbers.en}", f"de getallen zijn {numbers.nl}")


def _release(file: PolicyFile) -> Iterator[Words]:
    kept = file.retention
    yield from _numbers(file.release)
    for table in file.release.tables:
        yield from _ladder(table)
    yield Words(
        f"kept on the camera for {kept.outbox_days} days; deleted by subscribers after {kept.message_days} days",
        f"{kept.outbox_days} dagen bewaard op de camera; door afnemers verwijderd na {kept.message_days} dagen",
    )
    minutes, day = file.set_up.minutes, file.set_up.minutes_a_day
    yield Words(*(words.format(minutes=minutes, day=day) for words in (_SET_UP if minutes else _NO_SET_UP)))


def _numbers(release: Release) -> Iterator[Words]:
    """Tell which numbers leave, and what noise does to them."""
    if release.dp is not None:
        yield from _privacy(release, release.dp)
        return
    yield Words(
        f"numbers only, each of {release.k} or more different vehicles; smaller ones are withheld",
        f"alleen getallen, elk van {release.k} of meer verschillende voertuigen; kleinere worden achtergehouden",
    )
    if scale := release.perturbation:
        yield Words(
            f"each number is blurred by chance (scale {scale}); no epsilon can be stated for that",
            f"elk getal wordt met toeval vervaagd (schaal {scale}); daar hoort geen epsilon bij",
        )


def _privacy(release: Release, privacy: Privacy) -> Iterator[Words]:
    (table,) = release.tables
    scale, least = round(float(privacy.scale(table)), 1), release.threshold(table)
    yield Words(
        f"differential privacy: all that one camera releases of one day tells of one vehicle at most epsilon = "
        f"{privacy.budget:g}; several days or cameras add up",
        f"differentiële privacy: alles wat een camera van een dag vrijgeeft, zegt van één voertuig hooguit epsilon = "
        f"{privacy.budget:g}; dagen en camera's tellen op",
    )
    yield Words(
        f"numbers only, each with noise (discrete Laplace, scale {scale:g}); those that stay below {least} with it are "
        "withheld, vehicles without a readable plate are not counted",
        f"alleen getallen, elk met ruis (discrete Laplace, schaal {scale:g}); wat daarmee onder {least} blijft, wordt "
        "achtergehouden; voertuigen zonder leesbaar kenteken tellen niet mee",
    )
    yield Words(
        f"the budget of a day is for {privacy.starts} start(s) of the camera; after a further one nothing is released "
        "until the next day",
        f"het dagbudget is voor {privacy.starts} start(s) van de camera; na een volgende komt er tot de volgende dag "
        "niets meer vrij",
    )


def _ladder(table: Table) -> Iterator[Words]:
    """Tell a ladder, rung by rung: what is too small for one goes down to the next."""
    share = f"{table.weight:.0%}"
    yield Words(
        f"table {table.name}, with {share} of the vehicles:", f"tabel {table.name}, met {share} van de voertuigen:"
    )
    for number, rung in enumerate(table.rungs, 1):
        period, told = _PERIODS[rung.period], listed(rung.dimensions, DIMENSIONS)
        whole = set(rung.vehicle_types) == set(VehicleType)
        types = _EVERY if whole else listed(rung.vehicle_types, VEHICLES)
        yield Words(
            f"{number}. {period.en}, {types.en}: by {told.en}", f"{number}. {period.nl}, {types.nl}: per {told.nl}"
        )
