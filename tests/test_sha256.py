"""HMAC-SHA256 side by side is the standard library's, at every length around the ends of blocks."""

import hashlib
import hmac
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage import sha256
from linkage.sha256 import keyed_hashes, pool_of

KEY = bytes(range(32))


def digests(key, messages):
    found = keyed_hashes(key, pool_of(messages), np.arange(len(messages))[:, None])
    assert (found.dtype, found.shape) == (np.uint32, (len(messages), 8))
    return [row.tobytes() for row in found.astype(">u4")]


def by_hand(key, messages):
    return [hmac.new(key, message, hashlib.sha256).digest() for message in messages]


def test_a_digest_is_known():
    """RFC 4231, test case 1."""
    key = bytes([0x0B] * 20)
    assert digests(key, [b"Hi There"])[0].hex() == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"


def test_every_length_to_three_blocks_beside_any_other():
    """Sixteen messages of different lengths share their vectors, and each ends at a block of its own."""
    drawn = np.random.default_rng(1)
    messages = [drawn.bytes(size) for size in range(200)]
    assert digests(KEY, messages) == by_hand(KEY, messages)
    mixed = [messages[at] for at in drawn.permutation(200)]
    assert digests(KEY, mixed) == by_hand(KEY, mixed)


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=1, max_size=64), st.lists(st.binary(max_size=300), max_size=40))
def test_any_key_and_any_messages(key, messages):
    assert digests(key, messages) == by_hand(key, messages)


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=40))
def test_a_message_of_several_strings_is_their_concatenation(rows):
    strings = [b"", b"a", b"bc" * 20, b"d" * 55, bytes(64)]
    found = keyed_hashes(KEY, pool_of(strings), np.array(rows, np.int64))
    assert found.astype(">u4").tobytes() == b"".join(by_hand(KEY, [b"".join(strings[at] for at in row) for row in rows]))


@pytest.mark.parametrize("rows", [1, 15, 16, 17, 100])
def test_slices_do_not_show(rows, monkeypatch):
    messages = [bytes([at % 256]) * (at % 130) for at in range(150)]
    monkeypatch.setattr(sha256, "_ROWS", rows)
    assert digests(KEY, messages) == by_hand(KEY, messages)


def test_no_messages_have_no_digests():
    assert keyed_hashes(KEY, pool_of([]), np.zeros((0, 1), np.int64)).shape == (0, 8)


def test_a_processor_without_instructions_for_it_gives_the_same():
    """In a process of its own, whose kernels are compiled for a plain processor."""
    script = """
import hashlib, hmac
import numpy as np
from linkage import sha256
assert not sha256.HAS_INSTRUCTIONS and sha256.LANES == 16
messages = [bytes([size]) * size for size in range(200)]
found = sha256.keyed_hashes(bytes(32), sha256.pool_of(messages), np.arange(200)[:, None]).astype(">u4")
assert found.tobytes() == b"".join(hmac.new(bytes(32), message, hashlib.sha256).digest() for message in messages)
"""
    plain = {**os.environ, "NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    subprocess.run([sys.executable, "-c", script], check=True, env=plain)
