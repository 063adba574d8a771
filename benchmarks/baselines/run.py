"""Calls a baseline's script under the peer's own Python and reads what it answers."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.measure import run_child

HERE = Path(__file__).parent


def python_of(peers: Path | None, peer: str) -> Path | None:
    """The Python of a peer's environment; None where there is none."""
    places = [peers / peer / part for part in ("bin/python", "Scripts/python.exe")] if peers else []
    return next((place.absolute() for place in places if place.exists()), None)


def packages_of(peers: Path | None, peer: str) -> Path | None:
    """Where a peer's environment keeps its packages for the running Python; None where there are none."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    places = [peers / peer / part / "site-packages" for part in (f"lib/{version}", "Lib")] if peers else []
    return next((place.absolute() for place in places if place.is_dir()), None)


def missing(peer: str) -> str:
    """Why a peer is left out."""
    return f"{peer} is not there: python -m benchmarks.baselines.install DIR, then --peers DIR"


def run_peer(python: Path, script: str, *arguments: object) -> dict[str, Any]:
    """The JSON that a script of this folder prints.

    Raises:
        RuntimeError: the script failed.
    """
    answer, _ = run_child([str(python), str(HERE / script), *map(str, arguments)])
    read: dict[str, Any] = json.loads(answer)
    return read
