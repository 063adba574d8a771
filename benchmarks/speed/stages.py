"""Which stage of a linkage takes the time: functions of a module are watched while a block runs.

Seconds are exclusive: what a stage spends inside another watched one counts for that one alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any
from unittest.mock import patch

Spent = dict[str, dict[str, float]]


@contextmanager
def watched(functions: Sequence[tuple[ModuleType, str]]) -> Iterator[Spent]:
    """Function name to its `wall_s` and `cpu_s`, filled while the block runs.

    Args:
        functions: module and name under which the module calls the function.
    """
    spent: Spent = {}
    inside: list[dict[str, float]] = []
    with ExitStack() as stack:
        for module, name in functions:
            stack.enter_context(patch.object(module, name, _timed(getattr(module, name), name, spent, inside)))
        yield spent


def _timed(work: Callable[..., Any], name: str, spent: Spent, inside: list[dict[str, float]]) -> Callable[..., Any]:
    def timed(*args: Any, **kwargs: Any) -> Any:
        before = _clocks()
        inside.append(dict.fromkeys(before, 0.0))
        try:
            return work(*args, **kwargs)
        finally:
            deeper = inside.pop()
            took = {clock: now - before[clock] for clock, now in _clocks().items()}
            total = spent.setdefault(name, dict.fromkeys(took, 0.0))
            for clock, value in took.items():
                total[clock] += value - deeper[clock]
                if inside:
                    inside[-1][clock] += value

    return timed


def _clocks() -> dict[str, float]:
    return {"wall_s": time.perf_counter(), "cpu_s": time.process_time()}
