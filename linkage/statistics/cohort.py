"""The flow: of the persons first suspected in a year, how far each had come so many years later.

Ratios of one year's stages mislead, since those convicted in a year were mostly suspected in another. Linked records can
follow the persons themselves. A *cohort* is the persons of a role whose first dated suspicion (`SUS`) is of year t; at
lag k each stands under the furthest stage that they had reached by the end of year t + k, in the order of `LADDER`.

- Only events of year t and later count: a conviction of an earlier year belongs to an earlier case.
- Acquittal or termination stands before conviction: who was convicted on one charge and cleared of another counts as
  convicted; who was cleared alone counts as cleared, not as still prosecuted.
- Deportation is a measure and no stage of a case: it neither begins a cohort nor moves a person on.
- Whoever was prosecuted or convicted and is on no list as suspected, or without a date, is in no cohort.
- Cohorts are followed to the last year of the data, and for `LAGS` years at most.

Source: reference `statistics.md`, section 1, attrition and cohort.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from linkage.protocol import Protocol
from linkage.schema import TOTAL, UNKNOWN
from linkage.statistics.attributes import Ints, Records, coded, majority
from linkage.statistics.blocks import Block, with_totals
from linkage.statistics.cells import COHORT

LADDER = ("SUS", "PRO", "ACQ", "CON", "SEN")
LAGS = 10
LAG_WORDS = tuple(sorted([TOTAL, *map(str, range(LAGS + 1))]))


def last_year(frame: pd.DataFrame, protocol: Protocol) -> int:
    """The last year in which anything happened, up to which cohorts are followed; 0 if no year is known."""
    return int(_years(coded(frame, protocol)).max(initial=0))


def cohort(records: Records, horizon: int | None = None) -> Block:
    """Persons by year of first suspicion, years since, sex and furthest stage by then (`_T`: any of them).

    Args:
        records: all records of the persons.
        horizon: the last year up to which persons are followed; the last year of the records if not given.
    """
    year, rung = _years(records), _rungs(records)
    end = int(year.max(initial=0)) if horizon is None else horizon
    roles = len(records.words["role"])
    who, of = np.unique(records.person * roles + records.codes["role"], return_inverse=True)
    entry = np.full(len(who), np.iinfo(np.int64).max)
    began = (rung == 0) & (year > 0)
    np.minimum.at(entry, of[began], year[began])
    lag = year - entry[of]
    use = (rung >= 0) & (lag >= 0) & (lag <= LAGS)
    reached = np.full((len(who), LAGS + 1), -1, np.int64)
    np.maximum.at(reached, (of[use], lag[use]), rung[use])
    row, at = np.nonzero(np.arange(LAGS + 1) <= (end - entry)[:, None])
    furthest = np.maximum.accumulate(reached, axis=1)[row, at]
    return _block(records, who[row] // roles, who[row] % roles, entry[row], at, furthest)


def _block(records: Records, person: Ints, role: Ints, entry: Ints, lag: Ints, furthest: Ints) -> Block:
    words = records.words
    sex = majority(records.person, len(records.persons), records.codes["sex"], words["sex"].index(UNKNOWN), records.rank)
    stages = np.array([words["stage"].index(stage) if stage in words["stage"] else -1 for stage in LADDER], np.int64)
    lags = np.array([LAG_WORDS.index(str(k)) for k in range(LAGS + 1)], np.int64)
    years = np.array([int(word) if word.isdigit() else 0 for word in words["year"]], np.int64)
    columns = {
        "year": np.searchsorted(years[: np.count_nonzero(years)], entry),
        "lag": lags[lag],
        "role": role,
        "stage": stages[furthest],
        "sex": sex[person],
    }
    return with_totals(Block(COHORT, person, columns), ("stage", "sex"), words)


def _years(records: Records) -> Ints:
    """(n,) the year of each record, 0 if unknown."""
    return np.array([int(word) if word.isdigit() else 0 for word in records.words["year"]], np.int64)[records.codes["year"]]


def _rungs(records: Records) -> Ints:
    """(n,) the place of each record's stage on the ladder, -1 if it has none."""
    places = [LADDER.index(word) if word in LADDER else -1 for word in records.words["stage"]]
    return np.array(places, np.int64)[records.codes["stage"]]
