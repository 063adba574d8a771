"""Person IDs: a name for each cluster that lasts from run to run, and says nothing.

A cluster keeps the ID of the earlier person with whom it shares most records; where a person was split, the larger
part keeps the ID, and where persons were merged, the survivor's is kept. New IDs are keyed hashes of the members'
pseudonyms, so the same workspace and inputs always give the same IDs, and nobody without the unit's key can make them.
Records and persons are fixed bytes in arrays throughout: a million names as objects would take more than all else here.
"""

from __future__ import annotations

import hmac
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from linkage.bundle.format import length_prefixed, u32
from linkage.records import Encodings
from linkage.sha256 import AHEAD, Pool, keyed_hashes
from linkage.unit.known import PERSON_LENGTH, Change, Known, seen_before
from linkage.unit.parquet import Names

_LABEL = b"headcount/v1/person"
_ALPHABET = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", np.uint8)
_AT_ONCE = 1 << 16  # members of clusters


class Persons(NamedTuple):
    """Every record's person.

    Attributes:
        person: (n_records,) fixed bytes, person IDs, in the records' canonical order.
        changes: merges and splits since the previous run, sorted.
    """

    person: Names
    changes: tuple[Change, ...]


class _Clusters(NamedTuple):
    """Records cluster after cluster, those of one in canonical order.

    Attributes:
        order: (n_records,) records.
        start: (n_clusters + 1,) where each cluster begins, and the last ends.
        of: (n_records,) the cluster of each record.
    """

    order: NDArray[np.intp]
    start: NDArray[np.intp]
    of: NDArray[np.int32]


def assign_persons(encodings: Encodings, labels: NDArray[np.int32], previous: Known, key: bytes) -> Persons:
    """The person ID of every record.

    Args:
        encodings: records in canonical order.
        labels: (n_records,) cluster of each record.
        previous: who the records were in earlier runs; `NOTHING_KNOWN` at first.
        key: the unit's person key, 32 bytes.
    """
    clusters = _clusters(labels)
    names = _new_ids(encodings, clusters, key)
    if not len(previous.record):
        return Persons(names[clusters.of], ())
    shared = _shared(encodings, clusters, previous)
    names = _with_earlier(names, encodings, clusters, shared, previous, key)
    return Persons(names[clusters.of], _changes(shared, names))


def _clusters(labels: NDArray[np.int32]) -> _Clusters:
    order = np.argsort(labels, kind="stable")
    begins = np.diff(labels[order], prepend=-1) != 0
    of = np.empty(len(labels), np.int32)
    of[order] = np.cumsum(begins) - 1
    return _Clusters(order, np.append(np.flatnonzero(begins), len(order)), of)


def _new_ids(encodings: Encodings, clusters: _Clusters, key: bytes) -> Names:
    """(n_clusters,) a name of its own for each: base32 over a keyed hash of its members."""
    pool, records = _strings(encodings)
    size = np.diff(clusters.start)
    names = np.empty(len(size), f"S{PERSON_LENGTH}")
    for members in np.unique(size).tolist():
        alike = np.flatnonzero(size == members)
        step = max(_AT_ONCE // members, 1)
        for some in (alike[at : at + step] for at in range(0, len(alike), step)):
            chosen = clusters.order[clusters.start[some, None] + np.arange(members)]
            rows = np.zeros((len(some), 1 + 2 * members), np.int64)  # the label, then agency and record of each member
            rows[:, 1::2] = encodings.source[chosen] + 1
            rows[:, 2::2] = chosen + records
            names[some] = _base32(keyed_hashes(key, pool, rows)[:, :4])
    return names


def _strings(encodings: Encodings) -> tuple[Pool, int]:
    """The label, each agency with the length of the record behind it, and the records; and where these begin."""
    width = encodings.record.dtype.itemsize
    agencies = [length_prefixed(name.encode()) + u32(width) for name in encodings.agencies]
    heads = np.cumsum([0, len(_LABEL), *map(len, agencies)])
    start = np.append(heads[:-1], heads[-1] + width * np.arange(len(encodings) + 1))
    first = np.frombuffer(b"".join((_LABEL, *agencies)), np.uint8)
    # With what is read ahead, which would be a copy of everything for each call.
    flat = np.concatenate([first, np.ascontiguousarray(encodings.record).view(np.uint8), np.zeros(AHEAD, np.uint8)])
    return Pool(flat, start, max(width, len(_LABEL), *map(len, agencies))), 1 + len(agencies)


def _base32(words: NDArray[np.uint32]) -> Names:
    """(n,) the first 26 characters of base32, small letters, over four big-endian words each. Source: RFC 4648, section 6."""
    high, low = (words[:, at].astype(np.uint64) << np.uint64(32) | words[:, at + 1] for at in (0, 2))
    fives = np.empty((len(words), PERSON_LENGTH), np.uint8)
    for place in range(12):
        fives[:, place] = high >> np.uint64(59 - 5 * place) & np.uint64(31)
    fives[:, 12] = (high & np.uint64(15)) << np.uint64(1) | low >> np.uint64(63)
    for place in range(13, 25):
        fives[:, place] = low >> np.uint64(123 - 5 * place) & np.uint64(31)
    fives[:, 25] = (low & np.uint64(7)) << np.uint64(2)
    return _ALPHABET[fives].reshape(-1).view(f"S{PERSON_LENGTH}")


class _Shared(NamedTuple):
    """Which earlier persons and clusters have records in common; a pair comes before those that share fewer.

    Attributes:
        person: (n_pairs,) fixed bytes, the earlier person.
        cluster: (n_pairs,) the cluster.
    """

    person: Names
    cluster: NDArray[np.intp]


def _shared(encodings: Encodings, clusters: _Clusters, previous: Known) -> _Shared:
    """Of equal overlaps the one with the first record comes first."""
    now, then = seen_before(encodings, previous)
    person, of = np.unique(previous.person[then], return_inverse=True)
    several = max(len(clusters.start) - 1, 1)
    pair, first, records = np.unique(of * several + clusters.of[now], return_index=True, return_counts=True)
    order = np.lexsort((first, -records))
    return _Shared(person[pair[order] // several], pair[order] % several)


def _with_earlier(names: Names, encodings: Encodings, clusters: _Clusters, shared: _Shared, previous: Known, key: bytes) -> Names:
    """The names, with those of earlier persons where a cluster inherits one; a new name that somebody had is drawn on."""
    kept = _inherited(shared)
    named = names.astype(np.promote_types(names.dtype, previous.person.dtype))
    named[shared.cluster[kept]] = shared.person[kept]
    anew = np.ones(len(names), np.bool_)
    anew[shared.cluster[kept]] = False
    had = np.flatnonzero(anew)[_among(names[anew], previous.person)]
    used = set(previous.person.tolist()) if len(had) else set()
    for cluster in had.tolist():
        members = clusters.order[clusters.start[cluster] : clusters.start[cluster + 1]]
        named[cluster] = _unused(names[cluster], _message(encodings, members), key, used)
    return named


def _among(some: Names, names: Names) -> NDArray[np.bool_]:
    """Whether each of them is one of the names; few are asked about as a rule, and sorting costs a quarter of `np.isin`."""
    if not len(some) or not len(names):
        return np.zeros(len(some), np.bool_)
    ordered = np.sort(names)
    found: NDArray[np.bool_] = ordered[np.minimum(np.searchsorted(ordered, some), len(ordered) - 1)] == some
    return found


def _inherited(shared: _Shared) -> NDArray[np.bool_]:
    """(n_pairs,) whether the cluster keeps the person's ID: largest overlaps first, each ID and each cluster once.

    A person who was split in halves and joined again thus has the old ID.
    """
    person = np.unique(shared.person, return_inverse=True)[1]
    kept: NDArray[np.bool_] = (np.bincount(person)[person] == 1) & (np.bincount(shared.cluster)[shared.cluster] == 1)
    taken: tuple[set[int], set[int]] = set(), set()
    for place in np.flatnonzero(~kept).tolist():
        one = int(person[place]), int(shared.cluster[place])
        if one[0] not in taken[0] and one[1] not in taken[1]:
            kept[place] = True
            taken[0].add(one[0])
            taken[1].add(one[1])
    return kept


def _message(encodings: Encodings, members: NDArray[np.intp]) -> bytes:
    """What the name of a cluster is a hash of."""
    named = ((encodings.agencies[encodings.source[at]].encode(), bytes(encodings.record[at])) for at in members.tolist())
    return _LABEL + length_prefixed(*(part for record in named for part in record))


def _unused(name: bytes, data: bytes, key: bytes, used: set[bytes]) -> bytes:
    """The name, or that of a further hash where an earlier person has it."""
    while name in used:
        data = hmac.digest(key, data, "sha256")
        name = bytes(_base32(np.frombuffer(hmac.digest(key, data, "sha256")[:16], ">u4")[None])[0])
    return name


def _changes(shared: _Shared, names: Names) -> tuple[Change, ...]:
    """What became of those earlier persons whose records are not all of one ID any more, or of another."""
    mine = names[shared.cluster]
    moved = np.flatnonzero(mine != shared.person)
    alive = _among(shared.person[moved], names).tolist()
    pairs = zip(shared.person[moved].tolist(), mine[moved].tolist(), alive, strict=True)
    told = ((person.decode(), now.decode(), lives) for person, now, lives in pairs)
    return tuple(sorted({Change("split", person, now) if lives else Change("merged", now, person) for person, now, lives in told}))
