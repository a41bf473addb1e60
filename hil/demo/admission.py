"""What a perfect camera would say of admission: the scene's vehicles, the site's register and rules, the day."""

from collections.abc import Sequence
from contextlib import closing

import msgspec

from edge import keys
from edge.keys import Role
from edge.registry.enrich import Enricher
from edge.registry.pack import Pack
from edge.registry.zone import rules
from edge.windows import local_day
from hil.demo.site import Site
from hil.scenes.traffic import TruePassage


def judged(passages: Sequence[TruePassage], site: Site) -> list[TruePassage]:
    """Return the passages with their admission to the site's zone."""
    _, key = keys.read_public(site.folder / "registry.pub", Role.REGISTRY)
    zone = rules.read(site.folder / "zone-rules.toml")
    with closing(Pack(site.folder / "register.db", key)) as pack:
        enricher = Enricher(lookup=pack.lookup, rules=zone)
        return [_judged(passage, enricher) for passage in passages]


def _judged(passage: TruePassage, enricher: Enricher) -> TruePassage:
    found = enricher.attributes(passage.plate.encode(), passage.kind, local_day(passage.time))
    seen = msgspec.structs.replace(passage.vehicle_class, admitted=found.admitted)
    return msgspec.structs.replace(passage, vehicle_class=seen)
