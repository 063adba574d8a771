"""What a run leaves behind: the linkage as tables and whole numbers, the same bytes for the same linkage."""

import json

import numpy as np
import pytest

from linkage.canonical import canonical_json
from linkage.protocol import ready_protocol
from linkage.unit.link import link_encodings
from linkage.unit.outcome import described_model, described_passes, quality, run_files
from linkage.unit.persons import Change, Persons
from linkage.unit.weights import probability
from linkage.unit.workspace import changes_table, pairs_table, persons_table

PERSONS = ready_protocol("persons", "fields/1")


@pytest.fixture(scope="module")
def people(invent_people):
    return invent_people(PERSONS)


@pytest.fixture(scope="module")
def linked(people):
    return link_encodings(people.encodings, PERSONS)


@pytest.fixture(scope="module")
def named(linked):
    """Persons by cluster, and one change."""
    return Persons(np.array([f"person-{label}" for label in linked.labels], dtype=object), (Change("merged", "person-0", "x"),))


@pytest.fixture(scope="module")
def files(people, linked, named):
    return run_files(people.encodings, PERSONS, linked, named, {("police", "Z" * 26): "person-gone", record_of(people, 0): "old"})


def record_of(people, at):
    return people.encodings.agencies[people.encodings.source[at]], people.encodings.record[at].decode()


def test_the_person_map_names_every_record_once_with_its_person(people, named, files):
    table = persons_table(files["persons.parquet"])
    rows = list(zip(*(column.tolist() for column in table), strict=True))
    assert rows == [(*record_of(people, at), named.person[at]) for at in range(len(people.truth))]


def test_what_is_known_has_earlier_records_too_and_the_newest_word_on_each(people, named, files):
    table = persons_table(files["known.parquet"])
    known = dict(zip(zip(table.agency.tolist(), table.record.tolist(), strict=True), table.person_id.tolist(), strict=True))
    assert known.pop(("police", "Z" * 26)) == "person-gone"
    assert known == {record_of(people, at): named.person[at] for at in range(len(people.truth))}


def test_every_candidate_pair_is_there_with_levels_prior_weight_and_verdict(people, linked, files):
    table = pairs_table(files["pairs.parquet"])
    left, right = linked.candidates.pairs
    assert table.comparisons == tuple(comparison.name for comparison in PERSONS.comparisons)
    ends = list(zip(*(column.tolist() for column in table[:4]), strict=True))
    assert ends == [(*record_of(people, a), *record_of(people, b)) for a, b in zip(left.tolist(), right.tolist(), strict=True)]
    assert np.array_equal(table.levels, linked.levels)
    assert np.array_equal(table.prior, linked.prior)
    assert np.array_equal(table.weight, linked.weight)
    assert np.array_equal(table.same, linked.labels[left] == linked.labels[right])
    assert 0 < table.same.sum() < len(table.same)


def test_changes_model_and_protocol_are_kept(linked, files):
    assert changes_table(files["changes.parquet"]) == (Change("merged", "person-0", "x"),)
    assert files["model.json"] == canonical_json(described_model(PERSONS, linked))
    assert files["protocol.json"] == PERSONS.canonical
    assert set(files) == {f"{name}.parquet" for name in ("persons", "known", "pairs", "changes")} | {"model.json", "protocol.json"}


def test_the_same_linkage_gives_the_same_bytes(people, named, files):
    again = link_encodings(people.encodings, PERSONS)
    earlier = {record_of(people, 0): "old", ("police", "Z" * 26): "person-gone"}
    assert run_files(people.encodings, PERSONS, again, named, earlier) == files


def test_the_model_is_told_in_whole_numbers_that_add_up(linked):
    model = described_model(PERSONS, linked)
    assert model["prior"] == linked.weights.prior
    assert [one["name"] for one in model["comparisons"]] == [comparison.name for comparison in PERSONS.comparisons]
    for comparison, told, m in zip(PERSONS.comparisons, model["comparisons"], linked.model.m, strict=True):
        assert told["levels"] == list(comparison.level_names)
        assert len(told["m"]) == len(told["u"]) == len(told["weights"]) == len(told["levels"])
        assert abs(sum(told["m"]) - 1_000_000) <= len(told["m"])
        assert told["m"] == [round(1e6 * share) for share in m.tolist()]
    assert json.loads(canonical_json(model)) == model


def test_quality_counts_and_estimates_in_whole_numbers(people, linked):
    told = quality(people.encodings, linked)
    left, right = linked.candidates.pairs
    same = (linked.labels[left] == linked.labels[right]).tolist()
    chances = [probability(int(weight)) for weight in linked.weight]
    linked_matches = sum(chance for chance, one in zip(chances, same, strict=True) if one)
    assert told == {
        "records": len(people.truth),
        "persons": len(set(people.truth)),
        "pairs_compared": len(same),
        "pairs_linked": sum(same),
        "expected_matches": round(sum(chances)),
        "estimated_precision_permille": round(1000 * linked_matches / sum(same)),
        "estimated_recall_permille": round(1000 * linked_matches / sum(chances)),
    }
    assert all(type(value) is int for value in told.values())


def test_quality_of_a_list_without_pairs_does_not_divide_by_zero(invent_people):
    strangers = invent_people(PERSONS, persons=3, agencies=("police",), again=0.0).encodings
    told = quality(strangers, link_encodings(strangers, PERSONS))
    assert (told["records"], told["persons"], told["pairs_compared"], told["pairs_linked"]) == (
        len(strangers),
        len(strangers),
        0,
        0,
    )


def test_every_pass_and_join_is_described(linked):
    names = [*PERSONS.blocking.passes, *(" | ".join(join.filters) for join in PERSONS.blocking.joins)]
    described = described_passes(linked)
    assert [one["name"] for one in described] == names
    assert set(described[0]) == {"name", "pairs", "blocks_left_out", "records_left_out", "pairs_left_out"}
    assert json.loads(canonical_json(described)) == described
