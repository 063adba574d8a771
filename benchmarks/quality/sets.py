"""The practice sets that are linked in memory, each by ours and the peers side by side, in one fixed configuration.

A set says where its rows come from and what stands in for them where the practice data is absent and only the machinery
is tried (`--small`): invented people, who have names, a birth date, sex and a region.
"""

from __future__ import annotations

import functools
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from benchmarks.measure import run_child
from benchmarks.quality import others
from benchmarks.quality.memory import through_memory
from benchmarks.quality.peers import beside
from benchmarks.quality.practice import FEBRL_INSTALL, Rows, febrl3, febrl4, febrl4_all, febrl_folder, invented, synthetic
from benchmarks.runner import Benchmark, Result, Settings, skipped

PROTOCOL = "persons"
MILLION = 1_000_000
CACHE = Path(tempfile.gettempdir()) / "headcount-benchmarks"
_SMALL = 400
_SYNTH = Path("synth")


class Set(NamedTuple):
    """A practice set.

    Attributes:
        read: its rows; of the first persons only, where a number of them is given.
        where: folder or file of it, for these settings; None where it is not there.
        absent: why it is not.
        agencies: lists that invented people are dealt out to in its place.
        dedupe: whether its lists hold duplicates, for peers that can be told.
        few: how many of its persons a tiny run takes.
    """

    read: Callable[[Path, int | None], Rows]
    where: Callable[[Settings], Path | None]
    absent: str
    agencies: tuple[str, ...] = ("all",)
    dedupe: bool = True
    few: int = _SMALL


def run_set(one: Set, settings: Settings) -> Result:
    """Ours through `linkage.link`, and the peers."""
    rows = _rows(one, settings)
    if rows is None:
        return skipped(one.absent)
    ours = through_memory(rows, PROTOCOL, apart=not settings.small)
    return {"protocol": PROTOCOL, "records": len(rows.records), "methods": [ours, *beside(rows, settings.peers, dedupe=one.dedupe)]}


def _rows(one: Set, settings: Settings) -> Rows | None:
    place = one.where(settings)
    if place is None:
        return invented(2 * _SMALL, one.agencies) if settings.small else None
    return one.read(place, one.few if settings.small else None)


def _febrl(_: Settings) -> Path | None:
    place = febrl_folder()
    return place if place and place.exists() else None


def _practice(settings: Settings, name: str) -> Path | None:
    place = settings.data / "practice"
    return place if (place / name).exists() else None


def _synth100k(settings: Settings) -> Path | None:
    path = settings.data / _SYNTH / "synth_100000.parquet"
    return path if path.exists() else None


def _synth1m(settings: Settings) -> Path | None:
    """The file in the cache, made by the practice data's own program if it is not there yet; a tiny run takes the smaller set."""
    maker = settings.data / _SYNTH / "make.py"
    if settings.small:
        return _synth100k(settings)
    path = CACHE / f"synth_{MILLION}.parquet"
    if not path.exists() and maker.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        made = path.with_suffix(".part")
        run_child([sys.executable, str(maker), str(MILLION), str(made)])
        made.replace(path)
    return path if path.exists() else None


def _from_practice(name: str, read: Callable[[Path, int | None], Rows], agencies: tuple[str, ...] = ("all",)) -> Set:
    absent = f"the practice data has no practice/{name}: see --data"
    return Set(read, functools.partial(_practice, name=name), absent, agencies)


SETS: dict[str, Set] = {
    "febrl4": Set(febrl4, _febrl, FEBRL_INSTALL, ("a", "b"), dedupe=False),
    "febrl4-all": Set(febrl4_all, _febrl, FEBRL_INSTALL, ("a", "b"), dedupe=False),
    "febrl3": Set(febrl3, _febrl, FEBRL_INSTALL),
    "rldata10000": _from_practice("rldata10000", others.rldata10000),
    "fake1000": _from_practice("splink_fake_1000", others.fake_1000),
    "multilink": _from_practice("multilink_dup_data", others.multilink, ("a", "b", "c")),
    "pseudopeople": _from_practice("pseudopeople_2020", others.pseudopeople, ("a", "b", "c")),
    "synth100k": Set(synthetic, _synth100k, "the practice data has no synth/synth_100000.parquet: see --data"),
    "synth1m": Set(synthetic, _synth1m, "the practice data has no synth/make.py: see --data"),
}


def benchmark(name: str) -> Benchmark:
    """What the suite calls for a set."""
    return functools.partial(run_set, SETS[name])
