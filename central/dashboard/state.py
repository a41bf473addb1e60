"""What the page says of cameras, of what is missing, and of what was refused."""

from collections.abc import Sequence
from datetime import datetime

from central.dashboard.cameras import Camera, Missing, Refusal
from central.dashboard.html import table, text
from central.dashboard.words import TIMEZONE, Speech
from edge.uplink.contract import HealthData

GOOD = {"online", "delivering", "synchronised", "few", "full", "in_force", "none", "below_8_days"}
BAD = {"offline", "silent", "stalled", "unsynchronised", "most", "ended", "not_yet", "168_or_more", "older"}
MOST_ROWS = 50
DIGITS = slice(7, 15)  # of "sha256:…"


def cameras(found: Sequence[Camera], now: datetime, speech: Speech) -> str:
    """Show every camera in a row."""
    names = (
        "camera",
        "status",
        "last_report",
        "missing",
        "reading",
        "picture",
        "sandbox",
        "term",
        "waiting",
        "versions",
    )
    rows = [_row(one, now, speech) for one in found]
    return f"<h2>{text(speech.say('cameras'))}</h2>{table([speech.say(name) for name in names], rows, 'cards')}"


def gaps(found: Sequence[Missing], speech: Speech) -> str:
    """List what did not come."""
    title = f"<h2>{text(speech.say('gaps'))}</h2>"
    if not found:
        return f"{title}<p>{text(speech.say('no_gaps'))}</p>"
    heads = [speech.say("camera"), speech.say("sequences"), speech.say("noticed"), speech.say("status")]
    rows = [
        [
            _camera(one.zone, one.camera),
            f"{text(speech.name(one.stream))} {_range(one)}",
            text(speech.moment(_local(one.noticed))),
            _mark("silent", speech.say("lost_since")) if one.lost else _mark("some", speech.say("awaited")),
        ]
        for one in found[:MOST_ROWS]
    ]
    return f"{title}{table(heads, rows)}"


def refusals(found: Sequence[Refusal], evidence: int, speech: Speech) -> str:
    """List what was refused."""
    title = f"<h2>{text(speech.say('refusals'))}</h2>"
    kept = f"<p class=bad>{evidence} {text(speech.say('evidence'))}</p>" if evidence else ""
    if not found:
        return f"{title}<p>{text(speech.say('no_refusals'))}</p>{kept}"
    heads = [speech.say("noticed"), speech.say("why"), f"#{speech.say('number')}"]
    rows = [
        [
            text(speech.moment(_local(one.last))),
            f"{text(one.reason)}<small>{text(one.topic)}</small>",
            speech.number(one.number),
        ]
        for one in found[:MOST_ROWS]
    ]
    return f"{title}{kept}{table(heads, rows)}"


def _row(one: Camera, now: datetime, speech: Speech) -> list[str]:
    health = one.health
    unknown = speech.name("unknown")
    return [
        _camera(one.zone, one.name),
        _mark(one.status, speech.name(one.status)) + _ago(one.since, now, speech),
        _last(one, now, speech),
        _missing(one, speech),
        _word(health.unreadable or "unknown", speech) if health else unknown,
        f"{_word(health.camera, speech)}, {_word(health.clock, speech)}" if health else unknown,
        _word(one.sandbox or "unknown", speech),
        _word(health.policy or "unknown", speech) if health else unknown,
        _waiting(health, speech) if health else unknown,
        _versions(one, speech),
    ]


def _camera(zone: str, name: str) -> str:
    return f"{text(name)}<small>{text(zone)}</small>"


def _mark(kind: str, shown: str) -> str:
    """Colour a word that is good or bad; a sign says it to those who see no colour."""
    sign, style = ("●", "good") if kind in GOOD else ("▲", "bad") if kind in BAD else ("■", "warn")
    return f"<span class={style}><span aria-hidden=true>{sign}</span> {text(shown)}</span>"


def _word(value: str, speech: Speech) -> str:
    shown = speech.name(value)
    return text(shown) if value in GOOD else _mark(value, shown)


def _ago(moment: datetime | None, now: datetime, speech: Speech) -> str:
    if moment is None:
        return ""
    return f"<small>{text(speech.say('ago', time=speech.span(now.timestamp() - moment.timestamp())))}</small>"


def _last(one: Camera, now: datetime, speech: Speech) -> str:
    if one.last_end is None:
        return _mark("silent", speech.say("never"))
    return f"{text(speech.moment(_local(one.last_end)))}{_ago(one.last_end, now, speech)}"


def _missing(one: Camera, speech: Speech) -> str:
    shown = _mark("some", speech.number(one.missing)) if one.missing else "0"
    lost = f"<small>{speech.number(one.lost)} {text(speech.say('lost'))}</small>" if one.lost else ""
    upto = f"<small>{text(speech.say('stored'))} {one.stored_hour} / {one.stored_day}</small>"
    return shown + lost + upto


def _waiting(health: HealthData, speech: Speech) -> str:
    """Say what waits to be sent and what was dropped, and what waits for our receipt where the camera knows us."""
    sent = f"{_word(health.outbox_waiting, speech)}, {_dropped(health.outbox_dropped, speech)}"
    if not health.unreceived or health.unreceived == "none":
        return sent
    return f"{sent}<small>{text(speech.say('unreceived'))}: {_word(health.unreceived, speech)}</small>"


def _dropped(dropped: int, speech: Speech) -> str:
    return _mark("some", speech.number(dropped)) if dropped else "0"


def _versions(one: Camera, speech: Speech) -> str:
    """Show software, policy and models, each marked where most cameras have another."""
    shown = {
        "software": one.software,
        "policy": one.policy and one.policy[DIGITS],
        "models": one.models and one.models[DIGITS],
    }
    parts = [
        _mark("some", value) if name in one.differs else f"<code>{text(value)}</code>"
        for name, value in shown.items()
        if value
    ]
    notes = [text(speech.say("differs"))] if one.differs else []
    if one.health and one.health.register_age:
        notes.append(f"{text(speech.say('register'))}: {_word(one.health.register_age, speech)}")
    return " ".join(parts) + "".join(f"<small>{note}</small>" for note in notes)


def _range(one: Missing) -> str:
    return str(one.first) if one.first == one.last else f"{one.first}-{one.last}"


def _local(moment: datetime) -> datetime:
    return moment.astimezone(TIMEZONE)
