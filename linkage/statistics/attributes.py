"""Records in integer codes, and the one value of each attribute under which a person stands in a table.

The records of one person disagree: two regions, two articles, an age group that was still unknown to the police. So that
each person stands in one cell of a table and the cells add up, one value is settled first. The records that have a say
are those of one *life*: the person in one year and role; in the row over all years (`_T`) those of all years.

Nothing depends on the order of rows, of agencies or of the protocol's code lists, nor on who else is in the frame: the
words are sorted, and a person's values follow from the person's own records.

Source: reference `statistics.md`, section 1, rules 4, 6 and 9.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from linkage.protocol import Protocol
from linkage.schema import ADULT, MINOR, SEX_CODES, TOTAL, UNKNOWN
from linkage.statistics.cells import DIMENSIONS
from linkage.statistics.geography import country_of
from linkage.statistics.statutes import seriousness

Ints = NDArray[np.int64]

_DATE = re.compile(r"[0-9]{4}(?:-[0-9]{2}){0,2}")
_ALLOWED: Mapping[str, tuple[str, ...]] = {"sex": SEX_CODES, "age_group": (MINOR, ADULT)}


@dataclass(frozen=True, eq=False)
class Records:
    """Records in integer codes.

    Attributes:
        persons: (p,) the person IDs, each once, sorted.
        person: (n,) place in `persons`.
        codes: column to (n,) places in its words: `year`, `role`, `stage`, `sex`, `age_group`, `agency` and the dimensions.
        words: column to its words, sorted, `_U` and `_T` among them.
        moment: (n,) when, as yyyymmdd; an imprecise date stands at the end of its month or year, a missing one last.
        rank: (n,) the agency's place in the protocol's order of trust; unlisted ones share the last place.
        seriousness: (n,) of the record's article when it was applied; 0 is the most serious.
    """

    persons: NDArray[Any] = field(repr=False)
    person: Ints = field(repr=False)
    codes: Mapping[str, Ints] = field(repr=False)
    words: Mapping[str, tuple[str, ...]]
    moment: Ints = field(repr=False)
    rank: Ints = field(repr=False)
    seriousness: Ints = field(repr=False)


class Lives(NamedTuple):
    """A person in one year and role; and for all years, in that role once more.

    Attributes:
        person, year, role: (m,) codes; `year` may be that of `_T`.
        of: (2n,) the life of each record in its own year, followed by the life of each record in all years.
    """

    person: Ints
    year: Ints
    role: Ints
    of: Ints


def dimensions(protocol: Protocol) -> tuple[str, ...]:
    """The protocol's dimensions that get a table of their own beside sex by age group."""
    return tuple(name for name in protocol.statistics.dimensions if name in DIMENSIONS)


def coded(frame: pd.DataFrame, protocol: Protocol) -> Records:
    """The records in codes.

    Args:
        frame: one row per record: `agency`, `person_id` and the protocol's content fields as codes, "" = unknown;
            `event_date` as yyyy-mm-dd, yyyy-mm or yyyy. Missing content columns are unknown throughout.
        protocol: names the dimensions, the order in which agencies are trusted, and the country whose statutes apply.
    """
    names = ["role", "stage", "sex", "age_group", "agency", *dimensions(protocol)]
    columns = {name: _code(_column(frame, name), _ALLOWED.get(name)) for name in names}
    person, persons = pd.factorize(frame["person_id"].to_numpy(object), sort=True)
    day, dates = pd.factorize(_column(frame, "event_date"))
    days = [*(_day(text) for text in dates), ""]
    columns["year"] = _code(np.array([text[:4] for text in days], object)[day])
    order = {agency: place for place, agency in enumerate(protocol.statistics.order)}
    ranks = np.array([order.get(agency, len(order)) for agency in columns["agency"][1]], np.int64)
    return Records(
        persons=persons,
        person=person.astype(np.int64),
        codes={name: codes for name, (codes, _) in columns.items()},
        words={name: words for name, (_, words) in columns.items()},
        moment=np.array([int(text.replace("-", "").ljust(8, "9")) for text in days], np.int64)[day],
        rank=ranks[columns["agency"][0]],
        seriousness=_seriousness(columns.get("article"), day, days, country_of(protocol)),
    )


def lives(records: Records) -> Lives:
    """Every person, year and role that there is, in the order of their codes."""
    total = records.words["year"].index(TOTAL)
    year = np.concatenate([records.codes["year"], np.full(len(records.person), total)])
    shape = (len(records.persons), len(records.words["year"]), len(records.words["role"]))
    keys = np.ravel_multi_index((np.tile(records.person, 2), year, np.tile(records.codes["role"], 2)), shape)
    found, of = np.unique(keys, return_inverse=True)
    person, years, role = np.unravel_index(found, shape)
    return Lives(person.astype(np.int64), years.astype(np.int64), role.astype(np.int64), of.astype(np.int64))


def settle(records: Records, lived: Lives) -> dict[str, Ints]:
    """One value per attribute for each life.

    Sex is settled over all records of the person, whatever their year and role: it belongs to the person. The age
    group is taken at the earliest event of that year and role of which it is known: a person who comes of age during
    the year counts as the child that was detected. Each dimension is settled over the records of that year and role;
    the stages share the value, so that the stages of one person never stand in different rows of a table. The article
    is the most serious one, everything else the most frequent.

    Returns:
        `sex`, `age_group` and the dimensions, each (m,) codes; the code of `_U` where no record knows.

    Source: the protocol's own rules under reference `statistics.md`, section 1, rules 4 (principal value), 6 (principal
    article) and 9 (age at detection).
    """
    own = majority(records.person, len(records.persons), *_votes(records, "sex", 1))
    settled = {"sex": own[lived.person]}
    for name in ("age_group", *(name for name in DIMENSIONS if name in records.codes)):
        value, unknown, rank = _votes(records, name, 2)
        lead = np.tile(records.seriousness, 2) if name == "article" else None
        if name == "age_group":
            value = np.where(_earliest(lived, value != unknown, np.tile(records.moment, 2)), value, unknown)
        settled[name] = majority(lived.of, len(lived.person), value, unknown, rank, lead)
    return settled


def majority(group: Ints, groups: int, value: Ints, unknown: int, rank: Ints, lead: Ints | None = None) -> Ints:
    """The most frequent known value of an attribute in each group.

    Of values that are equally frequent, the one known to the agency that stands first in the protocol's order wins;
    where that too is equal, the first in the alphabetical order of codes. (Not the order of the code list: the
    protocol's canonical form, and so its ID, does not carry one.)

    Args:
        group: (n,) group of each record, in 0 … groups - 1.
        groups: their number.
        value: (n,) codes, rising with their words.
        unknown: the code that has no vote.
        rank: (n,) the agency's place in the order of trust.
        lead: (n,) what goes before frequency, lowest first; a value has the lowest of its records. None: nothing does.

    Returns:
        (groups,) codes; `unknown` where no record of the group knows one.
    """
    known = value != unknown
    base = int(value.max(initial=0)) + 1
    pairs, pair, votes = np.unique(group[known] * base + value[known], return_inverse=True, return_counts=True)
    of, found = pairs // base, pairs % base
    first = _least(rank[known], pair, len(pairs))
    before = _least(lead[known], pair, len(pairs)) if lead is not None else np.zeros_like(pairs)
    order = np.lexsort((found, first, -votes, before, of))
    best = order[np.unique(of[order], return_index=True)[1]]
    settled = np.full(groups, unknown, np.int64)
    settled[of[best]] = found[best]
    return settled


def _votes(records: Records, name: str, times: int) -> tuple[Ints, int, Ints]:
    """The attribute's code and the agency's rank of each record, the records once or twice over, and the code of `_U`."""
    return np.tile(records.codes[name], times), records.words[name].index(UNKNOWN), np.tile(records.rank, times)


def _earliest(lived: Lives, known: NDArray[np.bool_], moment: Ints) -> NDArray[np.bool_]:
    """The records of the earliest day of each life among those that know."""
    last = np.iinfo(np.int64).max
    when = np.where(known, moment, last)
    result: NDArray[np.bool_] = known & (when == _least(when, lived.of, len(lived.person))[lived.of])
    return result


def _least(values: Ints, group: Ints, groups: int) -> Ints:
    least = np.full(groups, np.iinfo(np.int64).max, np.int64)
    np.minimum.at(least, group, values)
    return least


def _column(frame: pd.DataFrame, name: str) -> NDArray[Any]:
    return frame[name].to_numpy(object) if name in frame else np.full(len(frame), "", object)


def _code(texts: NDArray[Any], allowed: Sequence[str] | None = None) -> tuple[Ints, tuple[str, ...]]:
    """Codes and sorted words; what is empty, missing or not allowed is `_U`."""
    place, found = pd.factorize(texts)
    known = [UNKNOWN if text == "" or (allowed and text not in allowed) else str(text) for text in found]
    words = tuple(sorted({*known, UNKNOWN, TOTAL}))
    # factorize says -1 for a missing text, which is the last of these
    return np.array([words.index(word) for word in (*known, UNKNOWN)], np.int64)[place], words


def _day(text: Any) -> str:
    return text if isinstance(text, str) and _DATE.fullmatch(text) else ""


def _seriousness(article: tuple[Ints, tuple[str, ...]] | None, day: NDArray[Any], days: Sequence[str], country: str) -> Ints:
    """(n,) of each record's article on its day, each pair looked up once."""
    if article is None:
        return np.zeros(len(day), np.int64)
    codes, words = article
    pairs, pair = np.unique(codes * len(days) + day % len(days), return_inverse=True)
    found = [seriousness(words[one // len(days)], days[one % len(days)], country) for one in pairs.tolist()]
    return np.array(found, np.int64)[pair] if found else np.zeros(0, np.int64)
