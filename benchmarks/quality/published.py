"""The cells that are published, beside the truth: how many are exact, and how many the linkage interval covers.

Two truths. *Linkage*: the same records with the same content, counted by the same rules under their true persons; what
differs is linkage alone, and the interval says it holds that. *As published*: the cells that the practice data's maker
would publish, who knows every age, region and form; what the true persons come to with the lists' content stands beside
them, because no linkage can do better.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.measure import seconds
from benchmarks.quality.counted import Counted, linked
from benchmarks.quality.counted import published as published_cells
from benchmarks.quality.practice import Rows, harmonised
from benchmarks.quality.tipsim_m import small_rows
from benchmarks.runner import Result, Settings, skipped
from linkage.protocol import ready_protocol
from linkage.statistics.cells import KEY, PERSON, SEX_BY_AGE
from linkage.statistics.counts import count
from linkage.statistics.intervals import with_intervals

PROTOCOL = "tip"
BAR = 0.93
LARGE = 20
_VALUES = ["count", "low", "high", "truth"]


def run(settings: Settings) -> Result:
    """Each set under its name; whether intervals cover as many cells as they must."""
    folders = sorted(folder for folder in (settings.data / "tipsim").glob("[SM]_*") if (folder / "truth").is_dir())
    if settings.small:
        return {"protocol": PROTOCOL, "sets": {"small": _measure(small_rows(settings), None)}}
    if not folders:
        return skipped("the practice data has no tipsim: see --data")
    sets = {folder.name: _measure(harmonised(folder), folder / "truth") for folder in folders}
    return {"protocol": PROTOCOL, "sets": sets, "holds": all(one["cells"]["covered"] >= BAR for one in sets.values())}


def _measure(rows: Rows, truth: Path | None) -> Result:
    protocol = ready_protocol(PROTOCOL)
    one = linked(rows, protocol)
    cells = count(one.frame, protocol)
    with seconds() as spent:
        found = with_intervals(cells, one.frame, one.draws, protocol)
    perfect = count(one.frame.assign(person_id=one.frame["true"]), protocol)
    beside = _beside(found, perfect[[*KEY, "count"]].rename(columns={"count": "truth"}))
    return {
        "records": len(one.frame),
        "persons": _persons(one),
        "interval": dict(spent),
        "cells": judged(beside),
        "large": judged(beside[beside["count"] >= LARGE]),
        "sex_role_year": judged(beside[_headline(beside)]),
        "tables": {str(name): judged(part) for name, part in beside.groupby("table")},
        **({} if truth is None else _as_published(found, perfect, published_cells(truth))),
    }


def _persons(one: Counted) -> dict[str, Any]:
    true, sure = int(one.frame["true"].nunique()), one.certainty
    told = {name: int(getattr(sure, name)) for name in ("persons", "estimated", "low", "high")}
    return {"true": true, **told, "covers": sure.low <= true <= sure.high}


def _as_published(found: pd.DataFrame, perfect: pd.DataFrame, truth: pd.DataFrame) -> Result:
    """Beside the maker's cells; what is unknown to the lists has no cell there, and is left out here."""
    asked = pd.MultiIndex.from_frame(truth[["table", "year", "sex", "age_group"]]).unique()
    ours, best = (_asked(cells, asked) for cells in (found, perfect.assign(low=perfect["count"], high=perfect["count"])))
    both = {"published": _beside(ours, truth), "published_true_persons": _beside(best, truth)}
    headline = {f"{name}_headline": judged(beside[_headline(beside)]) for name, beside in both.items()}
    return {**{name: judged(beside) for name, beside in both.items()}, **headline}


def _asked(cells: pd.DataFrame, asked: pd.MultiIndex) -> pd.DataFrame:
    unknown = (cells[["region", "form_of_exploitation"]] == "_U").any(axis=1)
    there = pd.MultiIndex.from_frame(cells[asked.names]).isin(asked) & (cells["rule"] == "principal") & ~unknown
    return cells[there]


def _beside(cells: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Cells of persons in which somebody counts or should, and what they should be; a cell that is not there is a zero."""
    both = cells[[*KEY, "count", "low", "high"]].merge(truth, on=KEY, how="outer")
    both[_VALUES] = both[_VALUES].fillna(0).astype("int64")
    return both[(both["unit"] == PERSON) & ((both["count"] > 0) | (both["truth"] > 0))]


def _headline(cells: pd.DataFrame) -> pd.Series:
    """Persons by year, role and sex over all stages: what the practice data says that counts are to be judged by."""
    whole = (cells["table"] == SEX_BY_AGE) & (cells["age_group"] == "_T") & (cells["stage"] == "_T")
    return whole & cells["sex"].isin(["F", "M"]) & (cells["year"] != "_T") & (cells["year"] != "_U")


def judged(cells: pd.DataFrame) -> dict[str, Any]:
    """Shares of cells; the width is that of all intervals by the sum of all counts.

    Args:
        cells: `count`, `low`, `high`, `truth`.
    """
    error = (cells["count"] - cells["truth"]).abs()
    inside = (cells["low"] <= cells["truth"]) & (cells["truth"] <= cells["high"])
    width = (cells["high"] - cells["low"]).sum() / max(int(cells["count"].sum()), 1)
    shares = {"exact": (error == 0).mean(), "within_one": (error <= 1).mean(), "covered": inside.mean(), "width": width}
    rounded = {name: round(float(share), 4) for name, share in shares.items()}
    return {"cells": len(cells), **rounded, "max_error": int(error.max())}
