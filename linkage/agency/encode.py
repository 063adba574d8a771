"""Keyed Bloom filters by table look-up: each distinct gram is hashed once, each distinct value is ORed once.

A gram sets `positions` bits at HMAC-SHA256(key of the domain, gram, i), so that without the key no bit says anything,
and with it no two bits of a gram are related (no double hashing). A value without text has an all-zero filter, the
mark for *missing*.
Source: Schnell, Bachteler & Reiher 2009 (doi:10.1186/1472-6947-9-41) for q-gram filters; security reference, section
3.2, for the positions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from comparators import parities
from linkage.agency.cells import Codes
from linkage.agency.diffusion import index_sets
from linkage.agency.keys import LinkageKeys, diffuse_key, field_key, keyed_hash, uniform
from linkage.agency.lookup import or_rows, or_values
from linkage.agency.normalise import Features
from linkage.agency.texts import Texts, by_text
from linkage.bundle.format import length_prefixed, u32
from linkage.encoding import Filter, FilterPart, Grams
from linkage.protocol import Protocol
from linkage.sha256 import keyed_hashes, pool_of

Filters = Mapping[str, NDArray[np.uint64]]
Words = NDArray[np.uint64]
Rows = NDArray[np.int64]
_TICKED = 1 << 22


def encode_filters(features: Features, keys: LinkageKeys, protocol: Protocol) -> Filters:
    """Each filter of the protocol by name, (n, n_words) uint64, diffused where it says so; an all-zero filter = missing."""
    return {name: table.rows(np.arange(len(table))) for name, table in filter_tables(features, keys, protocol).items()}


@dataclass(frozen=True, eq=False)
class FilterTable:
    """A filter of a list, to look up rows in.

    Attributes:
        parts: for each part, (n,) the number of each row's text, and the table (n_texts, n_inner_words) of what it sets.
        sets: (n_bits, t) the positions that each bit that leaves is the parity of; None: it leaves as it is.
    """

    parts: tuple[tuple[Codes, Words], ...] = field(repr=False)
    sets: NDArray[np.int64] | None = field(repr=False)

    def __len__(self) -> int:
        """Number of records."""
        return len(self.parts[0][0])

    def rows(self, at: Rows) -> Words:
        """(n_rows, n_words): the filters of these records."""
        out = np.zeros((len(at), self.parts[0][1].shape[1]), np.uint64)
        for codes, table in self.parts:
            or_values(table, codes[at], out)
        return out if self.sets is None else parities(out, self.sets)


def filter_tables(features: Features, keys: LinkageKeys, protocol: Protocol) -> Mapping[str, FilterTable]:
    """Each filter of the protocol by name."""
    texts = by_text(features)
    return {name: _filter_table(texts, name, spec, keys, protocol) for name, spec in protocol.encoding.filters.items()}


def _filter_table(texts: Texts, name: str, spec: Filter, keys: LinkageKeys, protocol: Protocol) -> FilterTable:
    bits = protocol.encoding.bits_of(name)
    inner_bits = spec.inner_bits or bits
    parts = []
    for part in spec.parts:
        domain = part.domain or name
        column = texts.coded(part.of)
        key = field_key(keys, domain, protocol.encoding.scheme)
        parts.append((column.codes, _value_table(column.texts, part, key, domain, inner_bits)))
    sets = index_sets(diffuse_key(keys), name, inner_bits, spec.diffusion, bits) if spec.diffusion else None
    return FilterTable(tuple(parts), sets)


def _value_table(texts: Sequence[str], part: FilterPart, key: bytes, domain: str, bits: int) -> Words:
    """(n_texts, n_words): what the grams of each text set."""
    grams, start, rows = gram_rows(texts, part.grams)
    each = np.repeat(_positions(part, np.diff(start)), np.diff(start))
    most = int(each.max(initial=0)) + 1
    entries, entry = _numbered(rows * most + each)
    alphabet = [(grams[number // most], number % most) for number in entries.tolist()]
    return or_rows(mask_table(alphabet, key, domain, bits), start, entry)


def _positions(part: FilterPart, n_grams: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n_texts,) positions per gram of texts with so many grams."""
    if not part.shared:
        return np.full(len(n_grams), part.positions, np.int64)
    return np.maximum(1, np.rint(part.positions / np.maximum(n_grams, 1))).astype(np.int64)


def grams_of(value: str, kind: Grams) -> tuple[str, ...]:
    """The distinct grams of a value, none of an empty one; see `linkage.encoding.FilterPart` for the kinds."""
    if not value:
        return ()
    if kind == "value":
        return (f"={value}",)
    if kind == "years":
        return tuple(f"{int(value) + step}" for step in (-1, 0, 1))
    if kind == "digits":
        return tuple(f"{place}:{digit}" for place, digit in enumerate(value) if digit.isdigit())
    padded = f" {value} "
    return tuple(sorted({padded[start : start + 2] for start in range(len(padded) - 1)}))


class GramRows(NamedTuple):
    """The grams of many texts.

    Attributes:
        grams: each once.
        start: (n_texts + 1,) where each text's grams begin among `rows`.
        rows: numbers of grams, each once for a text.
    """

    grams: list[str]
    start: Rows
    rows: Rows


def gram_rows(texts: Sequence[str], kind: Grams) -> GramRows:
    """As `grams_of`, for many texts at once; of bigrams and digits all letters are looked at in a row."""
    if kind in {"bigrams", "digits"} and texts:
        return _letter_rows(texts, kind)
    several = [grams_of(text, kind) for text in texts]
    numbers: dict[str, int] = {}
    rows = [numbers.setdefault(gram, len(numbers)) for one in several for gram in one]
    return GramRows(list(numbers), np.cumsum([0, *map(len, several)]), np.array(rows, np.int64))


def _letter_rows(texts: Sequence[str], kind: Grams) -> GramRows:
    """Two letters, or a place and its digit, are one number, and that behind the number of its text another one.

    Sorting then finds the grams of each text, each once.
    """
    letters = sorted({" ", *"".join(texts)})
    text, place, letter = _padded(texts, letters)
    if kind == "bigrams":
        filled = np.fromiter(map(bool, texts), np.bool_, len(texts))
        found = np.flatnonzero((text[1:] == text[:-1]) & filled[text[1:]])
        grams, gram = _numbered(letter[found] * len(letters) + letter[found + 1])
        spelt = [letters[number // len(letters)] + letters[number % len(letters)] for number in grams.tolist()]
    else:
        found = np.flatnonzero(np.array([one.isdigit() for one in letters])[letter])
        grams, gram = _numbered((place[found] - 1) * len(letters) + letter[found])
        spelt = [f"{number // len(letters)}:{letters[number % len(letters)]}" for number in grams.tolist()]
    of_texts = np.sort(text[found] * len(grams) + gram)
    of_texts = of_texts[np.diff(of_texts, prepend=-1) != 0]
    counts = np.bincount(of_texts // max(len(grams), 1), minlength=len(texts))
    return GramRows(spelt, np.concatenate([[0], np.cumsum(counts)]), of_texts % max(len(grams), 1))


def _padded(texts: Sequence[str], letters: Sequence[str]) -> tuple[Rows, Rows, Rows]:
    """The letters of all texts, each text between blanks: number of the text, place in it, number of the letter."""
    sizes = np.fromiter(map(len, texts), np.int64, len(texts)) + 2
    points = np.frombuffer(f" {'  '.join(texts)} ".encode("utf-32-le"), "<u4")
    numbers = np.zeros(ord(letters[-1]) + 1, np.int64)
    numbers[[*map(ord, letters)]] = np.arange(len(letters))
    text = np.repeat(np.arange(len(texts)), sizes)
    return text, np.arange(len(text)) - np.repeat(np.cumsum(sizes) - sizes, sizes), numbers[points]


def _numbered(values: Rows) -> tuple[Rows, Rows]:
    """The distinct values, rising, and where each stands among them; small values are ticked off, large ones sorted."""
    below = int(values.max(initial=-1)) + 1
    if below > _TICKED:
        found, number = np.unique(values, return_inverse=True)
        return found, number
    ticks = np.zeros(below, np.bool_)
    ticks[values] = True
    return np.flatnonzero(ticks), (np.cumsum(ticks) - 1)[values]


def mask_table(alphabet: list[tuple[str, int]], key: bytes, domain: str, bits: int) -> Words:
    """(n_entries, n_words) uint64: for each gram and number of positions, the filter of that gram alone."""
    grams = {gram: number for number, gram in enumerate(dict.fromkeys(gram for gram, _ in alphabet))}
    most = max((positions for _, positions in alphabet), default=0)
    places = _all_positions(list(grams), most, key, domain, bits)
    table = np.zeros((len(alphabet), bits // 64), dtype=np.uint64)
    for row, (gram, positions) in enumerate(alphabet):
        at = places[grams[gram], :positions]
        np.bitwise_or.at(table[row], at >> 6, np.left_shift(np.uint64(1), (at & 63).astype(np.uint64)))
    return table


def _all_positions(grams: Sequence[str], positions: int, key: bytes, domain: str, bits: int) -> NDArray[np.int64]:
    """(n_grams, positions): `gram_positions` of many grams.

    A digest of which every word is passed over comes once in more digests than there are grams in the world.
    """
    pool = pool_of([*(length_prefixed(domain, gram) for gram in grams), *map(u32, range(positions))])
    gram, place = np.divmod(np.arange(len(grams) * positions), max(positions, 1))
    words = keyed_hashes(key, pool, np.stack([gram, len(grams) + place], axis=1))
    fits = words < np.uint64((1 << 32) - (1 << 32) % bits)
    first = words[np.arange(len(words)), np.argmax(fits, axis=1)] % np.uint64(bits)
    out: NDArray[np.int64] = first.astype(np.int64).reshape(len(grams), positions)
    return out


def gram_positions(key: bytes, domain: str, gram: str, positions: int, bits: int) -> list[int]:
    """Keyed bit positions of a gram: HMAC-SHA256 mod `bits`, by rejection sampling of 32-bit words.

    Source: security reference, section 3.2: HMAC(k_field, lp(field) ‖ lp(qgram) ‖ u32(i)) mod L.
    """
    prefix = length_prefixed(domain, gram)
    keyed = keyed_hash(key)
    return [int(uniform(keyed(prefix + u32(place)), bits)[0]) for place in range(positions)]
