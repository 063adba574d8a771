"""Person IDs last: what is kept when clusters grow, merge and split."""

import hmac
from base64 import b32encode
from collections import Counter

import numpy as np

from linkage.records import Part, combine
from linkage.unit.known import NOTHING_KNOWN, Change, Known
from linkage.unit.persons import Persons, assign_persons

KEY = bytes(range(32))


def encodings(names=("a1", "a2", "b1", "b2")):
    parts = [
        Part(
            agency,
            np.array([n.ljust(26, "x") for n in names if n[0] == agency], "S26"),
            np.zeros((2, 0, 1), np.uint64),
            np.zeros((2, 0), np.uint64),
        )
        for agency in sorted({n[0] for n in names})
    ]
    return combine(parts)


def assigned(labels, previous=NOTHING_KNOWN, key=KEY):
    """Persons, with their IDs as text."""
    found = assign_persons(encodings(), np.array(labels, np.int32), previous, key)
    return Persons(found.person.astype(str), found.changes)


def as_known(persons):
    one = encodings()
    return Known(one.agencies, one.source, one.record, persons.person.astype("S"))


def test_every_cluster_has_one_id_and_no_two_share_it():
    person = assigned([0, 1, 0, 3]).person
    assert person[0] == person[2]
    assert len(set(person)) == 3


def test_ids_are_the_same_again_and_need_the_key():
    assert list(assigned([0, 1, 0, 3]).person) == list(assigned([0, 1, 0, 3]).person)
    assert not set(assigned([0, 1, 0, 3]).person) & set(assigned([0, 1, 0, 3], key=bytes(32)).person)


def test_an_unchanged_person_keeps_the_id_when_another_grows():
    before = assigned([0, 1, 0, 3])
    after = assigned([0, 1, 0, 1], as_known(before))
    assert after.person[0] == before.person[0]
    assert after.person[1] == before.person[1] == after.person[3] or after.person[1] == before.person[3]
    assert [change.kind for change in after.changes] == ["merged"]


def test_the_larger_part_of_a_split_keeps_the_id():
    before = assigned([0, 0, 0, 3])
    after = assigned([0, 0, 2, 3], as_known(before))
    assert after.person[0] == after.person[1] == before.person[0]
    assert after.person[2] != before.person[2]
    assert after.changes == (Change("split", before.person[0], after.person[2]),)


def test_a_merge_names_the_survivor_and_the_one_that_ended():
    before = assigned([0, 0, 2, 3])
    after = assigned([0, 0, 0, 3], as_known(before))
    assert after.changes == (Change("merged", before.person[0], before.person[2]),)


def test_nothing_changed_is_no_change():
    before = assigned([0, 0, 2, 3])
    again = assigned([0, 0, 2, 3], as_known(before))
    assert list(again.person) == list(before.person)
    assert again.changes == ()


def test_a_person_split_in_halves_and_joined_again_has_the_old_id_whatever_the_key():
    for key in (KEY, KEY[::-1], bytes([7, *range(31)]), bytes([9, *range(31)])):
        before = assigned([0, 1, 2, 2], key=key)
        halves = assigned([0, 1, 2, 3], as_known(before), key)
        joined = assigned([0, 1, 2, 2], as_known(halves), key)
        assert halves.person[2] == before.person[2] != halves.person[3]
        assert list(joined.person) == list(before.person)


def twin(one, labels, previous, key):
    """By hand, in dictionaries: the person ID of every record, and what changed."""
    records = [(one.agencies[source], record.decode()) for source, record in zip(one.source, one.record, strict=True)]
    members = {label: [records[at] for at in np.flatnonzero(labels == label)] for label in sorted(set(labels.tolist()))}

    def prefixed(text):
        return len(text).to_bytes(4, "big") + text.encode()

    def base32(digest):
        return b32encode(digest[:16]).decode().lower().rstrip("=")

    shared = Counter((previous[record], label) for label, group in members.items() for record in group if record in previous)
    first = {pair: min(r for r in members[pair[1]] if previous.get(r) == pair[0]) for pair in shared}
    names = {}
    for person, label in sorted(shared, key=lambda pair: (-shared[pair], first[pair])):
        if person not in names.values() and label not in names:
            names[label] = person
    for label, group in members.items():
        if label not in names:
            data = b"headcount/v1/person" + b"".join(prefixed(part) for record in group for part in record)
            name = base32(hmac.digest(key, data, "sha256"))
            while name in previous.values():
                data = hmac.digest(key, data, "sha256")
                name = base32(hmac.digest(key, data, "sha256"))
            names[label] = name
    alive, changes = set(names.values()), set()
    for person, label in shared:
        if names[label] != person:
            changes.add(("split", person, names[label]) if person in alive else ("merged", names[label], person))
    return [names[label] for label in labels.tolist()], tuple(sorted(changes))


def test_ids_over_several_runs_are_those_of_a_twin_in_dictionaries():
    """Records come and go, clusters form anew: every way to inherit, and names that somebody had before."""
    drawn = np.random.default_rng(5)
    pool = {
        agency: [f"{agency[0]}{number:02}".upper().ljust(26, "X") for number in range(30)] for agency in ("court", "ngo", "police")
    }
    inherited = anew = 0
    for _ in range(40):
        known, previous = {}, NOTHING_KNOWN
        for _ in range(5):
            names = {agency: [one for one in pool[agency] if drawn.random() < 0.7] for agency in pool if drawn.random() < 0.8}
            one = combine(
                [Part(agency, np.array(own, "S26"), *nothing(len(own))) for agency, own in ({"ngo": ["N" * 26]} | names).items()]
            )
            labels = drawn.integers(0, 12, len(one)).astype(np.int32)
            labels = np.unique(labels, return_index=True)[1][np.unique(labels, return_inverse=True)[1]].astype(np.int32)
            found = assign_persons(one, labels, previous, KEY)
            expected, changes = twin(one, labels, known, KEY)
            assert found.person.astype(str).tolist() == expected
            assert found.changes == changes
            inherited += len(set(expected) & set(known.values()))
            anew += len(set(expected) - set(known.values()))
            records = [(one.agencies[source], record.decode()) for source, record in zip(one.source, one.record, strict=True)]
            known |= dict(zip(records, expected, strict=True))
            previous = as_arrays(known)
    assert min(inherited, anew) > 200


def test_a_name_that_somebody_had_is_drawn_on():
    """The same two records were a person, were parted, and are one again after others inherited the ID."""
    once = assigned([0, 0, 2, 3])
    other = assigned(
        [0, 1, 1, 3], as_arrays({("b", "b1".ljust(26, "x")): once.person[0], ("a", "a2".ljust(26, "x")): once.person[0]})
    )
    assert other.person[1] == once.person[0]
    known = {("b", "b1".ljust(26, "x")): once.person[0], ("b", "b2".ljust(26, "x")): once.person[0]}
    again = assigned([0, 0, 2, 2], as_arrays(known))
    assert again.person[2] == once.person[0] != again.person[0]


def test_groups_of_many_sizes_have_the_names_of_the_standard_librarys_hash():
    drawn = np.random.default_rng(2)
    one = combine([Part("police", np.array([f"{number:026}" for number in range(700)], "S26"), *nothing(700))])
    size = drawn.permutation([1] * 100 + [2] * 50 + [3, 5, 16, 17, 33, 64, 100, 262])
    labels = np.repeat(np.cumsum(size) - size, size).astype(np.int32)
    assert assign_persons(one, labels, NOTHING_KNOWN, KEY).person.astype(str).tolist() == twin(one, labels, {}, KEY)[0]


def nothing(records):
    return np.zeros((records, 0, 1), np.uint64), np.zeros((records, 0), np.uint64)


def as_arrays(known):
    agencies = tuple(sorted({agency for agency, _ in known}))
    rows = sorted(known.items())
    source = np.array([agencies.index(agency) for (agency, _), _ in rows], np.int32)
    return Known(
        agencies, source, np.array([record for (_, record), _ in rows], "S26"), np.array([person for _, person in rows], "S26")
    )
