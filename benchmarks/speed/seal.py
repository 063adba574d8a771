"""`headcount seal` on a large list, from its CSV to the sealed files, in a process of its own: rows a second, memory, stages.

The list is the synthetic one of the practice data, made anew at this size. Seconds are of all threads together, so that
rows per CPU second are rows per second and core; those that the system spent, nearly all of them on pages of files, are told
apart, as they differ most between machines. The process says what it took itself; a parent's figures would include
the parent.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

import linkage.agency.extract
import linkage.agency.prepare
import linkage.agency.sections
import linkage.files
from benchmarks.baselines.peak import peak_memory_mb
from benchmarks.invented import people
from benchmarks.measure import rate, run_child, seconds
from benchmarks.runner import Result, Settings
from benchmarks.speed.rows import LONG_LISTS, PROTOCOL, SEED
from benchmarks.speed.stages import watched
from linkage.cli.main import app
from linkage.protocol import DEFAULT_SCHEME

RECORDS, _SMALL = 1_000_000, 500
_TIMES = 3  # from run to run seconds move by a fifth
PLAIN = "fields/1"
AGREED = ((LONG_LISTS, DEFAULT_SCHEME), (PROTOCOL, DEFAULT_SCHEME), (PROTOCOL, PLAIN))
AGENCY, PERIOD = "police", "2020"
_NAMES = {"unique_id": "record_id", "first_name": "given_name", "dob": "birth_date"}
_ROLES = {"custodian": "custodian", "unit": "unit", "statistics": "statistics", AGENCY: "agency"}
_STAGES = (
    (linkage.agency.extract, "read_extract"),
    (linkage.agency.prepare, "checked"),
    (linkage.agency.prepare, "features"),
    (linkage.agency.prepare, "encode_tokens"),
    (linkage.agency.prepare, "withhold"),
    (linkage.agency.prepare, "filter_tables"),
    (linkage.agency.prepare, "record_pseudonyms"),
    (linkage.agency.prepare, "code_content"),
    (linkage.agency.sections, "write_linking"),
    (linkage.agency.sections, "described"),
    (linkage.agency.sections, "content_body"),
    (linkage.agency.sections, "_register"),
    (linkage.agency.sections, "seal_to"),
    (linkage.files, "write_together"),
)


def run(settings: Settings) -> Result:
    """The default scheme of both protocols, and plain field filters, each in a child of its own."""
    n = _SMALL if settings.small else RECORDS
    with tempfile.TemporaryDirectory() as name:
        rows = _list(Path(name), n, settings.data / "synth" / "make.py")
        schemes = {
            f"{protocol}, {scheme}": _child(rows, protocol, scheme, 1 if settings.small else _TIMES)
            for protocol, scheme in (AGREED[:1] if settings.small else AGREED)
        }
    return {"records": n, "schemes": schemes}


def _list(folder: Path, n: int, maker: Path) -> Path:
    """The list as CSV; invented by our own rule where the practice data are absent or make no list so small."""
    out, rows = folder / "list.parquet", folder / "list.csv"
    if n == RECORDS and maker.exists():
        run_child([sys.executable, str(maker), str(n), str(out)])
        frame = pq.read_table(out).to_pandas().rename(columns=_NAMES).drop(columns="cluster")
    else:
        frame = people(n, SEED).drop(columns="person_id")
    pd.DataFrame(frame).to_csv(rows, index=False)
    return rows


def _child(rows: Path, protocol: str, scheme: str, times: int) -> Result:
    """Once to compile what is not compiled yet, on a few rows, then to be measured; of several runs that in the middle."""
    few = rows.with_name("few.csv")
    few.write_text("".join(rows.read_text("utf-8").splitlines(keepends=True)[:100]), "utf-8")
    found = []
    for path in (few, *[rows] * times):
        with tempfile.TemporaryDirectory(dir=rows.parent) as folder:
            answer, whole = run_child([sys.executable, "-m", "benchmarks.speed.seal", str(path), folder, protocol, scheme])
        found.append({**json.loads(answer), "process": whole})
    measured = sorted(found[1:], key=lambda one: float(one["cpu_s"]))
    return {**measured[times // 2], "each_cpu_s": [one["cpu_s"] for one in measured]}


def measured(rows: Path, folder: Path, protocol: str, scheme: str) -> dict[str, Any]:
    """Seal the list in this process, keys made before; seconds of the command and of its stages, and peak memory."""
    for words in _preparations(folder, protocol, scheme):
        _command(words)
    before = os.times().system
    with watched(_STAGES) as stages, seconds() as spent:
        _command(_seal(rows, folder))
    of_system = os.times().system - before
    sealed = {path.name.split(".", 1)[1]: path.stat().st_size for path in sorted((folder / "sealed").iterdir())}
    n = sum(1 for _ in (folder / "sealed" / f"{AGENCY}-{PERIOD}.register.csv").open("rb")) - 1
    told = {name: {clock: round(value, 3) for clock, value in one.items()} for name, one in stages.items()}
    return {
        **spent,
        "of_system_s": round(of_system, 3),
        "rows_per_cpu_s": rate(n, spent["cpu_s"]),
        "rows_per_wall_s": rate(n, spent["wall_s"]),
        "peak_memory_mb": peak_memory_mb(),
        "sealed_bytes": sealed,
        "stages": told,
    }


def _preparations(folder: Path, protocol: str, scheme: str) -> Iterator[Sequence[str]]:
    """Protocol and keys, as the roles make them."""
    yield ("protocol", "new", protocol, "--scheme", scheme, "-o", str(folder / "protocol.toml"))
    for name, role in _ROLES.items():
        yield ("keys", "new", role, name, "-o", str(folder / name))
    to = ("--to", str(folder / AGENCY / "public.json"), "-o", str(folder / "shares"))
    yield ("keys", "share", "--protocol", str(folder / "protocol.toml"), "--keys", str(folder / "custodian"), *to)
    custodian = ("--custodian", str(folder / "custodian" / "public.json"))
    yield ("keys", "install", str(folder / "shares" / f"{AGENCY}.share.age"), "--keys", str(folder / AGENCY), *custodian)


def _seal(rows: Path, folder: Path) -> Sequence[str]:
    readers = ("--unit", str(folder / "unit" / "public.json"), "--statistics", str(folder / "statistics" / "public.json"))
    place = ("--keys", str(folder / AGENCY), "--period", PERIOD, "-o", str(folder / "sealed"))
    return ("seal", str(rows), "--protocol", str(folder / "protocol.toml"), *place, *readers)


def _command(words: Sequence[str]) -> None:
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        app(list(words), standalone_mode=False)


if __name__ == "__main__":
    print(json.dumps(measured(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])))
