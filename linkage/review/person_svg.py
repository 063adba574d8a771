"""What holds a person together, as SVG: each member on a row below the one that it is joined to, the bits on the link.

The tree begins where most links meet and goes down strong links first. Bridges are drawn thick and marked in words; the
weakest of them is dashed: that is where the person would fall in two first.
"""

from __future__ import annotations

from linkage.review import svg
from linkage.review.person import Person, person_lines, sentences
from linkage.review.spanning import Joined, Link
from linkage.review.wording import count_of, signed, spoken

MARGIN, TOP, ROW, STEP = 24, 84, 34, 108


def person_svg(found: Person) -> str:
    """The tree with every member, and below it what would part them."""
    walked = found.walk
    width = max([860, svg.width_of(_title(found), 17), *(_row_width(joined) for joined in walked)]) + 2 * MARGIN
    shapes = [
        svg.label(MARGIN, 34, _title(found), size=17, bold=True),
        svg.label(MARGIN, 56, found.person_id, fill=svg.QUIET),
        *_tree(found, walked),
    ]
    below, y = svg.paragraphs(sentences(found), MARGIN, TOP + ROW * len(walked) + 20, width - 2 * MARGIN)
    return svg.document("person", _title(found), person_lines(found), [*shapes, *below], width, y + 8)


def _title(found: Person) -> str:
    links = f"{count_of(len(found.links), 'link')}, {len(found.tree)} of them the strongest that join all"
    return f"One person of {count_of(len(found.members), 'record')}: {links}"


def _row_width(joined: Joined) -> int:
    return STEP * joined.depth + 24 + svg.width_of(spoken(joined.member)) + svg.width_of(" bridge")


def _tree(found: Person, walked: tuple[Joined, ...]) -> list[str]:
    splits = [split.bridge.link for split in found.splits]
    rows = {joined.member: row for row, joined in enumerate(walked)}
    lines, dots = [], []
    for row, joined in enumerate(walked):
        x, y = _place(joined.depth, row)
        dots.append(svg.dot(x, y, 6))
        dots.append(svg.label(x + 14, y + 5, spoken(joined.member)))
        if joined.link:
            above = rows[joined.link.left if joined.link.right == joined.member else joined.link.right]
            lines += _link(joined.link, splits, (x, y), _place(joined.depth - 1, above))
    return [*lines, *dots]


def _place(depth: int, row: int) -> tuple[int, int]:
    return MARGIN + 8 + STEP * depth, TOP + ROW // 2 + ROW * row


def _link(link: Link, splits: list[Link], end: tuple[int, int], start: tuple[int, int]) -> list[str]:
    """Down from the member above, then across, the bits on the last part."""
    bridge = link in splits
    width, dashes = (2.5 if bridge else 1.2), ("6 4" if bridge and link == splits[0] else "")
    words = signed(link.weight) + (" bridge" if bridge else "")
    return [
        svg.line(start[0], start[1], start[0], end[1], stroke=svg.FAINT),
        svg.line(start[0], end[1], end[0], end[1], width=width, dashes=dashes),
        svg.label(start[0] + 6, end[1] - 4, words, size=svg.SMALL),
    ]
