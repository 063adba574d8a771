"""FEBRL 4: two lists of 5,000 records of the same persons, linked by given name, surname and birth date alone.

With addresses and numbers it is too easy to tell anything apart; name and birth date are what agencies hold.
"""

from __future__ import annotations

from benchmarks.quality.memory import through_memory
from benchmarks.quality.peers import beside
from benchmarks.quality.practice import FEBRL_INSTALL, Rows, febrl4, febrl_folder, invented
from benchmarks.runner import Result, Settings, skipped

_SMALL = 300


def run(settings: Settings) -> Result:
    """Ours through `linkage.link`, and the peers."""
    rows = _rows(settings)
    if rows is None:
        return skipped(FEBRL_INSTALL)
    methods = [through_memory(rows, "persons"), *beside(rows, settings.peers, dedupe=False)]
    return {"protocol": "persons", "records": len(rows.records), "methods": methods}


def _rows(settings: Settings) -> Rows | None:
    folder = febrl_folder()
    if folder is None:
        return invented(2 * _SMALL, ("a", "b")) if settings.small else None
    return febrl4(folder, _SMALL if settings.small else None)
