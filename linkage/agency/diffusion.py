"""Diffusion: each bit that leaves is the parity of a few secret positions of the filter within.

Likeness survives only where two filters are very alike: if a share p of the inner bits differs, then of the bits that
leave (1 − (1 − 2p)^t) / 2 do. One changed letter still shows; what two strangers have in common drowns. Nor can single
grams be learnt from known pairs, as long as the inner filter is about a third to a half full. Diffusion is linear:
whoever held the inner filters of as many records as they have bits could solve it, so they never leave this module.
Source: Armknecht, Heng & Schnell 2023 (PoPETs, doi:10.56553/popets-2023-0054).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from comparators import parities
from linkage.agency.keys import LinkageKeys, diffuse_key, keyed_hash, uniform
from linkage.bundle.format import length_prefixed, u32


def diffuse(filters: NDArray[np.uint64], keys: LinkageKeys, name: str, positions: int, bits: int) -> NDArray[np.uint64]:
    """(n, bits / 64) uint64: the diffused filters; an all-zero filter stays all zero.

    Args:
        filters: (n, n_words) uint64.
        keys: the agencies' keys of the epoch.
        name: the filter's; each has index sets of its own.
        positions: t, how many positions a bit is the parity of.
        bits: length of what leaves.
    """
    sets = index_sets(diffuse_key(keys), name, filters.shape[1] * 64, positions, bits)
    return parities(filters, sets)


def index_sets(key: bytes, name: str, inner_bits: int, positions: int, bits: int) -> NDArray[np.int64]:
    """(bits, positions) int64: the positions that each bit is the parity of, distinct within a bit.

    Positions are HMAC-SHA256 mod `inner_bits` by rejection sampling, drawn on until `positions` of them differ.
    """
    keyed = keyed_hash(key)
    return np.array([_distinct_positions(keyed, name, bit, inner_bits, positions) for bit in range(bits)], np.int64)


def _distinct_positions(keyed: Callable[[bytes], bytes], name: str, bit: int, inner_bits: int, positions: int) -> list[int]:
    found: dict[int, None] = {}
    block = 0
    while len(found) < positions:
        drawn = uniform(keyed(length_prefixed(name) + u32(bit) + u32(block)), inner_bits)
        found.update(dict.fromkeys(drawn.tolist()))
        block += 1
    return list(found)[:positions]
