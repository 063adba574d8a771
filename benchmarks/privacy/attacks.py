"""All attacks on one list under one scheme, and over seeds: what share of the people each names.

A seed draws the people and both keys. *Overlap* is the share of each list that is in the other: at 1.0 the attacker has
the plaintext of everybody and of nobody else. Chance is one in n.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pandas as pd

from benchmarks.measure import seconds
from benchmarks.privacy import dictionary, epochs, frequency, graph, known_pairs, patterns, structure
from benchmarks.privacy.held import Held, held, pooled_grams
from benchmarks.privacy.people import People, people

Shares = dict[str, float]
OTHER_EPOCH = "another epoch"


class Sizes(NamedTuple):
    """How large the attacks are.

    Attributes:
        lists: numbers of people of the lists that are matched.
        known: numbers of known pairs.
        victims: people to be named by known pairs.
        entries: people of the dictionary.
        correlated: people whose bits are compared between epochs.
    """

    lists: tuple[int, ...]
    known: tuple[int, ...]
    victims: int
    entries: int
    correlated: int


FULL = Sizes((500, 1000), (100, 500), 500, 3000, 10_000)
TINY = Sizes((40,), (100, 500), 20, 620, 60)


def over_seeds(name: str, scheme: str, seeds: Sequence[int], sizes: Sizes, *, half: bool = True) -> dict[str, list[float]]:
    """Attack to the share that it names under each seed.

    Args:
        name: of the list, of `people.LISTS`.
        scheme: of `held.ALL`.
        seeds: each draws people and keys.
        sizes: how large.
        half: whether graphs are also matched at overlap 0.5.
    """
    out: dict[str, list[float]] = {}
    for seed in seeds:
        with seconds() as spent:
            shares = dict(_on_lists(name, scheme, seed, sizes, half)) | dict(_on_dictionary(name, scheme, seed, sizes))
        print(f"  {name}, {scheme}, seed {seed}: {spent['wall_s']:.0f} s", file=sys.stderr)
        for attack, share in shares.items():
            out.setdefault(attack, []).append(round(share, 5))
    return out


def _on_lists(name: str, scheme: str, seed: int, sizes: Sizes, half: bool) -> Iterator[tuple[str, float]]:
    for n in sizes.lists:
        list_ = people(name, n + n // 2, seed)
        target, own = (_held(list_, list_.frame.head(n), scheme, key) for key in _keys(seed))
        yield f"frequency, {n}", frequency.share_named(target, own)
        yield f"structure, {n}", structure.share_named(target, own)
        yield f"graph, {n}", graph.share_named(target, own, n)
        yield f"spectral, {n}", graph.share_named(target, own, n, spectral=True)
        if half:
            frame = pd.concat([list_.frame.head(n // 2), list_.frame.iloc[n:]])
            other = _held(list_, frame, scheme, _keys(seed)[1])
            yield f"graph, {n}, overlap 0.5", graph.share_named(target, other, n // 2)
            yield f"spectral, {n}, overlap 0.5", graph.share_named(target, other, n // 2, spectral=True)
    yield f"patterns, {n}", patterns.share_named(target, pooled_grams(list_.frame.head(n), list_.protocol))


def _on_dictionary(name: str, scheme: str, seed: int, sizes: Sizes) -> Iterator[tuple[str, float]]:
    list_ = people(name, sizes.entries, seed)
    own = _held(list_, list_.frame, scheme, _keys(seed)[1])
    for known in sizes.known:
        target = _held(list_, list_.frame.head(known + sizes.victims), scheme, _keys(seed)[0])
        case = known_pairs.Case(list_.frame, target, own, known, sizes.victims)
        yield f"known pairs, {known}", known_pairs.share_named(case)
    n = sizes.lists[-1]
    victims = _held(list_, list_.frame.head(n), scheme, _keys(seed)[0])
    yield "dictionary, right key", dictionary.share_named(victims, victims)
    yield "dictionary, wrong key", dictionary.share_named(victims, Held(own.filters[:n], own.tokens[:n]))
    later = held(list_.frame.head(n), list_.protocol, scheme, _keys(seed)[0], OTHER_EPOCH)
    yield "dictionary, other epoch", dictionary.share_named(victims, later)


def between_epochs(scheme: str, seed: int, sizes: Sizes) -> Shares:
    """Correlation of bits, and share of equal tokens, of the same people in two epochs."""
    list_ = people("central_asian", sizes.correlated, seed)
    return epochs.between_epochs(list_.frame, list_.protocol, scheme, seed)


def _held(list_: People, frame: pd.DataFrame, scheme: str, key: int) -> Held:
    return held(frame.reset_index(drop=True), list_.protocol, scheme, key)


def _keys(seed: int) -> tuple[int, int]:
    """Seeds of the agencies' key and of the attacker's."""
    return 2 * seed, 2 * seed + 1
