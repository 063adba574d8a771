"""How far a run is and what it took: the only place that looks at the clock on a run's behalf.

A run says when a stage begins and how many of its parts are done. On a terminal the running stage is shown with its rate and
the time that remains. Afterwards there is a table of the stages: seconds by the clock and of
the processor, and the largest memory until their end. It is written beside the run, not into its manifest: equal runs
have equal manifests, and took different times.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from linkage.cli import terminal
from linkage.files import peak_memory


class Stage(NamedTuple):
    """What one stage took.

    Attributes:
        name: of the stage.
        parts: how many it had.
        wall, cpu: milliseconds.
        peak: largest memory of the process until its end, in bytes; 0 where the system does not say.
    """

    name: str
    parts: int
    wall: int
    cpu: int
    peak: int


@dataclass
class Watch:
    """Keeps the time of the stages that it is told of.

    Attributes:
        stages: those that are over, in their order.
        shown: told of the running stage, how many of its parts are done, and of how many.
    """

    shown: Callable[[str, int, int], None]
    stages: list[Stage] = field(default_factory=list)
    _running: tuple[str, int, float, float] | None = None

    def report(self, stage: str, done: int, parts: int) -> None:
        """A stage begins, or some of its parts are done."""
        if self._running is None or self._running[0] != stage:
            self.end()
            self._running = (stage, parts, time.monotonic(), time.process_time())
        self.shown(stage, done, parts)

    def end(self) -> None:
        """The running stage is over."""
        if self._running is not None:
            name, parts, wall, cpu = self._running
            spent = round(1000 * (time.monotonic() - wall)), round(1000 * (time.process_time() - cpu))
            self.stages.append(Stage(name, parts, *spent, peak_memory()))
            self._running = None


@contextmanager
def watching() -> Iterator[Watch]:
    """A watch that shows on a terminal how far the run is."""
    with terminal.stages() as shown:
        watch = Watch(shown)
        yield watch
        watch.end()


def described(stages: Sequence[Stage]) -> dict[str, Any]:
    """The stages as plain data, in whole milliseconds and bytes."""
    return {"format": "headcount-timings/1", "stages": [stage._asdict() for stage in stages]}


def table(stages: Sequence[Stage]) -> Iterator[str]:
    """The stages as aligned lines, the sum of them last."""
    yield f"{'stage':<12}{'parts':>6}{'wall s':>10}{'CPU s':>10}{'peak MB':>10}"
    peak = max((one.peak for one in stages), default=0)
    whole = Stage("together", 0, sum(one.wall for one in stages), sum(one.cpu for one in stages), peak)
    for one in (*stages, whole):
        yield f"{one.name:<12}{one.parts or '':>6}{one.wall / 1000:>10.2f}{one.cpu / 1000:>10.2f}{one.peak / 1e6:>10.0f}"
