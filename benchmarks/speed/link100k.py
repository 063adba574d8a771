"""100,000 invented records, a fifth of them spoilt copies, linked in a process of its own: seconds, memory, stages.

The process says what it took itself; a parent's figures would include the parent.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import linkage.memory
import linkage.unit.link
from benchmarks.baselines.peak import peak_memory_mb
from benchmarks.invented import people
from benchmarks.measure import run_child, seconds
from benchmarks.runner import Result, Settings
from benchmarks.speed.rows import PROTOCOL, SEED
from benchmarks.speed.stages import watched
from linkage.evaluation import evaluate

RECORDS = 100_000
_SMALL = 500
_STAGES = ("propose", "compare_all", "count", "fit", "weigh", "cluster", "second_look", "refits", "cuts", "certainty")


def run(settings: Settings) -> Result:
    """Figures of the child, and its whole life as the system saw it."""
    n = _SMALL if settings.small else RECORDS
    answer, whole = run_child([sys.executable, "-m", "benchmarks.speed.link100k", str(n)])
    return {**json.loads(answer), "process": whole}


def measured(n: int) -> dict[str, Any]:
    """Link `n` rows: seconds of the linkage and its stages, peak memory, and how good the result is."""
    frame = people(n, SEED)
    told = [(linkage.memory, "encode_frame"), *((linkage.unit.link, name) for name in _STAGES)]
    with watched(told) as stages, seconds() as spent:
        linked = linkage.memory.link({"all": frame.drop(columns="person_id")}, PROTOCOL)
    persons = linked.persons.rename(columns={"person": "person_id"})
    quality = evaluate(persons, frame.assign(agency="all")[["agency", "record_id", "person_id"]])
    return {
        "records": n,
        **spent,
        "peak_memory_mb": peak_memory_mb(),
        "pairs_compared": linked.linkage.compared,
        "stages": {name: {clock: round(value, 3) for clock, value in one.items()} for name, one in stages.items()},
        "pair_f1": quality["pairs"]["all"]["f1"],
        "persons": quality["persons"],
    }


if __name__ == "__main__":
    print(json.dumps(measured(int(sys.argv[1]))))
