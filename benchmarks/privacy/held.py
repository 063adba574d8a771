"""What the linkage unit would hold of a list under a scheme and a key, and the plain encoding that every attack must break."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.quality.memory import MAPPING
from linkage.agency.encode import grams_of
from linkage.agency.extract import from_frame
from linkage.agency.mapping import Mapping
from linkage.agency.normalise import features
from linkage.agency.prepare import checked, minimised
from linkage.encoding import Encoding, Filter, FilterPart
from linkage.memory import encode_frame
from linkage.protocol import SCHEMES, Protocol, ready_protocol

CLK = "plain CLK"
ALL = (CLK, *SCHEMES)
_CLK_BITS, _CLK_POSITIONS = 1024, 10


class Held(NamedTuple):
    """Encodings, rows in the order of the list.

    Attributes:
        filters: (n, n_filters, n_words) uint64, all-zero = missing.
        tokens: (n, n_tokens) uint64, 0 = missing.
    """

    filters: NDArray[np.uint64]
    tokens: NDArray[np.uint64]


def held(
    frame: pd.DataFrame, protocol: str, scheme: str, key_seed: int, epoch: str | None = None, mapping: Mapping = MAPPING
) -> Held:
    """Encode a list as an agency would, under keys that are drawn from a seed.

    Args:
        frame: standard identifier columns.
        protocol: a ready protocol
        scheme: of `ALL`.
        key_seed: draws linkage key and agency key.
        epoch: another epoch than the protocol's.
        mapping: how cells are to be read.
    """
    agreed = protocol_of(protocol, scheme)
    if epoch:
        agreed = dataclasses.replace(agreed, epoch=epoch)
    one = encode_frame(frame.assign(**_required(agreed)), "agency", agreed, mapping, key_seed)
    return Held(one.filters, one.tokens)


def pooled_grams(frame: pd.DataFrame, protocol: str) -> NDArray[np.float32]:
    """(n, n_grams): which bigrams each person's normalised names and birth date have, as the plain CLK pools them."""
    agreed = protocol_of(protocol, CLK)
    extract, _ = checked(from_frame(frame.assign(**_required(agreed)), MAPPING, "list"), agreed, MAPPING)
    known = features(minimised(extract, agreed), agreed, MAPPING)
    parts = [known[part.of] for part in agreed.encoding.filters["whole"].parts]
    rows = [{gram for text in texts for gram in grams_of(text, "bigrams")} for texts in zip(*parts, strict=True)]
    index = {gram: place for place, gram in enumerate(sorted(set().union(*rows)))}
    out = np.zeros((len(frame), len(index)), np.float32)
    for number, row in enumerate(rows):
        out[number, [index[gram] for gram in row]] = 1.0
    return out


def protocol_of(protocol: str, scheme: str) -> Protocol:
    """The ready protocol under a scheme; of the plain CLK, one Bloom filter of the whole record and no tokens."""
    if scheme != CLK:
        return ready_protocol(protocol, scheme)
    names = ("surname.skeleton", "given_name.skeleton", "patronymic.skeleton")
    parts = (*(FilterPart(name, "bigrams", _CLK_POSITIONS) for name in names), FilterPart("birth_date", "bigrams", _CLK_POSITIONS))
    plain = Encoding("record/1", _CLK_BITS, {"whole": Filter(parts)}, {})
    return dataclasses.replace(ready_protocol(protocol), encoding=plain, comparisons=())


def _required(agreed: Protocol) -> dict[str, str]:
    """Content columns that the protocol wants filled; they never enter the encodings."""
    return {name: next(iter(spec.codes)) for name, spec in agreed.content.items() if spec.required and spec.codes}


def bits_of(filters: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """(n, n_bits) uint8: the bits of all filters side by side."""
    rows = np.ascontiguousarray(filters).reshape(len(filters), -1)
    return np.unpackbits(rows.view(np.uint8), axis=1, bitorder="little")


def classes(values: Held) -> NDArray[np.int64]:
    """(n, n_columns) int64: for each token and each filter, which value a record has, numbered from 0; −1 = missing."""
    columns = [values.tokens[:, place] for place in range(values.tokens.shape[1])]
    columns += [_as_one(values.filters[:, place]) for place in range(values.filters.shape[1])]
    return np.stack([_numbered(column) for column in columns], axis=1) if columns else np.zeros((len(values.filters), 0), np.int64)


def _as_one(filters: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """One word for each filter; equal filters, equal words, and 0 for missing."""
    factors = np.random.Generator(np.random.PCG64(1)).integers(1, 2**63, size=filters.shape[1], dtype=np.uint64) | np.uint64(1)
    return (filters * factors).sum(axis=1, dtype=np.uint64)


def _numbered(column: NDArray[np.uint64]) -> NDArray[np.int64]:
    _, number = np.unique(column, return_inverse=True)
    return np.where(column == 0, -1, number).astype(np.int64)
