"""Whole linkage through the commands, from an agency's list to the person map, and Splink on the same rows in the same run.

Each command that is measured is a process of its own, start of Python included; Splink's imports are not counted. The
most memory of `link` is what it says itself in its run's `timings.json`.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from shutil import rmtree
from typing import Any, NamedTuple

from benchmarks.baselines.run import missing, python_of
from benchmarks.measure import run_child
from benchmarks.quality.peers import PEERS, SPLINK, Task, prepared
from benchmarks.quality.practice import Rows, invented
from benchmarks.quality.scores import no_more, shortened
from benchmarks.quality.sets import SETS
from benchmarks.runner import Benchmark, Result, Settings, skipped
from benchmarks.speed.rows import LONG_LISTS, PROTOCOL
from linkage.cli.main import app

AGENCY, PERIOD = "all", "2024"
SMALL, FEW = 500, 300
_ROLES = {"custodian": "custodian", "unit": "unit", "statistics": "statistics", AGENCY: "agency"}
# Practice data has dates that no calendar has.
_MAPPING = 'format = "headcount-mapping/1"\n\n[dates]\nimpossible = "compare"\n'
_CLOCKS = ("wall_s", "cpu_s")


class Case(NamedTuple):
    """One whole linkage.

    Attributes:
        of: the practice set.
        protocol: the ready protocol that is agreed on.
        memory_gb: told to `link`; None: it is not told, and takes up to half of the machine's.
        twice: link twice, each time in a new workspace; the second counts, since nothing is compiled in it. Else a tenth of
            the rows is linked before.
    """

    of: str
    protocol: str
    memory_gb: float | None
    twice: bool


def run_case(case: Case, settings: Settings) -> Result:
    """Ours, then Splink, then one over the other."""
    rows = _rows(case, settings)
    if rows is None:
        return skipped(SETS[case.of].absent)
    with tempfile.TemporaryDirectory() as name:
        ours = _measured(Path(name), rows, case)
    splink = _splink(rows, settings.peers)
    ratios = {} if "skipped" in splink else _ratios(ours, splink)
    return {"protocol": case.protocol, **ours, "splink": splink, "ratios": ratios, "holds": ours.get("equal", True)}


BENCHMARKS: Mapping[str, Benchmark] = {
    "whole": partial(run_case, Case("synth100k", PROTOCOL, None, twice=True)),
    "whole1m": partial(run_case, Case("synth1m", LONG_LISTS, 0.5, twice=False)),
}


def _rows(case: Case, settings: Settings) -> Rows | None:
    if settings.small:
        return invented(SMALL)
    place = SETS[case.of].where(settings)
    return SETS[case.of].read(place, None) if place else None


def _measured(folder: Path, rows: Rows, case: Case) -> Result:
    """A whole job, its kernels compiled before or in its first linkage."""
    keys = keys_in(folder / "keys", case.protocol)
    if not case.twice and len(rows.records) > SMALL:  # of a tiny run nobody asks what compiling took
        whole_job(folder, keys, first_of(rows, len(rows.records) // 10), case.memory_gb)
    return whole_job(folder, keys, rows, case.memory_gb, twice=case.twice)


def first_of(rows: Rows, n: int) -> Rows:
    """The first `n` records."""
    return Rows(rows.records.head(n), rows.truth.head(n))


def keys_in(folder: Path, protocol: str) -> Path:
    """The folder with a ready protocol and the roles' keys, made in this process, for nobody measures it."""
    agreed = folder / "protocol.toml"
    folder.mkdir()
    _here("protocol", "new", protocol, "-o", agreed)
    for name, role in _ROLES.items():
        _here("keys", "new", role, name, "-o", folder / name)
    to = ("--to", folder / AGENCY / "public.json", "-o", folder / "shares")
    _here("keys", "share", "--protocol", agreed, "--keys", folder / "custodian", *to)
    share, custodian = folder / "shares" / f"{AGENCY}.share.age", folder / "custodian" / "public.json"
    _here("keys", "install", share, "--keys", folder / AGENCY, "--custodian", custodian)
    return folder


def whole_job(folder: Path, keys: Path, rows: Rows, memory_gb: float | None, *, twice: bool = False) -> Result:
    """Seal, receive, link, export and evaluate; what was made is removed as soon as nobody needs it.

    Args:
        folder: where files are made.
        keys: protocol and keys, from `keys_in`.
        rows: of one agency, and the truth.
        memory_gb: what `link` is told to stay within.
        twice: receive and link a second time, which counts; the answers must be equal.
    """
    with tempfile.TemporaryDirectory(dir=folder) as name:
        place = Path(name)
        sealed = _seal(place, keys, rows)
        received = _receive(place, keys)
        first: Result = {}
        if twice:
            first = _link(place, keys, memory_gb)
            rmtree(place / "workspace")
            received = _receive(place, keys)
        _bundle(place).unlink()
        linked = _link(place, keys, memory_gb)
        _, exported = _child("export", "persons", "--workspace", place / "workspace", "-o", place / "persons.csv")
        rmtree(place / "workspace")
        steps = {"seal": sealed, "receive": received, "link": linked, "export": exported}
        return {"records": len(rows.records), "memory_gb": memory_gb, **steps, **_again(first, linked), **_judged(place, linked)}


def _seal(place: Path, keys: Path, rows: Rows) -> Result:
    """The bundle for the unit and the agency's register; the content section, which nobody opens here, is removed."""
    rows.records.drop(columns="agency").to_csv(place / "list.csv", index=False)
    rows.truth.to_csv(place / "truth.csv", index=False)
    (place / "mapping.toml").write_text(_MAPPING, "utf-8")
    offices = ("--unit", keys / "unit" / "public.json", "--statistics", keys / "statistics" / "public.json")
    how = ("--protocol", keys / "protocol.toml", "--mapping", place / "mapping.toml", "--keys", keys / AGENCY)
    _, spent = _child("seal", place / "list.csv", *how, "--period", PERIOD, *offices, "-o", place / "sealed")
    (place / "list.csv").unlink()
    _sealed(place, "content.age").unlink()
    return {**spent, "bytes": _bundle(place).stat().st_size}


def _receive(place: Path, keys: Path) -> Result:
    trust = ("--trust", keys / AGENCY / "public.json")
    _, spent = _child("receive", _bundle(place), "--workspace", place / "workspace", "--keys", keys / "unit", *trust)
    return dict(spent)


def _link(place: Path, keys: Path, memory_gb: float | None) -> Result:
    """What `link` answers and took, with its stages; the most memory is None where the system does not say."""
    within = () if memory_gb is None else ("--memory", memory_gb)
    workspace = place / "workspace"
    answer, spent = _child("link", "--workspace", workspace, "--keys", keys / "unit", "--profile", "--json", *within)
    told = json.loads(answer)
    stages = json.loads((workspace / "runs" / told["run_id"] / "timings.json").read_text("utf-8"))["stages"]
    peak = max(one["peak"] for one in stages)
    return {**spent, "peak_memory_mb": round(peak / 1e6, 1) or None, "stages": [*map(_stage, stages)], "answer": told}


def _stage(one: Mapping[str, Any]) -> Result:
    times = {"wall_s": one["wall"] / 1000, "cpu_s": one["cpu"] / 1000}
    return {"name": one["name"], "parts": one["parts"], **times, "peak_memory_mb": round(one["peak"] / 1e6, 1)}


def _again(first: Result, second: Result) -> Result:
    """What the first of two linkages took, and whether the second came to the same."""
    if not first:
        return {}
    return {"first_link": {clock: first[clock] for clock in _CLOCKS}, "equal": first["answer"] == second["answer"]}


def _judged(place: Path, linked: Result) -> Result:
    """The person map against the truth, found through the register, and what the run says of itself; its answer is taken out."""
    said = linked.pop("answer")
    where = ("--persons", place / "persons.csv", "--truth", place / "truth.csv")
    answer, _ = _child("evaluate", *where, "--register", _sealed(place, "register.csv"), "--json")
    quality = shortened(json.loads(answer))
    true = quality["persons"]["true"]
    low, high, estimated = (said[f"persons_{name}"] for name in ("low", "high", "estimated"))
    error = round((estimated - true) / true, 6)
    told = {"estimated": estimated, "relative_error": error, "low": low, "high": high, "covers": low <= true <= high}
    return {"pairs_compared": said["pairs_compared"], "quality": quality, "certainty": told}


def _sealed(place: Path, kind: str) -> Path:
    return place / "sealed" / f"{AGENCY}-{PERIOD}.{kind}"


def _bundle(place: Path) -> Path:
    return _sealed(place, "linking.age")


def _child(*words: object) -> tuple[str, dict[str, float]]:
    """One command line, as somebody types it."""
    return run_child([sys.executable, "-m", "linkage.cli.main", *map(str, words)])


def _here(*words: object) -> None:
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        app([*map(str, words)], standalone_mode=False)


def _splink(rows: Rows, peers: Path | None) -> Result:
    """The line of the lowest threshold, p ≥ ½."""
    peer = next(one for one in PEERS if one.method == SPLINK)
    python = python_of(peers, peer.environment)
    if python is None:
        return {"method": SPLINK, **skipped(missing(peer.environment))}
    return next(iter(peer.run(python, Task(prepared(rows.records), rows.truth, True, no_more))))


def _ratios(ours: Result, splink: Result) -> Result:
    """Ours over Splink's: seconds from the received bundle to the exported person map, and the memory of `link`."""
    spent = {clock: sum(ours[step][clock] for step in ("link", "export")) for clock in _CLOCKS}
    ratios = {clock: round(value / max(splink[clock], 1e-9), 3) for clock, value in spent.items()}
    peaks = ours["link"]["peak_memory_mb"], splink["peak_memory_mb"]
    return {**ratios, "peak_memory_mb": round(peaks[0] / peaks[1], 3) if all(peaks) else None}
