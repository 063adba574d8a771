"""What agencies' own files cost against tidy ones: TIP-SIM's native lists, read by drafted mappings that nobody corrected.

    python -m benchmarks.native [SET …] [--json]

For every set: draft a mapping for each native file, link, score against the truth, and do the same with the harmonised
lists. Prints F1, the error of the person count, recall by slice and false merges by group. Data: `../shared/data/tipsim`.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from linkage.agency.draft import make_draft
from linkage.agency.draft_text import draft_text, not_understood
from linkage.agency.extract import read_extract
from linkage.agency.mapping import STANDARD, Mapping, parse_mapping
from linkage.agency.prepare import Prepared, prepare
from linkage.memory import throw_away_keys
from linkage.protocol import Protocol, ready_protocol
from linkage.records import Part, combine
from linkage.unit.link import link_encodings

TIPSIM = Path(__file__).parents[2] / "shared" / "data" / "tipsim"
SETS = tuple(f"S_{scenario}_seed{seed}" for scenario in ("pipeline", "sparse") for seed in (1, 2, 3))
SLICES = ("cross_script", "name_change", "missing_dob")
GROUPS = ("twins", "siblings", "father_son", "same_name")


def drafted(path: Path, protocol: Protocol) -> tuple[Mapping, tuple[str, ...]]:
    """The mapping that `headcount check --draft` writes, read back from its text, and what it did not understand."""
    draft = make_draft(path, protocol)
    return parse_mapping(tomllib.loads(draft_text(draft, protocol, path.name)), path.name), not_understood(draft)


def persons(files: dict[str, tuple[Path, Mapping]], protocol: Protocol) -> pd.DataFrame:
    """Columns agency, record_id, person_id."""
    prepared = {name: _prepared(path, mapping, protocol) for name, (path, mapping) in sorted(files.items())}
    encodings = combine([Part(name, one.record, one.filters, one.tokens) for name, one in prepared.items()])
    linked = link_encodings(encodings, protocol)
    agency = np.array(encodings.agencies, dtype=object)[encodings.source]
    found = pd.DataFrame({"agency": agency, "record": encodings.record, "person_id": linked.labels})
    ids = [pd.DataFrame({"agency": name, "record_id": one.local_id, "record": one.record}) for name, one in prepared.items()]
    return pd.concat(ids).merge(found, on=["agency", "record"], validate="one_to_one")


def _prepared(path: Path, mapping: Mapping, protocol: Protocol) -> Prepared:
    secret = hashlib.sha256(path.stem.encode()).digest()
    return prepare(read_extract(path, mapping), mapping, protocol, throw_away_keys(protocol, 0), secret)


def scores(truth: Path, predicted: pd.DataFrame) -> dict[str, Any]:
    """The figures of one run, from TIP-SIM's own scorer."""
    sys.path.insert(0, str(TIPSIM))
    full = importlib.import_module("score").score(truth, predicted)
    pairs, counts = full["pairs"]["all"], full["counts"]["unique_persons"]
    return {
        "f1": pairs["f1"],
        "precision": pairs["precision"],
        "recall": pairs["recall"],
        "count_error": counts["relative_error"],
        "recall_by_slice": {name: full["recall_slices"][name] for name in SLICES},
        "false_merges": {name: full["false_merges"][name]["merged"] for name in GROUPS if name in full["false_merges"]},
    }


def compare(name: str, protocol: Protocol) -> dict[str, Any]:
    """Native and harmonised figures of one set."""
    folder = TIPSIM / name
    truth = folder / "truth" / "truth.csv"
    drafts = {path.stem: (path, *drafted(path, protocol)) for path in sorted((folder / "native").iterdir())}
    tidy = {path.stem: (path, STANDARD) for path in sorted((folder / "harmonised").glob("*.csv"))}
    native = scores(truth, persons({agency: (path, mapping) for agency, (path, mapping, _) in drafts.items()}, protocol))
    harmonised = scores(truth, persons(tidy, protocol))
    return {"set": name, "native": native, "harmonised": harmonised, "not_understood": {a: d[2] for a, d in drafts.items() if d[2]}}


def main() -> None:
    """Print a line per set and run, or everything as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = [compare(name, ready_protocol("tip")) for name in options.sets]
    if options.json:
        print(json.dumps(results, ensure_ascii=False, indent=1))
        return
    for result in results:
        for run in ("harmonised", "native"):
            one = result[run]
            print(f"{result['set']:<18} {run:<10} F1 {one['f1']:.4f}  count {one['count_error']:+.4f}  {one['false_merges']}")


if __name__ == "__main__":
    main()
