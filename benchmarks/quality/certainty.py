"""What our own run says of itself, beside what the truth says: the interval of the count, precision, recall, blocking.

The only place that knows how a linkage tells these, so that nothing else changes when it changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from linkage.memory import Linked, encode_frame
from linkage.protocol import Protocol
from linkage.schema import CONTENT

COUNTS = ("persons", "low", "high", "estimated")
SHARES = ("precision", "recall", "blocking_kept")
_ABSENT = "linkage.link gives no `certainty` yet"


def told(linked: Linked) -> dict[str, Any]:
    """Counts as whole numbers and shares of 1, or `skipped` and why where a linkage says nothing of itself."""
    one = getattr(linked, "certainty", None)
    if one is None:
        return {"skipped": _ABSENT}
    return {**{name: int(getattr(one, name)) for name in COUNTS}, **{name: getattr(one, name) / 1000 for name in SHARES}}


def judged(certainty: Mapping[str, Any], true: int) -> dict[str, Any]:
    """The same, with whether the interval covers the true number of persons."""
    if "skipped" in certainty:
        return dict(certainty)
    return {**certainty, "covers": certainty["low"] <= true <= certainty["high"]}


def blocking(linked: Linked, frames: Mapping[str, pd.DataFrame], protocol: Protocol, truth: pd.DataFrame) -> dict[str, Any]:
    """How many pairs were candidates, and which share of the true pairs is among them; None without true pairs."""
    person, pairs = _true_persons(frames, protocol, truth), linked.linkage.candidates.pairs
    kept, sizes = int((person[pairs.left] == person[pairs.right]).sum()), np.bincount(person)
    true = int((sizes * (sizes - 1) // 2).sum())
    return {"candidates": linked.linkage.compared, "kept": round(kept / true, 6) if true else None}


def _true_persons(frames: Mapping[str, pd.DataFrame], protocol: Protocol, truth: pd.DataFrame) -> NDArray[np.int64]:
    """(n_records,) the true person of each record in the linkage unit's order: agencies by name, in each by pseudonym."""
    known = truth.assign(code=pd.factorize(truth["person_id"])[0]).set_index(["agency", "record_id"])["code"]
    parts = []
    for name in sorted(frames):
        made = encode_frame(_next_to_nothing(frames[name]), name, protocol, None, 0)
        parts.append(known.loc[name].loc[list(made.local_id)].to_numpy(np.int64)[np.argsort(made.record, kind="stable")])
    return np.concatenate(parts)


def _next_to_nothing(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows that are quickly encoded: a pseudonym depends on the record's own id and on nothing else."""
    content = [name for name in frame.columns if name in CONTENT and name != "sex"]
    return frame[["record_id", *content]].assign(sex="F")
