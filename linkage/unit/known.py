"""Who the records were in earlier runs, and what has become of a person since: what a run leaves to the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage.files import Writes
from linkage.records import PSEUDONYM_LENGTH, Encodings
from linkage.unit.parquet import Names, as_chosen, as_names, read, refuse_other_columns, texts, written
from linkage.unit.workspace import CHANGES, persons_columns

PERSON_LENGTH = 26


class Change(NamedTuple):
    """What became of a person since the previous run.

    Attributes:
        kind: `merged` (into `person`) or `split` (off `person`).
        person: the ID that stays.
        other: the ID that ended, or that is new.
    """

    kind: str
    person: str
    other: str


class Known(NamedTuple):
    """Every record of earlier runs and the person that it was last, sorted by agency and record.

    Attributes:
        agencies: agency names, sorted.
        source: (n_known,) index into `agencies`.
        record: (n_known,) fixed bytes, record pseudonyms.
        person: (n_known,) fixed bytes, person IDs.
    """

    agencies: tuple[str, ...]
    source: NDArray[np.integer]
    record: Names
    person: Names


NOTHING_KNOWN = Known((), np.empty(0, np.int32), np.empty(0, f"S{PSEUDONYM_LENGTH}"), np.empty(0, f"S{PERSON_LENGTH}"))


def seen_before(encodings: Encodings, previous: Known) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Records that stood in an earlier run, rising, and where they stand among those known."""
    now, then = [np.empty(0, np.intp)], [np.empty(0, np.intp)]
    for place, agency in enumerate(encodings.agencies):
        if agency in previous.agencies:
            own, known = _range(encodings.source, place), _range(previous.source, previous.agencies.index(agency))
            both = np.intersect1d(encodings.record[own], previous.record[known], assume_unique=True, return_indices=True)
            now.append(both[1] + own.start)
            then.append(both[2] + known.start)
    return np.concatenate(now), np.concatenate(then)


def _range(source: NDArray[np.integer], place: int) -> slice:
    """Where the records of an agency stand."""
    first, last = np.searchsorted(source, [place, place + 1]).tolist()
    return slice(first, last)


def known_persons(data: bytes) -> Known:
    """What `known.parquet` says.

    Raises:
        TamperedError: it is no such table.
    """
    agency, record, person = persons_columns(data).columns
    by_agency = as_chosen(agency)
    return Known(tuple(by_agency.texts.tolist()), by_agency.rows, as_names(record), as_names(person))


def changes_parquet(changes: Sequence[Change]) -> Writes:
    """What writes, as Parquet, what became of persons since the previous run."""
    columns = np.array(sorted(changes), dtype=object).reshape(-1, len(Change._fields))

    def part(rows: slice) -> Any:
        return pa.table([texts(column) for column in columns[rows].T], Change._fields)

    return written(part, len(columns))


def changes_table(data: bytes) -> tuple[Change, ...]:
    """The changes in `changes.parquet`, sorted.

    Raises:
        TamperedError: it is no such table.
    """
    table = read(data, CHANGES)
    refuse_other_columns(table, dict.fromkeys(Change._fields, pa.string()), CHANGES)
    return tuple(Change(**row) for row in table.to_pylist())
