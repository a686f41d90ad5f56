"""Tables as values: to the terminal while the bench runs, to Markdown for `docs/benchmarks.md`. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table as RichTable


@dataclass(frozen=True, slots=True)
class Table:
    """The first column names what a row is about; the others are numbers as text."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


def on_terminal(table: Table) -> RichTable:
    shown = RichTable(title=table.title, title_justify="left", caption="\n".join(table.notes), caption_justify="left")
    for number, column in enumerate(table.columns):
        shown.add_column(column, justify="right" if number else "left")
    for row in table.rows:
        shown.add_row(*row)
    return shown


def as_markdown(table: Table) -> str:
    rule = "|".join(["---", *(["---:"] * (len(table.columns) - 1))])
    lines = [f"## {table.title}", "", _line(table.columns), f"|{rule}|", *map(_line, table.rows)]
    for note in table.notes:
        lines += ["", note]
    return "\n".join(lines)


def page(introduction: Sequence[str], tables: Sequence[Table]) -> str:
    """Return the whole page."""
    return "\n\n".join(["# Benchmarks", *introduction, *map(as_markdown, tables)]) + "\n"


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms"


def verdict(*, is_met: bool) -> str:
    return "yes" if is_met else "no"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
