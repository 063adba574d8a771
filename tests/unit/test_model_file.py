"""A saved model is the model: read back it weighs the same to the microbit, and what is not whole is refused."""

import json

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from linkage.canonical import canonical_json, digest
from linkage.errors import ModelError, SchemaError
from linkage.protocol import parse_protocol, ready_protocol
from linkage.unit.estimate import Joint, Model, PatternCounts
from linkage.unit.link import link_encodings
from linkage.unit.model_file import FORMAT, described, read_model, saved
from linkage.unit.outcome import described_model
from linkage.unit.weights import weights

PERSONS = ready_protocol("persons", "fields/1")
THRESHOLD = 3


def drawn(protocol, seed):
    """A model with silent levels and two comparisons that go together, drawn at random, shares down to a billionth."""
    rng = np.random.default_rng(seed)
    sizes = [len(one.level_names) for one in protocol.comparisons]
    m, u = ([shares / shares.sum() for shares in (10.0 ** rng.uniform(-9, 0, size) for size in sizes)] for _ in range(2))
    silent = tuple(rng.random(size) < 0.2 for size in sizes)
    joint = (Joint(1, 0, 2.0 ** rng.normal(0, 3, (sizes[1] + 1, sizes[0]))), Joint(0, 2, np.ones((sizes[0] + 1, sizes[2]))))
    return Model(float(10.0 ** rng.uniform(-12, -0.4)), tuple(m), tuple(u), 17, bool(seed % 2), silent, joint)


def levels_of(protocol, seed, n=200):
    rng = np.random.default_rng(seed)
    levels = np.column_stack([rng.integers(-1, len(one.level_names), n) for one in protocol.comparisons]).astype(np.int8)
    return PatternCounts(levels, np.ones(n, np.int64))


def written(protocol, seed):
    return described(protocol, saved(protocol, drawn(protocol, seed), levels_of(protocol, seed)), THRESHOLD)


def alike(one, other):
    pairs = zip(one.levels, other.levels, strict=True)
    both = zip(one.together, other.together, strict=True)
    return (
        one.prior == other.prior
        and all(np.array_equal(a, b) for a, b in pairs)
        and all(a[:2] == b[:2] and np.array_equal(a.weights, b.weights) for a, b in both)
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**9))
def test_read_back_the_weights_are_the_same_to_the_microbit(small_protocol, seed):
    kept = saved(small_protocol, drawn(small_protocol, seed), levels_of(small_protocol, seed))
    read = read_model(canonical_json(described(small_protocol, kept, THRESHOLD)), small_protocol, "m.json")
    assert alike(weights(read.model), weights(kept.model))
    assert (read.model.iterations, read.model.converged) == (17, bool(seed % 2))
    assert (read.sha256, read.protocol_id) == (kept.sha256, small_protocol.id)
    assert all(np.array_equal(a, b) for a, b in zip(read.candidates, kept.candidates, strict=True))


@settings(max_examples=20, deadline=None)
@example(296)  # rounded once more, it would have a digit less
@given(st.integers(0, 10**9))
def test_written_again_what_was_read_gives_the_same_bytes(small_protocol, seed):
    data = canonical_json(written(small_protocol, seed))
    read = read_model(data, small_protocol, "m.json")
    again = saved(small_protocol, read.model, levels_of(small_protocol, seed))
    assert canonical_json(described(small_protocol, again, THRESHOLD)) == data


def test_a_runs_own_model_used_as_it_is_links_the_same_lists_alike(invent_people):
    people = invent_people(PERSONS)
    first = link_encodings(people.encodings, PERSONS)
    read = read_model(canonical_json(described_model(PERSONS, first)), PERSONS, "m.json")
    again = link_encodings(people.encodings, PERSONS, known=read.model)
    assert np.array_equal(again.weight - again.prior, first.weight - first.prior)
    assert np.array_equal(again.labels, first.labels)
    assert described_model(PERSONS, again) == described_model(PERSONS, first)


def test_it_holds_what_readers_of_a_run_need_and_no_floating_point_number(small_protocol):
    model, told = drawn(small_protocol, 4), written(small_protocol, 4)
    assert told["format"] == FORMAT
    assert (told["prior"], told["threshold"]) == (weights(model).prior, THRESHOLD)
    for comparison, one, m in zip(small_protocol.comparisons, told["comparisons"], model.m, strict=True):
        assert one["name"] == comparison.name
        assert one["levels"] == list(comparison.level_names)
        assert one["m"] == [round(1e6 * share) for share in m]
        assert sum(one["candidates"]) == 200
    assert told["together"][0]["first"] == small_protocol.comparisons[1].name
    assert told["together"][0]["second"] == small_protocol.comparisons[0].name
    assert np.array_equal(told["together"][0]["weights"], weights(model).together[0].weights)


def test_few_digits_are_written_so_that_another_processors_last_digit_changes_no_byte(small_protocol):
    texts = [text for one in written(small_protocol, 5)["comparisons"] for text in (*one["m_exact"], *one["u_exact"])]
    assert max(len(text.split("e")[0].replace(".", "").lstrip("0")) for text in texts) <= 12


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b'{"format": 1}', b"[" * 100_000, b'{"prior": 5, "comparisons": []}'])
def test_what_is_no_model_file_is_refused(data, small_protocol):
    with pytest.raises(SchemaError, match="not a model file"):
        read_model(data, small_protocol, "m.json")


def test_an_unknown_version_is_refused_and_the_hint_names_what_this_program_reads(small_protocol):
    with pytest.raises(SchemaError, match="a format that this version does not know") as refused:
        read_model(b'{"format": "headcount-model/2"}', small_protocol, "m.json")
    assert FORMAT in refused.value.hint


def other_comparisons(data):
    data["comparisons"][0]["name"] = "family"


def fewer_comparisons(data):
    data["comparisons"].pop()


def another_order(data):
    data["comparisons"].reverse()


def other_levels(data):
    data["comparisons"][0]["levels"][0] = "identical"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (other_comparisons, "other comparisons: family, surname"),
        (fewer_comparisons, "other comparisons: year"),
        (another_order, "other comparisons: "),
        (other_levels, "other levels of surname"),
    ],
)
def test_a_model_of_other_comparisons_or_levels_is_refused_by_name(change, named, small_protocol):
    data = written(small_protocol, 1)
    change(data)
    with pytest.raises(ModelError, match=named) as refused:
        read_model(canonical_json(data), small_protocol, "m.json")
    assert "estimated anew" in refused.value.hint


def test_under_another_protocol_with_the_same_comparisons_it_is_read_and_says_where_it_is_from(small_protocol, small):
    small["epoch"] = "2021"
    later = parse_protocol(small, "later.toml")
    read = read_model(canonical_json(written(small_protocol, 1)), later, "m.json")
    assert read.protocol_id == small_protocol.id != later.id


BROKEN = {
    "a share above one": lambda d: d["comparisons"][0]["m_exact"].__setitem__(0, "1.5"),
    "a share that is no number": lambda d: d["comparisons"][0]["u_exact"].__setitem__(0, "nan"),
    "an infinite share": lambda d: d["comparisons"][0]["u_exact"].__setitem__(0, "1e999"),
    "shares that do not add up": lambda d: d["comparisons"][0]["m_exact"].__setitem__(0, "0.000001"),
    "a level too many": lambda d: d["comparisons"][0]["m_exact"].append("0.1"),
    "a silent level that there is not": lambda d: d["comparisons"][0]["silent"].append("mute"),
    "a floating-point number": lambda d: d["comparisons"][0]["m"].__setitem__(0, 0.5),
    "an unknown key": lambda d: d.__setitem__("surprise", 1),
    "a missing key": lambda d: d.pop("share_of_matches"),
    "too many matches": lambda d: d.__setitem__("share_of_matches", "0.7"),
    "another share of matches": lambda d: d.__setitem__("share_of_matches", "0.000123"),
    "another weight": lambda d: d["comparisons"][1]["weights"].__setitem__(0, 5),
    "another prior": lambda d: d.__setitem__("prior", d["prior"] + 2),
    "a number beyond all bounds": lambda d: d["comparisons"][1]["weights"].__setitem__(0, 10**30),
    "fewer than no pairs": lambda d: d["comparisons"][1]["candidates"].__setitem__(0, -1),
    "no candidates at all": lambda d: d["comparisons"][1].__setitem__("candidates", []),
    "another silence": lambda d: d["comparisons"][1].__setitem__("silent", []),
    "a ratio of nothing": lambda d: d["together"][0]["ratio_exact"][0].__setitem__(0, "0"),
    "another ratio": lambda d: d["together"][0]["ratio_exact"][0].__setitem__(0, "3"),
    "a ratio too few": lambda d: d["together"][0]["ratio_exact"][0].pop(),
    "together with itself": lambda d: d["together"][0].__setitem__("second", d["together"][0]["first"]),
    "together with nobody": lambda d: d["together"][0].__setitem__("second", "nobody"),
    "another digest": lambda d: d.__setitem__("parameters_sha256", "0" * 64),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_file_that_was_changed_is_refused(what, small_protocol):
    data = json.loads(canonical_json(written(small_protocol, 8)))
    assert read_model(json.dumps(data).encode(), small_protocol, "m.json")
    BROKEN[what](data)
    with pytest.raises(SchemaError) as refused:
        read_model(json.dumps(data).encode(), small_protocol, "m.json")
    assert refused.value.file == "m.json"


def test_numbers_that_nobody_could_have_estimated_are_refused_even_under_a_right_digest(small_protocol):
    data = json.loads(canonical_json(written(small_protocol, 8)))
    data["comparisons"][0]["m_exact"] = ["0.5"] * len(data["comparisons"][0]["levels"])
    keys = ("name", "levels", "silent", "m_exact", "u_exact")
    parameters = {
        "share_of_matches": data["share_of_matches"],
        "comparisons": [{key: one[key] for key in keys} for one in data["comparisons"]],
        "together": [{key: one[key] for key in ("first", "second", "ratio_exact")} for one in data["together"]],
    }
    data["parameters_sha256"] = digest(parameters)
    with pytest.raises(SchemaError, match="no shares"):
        read_model(json.dumps(data).encode(), small_protocol, "m.json")


def test_the_digest_names_the_parameters_and_not_the_run(small_protocol):
    model = drawn(small_protocol, 2)
    one, other = (saved(small_protocol, model, levels_of(small_protocol, seed)) for seed in (1, 2))
    assert one.sha256 == other.sha256
    assert saved(small_protocol, drawn(small_protocol, 3), levels_of(small_protocol, 1)).sha256 != one.sha256
