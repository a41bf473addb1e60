"""Charts without a line of script: bars of CSS, each with its number to read or hover, and a table below."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from central.dashboard.html import legend, numbers, table, text
from central.dashboard.traffic import Bar, Mix, Zone
from central.dashboard.words import Speech

WIDE = 0.995
EVERY = 3


class Slot(NamedTuple):
    """An hour of the day: what was counted in it, nothing where no report came, or nothing yet."""

    start: datetime
    bar: Bar | None
    over: bool


def hours(zone: Zone, now: datetime, speech: Speech) -> str:
    """Draw today, in and out beside each other."""
    slots = _slots(zone, now)
    top = _top(max((max(one.into, one.out) for one in zone.hours), default=0))
    columns = "".join(_hour(slot, top, speech) for slot in slots)
    ticks = "".join(
        f"<span{'' if at % (2 * EVERY) == 0 else ' class=minor'}>{slot.start:%H}</span>"
        if at % EVERY == 0
        else "<span></span>"
        for at, slot in enumerate(slots)
    )
    colours = [("background:var(--in)", speech.say("in")), ("background:var(--out)", speech.say("out"))]
    signs = _signs(zone.hours, speech, none=any(slot.over and slot.bar is None for slot in slots))
    return _chart(columns, ticks, top, speech) + legend([*colours, *signs]) + _hour_numbers(slots, speech)


def days(zone: Zone, speech: Speech) -> str:
    """Draw whole days, what is told for the day only on top."""
    top = _top(max((one.n for one in zone.days), default=0))
    columns = "".join(_day(one, top, speech) for one in zone.days)
    ticks = "".join(f"<span>{text(speech.day(one.start).split()[0])} {one.start.day}</span>" for one in zone.days)
    colours = [
        ("background:var(--in)", speech.say("told_by_hour")),
        ("background:var(--day)", speech.say("told_by_day")),
    ]
    explained = legend([*colours, *_signs(zone.days, speech, none=False)])
    return f"<div class=days>{_chart(columns, ticks, top, speech)}</div>{explained}{_day_numbers(zone, speech)}"


def types(zone: Zone, speech: Speech) -> str:
    """Draw how many vehicles of each type there were."""
    most = max((n for _, n in zone.types), default=1)
    rows = "".join(
        f"<span>{text(_types(kinds, speech))}</span><span class=track><b style='width:{100 * n / most:.1f}%'"
        f"{' class=untold' if not kinds else ''}></b></span><span class=n>{least(zone)}{speech.number(n)}</span>"
        for kinds, n in zone.types
    )
    return f"<div class=rows>{rows}</div>"


def mixes(zone: Zone, dimension: str, speech: Speech) -> str:
    """Draw what vehicles of each group of types are like, as shares of all that were counted of them."""
    chosen = [one for one in zone.mixes if one.dimension == dimension]
    values = sorted({value for one in chosen for value in one.values}, key=_order)
    colours = {value: f"background:var(--c{_colour(value, at)})" for at, value in enumerate(values)}
    rows = "".join(_mix(one, colours, zone, speech) for one in chosen)
    explained = [*((style, speech.name(value)) for value, style in colours.items()), (_UNTOLD, speech.say("untold"))]
    note = f"<p class=notes>≈ {text(speech.say('scaled'))}</p>" if any(one.scaled for one in chosen) else ""
    return f"<div class=rows>{rows}</div>{legend(explained)}{note}{_mix_numbers(chosen, values, speech)}"


_UNTOLD = "background:repeating-linear-gradient(135deg,var(--untold) 0 3px,transparent 3px 6px)"
# The same value has the same colour everywhere; others take the next.
_COLOURS = {
    "Z": 2,
    "6": 0,
    "5": 7,
    "4": 1,
    "3": 4,
    "2": 3,
    "1": 5,
    "0": 6,
    "unknown": 5,
    "electric": 2,
    "hydrogen": 6,
    "hybrid": 0,
    "petrol": 1,
    "diesel": 7,
    "gas": 3,
    "yes": 2,
    "no": 1,
    "exempt": 3,
}
_ORDER = ("yes", "no", "exempt", "not_applicable", "none", "day", "long_term", "electric", "hydrogen", "hybrid", "Z")


def _order(value: str) -> tuple[int, str]:
    """Put values in an order that is the same each time: emission classes from Z and 6 down, unknown last."""
    if value == "unknown":
        return len(_ORDER) + 20, value
    if value.isdigit():
        return len(_ORDER) + 9 - int(value), value
    return (_ORDER.index(value), value) if value in _ORDER else (len(_ORDER) + 10, value)


def _colour(value: str, at: int) -> int:
    return _COLOURS.get(value, at % 8)


def _slots(zone: Zone, now: datetime) -> list[Slot]:
    """List the hours of today where the zone is, or as ``now`` has it: 23 or 25 when clocks change."""
    local = now.astimezone(zone.hours[0].start.tzinfo if zone.hours else now.tzinfo)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    at, found = midnight.astimezone(UTC), {one.start.timestamp(): one for one in zone.hours}
    slots = []
    while at.astimezone(local.tzinfo).date() == local.date():
        over = at + timedelta(hours=1) <= now
        slots.append(Slot(at.astimezone(local.tzinfo), found.get(at.timestamp()), over))
        at += timedelta(hours=1)
    return slots


def _hour(slot: Slot, top: int, speech: Speech) -> str:
    name = f"{slot.start:%H:%M}"
    if slot.bar is None:
        missing = f"<em title='{name}: {text(speech.say('no_report'))}'>&times;</em>" if slot.over else ""
        return f"<div>{missing}</div>"
    bar = slot.bar
    told = (
        f"{name}: {speech.say('in')} {speech.number(bar.into)}, {speech.say('out')} {speech.number(bar.out)}, "
        f"{speech.share(bar.observed)} {speech.say('observed')}"
    )
    heights = [(bar.into, "in"), (bar.out, "out")]
    bars = "".join(
        f"<b class='{way}{'' if n else ' zero'}' style='height:{100 * n / top:.1f}%'></b>" for n, way in heights
    )
    return f"<div{_part(bar)} title='{text(told)}'>{bars}</div>"


def _day(bar: Bar, top: int, speech: Speech) -> str:
    told = f"{speech.day(bar.start)}: {speech.number(bar.n)}, {speech.share(bar.observed)} {speech.say('observed')}"
    by_hour = bar.n - bar.left
    if not (bar.n or bar.observed):
        return f"<div class='part none' title='{text(told)}'></div>"
    return (
        f"<div{_part(bar)} title='{text(told)}'><b class=left style='height:{100 * bar.left / top:.1f}%'></b>"
        f"<b style='height:{100 * by_hour / top:.1f}%'></b></div>"
    )


def _part(bar: Bar) -> str:
    return " class=part" if bar.observed < WIDE else ""


def _signs(bars: Sequence[Bar], speech: Speech, *, none: bool) -> list[tuple[str, str]]:
    """Explain hatched bars and crosses, where there are any."""
    hatched = "background:repeating-linear-gradient(135deg,var(--soft) 0 3px,transparent 3px 6px)"
    signs = [(hatched, speech.say("partly"))] if any(_part(one) for one in bars) else []
    return [*signs, *([("width:0", f"× {speech.say('no_report')}")] if none else [])]  # noqa: RUF001  (the sign in the chart)


def _chart(columns: str, ticks: str, top: int, speech: Speech) -> str:
    axis = "".join(f"<span>{speech.number(n)}</span>" for n in (top, top / 2, 0))
    return (
        f"<div class=chart aria-hidden=true><div class=axis>{axis}</div><div class=bars>{columns}</div>"
        f"<div class=ticks>{ticks}</div></div>"
    )


def _top(highest: int) -> int:
    """Return a round number, whose half is a whole one, at or above the highest bar."""
    size = 2
    while True:
        for step in (1, 2, 3, 4, 5):
            if step * size >= highest:
                return step * size
        size *= 10


def _hour_numbers(slots: Sequence[Slot], speech: Speech) -> str:
    heads = [speech.say("hour"), f"#{speech.say('in')}", f"#{speech.say('out')}", f"#{speech.say('observed')}"]
    rows = [
        [f"{slot.start:%H:%M}", *_numbers([slot.bar.into, slot.bar.out], speech), speech.share(slot.bar.observed)]
        if slot.bar
        else [f"{slot.start:%H:%M}", "", "", text(speech.say("no_report"))]
        for slot in slots
        if slot.bar or slot.over
    ]
    return numbers(speech.say("numbers"), table(heads, rows))


def _day_numbers(zone: Zone, speech: Speech) -> str:
    names = ("in", "out", "told_by_day", "observed")
    heads = [speech.say("day"), *(f"#{speech.say(name)}" for name in names), f"#{speech.say('refused_share')}"]
    refused = {one.day: f"{speech.number(one.refused)} / {speech.number(one.told)}" for one in zone.admissions}
    rows = [
        [
            text(speech.day(one.start)),
            *_numbers([one.into, one.out, one.left], speech),
            speech.share(one.observed),
            refused.get(one.start.date(), ""),
        ]
        for one in zone.days
    ]
    return numbers(speech.say("numbers"), table(heads, rows))


def _mix(one: Mix, colours: dict[str, str], zone: Zone, speech: Speech) -> str:
    parts = [(one.values[value], style, speech.name(value)) for value, style in colours.items() if value in one.values]
    parts.append((one.untold, "", speech.say("untold")))
    bars = "".join(
        f"<b style='{style};width:{100 * n / one.n:.2f}%'{'' if style else ' class=untold'} "
        f"title='{text(name)}: {speech.number(n)}, {speech.share(n / one.n)}'></b>"
        for n, style, name in parts
        if n
    )
    sign = "≈ " if one.scaled else least(zone)
    return (
        f"<span>{text(_types(one.types, speech))}</span><span class=track>{bars}</span>"
        f"<span class=n>{sign}{speech.number(one.n)}</span>"
    )


def _mix_numbers(chosen: Sequence[Mix], values: Sequence[str], speech: Speech) -> str:
    heads = [speech.say("type"), *(f"#{speech.name(value)}" for value in values), f"#{speech.say('untold')}"]
    rows = [
        [text(_types(one.types, speech)), *_numbers([one.values.get(value, 0) for value in values], speech),
         speech.number(one.untold)]
        for one in chosen
    ]  # fmt: skip
    return numbers(speech.say("numbers"), table(heads, rows))


def _numbers(found: Iterable[int], speech: Speech) -> list[str]:
    return [speech.number(n) for n in found]


def _types(kinds: tuple[str, ...], speech: Speech) -> str:
    return " + ".join(map(speech.name, kinds)) or speech.say("untold")


def least(zone: Zone) -> str:
    """Say what a sum is: at least, or with noise about, or (different vehicles) just a sum."""
    return "≈ " if zone.noisy else "" if zone.unique else "≥ "
