"""Pieces of HTML. Everything that came from outside goes through `text`."""

import html
from collections.abc import Iterable, Sequence


def text(value: object) -> str:
    """Escape a text."""
    return html.escape(str(value), quote=True)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "") -> str:
    """Make a table of cells that are HTML already; a head that begins with # is one of numbers."""
    names = [head.removeprefix("#") for head in heads]
    marks = [" class=n" if head.startswith("#") else "" for head in heads]
    columns = list(zip(names, marks, strict=True))
    head = "".join(f"<th scope=col{mark}>{text(name)}</th>" for name, mark in columns)
    body = "".join(
        "<tr>"
        + "".join(
            f'<td{mark} data-label="{text(name)}"><div>{cell}</div></td>'
            for cell, (name, mark) in zip(row, columns, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return f'<div class="wide {kind}"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def numbers(title: str, shown: str) -> str:
    """Put a table of a chart's numbers under it, folded."""
    return f"<details><summary>{text(title)}</summary>{shown}</details>"


def legend(items: Iterable[tuple[str, str]]) -> str:
    """Explain colours: CSS of each, and its name."""
    shown = "".join(f'<li><i style="{style}"></i>{text(name)}</li>' for style, name in items)
    return f"<ul class=legend>{shown}</ul>"


def facts(items: Iterable[tuple[str, str]]) -> str:
    """Show numbers with their names; the numbers are HTML already."""
    shown = "".join(f"<div><dt>{text(name)}</dt><dd>{number}</dd></div>" for name, number in items)
    return f"<dl class=facts>{shown}</dl>"
