"""Run by `test_portable` in a process of its own: what the kernels find, as a digest, and which registers they use.

    python portable.py

Prints the digest, and whether any kernel of the join holds a register of 512 bits or an instruction that counts the ones
of a vector.
"""

import hashlib

import numpy as np

from blocking import components, dice_join, dice_join_between, exact_join, hamming_join, token_join
from blocking.scan import scanner
from blocking.sketches import Sketch

SHAPES = [(7, 3), (16, 0)]


def main():
    draw = np.random.default_rng(0)
    parents = draw.integers(0, 2**64, (100, 16), np.uint64) & draw.integers(0, 2**64, (100, 16), np.uint64)
    filters = parents[draw.integers(0, 100, 700)] ^ (np.uint64(1) << draw.integers(0, 64, (700, 16)).astype(np.uint64))
    digest = hashlib.sha256()
    for shape in SHAPES:
        exact_join.choose = lambda *_, shape=shape: Sketch(*shape)
        for found in (dice_join(filters, 700), dice_join_between(filters[:300], filters[300:], 900), hamming_join(filters, 32)):
            assert len(found[0]) > 100
            digest.update(np.concatenate(found).tobytes())
    pairs, _ = token_join(filters[:, 0] % np.uint64(300), 20)
    digest.update(np.concatenate(pairs).tobytes())
    digest.update(components(700, *pairs).tobytes())
    code = "".join(text for shape in SHAPES for text in scanner(*shape).inspect_asm().values())
    print(digest.hexdigest(), "zmm" in code, "vpopcnt" in code)


if __name__ == "__main__":
    main()
