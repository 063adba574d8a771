"""What an agency computes from a record, as the protocol says it: filters, tokens, and the locks that hide them.

A *filter* holds the grams of one or several features, so that likeness can be seen; a *token* is a keyed hash, so that
equality can. A *lock* is a token that stands guard over others: a locked filter or token leaves the agency in one copy
for each of its locks, and two records' copies can be compared only if the records agree on that lock. What a pair
shares no lock for, the linkage unit cannot see at all.

The *axis* of filters (and of tokens) lists every copy by name: `surname`, or `surname@name_year` for the copy of
`surname` under the lock `name_year`. A filter longer than the others takes several places on it: `whole`, `whole+2` and so on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

Scheme = Literal["fields/1", "diffused/1", "groups/1", "record/1", "salted/1", "locked/1"]
Grams = Literal["bigrams", "digits", "years", "value"]
_FORBID = {"extra": "forbid"}


@dataclass(frozen=True)
class FilterPart:
    """The grams of one feature.

    Attributes:
        of: the feature.
        grams: `bigrams` of the text with one blank at either end; `digits` each with its place; `years`: a year and its
            two neighbours; `value`: the whole text.
        positions: keyed bit positions per gram; of a `shared` part, per value.
        shared: the positions are shared out among the grams of a value, so that a short name sets as many bits as a long one
            and one wrong letter weighs more in it.
        domain: parts of one domain share keys, so that a surname can be compared with a given name; the filter's own if
            none is given.
    """

    of: str
    grams: Grams
    positions: int
    domain: str | None = None
    shared: bool = False

    __pydantic_config__ = _FORBID


@dataclass(frozen=True)
class Filter:
    """A keyed Bloom filter of the grams of its parts.

    Attributes:
        parts: what is in it.
        diffusion: 0, or how many secret positions of the filter each bit that leaves is the parity of.
        inner_bits: length of the filter before diffusion; that of all filters if none is given.
        bits: length of what leaves, a multiple of that of all filters, which it is if none is given.
        locks: tokens under each of which a copy is hidden; none: it leaves as it is.
    """

    parts: tuple[FilterPart, ...]
    diffusion: int = 0
    inner_bits: int | None = None
    bits: int | None = None
    locks: tuple[str, ...] = ()

    __pydantic_config__ = _FORBID


@dataclass(frozen=True)
class Token:
    """A keyed hash of one or several features; missing where any of them is missing.

    Attributes:
        of: the features, in order.
        domain: tokens of one domain share keys and so can equal each other.
        locks: tokens under each of which a copy is hidden; none: it leaves as it is.
        hidden: it only serves as a lock and does not leave the agency itself.
        unshared: it is left out, and what it locks with it, for records of an agency's list that share it and plainly are of
            different people, if these are at most so many of a thousand records; among more, nobody stands out by it, and too
            many would lose it. 0: never.
        rare: it is left out where more than so many of a thousand records of the agency's list have its value, and so in a
            list too short to tell. What is equal is then known to be rare, and nobody learns how rare. 0: never left out.
    """

    of: tuple[str, ...]
    domain: str | None = None
    locks: tuple[str, ...] = ()
    hidden: bool = False
    unshared: int = 0
    rare: int = 0

    __pydantic_config__ = _FORBID


class Copy(NamedTuple):
    """One entry of an axis.

    Attributes:
        name: of the filter or token.
        lock: the token that it is hidden under; None where it leaves as it is.
    """

    name: str
    lock: str | None

    @property
    def label(self) -> str:
        """The entry's name on the axis."""
        return f"{self.name}@{self.lock}" if self.lock else self.name


@dataclass(frozen=True)
class Encoding:
    """How features become bits.

    Attributes:
        scheme: name and version of the encoding preset that this follows.
        bits: length of every filter that leaves the agency and does not have its own.
        filters: by name.
        tokens: by name.
        fill: what is missing leaves as a value that no other record has, so that the linkage unit cannot tell who lacks
            what; tokens that a comparison `needs` and unlocked filters keep their mark.
    """

    scheme: Scheme
    bits: int
    filters: Mapping[str, Filter]
    tokens: Mapping[str, Token]
    fill: bool = False

    __pydantic_config__ = _FORBID

    @property
    def specs(self) -> tuple[tuple[str, Filter | Token], ...]:
        """Every filter, then every token, with its name."""
        return (*self.filters.items(), *self.tokens.items())

    @cached_property
    def locked(self) -> frozenset[str]:
        """Names of the filters and tokens that leave only under locks."""
        return frozenset(name for name, spec in self.specs if spec.locks)

    @cached_property
    def filter_copies(self) -> tuple[Copy, ...]:
        """The axis of filters, sorted by label."""
        return _axis({name: spec.locks for name, spec in self.filters.items()})

    def bits_of(self, name: str) -> int:
        """Length of a filter as it leaves the agency."""
        return self.filters[name].bits or self.bits

    @cached_property
    def filter_places(self) -> tuple[str, ...]:
        """The axis of filters with as many places for each copy as it is long: `whole`, `whole+2` and so on."""
        return tuple(place for copy in self.filter_copies for place in _places(copy.label, self.bits_of(copy.name) // self.bits))

    @cached_property
    def token_copies(self) -> tuple[Copy, ...]:
        """The axis of tokens, sorted by label."""
        return _axis({name: spec.locks for name, spec in self.tokens.items() if not spec.hidden})


def _places(label: str, places: int) -> Iterator[str]:
    yield label
    yield from (f"{label}+{number}" for number in range(2, places + 1))


def _axis(locks: Mapping[str, tuple[str, ...]]) -> tuple[Copy, ...]:
    copies = [Copy(name, lock) for name, several in locks.items() for lock in several or (None,)]
    return tuple(sorted(copies, key=lambda copy: copy.label))
