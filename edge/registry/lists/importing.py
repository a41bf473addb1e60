"""A municipality's file, read into rows that hold a hash in place of each plate and a number in place of each value."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import NamedTuple, TypeVar

from edge.errors import ConfigError
from edge.registry.lists import fields
from edge.registry.lists.fields import MalformedError
from edge.registry.lists.hashing import PlateHash
from edge.registry.lists.kinds import EXEMPTION_CODES, NOT_LISTED, TRADE_CODES
from edge.registry.lists.municipalities import Municipalities
from edge.registry.lists.table import Column, read
from edge.registry.lists.table import Row as TableRow

# Fewer vehicles than this share a value too few: they are counted among the others (docs/privacy.md).
MIN_VEHICLES = 1_000
MAX_MALFORMED = 0.05

PLATE = Column(("plate", "kenteken"))
EXEMPTION_COLUMNS = [
    PLATE,
    Column(("kind", "soort")),
    Column(("from", "van", "vanaf")),
    # "tot" alone leaves open whether the day itself belongs to it.
    Column(("until", "tot en met", "tot_en_met", "t/m")),
]
ORIGIN_COLUMNS = [PLATE, Column(("postcode",))]
TRADE_COLUMNS = [PLATE, Column(("sbi", "sbi-code", "sbi_code", "sbicode"))]

T = TypeVar("T")


class Row(NamedTuple):
    """One row: the plate's hash, the value's number (kinds.py), the first day (ordinal, 0: always)."""

    plate: int
    value: int
    since: int


@dataclass(slots=True)
class Summary:
    """What became of the rows of a file."""

    rows: int = 0
    malformed: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)

    def check(self, source: Path) -> None:
        """Refuse a file without rows, or with too many that are malformed."""
        if not self.rows:
            raise ConfigError(f"{source}: holds no row")
        if self.malformed.total() > MAX_MALFORMED * self.rows:
            raise ConfigError(
                f"{source}: {self.malformed.total()} of {self.rows} rows are malformed, more than "
                f"{MAX_MALFORMED:.0%}: {'; '.join(_lines(self.malformed))}"
            )

    def lines(self) -> list[str]:
        """Say it, one line for each reason."""
        return [f"{self.rows} rows read", *_lines(self.malformed), *_lines(self.notes)]


@dataclass(frozen=True, slots=True)
class Imported:
    """The rows of a file by the last day on which they hold; what holds no longer is not in it."""

    rows: Mapping[date, set[Row]]
    summary: Summary


def exemptions(source: Path, plates: PlateHash, today: date) -> Imported:
    """Read a file with the columns plate, kind, from, until (both days included).

    Raises:
        ConfigError: another column (a reason!), or more than 5 % malformed rows.
    """
    summary = Summary()
    rows: defaultdict[date, set[Row]] = defaultdict(set)
    for until, row in _parsed(source, EXEMPTION_COLUMNS, lambda cells: _exemption(cells, plates), summary):
        if until < today:
            summary.notes["expired already, left out"] += 1
        else:
            rows[until].add(row)
    return Imported(rows, summary)


def origin(source: Path, table: Municipalities, plates: PlateHash, until: date) -> Imported:
    """Read a file with the columns plate and postcode, whose letters are cut off as it is read.

    Raises:
        ConfigError: another column, or more than 5 % malformed rows.
    """
    summary = Summary()

    def parse(cells: Sequence[str]) -> tuple[int, int]:
        plate, (digits, lettered) = plates.of(fields.plate(cells[0])), fields.postcode(cells[1])
        summary.notes["postcodes with letters, which were cut off"] += lettered
        summary.notes["postcodes that the table of municipalities does not name, elsewhere"] += digits not in table
        return plate, table.get(digits, NOT_LISTED)

    return _holders(_parsed(source, ORIGIN_COLUMNS, parse, summary), until, summary)


def trade(source: Path, plates: PlateHash, until: date) -> Imported:
    """Read a file with the columns plate and sbi, of which only the section goes further.

    Raises:
        ConfigError: another column (a KvK number!), or more than 5 % malformed rows.
    """
    summary = Summary()

    def parse(cells: Sequence[str]) -> tuple[int, int]:
        return plates.of(fields.plate(cells[0])), TRADE_CODES[fields.trade(cells[1])]

    return _holders(_parsed(source, TRADE_COLUMNS, parse, summary), until, summary)


def _exemption(cells: Sequence[str], plates: PlateHash) -> tuple[date, Row]:
    plate, kind, since, until = cells
    first, last = fields.day(since), fields.day(until)
    if last < first:
        raise MalformedError("until is before from")
    code = EXEMPTION_CODES[fields.exemption(kind)]
    return last, Row(plates.of(fields.plate(plate)), code, first.toordinal())


def _holders(parsed: Iterable[tuple[int, int]], until: date, summary: Summary) -> Imported:
    """Keep one value of each plate; who has a rare one is like a plate that is not listed."""
    values: dict[int, int] = {}
    for plate, value in parsed:
        if values.setdefault(plate, value) != value:
            summary.notes["rows of a plate that has another value further up, left out"] += 1
    vehicles = Counter(values.values())
    rare = {value for value, number in vehicles.items() if number < MIN_VEHICLES and value != NOT_LISTED}
    summary.notes[f"values with fewer than {MIN_VEHICLES} vehicles, merged"] = len(rare)
    summary.notes["vehicles of such values"] = sum(vehicles[value] for value in rare)
    rows = {Row(plate, value, 0) for plate, value in values.items() if value not in {NOT_LISTED, *rare}}
    return Imported({until: rows} if rows else {}, summary)


def _parsed(
    source: Path, columns: Sequence[Column], parse: Callable[[Sequence[str]], T], summary: Summary
) -> Iterator[T]:
    """Yield what ``parse`` makes of each row; count those of which it makes nothing."""
    for row in read(source, columns):
        summary.rows += 1
        try:
            parsed = parse(_complete(row, columns))
        except MalformedError as error:
            summary.malformed[str(error)] += 1
        else:
            yield parsed
    summary.check(source)


def _complete(row: TableRow, columns: Sequence[Column]) -> tuple[str, ...]:
    if row.cells is None:
        raise MalformedError(f"row does not have {len(columns)} columns")
    return row.cells


def _lines(reasons: Counter[str]) -> list[str]:
    return [f"{number} {reason}" for reason, number in sorted(reasons.items())]
