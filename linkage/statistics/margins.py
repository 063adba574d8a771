"""What everyone who reads the tables knows about how their numbers hang together.

Cells add up to totals; those of any stage are at least those of one stage and at most all stages together; the persons of
all years are at least those of one year and at most the years together; nobody has fewer than one record. Each such fact
is a row of a matrix: the counts times the row are zero, or at most zero. An attacker solves this system for the hidden
counts, so that it is also what suppression must hold out against.

Some facts follow from the counting rules only almost always: a region's persons of all years are at least those of one
year, unless somebody's region is settled otherwise over all years. Such a fact is taken in where it is true of the data:
an attacker who assumes it would be right then, and is only misled otherwise.

Source: reference `statistics.md`, section 1 (what adds up and what does not) and section 6.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, permutations
from typing import NamedTuple

import numpy as np
from scipy import sparse

from linkage.schema import TOTAL, UNKNOWN
from linkage.statistics.cells import ANY, PRINCIPAL, RECORD
from linkage.statistics.cohort import LADDER
from linkage.statistics.geography import find_district
from linkage.statistics.universe import PARTS, Flags, Ints, Universe, sums_up

_NEXT_LAG = {str(lag): str(lag + 1) for lag in range(100)}


class Facts(NamedTuple):
    """Rows of a matrix in coordinate form. What stands in a row adds up to at most zero; to exactly zero where the data do.

    Attributes:
        row: (k,) number of the row, from 0.
        cell: (k,) place of the count.
        sign: (k,) what the count is multiplied by.
        exact: whether a row that is zero in the data is known to be zero; otherwise only that it is at most zero.
    """

    row: Ints
    cell: Ints
    sign: Ints
    exact: bool


@dataclass(frozen=True, eq=False)
class Margins:
    """The system of all facts about counts x: `matrix @ x` is zero in the equal rows and at most zero in the others.

    Attributes:
        matrix: (facts, cells), whole numbers.
        equal: (facts,) whether the row is exactly zero.
    """

    matrix: sparse.csr_array = field(repr=False)
    equal: Flags = field(repr=False)


def margins(known: Universe) -> Margins:
    """The facts about the counts that hold; see the module's text."""
    stacked = [*_parts(known), *_stages(known), *_periods(known), *_any_value(known), *_records_of_persons(known)]
    stacked += [*_districts(known), *_cohorts(known), *_progress(known), *_overlaps(known)]
    rows = [int(facts.row.max(initial=-1)) + 1 for facts in stacked]
    shifts = np.cumsum([0, *rows])
    row = np.concatenate([facts.row + shift for facts, shift in zip(stacked, shifts, strict=False)])
    cell, sign = np.concatenate([facts.cell for facts in stacked]), np.concatenate([facts.sign for facts in stacked])
    matrix = sparse.csr_array((sign.astype(float), (row, cell)), shape=(int(shifts[-1]), len(known)))
    value = np.rint(matrix @ known.count)
    exact = np.repeat([facts.exact for facts in stacked], rows)
    return Margins(matrix[value <= 0], np.asarray(exact & (value == 0), bool)[value <= 0])


def _sum(part: Ints, whole: Ints, *, exact: bool = True) -> Facts:
    """The parts of each whole add up to it, or to no more. Parts whose whole is not there (-1) say nothing."""
    part, whole = part[whole >= 0], whole[whole >= 0]
    wholes, row = np.unique(whole, return_inverse=True)
    rows = np.concatenate([row, np.arange(len(wholes))])
    return Facts(rows, np.concatenate([part, wholes]), np.repeat([1, -1], [len(part), len(wholes)]), exact)


def _at_most(part: Ints, whole: Ints) -> Facts:
    """Each part is at most its whole."""
    part, whole = part[whole >= 0], whole[whole >= 0]
    row = np.arange(len(part))
    return Facts(np.tile(row, 2), np.concatenate([part, whole]), np.repeat([1, -1], len(part)), exact=False)


def _within(part: Ints, whole: Ints) -> Iterator[Facts]:
    """Each part is at most its whole, and the parts together at least: a person may stand in several of them."""
    yield _at_most(part, whole)
    sums = _sum(part, whole)
    yield Facts(sums.row, sums.cell, -sums.sign, exact=False)


def _parts(known: Universe) -> Iterator[Facts]:
    """Over sex, age group and each dimension by the principal value, cells add up."""
    for column in PARTS:
        part = np.flatnonzero(~known.has(column, TOTAL) & sums_up(known, column))
        yield _sum(part, known.moved(part, **{column: TOTAL}))


def _stages(known: Universe) -> Iterator[Facts]:
    """Records and the furthest stages of a cohort add up; in a year a person may reach several stages."""
    of_stage = ~known.has("stage", TOTAL)
    adding = known.has("unit", RECORD) | ~known.has("lag", TOTAL)
    for part, adds in ((np.flatnonzero(of_stage & adding), True), (np.flatnonzero(of_stage & ~adding), False)):
        whole = known.moved(part, stage=TOTAL)
        yield from (_sum(part, whole),) if adds else _within(part, whole)


def _periods(known: Universe) -> Iterator[Facts]:
    """Records of years add up to those of a longer period; a person may be seen in several years."""
    records = known.has("unit", RECORD)
    for period, years in coverings(known.words["year"]):
        within = np.isin(known.of("year"), [known.code("year", year) for year in years]) & known.has("lag", TOTAL)
        for part, adds in ((np.flatnonzero(within & records), True), (np.flatnonzero(within & ~records), False)):
            whole = known.moved(part, year=period)
            yield from (_sum(part, whole),) if adds else _within(part, whole)


def coverings(words: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each longer period, with periods that make it up: single years, and pools with the years outside of them."""
    spans = {word: span(word) for word in words if span(word)}
    years = {word for word, of in spans.items() if len(of) == 1}
    pools = set(spans) - years
    for pool in sorted(pools):
        yield pool, tuple(sorted(year for year in years if spans[year] <= spans[pool]))
    unknown = {UNKNOWN} & set(words)
    yield TOTAL, tuple(sorted(years | unknown))
    if pools:
        pooled = frozenset().union(*(spans[pool] for pool in pools))
        yield TOTAL, tuple(sorted(pools | unknown | {year for year in years if not spans[year] <= pooled}))


def span(word: str) -> frozenset[int]:
    """The years of a period: `2018`, `2016-2018`; none of `_T` and `_U`."""
    first, _, last = word.partition("-")
    if not first.isdigit() or not (last or first).isdigit():
        return frozenset()
    return frozenset(range(int(first), int(last or first) + 1))


def _any_value(known: Universe) -> Iterator[Facts]:
    """Under any value stand at least those of whom it is the principal one, and the values together hold everybody."""
    several = np.flatnonzero(known.has("rule", ANY))
    principal = known.moved(several, rule=PRINCIPAL)
    yield _at_most(principal[principal >= 0], several[principal >= 0])
    for column in PARTS:
        part = several[~known.has(column, TOTAL)[several] & ~sums_up(known, column)[several]]
        yield from _within(part, known.moved(part, **{column: TOTAL, "rule": PRINCIPAL}))


def _records_of_persons(known: Universe) -> Iterator[Facts]:
    """Nobody is counted without a record."""
    records = np.flatnonzero(known.has("unit", RECORD))
    persons = known.moved(records, unit="PERSON")
    yield _at_most(persons[persons >= 0], records[persons >= 0])


def _districts(known: Universe) -> Iterator[Facts]:
    """The districts of a region hold no more persons than the region."""
    for district in known.words["district"]:
        place = find_district(district)
        if place is not None:
            part = np.flatnonzero(known.has("district", district))
            yield _sum(part, known.moved(part, district=TOTAL, region=place.region))


def _cohorts(known: Universe) -> Iterator[Facts]:
    """A cohort keeps its size; its persons were suspected in its year, and each of all suspected is in one cohort."""
    whole = np.flatnonzero(~known.has("lag", TOTAL) & known.has("stage", TOTAL))
    for lag, later in _NEXT_LAG.items():
        if lag in known.words["lag"]:
            of_lag = whole[known.has("lag", lag)[whole]]
            yield _sum(of_lag, known.moved(of_lag, lag=later))
    first = whole[known.has("lag", "0")[whole]]
    yield _at_most(first, known.moved(first, lag=TOTAL, stage=LADDER[0]))
    yield _sum(first, known.moved(first, lag=TOTAL, stage=LADDER[0], year=TOTAL))


def _progress(known: Universe) -> Iterator[Facts]:
    """As many persons of a cohort have come so far by a later year, or more."""
    for rung in range(1, len(LADDER)):
        beyond = np.isin(known.of("stage"), [known.code("stage", stage) for stage in LADDER[rung:]])
        reached = np.flatnonzero(beyond & ~known.has("lag", TOTAL))
        for lag, later in _NEXT_LAG.items():
            now, then = (reached[known.has("lag", of)[reached]] for of in (lag, later))
            if len(now) and len(then):
                yield _no_fewer(now, known.moved(now, stage=TOTAL, lag=later), then, known.moved(then, stage=TOTAL))


def _no_fewer(now: Ints, now_of: Ints, then: Ints, then_of: Ints) -> Facts:
    """The counts of now are together at most those of then, within each group."""
    now, now_of = now[now_of >= 0], now_of[now_of >= 0]
    row = np.unique(np.concatenate([now_of, then_of]), return_inverse=True)[1]
    return Facts(row, np.concatenate([now, then]), np.repeat([1, -1], [len(now), len(then)]), exact=False)


def _overlaps(known: Universe) -> Iterator[Facts]:
    """Who is on two lists is on each; with the overlaps of three lists, what inclusion and exclusion leave possible."""
    cells = np.flatnonzero(~known.has("agency", TOTAL))
    everybody = known.moved(cells, agency=TOTAL, other=TOTAL)
    agency, other = (np.array(known.words[column])[known.of(column)[cells]] for column in ("agency", "other"))
    for whole in np.unique(everybody[everybody >= 0]):
        at = everybody == whole
        pairs = {tuple(sorted(pair)): cell for *pair, cell in zip(agency[at], other[at], cells[at], strict=True)}
        yield _rows(list(_of_lists(int(whole), pairs)))


def _of_lists(whole: int, pairs: dict[tuple[str, ...], int]) -> Iterator[dict[int | None, int]]:
    lists = sorted({name for pair in pairs for name in pair})
    own = {name: pairs.get((name, name)) for name in lists}
    yield {whole: 1, **dict.fromkeys(own.values(), -1)}
    for name in lists:
        yield {own[name]: 1, whole: -1}
    for one, two in combinations(lists, 2):
        both = pairs.get((one, two))
        yield from ({both: 1, own[name]: -1} for name in (one, two))
        yield {own[one]: 1, own[two]: 1, both: -1, whole: -1}
    for one, two, three in permutations(lists, 3):
        if two < three:
            here, there = (pairs.get(tuple(sorted((one, name)))) for name in (two, three))
            yield {here: 1, there: 1, pairs.get((two, three)): -1, own[one]: -1}


def _rows(facts: Sequence[dict[int | None, int]]) -> Facts:
    """Rows written out as cell to sign; a cell that is not there (None) is zero."""
    told = [(row, cell, sign) for row, fact in enumerate(facts) for cell, sign in fact.items() if cell is not None]
    row, cell, sign = np.array(told, np.int64).reshape(-1, 3).T
    return Facts(row, cell, sign, exact=False)
