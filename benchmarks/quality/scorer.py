"""The practice data's own scorer of TIP-SIM, which knows who is whose twin and what each published cell should say."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.measure import run_child


def asked(scorer: Path, truth: Path, persons: pd.DataFrame) -> dict[str, Any]:
    """All that it says of a person map, `agency`, `record_id`, `person_id`."""
    with tempfile.TemporaryDirectory() as name:
        predicted = Path(name) / "predicted.csv"
        persons.to_csv(predicted, index=False)
        answer, _ = run_child([sys.executable, str(scorer), str(truth), str(predicted)])
    said: dict[str, Any] = json.loads(answer)
    return said


def groups_and_cells(said: dict[str, Any]) -> dict[str, Any]:
    """False merges by group, such as twins, and how many published cells are exactly right."""
    return {"sex_role_year": said["counts"]["sex_role_year"], "false_merges": said["false_merges"]}
