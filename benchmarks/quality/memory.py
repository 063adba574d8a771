"""Our own line: rows of several lists through `linkage.link` in a process of its own, with the ready protocol as it is.

    python -m benchmarks.quality.memory FOLDER PROTOCOL

FOLDER holds `records.parquet` and `truth.parquet`, and gets `persons.parquet`; the truth is read when the linkage is done
and its memory measured. Like a peer's script it prints what it took, its kernels loaded before, and what it says of itself.
"""

from __future__ import annotations

import json
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.baselines.peak import peak_memory_mb
from benchmarks.measure import run_child, seconds
from benchmarks.quality.certainty import blocking, judged, told
from benchmarks.quality.practice import Rows, invented
from benchmarks.quality.scores import Judge, Score, no_more, of_persons
from linkage import link
from linkage.agency.mapping import DateForm, Mapping
from linkage.memory import Linked
from linkage.protocol import Protocol, ready_protocol

OURS = "headcount"
WARM_UP = 300
# Practice data has dates that no calendar has; a mapping says what becomes of them.
MAPPING = Mapping(dates=DateForm(impossible="compare"))
_TABLES = ("records", "truth")


def through_memory(rows: Rows, protocol: Protocol | str, *, apart: bool = False, judge: Judge = no_more) -> Score:
    """Score, seconds, and what the linkage says of itself.

    Args:
        rows: what is linked.
        protocol: a protocol, or the name of a ready one.
        apart: in a process of its own, if the protocol is a name; only so can its memory be told.
        judge: what else the truth says of a person map.
    """
    persons, answer = _apart(rows, protocol) if apart and isinstance(protocol, str) else _here(rows, protocol)
    score = of_persons(persons, rows.truth)
    certainty = judged(answer.pop("certainty"), score["persons"]["true"])
    return {"method": OURS, **score, **answer, **judge(persons), "certainty": certainty}


def linked(rows: Rows, protocol: Protocol) -> Linked:
    """The rows linked under a protocol."""
    frames = rows.frames()
    return link(frames, protocol, mappings=dict.fromkeys(frames, MAPPING))


def persons_of(one: Linked) -> pd.DataFrame:
    """Its person map, as an evaluation takes it."""
    return one.persons.rename(columns={"person": "person_id"})


def _here(rows: Rows, protocol: Protocol | str) -> tuple[pd.DataFrame, dict[str, Any]]:
    agreed = ready_protocol(protocol) if isinstance(protocol, str) else protocol
    one, spent = _watched(rows, agreed)
    return persons_of(one), {**spent, "certainty": told(one), "blocking": blocking(one, rows.frames(), agreed, rows.truth)}


def _watched(rows: Rows, protocol: Protocol) -> tuple[Linked, dict[str, float]]:
    """Kernels are loaded before the watch starts, as a peer's imports are."""
    _warm_up()
    with seconds() as spent:
        one = linked(rows, protocol)
    return one, spent


@cache
def _warm_up() -> None:
    """Load every kernel, once in a process."""
    linked(invented(WARM_UP), ready_protocol("persons"))


def _apart(rows: Rows, name: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    with tempfile.TemporaryDirectory() as place:
        for table, frame in zip(_TABLES, rows, strict=True):
            frame.to_parquet(Path(place) / f"{table}.parquet")
        answer, _ = run_child([sys.executable, "-m", "benchmarks.quality.memory", place, name])
        read: dict[str, Any] = json.loads(answer)
        return pd.read_parquet(Path(place) / "persons.parquet"), read


def _child(folder: Path, name: str) -> dict[str, Any]:
    """What `_apart` starts."""
    protocol = ready_protocol(name)
    records, truth = (folder / f"{table}.parquet" for table in _TABLES)
    rows = Rows(pd.read_parquet(records), pd.DataFrame())
    one, spent = _watched(rows, protocol)
    memory = peak_memory_mb()
    persons_of(one).to_parquet(folder / "persons.parquet")
    kept = blocking(one, rows.frames(), protocol, pd.read_parquet(truth))
    return {**spent, "peak_memory_mb": memory, "certainty": told(one), "blocking": kept}


if __name__ == "__main__":
    print(json.dumps(_child(Path(sys.argv[1]), sys.argv[2])))
