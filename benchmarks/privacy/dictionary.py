"""Dictionary: encode everybody, and look who has the encoding.

With the right key, which is what every agency has, this names everybody and nothing can stop it; with another key, or
the key of another epoch, it must do no better than a guess.
"""

from __future__ import annotations

import numpy as np

from benchmarks.privacy.graph import of_filters, of_tokens
from benchmarks.privacy.held import Held


def share_named(target: Held, entries: Held) -> float:
    """Share of records whose most alike entry of the dictionary is their own.

    Args:
        target: encodings of the list.
        entries: encodings of the same people in the same order, under the key that the attacker has.
    """
    n = len(target.filters)
    both = Held(np.concatenate([target.filters, entries.filters]), np.concatenate([target.tokens, entries.tokens]))
    likeness = np.zeros((n, n), np.float32)
    if both.filters.size:
        likeness += of_filters(both)[:n, n:]
    if both.tokens.size:
        likeness += of_tokens(both)[:n, n:]
    order = np.random.Generator(np.random.PCG64(5)).permutation(n)
    return float((order[likeness[:, order].argmax(axis=1)] == np.arange(n)).mean())
