"""Diffusion: each bit that leaves is the parity of its positions, and the positions hang on the key and the filter's name."""

import hashlib
import hmac

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comparators import bits as kernel
from comparators import parities
from linkage.agency.diffusion import index_sets
from linkage.agency.keys import derive, diffuse_key

SECRET = hashlib.sha256(b"an invented linkage key").digest()
KEYS = derive(SECRET, "small", "2020")
KEY = bytes(range(32))


def lp(text):
    data = text.encode()
    return len(data).to_bytes(4, "big") + data


def naive_set(key, name, bit, inner_bits, positions):
    """docs/encoding.md, read aloud: words of HMAC(key, lp(name) ‖ u32(bit) ‖ u32(block)) mod inner bits, each position once."""
    found, block = [], 0
    while len(found) < positions:
        mac = hmac.new(key, lp(name) + bit.to_bytes(4, "big") + block.to_bytes(4, "big"), hashlib.sha256).digest()
        for at in range(0, 32, 4):
            word = int.from_bytes(mac[at : at + 4], "big")
            if word < 2**32 // inner_bits * inner_bits and word % inner_bits not in found:
                found.append(word % inner_bits)
        block += 1
    return found[:positions]


def bits_of(words):
    return {64 * word + bit for word, value in enumerate(words.tolist()) for bit in range(64) if value >> bit & 1}


def naive_diffused(filter_words, name, positions, bits):
    """The bits of which an odd number of positions is set."""
    inside = bits_of(filter_words)
    sets = (naive_set(diffuse_key(KEYS), name, bit, 64 * len(filter_words), positions) for bit in range(bits))
    return {bit for bit, places in enumerate(sets) if sum(place in inside for place in places) % 2}


def diffuse(filters, keys, name, positions, bits):
    return parities(filters, index_sets(diffuse_key(keys), name, 64 * filters.shape[1], positions, bits))


def some_filters(n, words, seed=1, share=0.3):
    drawn = np.random.default_rng(seed).random((n, 64 * words)) < share
    return np.packbits(drawn, axis=1, bitorder="little").view("<u8")


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 19), st.sampled_from([1, 2, 3]), st.integers(2, 9), st.sampled_from([64, 192]), st.integers(0, 10**6))
def test_each_bit_is_the_parity_of_its_positions(n, words, positions, bits, seed):
    filters = some_filters(n, words, seed)
    found = diffuse(filters, KEYS, "name", positions, bits)
    assert (found.shape, found.dtype) == ((n, bits // 64), np.uint64)
    assert [bits_of(row) for row in found] == [naive_diffused(row, "name", positions, bits) for row in filters]


@pytest.mark.parametrize(("inner_bits", "positions"), [(64, 2), (64, 32), (192, 8), (4160, 8)])
def test_the_positions_of_a_bit_follow_the_formula_and_are_distinct(inner_bits, positions):
    sets = index_sets(KEY, "name", inner_bits, positions, 128)
    assert sets.shape == (128, positions)
    assert sets.tolist() == [naive_set(KEY, "name", bit, inner_bits, positions) for bit in range(128)]
    assert all(len(set(one)) == positions for one in sets.tolist())
    assert sets.min() >= 0
    assert sets.max() < inner_bits


def test_every_key_and_every_filter_has_sets_of_its_own():
    one = index_sets(KEY, "name", 1024, 8, 256)
    for other in (index_sets(bytes(32), "name", 1024, 8, 256), index_sets(KEY, "names", 1024, 8, 256)):
        assert (one == other).mean() < 0.01
    filters = some_filters(3, 2)
    elsewhere = derive(bytes(reversed(SECRET)), "small", "2020"), derive(SECRET, "other", "2020"), derive(SECRET, "small", "2021")
    seen = {diffuse(filters, keys, "name", 4, 128).tobytes() for keys in (KEYS, *elsewhere)}
    assert len(seen) == 4


def test_what_is_missing_stays_all_zero():
    filters = some_filters(4, 2)
    filters[2] = 0
    assert diffuse(filters, KEYS, "name", 3, 256).any(axis=1).tolist() == [True, True, False, True]


@pytest.mark.parametrize("rows", [1, 50, 64, 4096])
@pytest.mark.parametrize("n", [0, 1, 63, 64, 65, 130])
def test_rows_do_not_touch_each_other_whatever_the_chunk(n, rows, monkeypatch):
    filters = some_filters(n, 2)
    alone = [diffuse(row[None], KEYS, "name", 3, 128)[0].tolist() for row in filters]
    monkeypatch.setattr(kernel, "_ROWS", rows)
    assert diffuse(filters, KEYS, "name", 3, 128).tolist() == alone


@pytest.mark.parametrize("positions", [2, 5])
@pytest.mark.parametrize("share", [0.02, 0.1, 0.5])
def test_bits_differ_as_often_as_the_formula_says(positions, share):
    """Of the bits that leave, (1 − (1 − 2p)^t) / 2 differ where a share p of the inner bits does."""
    rng = np.random.default_rng(3)
    one = rng.random((40, 2048)) < 0.4
    other = one ^ (rng.random(one.shape) < share)
    words = [np.packbits(bits, axis=1, bitorder="little").view("<u8") for bits in (one, other)]
    left, right = (diffuse(filters, KEYS, "name", positions, 4096) for filters in words)
    differ = np.bitwise_count(left ^ right).sum() / (40 * 4096)
    p = (one != other).mean()
    assert differ == pytest.approx((1 - (1 - 2 * p) ** positions) / 2, abs=0.01)
