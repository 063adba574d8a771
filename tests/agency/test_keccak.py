"""Four sponges side by side give what the standard library's SHAKE-256 gives, however many words are asked for."""

import hashlib

import numpy as np
import pytest

from linkage.agency.keccak import LANES, RATE, STATE, absorb, permute, squeeze


def streams(seeds, words):
    """(n, words) uint64 of each seed."""
    out = np.empty((len(seeds), words), np.uint64)
    state = np.empty(STATE, np.uint64)
    for first in range(0, len(seeds), LANES):
        absorb(seeds, first, state)
        squeeze(state, words, words * np.arange(first, min(first + LANES, len(seeds))), 1, out.ravel())
    return out


def test_the_permutation_of_nothing_is_known():
    """The first lanes of Keccak-f[1600] over 200 zero bytes, in the Keccak team's `KeccakF-1600-IntermediateValues`."""
    state = np.zeros(STATE, np.uint64)
    permute(state)
    assert [f"{word:016x}" for word in state.reshape(25, LANES)[:2, 3].tolist()] == ["f1258f7940e1dde7", "84d5ccf933c0478a"]
    assert (state.reshape(25, LANES) == state.reshape(25, LANES)[:, :1]).all()


@pytest.mark.parametrize("n", [1, 3, 4, 5, 20])
@pytest.mark.parametrize("words", [0, 1, RATE - 1, RATE, RATE + 1, 2 * RATE, 100])
def test_streams_are_those_of_the_standard_library(n, words):
    seeds = np.random.default_rng(n).integers(0, 2**64, (n, 4), np.uint64)
    expected = [hashlib.shake_256(seed.astype("<u8").tobytes()).digest(8 * words) for seed in seeds]
    assert [row.astype("<u8").tobytes() for row in streams(seeds, words)] == expected


def test_words_of_a_stream_can_lie_apart():
    seeds = np.arange(12, dtype=np.uint64).reshape(3, 4)
    state, out = np.empty(STATE, np.uint64), np.zeros(7 * 40, np.uint64)
    absorb(seeds, 0, state)
    squeeze(state, 40, np.array([5, 0, 2]), 7, out)
    assert (streams(seeds, 40) == out.reshape(40, 7)[:, [5, 0, 2]].T).all()
    assert not out.reshape(40, 7)[:, [1, 3, 4, 6]].any()
