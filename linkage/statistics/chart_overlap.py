"""Which agencies saw the same persons: a staircase of squares, each the persons on two lists, its number inside.

An agency's name stands at the end of its step: its row is to the left of the name, its column below. The step itself is
all persons on the agency's list and is outlined; the others are the darker, the more they hold. A hidden one is blank.
"""

from __future__ import annotations

from collections.abc import Iterator

from linkage.statistics.chart_shapes import (
    INK,
    PAPER,
    QUIET,
    SMALL,
    WIDTH,
    box,
    document,
    hidden,
    label,
    labels,
    mark,
    wrapped,
)
from linkage.statistics.figures import MARK, Figure
from linkage.statistics.grids import Grid
from linkage.statistics.page_words import number, spoken
from linkage.statistics.words import Words

_SHADES = ("#f1f4f7", "#d3dde6", "#aabfd1", "#6d8ca8", "#2f5f8a")
_LIGHT_FROM = 4
_HIGH, _NAMES, _WIDEST = 30, 110, 56


def overlap_chart(grid: Grid, words: Words) -> str:
    """The chart of a table of agencies by agencies, of which the lower half is drawn."""
    agencies = len(grid.codes)
    wide = round(min(_WIDEST, (WIDTH - _NAMES) / agencies), 2)
    largest = max([1, *(figure.count for row, column, figure in _cells(grid) if row != column)])
    shapes = [shape for row, column, figure in _cells(grid) for shape in _square(grid, row, column, figure, wide, largest, words)]
    for place, name in enumerate(grid.heads):
        x = wide * (place + 1) + 8
        shapes += labels(round(x, 2), 2 + _HIGH * (place + 0.5), wrapped(name, max(WIDTH - x, _NAMES - 8), SMALL), size=SMALL)
    told = "; ".join(_said(grid, *cell, words) for cell in _cells(grid)) + "."
    return document(f"chart-{grid.name}", words.language, grid.caption, told, shapes, 4 + _HIGH * agencies)


def _cells(grid: Grid) -> Iterator[tuple[int, int, Figure]]:
    """Row, column and figure of each square; the other half says the same."""
    for place, row in enumerate(grid.rows):
        yield from ((place, column, cell) for column, cell in enumerate(row.cells[: place + 1]) if isinstance(cell, Figure))


def _square(grid: Grid, row: int, column: int, figure: Figure, wide: float, largest: int, words: Words) -> Iterator[str]:
    x, y, own = round(wide * column, 2), 2 + _HIGH * row, row == column
    shade = 0 if own or figure.hidden else _shade(figure.count, largest)
    fill, rim = PAPER if own or figure.hidden else _SHADES[shade], QUIET if own else "none"
    square = box(x + 1, y + 1, round(wide - 2, 2), _HIGH - 2, fill=fill, stroke=rim)
    yield mark(_said(grid, row, column, figure, words), [square, _inside(figure, round(x + wide / 2, 2), y + _HIGH / 2 + 4, shade)])


def _inside(figure: Figure, x: float, y: float, shade: int) -> str:
    if figure.hidden:
        return hidden(x, y, MARK, anchor="middle")
    return label(x, y, number(figure.count), size=SMALL, fill=PAPER if shade >= _LIGHT_FROM else INK, anchor="middle")


def _shade(count: int, largest: int) -> int:
    """Five shades; nobody has the lightest."""
    return min(4, count * 5 // (largest + 1))


def _said(grid: Grid, row: int, column: int, figure: Figure, words: Words) -> str:
    name = grid.heads[row] if row == column else f"{grid.heads[row]} + {grid.heads[column]}"
    return words.text("chart_value", label=name, value=spoken(words, figure))
