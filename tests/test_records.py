"""Records stand in one order, whatever order they arrived in."""

import numpy as np
import pytest

from linkage import records as module
from linkage.errors import FormatError
from linkage.records import Part, StoredPart, combine, combine_stored
from linkage.stored import Column, Memory

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
    """The same, each column apart and somewhere among the same bytes."""
    several = [[axis[:, place] for place in range(axis.shape[1])] for axis in (one.filters, one.tokens)]
    body, at, axes = Memory(b"?" * 3 + b"".join(c.tobytes() for columns in several for c in columns)), 3, []
    for columns in several:
        starts = [at + sum(c.nbytes for c in columns[:place]) for place in range(len(columns))]
        axes.append(tuple(Column(body, start, c.shape) for start, c in zip(starts, columns, strict=True)))
        at += sum(c.nbytes for c in columns)
    return StoredPart(one.agency, one.record, *axes)


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
        assert np.array_equal(one, whole.filters[:, places].reshape(one.shape))


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


@pytest.mark.parametrize("chosen", [[], [4], [0, 3, 4, 11], range(12)])
def test_some_of_the_records_are_these_with_all_that_is_theirs_stored_or_not(parts, chosen):
    rows = np.array(chosen, np.int64)
    for whole in (combine(parts), combine_stored([stored(one) for one in parts])):
        few = whole.some(rows)
        assert (len(few), few.agencies) == (len(rows), whole.agencies)
        assert np.array_equal(few.record, whole.record[rows])
        assert np.array_equal(few.source, whole.source[rows])
        for place in range(4):
            assert np.array_equal(few.token(place), whole.token(place)[rows])
        for places in (slice(0, 1), slice(0, 2)):
            assert np.array_equal(few.filter(places), whole.filter(places)[rows])
            assert np.array_equal(few.filled(places), whole.filled(places)[rows])


@pytest.fixture
def short(monkeypatch):
    """A stretch is five rows, and few are one in four."""
    monkeypatch.setattr(module, "_STRETCH", 5)
    monkeypatch.setattr(module, "_FEW", 4)


def many(*sizes, in_order=False):
    """Parts in memory and as they lie: of several agencies, or of periods of one, whose records take turns."""
    parts = [part("police" if at % 2 else "court", size, at) for at, size in enumerate(sizes)]
    if in_order:
        parts = [part(f"agency_{at}", size, at) for at, size in enumerate(sizes)]
        parts = [Part(one.agency, *(column[np.argsort(one.record)] for column in one[1:])) for one in parts]
    return combine(parts), combine_stored([stored(one) for one in parts])


LISTS = {
    "one in order": many(23, in_order=True),
    "several in order": many(23, 0, 7, 11, in_order=True),
    "one in no order": many(23),
    "several in no order": many(23, 9, 7, 0, 11),
}


@pytest.mark.parametrize("name", LISTS)
def test_what_lies_in_order_needs_no_list_of_places(name):
    _, lying = LISTS[name]
    assert (lying.tokens.order is None) == (lying.filters.order is None) == name.endswith(" in order")


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("chosen", ["all", "most", "few", "one", "none"])
def test_some_of_some_are_the_same_however_they_lie_and_however_many(name, chosen, short):
    whole, lying = LISTS[name]
    rng = np.random.default_rng(len(chosen))
    how_many = {"all": len(whole), "most": len(whole) - 3, "few": len(whole) // 5, "one": 1, "none": 0}[chosen]
    records = np.sort(rng.permutation(len(whole))[:how_many])
    assert_same(lying.some(records), whole.some(records))
    half = np.arange(0, how_many, 2)
    assert_same(lying.some(records).some(half), whole.some(records[half]))


@pytest.mark.parametrize("name", LISTS)
def test_rows_of_a_column_are_those_of_the_column_sparse_or_dense_and_in_any_order(name, short):
    whole, lying = LISTS[name]
    rng = np.random.default_rng(2)
    for how_many in (0, 1, 3, len(whole) // 2, len(whole)):
        records = rng.permutation(len(whole))[:how_many]
        assert np.array_equal(lying.tokens.rows(1, records), whole.tokens[records, 1])
        assert np.array_equal(lying.filters.rows(0, records), whole.filters[records, 0])


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("part_of", [1, 2, 20])
def test_columns_side_by_side_are_the_same_however_they_lie_and_however_many(name, part_of, short):
    whole, lying = LISTS[name]
    rng, several = np.random.default_rng(part_of), len(whole) // part_of
    row = np.full(len(whole), -1, np.int32)
    records = rng.permutation(len(whole))[:several]
    row[records] = np.arange(several)
    given = [1, 3], [slice(1, 2), slice(0, 2)], row, several
    expected = np.concatenate([whole.tokens[records][:, [1, 3]], *(whole.filters[records, at] for at in (1, 0, 1))], axis=1)
    for one in (whole, lying, whole.some(np.arange(len(whole))), lying.some(np.arange(len(whole)))):
        found = one.side_by_side(*given, room=2)
        assert found.shape == (several, expected.shape[1] + 2)
        assert np.array_equal(found[:, :-2], expected)
        assert one.width(*given[:2], room=2) == found.shape[1]


@pytest.mark.parametrize("name", LISTS)
def test_columns_of_one_kind_are_side_by_side_also_where_there_are_none_of_the_other(name, short):
    whole, lying = LISTS[name]
    row = np.arange(len(whole), dtype=np.int32)
    for one in (whole, lying):
        found = one.side_by_side([], [slice(0, 1)], row, len(whole))
        assert np.array_equal(found, whole.filters[:, 0])
        assert one.side_by_side([], [], row, len(whole), room=1).shape == (len(whole), 1)
    none = combine_stored([StoredPart("police", part("police", 3, 1).record, stored(part("police", 3, 1)).filters, ())])
    assert none.side_by_side([], [slice(0, 1)], np.arange(3, dtype=np.int32), 3).shape == (3, 3)


class Counting:
    """Bytes in memory that count what was read of them."""

    def __init__(self, data):
        self.data, self.size, self.read = data, len(data), 0

    def read_into(self, at, out):
        self.read += len(out)
        out[:] = self.data[at : at + len(out)]


def test_a_few_records_of_a_long_list_are_read_alone_whoever_asks(monkeypatch):
    monkeypatch.setattr("linkage.stored._NEAR", 64)
    one = part("police", 5000, 1)
    one = Part(one.agency, *(column[np.argsort(one.record)] for column in one[1:]))
    lying = stored(one)
    source = Counting(lying.tokens[0].source.data)
    watched = StoredPart(
        lying.agency, lying.record, *(tuple(Column(source, c.at, c.shape) for c in axis) for axis in (lying.filters, lying.tokens))
    )
    records = np.array([7, 1000, 4000])
    few = combine_stored([watched]).some(records)
    assert np.array_equal(few.token(2), one.tokens[records, 2])
    assert source.read == 3 * 8
    found = few.side_by_side([0], [slice(1, 2)], np.arange(3, dtype=np.int32), 3)
    assert np.array_equal(found, np.column_stack([one.tokens[records, 0], one.filters[records, 1]]))
    assert source.read == 3 * 8 + 3 * 8 * 4
