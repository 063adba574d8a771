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
from linkage.files import Content
from linkage.protocol import Protocol
from linkage.records import Encodings
from linkage.unit.cuts import counted_cuts
from linkage.unit.known import Known, changes_parquet, seen_before
from linkage.unit.link import Linkage
from linkage.unit.model_file import described, saved
from linkage.unit.parquet import Chosen, Names
from linkage.unit.persons import Persons
from linkage.unit.workspace import (
    CERTAINTY,
    CHANGES,
    KNOWN,
    MODEL,
    PAIRS,
    PARTITIONS,
    PERSONS,
    PROTOCOL,
    PairsTable,
    pairs_in_parts,
    partitions_parquet,
    persons_parquet,
)


def run_files(encodings: Encodings, protocol: Protocol, linkage: Linkage, persons: Persons, previous: Known) -> dict[str, Content]:
    """The run's files by name; `known.parquet` also names the records of earlier runs that are not in this one.

    Where there are none, it has the very content of the person map, which is then made once.
    """
    agency, record = Chosen(np.array(encodings.agencies, dtype=object), encodings.source), encodings.record
    drawn = linkage.certainty.partitions
    doubtful = Chosen(agency.texts, agency.rows[drawn.record]), Chosen(record, drawn.record)
    own = persons_parquet((agency, record, persons.person))
    gone = np.delete(np.arange(len(previous.record)), seen_before(encodings, previous)[1])
    return {
        PERSONS: own,
        KNOWN: persons_parquet(_with_earlier(encodings, persons, previous, gone)) if len(gone) else own,
        PAIRS: pairs_in_parts(lambda rows: _pairs(agency, record, protocol, linkage.of(rows)), len(linkage.pattern)),
        CHANGES: changes_parquet(persons.changes),
        MODEL: canonical_json(described_model(protocol, linkage)),
        PROTOCOL: protocol.canonical,
        PARTITIONS: partitions_parquet((*doubtful, drawn.group, drawn.cluster.T)),
        CERTAINTY: canonical_json(described_certainty(linkage)),
    }


def _with_earlier(encodings: Encodings, persons: Persons, previous: Known, gone: NDArray[np.intp]) -> tuple[Chosen, Names, Names]:
    """Agency, record and person of this run's records and of those that are known only from earlier runs, in order.

    Args:
        encodings: this run's records.
        persons: theirs.
        previous: everything known before.
        gone: rows of it whose records are not in this run.
    """
    agencies = sorted({*encodings.agencies, *previous.agencies})
    before, now = (
        np.array([agencies.index(name) for name in names], np.int32) for names in (previous.agencies, encodings.agencies)
    )
    source = np.concatenate([now[encodings.source], before[previous.source[gone]]])
    record = np.concatenate([encodings.record, previous.record[gone]])
    order = np.lexsort((record, source))
    person = np.concatenate([persons.person, previous.person[gone]])
    return Chosen(np.array(agencies, dtype=object), source[order]), record[order], person[order]


def _pairs(agency: Chosen, record: Names, protocol: Protocol, linkage: Linkage) -> PairsTable[Chosen]:
    left, right = linkage.candidates.pairs
    return PairsTable(
        left_agency=Chosen(agency.texts, agency.rows[left]),
        left_record=Chosen(record, left),
        right_agency=Chosen(agency.texts, agency.rows[right]),
        right_record=Chosen(record, right),
        comparisons=tuple(comparison.name for comparison in protocol.comparisons),
        levels=linkage.levels,
        prior=linkage.prior,
        weight=linkage.weight,
        same=linkage.labels[left] == linkage.labels[right],
        apart=linkage.apart,
    )


def described_model(protocol: Protocol, linkage: Linkage) -> dict[str, Any]:
    """The model that the run used, in whole numbers and, to be used again, exactly."""
    return described(protocol, saved(protocol, linkage.model, linkage.counted.candidates), linkage.threshold)


def quality(encodings: Encodings, linkage: Linkage) -> dict[str, int]:
    """What the run says of itself without truth, in whole numbers; see `certainty.Certainty`."""
    left, right = linkage.candidates.pairs
    sure = linkage.certainty
    return {
        "records": len(encodings),
        "persons": sure.persons,
        "persons_estimated": sure.estimated,
        "persons_low": sure.low,
        "persons_high": sure.high,
        "pairs_compared": linkage.compared,
        "pairs_linked": int((linkage.labels[left] == linkage.labels[right]).sum()),
        "estimated_precision_permille": sure.precision,
        "estimated_recall_permille": sure.recall,
        "blocking_kept_permille": sure.blocking_kept,
        "joins_missing": sure.joins_missing,
        "records_doubtful": sure.doubtful,
    }


def described_certainty(linkage: Linkage) -> dict[str, Any]:
    """What the draws come to: joins that no pass proposed, one number for each draw, and why pairs were cut."""
    drawn = linkage.certainty.partitions
    return {"draws": len(drawn.joins), "joins_missing": drawn.joins.tolist(), "cut": counted_cuts(linkage.cut)}


def described_passes(linkage: Linkage) -> list[Mapping[str, Any]]:
    """What each blocking pass and join brought and left out."""
    return [asdict(one) for one in linkage.candidates.passes]
