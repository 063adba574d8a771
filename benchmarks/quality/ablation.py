"""What is lost where: by the encoding, by the threshold, and by what remains, the data and the model.

FEBRL 4 by name and date, and TIP-SIM M. Each is linked under the default scheme and under `fields/1`, which has the same
model but does not hide the encodings, and each of these also at the clustering threshold that is best against the truth:
nobody has that, so the difference to ½ is what choosing it better could gain. A record is encoded once per scheme.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import pandas as pd

from benchmarks.measure import seconds
from benchmarks.quality import tipsim_m
from benchmarks.quality.memory import MAPPING
from benchmarks.quality.practice import FEBRL_INSTALL, Rows, febrl4, febrl_folder, harmonised, invented
from benchmarks.quality.scores import of_persons
from benchmarks.runner import Result, Settings
from linkage.memory import encode_frame
from linkage.protocol import DEFAULT_SCHEME, Protocol, ready_protocol
from linkage.records import Encodings, Part, combine
from linkage.unit.link import link_encodings

SCHEMES = (DEFAULT_SCHEME, "fields/1")
THRESHOLDS = (50, 100, 200, 350, 500, 650, 800, 900, 950, 990)  # permille
_SMALL_THRESHOLDS = (200, 500, 800)
_SMALL = 200


class Encoded(NamedTuple):
    """Rows as the unit has them, and what their records are called.

    Attributes:
        encodings: all agencies' encodings.
        names: `agency`, `record`, `record_id` of each record.
    """

    encodings: Encodings
    names: pd.DataFrame


def run(settings: Settings) -> Result:
    """Each set under each scheme, at its protocol's threshold and at the best one; a set that is absent has `skipped`."""
    thresholds = _SMALL_THRESHOLDS if settings.small else THRESHOLDS
    return {"thresholds": list(thresholds), "sets": {name: _of_set(*one, thresholds) for name, one in _sets(settings).items()}}


def _sets(settings: Settings) -> dict[str, tuple[Rows | None, str, str]]:
    """Name to rows, protocol, and why there are no rows."""
    if settings.small:
        small = {"FEBRL 4": (invented(_SMALL, ("a", "b")), "persons", "")}
        return {**small, "TIP-SIM M": (tipsim_m.small_rows(settings), tipsim_m.PROTOCOL, "")}
    place, absent = febrl_folder(), f"the practice data has no tipsim/{tipsim_m.SETS}"
    first: tuple[Rows | None, str, str] = (febrl4(place) if place else None, "persons", FEBRL_INSTALL)
    folders = {one.name: (harmonised(one), tipsim_m.PROTOCOL, "") for one in tipsim_m.found(settings)}
    return {"FEBRL 4, name and date": first, **(folders or {"TIP-SIM M": (None, tipsim_m.PROTOCOL, absent)})}


def _of_set(rows: Rows | None, name: str, absent: str, thresholds: tuple[int, ...]) -> Result:
    if rows is None:
        return {"skipped": absent}
    return {scheme: _of_scheme(rows, ready_protocol(name, scheme), thresholds) for scheme in SCHEMES}


def _of_scheme(rows: Rows, protocol: Protocol, thresholds: tuple[int, ...]) -> dict[str, Any]:
    """Scores at the protocol's own threshold and at the best, and the F1 and error at each."""
    encoded = _encoded(rows.frames(), protocol)
    with seconds() as spent:
        scores = {one: _at(encoded, protocol, one, rows.truth) for one in sorted({*thresholds, protocol.clustering.threshold})}
    best = max(scores, key=lambda one: scores[one]["f1"] or 0)
    own = protocol.clustering.threshold
    return {"own": {"threshold": own, **scores[own]}, "best": {"threshold": best, **scores[best]}, "all": scores, **spent}


def _encoded(frames: Mapping[str, pd.DataFrame], protocol: Protocol) -> Encoded:
    made = {name: encode_frame(frame, name, protocol, MAPPING, 0) for name, frame in sorted(frames.items())}
    names = [pd.DataFrame({"agency": name, "record": one.record, "record_id": one.local_id}) for name, one in made.items()]
    parts = [Part(name, one.record, one.filters, one.tokens) for name, one in made.items()]
    return Encoded(combine(parts), pd.concat(names, ignore_index=True))


def _at(encoded: Encoded, protocol: Protocol, threshold: int, truth: pd.DataFrame) -> dict[str, Any]:
    """F1, precision, recall and the error of the count at a clustering threshold."""
    some = replace(protocol, clustering=replace(protocol.clustering, threshold=threshold))
    encodings = encoded.encodings
    agency = pd.Series(encodings.agencies).to_numpy(object)[encodings.source]
    labels = link_encodings(encodings, some).labels
    persons = pd.DataFrame({"agency": agency, "record": encodings.record, "person_id": labels})
    score = of_persons(encoded.names.merge(persons, on=["agency", "record"], validate="one_to_one"), truth)
    return {**score["pairs"]["all"], "persons": score["persons"]["relative_error"]}
