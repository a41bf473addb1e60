"""What came at the broker, and what went over the wire."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from nacl.signing import VerifyKey
from paho.mqtt import client as mqtt

from edge.policy import Policy
from edge.policy_text import Words
from edge.proof.claims import Claim, Outcome, judged, listed
from edge.proof.listener import signature as signature_of
from edge.release_rules import Period, Release
from edge.uplink import contract, signature
from edge.uplink.contract import Address, Checkpoint, CountReport, Health, State, Stream

_KINDS: Final = {"counts/hour": CountReport, "counts/day": CountReport, "state": State, "health": Health,
                 "checkpoint": Checkpoint}  # fmt: skip
_HANDSHAKE: Final = b"\x16\x03"  # The head of a TLS record (RFC 8446, section 5.1).
_PLAIN: Final = (b"anpr-proof/1", b"specversion", b"counts/hour")


@dataclass(frozen=True, slots=True)
class Heard:
    """Everything that came at the broker of a proof, and who may have sent it."""

    messages: Sequence[mqtt.MQTTMessage]
    address: Address
    key: VerifyKey
    policy: Policy

    def reports(self, stream: Stream) -> list[CountReport]:
        """Return the count reports of a stream."""
        topic = self.address.topic(stream)
        return [msgspec.json.decode(one.payload, type=CountReport) for one in self.messages if one.topic == topic]

    def complete(self) -> bool:
        """Tell whether the reports of hour and day have come, and a checkpoint."""
        here = all(len(self.reports(stream)) >= self.expected(stream) for stream in (Stream.HOUR, Stream.DAY))
        return here and any(one.topic == self.address.checkpoint for one in self.messages)

    def expected(self, stream: Stream) -> int:
        """Return how many reports a bin has: one for each table with rungs of its length."""
        return sum(table.has(Period(stream)) for table in self.policy.file.release.tables)


def messages(heard: Heard) -> Claim:
    """Check form, topic and signature of each message."""
    faults = [f"{one.topic}: {fault}" for one in heard.messages for fault in _faults(one, heard)]
    topics = len({one.topic for one in heard.messages})
    return Claim(
        Words(
            "Nothing is sent but signed messages of the published form",
            "Er wordt niets verzonden dan getekende berichten in de gepubliceerde vorm",
        ),
        Words(
            "Each message at the broker was read by its schema, written again and compared byte for byte; topic and "
            "signature were checked. The broker takes no topic but those of a proof.",
            "Elk bericht bij de broker is volgens zijn schema gelezen, opnieuw geschreven en byte voor byte "
            "vergeleken; topic en handtekening zijn gecontroleerd. De broker neemt alleen topics van een bewijs aan.",
        ),
        Words(
            f"{len(heard.messages)} messages on {topics} topics, {len(faults)} faults{_named(faults)}",
            f"{len(heard.messages)} berichten op {topics} topics, {len(faults)} fouten{_named(faults)}",
        ),
        judged(good=not faults and bool(heard.messages)),
    )


def counts(heard: Heard, passages: int) -> Claim:
    """Check that what is released has k vehicles, and that each bin has its reports."""
    reports = [one for stream in (Stream.HOUR, Stream.DAY) for one in heard.reports(stream)]
    cells = [cell for report in reports for cell in report.data.cells]
    rules, released = heard.policy.file.release, sum(cell.n for cell in cells)
    least = min(map(rules.threshold, rules.tables))
    small = [f"n = {cell.n}" for cell in cells if cell.n < least]
    gaps = [fault for stream in (Stream.HOUR, Stream.DAY) for fault in _gaps(heard.reports(stream))]
    faults = [*small, *gaps]
    if reports and not cells and not gaps:
        return Claim(_promise(rules), *_no_number(passages, least))
    return Claim(
        _promise(rules),
        Words(
            "Each number in each report was compared with the policy, and the sequence of reports was followed: empty "
            "bins have theirs too, so that whether one comes says nothing.",
            "Elk getal in elk rapport is met de policy vergeleken, en de reeks rapporten is gevolgd: ook lege perioden "
            "hebben er een, zodat niemand uit een ontbrekend rapport iets kan afleiden.",
        ),
        Words(
            f"{len(reports)} reports, {len(cells)} numbers, {released} of {passages} passages in them; smallest "
            f"allowed {least}, {len(faults)} faults{_named(faults)}",
            f"{len(reports)} rapporten, {len(cells)} getallen, {released} van {passages} passages erin; kleinste "
            f"toegestane {least}, {len(faults)} fouten{_named(faults)}",
        ),
        judged(good=not faults and bool(reports)),
    )


def _no_number(passages: int, least: int) -> tuple[Words, Words, Outcome]:
    return (
        Words(
            "Each bin has its reports; there was no number to compare with the policy.",
            "Elke periode heeft haar rapporten; er was geen getal om met de policy te vergelijken.",
        ),
        Words(
            f"no number was released: the clip has {passages} vehicles, in cells below {least}",
            f"er is geen getal vrijgegeven: de film heeft {passages} voertuigen, in cellen onder {least}",
        ),
        Outcome.UNCHECKED,
    )


def _promise(rules: Release) -> Words:
    """Say what a policy's numbers are."""
    if rules.dp is None:
        return Words(
            f"What is sent are counts of {rules.k} and more",
            f"Wat wordt verzonden zijn aantallen van {rules.k} en meer",
        )
    return Words(
        f"What is sent are numbers with noise (epsilon {rules.dp.budget:g} per vehicle and day)",
        f"Wat wordt verzonden zijn getallen met ruis (epsilon {rules.dp.budget:g} per voertuig en dag)",
    )


def encrypted(packets: bytearray | None) -> Claim:
    """Look for words of messages in what went over the wire."""
    plain = [word.decode() for word in _PLAIN if packets is not None and word in packets]
    size = len(packets or b"") / 1_000
    return Claim(
        Words("What is sent is encrypted on its way", "Wat wordt verzonden is onderweg versleuteld"),
        Words(
            "The packets between uplink and broker were captured and searched for words that stand in every message.",
            "De pakketten tussen uplink en broker zijn opgevangen en doorzocht op woorden die in elk bericht staan.",
        ),
        Words("this user may not capture packets", "deze gebruiker mag geen pakketten opvangen")
        if packets is None
        else Words(
            f"{size:.0f} KB captured; found: {listed(plain) or 'nothing'}",
            f"{size:.0f} KB opgevangen; gevonden: {listed(plain) or 'niets'}",
        ),
        judged(good=not plain) if packets and _HANDSHAKE in packets else Outcome.UNCHECKED,
    )


def _faults(message: mqtt.MQTTMessage, heard: Heard) -> Iterable[str]:
    branch = message.topic.removeprefix(f"{heard.address.root}/")
    kind = _KINDS.get(branch)
    if kind is None:
        yield "is no topic of this camera"
        return
    try:
        if contract.encode(msgspec.json.decode(message.payload, type=kind)) != message.payload:
            yield "holds more than its form"
    except msgspec.MsgspecError:
        yield "breaks its form"
    if not signature.verify(heard.key, message.topic, bytes(message.payload), signature_of(message)):
        yield "is not signed by this camera"


def _gaps(reports: Sequence[CountReport]) -> list[str]:
    numbers = {int(report.sequence) for report in reports}
    if not numbers or max(numbers) - min(numbers) + 1 == len(numbers):
        return []
    return [f"of {min(numbers)} to {max(numbers)} there are {len(numbers)} reports"]


def _named(faults: list[str]) -> str:
    return f": {listed(faults)}" if faults else ""
