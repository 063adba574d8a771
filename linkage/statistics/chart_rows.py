"""One number to a row: bars of sex by age group, and dots of regions, both from zero and with their linkage intervals.

The two sexes are a dark blue and an orange, apart to any eye and in grey, and every bar has its name. A hidden number is
its mark at zero, in its row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from linkage.statistics.chart_shapes import (
    BRIGHT,
    DARK,
    FAINT,
    INK,
    QUIET,
    SMALL,
    WIDTH,
    Axis,
    axis,
    box,
    document,
    dot,
    hidden,
    label,
    labels,
    line,
    mark,
    width_of,
    wrapped,
)
from linkage.statistics.figures import MARK, Figure
from linkage.statistics.grids import Grid, Row
from linkage.statistics.page_grids import DRAWN
from linkage.statistics.page_words import number, spoken
from linkage.statistics.words import Words

_COLORS: Mapping[str, str] = MappingProxyType({"F": DARK, "M": BRIGHT})
BAR, BAR_ROW, DOT_ROW, NAMES = 18, 32, 36, 92


def groups_chart(grid: Grid, words: Words) -> str:
    """Bars of the four groups of known sex and age; the groups of one age stand together."""
    rows = [row for row in grid.rows if row.code in DRAWN and row.figures]
    count = _axis_of(rows, NAMES)
    ys = [10 + BAR_ROW * place + (10 if place > 1 else 0) for place in range(len(rows))]
    bottom = ys[-1] + BAR_ROW
    shapes = [
        *_scale(count, 4, bottom),
        *(shape for row, y in zip(rows, ys, strict=True) for shape in _bar(row, y, count, words)),
        line(count.start, 4, count.start, bottom, stroke=QUIET),
    ]
    return document(f"chart-{grid.name}", words.language, grid.caption, _told(rows, words), shapes, bottom + 20)


def dots_chart(grid: Grid, words: Words) -> str:
    """A dot for each row of the table, its name above its line."""
    rows = [row for row in grid.rows if row.figures]
    count = _axis_of(rows, 8)
    bottom = 6 + DOT_ROW * len(rows)
    shapes = [
        *_scale(count, 4, bottom),
        *(shape for place, row in enumerate(rows) for shape in _dot(row, 6 + DOT_ROW * place, count, words)),
    ]
    return document(f"chart-{grid.name}", words.language, grid.caption, _told(rows, words), shapes, bottom + 20)


def _figure(row: Row) -> Figure:
    return row.figures[0]


def _axis_of(rows: Sequence[Row], left: float) -> Axis:
    """An axis that leaves room for the largest number beside its bar."""
    counts = [max(figure.count, figure.high) for figure in map(_figure, rows) if not figure.hidden]
    return axis(counts, left, WIDTH - width_of(number(max(counts, default=0))) - 12)


def _scale(count: Axis, top: float, bottom: float) -> Iterator[str]:
    for tick in count.ticks():
        x = count.place(tick)
        yield line(x, top, x, bottom, stroke=FAINT)
        yield label(x, bottom + 14, number(tick), size=SMALL, fill=QUIET, anchor="middle")


def _bar(row: Row, y: float, count: Axis, words: Words) -> Iterator[str]:
    figure, middle = _figure(row), y + BAR / 2
    yield from labels(NAMES - 8, middle, wrapped(row.head, NAMES - 8), anchor="end")
    if figure.hidden:
        yield mark(_said(row, words), [hidden(count.start + 6, middle + 4, MARK)])
        return
    end = count.place(figure.count)
    bar = box(count.start, y, round(end - count.start, 2), BAR, fill=_COLORS[DRAWN[row.code][0]])
    yield mark(_said(row, words), [bar, *_whisker(figure, y + BAR + 5, count), _value(figure, end, middle)])


def _dot(row: Row, y: float, count: Axis, words: Words) -> Iterator[str]:
    figure, middle = _figure(row), y + 24
    yield label(count.start, y + 12, row.head, size=SMALL)
    yield line(count.start, middle, count.place(count.top), middle, stroke=FAINT)
    if figure.hidden:
        yield mark(_said(row, words), [hidden(count.start, middle + 4, MARK)])
        return
    end, whisker = count.place(max(figure.count, figure.high)), _whisker(figure, middle, count)
    yield mark(_said(row, words), [*whisker, dot(count.place(figure.count), middle, 0, fill=DARK), _value(figure, end, middle)])


def _whisker(figure: Figure, y: float, count: Axis) -> list[str]:
    """The linkage interval, a thin line with ends."""
    if not figure.open:
        return []
    low, high = count.place(figure.low), count.place(figure.high)
    ends = [line(x, y - 3, x, y + 3, stroke=INK, width=1.25) for x in (low, high)]
    return [line(low, y, high, y, stroke=INK, width=1.25), *ends]


def _value(figure: Figure, end: float, y: float) -> str:
    return label(round(end + 8, 2), y + 4, number(figure.count), bold=True)


def _said(row: Row, words: Words) -> str:
    return words.text("chart_value", label=row.head, value=spoken(words, _figure(row)))


def _told(rows: Sequence[Row], words: Words) -> str:
    return "; ".join(_said(row, words) for row in rows) + "."
