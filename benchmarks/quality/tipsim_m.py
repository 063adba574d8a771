"""TIP-SIM M, 32,000 to 43,000 records in six lists: in memory, ours and the peers, each also judged by the data's own scorer."""

from __future__ import annotations

from pathlib import Path

from benchmarks.quality.memory import through_memory
from benchmarks.quality.peers import beside
from benchmarks.quality.practice import Rows, harmonised, invented, rows_of
from benchmarks.quality.scorer import asked, groups_and_cells
from benchmarks.quality.scores import Judge, no_more
from benchmarks.runner import Result, Settings, skipped

PROTOCOL = "tip"
SETS = "M_*"
_SMALL = 150
_LISTS = ("ngo", "police", "prosecutor")
_CONTENT = {"role": "victim", "stage": "identified", "event_date": "2018-05-01"}


def run(settings: Settings) -> Result:
    """Each set under its name; invented people where a tiny run finds none."""
    folders = found(settings)
    if settings.small:
        sets = {"small": _measure(small_rows(settings), no_more, settings)}
    elif not folders:
        return skipped(f"the practice data has no tipsim/{SETS}: see --data")
    else:
        sets = {folder.name: _measure(harmonised(folder), _judge(folder), settings) for folder in folders}
    return {"protocol": PROTOCOL, "sets": sets}


def found(settings: Settings) -> list[Path]:
    """Folders of the sets."""
    return sorted((settings.data / "tipsim").glob(SETS))


def small_rows(settings: Settings) -> Rows:
    """The first persons of the first set, or as many who are invented."""
    folders = found(settings)
    if not folders:
        made = invented(3 * _SMALL, _LISTS)
        return Rows(made.records.assign(**_CONTENT), made.truth)
    records, truth = harmonised(folders[0])
    return rows_of(records.merge(truth, on=["agency", "record_id"]), _SMALL)


def _measure(rows: Rows, judge: Judge, settings: Settings) -> Result:
    ours = through_memory(rows, PROTOCOL, apart=not settings.small, judge=judge)
    return {"records": len(rows.records), "methods": [ours, *beside(rows, settings.peers, dedupe=True, judge=judge)]}


def _judge(folder: Path) -> Judge:
    scorer, truth = folder.parent / "score.py", folder / "truth" / "truth.csv"
    return (lambda persons: groups_and_cells(asked(scorer, truth, persons))) if scorer.exists() else no_more
