"""Persons by stage over the years: a line for each stage with its name at its end, and what linkage leaves open as whiskers.

A year that is hidden breaks the line. It is marked in a strip below the years, where each stage has its row, so that the
mark's place says nothing of its size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from linkage.schema import TOTAL, UNKNOWN
from linkage.statistics.chart_shapes import (
    FAINT,
    QUIET,
    SERIES,
    SMALL,
    WIDTH,
    Axis,
    axis,
    document,
    dot,
    hidden,
    label,
    labels,
    line,
    mark,
    path,
    width_of,
    wrapped,
)
from linkage.statistics.figures import MARK, Figure
from linkage.statistics.grids import Grid
from linkage.statistics.page_words import number, spoken, stage_in_chart
from linkage.statistics.words import Words

TOP, PLOT, ROW = 16, 190, 16
_GAP, _NARROW, _WIDE = 4, 70, 150


class Series(NamedTuple):
    """A stage over the years.

    Attributes:
        place: its number among the series, from which shape and colour follow.
        name: what it is called.
        years: codes.
        figures: one per year.
    """

    place: int
    name: str
    years: tuple[str, ...]
    figures: tuple[Figure, ...]


def trend_chart(grid: Grid, words: Words) -> str:
    """The chart of a table of years by stages; its rows over all years and of unknown year are not drawn."""
    series = _series(grid, words)
    count = _axis_of(series)
    left = max(width_of(number(tick), SMALL) for tick in count.ticks()) + 10
    right = WIDTH - _name_width(series)
    xs = _places(len(series[0].years), left + 12, right - 12)
    below = [one for one in series if any(figure.hidden for figure in one.figures)]
    shapes = [
        *_grid_lines(count, left, right),
        *_year_labels(series[0].years, xs),
        *(shape for one in series for shape in _drawn(one, xs, count, words)),
        *_names(series, xs[-1], count),
        *_strip(below, xs, words),
    ]
    height = TOP + PLOT + 24 + (ROW * len(below) + 4 if below else 0)
    return document(f"chart-{grid.name}", words.language, grid.caption, _told(series, words), shapes, height)


def _series(grid: Grid, words: Words) -> list[Series]:
    rows = [row for row in grid.rows if row.code not in {TOTAL, UNKNOWN} and len(row.figures) == len(grid.codes)]
    years = tuple(row.head for row in rows)
    return [
        Series(n, stage_in_chart(words, code), years, tuple(row.figures[n] for row in rows)) for n, code in enumerate(grid.codes)
    ]


def _axis_of(series: Sequence[Series]) -> Axis:
    shown = [figure for one in series for figure in one.figures if not figure.hidden]
    return axis((max(figure.count, figure.high) for figure in shown), TOP + PLOT, TOP)


def _name_width(series: Sequence[Series]) -> float:
    """Room for the longest word of a name."""
    longest = max(width_of(word, SMALL) for one in series for word in one.name.split())
    return min(max(longest, _NARROW), _WIDE) + 6


def _places(years: int, start: float, end: float) -> list[float]:
    """Where each year is: from edge to edge; one or two stand further in."""
    if years < 3:
        return [round(start + (end - start) * (n + 0.5) / years, 2) for n in range(years)]
    return [round(start + (end - start) * n / (years - 1), 2) for n in range(years)]


def _grid_lines(count: Axis, left: float, right: float) -> Iterator[str]:
    for tick in count.ticks():
        y = count.place(tick)
        yield line(left, y, right, y, stroke=QUIET if tick == 0 else FAINT)
        yield label(left - 6, y + 3.5, number(tick), size=SMALL, fill=QUIET, anchor="end")


def _year_labels(years: Sequence[str], xs: Sequence[float]) -> Iterator[str]:
    """As many as have room, the last one among them."""
    room = xs[1] - xs[0] if len(xs) > 1 else WIDTH
    every = max(1, -int(-max(width_of(year, SMALL) for year in years) // room))
    for place, (year, x) in enumerate(zip(years, xs, strict=True)):
        if (len(years) - 1 - place) % every == 0:
            yield label(x, TOP + PLOT + 16, year, size=SMALL, fill=QUIET, anchor="middle")


def _drawn(one: Series, xs: Sequence[float], count: Axis, words: Words) -> Iterator[str]:
    """Line first, then whiskers and dots over it."""
    color = SERIES[one.place % len(SERIES)]
    for run in _runs(one.figures):
        yield path([(xs[place], count.place(one.figures[place].count)) for place in run], stroke=color)
    for year, x, figure in zip(one.years, xs, one.figures, strict=True):
        if not figure.hidden:
            whisker = [line(x, count.place(figure.low), x, count.place(figure.high), stroke=color)] if figure.open else []
            told = words.text("chart_value", label=f"{one.name}, {year}", value=spoken(words, figure))
            yield mark(told, [*whisker, dot(x, count.place(figure.count), one.place, fill=color)])


def _runs(figures: Sequence[Figure]) -> Iterator[list[int]]:
    """Places of figures that follow each other without a hidden one between, two or more."""
    run: list[int] = []
    for place, figure in enumerate((*figures, Figure(-1))):
        if figure.hidden:
            yield from [run] if len(run) > 1 else []
            run = []
        else:
            run.append(place)


def _names(series: Sequence[Series], last: float, count: Axis) -> Iterator[str]:
    """Each stage's name beside its last dot, moved apart where they would touch; none where no year is shown."""
    named = [(one, count.place(_last(one).count)) for one in series if not _last(one).hidden]
    named.sort(key=lambda of: (of[1], of[0].place))
    lines = [_name_lines(one, WIDTH - last - 16) for one, _ in named]
    for (one, y), place, text in zip(named, _apart([y for _, y in named], [len(text) for text in lines]), lines, strict=True):
        if abs(place - y) > 3:
            yield line(last + 6, y, last + 14, place, stroke=FAINT)
        yield from labels(last + 16, place, text, size=SMALL, fill=SERIES[one.place % len(SERIES)])


def _last(one: Series) -> Figure:
    return next((figure for figure in reversed(one.figures) if not figure.hidden), Figure(-1))


def _name_lines(one: Series, room: float) -> list[str]:
    last = _last(one)
    return wrapped(one.name, room, SMALL) + ([number(last.count)] if last == one.figures[-1] else [])


def _apart(ys: Sequence[float], lines: Sequence[int]) -> list[float]:
    """The same places, from top to bottom, moved as little as texts of so many lines need to stand free of each other.

    Texts that would touch become one block around the mean of where they wanted to be; a block that meets another joins it.
    """
    heights = [SMALL * 1.2 * number + _GAP for number in lines]
    blocks: list[list[int]] = []
    for place in range(len(ys)):
        blocks.append([place])
        while len(blocks) > 1 and _edges(blocks[-2], ys, heights)[1] > _edges(blocks[-1], ys, heights)[0]:
            last = blocks.pop()
            blocks[-1] += last
    return [y for block in blocks for y in _stacked(block, ys, heights)]


def _edges(block: Sequence[int], ys: Sequence[float], heights: Sequence[float]) -> tuple[float, float]:
    """Top and bottom of a block, not below the plot."""
    high = sum(heights[place] for place in block)
    middle = sum(ys[place] for place in block) / len(block)
    top = min(middle - high / 2, TOP + PLOT + 8 - high)
    return top, top + high


def _stacked(block: Sequence[int], ys: Sequence[float], heights: Sequence[float]) -> Iterator[float]:
    y = _edges(block, ys, heights)[0]
    for place in block:
        yield round(y + heights[place] / 2, 2)
        y += heights[place]


def _strip(below: Sequence[Series], xs: Sequence[float], words: Words) -> Iterator[str]:
    for row, one in enumerate(below):
        y = TOP + PLOT + 34 + ROW * row
        yield label(xs[-1] + 16, y, wrapped(one.name, WIDTH - xs[-1], SMALL)[0], size=SMALL, fill=SERIES[one.place % len(SERIES)])
        for year, x, figure in zip(one.years, xs, one.figures, strict=True):
            if figure.hidden:
                told = words.text("chart_value", label=f"{one.name}, {year}", value=spoken(words, figure))
                yield mark(told, [hidden(x, y, MARK, anchor="middle")])


def _told(series: Sequence[Series], words: Words) -> str:
    return " ".join(
        words.text(
            "chart_value",
            label=one.name,
            value="; ".join(f"{year} {spoken(words, figure)}" for year, figure in zip(one.years, one.figures, strict=True)) + ".",
        )
        for one in series
    )
