"""Which joins are taken to be missed: kinds of records, and found joins that stand for them."""

import numpy as np
import pandas as pd
import pytest

from linkage.statistics.missed import missed


@pytest.fixture
def lists():
    """Of each agency 40 persons with two records and 20 records that are alone; only the NGO's joins are loose."""

    def build(*agencies, loose=("ngo",)):
        rows = [
            (agency, f"R{i:03}", i // 2 if i < 80 else i, "victim", "Y_GE18", 0.2 if agency in loose and i < 80 else 0.0)
            for agency in agencies
            for i in range(100)
        ]
        frame = pd.DataFrame(rows, columns=["agency", "record", "person", "role", "age_group", "loose"])
        person = pd.factorize(frame["agency"] + frame["person"].astype(str))[0]
        return frame, person, frame["loose"].to_numpy()

    return build


def share_of(agency, frame, joins):
    row = joins.one[0][np.argsort(joins.one[1])]
    return joins.times[:, (frame["agency"].to_numpy()[row] == agency)].sum() / joins.times.sum()


def test_each_draw_misses_as_many_joins_as_the_run_says(lists):
    frame, person, loose = lists("ngo", "police")
    asked = np.array([0, 7, 300, 2])
    assert missed(frame, person, loose, asked).times.sum(axis=1).tolist() == asked.tolist()


def test_missed_joins_are_of_the_kind_whose_joins_are_loose(lists):
    frame, person, loose = lists("ngo", "police")
    assert share_of("ngo", frame, missed(frame, person, loose, np.full(50, 20))) > 0.8


def test_where_nothing_says_which_joins_are_loose_kinds_have_equal_parts(lists):
    frame, person, loose = lists("ngo", "police", loose=())
    assert 0.4 < share_of("ngo", frame, missed(frame, person, loose, np.full(200, 20))) < 0.6


def test_records_without_an_age_are_a_kind_of_their_own(lists):
    frame, person, loose = lists("ngo", loose=())
    unknown = frame.assign(age_group=np.where(np.arange(len(frame)) % 80 < 20, "", "Y_GE18"))
    loose = np.where((unknown["age_group"] == "") & (np.arange(len(frame)) < 80), 0.3, 0.0)
    joins = missed(unknown, person, loose, np.full(50, 20))
    row = joins.one[0][np.argsort(joins.one[1])]
    assert joins.times[:, (unknown["age_group"] == "").to_numpy()[row]].sum() / joins.times.sum() > 0.8


def test_a_join_is_taken_apart_into_the_record_and_the_others(lists):
    frame, person, loose = lists("ngo")
    joins = missed(frame, person, loose, np.array([5]))
    whole, one, rest = (
        {number: set(rows[numbers == number].tolist()) for number in range(joins.times.shape[1])}
        for rows, numbers in (joins.whole, joins.one, joins.rest)
    )
    assert len(whole) == 80  # every record that is published with another
    for number, members in whole.items():
        assert len(one[number]) == len(rest[number]) == 1
        assert one[number] | rest[number] == members == set(np.flatnonzero(person == person[min(members)]).tolist())


def test_where_nobody_was_joined_nothing_stands_for_missed_joins(lists):
    frame, _, loose = lists("ngo")
    assert missed(frame, np.arange(len(frame)), loose, np.array([5, 6])).times.shape == (2, 0)


def test_draws_differ_and_the_same_call_gives_the_same_draws(lists):
    frame, person, loose = lists("ngo", "police")
    one, again = (missed(frame, person, loose, np.full(3, 10)).times for _ in range(2))
    assert (one == again).all()
    assert (one[0] != one[1]).any()
