"""What other programs make of the same rows, set up as their documentation says and without labels.

Peers get what a competent user would give them: names in one cell split into words, lower case, Latin letters, digits
of dates without hyphens. Of the settings that we tried for recordlinkage the best stand here: dates compared by year,
month and day on blocks of single columns; on large lists, where that calls almost everybody the same person, whole dates
on blocks of pairs of columns. The second line of anonlink uses the threshold that is best against the truth, which
nobody has: it is the ceiling of the method, not a result.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from anyascii import anyascii

from benchmarks.baselines.run import missing, python_of, run_peer
from benchmarks.quality.practice import Rows
from benchmarks.quality.scores import Score, exact_equality, of_links

USUAL_THRESHOLD = 0.8
THRESHOLDS = tuple(round(0.01 * step, 2) for step in range(54, 91))
LARGE = 20_000
NAMES = ("surname", "given_name", "patronymic")
DATE_PARTS = ("year", "month", "day")
OTHERS = ("sex", "region", "district", "document_number")
BLOCKS = (("surname",), ("given_name",), ("birth_date",), ("year",))
TIGHT_BLOCKS = (("birth_date",), ("surname", "given_name"), ("surname", "year"), ("given_name", "year"))
ANONLINK = "clkhash + anonlink"
ECM = "recordlinkage ECM"


def beside(rows: Rows, peers: Path | None, *, dedupe: bool) -> list[Score]:
    """Scores of the peers, each named by `method`; a peer that cannot run here has `skipped` instead.

    Args:
        rows: what our own run saw.
        peers: folder of their environments; None = only exact equality.
        dedupe: whether the peers are told that lists may hold duplicates, where they can be told.
    """
    ready = prepared(rows.records)
    return [exact_equality(rows), _ecm(ready, rows.truth, peers, dedupe), *_clk(ready, rows.truth, peers)]


def prepared(records: pd.DataFrame) -> pd.DataFrame:
    """Records as peers get them, with `year` (of the birth date, or the birth year), `month`, `day` and the date's `digits`."""
    frame = records.copy()
    if "full_name" in frame:
        words = frame["full_name"].str.split(n=2, expand=True).reindex(columns=range(3))
        for place, name in enumerate(NAMES):
            frame[name] = frame[name].where(frame[name] != "", words[place].fillna(""))
    for name in NAMES:
        if name in frame:
            frame[name] = frame[name].map(lambda text: anyascii(text).lower())
    date = frame["birth_date"]
    year = date.str[:4].where(date != "", frame.get("birth_year", ""))
    return frame.assign(year=year, month=date.str[5:7], day=date.str[8:10], digits=date.str.replace("-", ""))


def _ecm(ready: pd.DataFrame, truth: pd.DataFrame, peers: Path | None, dedupe: bool) -> Score:
    python = python_of(peers, "recordlinkage")
    if python is None:
        return {"method": ECM, "skipped": missing("recordlinkage")}
    large = len(ready) > LARGE
    exact = _present(ready, (*(("birth_date",) if large else DATE_PARTS), *OTHERS))
    spec = {"names": _present(ready, NAMES), "exact": exact, "blocks": TIGHT_BLOCKS if large else BLOCKS, "dedupe": dedupe}
    links, answer = _run(python, "ecm.py", ready, spec)
    return {"method": ECM, **_score(links, truth), **answer}


def _clk(ready: pd.DataFrame, truth: pd.DataFrame, peers: Path | None) -> Iterator[Score]:
    python = python_of(peers, "anonlink")
    if python is None or ready["agency"].nunique() < 2:
        reason = missing("anonlink") if python is None else "anonlink never joins two records of one list, and this is one list"
        yield {"method": ANONLINK, "skipped": reason}
        return
    columns = {"names": _present(ready, NAMES), "dates": ["digits"]}
    links, answer = _run(python, "clk.py", ready, {**columns, "thresholds": [USUAL_THRESHOLD]})
    yield {"method": f"{ANONLINK}, threshold {USUAL_THRESHOLD}", **_score(links, truth), **answer}
    links, answer = _run(python, "clk.py", ready, {**columns, "thresholds": THRESHOLDS})
    scores = {threshold: _score(links[links["threshold"] == threshold], truth) for threshold in THRESHOLDS}
    best = max(scores, key=lambda threshold: scores[threshold]["pairs"]["all"]["f1"] or 0)
    yield {"method": f"{ANONLINK}, threshold {best} chosen with the truth", **scores[best], "oracle": True, "fill": answer["fill"]}


def _present(frame: pd.DataFrame, names: Sequence[str]) -> list[str]:
    return [name for name in names if name in frame and (frame[name] != "").any()]


def _run(python: Path, script: str, ready: pd.DataFrame, spec: dict[str, Any]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The links that a peer returns, and what it says about its run."""
    with tempfile.TemporaryDirectory() as name:
        rows, told, links = (Path(name) / file for file in ("rows.csv", "spec.json", "links.csv"))
        ready.to_csv(rows, index=False)
        told.write_text(json.dumps(spec), "utf-8")
        answer = run_peer(python, script, rows, told, links)
        return pd.read_csv(links), answer


def _score(links: pd.DataFrame, truth: pd.DataFrame) -> Score:
    return of_links(links["left"].to_numpy(np.int32), links["right"].to_numpy(np.int32), truth)
