"""TIP-SIM: six lists over ten years, hard where life is hard, by all roles' commands and through files.

The harmonised lists are read as they are. Our own evaluation is checked against the practice data's scorer, which also
knows who is whose twin and what each published cell should say.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.quality.peers import beside
from benchmarks.quality.practice import harmonised, invented
from benchmarks.quality.roles import Job, whole_job
from benchmarks.quality.scorer import asked, groups_and_cells
from benchmarks.quality.scores import Score, shortened
from benchmarks.runner import Result, Settings, skipped

PERIOD = "2014-2023"
_SETS = "S_*"
_SMALL = 120
_STAGES = {"police": "identified", "prosecutor": "in_prosecution", "ngo": "assisted"}


def run(settings: Settings) -> Result:
    """Each set: ours through files, the scorer's view of the same person map, and the peers."""
    folders = sorted((settings.data / "tipsim").glob(_SETS))
    scorer = settings.data / "tipsim" / "score.py"
    if settings.small:
        with tempfile.TemporaryDirectory() as name:
            small = _cut(folders[0], Path(name)) if folders else _made_up(Path(name))
            return _result({"small": _measure(small, scorer if folders else None, settings)})
    if not folders:
        return skipped("the practice data has no tipsim/S_*: see --data")
    return _result({folder.name: _measure(folder, scorer, settings) for folder in folders})


def _result(sets: Mapping[str, Any]) -> Result:
    agree = all(one["scorer"].get("agrees", True) for one in sets.values())
    return {"protocol": "tip", "sets": dict(sets), "holds": agree}


def _measure(folder: Path, scorer: Path | None, settings: Settings) -> Result:
    rows = harmonised(folder)
    lists = _lists(folder)
    with tempfile.TemporaryDirectory() as name:
        truth = folder / "truth" / "truth.csv"
        job = whole_job(Path(name), lists, truth, protocol="tip", period=PERIOD)
        seen = _scored(scorer, truth, job) if scorer else skipped("the practice data's scorer is absent")
    methods = [_ours(job), *beside(rows, settings.peers, dedupe=True)]
    return {"records": len(rows.records), "methods": methods, "scorer": seen, "spent": job.spent}


def _lists(folder: Path) -> dict[str, Path]:
    return {path.stem: path for path in sorted((folder / "harmonised").glob("*.csv"))}


def _ours(job: Job) -> Score:
    total = {name: round(sum(one[name] for one in job.spent.values()), 3) for name in ("wall_s", "cpu_s")}
    return {"method": "headcount", **shortened(job.quality), **total}


def _scored(scorer: Path, truth: Path, job: Job) -> Result:
    """What the practice data's own scorer says of the person map, and whether it agrees with ours."""
    score = asked(scorer, truth, job.persons)
    theirs, ours = score["counts"]["unique_persons"], job.quality
    agrees = _facts(score["pairs"]["all"], score["bcubed"], theirs) == _facts(ours["pairs"]["all"], ours["bcubed"], ours["persons"])
    return {
        "agrees": agrees,
        **groups_and_cells(score),
        "recall_slices": {name: one for name, one in score["recall_slices"].items() if not name.startswith("label:")},
    }


def _facts(pairs: Mapping[str, Any], bcubed: Mapping[str, Any], persons: Mapping[str, Any]) -> list[Any]:
    shares = [pairs[name] for name in ("precision", "recall", "f1", "correct_pairs")]
    return [*shares, bcubed, persons["true"], persons["estimated"]]


def _cut(folder: Path, place: Path) -> Path:
    """The first persons of a set, as a set."""
    truth = pd.read_csv(folder / "truth" / "truth.csv", dtype=str, keep_default_na=False)
    kept = truth[truth["person_id"].isin(sorted(truth["person_id"].unique())[:_SMALL])]
    lists = {name: pd.read_csv(path, dtype=str, keep_default_na=False) for name, path in _lists(folder).items()}
    return _write(place, {name: one[one["record_id"].isin(kept["record_id"])] for name, one in lists.items()}, kept)


def _made_up(place: Path) -> Path:
    """A set of invented people, for where the practice data is absent."""
    rows = invented(3 * _SMALL, tuple(_STAGES))
    content = {"role": "victim", "event_date": "2018-05-01", "citizenship": "TJK"}
    lists = {name: frame.assign(**content, stage=_STAGES[name]) for name, frame in rows.frames().items()}
    return _write(place, lists, rows.truth)


def _write(place: Path, lists: Mapping[str, pd.DataFrame], truth: pd.DataFrame) -> Path:
    for name, frame in lists.items():
        path = place / "harmonised" / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        if len(frame):
            frame.to_csv(path, index=False)
    (place / "truth").mkdir()
    truth.to_csv(place / "truth" / "truth.csv", index=False)
    return place
