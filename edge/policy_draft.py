"""A new policy.toml: every field with what it is for and the rule behind it, what must be filled in left empty."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from textwrap import wrap
from typing import NamedTuple

from edge import policy_dutch, settings
from edge.categories import VehicleType
from edge.config import Identifier
from edge.errors import ConfigError
from edge.policy_fields import Page, PolicyFile
from edge.policy_text import FIELDS, Field, Language, Words

Answers = Mapping[tuple[str, str], object]
"""By section and option, as `accepted` returns them."""

FILL_IN = Words("FILL IN", "INVULLEN")
_WIDTH = 120
EMPTY = '""'
_HEAD = Words(
    "Why, where, when and what cameras may count, and how it is released. The cameras obey this file and nothing else.",
    "Waarom, waar, wanneer en wat camera's mogen tellen, en hoe het wordt vrijgegeven. De camera's volgen alleen dit.",
)
_NEXT = Words(
    "Next: anpr-edge policy check, then anpr-edge policy show; then the privacy officer signs: anpr-edge policy sign.",
    "Daarna: anpr-edge policy check, anpr-edge policy show; dan tekent de privacy officer: anpr-edge policy sign.",
)
_NAMES = Words("commas between them", "met komma's ertussen")
_DATES = Words("31-12-2026 or 2026-12-31", "31-12-2026 of 2026-12-31")
_NOISE = Words(
    "Noise is optional, one of two. perturbation = 3 here blurs each number. [release.dp] with budget = 1.0 states an "
    "epsilon for each vehicle and day; it needs measure unique_vehicles and no enrichment but rdw. See docs/policy.md.",
    "Ruis kan, een van twee. perturbation = 3 hier vervaagt elk getal. [release.dp] met budget = 1.0 geeft een epsilon "
    "per voertuig en dag; dat vraagt measure unique_vehicles en geen verrijking behalve rdw. Zie docs/policy.md.",
)


class Question(NamedTuple):
    """A question that municipalities ask, as a template: what it enriches, and the ladder of its answers."""

    words: Words
    enrichment: tuple[str, ...]
    rungs: tuple[str, ...]
    """As TOML, one a line."""
    blank: tuple[str, ...] = ()
    """Options that this question needs filled in, beside those that every policy needs."""


def _rung(period: str, *dimensions: str, types: Sequence[str] = ()) -> str:
    named = f"vehicle_types = {json.dumps(types)}, " if types else ""
    return f'{{period = "{period}", {named}dimensions = {json.dumps(dimensions)}}}'


def _by_class(*more: str) -> tuple[str, ...]:
    """Return the ladder for vehicle classes: cars by drive, vans by emission class (and ``more``), trucks by day."""
    kind, classes = ("direction", "vehicle_type"), ("emission_class", *more)
    heavy = ["truck", "tractor_unit"]
    light = [str(one) for one in VehicleType if one not in heavy]
    return (
        _rung("hour", *kind, "drive", types=["passenger_car"]),
        _rung("hour", *kind, types=["passenger_car", "bus", "two_wheeler"]),
        _rung("hour", "direction", "plate", "vehicle_type", types=["unknown"]),
        _rung("hour", *kind, *classes, types=["van"]),
        _rung("day", *kind, *classes, types=light),
        _rung("day", "direction", *classes, types=heavy),
        _rung("day", *kind, types=light),
        _rung("day", "direction", types=heavy),
        _rung("day", "direction"),
    )


def _by(dimension: str) -> tuple[str, ...]:
    """Return the ladder for something that only lists know."""
    told = ("direction", "vehicle_type", dimension)
    return _rung("hour", *told), _rung("day", *told), _rung("day", "direction")


class Template(StrEnum):
    """The questions, by name."""

    TOTALS = "totals"
    CLASSES = "classes"
    ADMISSION = "admission"
    EXEMPTIONS = "exemptions"
    ORIGIN = "origin"
    TRADE = "trade"


QUESTIONS = {
    Template.TOTALS: Question(
        Words("how many vehicles drive in and out, when", "hoeveel voertuigen rijden in en uit, wanneer"),
        (),
        (_rung("hour", "direction", "plate"), _rung("day", "direction", "plate")),
    ),
    Template.CLASSES: Question(
        Words("which types, drives and emission classes", "welke typen, aandrijvingen en emissieklassen"),
        ("rdw",),
        _by_class(),
    ),
    Template.ADMISSION: Question(
        Words("how many of them the zone admits", "hoeveel daarvan de zone toelaat"),
        ("rdw",),
        _by_class("admitted"),
        ("zone_rules",),
    ),
    Template.EXEMPTIONS: Question(
        Words("how many have an exemption", "hoeveel hebben een ontheffing"),
        ("rdw", "exemptions"),
        _by("exemption"),
    ),
    Template.ORIGIN: Question(
        Words("from which municipalities they come", "uit welke gemeenten zij komen"),
        ("rdw", "origin"),
        _by("origin"),
        ("link_decision",),
    ),
    Template.TRADE: Question(
        Words("which trades they belong to", "bij welke bedrijfssectoren zij horen"),
        ("rdw", "trade"),
        _by("trade"),
        ("link_decision",),
    ),
}


def write(file: Path, template: Template, answers: Answers, language: Language) -> list[str]:
    """Write a new policy; return the options, such as "who.contact", that are left to be filled in.

    Raises:
        ConfigError: the file is there already or can't be written.
    """
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(render(template, answers, language))
    except FileExistsError as error:
        raise _overwriting(file) from error
    except OSError as error:
        raise ConfigError(f"{file}: can't be written: {error.strerror}") from error
    return [f"{one.section}.{one.option}" for one in asked(template) if not answers.get((one.section, one.option))]


def form(field: Field, language: Language) -> str:
    """Say how an answer is written, where that is not plain; "" where it is."""
    if (field.section, field.option) == ("where", "cameras"):
        return _NAMES.told(language)
    if field.section == "where" and field.option != "zone":
        return _DATES.told(language)
    hint = settings.hints_of(settings.hints_of(PolicyFile)[field.section])[field.option]
    return policy_dutch.rule(settings.allowed_by(hint), language) if hint in {Identifier, Page} else ""


def accepted(file: Path, section: str, option: str, text: str) -> object:
    """Return the answer ``text`` as the value of a field of the new policy ``file``.

    Names may have commas or blanks between them, and a date may be 31-12-2026.

    Raises:
        ConfigError: there is no such field, or its type does not allow that.
    """
    if (section, option) not in {(field.section, field.option) for field in FIELDS}:
        names = ", ".join(f"{one.section}.{one.option}" for one in FIELDS)
        raise ConfigError(f"{section}.{option} is no field of a policy; allowed: {names}")
    if text.encode(errors="replace").decode() != text:
        raise settings.refusal(file, section, option, text, "UTF-8 text")
    for value in _readings(text):
        with suppress(ConfigError):
            return settings.value_of(PolicyFile, file, section, option, value)
    return settings.value_of(PolicyFile, file, section, option, text)  # which refuses it


def check_place(file: Path) -> None:
    """Refuse a file that is there already, before anybody answers questions for it.

    Raises:
        ConfigError: it is.
    """
    if os.path.lexists(file):
        raise _overwriting(file)


def asked(template: Template) -> Iterator[Field]:
    """Yield the fields that whoever writes the policy must fill in."""
    question = QUESTIONS[template]
    for field in FIELDS:
        if field.option in question.blank or (not field.new and (field.option != "dpia" or question.enrichment)):
            yield field


def render(template: Template, answers: Answers, language: Language) -> str:
    """Return the text of a new policy."""
    lines = [*_comment(_HEAD.told(language)), *_comment(_NEXT.told(language))]
    open_fields, section, rule = set(asked(template)), "", None
    for field in FIELDS:
        if field.section != section:
            section, rule = field.section, None
            lines += ["", f"[{section}]"]
        if field.rule is not rule:
            rule = field.rule
            lines += _comment(f"({rule.told(language)})")
        lines += _comment(field.words.told(language))
        lines += [_option(field, template, answers, language, blank=field in open_fields)]
        if field.section == "release":
            lines += _release(template, language)
    return "\n".join(lines) + "\n"


def _overwriting(file: Path) -> ConfigError:
    return ConfigError(f"{file}: exists already; a policy is never overwritten")


def _option(field: Field, template: Template, answers: Answers, language: Language, *, blank: bool) -> str:
    given = answers.get((field.section, field.option))
    if given or (given is not None and not blank):
        return f"{field.option} = {_toml(given)}"
    if field.option == "enrichment":
        return f"enrichment = {json.dumps(QUESTIONS[template].enrichment)}"
    if blank:
        return f'{field.option} = ""  # <-- {FILL_IN.told(language)}'
    return f"{field.option} = {field.new or EMPTY}"


def _release(template: Template, language: Language) -> list[str]:
    """Return what the section says beside k."""
    rungs = [f"  {rung}," for rung in QUESTIONS[template].rungs]
    table = ["", "[[release.tables]]", f'name = "{template}"', "weight = 1.0", "rungs = [", *rungs, "]"]
    return ["minimum_window_minutes = 15", *_comment(_NOISE.told(language)), *table]


def _toml(value: object) -> str:
    """Write what `accepted` returned."""
    if isinstance(value, tuple):
        return json.dumps(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(value) if isinstance(value, bool | int) else str(value)


def _readings(text: str) -> Iterator[object]:
    """Yield what a person may mean: a text, names, a Dutch date, a number, true or false."""
    yield text
    yield re.findall(r"[^\s,]+", text)
    with suppress(ValueError):
        yield datetime.strptime(text, "%d-%m-%Y").date()  # noqa: DTZ007  (a day, which has no offset)
    with suppress(ValueError, RecursionError):
        yield json.loads(text)


def _comment(text: str) -> list[str]:
    return wrap(text, _WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
