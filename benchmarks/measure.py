"""Seconds of this process and of its children: wall time as a clock shows it, CPU time as the machine spent it.

CPU seconds are summed over cores and threads. When others use the machine they grow a little, wall seconds without limit.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[1]
T = TypeVar("T")
# What is installed has its bytecode: compiling the sources anew at every start is no part of a program.
_AS_INSTALLED = {"PYTHONDONTWRITEBYTECODE": ""}


@contextmanager
def seconds() -> Iterator[dict[str, float]]:
    """A dictionary that holds `wall_s` and `cpu_s` of the block when the block is left."""
    spent: dict[str, float] = {}
    wall, cpu = time.perf_counter(), time.process_time()
    yield spent
    spent |= {"wall_s": round(time.perf_counter() - wall, 3), "cpu_s": round(time.process_time() - cpu, 3)}


def fastest(work: Callable[[], T], repeats: int) -> tuple[T, dict[str, float]]:
    """The work's last result, and `wall_s` and `cpu_s` of its repetition with the least CPU time."""
    runs = []
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        result = work()
        runs.append((time.process_time() - cpu, time.perf_counter() - wall))
    best_cpu, best_wall = min(runs)
    return result, {"wall_s": round(best_wall, 6), "cpu_s": round(best_cpu, 6)}


def run_child(
    command: Sequence[str], environment: Mapping[str, str] | None = None, accepted: Sequence[int] = (0,)
) -> tuple[str, dict[str, float]]:
    """What a child process wrote to stdout, and its `wall_s` and `cpu_s`, start of the interpreter included.

    Args:
        command: program and arguments.
        environment: variables set for the child besides ours.
        accepted: exit codes that are answers and not failures.

    Raises:
        RuntimeError: the child failed; with the end of what it wrote to stderr.
    """
    wall, before = time.perf_counter(), os.times()
    variables = {**os.environ, **_AS_INSTALLED, **(environment or {})}
    done = subprocess.run(list(command), cwd=ROOT, env=variables, capture_output=True, encoding="utf-8", check=False)
    after = os.times()
    if done.returncode not in accepted:
        raise RuntimeError(
            f"{Path(command[0]).name} {' '.join(command[1:3])} … ended with {done.returncode}:\n{done.stderr[-2000:]}"
        )
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return done.stdout, {"wall_s": round(time.perf_counter() - wall, 3), "cpu_s": round(cpu, 3)}


def rate(n: float, spent: float) -> float:
    """Things per second to three significant digits; 0 where no time could be measured."""
    return float(f"{n / spent:.3g}") if spent > 0 else 0.0
