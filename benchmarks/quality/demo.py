"""The demonstration under five seeds: its tables must equal its truth, each seed its own."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measure import run_child
from benchmarks.runner import Result, Settings

SEEDS = (1, 2, 3, 4, 5)


def run(settings: Settings) -> Result:
    """Counts and truth of each seed."""
    seeds = {str(seed): run_demo(seed) for seed in (SEEDS[:1] if settings.small else SEEDS)}
    return {"protocol": "tip", "seeds": seeds, "holds": all(one["equal"] for one in seeds.values())}


def run_demo(seed: int, environment: dict[str, str] | None = None) -> dict[str, Any]:
    """One run of `headcount demo`, as a user starts it."""
    with tempfile.TemporaryDirectory() as name:
        command = [sys.executable, "-m", "linkage.cli.main", "demo", str(Path(name) / "demo"), "--seed", str(seed), "--json"]
        answer, spent = run_child(command, environment, accepted=(0, 1))
    told = json.loads(answer)
    return {"equal": told["equal"], "added_up": told["added_up"], "unique": told["unique"], "truth": told["truth"], **spent}
