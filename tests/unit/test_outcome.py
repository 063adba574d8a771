"""What a run leaves behind: the linkage as tables and whole numbers, the same bytes for the same linkage."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.canonical import canonical_json
from linkage.files import content_bytes
from linkage.protocol import ready_protocol
from linkage.unit.known import NOTHING_KNOWN, Change, Known, changes_table
from linkage.unit.link import link_encodings
from linkage.unit.outcome import described_certainty, described_model, described_passes, quality, run_files
from linkage.unit.persons import Persons
from linkage.unit.workspace import pairs_table, partitions_table, persons_table

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
    return persons_of(linked, Change("merged", "person-0", "x"))


@pytest.fixture(scope="module")
def files(people, linked, named):
    return made(people.encodings, linked, named, known_of(people))


def persons_of(linkage, *changes):
    return Persons(np.array([f"person-{label}" for label in linkage.labels], "S"), changes)


def known_of(people):
    """Of an earlier run: the first record under another ID, and one that is not there any more."""
    agency, record = record_of(people, 0)
    assert agency < "police"
    return Known((agency, "police"), np.array([0, 1]), np.array([record, "Z" * 26], "S"), np.array(["old", "person-gone"], "S"))


def made(encodings, linkage, named, known=NOTHING_KNOWN):
    """The run's files as bytes."""
    return {name: content_bytes(one) for name, one in run_files(encodings, PERSONS, linkage, named, known).items()}


def record_of(people, at):
    return people.encodings.agencies[people.encodings.source[at]], people.encodings.record[at].decode()


def test_the_person_map_names_every_record_once_with_its_person(people, named, files):
    table = persons_table(files["persons.parquet"])
    rows = list(zip(*(column.tolist() for column in table), strict=True))
    assert rows == [(*record_of(people, at), named.person[at].decode()) for at in range(len(people.truth))]


def test_what_is_known_has_earlier_records_too_and_the_newest_word_on_each(people, named, files):
    table = persons_table(files["known.parquet"])
    known = dict(zip(zip(table.agency.tolist(), table.record.tolist(), strict=True), table.person_id.tolist(), strict=True))
    assert known.pop(("police", "Z" * 26)) == "person-gone"
    assert known == {record_of(people, at): named.person[at].decode() for at in range(len(people.truth))}


def test_every_pair_that_is_kept_is_there_with_levels_prior_weight_and_verdict(people, linked, files):
    table = pairs_table(files["pairs.parquet"])
    left, right = linked.candidates.pairs
    assert table.comparisons == tuple(comparison.name for comparison in PERSONS.comparisons)
    ends = list(zip(*(column.tolist() for column in table[:4]), strict=True))
    assert ends == [(*record_of(people, a), *record_of(people, b)) for a, b in zip(left.tolist(), right.tolist(), strict=True)]
    assert np.array_equal(table.levels, linked.levels)
    assert np.array_equal(table.prior, linked.prior)
    assert np.array_equal(table.weight, linked.weight)
    assert np.array_equal(table.same, linked.labels[left] == linked.labels[right])
    assert table.apart.tolist() == linked.apart.tolist()
    assert 0 < table.same.sum() <= len(table.same) < linked.compared


def test_changes_model_and_protocol_are_kept(linked, files):
    assert changes_table(files["changes.parquet"]) == (Change("merged", "person-0", "x"),)
    assert files["model.json"] == canonical_json(described_model(PERSONS, linked))
    assert files["protocol.json"] == PERSONS.canonical
    tables = {f"{name}.parquet" for name in ("persons", "known", "pairs", "changes", "partitions")}
    assert set(files) == tables | {"model.json", "protocol.json", "certainty.json"}


def test_the_same_linkage_gives_the_same_bytes(people, named, files):
    again = link_encodings(people.encodings, PERSONS)
    assert made(people.encodings, again, named, known_of(people)) == files


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
    told, sure = quality(people.encodings, linked), linked.certainty
    left, right = linked.candidates.pairs
    assert told == {
        "records": len(people.truth),
        "persons": len(set(people.truth)),
        "persons_estimated": sure.estimated,
        "persons_low": sure.low,
        "persons_high": sure.high,
        "pairs_compared": linked.compared,
        "pairs_linked": int((linked.labels[left] == linked.labels[right]).sum()),
        "estimated_precision_permille": sure.precision,
        "estimated_recall_permille": sure.recall,
        "blocking_kept_permille": sure.blocking_kept,
        "joins_missing": sure.joins_missing,
        "records_doubtful": sure.doubtful,
    }
    assert all(type(value) is int for value in told.values())
    assert told["persons_low"] <= told["persons_estimated"] <= told["persons_high"]


@pytest.fixture(scope="module")
def vague(invent_people):
    """Lists so full of mistakes that much is doubtful, linked, and the files of the run."""
    people = invent_people(PERSONS, persons=60, errors=0.3, seed=4)
    linkage = link_encodings(people.encodings, PERSONS)
    return people, linkage, made(people.encodings, linkage, persons_of(linkage))


def test_persons_partitions_and_joins_missing_alone_give_the_counts_of_every_draw(vague):
    """Whoever counts something else over the draws needs these three files and nothing of the run's memory."""
    people, linkage, files = vague
    persons, partitions = persons_table(files["persons.parquet"]), partitions_table(files["partitions.parquet"])
    told = json.loads(files["certainty.json"])
    published = dict(
        zip(zip(persons.agency.tolist(), persons.record.tolist(), strict=True), persons.person_id.tolist(), strict=True)
    )
    doubtful = list(zip(partitions.agency.tolist(), partitions.record.tolist(), strict=True))
    counts = []
    for labels, joins in zip(partitions.labels.tolist(), told["joins_missing"], strict=True):
        drawn = dict(zip(doubtful, zip(partitions.group.tolist(), labels, strict=True), strict=True))
        counts.append(len({drawn.get(record, person) for record, person in published.items()}) - joins)
    low, middle, high = np.percentile(counts, (2.5, 50, 97.5))
    quality_told = quality(people.encodings, linkage)
    assert told["draws"] == len(counts) == len(partitions.labels)
    assert (round(low), round(middle), round(high)) == tuple(quality_told[f"persons_{one}"] for one in ("low", "estimated", "high"))
    assert len(doubtful) == quality_told["records_doubtful"] > 20
    assert quality_told["persons_low"] < quality_told["persons_high"]


def test_a_label_is_the_place_within_the_group_of_the_clusters_first_record(vague):
    people, linkage, files = vague
    table, drawn = partitions_table(files["partitions.parquet"]), linkage.certainty.partitions
    assert [record_of(people, at) for at in drawn.record.tolist()] == list(zip(table.agency, table.record, strict=True))
    assert table.group.tolist() == drawn.group.tolist()
    for number in range(0, len(drawn.labels), 40):
        for at, (label, group) in enumerate(zip(table.labels[number].tolist(), table.group.tolist(), strict=True)):
            members = drawn.record[drawn.group == group]
            assert members[label] == drawn.labels[number, at]


def test_why_pairs_are_cut_is_counted_by_reason(vague):
    _, linkage, files = vague
    cut = json.loads(files["certainty.json"])["cut"]
    reasons = [one for one in linkage.apart.tolist() if one]
    assert cut == {name: reasons.count(name) for name in set(reasons)}
    assert json.loads(files["certainty.json"]) == described_certainty(linkage)
    assert files["certainty.json"] == canonical_json(described_certainty(linkage))


def test_where_nothing_is_doubtful_the_draws_are_an_empty_table(invent_people):
    strangers = invent_people(PERSONS, persons=3, agencies=("police",), again=0.0).encodings
    linkage = link_encodings(strangers, PERSONS)
    files = made(strangers, linkage, persons_of(linkage))
    table = partitions_table(files["partitions.parquet"])
    assert (len(table.record), table.labels.shape[1]) == (0, 0)
    assert json.loads(files["certainty.json"])["cut"] == {}


def test_every_file_column_and_key_stands_in_the_description_of_the_formats(people, linked, files):
    page = (Path(__file__).parents[2] / "docs" / "formats.md").read_text("utf-8")
    section = page.partition("## Files of a run")[2].partition("\n## ")[0]
    tables = {name: pq.read_table(pa.BufferReader(data)) for name, data in files.items() if name.endswith(".parquet")}
    columns = {column.partition(":")[0] for table in tables.values() for column in table.column_names} - {"level"}
    keys = {*quality(people.encodings, linked), *described_certainty(linked)}
    assert [name for name in sorted({*files, *columns, *keys}) if f"`{name}`" not in section] == []


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
