"""Parts of a comparison are worked out anywhere and kept anywhere; what comes of them is the same."""

import numpy as np
import pytest

from linkage.protocol import ready_protocol
from linkage.unit.candidates import candidates, propose
from linkage.unit.compared import compare_all, kept
from linkage.unit.executor import InMemory, Means, OnDisk, Range
from linkage.unit.link import link_encodings
from linkage.unit.pairing import BYTES_PER_PAIR, ranges
from linkage.unit.vectors import compare

PERSONS = ready_protocol("persons", "fields/1")


@pytest.fixture(scope="module")
def people(invent_people):
    return invent_people(PERSONS, persons=60, errors=0.15).encodings


def told(linkage):
    return (
        *(one.tolist() for one in (*linkage.candidates.pairs, linkage.candidates.proposed, linkage.levels, linkage.weight)),
        linkage.labels.tolist(),
        linkage.compared,
        linkage.certainty.partitions.labels.tolist(),
    )


@pytest.mark.parametrize("most", [1, 7, 100, 10**6])
def test_ranges_cover_every_record_once_and_hold_as_many_pairs_as_they_may(people, most):
    proposals = propose(people, PERSONS)
    found = ranges(proposals, most)
    assert [one.first for one in found] == [0, *(one.last for one in found[:-1])]
    assert found[-1].last == len(people)
    for one in found:
        pairs = int(proposals.table.proposed[one.first : one.last].sum())
        assert pairs <= most or one.last == one.first + 1


def test_neither_the_number_of_parts_nor_where_they_are_kept_changes_a_result(people, tmp_path):
    whole = told(link_encodings(people, PERSONS))
    for pairs in (3, 50, 10**6):
        for executor in (InMemory(), OnDisk(tmp_path / str(pairs))):
            assert told(link_encodings(people, PERSONS, means=Means(executor, 2 * BYTES_PER_PAIR * pairs))) == whole
    assert len(list((tmp_path / "3").glob("*.arrow"))) > 20


def test_parts_hold_every_candidate_with_its_pattern(people):
    parts = compare_all(people, propose(people, PERSONS), PERSONS, Means(InMemory(), 100 * BYTES_PER_PAIR))
    whole = candidates(people, PERSONS)
    assert len(parts.batches) > 2
    assert np.array_equal(np.concatenate([one.pairs.left for one in parts]), whole.pairs.left)
    assert np.array_equal(np.concatenate([one.proposed for one in parts]), whole.proposed)
    codes = np.unique(np.concatenate([one.code for one in parts]))
    every, pattern = kept(parts, codes, lambda _pairs, shown: shown >= 0)
    assert np.array_equal(every.pairs.right, whole.pairs.right)
    assert np.array_equal(codes[pattern], every.code)
    some, _ = kept(parts, codes, lambda _pairs, shown: shown == 0)
    assert len(some.code) == (every.code == codes[0]).sum() > 0
    assert len(np.unique(compare(people, some.pairs, PERSONS), axis=0)) == 1


def counting(calls):
    """A kernel that says what it was asked for."""
    import pyarrow as pa

    def kernel(first, last):
        calls.append((first, last))
        return pa.record_batch([pa.array(range(first, last))], names=["record"])

    return {"count": kernel}


def test_a_stopped_job_goes_on_where_it_stood_and_makes_anew_what_is_not_whole(tmp_path):
    calls, parts = [], [Range(0, 2), Range(2, 5), Range(5, 6)]
    OnDisk(tmp_path / "job").run("count", counting(calls), parts[:2])
    (tmp_path / "job" / "count-2-5.arrow").write_bytes(b"cut short")
    batches = OnDisk(tmp_path / "job").run("count", counting(calls), parts)
    assert calls == [(0, 2), (2, 5), (2, 5), (5, 6)]
    assert [batch.column("record").to_pylist() for batch in batches] == [[0, 1], [2, 3, 4], [5]]


def test_parts_on_disk_are_readable_by_their_owner_alone(tmp_path):
    OnDisk(tmp_path / "job").run("count", counting([]), [Range(0, 2)])
    assert (tmp_path / "job").stat().st_mode & 0o77 == 0
    assert all(file.stat().st_mode & 0o77 == 0 for file in (tmp_path / "job").iterdir())


def test_progress_is_told_part_by_part():
    heard = []
    InMemory().run("count", counting([]), [Range(0, 1), Range(1, 2)], lambda *said: heard.append(said))
    assert heard == [("count", 0, 2), ("count", 1, 2), ("count", 2, 2)]
