"""The scenario of the advice, which follows from the policy: it is never typed in."""

from collections.abc import Sequence
from enum import IntEnum

from edge.policy_check import LINKS
from edge.policy_names import LOOKED_UP_IN, listed
from edge.policy_text import Words
from edge.release_rules import Enrichment


class Scenario(IntEnum):
    """What the advice says of an analysis."""

    ALLOWED = 1
    ON_CONDITIONS = 2
    NOT_ALLOWED = 3


REFUSED = Words(
    "scenario 3 of the advice, not allowed: no camera runs under this policy",
    "scenario 3 van het advies, niet toegestaan: geen camera draait onder deze policy",
)


def scenario_of(enrichment: Sequence[Enrichment]) -> Scenario:
    """Return the scenario of a sound policy; one that is not sound is refused, which is scenario 3."""
    return Scenario.ON_CONDITIONS if enrichment else Scenario.ALLOWED


def reason(enrichment: Sequence[Enrichment]) -> Words:
    """Say why the scenario follows, and what it demands."""
    if not enrichment:
        return Words(
            "plates are looked up in nothing; demanded are legal basis, purpose and necessity",
            "kentekens worden nergens in opgezocht; vereist zijn grondslag, doel en noodzaak",
        )
    named = listed(enrichment, LOOKED_UP_IN)
    if any(link in enrichment for link in LINKS):
        return Words(
            f"plates are looked up in {named.en}, of which not all is public; demanded are also a DPIA and the "
            "decision that the link is needed for the public task",
            f"kentekens worden opgezocht in {named.nl}, deels niet openbaar; vereist zijn ook een DPIA en het besluit "
            "dat de koppeling nodig is voor de publieke taak",
        )
    return Words(
        f"plates are looked up in {named.en}; demanded is also a DPIA",
        f"kentekens worden opgezocht in {named.nl}; vereist is ook een DPIA",
    )
