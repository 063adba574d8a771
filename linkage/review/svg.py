"""The few shapes of which our drawings are made, as text: one file, nothing to load, readable by eye, printer and screen reader.

A drawing names no font and no address, has a title and a description that say in words all that it shows, and never tells
anything by colour alone. Sizes are in pixels; text is measured by a wide font, so that it fits in any.
"""

from __future__ import annotations

import html
import textwrap
from collections.abc import Iterable, Sequence

SIZE, SMALL = 13, 11
INK, QUIET, FAINT = "#1f2328", "#57606a", "#d0d7de"
UP, DOWN, TOTAL = "#1b5e9b", "#f7d9c4", "#57606a"
DOWN_EDGE = "#b04a0f"
LONGEST = 64
_WIDE = 0.64  # a letter's width by its size, in a wide sans-serif
_CONTROLS = dict.fromkeys((*range(32), *range(127, 160), 0xFFFE, 0xFFFF, *range(0xD800, 0xE000)), "?")


def width_of(text: str, size: int = SIZE) -> int:
    """Pixels that a text may need."""
    return round(len(shortened(text)) * size * _WIDE) + 1


def shortened(text: str, longest: int = LONGEST) -> str:
    """A text of at most so many characters, an ellipsis in its middle where it was longer."""
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]}…{text[half + 1 - longest :]}"


def wrapped(text: str, width: int, size: int = SIZE) -> list[str]:
    """A text in lines that fit so many pixels."""
    return textwrap.wrap(text, max(16, int(width / (size * _WIDE))), break_on_hyphens=False)


def label(x: float, y: float, text: str, *, size: int = SIZE, fill: str = INK, anchor: str = "start", bold: bool = False) -> str:
    """Text, its baseline at y."""
    weight = ' font-weight="bold"' if bold else ""
    where = f'x="{x:g}" y="{y:g}" font-size="{size}" fill="{fill}" text-anchor="{anchor}"{weight}'
    return f"<text {where}>{_safe(shortened(text, 2 * LONGEST))}</text>"


def line(x1: float, y1: float, x2: float, y2: float, *, stroke: str = QUIET, width: float = 1, dashes: str = "") -> str:
    """A straight line; dashes as in `4 3`."""
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{stroke}" stroke-width="{width:g}"{dashed}/>'


def box(x: float, y: float, width: float, height: float, *, fill: str, stroke: str = "none") -> str:
    """A rectangle."""
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{fill}" stroke="{stroke}"/>'


def dot(x: float, y: float, radius: float, *, fill: str = INK) -> str:
    """A filled circle."""
    return f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="{fill}"/>'


def paragraphs(told: Sequence[tuple[str, str]], x: float, y: float, width: int) -> tuple[list[str], float]:
    """Labelled sentences one below another, broken to the width; and where the next would stand."""
    shapes: list[str] = []
    indent = max((width_of(name) for name, _ in told), default=0) + 12
    for name, sentence in told:
        shapes.append(label(x, y, name, fill=QUIET))
        for row in wrapped(sentence.strip(), round(width - indent)):
            shapes.append(label(x + indent, y, row))
            y += 18
        y += 4
    return shapes, y


def document(name: str, title: str, described: Iterable[str], shapes: Iterable[str], width: float, height: float) -> str:
    """A whole drawing on white.

    Args:
        name: begins the IDs of title and description, so that several drawings can share a page.
        title: what it is.
        described: what it shows, in words, line by line.
        shapes: what was drawn.
        width: pixels.
        height: pixels.
    """
    size = f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}"'
    by = f'role="img" aria-labelledby="{name}-title {name}-desc"'
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} {by} font-family="sans-serif" xml:lang="en">',
            f'<title id="{name}-title">{_safe(title)}</title>',
            f'<desc id="{name}-desc">{_safes(described)}</desc>',
            box(0, 0, width, height, fill="#ffffff"),
            *shapes,
            "</svg>",
            "",
        ]
    )


def _safe(text: str) -> str:
    """Text that cannot be anything else, nor break the XML."""
    return html.escape(text.translate(_CONTROLS), quote=True)


def _safes(texts: Iterable[str]) -> str:
    return "\n".join(map(_safe, texts))
