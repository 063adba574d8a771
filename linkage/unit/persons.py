"""Person IDs: a name for each cluster that lasts from run to run, and says nothing.

A cluster keeps the ID of the earlier person with whom it shares most records; where a person was split, the larger
part keeps the ID, and where persons were merged, the survivor's is kept. New IDs are keyed hashes of the members'
pseudonyms, so the same workspace and inputs always give the same IDs, and nobody without the unit's key can make them.
"""

from __future__ import annotations

import hmac
import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from linkage.records import Encodings

_LABEL = b"headcount/v1/person"
_NAME_LENGTH = 26
_ALPHABET = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", np.uint8)
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
    order = np.argsort(labels, kind="stable")
    start = np.flatnonzero(np.diff(labels[order], prepend=-1))
    names = _new_ids(encodings, order, start, key)
    if previous:
        names = _with_earlier(names, encodings, order, start, previous, key)
    cluster = np.empty(len(labels), np.int64)
    cluster[order] = np.repeat(np.arange(len(start)), np.diff(np.append(start, len(order))))
    changes = _changes(_members(encodings, order, start), names, previous) if previous else ()
    return Persons(np.array(names, dtype=object)[cluster] if names else np.empty(0, dtype=object), changes)


def _new_ids(encodings: Encodings, order: NDArray[np.int64], start: NDArray[np.int64], key: bytes) -> list[str]:
    """A name of its own for each cluster: base32 over a keyed hash of its members.

    Args:
        encodings: records in canonical order, in which every cluster's members are sorted.
        order: (n_records,) records, cluster after cluster.
        start: (n_clusters,) where each cluster begins.
        key: the unit's person key.
    """
    agency = [_prefixed(name.encode()) for name in encodings.agencies]
    both = zip(encodings.source.tolist(), encodings.record.tolist(), strict=True)
    member = [agency[source] + _prefixed(record) for source, record in both]
    ordered = [member[record] for record in order.tolist()]
    bounds = [*start.tolist(), len(ordered)]
    digests = [hmac.digest(key, _LABEL + b"".join(ordered[at:to]), "sha256") for at, to in itertools.pairwise(bounds)]
    return _base32(digests)


def _prefixed(part: bytes) -> bytes:
    return len(part).to_bytes(4, "big") + part


def _base32(digests: Sequence[bytes]) -> list[str]:
    """The first 26 characters of base32, small letters, over the first 16 bytes of each digest. Source: RFC 4648, section 6."""
    if not digests:
        return []
    octets = np.frombuffer(b"".join(digest[:16] for digest in digests), np.uint8).reshape(len(digests), 16)
    bits = np.zeros((len(digests), 5 * _NAME_LENGTH), np.uint8)
    bits[:, :128] = np.unpackbits(octets, axis=1)
    fives = bits.reshape(len(digests), _NAME_LENGTH, 5) @ np.array([16, 8, 4, 2, 1], np.uint8)
    text = np.ascontiguousarray(_ALPHABET[fives]).tobytes().decode()
    return [text[at : at + _NAME_LENGTH] for at in range(0, len(text), _NAME_LENGTH)]


def _members(encodings: Encodings, order: NDArray[np.int64], start: NDArray[np.int64]) -> dict[int, list[Record]]:
    records = record_names(encodings)
    ordered = [records[record] for record in order.tolist()]
    return {place: ordered[at:to] for place, (at, to) in enumerate(itertools.pairwise([*start.tolist(), len(ordered)]))}


def _with_earlier(
    names: Sequence[str],
    encodings: Encodings,
    order: NDArray[np.int64],
    start: NDArray[np.int64],
    previous: Mapping[Record, str],
    key: bytes,
) -> list[str]:
    """The names, with those of earlier persons where a cluster inherits one; a new name that somebody had is drawn on."""
    members, used = _members(encodings, order, start), set(previous.values())
    inherited = _inherit(members, previous)
    return [inherited.get(place) or _unused(name, members[place], key, used) for place, name in enumerate(names)]


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


def _unused(name: str, group: Sequence[Record], key: bytes, used: set[str]) -> str:
    """The name, or that of a further hash where an earlier person has it."""
    data = _LABEL + b"".join(_prefixed(part.encode()) for record in group for part in record)
    while name in used:
        data = hmac.digest(key, data, "sha256")
        name = _base32([hmac.digest(key, data, "sha256")])[0]
    return name


def _changes(members: Mapping[int, Sequence[Record]], ids: Sequence[str], previous: Mapping[Record, str]) -> tuple[Change, ...]:
    alive = set(ids)
    changes = set()
    for label, group in members.items():
        before = {previous[record] for record in group if record in previous} - {ids[label]}
        changes |= {
            Change("split", person, ids[label]) if person in alive else Change("merged", ids[label], person) for person in before
        }
    return tuple(sorted(changes))
