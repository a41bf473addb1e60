"""What a canary says of a camera."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge.policy_text import Words
from edge.proof.canary import Canary
from edge.proof.claims import Claim, Outcome, decimal, judged, listed
from edge.proof.search import Find


@dataclass(frozen=True, slots=True)
class Searched:
    """What was searched beside memory, and what was found there; ``size`` in bytes, all that is counted included."""

    finds: Sequence[Find]
    pictures: Sequence[str]
    files: int
    size: int
    messages: int
    packets: bool = True


def places(canary: Canary, searched: Searched) -> Claim:
    """Tell what was found outside of memory."""
    finds = sorted({f"{find.place} ({find.form})" for find in searched.finds} | set(searched.pictures))
    plates, amount = len(canary.plates), searched.size / 1e6
    return Claim(
        Words(
            "No plate, no code made of one and no picture is sent, stored or logged",
            "Geen kenteken, geen code daarvan en geen beeld wordt verzonden, bewaard of gelogd",
        ),
        Words(
            f"{plates} made-up vehicles were counted. Then messages, captured packets, the broker's store, logs and "
            "output, temporary and runtime folders, outbox with its write-ahead log and audit log were searched for "
            "every plate in every spelling, every tag, and pictures; folders also while vehicles passed.",
            f"{plates} verzonnen voertuigen zijn geteld. Daarna zijn berichten, opgevangen pakketten, de opslag van de "
            "broker, logs en uitvoer, tijdelijke en runtime-mappen, outbox met write-ahead-log en auditlog doorzocht "
            "op elk kenteken in elke schrijfwijze, elke tag, en beelden; mappen ook terwijl voertuigen passeerden.",
        ),
        Words(
            f"{searched.files} files and {searched.messages} messages, {amount:.1f} MB"
            f"{'' if searched.packets else ', no packets'}; found: {listed(finds) or 'nothing'}",
            f"{searched.files} bestanden en {searched.messages} berichten, {decimal(amount)} MB"
            f"{'' if searched.packets else ', geen pakketten'}; gevonden: {listed(finds) or 'niets'}",
        ),
        judged(good=not finds and searched.messages > 0),
    )


def blind(canary: Canary, *, may: bool) -> Claim:
    """Tell what gate and uplink held."""
    finds = [*canary.memory.get("gate", []), *canary.memory.get("uplink", [])]
    looks = canary.looks["gate"] + canary.looks["uplink"]
    return Claim(
        Words(
            "Gate and uplink, which release and send, never hold a plate",
            "Poort (gate) en verzender (uplink), die vrijgeven en versturen, hebben nooit een kenteken",
        ),
        Words(
            "Their memory was searched, all that they can write to, while vehicles passed and at the end.",
            "Hun geheugen is doorzocht, alles waarin zij kunnen schrijven, terwijl voertuigen passeerden en aan het "
            "eind.",
        ),
        _found(looks, finds, may=may),
        _outcome(finds, looks, may=may),
    )


def forgetful(canary: Canary, after: float, *, may: bool) -> Claim:
    """Tell what vision held for too long."""
    finds, looks = canary.memory.get("vision", []), canary.looks["vision"]
    found, held, tagged = _found(looks, finds, may=may), len(canary.held), len(canary.tagged)
    return Claim(
        Words(
            f"Vision holds no plate {after:g} seconds after its passage, no code of one after its day",
            f"Herkenning (vision) heeft {after:g} seconden na de passage geen kenteken meer, na de dag geen code",
        ),
        Words(
            "Vision was held at moments of the clip and after its end, and its memory searched. That it did hold "
            "plates of vehicles in the picture shows that the search bites.",
            "Herkenning is op momenten van de film en na het eind stilgezet, en haar geheugen doorzocht. Dat zij wel "
            "kentekens had van voertuigen in beeld, toont dat de zoekactie werkt.",
        ),
        Words(
            f"{found.en}; seen while it may: {held} plates as their vehicle passed, codes of {tagged} after that",
            f"{found.nl}; wel gezien: {held} kentekens terwijl hun voertuig passeerde, codes van {tagged} daarna",
        ),
        _outcome(finds, looks, may=may) if (held and tagged) or not may else Outcome.FAILS,
    )


def _found(looks: int, finds: Sequence[Find], *, may: bool) -> Words:
    if not may:
        return Words(
            "only root may read memory: run it with sudo", "alleen root mag geheugen lezen: draai het met sudo"
        )
    names = listed(sorted({f"{find.place} ({find.form})" for find in finds}))
    return Words(f"{looks} looks; found: {names or 'nothing'}", f"{looks} maal gekeken; gevonden: {names or 'niets'}")


def _outcome(finds: Sequence[Find], looks: int, *, may: bool) -> Outcome:
    return judged(good=not finds and looks > 0) if may else Outcome.UNCHECKED
