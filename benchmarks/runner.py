"""How a suite of benchmarks runs from the command line: which ones, at which size, with which peers, into which file."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.machine import describe, load
from benchmarks.measure import ROOT, seconds
from linkage.files import write_atomically

FORMAT = "headcount-benchmark/1"
DATA = ROOT.parent / "shared" / "data"
Result = dict[str, Any]


@dataclass(frozen=True)
class Settings:
    """What every benchmark is told.

    Attributes:
        small: tiny data, to see that the benchmark works; its figures mean nothing.
        data: folder of the practice data.
        peers: folder of the peers' virtual environments, from `benchmarks.baselines.install`; None = without peers.
    """

    small: bool
    data: Path
    peers: Path | None


Benchmark = Callable[[Settings], Result]


def skipped(reason: str) -> Result:
    """The result of what cannot be measured here."""
    return {"skipped": reason}


def run_suite(suite: str, benchmarks: Mapping[str, Benchmark], arguments: Sequence[str], show: Callable[[Result], str]) -> int:
    """Run benchmarks by name, say how it goes on stderr, print tables on stdout, write JSON if asked; the exit code.

    Args:
        suite: the suite's name.
        benchmarks: all that there are, in the order in which they run.
        arguments: of the command line.
        show: turns the whole result into text.
    """
    parser = _parser(suite, benchmarks)
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in benchmarks]
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}")
    settings = Settings(options.small, options.data, options.peers)
    chosen = [name for name in benchmarks if not options.names or name in options.names]
    before = load()
    results = {name: _run(name, benchmarks[name], settings) for name in chosen}
    whole = {
        "format": FORMAT,
        "suite": suite,
        "command": shlex.join(["python", "-m", f"benchmarks.{suite}", *arguments]),
        "date": datetime.now(UTC).date().isoformat(),
        "small": settings.small,
        "machine": describe(),
        "load": {"before": before, "after": load()},
        "results": results,
    }
    if options.json:
        write_atomically(options.json, (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode())
    if settings.small:
        print("tiny data: these figures mean nothing", file=sys.stderr)
    print(show(whole))
    return 0 if all(result.get("holds", True) for result in results.values()) else 1


def _run(name: str, benchmark: Benchmark, settings: Settings) -> Result:
    print(f"{name} …", file=sys.stderr)
    with seconds() as spent:
        result = benchmark(settings)
    took = f"{spent['wall_s']:.1f} s"
    print(f"{name}: {result.get('skipped', took)}", file=sys.stderr)
    return result


def _parser(suite: str, benchmarks: Mapping[str, Benchmark]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(f"python -m benchmarks.{suite}", description="exit code 1: something does not hold that must")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(benchmarks)}; all if none is named")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result to this file")
    parser.add_argument("--small", action="store_true", help="tiny data: shows that it runs, measures nothing")
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="the practice data (default: ../shared/data)")
    parser.add_argument("--peers", type=Path, metavar="DIR", help="environments made by python -m benchmarks.baselines.install DIR")
    return parser
