"""The default scheme against every attack, over three seeds, beside controls that must fall.

A control that holds tests nothing, and fails the benchmark as much as a default that falls.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchmarks.privacy.attacks import FULL, TINY, between_epochs, over_seeds
from benchmarks.privacy.epochs import equal_pseudonyms
from benchmarks.privacy.held import CLK
from benchmarks.privacy.people import LISTS
from benchmarks.runner import Result, Settings
from linkage.protocol import DEFAULT_SCHEME

FREQUENCY_CONTROL = "fields/1"
SEEDS = (1, 2, 3)
# Attack to the most that the default may give away, and the least that the control must; on the better of its lists.
BARS: Mapping[str, tuple[float, float]] = {
    "frequency": (0.02, 0.5),
    "structure": (0.02, 0.5),
    "graph": (0.02, 0.95),
    "patterns": (0.02, 0.5),
    "known pairs, 100": (0.05, 0.95),
    "known pairs, 500": (0.15, 0.95),
    "dictionary, right key": (1.0, 0.99),
    "dictionary, wrong key": (0.01, 0.0),
    "dictionary, other epoch": (0.01, 0.0),
}
_MOST_CORRELATED = 0.01
Shares = Mapping[str, Mapping[str, list[float]]]


def run(settings: Settings) -> Result:
    """Shares named, the bars, and what does not hold."""
    sizes, seeds = (TINY, SEEDS[:1]) if settings.small else (FULL, SEEDS)
    schemes = {scheme: {name: over_seeds(name, scheme, seeds, sizes) for name in LISTS} for scheme in _SCHEMES}
    apart = {str(seed): between_epochs(DEFAULT_SCHEME, seed, sizes) for seed in seeds}
    pseudonyms = equal_pseudonyms(sizes.entries)
    broken = list(_broken(schemes))
    broken += [f"epochs are correlated under seed {seed}" for seed, one in apart.items() if abs(one["bits"]) >= _MOST_CORRELATED]
    broken += ["two agencies share record pseudonyms"] * bool(pseudonyms)
    holds = settings.small or not broken
    return {
        "default": DEFAULT_SCHEME,
        "seeds": list(seeds),
        "schemes": schemes,
        "between epochs": apart,
        "pseudonyms shared by two agencies": pseudonyms,
        "does not hold": broken,
        "holds": holds,
    }


_SCHEMES = (CLK, FREQUENCY_CONTROL, DEFAULT_SCHEME)


def _broken(schemes: Mapping[str, Shares]) -> Iterator[str]:
    for family, (most, least) in BARS.items():
        default = highest(schemes[DEFAULT_SCHEME], family)
        if default > most:
            yield f"{family}: the default gives away {default:.1%}, more than {most:.0%}"
        control = highest(schemes[control_of(family)], family)
        if control < least:
            yield f"{family}: the control gives away {control:.1%}, less than {least:.0%}"


def control_of(family: str) -> str:
    """The scheme that must fall to an attack: equality is attacked on field filters and tokens, all else on the plain CLK."""
    return FREQUENCY_CONTROL if family in ("frequency", "structure") else CLK


def highest(shares: Shares, family: str) -> float:
    """The largest share over lists, sizes and seeds that an attack names; `graph` is the better of its two starts."""
    names = ("graph", "spectral") if family == "graph" else (family,)
    return max(max(seen) for one in shares.values() for attack, seen in one.items() if attack.startswith(names))
