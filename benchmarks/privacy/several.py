"""Several lists at once: what an attacker reads off equality who has the plaintext of *all* agencies' lists.

An agency withholds what strangers share in its own list; strangers in different lists still share locks, and the records of
one person hang together across lists, which is what linking is for. Both make shapes, and whoever has every list's plaintext
knows them. Colour refinement over all records together names, of each colour that k records have, one in k. The bar of the
default is for single lists; this says what is beyond it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.privacy import structure
from benchmarks.privacy.default import FREQUENCY_CONTROL
from benchmarks.privacy.held import Held, held, protocol_of
from benchmarks.privacy.people import LISTS, people
from benchmarks.quality.practice import harmonised
from benchmarks.runner import Result, Settings
from linkage.protocol import DEFAULT_SCHEME

_SEED, _LISTS = 1, 10
_SETS = ("S_pipeline_seed1", "S_sparse_seed1")


def run(settings: Settings) -> Result:
    """Case to scheme to the share of records named."""
    schemes = (FREQUENCY_CONTROL, DEFAULT_SCHEME)
    cases = {case: {scheme: _named(frames, protocol, scheme) for scheme in schemes} for case, frames, protocol in _cases(settings)}
    return {"schemes": list(schemes), "cases": cases}


def _cases(settings: Settings) -> Iterator[tuple[str, Sequence[pd.DataFrame], str]]:
    """Lists of people who stand in one list each, dealt out in turn; then lists that share people, as agencies' do."""
    for name in LISTS:
        for n in (40,) if settings.small else (1000, 3000):
            one = people(name, n, _SEED)
            frames = [one.frame.iloc[place::_LISTS].reset_index(drop=True) for place in range(_LISTS)]
            yield f"{name.replace('_', ' ')}: {n:,} people, each in one of {_LISTS} lists", frames, one.protocol
    places: list[Path] = [] if settings.small else [settings.data / "tipsim" / name for name in _SETS]
    for place in (place for place in places if place.exists()):
        known = protocol_of("tip", DEFAULT_SCHEME).identifiers
        frames = [frame[[name for name in frame if name in known]] for frame in harmonised(place).frames().values()]
        yield f"TIP-SIM {place.name}: {sum(map(len, frames)):,} records of six agencies", frames, "tip"


def _named(frames: Sequence[pd.DataFrame], protocol: str, scheme: str) -> float:
    target, own = (_together([held(frame, protocol, scheme, key) for frame in frames]) for key in (2 * _SEED, 2 * _SEED + 1))
    return round(structure.share_named(target, own), 4)


def _together(parts: Sequence[Held]) -> Held:
    return Held(np.concatenate([one.filters for one in parts]), np.concatenate([one.tokens for one in parts]))
