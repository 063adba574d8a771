"""A draft as a commented mapping.toml: every guess with its reason, everything that was not understood by its rows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from linkage.agency.draft import Draft, make_draft, unreadable_cells
from linkage.agency.mapping import FORMAT
from linkage.protocol import Protocol
from linkage.schema import CONTENT, RECORD_ID, SEX_CODES, UNKNOWN

_SHOWN_ROWS = 12


def draft_mapping(path: Path, protocol: Protocol, agency: str | None = None) -> str:
    """A commented mapping.toml for the file.

    Raises:
        ExtractError: the file cannot be read, or no row looks like a header.
        UsageError: the agency is of no known kind.
    """
    return draft_text(make_draft(path, protocol, agency), protocol, path.name)


def draft_text(draft: Draft, protocol: Protocol, file: str) -> str:
    """The mapping as TOML that `parse_mapping` reads."""
    title = (f"# Draft for {_quoted(file)}: check every line, then run `headcount check` with --mapping.", _kind_line(draft))
    parts = (title, (f"format = {_quoted(FORMAT)}",), _file_lines(draft), _column_lines(draft), _constant_lines(draft, protocol))
    rest = (_date_lines(draft), _row_lines(draft), *_code_parts(draft, protocol))
    return "\n\n".join(text for part in (*parts, *rest) if (text := "\n".join(part))) + "\n"


def not_understood(draft: Draft) -> tuple[str, ...]:
    """What a person has to look at, in words and without a cell."""
    lines = [f"column of the file without a standard name: {name}" for name in draft.header.others]
    if RECORD_ID not in draft.header.columns:
        lines.append("no column of record ids: name one under [columns]")
    lines += [f"{name}: {_unknown(found.unknown, found.rows)}" for name, found in draft.words.items() if found.unknown]
    lines += [f"{name}: required by the protocol, and nothing in the file tells it" for name in draft.missing]
    lines += [f"dates such as {form}: day and month could as well be exchanged" for form in draft.dates.undecided]
    if draft.dates.lunar:
        lines.append(f"{draft.dates.lunar} year(s) from 1370 could also be lunar ones, which are not converted")
    return tuple(lines)


def _unknown(count: int, rows: Sequence[int]) -> str:
    shown = ", ".join(map(str, rows[:_SHOWN_ROWS]))
    more = f" and {len(rows) - _SHOWN_ROWS} more" if len(rows) > _SHOWN_ROWS else ""
    return f"{count} spelling(s) not understood, in row(s) {shown}{more}"


def _kind_line(draft: Draft) -> str:
    if draft.kind is None:
        return "# Nothing tells what kind of office keeps this list: name it with --agency if stages stay open."
    return f"# Taken for the list of an office of the kind `{draft.kind}`; another is named with --agency."


def _file_lines(draft: Draft) -> Iterator[str]:
    form, guess = draft.header.form, draft.header.encoding
    yield "[file]"
    if form.delimiter is not None and guess is not None:
        yield f"delimiter = {_quoted(form.delimiter)}"
        yield f"encoding = {_quoted(guess.name)}   # found by: {guess.reason}"
    yield f"header_row = {form.header_row}"
    if form.header_rows == 2:
        yield "header_rows = 2"
    left_out = draft.extract.left_out
    yield from (f"# left out: {count} {_RECORDS[what]}" for what, count in left_out.items() if count and what in _RECORDS)


_RECORDS = {"totals": "row(s) of totals", "headers": "row(s) that repeat the header"}


def _column_lines(draft: Draft) -> Iterator[str]:
    header, columns = draft.header, draft.mapping.columns
    yield "[columns]   # standard name = column of the file"
    if RECORD_ID not in columns:
        yield f'# {RECORD_ID} = "…"   # required: a number or code that names the record for good'
    for name, text in columns.items():
        shared = "   # the same column as the role's: [codes.stage] says what its words mean" if name not in header.columns else ""
        repair = draft.extract.repairs.get(name)
        how = f"   # repaired: {_repaired(*repair[:2])}" if repair else ""
        yield f"{name} = {_quoted(text)}{shared}{how}"
    yield from (f"# not matched, and not read: {_quoted(text)}" for text in header.others)


def _repaired(mojibake: int, legacy: int) -> str:
    parts = ((mojibake, "cell(s) read with the wrong table"), (legacy, "cell(s) in the legacy Tajik font"))
    return ", ".join(f"{count} {what}" for count, what in parts if count)


def _constant_lines(draft: Draft, protocol: Protocol) -> Iterator[str]:
    if not draft.mapping.constants and not draft.missing:
        return
    yield "[constants]   # required by the protocol: name a column above, or what holds for every row here"
    for name, code in draft.mapping.constants.items():
        yield f"{name} = {_quoted(code)}   # a guess by the kind of office: {', '.join(protocol.content[name].codes)}"
    yield from (f'# {name} = "…"   # one of {", ".join(protocol.content[name].codes)}' for name in draft.missing)


def _date_lines(draft: Draft) -> Iterator[str]:
    form, counts = draft.mapping.dates, draft.dates.counts
    yield "[dates]   # tried in order"
    yield f"formats = [{', '.join(map(_quoted, form.formats))}]"
    yield from (f"# {one}: day and month could as well be exchanged" for one in draft.dates.undecided)
    if form.pivot is not None:
        yield f"pivot = {form.pivot}   # the last year that two digits can mean: the latest of this file or the epoch"
    if form.serials:
        yield f"serials = true   # {counts['serials']} different numbers are days as a spreadsheet counts them"
    if form.calendar != "gregorian":
        yield f"calendar = {_quoted(form.calendar)}   # years from 1300 to 1410; lunar years are not converted"
    if form.impossible == "compare":
        yield 'impossible = "compare"   # some birth dates no calendar has: only their digits are compared'


def _row_lines(draft: Draft) -> Iterator[str]:
    if draft.mapping.rows.unreadable != "blank":
        return
    yield "[rows]"
    yield 'unreadable = "blank"   # cells that cannot be read are taken for empty, counted and listed; else: "refuse"'
    yield from (f"# {count} cell(s): {code}" for code, count in sorted(unreadable_cells(draft).items()))


def _code_parts(draft: Draft, protocol: Protocol) -> Iterator[list[str]]:
    """A table per coded column: what the file says = code of the protocol."""
    for name, words in draft.words.items():
        table = f"[codes.{name}]   # {_codes(name, protocol)}, or {UNKNOWN}"
        lines = [table] if words.codes else [f"# {table}"] if words.unknown else []
        lines += [f"{_quoted(text)} = {_quoted(code)}" for text, code in words.codes.items()]
        if words.unknown:
            lines.append(f"# {_unknown(words.unknown, words.rows)}")
            lines += _SEX_DIGITS if name == "sex" else []
        yield lines


_SEX_DIGITS = ["# digits are never guessed: ISO/IEC 5218 has 1 for men and 2 for women, some agencies write 0 and 1"]


def _codes(name: str, protocol: Protocol) -> str:
    words = {"country": "ISO 3166-1 alpha-3, such as TJK", "article": "numbers such as 130.1", "sex": ", ".join(SEX_CODES)}
    if CONTENT[name] in words:
        return words[CONTENT[name]]
    return ", ".join(protocol.content[name].codes) if name in protocol.content else "one spelling per place"


def _quoted(text: str) -> str:
    """The text as a TOML basic string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
