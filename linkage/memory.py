"""Both sides of the wall in one process: for notebooks, tests and benchmarks, never for agencies' real exchange.

The same encoding and linking code runs as through files, under throw-away keys that are drawn from a seed, so that
the same frames give the same persons.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from linkage.agency.extract import from_frame
from linkage.agency.keys import LinkageKeys, derive
from linkage.agency.mapping import Mapping as FileMapping
from linkage.agency.prepare import Prepared, prepare
from linkage.errors import UsageError
from linkage.protocol import Protocol, ready_protocol
from linkage.records import Encodings, Part, combine
from linkage.unit.certainty import Certainty
from linkage.unit.link import Linkage, link_encodings


@dataclass(frozen=True)
class Linked:
    """What linking gave.

    Attributes:
        persons: one row per record: `agency`, `record_id`, `person` (a whole number, 0 … count − 1).
        count: number of unique persons.
        linkage: model, pairs and weights behind it.
    """

    persons: pd.DataFrame
    count: int
    linkage: Linkage

    @property
    def certainty(self) -> Certainty:
        """How sure the persons are, without truth."""
        return self.linkage.certainty


def link(
    frames: Mapping[str, pd.DataFrame],
    protocol: Protocol | str = "persons",
    *,
    mappings: Mapping[str, FileMapping] | None = None,
    seed: int = 0,
) -> Linked:
    """Link frames of several agencies, duplicates inside each included.

    Args:
        frames: agency name to a frame whose columns carry standard names, or the names that its mapping gives;
            without a column `record_id`, rows are named by their number, counting from 2 as under a header.
        protocol: a protocol, or the name of a ready one.
        mappings: agency name to the mapping of its frame, where one is needed.
        seed: the throw-away keys are drawn from it.

    Raises:
        UsageError: no frame was given.
        ValidationError: rows break the protocol.
        ModelError: the data cannot carry an estimate.
    """
    if not frames:
        raise UsageError("no frame was given", hint="pass at least one agency's frame")
    agreed = ready_protocol(protocol) if isinstance(protocol, str) else protocol
    prepared = {name: encode_frame(frame, name, agreed, (mappings or {}).get(name), seed) for name, frame in sorted(frames.items())}
    encodings = combine([Part(name, one.record, one.filters, one.tokens) for name, one in prepared.items()])
    linkage = link_encodings(encodings, agreed)
    persons = _persons(encodings, linkage, prepared)
    return Linked(persons, int(persons["person"].nunique()), linkage)


def encode_frame(frame: pd.DataFrame, name: str, protocol: Protocol, mapping: FileMapping | None, seed: int) -> Prepared:
    """One agency's frame, encoded under throw-away keys."""
    used = mapping or FileMapping()
    return prepare(from_frame(frame, used, name), used, protocol, throw_away_keys(protocol, seed), _secret(seed, f"agency {name}"))


def throw_away_keys(protocol: Protocol, seed: int) -> LinkageKeys:
    """Linkage keys drawn from a seed: for data that is not secret."""
    return derive(_secret(seed, "linkage"), protocol.project, protocol.epoch)


def _secret(seed: int, purpose: str) -> bytes:
    return hashlib.sha256(f"headcount throw-away key {seed} {purpose}".encode()).digest()


def _persons(encodings: Encodings, linkage: Linkage, prepared: Mapping[str, Prepared]) -> pd.DataFrame:
    """Records in the order of the agencies' names and their frames' rows, persons numbered as they appear."""
    agency = np.array(encodings.agencies, dtype=object)[encodings.source]
    linked = pd.DataFrame({"agency": agency, "record": encodings.record, "person": linkage.labels})
    rows = [pd.DataFrame({"agency": name, "record_id": one.local_id, "record": one.record}) for name, one in prepared.items()]
    frame = pd.concat(rows, ignore_index=True).merge(linked, on=["agency", "record"], how="left", validate="one_to_one")
    return frame.assign(person=pd.factorize(frame["person"])[0])[["agency", "record_id", "person"]]
