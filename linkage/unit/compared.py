"""All candidate pairs, compared: made part by part, counted as they are made, and kept only where they can matter.

A million records make tens of millions of candidate pairs, and nearly all are of strangers who share a lock. So pairs are made
for some records at a time, compared, and written down as two records, a number for the agreement pattern, and the passes
that proposed them. An estimate needs no more than how often each pattern came. Once there is a model, a pair whose odds are
below one in 65,536 is dropped, unless its records are counted as one all the same: it joins nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from blocking import Pairs
from comparators import numbered, pattern_codes, tally
from linkage.protocol import Protocol
from linkage.records import Encodings
from linkage.unit.candidates import Proposals
from linkage.unit.executor import Means
from linkage.unit.looks import look
from linkage.unit.pairing import Pairing, pair_all
from linkage.unit.parquet import as_numbers, numbers
from linkage.unit.vectors import compare, level_counts


class Compared(NamedTuple):
    """Pairs of one part.

    Attributes:
        pairs: sorted, left < right.
        code: (n_pairs,) int64 agreement patterns, see `comparators.pattern_codes`.
        proposed: (n_pairs,) uint64, bit k set where pass k proposed the pair.
    """

    pairs: Pairs
    code: NDArray[np.int64]
    proposed: NDArray[np.uint64]


@dataclass(frozen=True)
class Parts:
    """All candidate pairs, part by part.

    Attributes:
        pairing: the pairs.
        batches: what those of each part show, one Arrow batch for each.
    """

    pairing: Pairing
    batches: Sequence[Any]

    def __iter__(self) -> Iterator[Compared]:
        """Each part; no more than one is in memory at a time, where they are kept elsewhere."""
        for paired, batch in zip(self.pairing, self.batches, strict=True):
            yield Compared(paired.pairs, as_numbers(batch.column("code")), paired.proposed)


def compare_all(encodings: Encodings, proposals: Proposals, protocol: Protocol, means: Means) -> Parts:
    """Compare every pair that is proposed.

    Args:
        encodings: of all records.
        proposals: of every pass and join.
        protocol: the agreement.
        means: where it is done.
    """
    sizes = level_counts(protocol)
    pairing = pair_all(proposals, protocol, means)
    looks = look(encodings, proposals.table, pairing, protocol, means)
    number = {part.first: number for number, part in enumerate(pairing.parts)}

    def compared(first: int, _last: int) -> Any:
        part = number[first]
        pairs = pairing.of(part)
        code = pattern_codes(compare(encodings, pairs.pairs, protocol, known=looks.known(part, pairs)), sizes)
        return pa.record_batch([numbers(code)], names=["code"])

    return Parts(pairing, means.executor.run("compare", {"compare": compared}, pairing.parts, means.report))


Choice = Callable[[Pairs, NDArray[np.int32]], NDArray[np.bool_]]


def kept(parts: Parts, codes: NDArray[np.int64], choose: Choice) -> tuple[Compared, NDArray[np.int32]]:
    """The pairs that are worth keeping, and (n_kept,) int32 which pattern each shows.

    Args:
        parts: all candidate pairs.
        codes: (n_patterns,) the patterns that occur, rising.
        choose: given pairs and the patterns that they show, which are kept.
    """
    found: list[tuple[NDArray[Any], ...]] = []
    patterns: list[NDArray[np.int32]] = []
    for part in parts:
        pattern = numbered(part.code, codes)
        rows = np.flatnonzero(choose(part.pairs, pattern))
        found.append((part.pairs.left[rows], part.pairs.right[rows], part.code[rows], part.proposed[rows]))
        patterns.append(pattern[rows])
    left, right, code, proposed = (np.concatenate(column) for column in zip(*found, strict=True))
    return Compared(Pairs(left, right), code, proposed), np.concatenate(patterns)


def among(parts: Parts, codes: NDArray[np.int64], some: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(n_patterns,) how many pairs show each pattern both of whose records are among some.

    Args:
        parts: all candidate pairs.
        codes: (n_patterns,) the patterns that occur, rising.
        some: (n_records,) which records.
    """
    counts = np.zeros(len(codes), np.int64)
    for part in parts:
        found = tally(part.code[some[part.pairs.left] & some[part.pairs.right]])
        counts[np.searchsorted(codes, found.codes)] += found.counts
    return counts
