"""`headcount check`: what a file's columns hold and how much was understood, what is wrong by row; never what a cell says."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from linkage.cli import terminal

if TYPE_CHECKING:
    from linkage.agency.draft import Draft
    from linkage.agency.extract import Extract
    from linkage.agency.mapping import Mapping
    from linkage.errors import Issue
    from linkage.protocol import Protocol

SHOWN_ISSUES = 200


def check(
    extract: Annotated[Path, typer.Argument(help="the agency's file: CSV, XLSX or Parquet")],
    protocol: Annotated[
        Path | None, typer.Option("--protocol", help="the protocol that all agencies agreed on; else the ready one named tip")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option("--mapping", help="mapping.toml of the file; drafted in passing if its columns have other names")
    ] = None,
    draft: Annotated[Path | None, typer.Option("--draft", help="write a first mapping to this file, and check nothing yet")] = None,
    agency: Annotated[
        str | None, typer.Option("--agency", help="kind of office for the draft: police, court, ngo …; else guessed")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="overwrite an existing draft")] = False,
    json: Annotated[bool, typer.Option("--json", help="answer as JSON, with every issue")] = False,
) -> None:
    """Tell what a file's columns hold, what was understood, and every issue by row; exit 1 if any would stop `seal`."""
    from linkage.protocol import read_protocol, ready_protocol

    agreed = ready_protocol("tip") if protocol is None else read_protocol(protocol)
    if draft is not None:
        _write_draft(extract, agreed, draft, agency, force=force)
        return
    report = _report(extract, agreed, mapping, agency)
    if json:
        terminal.answer_json(report)
    else:
        _show(report)
    if report["stopping"]:
        raise typer.Exit(1)


def _write_draft(extract: Path, protocol: Protocol, target: Path, agency: str | None, *, force: bool) -> None:
    from linkage.agency.draft import make_draft
    from linkage.agency.draft_text import draft_text, not_understood
    from linkage.files import write_new

    draft = make_draft(extract, protocol, agency)
    write_new(target, draft_text(draft, protocol, extract.name).encode(), force=force)
    for line in not_understood(draft):
        terminal.say(f"not understood: {line}")
    terminal.say("wrote a draft: check every line, then run the command again with --mapping")
    terminal.answer(str(target))


def _report(path: Path, protocol: Protocol, mapping: Path | None, agency: str | None) -> dict[str, Any]:
    """What both forms of the answer say: of the file under its mapping, else in standard names, else under a draft."""
    from linkage.agency.draft import make_draft
    from linkage.agency.draft_text import not_understood
    from linkage.agency.extract import bears_standard_names, read_extract
    from linkage.agency.mapping import STANDARD, read_mapping
    from linkage.agency.validate import check_rows

    if mapping is None and not bears_standard_names(path):
        draft = make_draft(path, protocol, agency)
        decisions = [*_decisions(draft), *(f"not understood: {line}" for line in not_understood(draft))]
        return _told(path, draft.extract, protocol, draft.mapping, draft.issues, decisions)
    how = read_mapping(mapping) if mapping else STANDARD
    extract = read_extract(path, how)
    return _told(path, extract, protocol, how, check_rows(extract, protocol, how), [])


def _told(
    path: Path, extract: Extract, protocol: Protocol, how: Mapping, issues: tuple[Issue, ...], decisions: list[str]
) -> dict[str, Any]:
    from linkage.agency.profile import linkable_rows, profile_columns

    stopping = _stopping(extract, protocol, how)
    blanked = frozenset(issues) - stopping
    return {
        "file": str(path),
        "rows": len(extract),
        "left_out": dict(extract.left_out),
        "decisions": decisions,
        "columns": [{**column._asdict(), "notes": list(column.notes)} for column in profile_columns(extract, protocol, how)],
        "ignored": list(extract.ignored),
        "linkable": linkable_rows(extract, how),
        "stopping": len(stopping),
        "blanked": len(blanked),
        "codes": dict(sorted(Counter(issue.code for issue in issues).items())),
        "issues": [_issue(issue, blanked=issue in blanked) for issue in issues],
    }


def _stopping(extract: Extract, protocol: Protocol, how: Mapping) -> frozenset[Issue]:
    """The issues for which `seal` would refuse the extract."""
    from linkage.agency.prepare import checked
    from linkage.errors import ValidationError

    try:
        checked(extract, protocol, how)
    except ValidationError as refusal:
        return frozenset(refusal.issues)
    return frozenset()


def _decisions(draft: Draft) -> list[str]:
    """What was decided on the way to a draft, in words."""
    form, guess, dates = draft.header.form, draft.header.encoding, draft.mapping.dates
    told = ["no mapping was given: read as a draft of one would"]
    if guess is not None:
        delimiter = "tab" if form.delimiter == "\t" else form.delimiter
        told.append(f"encoding {guess.name} (found by: {guess.reason}), delimiter {delimiter}")
    rows = f"rows {form.header_row} and {form.header_row + 1}" if form.header_rows == 2 else f"row {form.header_row}"
    told.append(f"header in {rows}, kept by an office of the kind: {draft.kind or 'unknown'}")
    told.append(f"dates as {', '.join(dates.formats)}")
    told += [f"two-digit years up to {dates.pivot}"] if dates.pivot is not None else []
    told += ["five-digit numbers are days as a spreadsheet counts them"] if dates.serials else []
    told += ["years from 1300 to 1410 are Solar Hijri"] if dates.calendar == "solar-hijri" else []
    guesses = draft.mapping.constants.items()
    return told + [f"{name} is {code} in every row: a guess by the kind of office" for name, code in guesses]


def _issue(issue: Issue, *, blanked: bool) -> dict[str, Any]:
    told = {"row": issue.row, "field": issue.field, "code": issue.code, "message": issue.message}
    return {**told, "blanked": True} if blanked else told


def _show(report: dict[str, Any]) -> None:
    rows, issues = report["rows"], report["issues"]
    left_out = report["left_out"]
    terminal.answer(f"{report['file']}: {rows} row(s), {left_out.get('empty', 0)} empty row(s) left out")
    for what, words in (("totals", "row(s) of totals"), ("headers", "row(s) that repeat the header")):
        if left_out.get(what):
            terminal.answer(f"left out: {left_out[what]} {words}")
    for decision in report["decisions"]:
        terminal.answer(decision)
    terminal.answer(f"  {'field':<21}{'filled':>8}{'usable':>9}")
    for column in report["columns"]:
        _show_column(column, rows)
    terminal.answer(f"not read: {', '.join(report['ignored']) or 'nothing'}")
    terminal.answer(f"rows with a usable name and a year of birth: {_share(report['linkable'], rows)}")
    _show_issues(report)
    if len(issues) > SHOWN_ISSUES:
        terminal.answer(f"and {len(issues) - SHOWN_ISSUES} more; --json lists all")


def _show_column(column: dict[str, Any], rows: int) -> None:
    origin = "the same in every row" if column["header"] is None else f"column {column['header']}"
    filled, usable = _share(column["filled"], rows), _share(column["understood"], column["filled"])
    terminal.answer(f"  {column['field']:<21}{filled:>8}{usable:>9}  {origin}")
    for note in column["notes"]:
        terminal.answer(f"      {note}")


def _show_issues(report: dict[str, Any]) -> None:
    terminal.answer(f"issues: {len(report['issues'])}")
    if report["blanked"]:
        terminal.answer(f"of these taken for empty cells, as the mapping says under [rows]: {report['blanked']}")
    for code, count in report["codes"].items():
        terminal.answer(f"  {code:<21}{count:>8}")
    for issue in report["issues"][:SHOWN_ISSUES]:
        terminal.answer(f"row {issue['row']}, field {issue['field']}: {issue['message']} [{issue['code']}]")


def _share(count: int, rows: int) -> str:
    return f"{count / rows:.1%}" if rows else "-"
