"""Diffusion: each bit that leaves is the parity of a few secret positions of the filter within.

Likeness survives only where two filters are very alike: if a share p of the inner bits differs, then of the bits that
leave (1 − (1 − 2p)^t) / 2 do. One changed letter still shows; what two strangers have in common drowns. Nor can single
grams be learnt from known pairs, as long as the inner filter is about a third to a half full. Diffusion is linear:
whoever held the inner filters of as many records as they have bits could solve it, so they never leave this module.
Source: Armknecht, Heng & Schnell 2023 (PoPETs, doi:10.56553/popets-2023-0054).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linkage.agency.keys import uniform
from linkage.bundle.format import length_prefixed, u32
from linkage.sha256 import keyed_hashes, pool_of


def index_sets(key: bytes, name: str, inner_bits: int, positions: int, bits: int) -> NDArray[np.int64]:
    """(bits, positions) int64: the positions that each bit is the parity of, distinct within a bit; for `comparators.parities`.

    Positions are HMAC-SHA256 mod `inner_bits` by rejection sampling, drawn on until `positions` of them differ.

    Args:
        key: the agencies' key of diffusion.
        name: the filter's; each has index sets of its own.
        inner_bits: length of the filter within.
        positions: t, how many positions a bit is the parity of.
        bits: length of what leaves.
    """
    found: list[dict[int, None]] = [{} for _ in range(bits)]
    lacking, block = list(range(bits)), 0
    while lacking:
        for bit, digest in zip(lacking, _digests(key, name, lacking, block), strict=True):
            found[bit].update(dict.fromkeys(uniform(digest, inner_bits).tolist()))
        lacking, block = [bit for bit in lacking if len(found[bit]) < positions], block + 1
    return np.array([list(one)[:positions] for one in found], np.int64)


def _digests(key: bytes, name: str, several: list[int], block: int) -> list[bytes]:
    """HMAC-SHA256(key, lp(name) ‖ u32(bit) ‖ u32(block)) of each bit."""
    pool = pool_of([length_prefixed(name) + u32(bit) + u32(block) for bit in several])
    return [row.tobytes() for row in keyed_hashes(key, pool, np.arange(len(several))[:, None]).astype(">u4")]
