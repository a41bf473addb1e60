"""The result of the demo, for a terminal and as one HTML file without outside parts."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from hil.demo.compare import HOUR, Row

ZONE = ZoneInfo("Europe/Amsterdam")
# Widths for a terminal of 80 columns.
BAR = 11
SHORT = {"direction": "dir", "vehicle_type": "vehicle"}
BELOW = "under {}"


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
    for start in sorted({row.start for row in result.rows}):
        console.print(_table(result, start))
    console.print("\ntruth: what the same rule gives for every vehicle that passed\n", style="dim")
    for name, value in result.facts:
        console.print(f"{name:>30}  {value}", highlight=False)


def _table(result: Result, start: int) -> Table:
    largest = _largest(result)
    table = Table(title=f"[bold]{hour(start)}[/]", title_justify="left", box=None, padding=(0, 1, 0, 0))
    for heading in result.dimensions:
        table.add_column(SHORT.get(heading, heading.replace("_", " ")), no_wrap=True)
    table.add_column("counted", justify="right", no_wrap=True)
    table.add_column("truth", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    shown, hidden = _window(result, start)
    for row in shown:
        numbers = [_number(row.counted, result.k), _number(row.truth, result.k), bar(row.counted or 0, largest)]
        style = "" if _close(row) else "yellow"
        table.add_row(*(value.replace("_", " ") for value in row.key), *numbers, style=style)
    table.caption, table.caption_justify = _hidden(hidden, result.k), "left"
    return table


def _window(result: Result, start: int) -> tuple[list[Row], int]:
    """Return the rows of one window that say a number, and how many say none."""
    rows = [row for row in result.rows if row.start == start]
    shown = [row for row in rows if row.counted is not None or row.truth is not None]
    return shown, len(rows) - len(shown)


def _hidden(cells: int, k: int) -> str:
    kinds = "kind" if cells == 1 else "kinds"
    return f"withheld on the camera: {cells} more {kinds} of vehicles, each {BELOW.format(k)}"


def _largest(result: Result) -> int:
    return max(1, *(number or 0 for row in result.rows for number in (row.counted, row.truth)), 1)


def write(result: Result, file: Path) -> None:
    """Write the page, with the still of the street beside it."""
    file.write_text(page(result), encoding="utf-8")


def page(result: Result) -> str:
    """Return the page as HTML."""
    largest = _largest(result)
    windows = sorted({row.start for row in result.rows})
    sections = "".join(_section(result, start, largest) for start in windows)
    facts = "".join(f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in result.facts)
    return PAGE.format(still=_text(result.still.name), sections=sections, facts=facts, k=result.k)


def bar(number: int, largest: int) -> str:
    """Draw a bar in eighths of a character."""
    eighths = round(number / largest * BAR * 8)
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def hour(start: int) -> str:
    """Name a window by its local clock hour."""
    local = [datetime.fromtimestamp(moment, ZONE).strftime("%H:%M") for moment in (start, start + HOUR)]
    return "-".join(local)


def _section(result: Result, start: int, largest: int) -> str:
    heads = "".join(f"<th>{_text(name.replace('_', ' '))}</th>" for name in result.dimensions)
    shown, hidden = _window(result, start)
    body = "".join(_line(row, result.k, largest) for row in shown)
    return (
        f"<section><h2>{hour(start)}</h2><table><thead><tr>{heads}<th class=n>counted</th><th class=n>truth</th>"
        f"<th class=chart></th></tr></thead><tbody>{body}</tbody></table><p>{_hidden(hidden, result.k)}</p></section>"
    )


def _line(row: Row, k: int, largest: int) -> str:
    names = "".join(f"<td>{_text(value.replace('_', ' '))}</td>" for value in row.key)
    counted = 100 * (row.counted or 0) / largest
    tick = f"<i style='left:{100 * row.truth / largest:.1f}%'></i>" if row.truth is not None else ""
    state = "withheld" if row.counted is None else row.key[0]
    return (
        f"<tr class='{_text(state)}'>{names}<td class=n>{_number(row.counted, k)}</td>"
        f"<td class=n>{_number(row.truth, k)}</td>"
        f"<td class=chart><div><b style='width:{counted:.1f}%'></b>{tick}</div></td></tr>"
    )


def _number(number: int | None, k: int) -> str:
    return BELOW.format(k) if number is None else str(number)


def _close(row: Row) -> bool:
    """Tell whether count and truth agree within 3 per cent."""
    if row.counted is None or row.truth is None:
        return row.counted == row.truth
    return abs(row.counted - row.truth) <= 0.03 * row.truth


def _text(value: str) -> str:
    return html.escape(str(value), quote=True)


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
Cells marked “under {k}” were withheld on the camera. No plate, picture or time of a passage ever left it.</p>
<figure><img src="{still}" alt="A still of the rendered street"></figure>
{sections}
<section><h2>This run</h2><dl>{facts}</dl></section>
</main></html>
"""
