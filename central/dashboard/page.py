"""The page as a whole."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sqlite_utils import Database

from central import store, terms
from central.dashboard import charts, state
from central.dashboard.cameras import Camera, Missing, Refusal, cameras, missing, refusals
from central.dashboard.html import facts, text
from central.dashboard.traffic import DAYS, KINDS, Zone, zones
from central.dashboard.words import TIMEZONE, Language, Speech

STYLE = Path(__file__).with_name("page.css")
RELOAD_SECONDS = 300


class View(NamedTuple):
    """Everything that the page shows, of one moment."""

    now: datetime
    bench: bool
    behind: bool
    zones: list[Zone]
    cameras: list[Camera]
    missing: list[Missing]
    refusals: list[Refusal]
    evidence: int
    reports: int
    next_expiry: datetime | None
    k: int | None


def view(database: Database, now: float) -> View:
    """Read a store as it is ``now`` (Unix seconds); its day is the Dutch one."""
    moment = datetime.fromtimestamp(now, TIMEZONE)
    count, first, k = database.execute("select count(*), min(expires), max(k) from reports").fetchone()
    return View(
        moment,
        store.about(database, "kind") == "bench",
        terms.clock_is_behind(database, now),
        zones(database, moment.date()),
        cameras(database, now),
        missing(database),
        refusals(database),
        database.execute("select count(*) from evidence").fetchone()[0],
        count,
        first and datetime.fromtimestamp(first, TIMEZONE),
        k,
    )


def page(seen: View, language: Language, *, served: bool) -> str:
    """Return the page; a ``served`` one has links to the other language and loads itself again."""
    speech = Speech(language)
    reload = f'<meta http-equiv="refresh" content="{RELOAD_SECONDS}">' if served else ""
    other = {"en": ("nl", "Nederlands"), "nl": ("en", "English")}[language]
    link = (
        f'<nav><a href="?language={other[0]}" lang={other[0]} hreflang={other[0]}>{other[1]}</a></nav>'
        if served
        else ""
    )
    title = text(speech.say("title"))
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">{reload}<title>{title}</title>'
        f"<style>\n{STYLE.read_text(encoding='utf-8')}</style></head>\n<body><main><header><h1>{title}</h1>"
        f"<p>{text(speech.say('made', time=speech.moment(seen.now)))}</p>{link}</header>\n"
        f"{''.join(_sections(seen, speech))}</main></body></html>\n"
    )


def _sections(seen: View, speech: Speech) -> Iterator[str]:
    for name, shown in {"bench": seen.bench, "behind": seen.behind}.items():
        if shown:
            yield f"<section class=alarm role=alert>{text(speech.say(name))}</section>\n"
    if not seen.cameras:
        yield f"<section>{text(speech.say('empty'))}</section>\n"
        return
    yield f"<section>{facts(_overview(seen, speech))}</section>\n"
    for zone in seen.zones:
        yield f"<section>{''.join(_zone(zone, seen, speech))}</section>\n"
    if not seen.zones:
        yield f"<section>{text(speech.say('no_traffic'))}</section>\n"
    yield f"<section>{state.cameras(seen.cameras, seen.now, speech)}</section>\n"
    refused = state.refusals(seen.refusals, seen.evidence, speech)
    yield f"<section>{state.gaps(seen.missing, speech)}{refused}</section>\n"
    yield f"<section class=notes>{''.join(_notes(seen, speech))}</section>\n"


def _overview(seen: View, speech: Speech) -> Iterator[tuple[str, str]]:
    online = sum(one.status == "online" for one in seen.cameras)
    missing_now = sum(one.missing for one in seen.cameras)
    refused = sum(one.number for one in seen.refusals)
    of = speech.say("of", n=online, all=len(seen.cameras))
    yield speech.say("cameras_online"), _marked(of, good=online == len(seen.cameras))
    yield speech.say("reports_missing"), _marked(speech.number(missing_now), good=not missing_now)
    yield speech.say("messages_refused"), _marked(speech.number(refused), good=not refused)


def _marked(shown: str, *, good: bool) -> str:
    return f"<span class={'good' if good else 'bad'}>{text(shown)}</span>"


def _zone(zone: Zone, seen: View, speech: Speech) -> Iterator[str]:
    yield f"<h2>{text(speech.say('zone', name=zone.name))}</h2>"
    yield facts(_key_figures(zone, seen, speech))
    measure = f"<small>{text(', '.join(speech.say(one) for one in zone.measures))}</small>"
    yield f"<h3>{text(speech.say('per_hour'))} {measure}</h3>{charts.hours(zone, seen.now, speech)}"
    yield f"<h3>{text(speech.say('per_day'))} {measure}</h3>{charts.days(zone, speech)}"
    since = f"<small>{text(speech.say('since', day=speech.day(zone.days[0].start)))}</small>"
    yield f"<h3>{text(speech.say('types'))} {since}</h3>{charts.types(zone, speech)}"
    for dimension in KINDS:
        if any(one.dimension == dimension for one in zone.mixes):
            yield f"<h3>{text(speech.say(f'by_{dimension}'))} {since}</h3>{charts.mixes(zone, dimension, speech)}"


def _key_figures(zone: Zone, seen: View, speech: Speech) -> Iterator[tuple[str, str]]:
    today = seen.now.date()
    for name, back in (("today", 0), ("yesterday", 1)):
        for bar in zone.days:
            # Of a day without reports there is no number.
            if (today - bar.start.date()).days == back and (bar.observed or bar.n):
                ways = f"{speech.say('in')} {speech.number(bar.into)}, {speech.say('out')} {speech.number(bar.out)}"
                about = f" ± {speech.number(2 * bar.deviation)}" if bar.deviation else ""
                yield speech.say(name), f"{charts.least(zone)}{speech.number(bar.n)}{about}<small>{text(ways)}</small>"
    told, refused = (sum(getattr(one, name) for one in zone.admissions) for name in ("told", "refused"))
    if told:
        of = f"<small>{text(speech.say('of_told', n=speech.number(told)))}</small>"
        yield speech.say("not_admitted", days=DAYS + 1), f"{charts.least(zone)}{speech.number(refused)}{of}"
    for bar in zone.days:
        if bar.start.date() == today:
            yield speech.say("seen"), speech.share(bar.observed)


def _notes(seen: View, speech: Speech) -> Iterator[str]:
    said = [speech.say("note_least", k=seen.k), speech.say("note_day"), speech.say("note_seen")]
    said.append(speech.say("note_cameras"))
    said += [
        speech.say("note_private" if zone.private else "note_unique", zone=zone.name)
        for zone in seen.zones
        if zone.unique
    ]
    said += [speech.say("note_noise", zone=zone.name) for zone in seen.zones if zone.noisy]
    if seen.next_expiry:
        said.append(speech.say("kept_until", n=speech.number(seen.reports), day=speech.date(seen.next_expiry)))
    yield f"<h2>{text(speech.say('notes'))}</h2>"
    yield from (f"<p>{text(one)}</p>" for one in said)
