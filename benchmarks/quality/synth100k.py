"""One list of 100,000 synthetic persons, a fifth of them corrupted copies: duplicates inside one source, at some size."""

from __future__ import annotations

from benchmarks.quality.memory import through_memory
from benchmarks.quality.peers import beside
from benchmarks.quality.practice import Rows, invented, synthetic
from benchmarks.runner import Result, Settings, skipped

_SMALL = 500
_FILE = "synth/synth_100000.parquet"


def run(settings: Settings) -> Result:
    """Ours through `linkage.link`, and the peers that can find duplicates inside one list."""
    rows = _rows(settings)
    if rows is None:
        return skipped(f"the practice data has no {_FILE}: see --data")
    methods = [through_memory(rows, "persons"), *beside(rows, settings.peers, dedupe=True)]
    return {"protocol": "persons", "records": len(rows.records), "methods": methods}


def _rows(settings: Settings) -> Rows | None:
    path = settings.data / _FILE
    if not path.exists():
        return invented(_SMALL) if settings.small else None
    return synthetic(path, _SMALL if settings.small else None)
