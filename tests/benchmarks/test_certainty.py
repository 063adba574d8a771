"""What a run says of itself is put beside the truth, and which pairs blocking kept is counted."""

import itertools
from types import SimpleNamespace

import pytest

from benchmarks.quality.__main__ import APART, BENCHMARKS, LONG, asked_for, spelt_out
from benchmarks.quality.certainty import blocking, judged, told
from benchmarks.quality.certainty_tables import certainty_tables
from benchmarks.quality.memory import MAPPING, linked, through_memory
from benchmarks.quality.practice import Rows, invented
from linkage.memory import encode_frame
from linkage.protocol import ready_protocol
from linkage.records import Part, combine

CERTAINTY = SimpleNamespace(persons=90, low=80, high=110, estimated=97, precision=990, recall=912, blocking_kept=950)


def test_a_linkage_that_says_nothing_of_itself_is_skipped_and_not_guessed():
    silent = told(SimpleNamespace())
    assert "certainty" in silent["skipped"]
    assert judged(silent, 100) == silent


@pytest.mark.parametrize(("true", "covers"), [(80, True), (110, True), (79, False), (111, False)])
def test_an_interval_covers_what_lies_within_it_or_at_its_ends(true, covers):
    said = judged(told(SimpleNamespace(certainty=CERTAINTY)), true)
    assert said["covers"] is covers
    assert (said["low"], said["high"], said["precision"], said["blocking_kept"]) == (80, 110, 0.99, 0.95)


def test_the_pairs_that_blocking_kept_are_those_of_one_person_among_the_candidates():
    """The slow twin encodes everything again, to know the unit's order of the records."""
    rows, protocol = invented(300, ("b", "a")), ready_protocol("persons")
    one = linked(rows, protocol)
    made = {name: encode_frame(frame, name, protocol, MAPPING, 0) for name, frame in rows.frames().items()}
    called = {
        (name, record): local for name, part in made.items() for record, local in zip(part.record, part.local_id, strict=True)
    }
    encodings = combine([Part(name, part.record, part.filters, part.tokens) for name, part in made.items()])
    order = [called[encodings.agencies[source], record] for source, record in zip(encodings.source, encodings.record, strict=True)]
    person = dict(zip(rows.truth["record_id"], rows.truth["person_id"], strict=True))
    true = sum(person[a] == person[b] for a, b in itertools.combinations(order, 2))
    pairs = one.linkage.candidates.pairs
    kept = sum(person[order[a]] == person[order[b]] for a, b in zip(pairs.left, pairs.right, strict=True))
    assert blocking(one, rows.frames(), protocol, rows.truth) == {"candidates": one.linkage.compared, "kept": round(kept / true, 6)}
    assert kept / true > 0.5


def test_blocking_kept_none_of_the_pairs_of_other_people():
    rows, protocol = invented(300), ready_protocol("persons")
    strangers = Rows(rows.records, rows.truth.assign(person_id=[str(place) for place in range(300)]))
    one = linked(rows, protocol)
    assert blocking(one, strangers.frames(), protocol, strangers.truth)["kept"] is None


def test_a_process_of_its_own_gives_the_same_score_and_its_memory():
    rows = invented(200, ("a", "b"))
    here, apart = through_memory(rows, "persons"), through_memory(rows, "persons", apart=True)
    assert {**here["pairs"], **here["persons"], **here["blocking"]} == {**apart["pairs"], **apart["persons"], **apart["blocking"]}
    assert apart["peak_memory_mb"] is None or apart["peak_memory_mb"] > 50


def test_the_table_says_where_the_interval_misses_the_truth():
    ours = {
        "method": "headcount",
        "pairs": {"all": {"precision": 0.98, "recall": 0.9, "f1": 0.94}},
        "persons": {"true": 120, "estimated": 90, "relative_error": -0.25},
        "blocking": {"candidates": 1234, "kept": 0.93},
        "certainty": judged(told(SimpleNamespace(certainty=CERTAINTY)), 120),
    }
    text = "\n".join(certainty_tables({"one": {"methods": [ours]}, "many": {"sets": {"S1": {"methods": [ours]}}}, "demo": {}}))
    assert "| one | 120 | 90 | -25.0% | 97 | -19.2% | 80 – 110 | NO |" in text
    assert "| S1 | 0.9900 | 0.9800 | 0.9120 | 0.9000 | 0.9500 | 0.9300 | 1,234 |" in text
    assert not list(certainty_tables({"demo": {}}))


def test_what_is_long_runs_only_where_it_is_named_or_tiny():
    assert not {*LONG, *APART} & set(asked_for([]))
    assert set(asked_for(["synth1m"])) == set(asked_for(["published"])) == set(asked_for(["--small"])) == set(BENCHMARKS)


def test_long_names_everything_but_what_has_a_result_file_of_its_own():
    everything = [name for name in BENCHMARKS if name not in APART]
    assert spelt_out(["--long", "--peers", "x"]) == [*everything, "--peers", "x"]
    assert spelt_out(["published"]) == ["published"]
