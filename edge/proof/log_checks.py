"""Does the audit log show every change, and is nothing kept for longer than its term?"""

import os
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from nacl.signing import VerifyKey

from edge import keys
from edge.config import Config
from edge.errors import AnprError
from edge.gate.audit import store, witness
from edge.gate.audit.checkpoint import origin_of
from edge.gate.audit.verify import Fault, Witness, examine
from edge.keys import Role
from edge.policy import Policy
from edge.policy_text import Words
from edge.proof.claims import Claim, Outcome, judged, listed
from edge.service.retention import holdings

Lines = list[bytes]

_TIME: Final = re.compile(rb'("time":[0-9]*)([0-9])')
_NOT_ALLOWED: Final = Words("only root may read it: run it with sudo", "alleen root mag het lezen: draai het met sudo")
_CENTURY_AHEAD: Final = 5_000_000_000.0


def _edited(lines: Lines) -> Lines:
    """Change one digit of an entry."""
    return [_TIME.sub(lambda found: found[1] + (b"1" if found[2] == b"0" else b"0"), lines[0], count=1), *lines[1:]]


def _cut(lines: Lines) -> Lines:
    """Take away the end, checkpoints included."""
    return lines[:2]


def _reordered(lines: Lines) -> Lines:
    return [lines[1], lines[0], *lines[2:]]


_TAMPERS: Final[dict[Fault, Callable[[Lines], Lines]]] = {
    Fault.EDITED: _edited,
    Fault.ROLLED_BACK: _cut,
    Fault.REORDERED: _reordered,
}


def tampering(config: Config, key: VerifyKey, kept: Sequence[Witness], scratch: Path) -> Claim:
    """Verify the log of a proof, then change copies of it in each way."""
    origin = origin_of(config.camera.zone, config.camera.id)
    faults = examine(store.load(config.audit_folder), origin, key, kept).findings
    unseen = [
        fault.value
        for fault, tamper in _TAMPERS.items()
        if fault not in _found(_copy(config.audit_folder, scratch / fault.name, tamper), origin, key, kept)
    ]
    size = store.load(config.audit_folder).size
    return Claim(
        Words("Nobody can change the audit log unseen", "Niemand kan het auditlog ongezien wijzigen"),
        Words(
            f"The log was verified against {len(kept)} checkpoints that came at the broker; copies of it were edited, "
            "reordered and cut off, and verified.",
            f"Het log is geverifieerd met {len(kept)} controlepunten die bij de broker kwamen; kopieën zijn gewijzigd, "
            "verwisseld en afgekapt, en geverifieerd.",
        ),
        Words(
            f"{size} entries, {len(faults)} faults; of {len(_TAMPERS)} changes {len(unseen)} unseen",
            f"{size} regels, {len(faults)} fouten; van {len(_TAMPERS)} wijzigingen {len(unseen)} ongezien",
        ),
        judged(good=not faults and not unseen and bool(kept)),
    )


def own_log(config: Config) -> Claim:
    """Verify this camera's own log against what its outbox published last."""
    title = Words(
        "This camera's own audit log fits its checkpoints", "Het auditlog van deze camera past bij haar controlepunten"
    )
    how = Words(
        "Verified with the camera's key, its own checkpoints and the one in its outbox. Only one kept elsewhere shows "
        "whether both were set back: 'anpr-edge audit verify --checkpoint'.",
        "Geverifieerd met de sleutel van de camera, haar eigen controlepunten en dat in haar outbox. Alleen een elders "
        "bewaard controlepunt toont of beide zijn teruggezet: 'anpr-edge audit verify --checkpoint'.",
    )
    if missing := _missing(config.audit_folder, config.outbox_file, config.gate.signing_key):
        return Claim(title, how, missing, Outcome.UNCHECKED)
    try:
        key = keys.read_secret(config.gate.signing_key, Role.CAMERA)[1].verify_key
        kept = witness.in_outbox(config.outbox_file)
        origin = origin_of(config.camera.zone, config.camera.id)
        verdict = examine(store.load(config.audit_folder), origin, key, kept)
    except AnprError as error:
        return Claim(title, how, Words(str(error), str(error)), Outcome.FAILS)
    faults = listed([str(one) for one in verdict.findings])
    found = Words(
        f"{verdict.size} entries; faults: {faults or 'none'}", f"{verdict.size} regels; fouten: {faults or 'geen'}"
    )
    return Claim(title, how, found, judged(good=not verdict.findings))


def retention(camera: Config, instance: Config, policy: Policy) -> Claim:
    """Look at every store of this camera, and at those of the proof with a clock a century ahead."""
    title = Words(
        "Nothing on this camera is older than its term", "Niets op deze camera is ouder dan zijn bewaartermijn"
    )
    late = [one for one in holdings(instance, policy, lambda: _CENTURY_AHEAD) if one.over]
    how = Words(
        "The oldest item of each store was compared with the policy's terms. To see that the check bites, the proof's "
        "own stores were compared a century ahead.",
        "Het oudste in elke opslag is met de termijnen van de policy vergeleken. Om te zien dat de controle werkt, "
        "zijn de eigen opslagen van het bewijs een eeuw vooruit vergeleken.",
    )
    if missing := _missing(camera.outbox_file, camera.audit_folder):
        return Claim(title, how, missing, Outcome.UNCHECKED)
    try:
        found = holdings(camera, policy)
    except AnprError as error:
        return Claim(title, how, Words(str(error), str(error)), Outcome.FAILS)
    old = [one.store for one in found if one.over]
    return Claim(
        title,
        how,
        Words(
            f"{len(found)} stores, {len(old)} with something older{': ' + listed(old) if old else ''}; a century ahead "
            f"{len(late)} too old",
            f"{len(found)} opslagen, {len(old)} met iets ouders{': ' + listed(old) if old else ''}; een eeuw vooruit "
            f"{len(late)} te oud",
        ),
        judged(good=not old and bool(late)),
    )


def _copy(folder: Path, place: Path, tamper: Callable[[Lines], Lines]) -> Path:
    """Copy a log and change its first file."""
    shutil.copytree(folder, place)
    first = min(place.glob("[0-9]*.jsonl"))
    first.write_bytes(b"\n".join(tamper(first.read_bytes().splitlines())) + b"\n")
    return place


def _found(folder: Path, origin: str, key: VerifyKey, kept: Sequence[Witness]) -> set[Fault]:
    return {finding.fault for finding in examine(store.load(folder), origin, key, kept).findings}


def _missing(*places: Path) -> Words | None:
    """Say what keeps this user from looking; None where nothing does."""
    try:
        there = all(place.exists() for place in places)
    except PermissionError:
        return _NOT_ALLOWED
    if not there:
        return Words("this camera has not counted yet", "deze camera heeft nog niet geteld")
    return None if all(os.access(place, os.R_OK) for place in places) else _NOT_ALLOWED
