"""How good a person map is where the truth is known: pairs, clusters and the count itself.

A *pair* is two records of one person. Pairs are never listed: their numbers are exact and come from the sizes of groups
(records that share a true person, an estimated one, or both), so that millions of records take seconds.
B³ asks of each record which share of its estimated person is right (precision) and which share of its true person was
found (recall). The error of the person count is what a published total would be wrong by.

Records of the truth that the map does not have count as persons of their own; records of the map outside the truth
are left out. Both are reported.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from linkage.errors import DataError, ExtractError
from linkage.schema import RECORD_ID

_RECORD = ["agency", RECORD_ID]
_DECIMALS = 6


def evaluate(predicted: pd.DataFrame, truth: pd.DataFrame) -> dict[str, Any]:
    """Compare a person map with the truth.

    Args:
        predicted: `agency`, `record_id`, `person_id`: the map.
        truth: the same columns; its person IDs need not be the map's.

    Returns:
        Plain data: `records`, `records_without_person` (of the truth, not in the map), `records_outside_truth` (of the
        map, not in the truth), `pairs` (`all`, `within_lists`, `across_lists`: precision, recall, f1 and numbers of
        pairs), `bcubed` (precision, recall, f1), `exact_clusters` (shares of true persons found without a record too
        many or too few: `all`, `size_2_plus`) and `persons` (true, estimated, error, relative_error). Shares are
        rounded to six digits; None where there is nothing to take a share of.

    Raises:
        DataError: a record stands twice, or the truth is empty.

    Source: B³ after Bagga and Baldwin 1998.
    """
    for rows, where in ((predicted, "the person map"), (truth, "the truth")):
        if rows.duplicated(_RECORD).any():
            raise DataError(f"{where} names a record twice")
    if truth.empty:
        raise DataError("the truth holds no records")
    frame = _labels(predicted, truth)
    missing = int((~frame["found"]).sum())
    outside = len(predicted) - (len(frame) - missing)
    return {
        "records": len(frame),
        "records_without_person": missing,
        "records_outside_truth": outside,
        "pairs": _pair_quality(frame),
        **_cluster_quality(frame),
        "persons": _count_error(frame),
    }


def read_columns(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Columns of a CSV file as text; "" = missing.

    Raises:
        ExtractError: the file cannot be read, or lacks a column.
    """
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", encoding_errors="strict")
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError):
        raise ExtractError("the file cannot be read as CSV", file=str(path), hint="it must be a UTF-8 file with commas") from None
    for name in columns:
        if name not in frame.columns:
            raise ExtractError("the file lacks a column", file=str(path), field=name, hint=f"columns needed: {', '.join(columns)}")
    return frame[list(columns)]


def translate(persons: pd.DataFrame, registers: Mapping[str, Sequence[pd.DataFrame]]) -> pd.DataFrame:
    """The person map under local record ids, by the registers that the agencies keep.

    Args:
        persons: `agency`, `record`, `person_id`.
        registers: agency to its registers (`record_id`, `record`), one per period.

    Returns:
        `agency`, `record_id`, `person_id`.

    Raises:
        DataError: a register gives one record two local ids, or a record of the map stands in no register; with the
            number per agency.
    """
    parts = [register.assign(agency=agency) for agency, several in registers.items() for register in several]
    known = pd.concat(parts, ignore_index=True)[["agency", "record", RECORD_ID]].drop_duplicates()
    _refuse(known[known.duplicated(["agency", "record"])], "records with two local ids in the registers")
    named = persons.merge(known, on=["agency", "record"], how="left")
    _refuse(named[named[RECORD_ID].isna()], "records of the person map that stand in no register")
    return named[[*_RECORD, "person_id"]]


def _refuse(rows: pd.DataFrame, what: str) -> None:
    if len(rows):
        numbers = ", ".join(f"{agency} {number}" for agency, number in rows.groupby("agency").size().items())
        raise DataError(f"{what}: {numbers}", hint="give the registers of every agency and period of the run")


def _labels(predicted: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """The truth's records with whole numbers for the true and the estimated person; `found` where the map has them."""
    estimated = predicted[[*_RECORD, "person_id"]].rename(columns={"person_id": "estimated"})
    frame = truth[[*_RECORD, "person_id"]].merge(estimated, on=_RECORD, how="left")
    found = frame["estimated"].notna().to_numpy()
    codes = pd.factorize(frame["estimated"])[0].astype(np.int64)
    codes[~found] = len(frame) + np.arange(int((~found).sum()))
    return pd.DataFrame(
        {"agency": frame["agency"], "true": pd.factorize(frame["person_id"])[0], "estimated": codes, "found": found}
    )


def _pairs(frame: pd.DataFrame, *keys: str) -> int:
    """Number of pairs of records that agree on all keys."""
    sizes = frame.groupby(list(keys), sort=False).size().to_numpy(np.int64)
    return int((sizes * (sizes - 1) // 2).sum())


def _pair_quality(frame: pd.DataFrame) -> dict[str, Any]:
    kinds = (("true", "estimated"), ("estimated",), ("true",))
    everywhere = [_pairs(frame, *keys) for keys in kinds]
    within = [_pairs(frame, *keys, "agency") for keys in kinds]
    across = [a - b for a, b in zip(everywhere, within, strict=True)]
    return {"all": _agreement(*everywhere), "within_lists": _agreement(*within), "across_lists": _agreement(*across)}


def _agreement(correct: int, estimated: int, true: int) -> dict[str, Any]:
    shares = {"precision": _share(correct, estimated), "recall": _share(correct, true), "f1": _share(2 * correct, estimated + true)}
    return {**shares, "correct_pairs": correct, "estimated_pairs": estimated, "true_pairs": true}


def _cluster_quality(frame: pd.DataFrame) -> dict[str, Any]:
    """B³ and exact clusters, from the sizes of the overlaps between true and estimated persons."""
    overlaps = frame.groupby(["true", "estimated"], sort=False).size().rename("size").reset_index()
    size = overlaps["size"].to_numpy()
    true = overlaps.groupby("true")["size"].transform("sum").to_numpy()
    estimated = overlaps.groupby("estimated")["size"].transform("sum").to_numpy()
    # fsum rounds once, whatever the order of the overlaps
    precision = math.fsum(size * size / estimated) / len(frame)
    recall = math.fsum(size * size / true) / len(frame)
    exact, several = (size == true) & (size == estimated), frame["true"].value_counts().gt(1).sum()
    return {
        "bcubed": {
            "precision": round(precision, _DECIMALS),
            "recall": round(recall, _DECIMALS),
            "f1": _share(2 * precision * recall, precision + recall),
        },
        "exact_clusters": {
            "all": _share(int(exact.sum()), frame["true"].nunique()),
            "size_2_plus": _share(int((exact & (true > 1)).sum()), int(several)),
        },
    }


def _count_error(frame: pd.DataFrame) -> dict[str, Any]:
    true, estimated = frame["true"].nunique(), frame["estimated"].nunique()
    error = estimated - true
    return {"true": true, "estimated": estimated, "error": error, "relative_error": _share(error, true)}


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, _DECIMALS) if whole else None
