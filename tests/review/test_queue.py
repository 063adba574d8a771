"""The next pair is the undecided one of which the model is least sure, and always the same one."""

from itertools import pairwise

from linkage.review.queue import next_item
from linkage.unit.decisions import standing
from linkage.unit.ledger import read_ledger
from linkage.unit.weights import probability

A, B = ("ngo", "A" * 26), ("ngo", "AAAAAA" + "B" * 20)
C, D, E = ("ngo", "C" * 26), ("police", "D" * 26), ("police", "E" * 26)


def walk(evidence):
    decided, order = set(), []
    while item := next_item(evidence, decided):
        order.append((item.left, item.right))
        decided.add((item.left, item.right))
    return order


def test_the_queue_falls_with_p_times_one_minus_p_and_ties_go_by_record(evidence):
    order = walk(evidence)
    assert order == [(A, D), (B, E), (C, D), (A, C)]
    pairs = evidence.pairs
    weight = dict(zip(zip(pairs.left_record, pairs.right_record, strict=True), pairs.weight.tolist(), strict=True))
    doubt = [(p := probability(weight[left[1], right[1]])) * (1 - p) for left, right in order]
    assert all(this >= after - 1e-12 for this, after in pairwise(doubt))


def test_a_decided_pair_is_not_asked_again_even_if_unsure_but_a_withdrawn_one_is(evidence, workspace, say):
    say(0, 3, "unsure")
    assert next_item(evidence, standing(read_ledger(workspace.ledger)))[:2] == (B, E)
    say(0, 3, "withdrawn")
    assert next_item(evidence, standing(read_ledger(workspace.ledger)))[:2] == (A, D)


def test_when_all_is_decided_there_is_no_next(evidence):
    assert next_item(evidence, set(walk(evidence))) is None


def test_an_item_says_how_the_run_counts_it(evidence):
    item = next_item(evidence, ())
    assert (item.weight, item.same) == (400_000, True)
