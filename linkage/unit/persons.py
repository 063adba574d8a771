"""Person IDs: a name for each cluster that lasts from run to run, and says nothing.

A cluster keeps the ID of the earlier person with whom it shares most records; where a person was split, the larger
part keeps the ID, and where persons were merged, the survivor's is kept. New IDs are keyed hashes of the members'
pseudonyms, so the same workspace and inputs always give the same IDs, and nobody without the unit's key can make them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from linkage.records import Encodings

_LABEL = b"headcount/v1/person"
Record = tuple[str, str]


class Change(NamedTuple):
    """What became of a person since the previous run.

    Attributes:
        kind: `merged` (into `person`) or `split` (off `person`).
        person: the ID that stays.
        other: the ID that ended, or that is new.
    """

    kind: str
    person: str
    other: str


class Persons(NamedTuple):
    """Every record's person.

    Attributes:
        person: (n_records,) object array of person IDs, in the records' canonical order.
        changes: merges and splits since the previous run, sorted.
    """

    person: NDArray[np.object_]
    changes: tuple[Change, ...]


def assign_persons(encodings: Encodings, labels: NDArray[np.int32], previous: Mapping[Record, str], key: bytes) -> Persons:
    """The person ID of every record.

    Args:
        encodings: records in canonical order.
        labels: (n_records,) cluster of each record.
        previous: (agency, record) to person ID of the previous run; empty at first.
        key: the unit's person key, 32 bytes.
    """
    records = record_names(encodings)
    members: dict[int, list[Record]] = defaultdict(list)
    for record, label in zip(records, labels.tolist(), strict=True):
        members[label].append(record)
    inherited = _inherit(members, previous)
    used = set(previous.values())
    ids = {label: inherited.get(label) or _new_id(group, key, used) for label, group in members.items()}
    person = np.array([ids[label] for label in labels.tolist()], dtype=object)
    return Persons(person, _changes(members, ids, previous))


def record_names(encodings: Encodings) -> list[Record]:
    """(agency, record pseudonym) of every record, in canonical order."""
    agency = [encodings.agencies[source] for source in encodings.source.tolist()]
    return list(zip(agency, (record.decode() for record in encodings.record.tolist()), strict=True))


def _inherit(members: Mapping[int, Sequence[Record]], previous: Mapping[Record, str]) -> dict[int, str]:
    """Cluster to the earlier ID that it keeps: largest overlaps first, each ID and each cluster once.

    Of equal overlaps the one with the first record comes first, so that a person who was split in halves and joined
    again has the old ID.
    """
    shared: dict[tuple[str, int], list[Record]] = defaultdict(list)
    for label, group in members.items():
        for record in group:
            if record in previous:
                shared[previous[record], label].append(record)
    kept: dict[int, str] = {}
    taken: set[str] = set()
    for (person, label), _ in sorted(shared.items(), key=lambda item: (-len(item[1]), min(item[1]))):
        if person not in taken and label not in kept:
            kept[label] = person
            taken.add(person)
    return kept


def _new_id(group: Sequence[Record], key: bytes, used: set[str]) -> str:
    """26 characters of base32 over a keyed hash of the members; a further hash where an earlier person has it."""
    data = _LABEL + b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for record in sorted(group) for part in record)
    while True:
        data = hmac.digest(key, data, hashlib.sha256)
        name = base64.b32encode(data[:16]).decode()[:26].lower()
        if name not in used:
            return name


def _changes(members: Mapping[int, Sequence[Record]], ids: Mapping[int, str], previous: Mapping[Record, str]) -> tuple[Change, ...]:
    alive = set(ids.values())
    changes = set()
    for label, group in members.items():
        before = {previous[record] for record in group if record in previous} - {ids[label]}
        changes |= {
            Change("split", person, ids[label]) if person in alive else Change("merged", ids[label], person) for person in before
        }
    return tuple(sorted(changes))
