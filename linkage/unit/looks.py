"""What the pairs of a pass show under its own lock, lock by lock and block by block.

A pass brings together records that share a lock, and under that lock its pairs are compared. So for each lock the columns
that it lets be seen are read once, from front to back, and put in the order of its blocks: then all pairs of a block are
compared while it is in the cache, and no pair has to look for its records. What they show is written down as one word for
each, in the order of the pairs; once the pairs of all passes are brought together, each is lowered to the best of its words.

What is left to `vectors` are pairs of blocks that a pass left out and another proposed, and locks that are no pass.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from blocking import Lists, Pairs, list_lengths
from comparators import Digits, climb_blocks, common_bits, digits_of, equal_rows, lower_to
from linkage.protocol import Protocol
from linkage.records import Encodings
from linkage.unit.candidates import Proposals
from linkage.unit.executor import Means, Range
from linkage.unit.parquet import as_numbers, numbers
from linkage.unit.vectors import Known, Levels, level_counts
from linkage.unit.views import View, views

_WORD = 8
_NONE = np.empty(0, np.int64)


class _Lock(NamedTuple):
    """A lock that the pairs of passes share.

    Attributes:
        places: which passes.
        view: what the lock lets be seen.
    """

    places: tuple[int, ...]
    view: View


@dataclass(frozen=True)
class Looks:
    """What was seen of the pairs of passes.

    Attributes:
        encodings: of all records.
        digits: how rungs are written.
        locks: by the lock's place on the token axis.
        words: by the pass, one Arrow batch of words, in the order of its pairs.
        start: by the pass, where the words of each part begin.
        outside: (n_records,) uint64, a bit for each pass that left blocks out: whether the record is in one of them.
    """

    encodings: Encodings
    digits: Digits
    locks: Mapping[int, _Lock]
    words: Mapping[int, Callable[[], Any]]
    start: Mapping[int, Mapping[int, int]]
    outside: NDArray[np.uint64]

    def known(self, first: int, pairs: Pairs, proposed: NDArray[np.uint64]) -> Known:
        """What is known of the pairs of a part.

        Args:
            first: the first record on their left.
            pairs: all pairs that are proposed from there up to where the part ends.
            proposed: (n_pairs,) bits of the passes that propose them.
        """
        together = np.array([_bits(lock.places) for lock in self.locks.values()], np.uint64)
        rows, rest = common_bits(self.outside, *pairs, proposed, together)
        some = Pairs(pairs.left[rows], pairs.right[rows])

        def lowered(token: int, levels: Levels) -> NDArray[np.int64] | None:
            if token not in self.locks:
                return None
            for place in self.locks[token].places:
                said = as_numbers(self.words[place]().column("word"))
                lower_to(levels, proposed, place, self.digits, said[self.start[place][first] :])
            mine = np.flatnonzero(rest & _bits(self.locks[token].places))
            if not len(mine):
                return _NONE
            shared: NDArray[np.int64] = rows[mine[equal_rows(self.encodings.token(token), some.left[mine], some.right[mine])]]
            return shared

        return lowered


def look(encodings: Encodings, proposals: Proposals, protocol: Protocol, parts: Sequence[Range], means: Means) -> Looks:
    """Compare the pairs of every pass whose token is a lock by what that lock lets be seen.

    Args:
        encodings: of all records.
        proposals: of every pass and join.
        protocol: the agreement.
        parts: of the records, in which the pairs will be asked for.
        means: where it is done; an eighth of the memory is for the columns of the blocks that are compared at a time.
    """
    digits = digits_of(level_counts(protocol))
    locks = _locks(proposals, protocol) if digits.fit else {}
    passes = [(place, lock.view) for lock in locks.values() for place in lock.places]
    table, most = proposals.table, means.memory // 8

    def looked(first: int, _last: int) -> Any:
        place, view = passes[first]
        return pa.record_batch([numbers(_words(encodings, table.of(place), view, digits, most))], names=["word"])

    each = [Range(number, number + 1) for number in range(len(passes))]
    batches = means.executor.run("look", {"look": looked}, each, means.report) if passes else []
    words = {place: functools.partial(batches.__getitem__, number) for number, (place, _) in enumerate(passes)}
    start = {place: _starts(table.of(place), parts) for place, _ in passes}
    return Looks(encodings, digits, locks, words, start, _outside(len(encodings), proposals))


def _locks(proposals: Proposals, protocol: Protocol) -> dict[int, _Lock]:
    """In the order of the passes."""
    seen = {view.lock[0]: view for view in views(protocol, locked=True) if len(view.lock) == 1}
    tokens = [token for token in dict.fromkeys(proposals.tokens.values()) if token in seen]
    return {token: _Lock(tuple(at for at, one in proposals.tokens.items() if one == token), seen[token]) for token in tokens}


def _outside(n: int, proposals: Proposals) -> NDArray[np.uint64]:
    """(n_records,) see `Looks`: pairs that share a lock without being proposed by its pass are among these records."""
    outside = np.zeros(n, np.uint64)
    for place, records in proposals.left_out.items():
        outside[records] |= np.uint64(1 << place)
    return outside


def _bits(places: Sequence[int]) -> np.uint64:
    return np.uint64(sum(1 << place for place in places))


def _starts(lists: Lists, parts: Sequence[Range]) -> dict[int, int]:
    """How many pairs stand before each part, by its first record."""
    ends = np.cumsum(list_lengths(lists), dtype=np.int64)
    return {part.first: int(ends[part.first - 1]) if part.first else 0 for part in parts}


def _words(e: Encodings, lists: Lists, view: View, digits: Digits, memory: int) -> NDArray[Any]:
    """(n_pairs,) what each pair of the lists shows, a few blocks at a time."""
    lengths = list_lengths(lists)
    ends = np.cumsum(lengths, dtype=np.int64)
    words = np.empty(int(ends[-1]) if len(ends) else 0, digits.dtype)
    start = ends - lengths
    for begin, end in _blocks_of(lists.members, max(1, memory // (_WORD * e.width(view.tokens, view.filters, len(view.filters))))):
        members = lists.members[begin:end]
        row = np.full(len(e), -1, np.int32)
        row[np.maximum(members, ~members)] = np.arange(len(members), dtype=np.int32)
        columns = e.side_by_side(view.tokens, view.filters, row, len(members), len(view.filters))
        climb_blocks(columns, members, start, view.shared, view.of_tokens, view.of_filters, digits, words)
    return words


def _blocks_of(members: NDArray[np.int32], most: int) -> Iterator[tuple[int, int]]:
    """Stretches of whole blocks, each of at most so many records, or of one block."""
    ends = np.flatnonzero(members < 0) + 1
    begin = 0
    while begin < len(members):
        fitting = int(np.searchsorted(ends, begin + most, side="right"))
        end = int(ends[max(fitting - 1, int(np.searchsorted(ends, begin, side="right")))])
        yield begin, end
        begin = end
