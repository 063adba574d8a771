"""How far the persons first suspected in each year have come: a row for each year, a panel for each furthest stage.

All panels have one scale, from zero, so that a length means the same everywhere; nothing is stacked, so that no hidden
number is the gap between two others. Darker is further.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from linkage.statistics.chart_shapes import (
    DARK,
    FAINT,
    QUIET,
    SMALL,
    WIDTH,
    Axis,
    box,
    document,
    hidden,
    label,
    line,
    mark,
    width_of,
    wrapped,
)
from linkage.statistics.figures import MARK, Figure
from linkage.statistics.grids import Grid, Row
from linkage.statistics.page_words import number, spoken, stage_in_chart
from linkage.statistics.words import Words

ROW, BAR, YEARS, GAP = 22, 13, 40, 10
_SHADES = ("#7896b0", "#557a9b", "#33608a", DARK)


def flow_chart(grid: Grid, words: Words) -> str:
    """The chart of a table of cohorts by furthest stage; the column of all is not drawn."""
    rows = [row for row in grid.rows if len(row.figures) == len(grid.codes) - 1]
    stages = grid.codes[:-2]
    wide = (WIDTH - YEARS - GAP * (len(stages) - 1)) / len(stages)
    heads = [wrapped(stage_in_chart(words, stage), wide, SMALL) for stage in stages]
    top = max(map(len, heads)) * 13 + 10
    count = _axis_of(rows, len(stages), wide)
    bottom = top + ROW * len(rows)
    shapes = list(_years(rows, top))
    for place in range(len(stages)):
        left = round(YEARS + place * (wide + GAP), 2)
        shapes += [label(left, 12 + 13 * n, text, size=SMALL) for n, text in enumerate(heads[place])]
        for number_of_row, row in enumerate(rows):
            shapes += _bar(row, place, left, top + ROW * number_of_row, count, grid, words)
        shapes.append(line(left, top, left, bottom, stroke=QUIET))
    return document(f"chart-{grid.name}", words.language, grid.caption, _told(rows, grid, words), shapes, bottom + 6)


def _axis_of(rows: Sequence[Row], stages: int, wide: float) -> Axis:
    largest = max([1, *(_figure(row, place).count for row in rows for place in range(stages))])
    return Axis(largest, largest, 0, wide - width_of(number(largest), SMALL) - 6)


def _years(rows: Sequence[Row], top: float) -> Iterator[str]:
    for place, row in enumerate(rows):
        y = top + ROW * place
        yield line(0, y, WIDTH, y, stroke=FAINT)
        yield label(0, y + 15, row.head, size=SMALL)


def _bar(row: Row, place: int, left: float, y: float, count: Axis, grid: Grid, words: Words) -> Iterator[str]:
    figure, said = _figure(row, place), _said(row, place, grid, words)
    if figure.hidden:
        yield mark(said, [hidden(left + 5, y + 15, MARK)])
        return
    end = count.place(figure.count)
    bar = box(left, y + (ROW - BAR) / 2, end, BAR, fill=_SHADES[_shade(place, len(grid.codes) - 2)])
    yield mark(said, [bar, label(round(left + end + 4, 2), y + 15, number(figure.count), size=SMALL)])


def _figure(row: Row, place: int) -> Figure:
    return row.figures[place]


def _shade(place: int, stages: int) -> int:
    """The last stage is dark, the first light, whatever their number."""
    return 3 if place == stages - 1 else min(place, 2)


def _said(row: Row, place: int, grid: Grid, words: Words) -> str:
    name = f"{row.head}, {grid.heads[place]}"
    return words.text("chart_value", label=name, value=spoken(words, _figure(row, place)))


def _told(rows: Sequence[Row], grid: Grid, words: Words) -> str:
    stages = range(len(grid.codes) - 2)
    return "; ".join(_said(row, place, grid, words) for row in rows for place in stages) + "."
