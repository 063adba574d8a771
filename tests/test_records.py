"""Records stand in one order, whatever order they arrived in."""

import numpy as np
import pytest

from linkage.errors import FormatError
from linkage.records import Part, combine

LETTERS = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", np.uint8)


def part(agency, n, seed):
    rng = np.random.default_rng(seed)
    record = np.ascontiguousarray(LETTERS[rng.integers(0, 32, (n, 26))]).view("S26")[:, 0]
    return Part(agency, record, rng.integers(0, 2**64, (n, 2, 3), np.uint64), rng.integers(0, 2**64, (n, 4), np.uint64))


def shuffled(one, rng):
    order = rng.permutation(len(one.record))
    return Part(one.agency, *(column[order] for column in one[1:]))


@pytest.fixture
def parts():
    """Two periods of police and one of the court."""
    return [part("police", 5, 1), part("court", 4, 2), part("police", 3, 3)]


def test_records_are_sorted_by_agency_and_pseudonym_and_keep_their_encodings(parts):
    found = combine(parts)
    assert found.agencies == ("court", "police")
    assert len(found) == 12
    keys = [(found.agencies[source], record) for source, record in zip(found.source, found.record.tolist(), strict=True)]
    assert keys == sorted(keys)
    known = {(p.agency, r): (f, t) for p in parts for r, f, t in zip(p.record.tolist(), p.filters, p.tokens, strict=True)}
    for key, filters, tokens in zip(keys, found.filters, found.tokens, strict=True):
        assert np.array_equal(known[key][0], filters)
        assert np.array_equal(known[key][1], tokens)


def test_the_order_of_arrival_changes_nothing(parts):
    found, rng = combine(parts), np.random.default_rng(0)
    for _ in range(5):
        again = combine([shuffled(parts[at], rng) for at in rng.permutation(len(parts))])
        for name in ("source", "record", "filters", "tokens"):
            assert np.array_equal(getattr(found, name), getattr(again, name))
        assert again.agencies == found.agencies


def test_one_agency_may_not_name_a_record_twice_two_agencies_may(parts):
    police = parts[0]
    with pytest.raises(FormatError, match="twice"):
        combine([police, police])
    assert len(combine([police, police._replace(agency="ngo")])) == 10
