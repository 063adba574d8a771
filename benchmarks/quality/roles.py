"""Every role's commands, through files: from the agencies' lists to a report and a person map under local record ids.

The command lines are those that people would type; they run in this process, so that the seconds are those of the work
and not of starting Python two dozen times.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from benchmarks.measure import seconds
from linkage.cli.main import app
from linkage.evaluation import read_columns, translate

OFFICES = ("custodian", "unit", "statistics", "auditor")


class Job(NamedTuple):
    """What a whole job gave.

    Attributes:
        persons: `agency`, `record_id`, `person_id`.
        quality: what `headcount evaluate` says.
        spent: command to its `wall_s` and `cpu_s`, summed over all its calls.
    """

    persons: pd.DataFrame
    quality: dict[str, Any]
    spent: dict[str, dict[str, float]]


def whole_job(folder: Path, lists: Mapping[str, Path], truth: Path, *, protocol: str, period: str) -> Job:
    """Keys, seal, receive, link, export, report and evaluate.

    Args:
        folder: empty; everything that the roles make stays there.
        lists: agency to its file, in standard names.
        truth: CSV with `agency,record_id,person_id`.
        protocol: name of a ready protocol.
        period: label of the period.
    """
    spent: dict[str, dict[str, float]] = {}
    answers = {words[0]: _run(words, spent) for words in _commands(folder, lists, truth, protocol, period)}
    registers = {name: [read_columns(_sealed(folder, name, period, "register.csv"), ("record_id", "record"))] for name in lists}
    persons = translate(read_columns(folder / "persons.csv", ("agency", "record", "person_id")), registers)
    return Job(persons, json.loads(answers["evaluate"]), spent)


def _run(words: Sequence[str], spent: dict[str, dict[str, float]]) -> str:
    """What one command line answers; its seconds are added to those of its command."""
    said, answered = io.StringIO(), io.StringIO()
    with seconds() as took, redirect_stderr(said), redirect_stdout(answered):
        app(list(words), standalone_mode=False)
    total = spent.setdefault(words[0], dict.fromkeys(took, 0.0))
    for name, value in took.items():
        total[name] = round(total[name] + value, 3)
    return answered.getvalue()


def _commands(folder: Path, lists: Mapping[str, Path], truth: Path, protocol: str, period: str) -> Iterator[Sequence[str]]:
    agreed = str(folder / "protocol.toml")
    yield ("protocol", "new", protocol, "-o", agreed)
    yield from _keys(folder, list(lists), agreed)
    for name, path in lists.items():
        offices = ("--unit", _public(folder, "unit"), "--statistics", _public(folder, "statistics"))
        place = ("--keys", _key(folder, name), "--period", period, "-o", str(folder / "sealed"))
        yield ("seal", str(path), "--protocol", agreed, *place, *offices)
    workspace = ("--workspace", str(folder / "workspace"))
    trust = [word for name in lists for word in ("--trust", _public(folder, name))]
    bundles = [str(_sealed(folder, name, period, "linking.age")) for name in lists]
    yield ("receive", *bundles, *workspace, "--keys", _key(folder, "unit"), *trust)
    yield ("link", *workspace, "--keys", _key(folder, "unit"))
    yield ("export", "persons", *workspace, "-o", str(folder / "persons.csv"))
    content = [word for name in lists for word in ("--content", str(_sealed(folder, name, period, "content.age")))]
    release = ("--tier", "restricted", "-o", str(folder / "report"))
    yield ("report", *workspace, "--keys", _key(folder, "statistics"), *content, *release)
    registers = [word for name in lists for word in ("--register", str(_sealed(folder, name, period, "register.csv")))]
    yield ("evaluate", "--persons", str(folder / "persons.csv"), "--truth", str(truth), *registers, "--json")


def _keys(folder: Path, agencies: Sequence[str], agreed: str) -> Iterator[Sequence[str]]:
    for office in OFFICES:
        yield ("keys", "new", office, office, "-o", _key(folder, office))
    for name in agencies:
        yield ("keys", "new", "agency", name, "-o", _key(folder, name))
    to = [word for name in agencies for word in ("--to", _public(folder, name))]
    yield ("keys", "share", "--protocol", agreed, "--keys", _key(folder, "custodian"), *to, "-o", str(folder / "shares"))
    for name in agencies:
        share, custodian = folder / "shares" / f"{name}.share.age", _public(folder, "custodian")
        yield ("keys", "install", str(share), "--keys", _key(folder, name), "--custodian", custodian)


def _key(folder: Path, name: str) -> str:
    return str(folder / "keys" / name)


def _public(folder: Path, name: str) -> str:
    return str(folder / "keys" / name / "public.json")


def _sealed(folder: Path, name: str, period: str, kind: str) -> Path:
    return folder / "sealed" / f"{name}-{period}.{kind}"
