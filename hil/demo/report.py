"""The result of the demo, for a terminal and as one HTML file without outside parts."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from edge.windows import Window
from hil.demo.compare import Row

ZONE = ZoneInfo("Europe/Amsterdam")
# Widths for a terminal of 80 columns.
BAR = 11
SHORT = {"direction": "dir", "vehicle_type": "vehicle", "emission_class": "class"}
NOT_RELEASED = "-"


@dataclass(frozen=True, slots=True)
class Result:
    """Everything that the report shows."""

    dimensions: tuple[str, ...]
    k: int
    rows: Sequence[Row]
    still: Path
    facts: Sequence[tuple[str, str]]


def show(result: Result, console: Console) -> None:
    """Print a table with a chart for each window, then the facts."""
    for at in _bins(result):
        console.print(_table(result, at))
    console.print(f"\n{_LEGEND}{_WITHHELD if _withheld(result) else ''}\n", style="dim", highlight=False)
    for name, value in result.facts:
        console.print(f"{name:>30}  {value}", highlight=False)


def _bins(result: Result) -> list[Window]:
    """List the bins, in the order of their rows."""
    return list(dict.fromkeys(row.bin for row in result.rows))


def _table(result: Result, at: Window) -> Table:
    largest = _largest(result)
    table = Table(title=f"[bold]{title(at)}[/]", title_justify="left", box=None, padding=(0, 1, 0, 0))
    for heading in result.dimensions:
        table.add_column(SHORT.get(heading, heading.replace("_", " ")), no_wrap=True)
    table.add_column("counted", justify="right", no_wrap=True)
    table.add_column("truth", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for row in _rows(result, at):
        numbers = [_number(row.counted), _number(row.truth), bar(row.counted or 0, largest)]
        style = "" if _close(row) else "yellow"
        table.add_row(*(value.replace("_", " ") for value in row.key), *numbers, style=style)
    return table


def _rows(result: Result, at: Window) -> list[Row]:
    return [row for row in result.rows if row.bin == at]


def _withheld(result: Result) -> bool:
    """Tell whether a sign for what is not released stands anywhere."""
    return any(row.counted is None or row.truth is None for row in result.rows)


def _largest(result: Result) -> int:
    return max(1, *(number or 0 for row in result.rows for number in (row.counted, row.truth)), 1)


def write(result: Result, file: Path) -> None:
    """Write the page, with the still of the street beside it."""
    file.write_text(page(result), encoding="utf-8")


def page(result: Result) -> str:
    """Return the page as HTML."""
    largest = _largest(result)
    sections = "".join(_section(result, at, largest) for at in _bins(result))
    facts = "".join(f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in result.facts)
    withheld = _WITHHELD_PAGE if _withheld(result) else ""
    return PAGE.format(still=_text(result.still.name), sections=sections, facts=facts, k=result.k, withheld=withheld)


def bar(number: int, largest: int) -> str:
    """Draw a bar in eighths of a character."""
    eighths = round(number / largest * BAR * 8)
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def title(at: Window) -> str:
    """Name a bin by its local clock hour, or its day."""
    start, end = (datetime.fromtimestamp(moment, ZONE) for moment in (at.start, at.end))
    if end.date() == start.date() or (end - start).seconds:
        return f"{start:%H:%M}-{end:%H:%M}"
    return f"{start:%A} as a whole: what its hours left"


def _section(result: Result, at: Window, largest: int) -> str:
    heads = "".join(f"<th>{_text(name.replace('_', ' '))}</th>" for name in result.dimensions)
    body = "".join(_line(row, largest) for row in _rows(result, at))
    return (
        f"<section><h2>{title(at)}</h2><table><thead><tr>{heads}<th class=n>counted</th><th class=n>truth</th>"
        f"<th class=chart></th></tr></thead><tbody>{body}</tbody></table></section>"
    )


def _line(row: Row, largest: int) -> str:
    names = "".join(f"<td>{_text(value.replace('_', ' '))}</td>" for value in row.key)
    counted = 100 * (row.counted or 0) / largest
    tick = f"<i style='left:{100 * row.truth / largest:.1f}%'></i>" if row.truth is not None else ""
    state = "withheld" if row.counted is None else row.key[0]
    return (
        f"<tr class='{_text(state)}'>{names}<td class=n>{_number(row.counted)}</td>"
        f"<td class=n>{_number(row.truth)}</td>"
        f"<td class=chart><div><b style='width:{counted:.1f}%'></b>{tick}</div></td></tr>"
    )


def _number(number: int | None) -> str:
    return NOT_RELEASED if number is None else str(number)


def _close(row: Row) -> bool:
    """Tell whether count and truth agree within 3 per cent."""
    if row.counted is None or row.truth is None:
        return row.counted == row.truth
    return abs(row.counted - row.truth) <= 0.03 * row.truth


def _text(value: str) -> str:
    return html.escape(str(value), quote=True)


_LEGEND = """\
truth: what the same ladder gives for every vehicle that passed
rest: what is left beside the cells that tell more"""
_WITHHELD = "; -: not released in this cell"
_WITHHELD_PAGE = "“-” is not released in this cell: it waits for the day, or is withheld. "
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>anpr-edge: what left the camera</title>
<style>
:root {{ --ink:#16212c; --soft:#66727f; --line:#e3e8ed; --in:#1d6fb8; --out:#d9822b; --paper:#fff; --back:#f4f6f8 }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ink:#e8edf2; --soft:#93a1af; --line:#2b3845; --in:#5aa9ea; --out:#eba65a; --paper:#17212b;
    --back:#0f161d }}
}}
* {{ box-sizing:border-box }}
body {{ font:15px/1.5 system-ui,sans-serif; color:var(--ink); background:var(--back); margin:0; padding:2.5rem 1rem }}
main {{ max-width:60rem; margin:auto }}
h1 {{ font-size:1.7rem; margin:0 0 .3rem }} p {{ color:var(--soft); margin:.2rem 0 1.4rem; max-width:46rem }}
section p {{ margin:.7rem 0 0 }}
figure {{ margin:0 0 1.6rem }} img {{ width:100%; border-radius:8px; display:block }}
section {{ background:var(--paper); border:1px solid var(--line); border-radius:8px; padding:1rem 1.3rem;
  margin-bottom:1.4rem; overflow-x:auto }}
h2 {{ font-size:1.05rem; margin:0 0 .6rem }}
table {{ border-collapse:collapse; width:100% }}
th {{ text-align:left; font-weight:600; color:var(--soft); font-size:.8rem }}
td,th {{ padding:.22rem .7rem .22rem 0; border-bottom:1px solid var(--line); white-space:nowrap }}
.n {{ text-align:right; font-variant-numeric:tabular-nums }}
.chart {{ width:36% }} .chart div {{ position:relative; height:.8rem }}
.chart b {{ position:absolute; inset:0 auto 0 0; background:var(--in); border-radius:0 3px 3px 0 }}
.out .chart b {{ background:var(--out) }}
.chart i {{ position:absolute; top:-.15rem; bottom:-.15rem; width:2px; background:var(--ink) }}
.withheld td {{ color:var(--soft) }}
dl {{ display:grid; grid-template-columns:max-content 1fr; gap:.2rem 1.2rem; margin:0 }}
dt {{ color:var(--soft) }} dd {{ margin:0; font-variant-numeric:tabular-nums }}
</style>
<main>
<h1>What left the camera</h1>
<p>Every bar is a cell that at least {k} different vehicles share; the upright stroke is the truth under the same rule.
“rest” is what is left beside the cells that tell more. {withheld}No plate, picture or time of a passage
ever left it.</p>
<figure><img src="{still}" alt="A still of the rendered street"></figure>
{sections}
<section><h2>This run</h2><dl>{facts}</dl></section>
</main></html>
"""
