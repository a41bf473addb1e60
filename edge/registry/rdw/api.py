"""The register's JSON API, paged into a CSV file, so that one way leads on from there."""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec
from msgspec.structs import replace
from urllib3 import PoolManager
from urllib3.exceptions import HTTPError

from edge.errors import AnprError, ConfigError
from edge.registry.rdw.spool import Spool, State
from edge.registry.rdw.web import PassingError, Patience, RefusedError, connect, get, reason

# A larger page may be cut to this without a word.
LARGEST_PAGE = 50_000
TRIES_OF_THE_FIRST_QUESTION = 5
SECONDS_PER_PAGE = 600.0
STEP_SECONDS = 1.0

Row = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Dataset:
    """One data set and what is wanted of it: ``columns`` in snake_case, kenteken first."""

    name: str
    resource: str
    columns: tuple[str, ...]


def _now() -> datetime:
    return datetime.now(UTC)


def _never() -> bool:
    return False


def download(  # noqa: PLR0913  (all but the first three by name)
    dataset: Dataset,
    base: str,
    folder: Path,
    *,
    token: str | None,
    told: Callable[[int, int | None], None],
    page: int = LARGEST_PAGE,
    sleep: Callable[[float], None] = time.sleep,
    stop: Callable[[], bool] = _never,
    now: Callable[[], datetime] = _now,
) -> Path:
    """Write ``{folder}/{name}.csv``, or go on with what an earlier run began; return its path.

    Pages follow each other by kenteken, so rows that come and go meanwhile shift nothing. ``told`` hears the rows that
    are safe and how many there are. ``stop`` is asked before each page and while waiting. A file that was finished
    less than a day ago is taken as it is; who used it removes it.

    Raises:
        ConfigError: the address, a column or the token (``X-App-Token``; without one the API is slower) is refused.
        AnprError: it was stopped, nothing can be written, or one page still failed after ten minutes; running it
            again goes on where it stopped.
    """
    client = connect()
    api = _Api(client, dataset, base, token, sleep, stop)
    fresh, spool = State(api.url, dataset.columns, now()), Spool(folder, dataset.name)
    if state := spool.finished(fresh):
        told(state.rows, state.rows)
        return spool.csv
    with client, spool.opened(fresh) as begun:
        state, total = begun, api.count()
        told(state.rows, total)
        while found := api.rows_after(state.last, min(page, LARGEST_PAGE)):
            state = spool.append(found.counted(state), found.rows)
            told(state.rows, total)
        spool.finish(state)
    return spool.csv


class _Page(NamedTuple):
    """Rows of vehicles that are complete."""

    rows: list[Row]
    skipped: int

    def counted(self, state: State) -> State:
        """Return ``state`` with these rows; the length of the file is not its business."""
        return replace(
            state, last=self.rows[-1][0], rows=state.rows + len(self.rows), skipped=state.skipped + self.skipped
        )


class _Count(msgspec.Struct, frozen=True):
    count: str


class _Api:
    """Asks for the rows of one data set."""

    def __init__(  # noqa: PLR0913, PLR0917  (download's own)
        self,
        client: PoolManager,
        dataset: Dataset,
        base: str,
        token: str | None,
        sleep: Callable[[float], None],
        stop: Callable[[], bool],
    ) -> None:
        self.url = f"{base.rstrip('/')}/resource/{dataset.resource}.json"
        self._client, self._columns = client, dataset.columns
        self._headers = _headers(token)
        self._sleep, self._stop = sleep, stop
        # Columns that were not asked for are left out, and those that a row lacks are None.
        row = msgspec.defstruct("Row", [(column, str | None, None) for column in dataset.columns], frozen=True)
        self._decoder: msgspec.json.Decoder[list[Any]] = msgspec.json.Decoder(list[row])  # type: ignore[valid-type]

    def count(self) -> int:
        """Return the rows that there are now. A wrong address shows here, so it is not tried for long."""
        patience = Patience(TRIES_OF_THE_FIRST_QUESTION, SECONDS_PER_PAGE, self._wait)
        decoder = msgspec.json.Decoder(list[_Count])
        answer = patience.keep_trying(lambda: self._answer({"$select": "count(*)"}, decoder))
        try:
            return int(answer[0].count)
        except (IndexError, ValueError) as error:
            raise AnprError(f"{self.url}: does not tell its count of rows") from error

    def rows_after(self, last: str, limit: int) -> _Page | None:
        """Return the next rows, None after the last. The page's last vehicle may go on in the next, and waits for it.

        Raises:
            AnprError: as ``download`` says; also where a page does not hold one whole vehicle.
        """
        rows = self._rows(last, limit)
        known = [row for row in rows if row[0]]
        if any(row[0] == last for row in known):
            raise AnprError(f"{self.url}: gives rows again that were not asked for; is it the API of the register?")
        if len(rows) < limit:
            return _Page(known, len(rows) - len(known)) if known else None
        whole = [row for row in known if row[0] != known[-1][0]]
        if whole:
            return _Page(whole, len(rows) - len(known))
        if limit >= LARGEST_PAGE:
            raise AnprError(f"{self.url}: one vehicle, or none, has {limit:,} rows; is it the API of the register?")
        return self.rows_after(last, min(2 * limit, LARGEST_PAGE))

    def _rows(self, last: str, limit: int) -> list[Row]:
        query = {"$select": ",".join(self._columns), "$order": "kenteken,:id", "$limit": str(limit)}
        if last:
            query["$where"] = "kenteken > '{}'".format(last.replace("'", "''"))
        patience = Patience(float("inf"), SECONDS_PER_PAGE, self._wait)
        try:
            self._wait(0)
            answer = patience.keep_trying(lambda: self._answer(query, self._decoder))
        except ConfigError:
            raise
        except AnprError as error:
            raise AnprError(f"{error}; run again, it goes on where it stopped") from error
        return [msgspec.structs.astuple(row) for row in answer]

    def _answer(self, query: dict[str, str], decoder: msgspec.json.Decoder[list[Any]]) -> list[Any]:
        """Ask once; a body that breaks off or is no JSON is as passing as a busy server."""
        try:
            response = get(self._client, f"{self.url}?{urlencode(query)}", self._headers)
            return decoder.decode(response.read(decode_content=True))
        except RefusedError as refused:
            raise _explained(refused, self._columns, with_token=bool(self._headers)) from refused
        except HTTPError as error:
            raise PassingError(f"{self.url}: the answer broke off: {reason(error)}") from error
        except msgspec.DecodeError as error:
            raise PassingError(f"{self.url}: the answer is not the JSON of rows: {error}") from error

    def _wait(self, seconds: float) -> None:
        """Wait in steps, so that a stop is noticed."""
        while True:
            if self._stop():
                raise AnprError(f"{self.url}: stopped")
            if seconds <= 0:
                return
            self._sleep(min(seconds, STEP_SECONDS))
            seconds -= STEP_SECONDS


def _headers(token: str | None) -> dict[str, str]:
    if not token:
        return {}
    if not (token.isascii() and token.isprintable()):
        # Not shown, and not left to the HTTP client, which would.
        raise ConfigError("the app token of the register holds characters that no token has")
    return {"X-App-Token": token}


def _explained(refused: RefusedError, columns: Sequence[str], *, with_token: bool) -> ConfigError:
    """Say what was wrong with the question, in our own words: the answer repeats it, and in it stands a plate."""
    missing = re.search(r"No such column: (\w+)", refused.body.decode(errors="replace"))
    if missing and missing[1] in columns:
        return ConfigError(f"{refused}: the data set has no column {missing[1]}")
    if refused.status == HTTPStatus.FORBIDDEN and with_token:
        return ConfigError(f"{refused}: is the app token right?")
    return refused
