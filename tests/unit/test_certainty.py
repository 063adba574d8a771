"""Certainty: the interval holds the true count where the match probabilities are right, and a sure list has no doubt."""

from types import SimpleNamespace

import numpy as np
import pytest

from blocking import Pairs, all_pairs
from linkage.unit.certainty import DRAWS, Kinds, Seen, certainty
from linkage.unit.cluster import Rules, Weighed, cluster
from linkage.unit.contradictions import NONE
from linkage.unit.link import as_pairs
from linkage.unit.missing import missing
from linkage.unit.weights import MICROBITS, log_odds

FAR = -30.0


class Lists:
    """Records whose pairs have known weights; every pair that is named is a candidate."""

    def __init__(self, n, bits, *, passes=2, must=(), cannot=(), contradicted=(), unseen=(), names=None, threshold=0):
        self.n, self.threshold, self.passes = n, threshold, passes
        self.bits = {(min(p), max(p)): value for p, value in bits.items()}
        self.contradicted, self.unseen = set(contradicted), set(unseen)
        self.pairs = as_pairs(list(self.bits))
        self.rules = Rules(np.zeros(n, np.int16), np.array([False]), as_pairs(must), as_pairs(cannot))
        record = np.array([f"{name:026d}" for name in (names or range(n))], "S26")
        self.encodings = SimpleNamespace(agencies=("police",), source=np.zeros(n, np.int16), record=record)

    def weigh(self, pairs, shift=0.0):
        named = list(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True))
        bits = np.array([self.bits.get(one, FAR) + shift for one in named])
        shown = np.array([0 if one in self.contradicted else NONE for one in named], np.int8)
        seen = np.array([one not in self.unseen for one in named], np.bool_)
        return Weighed(np.rint(bits * MICROBITS).astype(np.int64), shown, seen)

    @property
    def published(self):
        return cluster(self.pairs, self.weigh(self.pairs).weight, self.threshold, self.weigh, self.rules)

    def certainty(self, shifts=(0.0,)):
        weight = self.weigh(self.pairs).weight
        seen = Seen(self.pairs, weight, np.broadcast_to(np.int64(self.passes), weight.shape))

        def models(pairs):
            """Every pair is a kind of its own, and their numbers do not go by the order of the pairs."""
            size = len(pairs.left)
            kind = np.arange(size, dtype=np.int32)[::-1].copy()
            return Kinds(kind, [Weighed(*(column[kind] for column in self.weigh(pairs, shift))) for shift in shifts])

        return certainty(self.encodings, seen, self.published, self.threshold, models, self.rules)


def couples(bits, **options):
    """Two records for each weight, and nobody else like them."""
    return Lists(2 * len(bits), {(2 * at, 2 * at + 1): value for at, value in enumerate(bits)}, **options)


def crowd(seed, n=24, share=0.12):
    """Records of which some resemble each other, in groups of several."""
    rng, every = np.random.default_rng(seed), all_pairs(n)
    pairs = [p for p in zip(every.left.tolist(), every.right.tolist(), strict=True) if rng.random() < share]
    return Lists(n, {p: float(rng.uniform(-9, 12)) for p in pairs}, passes=rng.integers(1, 4, len(pairs)))


def counts(told, published):
    """Persons in each draw, by a reading aloud: every record's cluster, and what no pass proposed taken off."""
    out = []
    for labels, joins in zip(told.partitions.labels.tolist(), told.partitions.joins.tolist(), strict=True):
        person = published.tolist()
        for record, label in zip(told.partitions.record.tolist(), labels, strict=True):
            person[record] = ("drawn", label)
        out.append(len(set(person)) - joins)
    return out


@pytest.mark.parametrize("seed", range(6))
def test_the_estimate_and_its_interval_are_those_of_the_counts_of_the_draws(seed):
    lists = crowd(seed)
    told = lists.certainty()
    assert told.persons == len(set(lists.published.tolist()))
    assert (told.low, told.estimated, told.high) == tuple(
        round(float(one)) for one in np.percentile(counts(told, lists.published), (2.5, 50, 97.5))
    )
    assert told.low <= told.estimated <= told.high
    assert told.low < told.high, "nothing is doubtful: the example proves little"
    assert told.doubtful == len(told.partitions.record) > 4


@pytest.mark.parametrize("seed", range(6))
def test_no_draw_joins_two_groups_and_a_cluster_is_named_by_its_smallest_record(seed):
    drawn = crowd(seed).certainty().partitions
    assert drawn.labels.shape == (DRAWS, len(drawn.record))
    group = dict(zip(drawn.record.tolist(), drawn.group.tolist(), strict=True))
    assert list(group) == sorted(group)
    assert all(group[name] == name <= record for record, name in group.items())
    for labels in drawn.labels[:50].tolist():
        members = {}
        for record, label in zip(drawn.record.tolist(), labels, strict=True):
            members.setdefault(label, []).append(record)
        assert all(min(several) == label and len({group[one] for one in several}) == 1 for label, several in members.items())


def test_a_sure_list_has_no_doubtful_record_and_an_interval_of_no_width():
    told = couples([25, 30, -25, -30, 28]).certainty()
    assert (told.doubtful, told.partitions.labels.shape) == (0, (DRAWS, 0))
    assert told.low == told.estimated == told.high == told.persons == 7
    assert (told.precision, told.recall, told.blocking_kept, told.joins_missing) == (1000, 1000, 1000, 0)


def test_what_is_sure_stays_as_published_beside_what_is_not():
    told = couples([25, 0.5, -25]).certainty()
    assert told.partitions.record.tolist() == [2, 3]
    assert (told.low, told.high) == (4, 5)


def test_a_list_without_any_pair_is_as_many_persons_for_sure():
    told = Lists(3, {}).certainty()
    assert (told.low, told.estimated, told.high, told.precision, told.recall) == (3, 3, 3, 1000, 1000)


@pytest.mark.parametrize("permille", [500, 900, 100])
def test_where_the_weights_are_right_the_truth_lies_within_the_interval_nineteen_times_in_twenty(permille):
    """Who is one person is drawn from the weights, time and again. The threshold decides what is published, and not what is true."""
    rng = np.random.default_rng(5)
    bits = rng.uniform(-6.5, 9, 150)
    lists = couples(bits, threshold=log_odds(permille))
    told, published = lists.certainty(), lists.published[::2] == lists.published[1::2]
    truths = rng.random((2000, len(bits))) < 1 / (1 + np.exp2(-bits))
    persons = lists.n - truths.sum(axis=1)
    assert told.estimated == pytest.approx(persons.mean(), abs=1.5)
    assert 0.92 < ((told.low <= persons) & (persons <= told.high)).mean() < 0.985
    assert told.precision == pytest.approx(1000 * (truths & published).sum() / (2000 * published.sum()), abs=5)
    assert told.recall == pytest.approx(1000 * (truths & published).sum() / truths.sum(), abs=5)
    assert told.blocking_kept == 1000


def test_under_several_models_the_interval_is_wider_than_under_any_of_them():
    lists = couples(np.linspace(-3, 3, 60))
    one, several = lists.certainty(), lists.certainty(shifts=(-2.0, 0.0, 2.0))
    assert several.high - several.low > 1.5 * (one.high - one.low)
    assert several.estimated == pytest.approx(one.estimated, abs=3)


def drawn_of(told, records):
    rows = np.flatnonzero(np.isin(told.partitions.record, records))
    return told.partitions.labels[:, rows]


def test_a_group_is_drawn_alike_whoever_else_is_in_the_lists():
    """What is drawn goes by a group's first record; another group, before it or after it, moves nothing."""
    alone = Lists(3, {(0, 1): 1, (1, 2): 0.5, (0, 2): -1}, names=(10, 11, 12)).certainty()
    after = Lists(5, {(0, 1): 1, (1, 2): 0.5, (0, 2): -1, (3, 4): 0}, names=(10, 11, 12, 13, 14)).certainty()
    before = Lists(5, {(2, 3): 1, (3, 4): 0.5, (2, 4): -1, (0, 1): 0}, names=(1, 2, 10, 11, 12)).certainty()
    assert np.array_equal(drawn_of(alone, [0, 1, 2]), drawn_of(after, [0, 1, 2]))
    assert np.array_equal(drawn_of(alone, [0, 1, 2]) + 2, drawn_of(before, [2, 3, 4]))


def test_two_groups_alike_are_drawn_independently():
    told = couples([0, 0]).certainty()
    one, other = (told.partitions.labels[:, at] == told.partitions.labels[:, at + 1] for at in (0, 2))
    assert 0.4 < (one == other).mean() < 0.6


def test_the_same_lists_are_drawn_the_same():
    one, other = crowd(1).certainty(), crowd(1).certainty()
    assert np.array_equal(one.partitions.labels, other.partitions.labels)
    assert np.array_equal(one.partitions.joins, other.partitions.joins)


@pytest.mark.parametrize(
    ("options", "share"),
    [
        ({"must": [(0, 1)]}, 1),
        ({"cannot": [(0, 1)]}, 0),
        ({"contradicted": [(0, 1)]}, 0),
        ({"contradicted": [(0, 1)], "must": [(0, 1)]}, 1),
        ({"unseen": [(0, 1)]}, 0),
    ],
)
def test_what_decisions_contradictions_and_missing_values_settle_is_settled_in_every_draw(options, share):
    drawn = Lists(2, {(0, 1): 0.0}, **options).certainty().partitions
    assert (drawn.labels[:, 0] == drawn.labels[:, 1]).mean() == share


def test_what_hangs_on_a_single_pass_lowers_the_count_and_the_recall():
    """Forty sure couples, each proposed by one pass only: more such couples were proposed by none."""
    twice, once = (couples([25] * 40 + [-25] * 40, passes=passes).certainty() for passes in (2, 1))
    expected = missing(np.ones(40, np.int64))
    assert twice.low == twice.high == once.persons == 120
    assert (twice.joins_missing, twice.recall) == (0, 1000)
    assert once.joins_missing == pytest.approx(expected.number, rel=0.15)
    assert once.estimated == 120 - once.joins_missing
    assert once.low < once.estimated < once.high < 120
    assert once.recall == once.blocking_kept == round(1000 * 40 / (40 + expected.number))
    spread = np.log(np.maximum(once.partitions.joins, 1)).std()
    assert spread == pytest.approx(expected.spread, rel=0.15)


def test_a_published_join_that_a_clear_weight_speaks_against_is_doubtful():
    """Somebody's decision, or other records, hold it; the draws show how far."""
    told = Lists(3, {(0, 1): 25, (1, 2): 25, (0, 2): -25}).certainty()
    assert told.partitions.record.tolist() == [0, 1, 2]


def test_only_pairs_that_could_join_somebody_make_a_group():
    told = Lists(4, {(0, 1): 0.0, (1, 2): -20.0, (2, 3): -20.0}).certainty()
    assert told.partitions.record.tolist() == [0, 1]


def test_pairs_are_not_changed():
    lists = crowd(3)
    before = Pairs(lists.pairs.left.copy(), lists.pairs.right.copy())
    lists.certainty()
    assert all(np.array_equal(a, b) for a, b in zip(before, lists.pairs, strict=True))


@pytest.mark.parametrize(("size", "drawn"), [(127, True), (128, False)])
def test_a_group_that_decisions_make_larger_than_can_be_numbered_stays_as_published(size, drawn):
    """Only 'same' holds so many together; one doubtful pair among them would have the group drawn."""
    chain = [(at, at + 1) for at in range(size - 1)]
    told = Lists(size, {**dict.fromkeys(chain, 12.0), (0, 2): 0.0}, must=chain).certainty()
    assert told.doubtful == (size if drawn else 0)
    assert told.persons == 1
    assert (told.partitions.labels == 0).all()
