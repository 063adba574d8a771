"""What an estimate goes by, and how far it would have been another: patterns by pass, assumptions, fits of lists drawn again."""

import json
from dataclasses import replace

import numpy as np
import pytest

from linkage.protocol import parse_protocol, ready_protocol
from linkage.unit import fit as fitting
from linkage.unit.candidates import candidates, propose
from linkage.unit.compared import compare_all
from linkage.unit.contradictions import NONE, contradictions
from linkage.unit.estimate import settle
from linkage.unit.executor import IN_MEMORY
from linkage.unit.fit import ASSUMED_PAIRS, assumed, count, fit, refits
from linkage.unit.vectors import compare
from tests.unit.test_vectors import some_encodings

PERSONS = ready_protocol("persons", "fields/1")


@pytest.fixture(scope="module")
def people(invent_people):
    return invent_people(PERSONS, persons=60, errors=0.15).encodings


def counted_of(encodings, protocol):
    found = candidates(encodings, protocol)
    parts = compare_all(encodings, propose(encodings, protocol), protocol, IN_MEMORY)
    return found, compare(encodings, found.pairs, protocol), count(encodings, parts, found.passes, protocol)


@pytest.fixture(scope="module")
def counted(people):
    return counted_of(people, PERSONS)[2]


@pytest.fixture(scope="module")
def model(counted):
    return fit(counted)


def test_of_every_pattern_it_is_counted_how_many_pairs_show_it_and_how_many_of_them_each_pass_proposed(people):
    found, levels, counted = counted_of(people, PERSONS)
    table = counted.candidates
    for pattern, number, by_pass in zip(table.patterns.tolist(), table.counts.tolist(), table.by_pass.tolist(), strict=True):
        shows = (levels == pattern).all(axis=1)
        assert shows.sum() == number > 0
        assert by_pass == [float((shows & found.by(place)).sum()) for place in range(len(found.passes))]
    assert table.counts.sum() == len(levels)
    assert table.by_pass.sum(axis=0).tolist() == [one.pairs for one in found.passes]


def test_the_background_is_all_pairs_and_what_contradicts_itself_is_no_match_in_either_table(people):
    protocol = parse_protocol({**json.loads(PERSONS.canonical), **contradicting(PERSONS)}, "p")
    _, _, counted = counted_of(people, protocol)
    n = len(people)
    assert counted.background.counts.sum() == counted.all_pairs == n * (n - 1) // 2
    for table in (counted.candidates, counted.background):
        assert table.possible.tolist() == [one == NONE for one in contradictions(table.patterns, protocol).tolist()]
        assert not table.possible.all()


@pytest.mark.parametrize("max_block", [9, 400])
def test_locks_whose_pass_left_nothing_out_need_no_look_at_drawn_pairs(max_block, monkeypatch):
    ready = ready_protocol("persons")
    protocol = replace(ready, blocking=replace(ready.blocking, max_block=max_block))
    encodings = some_encodings(protocol, 60, 1, values=6)
    monkeypatch.setattr(fitting, "ALL_PAIRS_UP_TO", 0)
    monkeypatch.setattr(fitting, "SAMPLED_PAIRS", 600)
    candidates, _, short = counted_of(encodings, protocol)
    monkeypatch.setattr(fitting, "_sharing_nothing", lambda *_: None)
    _, _, long = counted_of(encodings, protocol)
    assert np.array_equal(short.background.patterns, long.background.patterns)
    assert np.array_equal(short.background.counts, long.background.counts)
    assert any(one.blocks_left_out for one in candidates.passes) == (max_block < 60)


def contradicting(protocol):
    first, second = protocol.comparisons[:2]
    both = [f"{one.name}=different" for one in (first, second)]
    return {"clustering": {"method": "average", "threshold": 500, "contradictions": [{"name": "both", "all": both}]}}


def test_assumptions_are_those_of_the_protocol(small):
    given = small["comparisons"][1]
    given |= {"strangers": [100, 900], "most_errors": 2500, "as_assumed": True, "silent": ["similar"]}
    small["estimation"] = {"dependent": [["surname", "given"]]}
    protocol = parse_protocol(small, "p")
    told = assumed(protocol, ["date", "name_year", "surname | given"])
    assert told.strangers[1] == pytest.approx(ASSUMED_PAIRS * np.array([100, 900, 999_000]) / 1e6)
    assert all(one.sum() == pytest.approx(ASSUMED_PAIRS) for one in told.strangers)
    assert told.errors[1] == (0.01, 0.25)
    assert told.errors[0] == (0.0, 1.0)
    assert [one.tolist() for one in told.silent][:2] == [[False] * 4, [False, True, False]]
    assert told.known == (False, True, False, False)
    assert told.locked == (False,) * 4
    assert told.dependent == ((0, 1),)


def test_behind_locks_strangers_are_seen_where_a_pass_tells_nothing_of_what_is_compared_nor_of_what_relatives_share(locked):
    locked["encoding"]["tokens"]["case"] = {"of": ["case_number"]}
    locked["blocking"]["passes"].append("case")
    protocol = parse_protocol(locked, "p")
    told = assumed(protocol, [*protocol.blocking.passes, "birth@sex | whole"])
    names = [one.name for one in protocol.comparisons]
    assert dict(zip(names, told.locked, strict=True)) == {
        "surname": True,
        "given": True,
        "birth": True,
        "whole": False,
        "year": False,
    }
    assert told.known == (False,) * 5
    blind = {name: one.tolist() for name, one in zip(names, told.blind, strict=True)}
    assert blind["surname"] == [True, True, False, False, False]  # date, given_year; not surname_year, not case, no join
    assert blind["given"] == [True, False, True, False, False]
    assert blind["birth"] == [False] * 5


def apart(model, other):
    """The largest change of any m, u, or the log-odds of λ in bits."""
    shares = [abs(a - b).max() for one, two in ((model.m, other.m), (model.u, other.u)) for a, b in zip(one, two, strict=True)]
    return max(*shares, abs(np.log2(other.prior / model.prior)))


def test_refits_are_the_same_for_a_seed_and_others_for_another(counted, model):
    one, again, other = (refits(counted, model, 4, seed) for seed in (1, 1, 2))
    assert len(one) == 4
    assert all(apart(a, b) == 0 for a, b in zip(one, again, strict=True))
    assert all(apart(a, b) > 0 for a, b in zip(one, other, strict=True))
    assert apart(one[0], one[1]) > 0


def test_fewer_refits_are_the_first_of_more(counted, model):
    assert all(apart(a, b) == 0 for a, b in zip(refits(counted, model, 2, 1), refits(counted, model, 6, 1), strict=False))


def test_a_refit_is_a_model_shares_sum_to_one_and_none_is_zero(counted, model):
    for one in refits(counted, model, 8, 1):
        assert 0 < one.prior <= 0.5
        for share in (*one.m, *one.u):
            assert share.sum() == pytest.approx(1)
            assert (share > 0).all()
        assert [a.tolist() for a in one.silent] == [a.tolist() for a in model.silent]


def repeated(counted, times):
    """The same lists, as if everything had been seen so many times."""
    more = {
        name: replace(table, counts=table.counts * times, by_pass=None if table.by_pass is None else table.by_pass * times)
        for name, table in (("candidates", counted.candidates), ("background", counted.background))
    }
    return replace(counted, **more, all_pairs=counted.all_pairs * times)


def test_the_more_pairs_tell_the_nearer_refits_are_to_the_fit(counted):
    def spread(times):
        data = repeated(counted, times)
        fitted = fit(data)
        return np.median([[abs(a - b).max() for a, b in zip(fitted.m, one.m, strict=True)] for one in refits(data, fitted, 8, 1)])

    few, some, many = spread(1), spread(100), spread(10_000)
    assert many < 0.002
    assert few > 2 * some > 4 * many


def test_what_is_only_assumed_moves_from_refit_to_refit_and_what_the_data_show_does_not(counted):
    data = repeated(counted, 10_000)
    told = replace(data.assumed, known=(True, *data.assumed.known[1:]))
    data = replace(data, assumed=told)
    others = refits(data, fit(data), 40, 1)
    assumed_u, learnt_u = (np.log([one.u[column][0] for one in others]).std() for column in (0, 1))
    both_move = np.sqrt(2) * fitting._ASSUMED_SPREAD  # a level, and *different*, by which it is divided
    assert assumed_u == pytest.approx(both_move, rel=0.3)
    assert learnt_u < 0.1 * assumed_u


def test_refits_come_in_pairs_that_are_raised_and_lowered_alike(counted):
    told = replace(counted, assumed=replace(counted.assumed, known=(True, *counted.assumed.known[1:])))
    fitted = fit(told)
    odds = [np.log(one.u[0][:-1] / one.u[0][-1]) for one in (fitted, *refits(told, fitted, 6, 1))]
    for raised, lowered in zip(odds[1::2], odds[2::2], strict=True):
        assert (raised + lowered) / 2 == pytest.approx(odds[0])
        assert raised != pytest.approx(lowered, rel=0.01)


def test_settled_again_from_the_same_counts_the_model_stays(counted, model):
    again = settle(model, counted.candidates, counted.background, counted.assumed, counted.all_pairs)
    assert apart(model, again) < 1e-3


def test_the_counts_are_left_as_they_were(counted, model):
    before = counted.candidates.counts.copy(), counted.candidates.by_pass.copy()
    refits(counted, model, 3, 1)
    assert np.array_equal(before[0], counted.candidates.counts)
    assert np.array_equal(before[1], counted.candidates.by_pass)
