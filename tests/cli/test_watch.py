"""The watch over a run: stages one after the other, whole milliseconds, and on a terminal the one that is running."""

import io
import sys

import pytest

from linkage.cli import terminal, watch
from linkage.cli.watch import Stage, Watch, described, table, watching


@pytest.fixture
def clock(monkeypatch):
    """`clock(wall, cpu)`: so many seconds pass by the clock and on the processor."""
    now = [100.0, 7.0]
    monkeypatch.setattr(watch.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(watch.time, "process_time", lambda: now[1])
    monkeypatch.setattr(watch, "peak_memory", lambda: round(now[0] * 1000))

    def pass_by(wall, cpu):
        now[0] += wall
        now[1] += cpu

    return pass_by


def test_a_stage_lasts_from_its_first_report_to_the_next_stages(clock):
    shown = []
    kept = Watch(lambda *said: shown.append(said))
    kept.report("open", 0, 1)
    clock(2.0, 0.5)
    kept.report("compare", 0, 2)
    clock(1.0, 1.5)
    kept.report("compare", 1, 2)
    clock(1.0, 1.25)
    kept.report("compare", 2, 2)
    clock(0.5, 0.0)
    kept.end()
    assert kept.stages == [Stage("open", 1, 2000, 500, 102_000), Stage("compare", 2, 2500, 2750, 104_500)]
    assert shown == [("open", 0, 1), ("compare", 0, 2), ("compare", 1, 2), ("compare", 2, 2)]


def test_a_stage_that_comes_again_is_told_again(clock):
    kept = Watch(lambda *_: None)
    for name in ("compare", "count", "compare"):
        kept.report(name, 0, 1)
        clock(1.0, 1.0)
    kept.end()
    assert [one.name for one in kept.stages] == ["compare", "count", "compare"]
    assert [one.wall for one in kept.stages] == [1000] * 3


def test_who_was_told_of_nothing_has_nothing_to_say(clock):
    kept = Watch(lambda *_: None)
    kept.end()
    kept.end()
    assert kept.stages == []
    assert described([]) == {"format": "headcount-timings/1", "stages": []}
    assert [line.split()[0] for line in table([])] == ["stage", "together"]


def test_the_last_stage_ends_with_the_watch(clock):
    with watching() as kept:
        kept.report("open", 0, 1)
        clock(0.25, 0.125)
    assert kept.stages == [Stage("open", 1, 250, 125, 100_250)]


def test_the_table_is_aligned_and_its_last_line_is_the_sum_and_the_largest_peak():
    stages = [
        Stage("open", 1, 1500, 700, 90_000_000),
        Stage("compare", 12, 123_450, 240_000, 1_500_000_000),
        Stage("weigh", 1, 0, 0, 5),
    ]
    lines = list(table(stages))
    assert len({len(line) for line in lines}) == 1
    assert [line.split() for line in lines] == [
        ["stage", "parts", "wall", "s", "CPU", "s", "peak", "MB"],
        ["open", "1", "1.50", "0.70", "90"],
        ["compare", "12", "123.45", "240.00", "1500"],
        ["weigh", "1", "0.00", "0.00", "0"],
        ["together", "124.95", "240.70", "1500"],
    ]


def test_stages_are_described_in_whole_numbers():
    (one,) = described([Stage("open", 1, 1500, 700, 90)])["stages"]
    assert one == {"name": "open", "parts": 1, "wall": 1500, "cpu": 700, "peak": 90}
    assert all(type(value) is int for name, value in one.items() if name != "name")


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self):
        return True


@pytest.mark.parametrize(("stream", "speaks"), [(Terminal, True), (io.StringIO, False)])
def test_a_running_stage_is_shown_on_a_terminal_and_nowhere_else(stream, speaks, monkeypatch):
    monkeypatch.setattr(sys, "stderr", stream())
    monkeypatch.setenv("TERM", "xterm")
    with terminal.stages() as show:
        for done in range(4):
            show("compare", done, 3)
        show("cluster", 0, 1)
    said = sys.stderr.getvalue()
    assert ("compare" in said or "cluster" in said, bool(said)) == (speaks, speaks)


def test_a_stage_is_shown_with_its_parts_and_begins_anew_with_the_next(monkeypatch):
    import rich.progress

    seen = []
    real = rich.progress.Progress.update

    def update(self, task_id, **fields):
        real(self, task_id, **fields)
        (task,) = self.tasks
        seen.append((task.description, task.completed, task.total))

    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(rich.progress.Progress, "update", update)
    with terminal.stages() as show:
        show("compare", 0, 3)
        show("compare", 1, 3)
        show("compare", 3, 3)
        show("cluster", 0, 1)
    assert seen == [("compare", 0, 3), ("compare", 1, 3), ("compare", 3, 3), ("cluster", 0, 1)]
