"""The few shapes of which charts are made, as SVG text: nothing to load, the same bytes each time, readable without colour.

A chart is as wide as a narrow telephone, so that it can be read there, and grows with the page. It names no font. Each mark
carries its number in words, and the chart a title and a description that say all it shows. Lengths are in user units;
letters are measured as wide ones, so that text fits in any font.
"""

from __future__ import annotations

import html
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WIDTH = 360
SIZE, SMALL = 12.5, 11.5
INK, QUIET, FAINT, PAPER = "#1a1f24", "#565f68", "#d9dee2", "#ffffff"
# Told apart by any eye and in grey: dark blue and orange, then by shape.
DARK, BRIGHT = "#12436d", "#e0701b"
SERIES = (DARK, "#b5500b", "#39766a", QUIET)
_WIDE = 0.6
_UNSAFE = dict.fromkeys((*range(32), *range(127, 160), 0xFFFE, 0xFFFF, *range(0xD800, 0xE000)), "?")


@dataclass(frozen=True)
class Axis:
    """Counts from zero to a round number, on so many user units.

    Attributes:
        top: the count at its end, above zero.
        step: between two ticks.
        start: where zero is.
        end: where `top` is.
    """

    top: int
    step: int
    start: float
    end: float

    def place(self, count: int) -> float:
        """Where a count is."""
        return round(self.start + (self.end - self.start) * count / self.top, 2)

    def ticks(self) -> range:
        """The counts that have a tick, zero among them."""
        return range(0, self.top + 1, self.step)


def axis(counts: Iterable[int], start: float, end: float, most: int = 5) -> Axis:
    """An axis from zero that holds the counts, with at most so many steps of 1, 2 or 5 times a power of ten."""
    largest = max(counts, default=0)
    steps = (times * 10**power for power in range(12) for times in (1, 2, 5))
    step = next(one for one in steps if one * most >= largest)
    return Axis(max(step, -(-largest // step) * step), step, start, end)


def width_of(text: str, size: float = SIZE) -> float:
    """User units that a text may need."""
    return len(text) * size * _WIDE


def wrapped(text: str, width: float, size: float = SIZE) -> list[str]:
    """A text in lines that fit so many units, broken between words."""
    return textwrap.wrap(text, max(6, int(width / (size * _WIDE))), break_long_words=False, break_on_hyphens=False) or [""]


def label(x: float, y: float, text: str, *, size: float = SIZE, fill: str = INK, anchor: str = "start", bold: bool = False) -> str:
    """Text, its baseline at y."""
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" fill="{fill}" text-anchor="{anchor}"{weight}>{safe(text)}</text>'


def labels(x: float, y: float, lines: Sequence[str], *, size: float = SIZE, fill: str = INK, anchor: str = "start") -> list[str]:
    """Lines of text around y, the middle of them."""
    first = y - (len(lines) - 1) * size * 0.6 + size * 0.35
    places = (round(first + number * size * 1.2, 2) for number in range(len(lines)))
    return [label(x, place, text, size=size, fill=fill, anchor=anchor) for place, text in zip(places, lines, strict=True)]


def line(x1: float, y1: float, x2: float, y2: float, *, stroke: str = QUIET, width: float = 1, dashes: str = "") -> str:
    """A straight line; dashes as in `4 3`."""
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{stroke}" stroke-width="{width:g}"{dashed}/>'


def path(points: Sequence[tuple[float, float]], *, stroke: str, width: float = 1.75) -> str:
    """Straight lines from point to point."""
    at = " ".join(f"{x:g},{y:g}" for x, y in points)
    return f'<polyline points="{at}" fill="none" stroke="{stroke}" stroke-width="{width:g}" stroke-linejoin="round"/>'


def box(x: float, y: float, width: float, height: float, *, fill: str, stroke: str = "none") -> str:
    """A rectangle."""
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{fill}" stroke="{stroke}"/>'


def dot(x: float, y: float, shape: int, *, fill: str) -> str:
    """A circle, square, triangle or diamond, with a rim of paper that keeps it apart from what it lies on."""
    rim = f'fill="{fill}" stroke="{PAPER}" stroke-width="1"'
    if shape % 4 == 0:
        return f'<circle cx="{x:g}" cy="{y:g}" r="4" {rim}/>'
    corners = {
        1: ((-3.6, -3.6), (3.6, -3.6), (3.6, 3.6), (-3.6, 3.6)),
        2: ((0, -4.6), (4.4, 3.4), (-4.4, 3.4)),
        3: ((0, -4.9), (4.9, 0), (0, 4.9), (-4.9, 0)),
    }[shape % 4]
    at = " ".join(f"{round(x + dx, 2):g},{round(y + dy, 2):g}" for dx, dy in corners)
    return f'<polygon points="{at}" {rim}/>'


def mark(told: str, shapes: Iterable[str]) -> str:
    """Shapes that show one number, and that number in words."""
    return f"<g><title>{safe(told)}</title>{''.join(shapes)}</g>"


def hidden(x: float, y: float, text: str, *, anchor: str = "start") -> str:
    """The mark of a hidden number: of one size, at one place, whatever the number."""
    return label(x, y, text, size=SMALL, fill=QUIET, anchor=anchor)


def document(name: str, language: str, title: str, told: str, shapes: Iterable[str], height: float) -> str:
    """A whole chart.

    Args:
        name: begins the IDs of title and description, so that several charts can share a page.
        language: of the words.
        title: what it is.
        told: what it shows, in words.
        shapes: what was drawn.
        height: user units; the width is `WIDTH`.
    """
    by = f'role="img" aria-labelledby="{name}-title {name}-desc" xml:lang="{language}" lang="{language}"'
    size = f'viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" height="{height:g}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} {by} font-family="sans-serif">',
            f'<title id="{name}-title">{safe(title)}</title>',
            f'<desc id="{name}-desc">{safe(told)}</desc>',
            *shapes,
            "</svg>",
        ]
    )


def safe(text: str) -> str:
    """Text that cannot be anything else, nor break the XML."""
    return html.escape(text.translate(_UNSAFE), quote=True)
