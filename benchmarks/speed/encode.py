"""Encoding an extract: rows a second of each stage, beside a twin that hashes every gram of every row anew.

A list has few distinct grams and values, so hashing each once is where the speed comes from.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.baselines.run import missing, python_of, run_peer
from benchmarks.invented import IDENTIFIERS, people
from benchmarks.measure import fastest, rate, seconds
from benchmarks.privacy.people import people as central_asian
from benchmarks.runner import Result, Settings, skipped
from benchmarks.speed import twins
from benchmarks.speed.rows import AGENCY_KEY, SEED, agreed, extract
from linkage.agency.encode import encode_filters
from linkage.agency.extract import Extract, from_frame
from linkage.agency.mapping import STANDARD
from linkage.agency.normalise import features
from linkage.agency.prepare import prepare
from linkage.agency.tokens import encode_tokens
from linkage.encoding import Encoding, Filter, FilterPart
from linkage.memory import throw_away_keys
from linkage.protocol import DEFAULT_SCHEME, Protocol, ready_protocol

ENCODING = ("tokens", "withhold", "filters", "locks")
PLAIN = "fields/1"
REPEATS = 3
_BY_BIGRAMS = ("surname", "given_name", "sex", "region")


def run(settings: Settings) -> Result:
    """Stages of `linkage.agency.prepare.prepare`, one core; the twin and clkhash."""
    n, twin_n = (300, 30) if settings.small else (100_000, 300)
    rows = extract(n)
    stages = min((_stages(rows, agreed()[0]) for _ in range(REPEATS)), key=lambda spent: sum(spent.values()))
    total = sum(stages.values())
    return {
        "records": n,
        "cpu_s": round(total, 3),
        "rows_per_cpu_s": rate(n, total),
        "stages": {name: {"cpu_s": round(spent, 3), "rows_per_cpu_s": rate(n, spent)} for name, spent in stages.items()},
        "twin": _twin(twin_n, rate(n, stages["filters"] + stages["tokens"])),
        "one_filter": _one_filter(n),
        "clkhash": _clkhash(n, settings),
        "schemes": {name: _schemes(name, of_list, n) for name, of_list in _lists(n).items()},
    }


def _lists(n: int) -> dict[str, Extract]:
    """A list for each ready protocol."""
    frame = central_asian("central_asian", n, SEED).frame.assign(role="victim", stage="identified")
    return {"persons": extract(n), "tip": from_frame(frame, STANDARD, "invented")}


def _schemes(protocol: str, rows: Extract, n: int) -> Result:
    """CPU seconds of plain field filters and of the default: encoding alone, and all of `prepare`; the fastest of the repeats."""
    out: Result = {}
    for scheme in (PLAIN, DEFAULT_SCHEME):
        runs = [_stages(rows, ready_protocol(protocol, scheme)) for _ in range(REPEATS)]
        encoding = min(sum(one[name] for name in ENCODING) for one in runs)
        out[scheme] = {
            "encoding_rows_per_cpu_s": rate(n, encoding),
            "rows_per_cpu_s": rate(n, min(sum(one.values()) for one in runs)),
        }
    plain, ours = out[PLAIN], out[DEFAULT_SCHEME]
    ratios = {key.replace("rows_per_cpu_s", "ratio"): round(ours[key] / max(plain[key], 1e-9), 3) for key in ours}
    return {**out, **ratios}


def _stages(rows: Extract, protocol: Protocol) -> dict[str, float]:
    """Stage to CPU seconds."""
    marks = [("", time.process_time())]
    report = lambda stage: marks.append((stage, time.process_time()))  # noqa: E731
    prepare(rows, STANDARD, protocol, throw_away_keys(protocol, SEED), AGENCY_KEY, report)
    return {stage: now - before for (_, before), (stage, now) in itertools.pairwise(marks)}


def _twin(n: int, ours: float) -> Result:
    """The twin on few rows; its filters and tokens must be the same."""
    protocol, keys = agreed()
    known = features(extract(n), protocol, STANDARD)
    with seconds() as spent:
        slow = twins.encode_filters(known, keys, protocol), twins.encode_tokens(known, keys, protocol)
    fast = encode_filters(known, keys, protocol), encode_tokens(known, keys, protocol)
    both = zip(slow, fast, strict=True)
    if not all(np.array_equal(one[name], other[name]) for one, other in both for name in one.keys() | other.keys()):
        raise RuntimeError("the encoder and its twin disagree")
    slow_rate = rate(n, spent["cpu_s"])
    return {"records": n, "cpu_s": spent["cpu_s"], "rows_per_cpu_s": slow_rate, "encoding_times_slower": rate(ours, slow_rate)}


def _one_filter(n: int) -> Result:
    """Five fields in one filter, as clkhash does it: from texts in memory to bits, every table built anew."""
    protocol, keys = agreed()
    parts = (*(FilterPart(name, "bigrams", 15) for name in _BY_BIGRAMS), FilterPart("birth_date", "digits", 30))
    plain = Encoding("record/1", 1024, {"whole": Filter(parts)}, {})
    clk = dataclasses.replace(protocol, encoding=plain, comparisons=())
    frame = people(n, SEED)
    columns = {name: frame[name].to_numpy(dtype=object) for name in IDENTIFIERS}
    _, spent = fastest(lambda: encode_filters(columns, keys, clk), REPEATS)
    return {"records": n, **spent, "rows_per_cpu_s": rate(n, spent["cpu_s"])}


def _clkhash(n: int, settings: Settings) -> Result:
    """The peer on the same five fields, with the same positions: one filter per row, no tokens, no normalisation."""
    python = python_of(settings.peers, "anonlink")
    if python is None:
        return skipped(missing("anonlink"))
    with tempfile.TemporaryDirectory() as name:
        rows, told = Path(name) / "rows.csv", Path(name) / "spec.json"
        people(n, SEED)[["record_id", *IDENTIFIERS]].assign(agency="all").to_csv(rows, index=False)
        told.write_text(json.dumps({"names": _BY_BIGRAMS, "dates": ["birth_date"], "thresholds": []}), "utf-8")
        answer = run_peer(python, "clk.py", rows, told, Path(name) / "links.csv")
    return {**answer, "rows_per_cpu_s": rate(n, answer["encode_cpu_s"])}
