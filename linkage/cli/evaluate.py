"""`headcount evaluate`: how good a person map is where the truth is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from linkage.cli import terminal

if TYPE_CHECKING:
    import pandas as pd

REGISTER_SUFFIX = ".register.csv"


def evaluate(
    persons: Annotated[Path, typer.Option("--persons", help="person map: CSV with agency,record,person_id")],
    truth: Annotated[Path, typer.Option("--truth", help="CSV with agency,record_id,person_id")],
    register: Annotated[
        list[Path] | None,
        typer.Option("--register", help="<agency>-<period>.register.csv, once for each; without any, record is record_id"),
    ] = None,
    more: Annotated[
        list[Path] | None, typer.Argument(metavar="REGISTER", help="further registers, as a shell pattern gives them")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="answer in JSON")] = False,
) -> None:
    """Pair and cluster quality and the error of the person count, against a known truth."""
    from linkage.evaluation import evaluate as compare
    from linkage.evaluation import read_columns, translate

    found = read_columns(persons, ("agency", "record", "person_id"))
    registers = _registers([*(register or ()), *(more or ())])
    named = translate(found, registers) if registers else found.rename(columns={"record": "record_id"})
    result = compare(named, read_columns(truth, ("agency", "record_id", "person_id")))
    terminal.answer_json(result) if as_json else terminal.answer("\n".join(_lines(result)))


def _registers(paths: Sequence[Path]) -> dict[str, list[pd.DataFrame]]:
    """Agency to its registers; the agency stands in the file's name before the first hyphen."""
    from linkage.errors import UsageError
    from linkage.evaluation import read_columns

    registers: dict[str, list[pd.DataFrame]] = {}
    for path in paths:
        agency, hyphen, period = path.name.removesuffix(REGISTER_SUFFIX).partition("-")
        if not path.name.endswith(REGISTER_SUFFIX) or not (agency and hyphen and period):
            raise UsageError("not a register's name", file=str(path), hint=f"it must be <agency>-<period>{REGISTER_SUFFIX}")
        registers.setdefault(agency, []).append(read_columns(path, ("record_id", "record")))
    return registers


def _lines(result: Mapping[str, Any]) -> list[str]:
    pairs = [(f"pairs, {kind.replace('_', ' ')}", _shares(values)) for kind, values in result["pairs"].items()]
    persons, exact = result["persons"], result["exact_clusters"]
    error = f"{persons['error']:+d} ({_percent(persons['relative_error'])})"
    rows = [
        ("records", f"{result['records']} in the truth"),
        ("", f"{result['records_without_person']} of them not in the map: counted as persons of their own"),
        ("", f"{result['records_outside_truth']} of the map not in the truth: left out"),
        ("persons", f"{persons['estimated']} estimated, {persons['true']} true: {error}"),
        *pairs,
        ("B³", _shares(result["bcubed"])),
        ("exact clusters", f"{_percent(exact['all'])} of all, {_percent(exact['size_2_plus'])} of those with two or more records"),
    ]
    wide = max(len(name) for name, _ in rows)
    return [f"{name:<{wide}}  {text}" for name, text in rows]


def _shares(values: Mapping[str, Any]) -> str:
    shares = (("precision", values["precision"]), ("recall", values["recall"]), ("F1", values["f1"]))
    return "  ".join(f"{name} {_percent(share):>7}" for name, share in shares)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.2%}"
