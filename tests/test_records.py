"""Records stand in one order, whatever order they arrived in."""

import numpy as np
import pytest

from linkage.errors import FormatError
from linkage.records import Part, StoredPart, combine, combine_stored

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


def test_a_record_is_found_where_it_stands_and_another_agencys_is_not(parts):
    found = combine(parts)
    names = [(found.agencies[source], record.decode()) for source, record in zip(found.source, found.record, strict=True)]
    assert [found.place(*name) for name in names] == list(range(len(found)))
    assert [found.place("court" if agency == "police" else "police", record) for agency, record in names] == [None] * len(found)
    assert [found.place(agency, record) for agency, record in (("ngo", names[0][1]), ("police", "A"), ("police", "Z" * 26))] == [
        None
    ] * 3


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


def stored(one):
    """The same, each column apart and a view of one body."""
    columns = (
        [one.filters[:, place] for place in range(one.filters.shape[1])],
        [one.tokens[:, at] for at in range(one.tokens.shape[1])],
    )
    body = memoryview(b"".join(column.tobytes() for column in (*columns[0], *columns[1])))
    filters, tokens, at = [], [], 0
    for column, kept in ((c, k) for several, k in zip(columns, (filters, tokens), strict=True) for c in several):
        kept.append(np.frombuffer(body, np.uint64, column.size, at).reshape(column.shape))
        at += column.nbytes
    return StoredPart(one.agency, one.record, tuple(filters), tuple(tokens), body)


def assert_same(found, whole):
    assert found.agencies == whole.agencies
    assert (found.source.dtype, found.record.dtype) == (whole.source.dtype, whole.record.dtype)
    assert np.array_equal(found.source, whole.source)
    assert np.array_equal(found.record, whole.record)
    for place in range(4):
        assert np.array_equal(found.token(place), whole.tokens[:, place])
        assert found.token(place).flags.c_contiguous
    for places in (slice(0, 1), slice(1, 2), slice(0, 2)):
        one = found.filter(places)
        assert one.shape == (len(whole), 3 * (places.stop - places.start))
        assert np.array_equal(one, whole.filters[:, places].reshape(len(whole), -1))


def test_parts_as_they_lie_give_the_same_columns_as_parts_in_memory(parts):
    """Two periods of one agency among them, whose records interleave."""
    whole = combine(parts)
    police = whole.source == whole.agencies.index("police")
    first = np.isin(whole.record[police], parts[0].record)
    assert 0 < np.abs(np.diff(first.astype(int))).sum() > 1, "the periods' records take turns, so that order matters"
    assert_same(combine_stored([stored(one) for one in parts]), whole)
    assert_same(whole, whole)


def test_the_order_in_which_stored_parts_arrive_changes_nothing(parts):
    whole, rng = combine(parts), np.random.default_rng(1)
    for _ in range(5):
        again = [stored(shuffled(parts[at], rng)) for at in rng.permutation(len(parts))]
        assert_same(combine_stored(again), whole)


def test_a_list_without_records_adds_its_agency_and_nothing_else(parts):
    nobody = part("ngo", 0, 5)
    whole = combine([*parts, nobody])
    assert (whole.agencies, len(whole)) == (("court", "ngo", "police"), 12)
    assert_same(combine_stored([stored(one) for one in (*parts, nobody)]), whole)


def test_an_agency_that_stored_a_record_twice_is_refused_two_agencies_are_not(parts):
    police = stored(parts[0])
    with pytest.raises(FormatError, match="twice"):
        combine_stored([police, police])
    assert len(combine_stored([police, police._replace(agency="ngo")])) == 10


def test_every_body_is_let_go_as_soon_as_a_column_was_put_together(parts, monkeypatch):
    kept, gone = [stored(one) for one in parts], []
    found = combine_stored(kept)
    monkeypatch.setattr("linkage.records.let_go", gone.append)
    found.token(0)
    assert [one.obj is body.body.obj for one, body in zip(gone, kept, strict=True)] == [True] * 3
    found.filter(slice(0, 2))
    assert len(gone) == 9, "a filter of two places is two columns"


@pytest.mark.parametrize("chosen", [[], [4], [0, 3, 4, 11], range(12)])
def test_some_of_the_records_are_these_with_all_that_is_theirs_stored_or_not(parts, chosen):
    rows = np.array(chosen, np.int64)
    stored = combine_stored(
        [StoredPart(p.agency, p.record, tuple(p.filters.swapaxes(0, 1)), tuple(p.tokens.T), memoryview(b"")) for p in parts]
    )
    for whole in (combine(parts), stored):
        few = whole.some(rows)
        assert (len(few), few.agencies) == (len(rows), whole.agencies)
        assert np.array_equal(few.record, whole.record[rows])
        assert np.array_equal(few.source, whole.source[rows])
        for place in range(4):
            assert np.array_equal(few.token(place), whole.token(place)[rows])
        for places in (slice(0, 1), slice(0, 2)):
            assert np.array_equal(few.filter(places), whole.filter(places)[rows])
            assert np.array_equal(few.filled(places), whole.filled(places)[rows])
