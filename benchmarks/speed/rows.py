"""Invented rows, and their encodings under throw-away keys, for everything that speed is measured on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.invented import IDENTIFIERS, people
from linkage.agency.extract import Extract, from_frame
from linkage.agency.keys import LinkageKeys
from linkage.agency.mapping import STANDARD
from linkage.agency.prepare import Prepared, prepare
from linkage.memory import throw_away_keys
from linkage.protocol import DEFAULT_SCHEME, Protocol, ready_protocol

PROTOCOL = "persons"
LONG_LISTS = "national"
SEED = 1
AGENCY_KEY = bytes(range(32))


def agreed(scheme: str = DEFAULT_SCHEME) -> tuple[Protocol, LinkageKeys]:
    """The protocol under a scheme, and keys for data that is not secret."""
    protocol = ready_protocol(PROTOCOL, scheme)
    return protocol, throw_away_keys(protocol, SEED)


def extract(n: int) -> Extract:
    """`n` invented rows as an agency reads them."""
    return from_frame(people(n, SEED)[["record_id", *IDENTIFIERS]], STANDARD, "invented")


def encoded(n: int, scheme: str = DEFAULT_SCHEME) -> Prepared:
    """`n` invented rows, encoded."""
    return prepare(extract(n), STANDARD, *agreed(scheme), AGENCY_KEY)


def joined(prepared: Prepared) -> NDArray[np.uint64]:
    """(n, n_words) uint64: each row's filters in one."""
    return np.ascontiguousarray(np.bitwise_or.reduce(prepared.filters, axis=1))
