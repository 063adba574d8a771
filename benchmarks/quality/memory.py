"""Our own line: rows of several lists through `linkage.link`, with the ready protocol as it is."""

from __future__ import annotations

import pandas as pd

from benchmarks.measure import seconds
from benchmarks.quality.practice import Rows, invented
from benchmarks.quality.scores import Score, of_persons
from linkage import link
from linkage.agency.mapping import DateForm, Mapping
from linkage.protocol import Protocol

WARM_UP = 300
# Practice data has dates that no calendar has; a mapping says what becomes of them.
MAPPING = Mapping(dates=DateForm(impossible="compare"))


def through_memory(rows: Rows, protocol: Protocol | str) -> Score:
    """Score and seconds; kernels are loaded before the watch starts, as a peer's imports are."""
    _link(invented(WARM_UP), "persons")
    with seconds() as spent:
        persons = _link(rows, protocol)
    return {"method": "headcount", **of_persons(persons, rows.truth), **spent}


def _link(rows: Rows, protocol: Protocol | str) -> pd.DataFrame:
    frames = rows.frames()
    linked = link(frames, protocol, mappings=dict.fromkeys(frames, MAPPING))
    return linked.persons.rename(columns={"person": "person_id"})
