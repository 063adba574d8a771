"""Equality as a graph: records that share a token or a filter hang together, and the shape of what hangs together names them.

Colour refinement: every record starts with the same colour, and again and again takes a new one, made of its old colour
and, for every column, of the colours of all records that share its value. Where the attacker has the same people, his own
encodings give the same colours under any key; a colour that both have names its records, one of k by chance. Nothing
that can be told from equality alone distinguishes more on trees, and little more does at all.
Source: Weisfeiler & Leman 1968; for PPRL graphs, Vidanage et al. 2020 and Schaefer, Armknecht & Heng 2024 match the same
graph by embeddings.
"""

from __future__ import annotations

import hashlib
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from benchmarks.privacy.held import Held, classes

_ROUNDS = 6


def share_named(target: Held, own: Held) -> float:
    """Expected share of records named rightly: of a colour that k records have in both lists, one is, on average.

    Args:
        target: encodings of the list.
        own: the attacker's encodings of the same people in the same order, under another key.
    """
    one, other = colours(classes(target)), colours(classes(own))
    ours, theirs = Counter(one), Counter(other)
    named = sum(1.0 / theirs[colour] for colour, also in zip(one, other, strict=True) if colour == also and ours[colour])
    return named / len(one)


def colours(numbers: NDArray[np.int64]) -> list[bytes]:
    """The colour of each record after the last round.

    Args:
        numbers: (n, n_columns), the value that a record has; −1 = missing.
    """
    n = len(numbers)
    colour = [b""] * n
    members = [_members(numbers[:, column]) for column in range(numbers.shape[1])]
    for _ in range(_ROUNDS):
        parts: list[list[bytes]] = [[one] for one in colour]
        for column, groups in enumerate(members):
            _add(parts, groups, colour, column)
        colour = [_digest(b"".join(sorted(part[1:], key=bytes)) + part[0]) for part in parts]
    return colour


def _members(column: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Records of each value that more than one record has, and those without a value."""
    order = np.argsort(column, kind="stable")
    edges = np.flatnonzero(np.diff(column[order], prepend=column[order][0] - 1))
    groups = np.split(order, edges[1:])
    return [group for group in groups if len(group) > 1 or column[group[0]] < 0]


def _add(parts: list[list[bytes]], groups: list[NDArray[np.int64]], colour: list[bytes], column: int) -> None:
    for group in groups:
        seen = _digest(column.to_bytes(4, "big") + b"".join(sorted(colour[record] for record in group)))
        for record in group:
            parts[record].append(seen)


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()
