"""The order in which a reader expects codes: as a case proceeds, as years pass, the unknown after the known."""

from __future__ import annotations

from collections.abc import Iterable

from linkage.schema import TOTAL, UNKNOWN
from linkage.statistics.cells import ANY, PRINCIPAL

# The order in which a case proceeds; a stage that is not here follows by its code. Source: reference `statistics.md`, section 1.
LADDER = ("DET", "ASS", "REP", "COM", "INV", "HEA", "SUS", "PRO", "CON", "DEP", "SEN", "ACQ")
_PLACES = {
    "stage": {stage: place for place, stage in enumerate((TOTAL, *LADDER))},
    "sex": {sex: place for place, sex in enumerate((TOTAL, "F", "M"))},
    "rule": {PRINCIPAL: 0, ANY: 1},
}


def in_order(codes: Iterable[str], column: str = "") -> tuple[str, ...]:
    """Each code of a column once, in the order of `rank`."""
    return tuple(sorted(set(codes), key=lambda code: rank(column, code)))


def rank(column: str, code: str) -> tuple[bool, bool, int, str]:
    """The place of a code among those of its column, to sort by.

    Stages stand as a case proceeds, any stage first, a protocol's own after those of the ladder; sexes with their total
    first; the principal rule before the other; lags as numbers; periods of several years after the years; everything else
    by its code. Elsewhere the total comes last, and the unknown code after the known ones.
    """
    if places := _PLACES.get(column):
        return False, code == UNKNOWN, places.get(code, len(places)), code
    if column == "lag":
        return code == TOTAL, False, int(code) if code.isdigit() else 0, code
    return code == TOTAL, code == UNKNOWN, int(column == "year" and not code.isdigit()), code
