"""Person IDs last: what is kept when clusters grow, merge and split."""

import numpy as np

from linkage.records import Part, combine
from linkage.unit.persons import Change, assign_persons, record_names

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


def assigned(labels, previous=None, key=KEY):
    return assign_persons(encodings(), np.array(labels, np.int32), previous or {}, key)


def as_map(persons):
    return dict(zip(record_names(encodings()), persons.person, strict=True))


def test_every_cluster_has_one_id_and_no_two_share_it():
    person = assigned([0, 1, 0, 3]).person
    assert person[0] == person[2]
    assert len(set(person)) == 3


def test_ids_are_the_same_again_and_need_the_key():
    assert list(assigned([0, 1, 0, 3]).person) == list(assigned([0, 1, 0, 3]).person)
    assert not set(assigned([0, 1, 0, 3]).person) & set(assigned([0, 1, 0, 3], key=bytes(32)).person)


def test_an_unchanged_person_keeps_the_id_when_another_grows():
    before = assigned([0, 1, 0, 3])
    after = assigned([0, 1, 0, 1], as_map(before))
    assert after.person[0] == before.person[0]
    assert after.person[1] == before.person[1] == after.person[3] or after.person[1] == before.person[3]
    assert [change.kind for change in after.changes] == ["merged"]


def test_the_larger_part_of_a_split_keeps_the_id():
    before = assigned([0, 0, 0, 3])
    after = assigned([0, 0, 2, 3], as_map(before))
    assert after.person[0] == after.person[1] == before.person[0]
    assert after.person[2] != before.person[2]
    assert after.changes == (Change("split", before.person[0], after.person[2]),)


def test_a_merge_names_the_survivor_and_the_one_that_ended():
    before = assigned([0, 0, 2, 3])
    after = assigned([0, 0, 0, 3], as_map(before))
    assert after.changes == (Change("merged", before.person[0], before.person[2]),)


def test_nothing_changed_is_no_change():
    before = assigned([0, 0, 2, 3])
    again = assigned([0, 0, 2, 3], as_map(before))
    assert list(again.person) == list(before.person)
    assert again.changes == ()


def test_a_person_split_in_halves_and_joined_again_has_the_old_id_whatever_the_key():
    for key in (KEY, KEY[::-1], bytes([7, *range(31)]), bytes([9, *range(31)])):
        before = assigned([0, 1, 2, 2], key=key)
        halves = assigned([0, 1, 2, 3], as_map(before), key)
        joined = assigned([0, 1, 2, 2], as_map(halves), key)
        assert halves.person[2] == before.person[2] != halves.person[3]
        assert list(joined.person) == list(before.person)
