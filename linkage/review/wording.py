"""Evidence in words and numbers: the same for the terminal, for SVG and for JSON, so that none can say other than the rest.

Bits stand with two decimals and their sign. Nothing here knows a value: there are pseudonyms, levels and weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from linkage.review.flips import Flip, Flips
from linkage.review.sides import CLIP, Between
from linkage.review.spanning import Bridge, Link
from linkage.unit.entries import RecordName
from linkage.unit.weights import MICROBITS

SHOWN_RECORDS = 8
_MILLION = 1_000_000


def bits(microbits: int) -> float:
    """Bits, rounded to two decimals; never −0."""
    return round(microbits / MICROBITS, 2) + 0.0


def signed(microbits: int) -> str:
    """Bits with sign and two decimals."""
    return f"{bits(microbits):+.2f}" if bits(microbits) else "0.00"


def _unsigned(microbits: int) -> str:
    return f"{abs(bits(microbits)):.2f}"


def share(per_million: int | None) -> str:
    """A probability; empty where there is none."""
    if per_million is None:
        return ""
    return f"{per_million / _MILLION:.6f}" if per_million else "<0.000001"


def spoken(record: RecordName) -> str:
    """`agency:record`."""
    return ":".join(record)


def count_of(number: int, what: str) -> str:
    """`1 record`, `2 records`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def names(records: Sequence[RecordName]) -> str:
    """Some records in one line, at most `SHOWN_RECORDS` by name."""
    more = f" and {len(records) - SHOWN_RECORDS} more" if len(records) > SHOWN_RECORDS else ""
    return " ".join(map(spoken, records[:SHOWN_RECORDS])) + more


def alone_sentence(found: Flips) -> str:
    """What the pair says by itself, how far it is from saying the other, and how far it could move at all."""
    verdict = "one person" if found.margin > 0 else "two persons"
    where = f"{_unsigned(found.margin)} bits {'above' if found.margin > 0 else 'below'} the threshold"
    room = f"{_unsigned(found.most)} bits could be added, {_unsigned(found.least)} taken away"
    return f"{verdict}, {where}; at other levels of what was observed, {room}"


def flip_sentences(found: Flips) -> list[str]:
    """What would flip the pair, were it alone: comparison by comparison, and the smallest set where one does not suffice."""
    verdict = "twice" if found.margin > 0 else "once"
    told = [f"would be counted {verdict} if {_were(flip)} ({signed(flip.bits)} bits)" for flip in found.alone]
    if not found.alone:
        told.append("no single comparison would")
        told.append(_set_sentence(found.smallest, verdict))
    elif found.never:
        told.append(f"no level would, alone: {', '.join(found.never)}")
    return told


def _set_sentence(smallest: Sequence[Flip], verdict: str) -> str:
    if not smallest:
        return "nor would all that was observed together"
    together = " and ".join(map(_were, smallest))
    return f"would be counted {verdict} if {together} (together {signed(sum(flip.bits for flip in smallest))} bits)"


def _were(flip: Flip) -> str:
    return f'{flip.comparison} were "{flip.instead}" rather than "{flip.observed}"'


def mean_sentence(sides: Between) -> str:
    """The mean weight between two groups, and over how much of what is between them."""
    groups = f"{count_of(len(sides.left), 'record')} and {count_of(len(sides.right), 'record')}"
    if not sides.known:
        return f"no weight between the two sides ({groups}) was kept"
    over = f"over {sides.known} of {count_of(sides.pairs, 'pair')}, each at most {CLIP // MICROBITS}"
    return f"mean weight between the two sides ({groups}): {signed(sides.mean)} bits from the threshold, {over}"


def link_sentence(link: Link) -> str:
    """Two records and their weight."""
    return f"{spoken(link.left)}  {spoken(link.right)}  {signed(link.weight)} bits"


def plain_flips(found: Flips) -> dict[str, Any]:
    """What would flip a pair, JSON-ready."""
    return {
        "margin_bits": bits(found.margin),
        "most_bits": bits(found.most),
        "least_bits": bits(found.least),
        "alone": [_plain_flip(flip) for flip in found.alone],
        "never": list(found.never),
        "smallest": [_plain_flip(flip) for flip in found.smallest],
    }


def _plain_flip(flip: Flip) -> dict[str, Any]:
    return {"comparison": flip.comparison, "observed": flip.observed, "instead": flip.instead, "bits": bits(flip.bits)}


def plain_sides(sides: Between) -> dict[str, Any]:
    """Two groups and the mean between them, JSON-ready."""
    return {
        "left": [spoken(record) for record in sides.left],
        "right": [spoken(record) for record in sides.right],
        "pairs": sides.pairs,
        "pairs_known": sides.known,
        "mean_bits": bits(sides.mean) if sides.known else None,
    }


def plain_link(link: Link) -> dict[str, Any]:
    """Two records and their weight, JSON-ready."""
    return {"left": spoken(link.left), "right": spoken(link.right), "bits": bits(link.weight)}


def plain_bridge(bridge: Bridge, sides: Between) -> dict[str, Any]:
    """A bridge and what else speaks between its sides, JSON-ready."""
    return {**plain_link(bridge.link), "sides": plain_sides(sides)}
