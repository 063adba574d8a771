"""`headcount check`: what an extract holds, by column, and what is wrong with it, by row; never what a cell says."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from linkage.cli import terminal

if TYPE_CHECKING:
    from linkage.agency.extract import Extract
    from linkage.errors import Issue
    from linkage.protocol import Protocol

SHOWN_ISSUES = 200
_NAMES = ("surname", "given_name", "full_name")
_BIRTHS = ("birth_date", "birth_year", "age")


def check(
    extract: Annotated[Path, typer.Argument(help="the agency's file: CSV, XLSX or Parquet")],
    protocol: Annotated[Path, typer.Option("--protocol", help="the protocol that all agencies agreed on")],
    mapping: Annotated[
        Path | None, typer.Option("--mapping", help="mapping.toml of the file, if its columns have other names")
    ] = None,
    draft: Annotated[Path | None, typer.Option("--draft", help="write a first mapping to this file, and check nothing yet")] = None,
    force: Annotated[bool, typer.Option("--force", help="overwrite an existing draft")] = False,
    json: Annotated[bool, typer.Option("--json", help="answer as JSON, with every issue")] = False,
) -> None:
    """Tell what an extract's columns hold and every issue by row, field and code; exit 1 if there is any."""
    from linkage.protocol import read_protocol

    agreed = read_protocol(protocol)
    if draft is not None:
        _write_draft(extract, agreed, draft, force=force)
        return
    report = _report(extract, agreed, mapping)
    if json:
        terminal.answer_json(report)
    else:
        _show(report)
    if report["issues"]:
        raise typer.Exit(1)


def _write_draft(extract: Path, protocol: Protocol, draft: Path, *, force: bool) -> None:
    from linkage.agency.draft import draft_mapping
    from linkage.files import write_new

    write_new(draft, draft_mapping(extract, protocol).encode(), force=force)
    terminal.say("wrote a draft: check every line, then run the command again with --mapping")
    terminal.answer(str(draft))


def _report(path: Path, protocol: Protocol, mapping: Path | None) -> dict[str, Any]:
    """What both forms of the answer say."""
    from linkage.agency.extract import read_extract
    from linkage.agency.mapping import STANDARD, read_mapping
    from linkage.agency.validate import check_rows

    how = read_mapping(mapping) if mapping else STANDARD
    extract = read_extract(path, how)
    issues = check_rows(extract, protocol, how)
    return {
        "file": str(path),
        "rows": len(extract),
        "empty_rows": extract.empty,
        "columns": [_column(extract, name) for name in extract.columns],
        "ignored": list(extract.ignored),
        "linkable": _linkable(extract),
        "codes": dict(sorted(Counter(issue.code for issue in issues).items())),
        "issues": [_issue(issue) for issue in issues],
    }


def _column(extract: Extract, name: str) -> dict[str, Any]:
    """A column: its field, its header (none for a constant) and in how many rows it is filled."""
    return {"field": name, "header": extract.headers.get(name), "filled": int((extract.columns[name] != "").sum())}


def _linkable(extract: Extract) -> int:
    """Rows with a name and any birth information, without which two lists have little to agree on."""
    import numpy as np

    from linkage.agency.extract import column

    named, born = (np.logical_or.reduce([column(extract, name) != "" for name in names]) for names in (_NAMES, _BIRTHS))
    return int((named & born).sum())


def _issue(issue: Issue) -> dict[str, Any]:
    return {"row": issue.row, "field": issue.field, "code": issue.code, "message": issue.message}


def _show(report: dict[str, Any]) -> None:
    rows, issues = report["rows"], report["issues"]
    terminal.answer(f"{report['file']}: {rows} row(s), {report['empty_rows']} empty row(s) left out")
    for column in report["columns"]:
        origin = "the same in every row" if column["header"] is None else f"column {column['header']}"
        terminal.answer(f"  {column['field']:<21}{_share(column['filled'], rows):>8}  {origin}")
    terminal.answer(f"not read: {', '.join(report['ignored']) or 'nothing'}")
    terminal.answer(f"rows with a name and any birth information: {_share(report['linkable'], rows)}")
    terminal.answer(f"issues: {len(issues)}")
    for code, count in report["codes"].items():
        terminal.answer(f"  {code:<21}{count:>8}")
    for issue in issues[:SHOWN_ISSUES]:
        terminal.answer(f"row {issue['row']}, field {issue['field']}: {issue['message']} [{issue['code']}]")
    if len(issues) > SHOWN_ISSUES:
        terminal.answer(f"and {len(issues) - SHOWN_ISSUES} more; --json lists all")


def _share(count: int, rows: int) -> str:
    return f"{count / rows:.1%}" if rows else "-"
