"""A pair's waterfall as SVG: one row per step with its level, its bits and the weight so far, and a bar from there to here.

Steps up are filled, steps down are hollow, and each has its sign in figures. The figures are those of the text.
"""

from __future__ import annotations

from linkage.review import svg
from linkage.review.explain import Explanation, lines, sentences
from linkage.review.waterfall import Scale, Step, scale
from linkage.review.wording import signed, spoken
from linkage.unit.weights import MICROBITS, probability

MARGIN, ROW, BAR, CHART = 24, 38, 18, 420
NUMBER, WIDEST_WORDS = 78, 860
HEAD = "comparison, level reached"
_TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def pair_svg(told: Explanation) -> str:
    """The waterfall, and below it what the text says; of a pair without a weight, the text alone."""
    names = max([svg.width_of(HEAD, svg.SMALL), *(_name_width(step) for step in told.steps)]) + 12
    width = 2 * MARGIN + max(names + 2 * NUMBER + 24 + CHART, svg.width_of(_who(told)), WIDEST_WORDS)
    shapes = [
        svg.label(MARGIN, 34, _title(told), size=17, bold=True),
        svg.label(MARGIN, 56, spoken(told.left), fill=svg.QUIET),
        svg.label(MARGIN, 74, spoken(told.right), fill=svg.QUIET),
    ]
    y = 108.0
    if told.compared:
        drawn, y = _chart(told, MARGIN + names, y)
        shapes += drawn
    told_below, y = svg.paragraphs(sentences(told), MARGIN, y + 12, width - 2 * MARGIN)
    return svg.document("waterfall", _title(told), lines(told), [*shapes, *told_below], width, y + 8)


def _who(told: Explanation) -> str:
    return max(spoken(told.left), spoken(told.right), key=len)


def _title(told: Explanation) -> str:
    verdict = "counted once" if told.same_person else "counted twice"
    if not told.compared:
        return f"Two records of which no weight is kept, {verdict}"
    return f"Match weight {signed(told.total)} bits, probability {probability(told.total):.6f}: {verdict}"


def _name_width(step: Step) -> int:
    return max(svg.width_of(step.term.comparison), svg.width_of(step.term.level, svg.SMALL))


def _chart(told: Explanation, right: float, top: float) -> tuple[list[str], float]:
    """The rows between `top` and what is returned; numbers right of `right`, then the bars."""
    left = right + 2 * NUMBER + 24
    within = _padded(scale(told.steps, told.threshold))
    bottom = top + 10 + ROW * (len(told.steps) + 1)
    shapes = [*_heads(right, top), *_axis(within, left, top, bottom), *_threshold(told, within, left, top, bottom)]
    for number, step in enumerate(told.steps):
        shapes += _row(step, within, right, left, top + 10 + ROW * number)
    return [*shapes, *_total(told, within, right, left, bottom - ROW)], bottom + 24


def _padded(within: Scale) -> Scale:
    room = max((within.high - within.low) // 40, 1)
    return Scale(within.low - room, within.high + room)


def _heads(right: float, top: float) -> list[str]:
    heads = [svg.label(MARGIN, top, HEAD, size=svg.SMALL, fill=svg.QUIET)]
    for place, text in ((1, "bits"), (2, "running")):
        heads.append(svg.label(right + place * NUMBER, top, text, size=svg.SMALL, fill=svg.QUIET, anchor="end"))
    return heads


def _axis(within: Scale, left: float, top: float, bottom: float) -> list[str]:
    bits = (within.high - within.low) / MICROBITS
    tick = next((one for one in _TICKS if bits / one <= 8), _TICKS[-1]) * MICROBITS
    shapes = []
    for at in range(-(-within.low // tick) * tick, within.high + 1, tick):
        x = left + within.place(at, CHART)
        shapes.append(svg.line(x, top + 8, x, bottom, stroke=svg.FAINT))
        shapes.append(
            svg.label(x, bottom + 14, f"{at // MICROBITS:+d}" if at else "0", size=svg.SMALL, fill=svg.QUIET, anchor="middle")
        )
    return shapes


def _threshold(told: Explanation, within: Scale, left: float, top: float, bottom: float) -> list[str]:
    x = left + within.place(told.threshold, CHART)
    text = f"threshold {signed(told.threshold)}"
    anchor = "end" if x > left + CHART / 2 else "start"
    return [
        svg.line(x, top + 6, x, bottom, stroke=svg.INK, width=1.5, dashes="5 3"),
        svg.label(x, top, text, size=svg.SMALL, anchor=anchor),
    ]


def _row(step: Step, within: Scale, right: float, left: float, y: float) -> list[str]:
    quiet = svg.QUIET if step.term.unobserved else svg.INK
    shapes = _figures(step.term.comparison, step.term.level, signed(step.term.bits), signed(step.end), right, y, quiet)
    start, end = (left + within.place(at, CHART) for at in (step.start, step.end))
    if step.term.bits:
        up = step.term.bits > 0
        fill, edge = (svg.UP, svg.UP) if up else (svg.DOWN, svg.DOWN_EDGE)
        shapes.append(svg.box(min(start, end), y + 9, max(abs(end - start), 1.5), BAR, fill=fill, stroke=edge))
    shapes.append(svg.line(end, y + (9 + BAR if step.term.bits else 9), end, y + ROW + 9))
    return shapes


def _total(told: Explanation, within: Scale, right: float, left: float, y: float) -> list[str]:
    zero, end = (left + within.place(at, CHART) for at in (0, told.total))
    return [
        svg.line(MARGIN, y + 2, left + CHART, y + 2, stroke=svg.FAINT),
        *_figures("total", "", signed(told.total), "", right, y, svg.INK, bold=True),
        svg.box(min(zero, end), y + 9, max(abs(end - zero), 1.5), BAR, fill=svg.TOTAL),
    ]


def _figures(name: str, level: str, bits: str, running: str, right: float, y: float, fill: str, *, bold: bool = False) -> list[str]:
    """A row's words and numbers."""
    middle = y + 23
    return [
        svg.label(MARGIN, middle - (6 if level else 0), svg.shortened(name), fill=fill, bold=bold or not level),
        *([svg.label(MARGIN, middle + 8, svg.shortened(level), size=svg.SMALL, fill=svg.QUIET)] if level else []),
        svg.label(right + NUMBER, middle, bits, fill=fill, anchor="end", bold=bold),
        *([svg.label(right + 2 * NUMBER, middle, running, fill=svg.QUIET, anchor="end")] if running else []),
    ]
