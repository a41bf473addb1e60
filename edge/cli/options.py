"""Options that several commands share."""

import os
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from edge.policy_text import Language

F = TypeVar("F", bound=Callable[..., Any])

PATH = click.Path(path_type=Path)


class Moment(click.ParamType[datetime]):
    """A wall clock time; without an offset it is Dutch local time."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read ISO 8601."""
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no time such as 2026-11-23T10:00:00 or 2026-11-23T10:00:00+01:00", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo("Europe/Amsterdam"))


class Day(click.ParamType[date]):
    """A day."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read ISO 8601."""
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no day such as 2026-12-31", param, ctx)


def config_option(command: F) -> F:
    """Add --config."""
    return click.option("--config", required=True, type=PATH, metavar="FILE", help="The operator's camera.toml.")(
        command
    )


def source_options(command: F) -> F:
    """Add --source and --start."""
    source = click.option("--source", metavar="URL", help="Camera source instead of the configured one.")
    start = click.option("--start", type=Moment(), help="Wall clock of a video file's first frame.")
    return source(start(command))


def supervisor_option(command: F) -> F:
    """Add --supervisor, by which the supervisor tells its children its process id."""
    return click.option("--supervisor", type=int, hidden=True)(command)


def _local() -> str:
    """Return the language of the user's locale, English where it is another."""
    spoken = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return (Language.NL if spoken.lower().startswith("nl") else Language.EN).value


language_option = click.option(
    "--language",
    type=click.Choice([one.value for one in Language]),
    default=_local,
    help="Language; by default that of your locale.",
)
