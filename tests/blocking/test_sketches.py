"""A sketch bounds the distance of two filters from below, and the one chosen is short where strangers are far."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from blocking.scan import Rule
from blocking.sketches import Sketch, choose, folded, sizes_of


def naive_folded(filters, words):
    out = np.zeros((len(filters), words), np.uint64)
    for word in range(filters.shape[1]):
        out[:, word % words] ^= filters[:, word]
    return out


def bound(difference, sketch):
    """Ones of the sketch's words of a difference, of which the first 2 · laid are laid together two by two."""
    words = naive_folded(difference[None], sketch.words)[0].tolist()
    pairs = [words[2 * pair] | words[2 * pair + 1] for pair in range(sketch.laid)]
    return sum(word.bit_count() for word in pairs + words[2 * sketch.laid :])


def every_sketch(n_words):
    return [Sketch(size, laid) for size in sizes_of(n_words) for laid in {0, size // 2}]


def random_filters(n, words, fill, seed):
    bits = np.random.default_rng(seed).random((n, 64 * words)) < fill
    return np.packbits(bits, axis=1, bitorder="little").view("<u8").astype(np.uint64)


@settings(deadline=None)  # the first call compiles
@given(hnp.arrays(np.uint64, st.tuples(st.integers(0, 5), st.integers(1, 9))), st.integers(1, 9))
def test_a_fold_is_that_of_the_slow_twin(filters, words):
    words = min(words, filters.shape[1])
    assert folded(filters, words).tolist() == naive_folded(filters, words).tolist()


@given(hnp.arrays(np.uint64, (2, 7)))
def test_no_sketch_differs_in_more_bits_than_its_filters(filters):
    difference = filters[0] ^ filters[1]
    for sketch in every_sketch(7):
        assert bound(difference, sketch) <= int(np.bitwise_count(difference).sum())


@pytest.mark.parametrize("n_words", [1, 2, 15, 16, 17, 40, 64])
def test_sketches_reach_from_one_word_to_the_whole_filter(n_words):
    sizes = sizes_of(n_words)
    assert (sizes[0], sizes[-1]) == (1, n_words)
    assert list(sizes) == sorted(set(sizes))


@pytest.mark.parametrize("permille", [950, 800, 650])
def test_the_choice_weighs_the_instructions_of_a_sketch_against_the_pairs_that_it_lets_through(permille):
    filters = random_filters(12_000, 16, 0.33, 0)
    chosen = choose(filters, filters, Rule(1000, 1000 - permille, 0))
    left, right = filters[np.random.default_rng(1).integers(0, 12_000, (2, 1500))]
    allowed = [(1000 - permille) * int(n) // 1000 for n in np.bitwise_count(np.hstack([left, right])).sum(axis=1, dtype=int)]

    def cost(sketch):
        passed = sum(bound(one, sketch) <= most for one, most in zip(left ^ right, allowed, strict=True))
        return sketch.instructions + 8 * 200 * passed / 1500

    assert cost(chosen) < 1.3 * min(cost(sketch) for sketch in every_sketch(16))


def test_the_nearer_strangers_are_to_the_threshold_the_longer_is_the_sketch():
    filters = random_filters(12_000, 16, 0.33, 0)
    chosen = [choose(filters, filters, Rule(1000, 1000 - permille, 0)).words for permille in (950, 800, 650)]
    assert chosen[0] < chosen[1] < chosen[2]
    assert chosen[0] < 4


def test_the_same_filters_lead_to_the_same_choice():
    filters = random_filters(2000, 8, 0.5, 1)
    assert choose(filters, filters, Rule(1, 0, 90)) == choose(filters.copy(), filters, Rule(1, 0, 90))


def test_few_pairs_are_worth_no_draw():
    assert choose(random_filters(10, 16, 0.3, 0), random_filters(10, 16, 0.3, 0), Rule(1, 0, 9)) == Sketch(8, 4)
    assert choose(np.empty((0, 1), np.uint64), np.empty((0, 1), np.uint64), Rule(1, 0, 9)) == Sketch(1, 0)
