"""`anpr-edge policy`: the signed file without which nothing runs."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TypeVar

import click

from edge import policy as policies
from edge import policy_check, policy_draft, policy_dutch, policy_prose
from edge.cli.options import PATH, Day, language_option
from edge.errors import ConfigError
from edge.policy_draft import FILL_IN, QUESTIONS, Template
from edge.policy_scenario import REFUSED, reason, scenario_of
from edge.policy_text import Field, Language, Words, rule_of
from edge.settings import OptionError

T = TypeVar("T")

_SOUND = Words("sound; scenario", "in orde; scenario")
_TO_MEND = Words("to mend; until then", "te herstellen; tot dan")
_TEMPLATE = Words("template", "sjabloon")


class PolicyError(ConfigError):
    """A policy has faults, which were printed one by one."""


@click.group()
def policy() -> None:
    """Write, check, read, sign and verify the policy, without which nothing runs.

    \b
    From nothing to a signed policy:
      1. anpr-edge policy new policy.toml --template classes   answers a few questions into a commented file
      2. anpr-edge policy check policy.toml                    names every field to mend, and the rule behind it
      3. anpr-edge policy show policy.toml --language nl       read it, to the council if need be
      4. anpr-edge policy sign policy.toml --key officer.key   the privacy officer signs it
      5. anpr-edge policy verify policy.toml --key officer.pub

    A running camera takes a signed policy with a higher serial at the next full hour; an older one it refuses.
    """  # noqa: D301  (click's mark for lines that it must not wrap)


@policy.command()
@click.argument("file", type=PATH)
@click.option(
    "--template",
    type=click.Choice([one.value for one in Template]),
    help="The question that is to be answered by counting.",
)
@click.option(
    "--answer", "given", multiple=True, metavar="FIELD=TEXT", help='Such as who.controller="Gemeente Demo"; repeatable.'
)
@language_option
def new(file: Path, template: str | None, given: tuple[str, ...], language: str) -> None:
    """Write a commented policy to FILE, which must not exist.

    In a terminal it asks; what is not answered, there or with --answer, is left empty and marked in the file. Each
    answer must be one that the field allows; names have commas between them, a date is 31-12-2026 or 2026-12-31.

    \b
    Templates:
      totals      how many vehicles drive in and out, when (scenario 1 of the advice)
      classes     which types, drives and emission classes
      admission   how many of them the zone admits
      exemptions  how many have an exemption
      origin      from which municipalities they come; needs a decision on the link
      trade       which trades they belong to; needs a decision on the link
    """  # noqa: D301  (click's mark for lines that it must not wrap)
    tongue = Language(language)
    with _speaking(tongue):
        policy_draft.check_place(file)
        chosen = Template(template) if template else _choose(tongue)
        answers = dict(_answer(file, text) for text in given)
        for field in policy_draft.asked(chosen) if _asks() else ():
            if (field.section, field.option) not in answers and (value := _ask(file, field, tongue)):
                answers[field.section, field.option] = value
        left = policy_draft.write(file, chosen, answers, tongue)
    click.echo(f"{file}: {_written(left).told(tongue)} anpr-edge policy check {file}")


@policy.command()
@click.argument("file", type=PATH)
@click.option("--date", "day", type=Day(), default=lambda: str(date.today()), metavar="DAY", help="By default today.")  # noqa: DTZ011  (the officer's day)
@language_option
def check(file: Path, day: date, language: str) -> None:
    """Name each missing, wrong or contradictory field of FILE, and the rule of the advice behind it.

    Needs no key. Exit status 78 if there is any: no camera would run under FILE.
    """
    tongue = Language(language)
    with _speaking(tongue):
        content = policies.content_of(file)
        faults = [*policy_check.faults(file, content), *policy_check.ended(file, content, day)]
    for fault in faults:
        click.echo(policy_dutch.told(str(fault), tongue))
        if isinstance(fault, OptionError):
            click.echo(f"    {rule_of(fault.section, fault.option).told(tongue)}")
    if faults:
        raise PolicyError(f"{file}: {len(faults)} {_TO_MEND.told(tongue)} {REFUSED.told(tongue)}")
    enrichment = policies.read(file).file.what.enrichment
    click.echo(f"{file}: {_SOUND.told(tongue)} {scenario_of(enrichment)}: {reason(enrichment).told(tongue)}")


@policy.command()
@click.argument("file", type=PATH)
@language_option
def show(file: Path, language: str) -> None:
    """Tell in plain words what FILE lets be counted, by whom, where, until when, and how it is released.

    Needs no signature: it is for reading before signing, and to whoever asks.
    """
    with _speaking(Language(language)):
        click.echo(policy_prose.tell(policies.read(file), Language(language)))


@policy.command()
@click.argument("file", type=PATH)
@click.option("--key", required=True, type=PATH, metavar="FILE", help="The officer's secret key (officer.key).")
def sign(file: Path, key: Path) -> None:
    """Check FILE and write its signature to FILE.sig.

    Read it with `anpr-edge policy show` first. Every change, even of a comment, needs a higher serial and a new
    signature.
    """
    click.echo(f"{policies.sign(file, key)}: signed")


@policy.command()
@click.argument("file", type=PATH)
@click.option("--key", required=True, type=PATH, metavar="FILE", help="The officer's public key (officer.pub).")
def verify(file: Path, key: Path) -> None:
    """Check FILE's fields and its signature in FILE.sig; print the digest that stands in every report."""
    checked = policies.verify(file, key)
    identity = checked.file.policy
    click.echo(f"{file}: valid; {identity.id}, serial {identity.serial}, {checked.digest}")


def _asks() -> bool:
    """Tell whether somebody is there to be asked."""
    return sys.stdin.isatty()


@contextmanager
def _speaking(language: Language) -> Iterator[None]:
    """Say what stops a command in the language of its user."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(policy_dutch.told(str(error), language)) from error


def _written(left: list[str]) -> Words:
    """Say what is left to do; the command that follows is the same in both languages."""
    if not left:
        return Words("written; nothing is left to fill in\nthen:", "geschreven; niets hoeft nog ingevuld\ndaarna:")
    names = ", ".join(left)
    return Words(
        f"written; fill in, where it says {FILL_IN.en}: {names}\nthen:",
        f"geschreven; vul in, waar {FILL_IN.nl} staat: {names}\ndaarna:",
    )


def _choose(language: Language) -> Template:
    """Ask for the question that is to be answered by counting."""
    if not _asks():
        raise ConfigError(f"--template is missing; allowed: {', '.join(Template)}")
    for name, question in QUESTIONS.items():
        click.echo(f"{name:12}{question.words.told(language)}")
    return _prompt(_TEMPLATE.told(language), _template, language, default=Template.CLASSES)


def _template(text: str) -> Template:
    if text not in list(Template):
        raise ConfigError(f"{text}; allowed: {', '.join(Template)}")
    return Template(text)


def _ask(file: Path, field: Field, language: Language) -> object:
    """Ask for one field until the answer is one that its type allows; an empty one leaves it open."""
    form = policy_draft.form(field, language)
    label = f"{field.section}.{field.option}: {field.words.told(language)}{f' ({form})' if form else ''}"

    def read(text: str) -> object:
        return policy_draft.accepted(file, field.section, field.option, text) if text else None

    return _prompt(label, read, language, default="")


def _prompt(label: str, read: Callable[[str], T], language: Language, *, default: str) -> T:
    """Ask until ``read`` accepts the answer."""
    while True:
        try:
            return read(str(click.prompt(label, default=default, show_default=bool(default))).strip())
        except ConfigError as fault:
            click.echo(policy_dutch.told(str(fault), language))


def _answer(file: Path, text: str) -> tuple[tuple[str, str], object]:
    name, equals, value = text.partition("=")
    section, point, option = name.partition(".")
    if not (equals and point):
        raise ConfigError(f'--answer {text}; allowed: FIELD=TEXT, such as who.controller="Gemeente Demo"')
    return (section, option), policy_draft.accepted(file, section, option, value)
