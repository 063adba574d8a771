"""Linking: people are found again, decisions and source rules hold, and the same input is the same result to the bit."""

import json
from itertools import combinations

import numba
import numpy as np
import pandas as pd
import pytest

from blocking import Pairs, all_pairs, to_codes
from linkage.demo.names_data import FEMALE_NAMES, MALE_NAMES, SURNAME_STEMS
from linkage.errors import ModelError
from linkage.memory import link
from linkage.protocol import READY, SCHEMES, parse_protocol, ready_protocol
from linkage.records import Encodings, Part, combine
from linkage.unit import fit as fitting
from linkage.unit import link as linking
from linkage.unit.candidates import candidates
from linkage.unit.contradictions import NONE, contradictions
from linkage.unit.cuts import BRIDGE, DECISION, SOURCE
from linkage.unit.estimate import match_probability
from linkage.unit.link import NOTHING_DECIDED, Decided, as_pairs, link_encodings
from linkage.unit.vectors import compare
from linkage.unit.weights import log_odds, weigh

PERSONS = ready_protocol("persons", "fields/1")


def clusters(labels):
    found = {}
    for at, label in enumerate(labels):
        found.setdefault(label, set()).add(at)
    return {frozenset(one) for one in found.values()}


def pairs_within(truth):
    return {(a, b) for a, b in combinations(range(len(truth)), 2) if truth[a] == truth[b]}


def arrays(linkage):
    found = linkage.candidates.pairs
    drawn = linkage.certainty.partitions
    of_pairs = [found.left, found.right, linkage.candidates.proposed, linkage.levels, linkage.prior, linkage.weight, linkage.apart]
    return [*of_pairs, linkage.labels, *linkage.weights.levels, drawn.record, drawn.group, drawn.labels, drawn.joins]


def identical(one, other):
    return (
        all(np.array_equal(a, b) for a, b in zip(arrays(one), arrays(other), strict=True))
        and one.weights.prior == other.weights.prior
    )


@pytest.fixture(scope="module")
def people(invent_people):
    return invent_people(PERSONS)


@pytest.fixture(scope="module")
def linked(people):
    return link_encodings(people.encodings, PERSONS)


def test_people_are_found_again_over_lists_and_within_them(people, linked):
    assert clusters(linked.labels.tolist()) == clusters(people.truth)
    assert linked.compared > len(pairs_within(people.truth)), "no stranger was met"
    source = people.encodings.source
    assert {source[a] == source[b] for a, b in pairs_within(people.truth)} == {True, False}


def test_a_cluster_is_named_by_its_smallest_record(linked):
    labels = linked.labels
    assert labels.dtype == np.int32
    assert all(labels[one] == min(one_cluster) for one_cluster in clusters(labels.tolist()) for one in one_cluster)


def test_bundles_and_rows_in_another_order_give_the_same_to_the_bit(people, linked):
    rng = np.random.default_rng(0)
    for _ in range(3):
        parts = []
        for at in rng.permutation(len(people.parts)):
            part, order = people.parts[at], rng.permutation(len(people.parts[at].record))
            parts.append(Part(part.agency, part.record[order], part.filters[order], part.tokens[order]))
        assert identical(link_encodings(combine(parts), PERSONS), linked)


def test_the_number_of_threads_changes_no_bit(people, linked):
    before = numba.get_num_threads()
    try:
        for threads in {1, numba.config.NUMBA_NUM_THREADS}:
            numba.set_num_threads(threads)
            assert identical(link_encodings(people.encodings, PERSONS), linked)
    finally:
        numba.set_num_threads(before)


def test_a_weight_is_its_prior_and_what_the_levels_say(linked):
    evidence = weigh(linked.levels, linked.weights) - linked.weights.prior
    assert np.array_equal(linked.weight - linked.prior, evidence)
    assert linked.threshold == log_odds(PERSONS.clustering.threshold)
    alone = np.bincount(linked.labels, minlength=len(linked.labels))[linked.labels] == 1
    found = linked.candidates.pairs
    moved = linked.prior != linked.weights.prior
    assert not moved[~(alone[found.left] & alone[found.right])].any()


def test_the_inputs_are_left_as_they_were(people):
    before = [column.copy() for column in (people.encodings.filters, people.encodings.tokens)]
    link_encodings(people.encodings, PERSONS)
    assert all(np.array_equal(a, b) for a, b in zip(before, (people.encodings.filters, people.encodings.tokens), strict=True))


def one_person(labels):
    """Two records that are one person."""
    return next(tuple(sorted(one))[:2] for one in sorted(clusters(labels.tolist()), key=min) if len(one) > 1)


def two_persons(labels):
    """Two records of different persons."""
    first, second = sorted(clusters(labels.tolist()), key=min)[:2]
    return min(first), min(second)


def test_different_parts_one_person_and_moves_no_other(people, linked):
    pair = one_person(linked.labels)
    decided = link_encodings(people.encodings, PERSONS, Decided(as_pairs([]), as_pairs([pair])))
    assert decided.labels[pair[0]] != decided.labels[pair[1]]
    whole = {one for one in clusters(linked.labels.tolist()) if not {*pair} & one}
    assert whole <= clusters(decided.labels.tolist())


def test_same_joins_two_persons_and_moves_no_other(people, linked):
    pair = two_persons(linked.labels)
    decided = link_encodings(people.encodings, PERSONS, Decided(as_pairs([pair]), as_pairs([])))
    assert decided.labels[pair[0]] == decided.labels[pair[1]]
    others = {one for one in clusters(linked.labels.tolist()) if not {*pair} & one}
    assert others <= clusters(decided.labels.tolist())


def test_same_does_not_join_what_different_parts_by_a_chain(people, linked):
    a, b, c = (min(one) for one in sorted(clusters(linked.labels.tolist()), key=min)[:3])
    decided = link_encodings(people.encodings, PERSONS, Decided(as_pairs([(a, b), (b, c)]), as_pairs([(a, c)])))
    assert decided.labels[a] == decided.labels[b]
    assert decided.labels[a] != decided.labels[c]


def test_decisions_do_not_move_the_model(people, linked):
    """The model is learned from the encodings: a verdict on one pair says nothing of the others."""
    decided = link_encodings(people.encodings, PERSONS, Decided(as_pairs([two_persons(linked.labels)]), as_pairs([])))
    assert decided.weights.prior == linked.weights.prior
    assert np.array_equal(decided.levels, linked.levels)


def test_a_source_without_duplicates_never_holds_a_person_twice(people, linked):
    data = json.loads(PERSONS.canonical)
    strict = parse_protocol(data | {"sources": {"police": {"duplicates": False}}}, "p")
    police = people.encodings.agencies.index("police")

    def doubled(labels):
        return [one for one in clusters(labels.tolist()) if sum(people.encodings.source[at] == police for at in one) > 1]

    assert doubled(linked.labels)
    assert not doubled(link_encodings(people.encodings, strict).labels)


@pytest.fixture(scope="module")
def vague(invent_people):
    """Lists so full of mistakes that there is something to cut."""
    return invent_people(PERSONS, persons=60, errors=0.3, seed=4).encodings


@pytest.fixture(scope="module")
def contradicting(vague):
    """A protocol in which what some linked pair shows is a contradiction, the pair's row, and the run without and with it."""
    before = link_encodings(vague, PERSONS)
    left, right = before.candidates.pairs
    together = (before.labels[left] == before.labels[right]) & (before.levels > 0).any(axis=1)
    row = int(np.flatnonzero(together)[0])
    levels = zip(PERSONS.comparisons, before.levels[row].tolist(), strict=True)
    shown = [f"{one.name}={one.level_names[level]}" for one, level in levels if level > 0]
    data = json.loads(PERSONS.canonical)
    data["clustering"]["contradictions"] = [{"name": "what it shows", "all": shown}]
    protocol = parse_protocol(data, "p")
    return protocol, row, before, link_encodings(vague, protocol)


def ends(linkage, row):
    return int(linkage.candidates.pairs.left[row]), int(linkage.candidates.pairs.right[row])


def test_a_contradiction_parts_a_linked_pair_and_is_the_stated_reason(contradicting):
    _, row, before, after = contradicting
    one, other = ends(before, row)
    assert before.labels[one] == before.labels[other]
    assert after.labels[one] != after.labels[other]
    assert (before.apart[row], after.apart[row]) == ("", "what it shows")


def test_a_pair_that_shows_a_contradiction_is_never_one_person_not_even_through_others(contradicting, vague):
    protocol, _, _, after = contradicting
    everybody = all_pairs(len(vague))
    shows = contradictions(compare(vague, everybody, protocol), protocol) != NONE
    assert shows.sum() > 1
    assert (after.labels[everybody.left[shows]] != after.labels[everybody.right[shows]]).all()


def test_a_contradiction_takes_forty_bits_off_the_weight_and_nothing_else_does(contradicting):
    protocol, _, _, after = contradicting
    shows = contradictions(after.levels, protocol) != NONE
    beyond = after.weight - after.prior - (weigh(after.levels, after.weights) - after.weights.prior)
    assert set(beyond[shows].tolist()) == {linking.CONTRADICTED}
    assert set(beyond[~shows].tolist()) == {0}


def test_an_auditors_same_overrules_a_contradiction(contradicting, vague):
    protocol, row, before, _ = contradicting
    pair = ends(before, row)
    decided = link_encodings(vague, protocol, Decided(as_pairs([pair]), as_pairs([])))
    assert decided.labels[pair[0]] == decided.labels[pair[1]]
    assert decided.apart[row] == ""


def test_who_shows_a_contradiction_is_no_match_to_the_model(contradicting, vague):
    """Matches are those that could be one person: what parts them cannot make the model take it for usual."""
    _, row, _, after = contradicting
    table = after.counted.candidates
    rows = (table.patterns == after.levels[row]).all(axis=1)
    assert match_probability(table, after.model)[rows].tolist() == [0.0]


def test_every_pair_that_speaks_for_one_person_and_is_cut_has_a_reason_and_no_other_pair_has(contradicting, vague):
    protocol, _, before, _ = contradicting
    data = json.loads(protocol.canonical) | {"sources": {"police": {"duplicates": False}}}
    pair = one_person(before.labels)
    linkage = link_encodings(vague, parse_protocol(data, "p"), Decided(as_pairs([]), as_pairs([pair])))
    left, right = linkage.candidates.pairs
    speaks_for = linkage.prior + weigh(linkage.levels, linkage.weights) - linkage.weights.prior >= linkage.threshold
    cut = speaks_for & (linkage.labels[left] != linkage.labels[right])
    assert ((linkage.apart != "") == cut).all()
    assert set(linkage.apart[cut].tolist()) == {DECISION, SOURCE, BRIDGE, "what it shows"}


def test_the_interval_holds_the_published_count_of_clear_lists_and_is_wider_where_more_is_doubtful(linked, vague):
    clear, unclear = linked.certainty, link_encodings(vague, PERSONS).certainty
    assert clear.low <= clear.persons <= clear.high
    assert unclear.low <= unclear.estimated <= unclear.high
    assert unclear.high - unclear.low > clear.high - clear.low
    assert unclear.doubtful > clear.doubtful


def test_a_sampled_background_gives_the_same_people(people, monkeypatch):
    monkeypatch.setattr(fitting, "ALL_PAIRS_UP_TO", 0)
    monkeypatch.setattr(fitting, "SAMPLED_PAIRS", 2000)
    sampled = link_encodings(people.encodings, PERSONS)
    assert clusters(sampled.labels.tolist()) == clusters(people.truth)
    assert identical(sampled, link_encodings(people.encodings, PERSONS))


def test_a_sample_and_the_candidates_stand_for_all_pairs_and_no_pair_twice(people, linked, monkeypatch):
    monkeypatch.setattr(fitting, "ALL_PAIRS_UP_TO", 0)
    monkeypatch.setattr(fitting, "SAMPLED_PAIRS", 2000)
    seen = []
    monkeypatch.setattr(fitting, "estimate", lambda *given: seen.append(given) or linked.model)
    link_encodings(people.encodings, PERSONS)
    (counted, background, _, every, n) = seen[0]
    assert every == n * (n - 1) // 2
    assert background.counts.sum() == pytest.approx(every)
    size = len(counted.counts)
    assert np.array_equal(background.patterns[:size], counted.patterns)
    assert np.array_equal(background.counts[:size], counted.counts)
    assert counted.counts.sum() == linked.compared < every / 2
    pairs = all_pairs(n)
    others = ~np.isin(to_codes(pairs, n), to_codes(candidates(people.encodings, PERSONS).pairs, n))
    of_others = compare(people.encodings, Pairs(pairs.left[others], pairs.right[others]), PERSONS)
    assert set(map(tuple, background.patterns[size:].tolist())) <= set(map(tuple, of_others.tolist()))


def behind_locks(locked):
    """A protocol of one comparison, of a token under two locks, that strangers hardly ever share."""
    locked["comparisons"] = [{"name": "given", "strangers": [10], "levels": [{"name": "same", "token": ["given"]}]}]
    locked["blocking"]["joins"] = []
    return parse_protocol(locked, "p")


def chain(protocol, others=60):
    """A and B share one lock, B and C the other, A and C none; and strangers who share nothing with anybody."""
    n = others + 3
    tokens = np.arange(1, n * len(protocol.tokens) + 1, dtype=np.uint64).reshape(n, -1) << np.uint64(32)
    for lock, rows in (("date", (0, 1)), ("surname_year", (1, 2))):
        for label in (lock, f"given@{lock}"):
            tokens[rows[1], protocol.tokens.index(label)] = tokens[rows[0], protocol.tokens.index(label)]
    filters = np.zeros((n, len(protocol.filters), protocol.words), np.uint64)
    record = np.array([f"{at:026d}" for at in range(n)], "S26")
    return Encodings(("police",), np.zeros(n, np.int16), record, filters, tokens)


def test_a_pair_that_cannot_be_compared_speaks_only_a_little_against(locked, monkeypatch):
    """A and C share no lock: nothing is known of them, and B holds them together. Were nothing to weigh like a stranger, C went."""
    protocol = behind_locks(locked)
    e = chain(protocol)
    linkage = link_encodings(e, protocol)
    assert (linkage.levels == 0).all()
    assert list(zip(*map(np.ndarray.tolist, linkage.candidates.pairs), strict=True)) == [(0, 1), (1, 2)]
    assert (linkage.weight > linkage.threshold - linking.UNSEEN_PAIR).all()
    assert linkage.weights.prior < 3 * linking.UNSEEN_PAIR
    assert linkage.labels.tolist() == [0, 0, 0, *range(3, len(e))]
    monkeypatch.setattr(linking, "UNSEEN_PAIR", linkage.weights.prior)
    assert link_encodings(e, protocol).labels[:3].tolist() == [0, 0, 2]


def test_where_a_lock_shows_that_the_ends_of_a_chain_differ_they_come_apart(locked):
    """As above, but A and C share a third lock, and under it both show a value, and not the same."""
    locked["encoding"]["tokens"]["given"]["locks"].append("given_year")
    protocol = behind_locks(locked)
    e = chain(protocol)
    for label, beyond in (("given_year", 0), ("given@given_year", 1)):
        e.tokens[2, protocol.tokens.index(label)] = e.tokens[0, protocol.tokens.index(label)] + np.uint64(beyond)
    linkage = link_encodings(e, protocol)
    assert dict(zip(zip(*map(np.ndarray.tolist, linkage.candidates.pairs), strict=True), linkage.levels[:, 0], strict=True)) == {
        (0, 1): 0,
        (0, 2): 1,
        (1, 2): 0,
    }
    assert linkage.labels[0] != linkage.labels[2]


def test_as_assumed_the_model_goes_by_the_strangers_alone_and_otherwise_by_the_data(people):
    """The assumption is far from the data, so that only one of the two can be what the model says."""
    data = json.loads(PERSONS.canonical)
    levels = len(data["comparisons"][0]["levels"])
    data["comparisons"][0]["strangers"] = [100_000] * levels
    told = pytest.approx([0.1] * levels + [1 - 0.1 * levels])
    learnt = link_encodings(people.encodings, parse_protocol(data, "p")).model
    data["comparisons"][0]["as_assumed"] = True
    taken = link_encodings(people.encodings, parse_protocol(data, "p")).model
    assert taken.u[0] == told
    assert learnt.u[0] != told


def test_silent_levels_weigh_nothing_and_the_others_what_they_would(people):
    data = json.loads(PERSONS.canonical)
    first, second = data["comparisons"][:2]
    first["silent"], second["silent"] = ["different"], [second["levels"][0]["name"]]
    table = link_encodings(people.encodings, parse_protocol(data, "p")).weights
    plain = link_encodings(people.encodings, PERSONS).weights
    assert (table.levels[0][-2], table.levels[1][0]) == (0, 0)
    assert table.levels[0][:-2].all()
    assert table.levels[1][1:-1].all()
    assert all(one[:-1].all() for one in plain.levels[:2])


def invented(n):
    """Persons of whom each has names, a birth date and a sex of their own."""
    rng = np.random.default_rng(11)
    for number in range(n):
        female = number % 2
        names, ending, son = (FEMALE_NAMES, "ова", "овна") if female else (MALE_NAMES, "ов", "ович")
        yield {
            "record_id": str(number),
            "surname": SURNAME_STEMS[3 * number % len(SURNAME_STEMS)] + ending,
            "given_name": names[7 * number % len(names)],
            "patronymic": MALE_NAMES[5 * number % len(MALE_NAMES)] + son,
            "birth_date": f"{rng.integers(1955, 2005)}-{rng.integers(1, 13):02}-{rng.integers(1, 29):02}",
            "sex": "F" if female else "M",
            "stage": "DET",
        }


@pytest.mark.parametrize("name", READY)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_ready_protocol_under_every_scheme_joins_who_is_plainly_one_person_and_nobody_else(name, scheme):
    everybody = pd.DataFrame(invented(40)).assign(role="victim" if name == "tip" else "person")
    found = link({"police": everybody.iloc[:30], "ngo": everybody.iloc[10:]}, ready_protocol(name, scheme)).persons
    assert (found.groupby("record_id")["person"].nunique() == 1).all(), "one person is two"
    assert (found.groupby("person")["record_id"].nunique() == 1).all(), "two persons are one"
    assert found["person"].nunique() == 40


def first(encodings, n):
    return Encodings(encodings.agencies, *(getattr(encodings, name)[:n] for name in ("source", "record", "filters", "tokens")))


@pytest.mark.parametrize("n", [1, 2])
def test_very_few_records_of_strangers_are_so_many_persons(n, invent_people):
    few = first(invent_people(PERSONS, again=0.0, agencies=("police",)).encodings, n)
    assert link_encodings(few, PERSONS).labels.tolist() == list(range(n))


def test_records_that_are_nothing_but_missing_are_so_many_persons(people):
    e = people.encodings
    blank = Encodings(e.agencies, e.source, e.record, np.zeros_like(e.filters), np.zeros_like(e.tokens))
    assert link_encodings(blank, PERSONS).labels.tolist() == list(range(len(e)))


def test_a_list_of_strangers_without_any_candidate_pair_is_so_many_persons(invent_people):
    strangers = invent_people(PERSONS, persons=90, agencies=("police",), again=0.0, values=2**62)
    linkage = link_encodings(strangers.encodings, PERSONS)
    assert len(strangers.truth) > 60
    assert len(linkage.candidates.pairs.left) == 0
    assert linkage.labels.tolist() == list(range(len(strangers.truth)))


def test_one_record_over_and_over_is_refused_or_one_person(people):
    """All pairs agree: nothing tells a match from a stranger, and the estimate must say so rather than count."""
    e = people.encodings
    same = Encodings(e.agencies, e.source, e.record, np.repeat(e.filters[:1], len(e), 0), np.repeat(e.tokens[:1], len(e), 0))
    with pytest.raises(ModelError):
        link_encodings(same, PERSONS)


def test_pairs_are_turned_sorted_and_taken_once():
    pairs = as_pairs([(5, 2), (2, 5), (0, 9), (2, 3)])
    assert list(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)) == [(0, 9), (2, 3), (2, 5)]
    assert pairs.left.dtype == pairs.right.dtype == np.int32
    assert all(len(side) == 0 for decided in NOTHING_DECIDED for side in decided)
