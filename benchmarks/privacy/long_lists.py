"""The protocol for long lists: the attacks of the default's bar, and what equality alone gives away as a list grows.

In a short list a lock is withheld where strangers share it; in a long one so many share it that all are shown it, and equal
values make shapes that whoever has the plaintext of the whole list recognises. That is so of every protocol with locks that
find careless copies; this says how much, beside the protocol for lists of any length on the same people.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.privacy import frequency, structure
from benchmarks.privacy.attacks import FULL, TINY, over_seeds
from benchmarks.privacy.default import BARS, SEEDS, highest
from benchmarks.privacy.held import held
from benchmarks.privacy.people import LONG, people
from benchmarks.runner import Result, Settings
from linkage.protocol import DEFAULT_SCHEME

PROTOCOLS = ("national", "persons")
_LENGTHS = (1000, 5000)
_EQUALITY = {"frequency": frequency.share_named, "structure": structure.share_named}


def run(settings: Settings) -> Result:
    """Attack to shares, of the first seed; length to protocol to what equality names; bars that do not hold on short lists."""
    sizes, lengths = (TINY, (40,)) if settings.small else (FULL, _LENGTHS)
    attacks = {LONG: over_seeds(LONG, DEFAULT_SCHEME, SEEDS[:1], sizes)}
    broken = [family for family, (most, _) in BARS.items() if highest(attacks, family) > most]
    grown = {str(n): {name: dict(_named(n, name)) for name in PROTOCOLS} for n in lengths}
    return {
        "protocol": PROTOCOLS[0],
        "attacks": attacks,
        "does not hold": broken,
        "lengths": grown,
        "holds": settings.small or not broken,
    }


def _named(n: int, protocol: str) -> Iterator[tuple[str, float]]:
    """Family to the share of people named, of a Central Asian list without patronymics."""
    frame = people(LONG, n, SEEDS[0]).frame
    target, own = (held(frame, protocol, DEFAULT_SCHEME, key) for key in (2, 3))
    for family, share_named in _EQUALITY.items():
        yield family, round(share_named(target, own), 4)
