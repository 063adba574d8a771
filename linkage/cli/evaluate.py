"""`headcount evaluate`: how good a person map is, and how well names are told apart, where the truth is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from linkage.cli import terminal
from linkage.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

REGISTER_SUFFIX = ".register.csv"
_NAMES = Path("names")


def evaluate(
    persons: Annotated[Path | None, typer.Option("--persons", help="person map: CSV with agency,record,person_id")] = None,
    truth: Annotated[Path | None, typer.Option("--truth", help="CSV with agency,record_id,person_id")] = None,
    register: Annotated[
        list[Path] | None,
        typer.Option("--register", help="<agency>-<period>.register.csv, once for each; without any, record is record_id"),
    ] = None,
    more: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[names FILE | REGISTER...]",
            help="names and labelled pairs (tab-separated: a b same why); or further registers, as a shell pattern gives them",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="answer in JSON")] = False,
) -> None:
    """Quality against a known truth: of a person map, or (`evaluate names FILE`) of telling names apart."""
    words = more or []
    if words and words[0] == _NAMES:
        _evaluate_names(words[1:], alone=not (persons or truth or register), as_json=as_json)
    elif persons is None or truth is None:
        raise UsageError("--persons and --truth are both needed", hint="or: headcount evaluate names FILE.tsv")
    else:
        _evaluate_persons(persons, truth, [*(register or ()), *words], as_json=as_json)


def _evaluate_names(files: Sequence[Path], *, alone: bool, as_json: bool) -> None:
    from linkage.agency.names.evaluation import evaluate_names, read_pairs

    if len(files) != 1 or not alone:
        raise UsageError("names are evaluated on one file of labelled pairs", hint="headcount evaluate names FILE.tsv [--json]")
    result = evaluate_names(read_pairs(files[0]))
    terminal.answer_json(result) if as_json else terminal.answer("\n".join(_name_lines(result)))


def _name_lines(result: Mapping[str, Any]) -> list[str]:
    figures = [f"{name.replace('_', ' '):<26}{value}" for name, value in result.items() if name != "worst"]
    worst = [f"  row {row['row']:<5}{_label(row):<11}{row['similarity']:.3f}  {row['why']}" for row in result["worst"]]
    return [*figures, "worst rows", *worst]


def _label(row: Mapping[str, Any]) -> str:
    return "same" if row["same"] else "different"


def _evaluate_persons(persons: Path, truth: Path, registers: Sequence[Path], *, as_json: bool) -> None:
    from linkage.evaluation import evaluate as compare
    from linkage.evaluation import read_columns, translate

    found = read_columns(persons, ("agency", "record", "person_id"))
    known = _registers(registers)
    named = translate(found, known) if known else found.rename(columns={"record": "record_id"})
    result = compare(named, read_columns(truth, ("agency", "record_id", "person_id")))
    terminal.answer_json(result) if as_json else terminal.answer("\n".join(_lines(result)))


def _registers(paths: Sequence[Path]) -> dict[str, list[pd.DataFrame]]:
    """Agency to its registers; the agency stands in the file's name before the first hyphen."""
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
