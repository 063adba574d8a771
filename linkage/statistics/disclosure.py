"""The gate in front of every release: no count leaves that could point at a person.

Two tiers. *Restricted*: exact counts, marked confidential in every row, for those who may see them. *Public*: unsafe counts
are hidden (`sensitivity`), and with them whatever would give them away (`suppression`), until an attacker who solves for
them with everything that is published is left guessing (`disclosure_audit`). What cannot be protected is refused.

    cells ▸ unsafe ▸ margins ▸ suppress ⇄ audit ▸ intervals that tell ▸ cells with what is hidden

**The rule.** A count hidden as small is at least 1 and below its threshold t, as everyone knows. The attack must not leave
it fewer than t - 2 steps of room: it can be anything from 1 to t - 1. Only where its own total is hidden as small too, so
that no hiding could give it more, t // 2 steps suffice; what has less is withheld together with the zeros beside it.

Source: reference `statistics.md`, section 6.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from linkage.errors import DisclosureError, UsageError
from linkage.protocol import Protocol
from linkage.schema import TOTAL
from linkage.statistics.attack import Attack, Floats
from linkage.statistics.cells import DIMENSIONS, KEY, MEASURES, NOT_STATED, PRIMARY, SECONDARY, SHOWN
from linkage.statistics.margins import Margins, margins
from linkage.statistics.rounding import Rounding, rounded
from linkage.statistics.sensitivity import (
    RESTRICTED_TIER,
    TIERS,
    Line,
    Rules,
    broken_down_small,
    full_groups,
    limits,
    lines,
    moved_slightly,
    of_few,
    others_in_country,
    role_limits,
    rules_of,
    small,
    withheld,
)
from linkage.statistics.suppression import Pattern, Task, suppress
from linkage.statistics.universe import PARTS, Flags, Ints, Universe, universe

# Losing the total of a table weighs as much as losing so many of its cells.
HEADLINE = 100.0
ATTEMPTS = 4


@dataclass(frozen=True, eq=False)
class Case:
    """The cells of a release as a task of suppression.

    Attributes:
        cells: `KEY` and `count`, exact, with zeros that are withheld and with what earlier releases still tell.
        known: their distinct counts.
        limit: (n,) the smallest value at which each is shown.
        of_role: (n,) the same for its role, if it is not broken down.
        primary: (n,) too small.
        unsafe: (n,) hidden for its own sake: too small, withheld with its line, or moved too little.
        empty: (n,) zeros that would say that a group is all of one kind.
        loose: (n,) withheld with its line, where zeros are hidden too: nobody knows that it is above zero.
        told: (n,) known from an earlier release, so that hiding it protects nothing.
    """

    cells: pd.DataFrame = field(repr=False)
    known: Universe = field(repr=False)
    limit: Ints = field(repr=False)
    of_role: Ints = field(repr=False)
    primary: Flags = field(repr=False)
    unsafe: Flags = field(repr=False)
    empty: Flags = field(repr=False)
    loose: Flags = field(repr=False)
    told: Flags = field(repr=False)


def protect(
    cells: pd.DataFrame,
    protocol: Protocol,
    tier: str,
    *,
    earlier: Sequence[pd.DataFrame] = (),
    rounding: Rounding | None = None,
    rules: Rules | None = None,
) -> pd.DataFrame:
    """The cells as the tier may show them.

    Args:
        cells: exact, with `hidden` all `SHOWN`: `cells.Publication`; for the public tier best after `redesign`.
        protocol: thresholds.
        tier: `restricted` or `public`.
        earlier: cells of earlier public releases, oldest first (`register.read_register`).
        rounding: round the counts of the public tier instead of hiding any.
        rules: other rules than the protocol's: stricter ones, or with roles waived by a signed decision.

    Returns:
        The same rows, and further ones for zeros that are hidden; where `hidden` is not `SHOWN`, `count`, `low` and `high`
        are `NOT_STATED`. Intervals that would tell something of a hidden count are `NOT_STATED` too.

    Raises:
        UsageError: no such tier.
        DisclosureError: something cannot be protected; it names the kind of table and the role, never the cell or a count.

    Source: reference `statistics.md`, section 6.
    """
    if tier not in TIERS:
        raise UsageError("no such tier", hint=f"one of: {', '.join(TIERS)}")
    if tier == RESTRICTED_TIER or cells.empty:
        return cells.assign(hidden=SHOWN).astype({"hidden": object})
    if rounding is not None:
        return rounded(cells, rounding)
    case, pattern = _suppressed(cells, rules or rules_of(protocol), earlier)
    return _written(cells, case, pattern.hidden)


def _suppressed(cells: pd.DataFrame, rules: Rules, earlier: Sequence[pd.DataFrame]) -> tuple[Case, Pattern]:
    """Hide, and withhold the lines of what has too little room, until nothing has."""
    apart: frozenset[Line] = frozenset()
    for _ in range(ATTEMPTS):
        case = case_of(cells, rules, earlier, apart)
        pattern = suppress(_task(case))
        if not pattern.exposed:
            return case, pattern
        exposed = np.array(pattern.exposed, np.int64)
        further = apart | frozenset(lines(case.known, exposed, (*PARTS, "stage")))
        if further == apart:
            break
        apart = further
    raise DisclosureError(f"counts that no hiding protects: {_classes(case, exposed)}")


def case_of(cells: pd.DataFrame, rules: Rules, earlier: Sequence[pd.DataFrame] = (), apart: Collection[Line] = frozenset()) -> Case:
    """What is unsafe among the cells.

    Args:
        cells: exact.
        rules: what is too small.
        earlier: cells of earlier public releases.
        apart: lines that are withheld, besides those of full groups.
    """
    exact = cells[[*KEY, "count"]]
    first = universe(exact)
    of_first = limits(first, rules)
    groups = frozenset(full_groups(first, of_first))
    divided = frozenset(broken_down_small(first, small(first, of_first) & first.published))
    loose = withheld(exact, {*apart, *groups, *divided})
    moved = _moved(exact, earlier, rules)
    gone = _gone(exact, earlier)
    whole = pd.concat([exact, loose, gone]).drop_duplicates(KEY, ignore_index=True)
    known = universe(whole)
    limit = limits(known, rules)
    lax = _flags(known, whole, loose)
    primary = small(known, limit) & known.published & ~lax
    unsafe = primary | of_few(known, primary) | lax | _flags(known, whole, exact[moved])
    told = _flags(known, whole, gone) | _flags(known, whole, _unchanged(exact, earlier))
    empty = others_in_country(known, _flags(known, whole, withheld(exact, groups)) & (known.count == 0))
    return Case(whole, known, limit, role_limits(known, rules), primary, unsafe, empty, lax, told)


def _moved(exact: pd.DataFrame, earlier: Sequence[pd.DataFrame], rules: Rules) -> pd.Series[bool]:
    moved = pd.Series(False, index=exact.index)
    for release in earlier:
        moved |= moved_slightly(exact, release, rules)
    return moved


def _gone(exact: pd.DataFrame, earlier: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """What earlier releases showed and this one does not have, by their latest word."""
    shown = [release[release["hidden"] == SHOWN][[*KEY, "count"]] for release in earlier]
    latest = pd.concat([exact.iloc[:0], *shown]).drop_duplicates(KEY, keep="last")
    both = latest.merge(exact[KEY], on=KEY, how="left", indicator=True)
    return both[both["_merge"] == "left_only"].drop(columns="_merge")


def _unchanged(exact: pd.DataFrame, earlier: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Counts that an earlier release shows and that are still the same."""
    shown = [release[release["hidden"] == SHOWN][[*KEY, "count"]] for release in earlier]
    return exact.merge(pd.concat([exact.iloc[:0], *shown]).drop_duplicates(), on=[*KEY, "count"])


def _flags(known: Universe, whole: pd.DataFrame, rows: pd.DataFrame) -> Flags:
    """(n,) the counts of some of the rows that the universe was made of."""
    flags = np.zeros(len(known), bool)
    if len(rows):
        keys = pd.MultiIndex.from_frame(rows[KEY])
        flags[known.place[pd.MultiIndex.from_frame(whole[KEY]).isin(keys)]] = True
    return flags


def attack_of(case: Case) -> Attack:
    """What everybody knows: hidden small counts are small, other hidden ones are not, and sums are what they are."""
    low = np.where(case.known.published & ~case.loose, np.where(case.primary, 1, case.limit), 0)
    high = np.where(case.primary, case.limit - 1.0, np.inf)
    # a count whose limit was waived, or that moved, may be below the limit and is not known to be above
    return Attack(margins(case.known), case.known.count.astype(float), np.minimum(low, case.known.count).astype(float), high)


def _task(case: Case) -> Task:
    width, floor = widths(case)
    known = case.known
    return Task(
        attack=attack_of(case),
        unseen=(case.unsafe | ~known.published) & ~case.told,
        open=known.published & ~case.unsafe & ~case.told & (known.count > 0),
        weight=_weights(known),
        width=np.where(case.told, 0.0, width),
        floor=np.where(case.told, 0.0, floor),
    )


def widths(case: Case) -> tuple[Floats, Floats]:
    """(n,) the room that each unsafe count must have, and the least that is let pass; see the module's text."""
    sums = small(case.known, case.limit) & ~case.known.published
    needed = (case.unsafe & (case.known.count > 0)) | sums | case.empty
    width = np.where(needed, np.maximum(case.limit - 2, 0), 0).astype(float)
    floor = np.minimum(width, np.where(case.primary | sums, case.of_role // 2, 1))
    return width, floor


def _weights(known: Universe) -> Floats:
    """What is lost with a count: the square root of its value, between losing few cells and losing little; totals far more."""
    headline = np.ones(len(known), bool)
    for column in ("sex", "age_group", *DIMENSIONS, "agency"):
        headline &= known.has(column, TOTAL)
    weight: Floats = np.rint(10 * np.sqrt(known.count + 1.0)) * np.where(headline, HEADLINE, 1.0)
    return weight


def _classes(case: Case, exposed: Ints) -> str:
    rows = case.cells[np.isin(case.known.place, exposed)]
    # a sum that nobody prints belongs to the tables of its role
    codes = case.known.of("role")[exposed]
    roles = sorted({case.known.words["role"][code] for code in codes} - set(rows["role"]))
    named = [f"table {table}, role {role}" for table, role in sorted(set(zip(rows["table"], rows["role"], strict=True)))]
    return "; ".join([*named, *(f"sums of tables, role {role}" for role in roles)])


def _written(cells: pd.DataFrame, case: Case, hidden: Flags) -> pd.DataFrame:
    """The cells with what is hidden taken out, and rows for hidden zeros."""
    zeros = case.cells[case.cells["count"] == 0].assign(low=NOT_STATED, high=NOT_STATED)
    rows = pd.concat([cells[[*KEY, *MEASURES]], zeros[[*KEY, *MEASURES]]]).drop_duplicates(KEY, ignore_index=True)
    place = case.known.place[pd.MultiIndex.from_frame(case.cells[KEY]).get_indexer(pd.MultiIndex.from_frame(rows[KEY]))]
    reason = np.where(case.primary, PRIMARY, np.where(hidden | case.unsafe, SECONDARY, SHOWN))[place]
    rows = rows.assign(hidden=reason)
    rows.loc[_beside_hidden(attack_of(case).margins, hidden)[place], ["low", "high"]] = NOT_STATED
    rows.loc[rows["hidden"] != SHOWN, MEASURES] = NOT_STATED
    return rows.astype({"hidden": object}).sort_values(KEY, ignore_index=True)


def _beside_hidden(facts: Margins, hidden: Flags) -> Flags:
    """(n,) the parts of sums in which something is hidden.

    Their intervals would let the interval of a total be split into those of its parts. That of the total itself says
    nothing: every sum of counts that it bounds is known exactly already.
    """
    sums = facts.matrix[np.flatnonzero(facts.equal)]
    touched = np.flatnonzero(abs(sums) @ hidden)
    parts = sums[touched]
    beside = np.zeros(len(hidden), bool)
    beside[parts.indices[parts.data > 0]] = True
    return beside
