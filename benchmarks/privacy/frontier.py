"""Quality against re-identification: every scheme on the same lists, with the same linkage engine.

Quality is the pair F1 at the default threshold, without labels, on FEBRL 4 (name and birth date) and on a TIP-SIM M set.
Re-identification is the worst of the attacks that need no known pair; known pairs stand beside it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from benchmarks.privacy.attacks import FULL, TINY, over_seeds
from benchmarks.privacy.held import ALL, CLK
from benchmarks.privacy.people import LISTS
from benchmarks.quality.memory import through_memory
from benchmarks.quality.practice import Rows, febrl4, febrl_folder, harmonised, invented
from benchmarks.runner import Result, Settings
from linkage.protocol import ready_protocol

TIPSIM = ("M_pipeline_seed1", "M_sparse_seed1")
_SEEDS = (1,)
_WITHOUT_KEY = ("frequency", "structure", "graph", "spectral", "patterns")


def run(settings: Settings) -> Result:
    """Every scheme: shares named by each attack, F1 and error of the person count on each set."""
    sizes = TINY if settings.small else FULL
    sets = dict(_sets(settings))
    schemes = {}
    for scheme in ALL:
        attacks = {name: over_seeds(name, scheme, _SEEDS, sizes, half=False) for name in LISTS}
        quality = {} if scheme == CLK else {name: _quality(rows, protocol, scheme) for name, (rows, protocol) in sets.items()}
        schemes[scheme] = {"attacks": attacks, "worst": worst(attacks), "quality": quality}
    return {"seeds": list(_SEEDS), "schemes": schemes}


def worst(attacks: Mapping[str, Mapping[str, list[float]]]) -> dict[str, float]:
    """The largest share that any attack without known pairs names, and any with them, over lists and seeds."""
    shares = [(attack, max(seen)) for one in attacks.values() for attack, seen in one.items()]
    return {
        "without known pairs": max(share for attack, share in shares if attack.startswith(_WITHOUT_KEY)),
        "known pairs": max(share for attack, share in shares if attack.startswith("known pairs")),
    }


def _sets(settings: Settings) -> dict[str, tuple[Rows, str]]:
    """The sets that are there, with their protocols."""
    if settings.small:
        return {"invented": (invented(60, ("a", "b")), "persons")}
    folder = febrl_folder()
    out = {"FEBRL 4": (febrl4(folder), "persons")} if folder else {}
    places = {name: settings.data / "tipsim" / name for name in TIPSIM}
    return out | {f"TIP-SIM {name}": (harmonised(place), "tip") for name, place in places.items() if place.exists()}


def _quality(rows: Rows, protocol: str, scheme: str) -> dict[str, Any]:
    score = through_memory(rows, ready_protocol(protocol, scheme))
    print(f"  {scheme}: F1 {score['pairs']['all']['f1']}, {score['wall_s']:.0f} s", file=sys.stderr)
    return {"pairs": score["pairs"]["all"], "persons": score["persons"], "wall_s": score["wall_s"], "cpu_s": score["cpu_s"]}
