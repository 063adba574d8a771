"""A table as it is printed, before it is printed: heads, rows of figures, and what a reader must know to read them.

Charts draw grids and pages print them, so that a chart and the table beside it cannot differ.
"""

from __future__ import annotations

from dataclasses import dataclass

from linkage.statistics.figures import Figure

Cell = Figure | str


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Attributes:
        code: what it counts.
        head: the same in words.
        cells: one per column.
        total: whether it stands over the other rows.
    """

    code: str
    head: str
    cells: tuple[Cell, ...]
    total: bool = False

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The cells that hold a figure."""
        return tuple(cell for cell in self.cells if isinstance(cell, Figure))


@dataclass(frozen=True)
class Group:
    """Rows that belong together.

    Attributes:
        head: what they share; empty where a table has but one group.
        rows: from top to bottom.
    """

    head: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Grid:
    """A table.

    Attributes:
        name: letters, digits and hyphens, unique on a page.
        caption: what is counted, of whom and when.
        corner: what the row heads are.
        codes: one per column.
        heads: the same in words.
        groups: from top to bottom.
        notes: below it.
    """

    name: str
    caption: str
    corner: str
    codes: tuple[str, ...]
    heads: tuple[str, ...]
    groups: tuple[Group, ...]
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows, whatever their group."""
        return tuple(row for group in self.groups for row in group.rows)


def named(*parts: str) -> str:
    """A name for a grid or chart: the parts in small letters, digits and hyphens."""
    letters = "-".join(parts).lower()
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in letters)
