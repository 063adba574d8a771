"""Who plainly is somebody else: the kernel gives what the rule says when every pair is looked at."""

import itertools

import jellyfish
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.agency.apart import DIGITS, Known, mark_strangers, within_a_slip

LETTERS = st.text("abc", max_size=6)
FORMS = 2  # of each name
RECORD = st.tuples(
    st.tuples(*[st.sampled_from(["", "ali", "aly", "karim", "karm", "said"])] * 2),
    st.tuples(*[st.sampled_from(["", "x", "y"])] * 2),
    st.tuples(*[st.sampled_from(["0000", "1985", "1986", "1958", "1234"])] * 2),
    st.sampled_from(["", "phone 1", "phone 2"]),
)


def points(*texts):
    return np.array([ord(letter) for text in texts for letter in text], np.uint32)


@settings(deadline=None)
@given(LETTERS, LETTERS)
def test_a_slip_is_one_step_of_damerau_and_levenshtein(one, other):
    ends = np.array([0, len(one), len(one) + len(other)])
    assert within_a_slip(points(one, other), ends[:2], ends[1:]) == (jellyfish.damerau_levenshtein_distance(one, other) <= 1)


def plainly(one, other):
    """docs/encoding.md, read aloud, of two names with a second form each, a year, a month and day, and a telephone."""
    signs = sum("0000" not in pair and sum(map(str.__ne__, *pair)) > 1 for pair in zip(one[2], other[2], strict=True))
    for name, second in zip(zip(one[0], other[0], strict=True), zip(one[1], other[1], strict=True), strict=True):
        same = name[0] == name[1] or (second[0] == second[1] != "")
        signs += all(name) and not same and jellyfish.damerau_levenshtein_distance(*name) > 1
    return signs >= 2 + (one[3] == other[3] != "")


def known(records):
    """The records as the kernel wants them; texts are numbered over all columns at once."""
    texts = ["", *sorted({text for names, seconds, _, own in records for text in (*names, *seconds, own)} - {""})]
    number = {text: place for place, text in enumerate(texts)}
    forms = [[number[text] for pair in zip(*one[:2], strict=True) for text in pair] for one in records]
    digits = [[int.from_bytes(map(int, four), "little") for four in one[2]] for one in records]
    own = [[number[one[3]]] for one in records]
    return Known(
        np.concatenate([digits, own, forms], axis=1).astype(np.int32),
        DIGITS + 1 + np.arange(0, 2 * FORMS + 1, FORMS),
        points(*texts),
        np.cumsum([0, *map(len, texts)]),
        np.zeros(2, np.int64),
    )


@settings(max_examples=80, deadline=None)
@given(st.lists(RECORD, min_size=1, max_size=12), st.integers(1, 5))
def test_marked_is_who_is_plainly_another_than_anyone_of_the_group(records, size):
    order = np.arange(len(records))[::-1].copy()
    group = np.array([*range(0, len(records), size), len(records)])
    marked = np.zeros(len(records), np.bool_)
    mark_strangers(known(records), order, group, marked)
    groups = [order[begin:end].tolist() for begin, end in itertools.pairwise(group.tolist())]
    expected = {row for rows in groups for row in rows for other in rows if row != other and plainly(records[row], records[other])}
    assert set(np.flatnonzero(marked).tolist()) == expected
