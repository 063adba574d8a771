"""What a run leaves behind: persons, pairs, model and what changed, as tables and whole numbers.

Everything here is a function of the linkage alone; no time, host or path enters, so equal inputs give equal bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linkage.canonical import canonical_json
from linkage.protocol import Protocol
from linkage.records import Encodings
from linkage.unit.link import Linkage
from linkage.unit.persons import Persons, Record, record_names
from linkage.unit.weights import MICROBITS
from linkage.unit.workspace import (
    CHANGES,
    KNOWN,
    MODEL,
    PAIRS,
    PERSONS,
    PROTOCOL,
    PairsTable,
    PersonsTable,
    changes_parquet,
    pairs_parquet,
    persons_parquet,
)

_MILLION = 1_000_000


def run_files(
    encodings: Encodings, protocol: Protocol, linkage: Linkage, persons: Persons, previous: Mapping[Record, str]
) -> dict[str, bytes]:
    """The run's files by name; `known.parquet` also names the records of earlier runs that are not in this one."""
    agency = np.array(encodings.agencies, dtype=object)[encodings.source]
    record = np.array([one.decode() for one in encodings.record.tolist()], dtype=object)
    known = {**previous, **dict(zip(record_names(encodings), persons.person.tolist(), strict=True))}
    return {
        PERSONS: persons_parquet(PersonsTable(agency, record, persons.person)),
        KNOWN: persons_parquet(_as_table(known)),
        PAIRS: pairs_parquet(_pairs(agency, record, protocol, linkage)),
        CHANGES: changes_parquet(persons.changes),
        MODEL: canonical_json(described_model(protocol, linkage)),
        PROTOCOL: protocol.canonical,
    }


def _as_table(known: Mapping[Record, str]) -> PersonsTable:
    rows = [(agency, record, person) for (agency, record), person in sorted(known.items())]
    columns = np.array(rows, dtype=object).reshape(-1, 3)
    return PersonsTable(columns[:, 0], columns[:, 1], columns[:, 2])


def _pairs(agency: NDArray[np.object_], record: NDArray[np.object_], protocol: Protocol, linkage: Linkage) -> PairsTable:
    left, right = linkage.candidates.pairs
    return PairsTable(
        left_agency=agency[left],
        left_record=record[left],
        right_agency=agency[right],
        right_record=record[right],
        comparisons=tuple(comparison.name for comparison in protocol.comparisons),
        levels=linkage.levels,
        prior=linkage.prior,
        weight=linkage.weight,
        same=linkage.labels[left] == linkage.labels[right],
    )


def described_model(protocol: Protocol, linkage: Linkage) -> dict[str, Any]:
    """The model in whole numbers: microbits, and probabilities per million."""
    parts = zip(protocol.comparisons, linkage.model.m, linkage.model.u, linkage.weights.levels, strict=True)
    return {
        "prior": linkage.weights.prior,
        "iterations": linkage.model.iterations,
        "converged": linkage.model.converged,
        "threshold": linkage.threshold,
        "comparisons": [
            {
                "name": comparison.name,
                "levels": list(comparison.level_names),
                "m": _per_million(m),
                "u": _per_million(u),
                "weights": table[:-1].tolist(),
            }
            for comparison, m, u, table in parts
        ],
    }


def quality(encodings: Encodings, linkage: Linkage) -> dict[str, int]:
    """What the run says of itself without truth, in whole numbers.

    Estimated precision and recall (permille) are the model's own: the mean match probability of linked pairs, and the
    share of the expected matches among candidates that is linked. Pairs that were never candidates are not in them.
    """
    left, right = linkage.candidates.pairs
    same = linkage.labels[left] == linkage.labels[right]
    chance = 1.0 / (1.0 + np.exp2(-linkage.weight / MICROBITS))
    linked, expected = float(chance[same].sum()), float(chance.sum())
    return {
        "records": len(encodings),
        "persons": len(np.unique(linkage.labels)),
        "pairs_compared": len(left),
        "pairs_linked": int(same.sum()),
        "expected_matches": round(expected),
        "estimated_precision_permille": round(1000 * linked / max(int(same.sum()), 1)),
        "estimated_recall_permille": round(1000 * linked / max(expected, 1e-9)),
    }


def described_passes(linkage: Linkage) -> list[Mapping[str, Any]]:
    """What each blocking pass and join brought and left out."""
    return [asdict(one) for one in linkage.candidates.passes]


def _per_million(shares: NDArray[np.float64]) -> list[int]:
    return [round(_MILLION * share) for share in shares.tolist()]
