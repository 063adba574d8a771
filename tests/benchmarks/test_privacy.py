"""The attacks work where they must, so that what holds against them has been tested; and the default holds on small lists."""

import itertools
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.privacy import (
    default,
    dictionary,
    encode,
    epochs,
    frequency,
    frontier,
    graph,
    known_pairs,
    patterns,
    several,
    structure,
)
from benchmarks.privacy import people as lists
from benchmarks.privacy.held import CLK, Held, bits_of, classes, held, pooled_grams, protocol_of
from benchmarks.privacy.tables import default_tables, frontier_table, privacy_tables
from benchmarks.runner import Settings
from benchmarks.tables import read
from linkage.protocol import DEFAULT_SCHEME, SCHEMES

ROOT = Path(__file__).parents[2]
N = 100
FIRST, SECOND = 2, 3  # seeds of the agencies' key and of the attacker's


@cache
def people(name, n=N, seed=1):
    """A list of people who are all invented, whatever is installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lists, "febrl_folder", lambda: None)
        return lists.people(name, n, seed)


@cache
def encoded(name, scheme, key, epoch=None):
    list_ = people(name)
    return held(list_.frame, list_.protocol, scheme, key, epoch)


@pytest.fixture(params=lists.LISTS)
def name(request):
    return request.param


def test_people_are_of_their_seed_and_no_two_alike(name):
    one, again, other = people(name), people.__wrapped__(name), people(name, seed=2)
    assert one.frame.equals(again.frame)
    assert not one.frame.equals(other.frame)
    assert len(one.frame) == len(one.frame.drop_duplicates()) == N


# --- each attack names nearly everybody under its control, and hardly anybody under the default


@pytest.mark.parametrize("attack", [frequency, structure])
def test_equality_names_nearly_everybody_of_field_filters_and_hardly_anybody_behind_locks(attack, name):
    control, ours = ([encoded(name, scheme, key) for key in (FIRST, SECOND)] for scheme in ("fields/1", "locked/1"))
    assert attack.share_named(*control) >= 0.8
    assert attack.share_named(*ours) <= 0.05


def test_graph_matching_names_everybody_of_the_plain_encoding_and_hardly_anybody_behind_locks(name):
    control, ours = ([encoded(name, scheme, key) for key in (FIRST, SECOND)] for scheme in (CLK, "locked/1"))
    assert graph.share_named(*control, N, spectral=True) >= 0.9
    assert graph.share_named(*ours, N, spectral=True) <= 0.1
    assert graph.share_named(*ours, N) <= 0.1


def test_graph_matching_of_other_people_names_nobody():
    """The attacker's list is of others: what the control gives away above is no artefact of the order of the lists."""
    others = people("central_asian", seed=2)
    elsewhere = held(others.frame, others.protocol, CLK, SECOND)
    assert graph.share_named(encoded("central_asian", CLK, FIRST), elsewhere, N, spectral=True) <= 0.1


@pytest.mark.parametrize(("scheme", "least", "most"), [(CLK, 0.9, 1.0), ("locked/1", 0.0, 0.1)])
def test_a_hundred_known_pairs_break_the_plain_encoding_and_not_the_locks(scheme, least, most):
    list_ = people("central_asian", 300)
    target = held(list_.frame.head(150), list_.protocol, scheme, FIRST)
    own = held(list_.frame, list_.protocol, scheme, SECOND)
    assert least <= known_pairs.share_named(known_pairs.Case(list_.frame, target, own, 100, 50)) <= most


@pytest.mark.parametrize("scheme", [CLK, "locked/1"])
def test_a_dictionary_names_everybody_with_the_key_and_hardly_anybody_without_it(scheme, name):
    target = encoded(name, scheme, FIRST)
    assert dictionary.share_named(target, encoded(name, scheme, FIRST)) == 1.0
    assert dictionary.share_named(target, encoded(name, scheme, SECOND)) <= 0.05
    assert dictionary.share_named(target, encoded(name, scheme, FIRST, "another epoch")) <= 0.05


def test_patterns_name_people_of_the_plain_encoding_and_hardly_anybody_behind_locks():
    list_ = people("latin")
    grams = pooled_grams(list_.frame, list_.protocol)
    assert patterns.share_named(encoded("latin", CLK, FIRST), grams) >= 0.5
    assert patterns.share_named(encoded("latin", "locked/1", FIRST), grams) <= 0.05


# --- what the attacks are made of


@pytest.mark.parametrize("seed", range(3))
def test_matching_recovers_a_known_permutation_of_a_matrix_and_finds_none_of_another(seed):
    rng = np.random.default_rng(seed)
    one, another = (np.float32(half + half.T) for half in rng.standard_normal((2, 40, 40)))
    order = rng.permutation(40)
    assert graph.match(one[np.ix_(order, order)], one).tolist() == order.tolist()
    assert (graph.match(one[np.ix_(order, order)], another) == order).mean() <= 0.2


def test_likenesses_are_dice_over_all_bits_and_the_number_of_equal_tokens():
    values = Held(np.array([[[7], [0]], [[3], [4]], [[0], [0]]], np.uint64), np.array([[5, 6], [5, 0], [9, 0]], np.uint64))
    assert graph.of_filters(values) == pytest.approx(np.array([[1, 4 / 6, 0], [4 / 6, 1, 0], [0, 0, 0]]))
    assert graph.of_tokens(values).tolist() == [[2, 1, 0], [1, 1, 0], [0, 0, 1]]


@pytest.mark.parametrize("seed", range(3))
def test_frequent_sets_are_the_itemsets_that_were_planted(seed):
    rng = np.random.default_rng(seed)
    bits = rng.random((300, 200)) < 0.05
    group = np.digitize(rng.permutation(300), (100, 170, 215))
    planted = [group == number for number in range(3)]
    for records, columns in zip(planted, np.split(rng.permutation(200)[:30], 3), strict=True):
        bits[np.ix_(records, columns)] = True
    found = patterns.frequent_sets(bits)
    assert [one.tolist() for one in found.T[:3]] == [one.tolist() for one in planted], "most frequent first"
    for part in found.T[3:]:  # a random bit within a group is as steady as the group, if it is set often enough
        assert 0.03 * 300 <= part.sum() < 0.06 * 300
        assert any(not (part & ~records).any() for records in planted)


def test_random_bits_hold_no_frequent_set():
    for share in (0.05, 0.3, 0.5):
        assert patterns.frequent_sets(np.random.default_rng(4).random((300, 200)) < share).shape == (300, 0)


def test_equal_values_have_one_number_and_missing_ones_none():
    filters = np.array([[[1, 2]], [[2, 1]], [[1, 2]], [[0, 0]]], np.uint64)
    tokens = np.array([[8], [8], [0], [9]], np.uint64)
    numbers = classes(Held(filters, tokens))
    assert numbers.shape == (4, 2)
    for column, groups in ((0, [{0, 1}, {3}]), (1, [{0, 2}, {1}])):
        seen = {number: {*np.flatnonzero(numbers[:, column] == number).tolist()} for number in numbers[:, column].tolist()}
        assert sorted(group for number, group in seen.items() if number >= 0) == groups
    assert [(numbers[:, column] < 0).nonzero()[0].tolist() for column in (0, 1)] == [[2], [3]]


def shapes(numbers):
    """Records of each colour."""
    colour = structure.colours(np.array(numbers, np.int64))
    return sorted(sorted(at for at, one in enumerate(colour) if one == shape) for shape in set(colour))


def test_what_hangs_together_is_told_apart_by_its_shape():
    """A pair and three of one value; records 0 and 1 are alike to anybody, 2, 3 and 4 as well, 5 is alone."""
    assert shapes([[1], [1], [2], [2], [2], [3]]) == [[0, 1], [2, 3, 4], [5]]


def test_the_ends_of_a_chain_are_told_from_its_middle_only_by_what_hangs_behind():
    """0 – 1 and 2 – 3 share their first value, 1 – 2 the second; 4 – 5 share theirs with nobody behind."""
    assert shapes([[1, 1], [1, 2], [3, 2], [3, 4], [5, 5], [5, 6]]) == [[0, 3], [1, 2], [4, 5]]


def test_colours_are_those_of_the_shape_whatever_the_values_are_called():
    rng = np.random.default_rng(6)
    numbers = rng.integers(-1, 12, (60, 3))
    renamed = np.empty_like(numbers)
    for column in range(3):
        names = np.append(rng.permutation(12) + 100, -1)  # −1 stays what it is: missing
        renamed[:, column] = names[numbers[:, column]]
    colour = structure.colours(numbers)
    assert len(set(colour)) > 30
    assert structure.colours(renamed) == colour
    order = rng.permutation(60)
    assert structure.colours(renamed[order]) == [colour[at] for at in order]
    renamed[0, 0] = renamed[1, 0] if numbers[0, 0] != numbers[1, 0] else 999
    assert structure.colours(renamed) != colour


@pytest.mark.parametrize("scheme", [CLK, "fields/1", "locked/1"])
def test_a_list_is_itself_in_its_own_epoch_and_nothing_of_it_in_another(scheme):
    one = encoded("central_asian", scheme, FIRST)
    assert epochs.correlation(one, one) == pytest.approx(1.0, abs=1e-3)
    list_ = people("central_asian")
    between = epochs.between_epochs(list_.frame, list_.protocol, scheme, FIRST)
    assert abs(between["bits"]) < 0.05
    assert between["tokens"] == 0.0
    assert epochs.equal_tokens(one, one) == (1.0 if one.tokens.size else 0.0)


def test_missing_tokens_are_no_equal_tokens():
    one, other = (Held(np.zeros((2, 0, 0), np.uint64), np.array(tokens, np.uint64)) for tokens in ([[0, 5]] * 2, [[0, 5], [0, 6]]))
    assert epochs.equal_tokens(one, other) == 0.5


def test_no_two_agencies_share_a_record_pseudonym():
    assert epochs.equal_pseudonyms(500) == 0


def test_the_plain_encoding_is_one_filter_of_every_bigram_and_no_token():
    list_ = people("central_asian")
    one = encoded("central_asian", CLK, FIRST)
    assert (one.filters.shape, one.tokens.shape) == ((N, 1, 16), (N, 0))
    assert len(protocol_of("tip", CLK).encoding.filters["whole"].parts) == 4
    grams, ones = pooled_grams(list_.frame, list_.protocol).sum(axis=1), bits_of(one.filters).sum(axis=1)
    assert np.corrcoef(grams, ones)[0, 1] > 0.9


# --- the verdict


def shares(**changed):
    """Made-up shares: the default gives away as much as it may, and the controls no less than they must, or as `changed`."""
    out = {scheme: {"latin": {}, "central_asian": {}} for scheme in (CLK, default.FREQUENCY_CONTROL, DEFAULT_SCHEME)}
    for family, (most, least) in default.BARS.items():
        attack = family if family[-1].isdigit() or family.startswith("dictionary") else f"{family}, 500"
        for scheme, share in ((CLK, least), (default.FREQUENCY_CONTROL, least), (DEFAULT_SCHEME, most)):
            out[scheme]["latin"][attack] = [0.0, changed.get(scheme, {}).get(family, share)]
            out[scheme]["central_asian"][attack] = [0.0, 0.0]
    return out


def broken(**changed):
    return list(default._broken(shares(**changed)))


def test_what_is_just_within_its_bar_holds():
    assert broken() == []


@pytest.mark.parametrize("family", [family for family, (most, _) in default.BARS.items() if most < 1])
def test_a_default_that_falls_is_named_with_its_attack(family):
    most = default.BARS[family][0]
    assert broken(**{DEFAULT_SCHEME: {family: most + 0.3}}) == [
        f"{family}: the default gives away {most + 0.3:.1%}, more than {most:.0%}"
    ]


@pytest.mark.parametrize("family", [family for family, (_, least) in default.BARS.items() if least > 0])
def test_a_control_that_holds_is_named_with_its_attack(family):
    least = default.BARS[family][1]
    assert broken(**{default.control_of(family): {family: 0.2}}) == [
        f"{family}: the control gives away 20.0%, less than {least:.0%}"
    ]


def test_equality_is_controlled_by_field_filters_and_all_else_by_the_plain_encoding():
    control = {family: default.control_of(family) for family in default.BARS}
    assert {family for family, scheme in control.items() if scheme == "fields/1"} == {"frequency", "structure"}
    assert {*control.values()} == {"fields/1", CLK}


def test_a_graph_counts_by_the_better_of_its_starts_on_the_worst_list_size_and_seed():
    seen = {
        "latin": {"graph, 500": [0.1, 0.2], "spectral, 500": [0.1, 0.1]},
        "b": {"spectral, 1000": [0.0, 0.4], "patterns, 9": [0.9]},
    }
    assert default.highest(seen, "graph") == 0.4
    assert default.highest(seen, "patterns") == 0.9


def made_up(holds):
    return {
        "default": DEFAULT_SCHEME,
        "schemes": shares(),
        "between epochs": {"1": {"bits": -0.004, "tokens": 0.0}},
        "pseudonyms shared by two agencies": 0,
        "does not hold": [] if holds else ["graph: the default gives away 80.0%, more than 2%"],
    }


def test_the_tables_say_whether_everything_holds_and_what_does_not():
    assert "Every control falls and every bar holds." in default_tables(made_up(True))
    fallen = default_tables(made_up(False))
    assert "Does not hold: graph: the default gives away 80.0%" in fallen
    assert "every bar holds" not in fallen
    assert "at most 0.00400" in fallen


# --- the frontier


def test_the_worst_attack_is_told_apart_by_whether_it_has_known_pairs():
    attacks = {"latin": {"frequency, 9": [0.1, 0.3], "known pairs, 100": [0.2], "dictionary, right key": [1.0]}}
    attacks["b"] = {"spectral, 9": [0.4], "patterns, 9": [0.0], "known pairs, 500": [0.6, 0.5]}
    assert frontier.worst(attacks) == {"without known pairs": 0.4, "known pairs": 0.6}


def test_the_frontier_lays_quality_beside_attacks(monkeypatch):
    monkeypatch.setattr(frontier, "ALL", (CLK, "fields/1"))
    monkeypatch.setattr(frontier, "LISTS", lists.LISTS[:1])
    result = frontier.run(Settings(small=True, data=ROOT / "absent", peers=None))
    plain, fields = (result["schemes"][scheme] for scheme in (CLK, "fields/1"))
    assert [*result["schemes"]] == [CLK, "fields/1"]
    assert plain["quality"] == {}
    assert fields["quality"]["invented"]["pairs"]["f1"] > 0.9
    assert fields["quality"]["invented"]["persons"]["relative_error"] < 0.1
    assert min(plain["worst"]["without known pairs"], plain["worst"]["known pairs"]) > 0.9
    table = frontier_table(result)
    assert "| `plain CLK` | – | – | 100.0% | 100.0% |" in table
    assert table in privacy_tables({"results": {"frontier": result}})


# --- encodings for attack code from outside


def csv_of(tmp_path, columns=("first_name", "last_name", "dob", "shoe size"), n=25):
    """Invented people in a file, and the same as the protocol calls their columns."""
    frame = people("central_asian").frame.head(n).reset_index(drop=True)
    called = {"first_name": "given_name", "last_name": "surname", "dob": "birth_date", "gender": "sex"}
    file = pd.DataFrame({name: frame[called.get(name, name)] if name != "shoe size" else "42" for name in columns})
    file.to_csv(tmp_path / "people.csv", index=False)
    return tmp_path / "people.csv", file.rename(columns=called).drop(columns="shoe size", errors="ignore")


def run_encode(file, name, *more):
    out = file.with_name(name)
    assert encode.main([str(file), *more, "-o", str(out)]) == 0
    return out


def arrays(out):
    with np.load(out) as whole:
        return Held(whole["filters"], whole["tokens"])


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_encode_writes_what_a_unit_would_hold_row_by_row_and_names_what_it_leaves_out(tmp_path):
    file, frame = csv_of(tmp_path)
    command = [sys.executable, "-m", "benchmarks.privacy.encode", str(file), "--key-seed", "4", "-o", str(tmp_path / "out.npz")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert "the protocol persons has no such identifier: shoe size\n" in done.stderr
    found = arrays(tmp_path / "out.npz")
    agreed = protocol_of("persons", DEFAULT_SCHEME)
    assert (found.filters.shape, found.filters.dtype) == ((25, len(agreed.filters), agreed.words), np.uint64)
    assert (found.tokens.shape, found.tokens.dtype) == ((25, len(agreed.tokens)), np.uint64)
    assert same(found, held(frame, "persons", DEFAULT_SCHEME, 4))
    assert run_encode(file, "again.npz", "--key-seed", "4").read_bytes() == (tmp_path / "out.npz").read_bytes()


def test_encode_draws_the_keys_from_the_seed_alone(tmp_path):
    file, _ = csv_of(tmp_path)
    zero, one, two = (run_encode(file, f"{seed}.npz", "--key-seed", str(seed)) for seed in (0, 1, 2))
    assert len({out.read_bytes() for out in (zero, one, two)}) == 3
    assert run_encode(file, "unsaid.npz").read_bytes() == zero.read_bytes()
    for left, right in itertools.combinations(map(arrays, (zero, one, two)), 2):
        assert not np.intersect1d(left.tokens, right.tokens).size


@pytest.mark.parametrize("scheme", [CLK, "fields/1"])
def test_rows_of_encodings_follow_the_rows_of_the_file(scheme, tmp_path):
    file, _ = csv_of(tmp_path)
    forwards = arrays(run_encode(file, "forwards.npz", "--scheme", scheme))
    pd.read_csv(file, dtype=str).iloc[::-1].to_csv(file, index=False)
    backwards = arrays(run_encode(file, "backwards.npz", "--scheme", scheme))
    assert same([part[::-1] for part in backwards], forwards)
    assert len(np.unique(forwards.filters, axis=0)) > 20


@pytest.mark.parametrize(
    ("columns", "protocol"),
    [(("last_name", "first_name", "dob"), "persons"), (("surname", "given_name", "patronymic", "dob", "gender"), "tip")],
)
def test_the_columns_choose_the_protocol_unless_it_is_named(columns, protocol, tmp_path, capsys):
    file, frame = csv_of(tmp_path, columns)
    out = run_encode(file, "out.npz", "--scheme", "fields/1")
    assert f"fields/1, protocol {protocol}: " in capsys.readouterr().err
    assert same(arrays(out), held(frame, protocol, "fields/1", 0))
    named = run_encode(file, "named.npz", "--scheme", "fields/1", "--protocol", "tip")
    assert (named.read_bytes() == out.read_bytes()) == (protocol == "tip")


def test_every_scheme_can_be_encoded_and_no_other(tmp_path, capsys):
    file, _ = csv_of(tmp_path, n=4)
    assert len({run_encode(file, "out.npz", "--scheme", scheme).read_bytes() for scheme in (CLK, *SCHEMES)}) == 7
    with pytest.raises(SystemExit):
        encode.main([str(file), "--scheme", "rot13", "-o", str(tmp_path / "x.npz")])
    assert "rot13" in capsys.readouterr().err
    assert not (tmp_path / "x.npz").exists()


def test_over_several_lists_the_default_shows_less_than_plain_fields_and_the_page_says_both():
    result = several.run(Settings(small=True, data=ROOT / "absent", peers=None))
    assert len(result["cases"]) == len(lists.LISTS)
    assert all(one[DEFAULT_SCHEME] < one["fields/1"] <= 1.0 for one in result["cases"].values())
    assert "40 people, each in one of 10 lists" in privacy_tables({"results": {"several": result}})


def test_the_protocol_for_long_lists_meets_every_attack_and_the_page_says_what_length_does():
    result = read("long_lists")["results"]["long_lists"]  # as measured: even a tiny run takes most of a minute
    attacks = result["attacks"][lists.LONG]
    assert {name.partition(",")[0] for name in attacks} >= {
        "frequency",
        "structure",
        "graph",
        "spectral",
        "patterns",
        "known pairs",
    }
    assert {name for one in result["lengths"].values() for name in one} == {"national", "persons"}
    text = privacy_tables({"results": {"long_lists": result}})
    assert "| 5,000 |" in text
    assert "`national`" in text
