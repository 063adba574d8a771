"""Every issue of every row, before anything is encoded: an extract goes on whole and sound, or not at all.

An issue names row, field and code, and never the cell. Only values are judged here that a rule can call wrong; whether
two rows are one person is not a question for the agency.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from linkage.agency.births import MAX_AGE, read_birth_years
from linkage.agency.cells import Column, Text, distinct
from linkage.agency.codes import check_code_maps, read_content, read_sex
from linkage.agency.dates import FIRST_YEAR, LAST_YEAR, as_written, parse_dates
from linkage.agency.extract import Extract, cells
from linkage.agency.mapping import Mapping as FileMapping
from linkage.agency.numbers import whole_numbers
from linkage.errors import Issue
from linkage.protocol import Protocol
from linkage.schema import CONTENT, RECORD_ID

ISSUE_CODES: Mapping[str, str] = MappingProxyType(
    {
        "age-implausible": f"the age is no whole number from 0 to {MAX_AGE}",
        "article-unreadable": "not one article such as 130.1; map other ways of writing it under [codes.article]",
        "cell-damaged": "too long, or bytes that are not text; blanked, as the mapping says under [rows]",
        "code-unknown": "neither a code of the protocol nor one of its spellings; map it under [codes] of the mapping",
        "column-missing": "the protocol requires this field, and the extract has no column and the mapping no constant for it",
        "content-missing": "the protocol requires this field, and the cell is empty",
        "country-unknown": "no ISO 3166-1 alpha-3 code such as TJK; map names of countries under [codes.citizenship]",
        "date-unreadable": "not a date from 1900 to 2100 in any format that the mapping names under [dates]",
        "no-identifier": "no identifier of the protocol is filled, so that nothing can say who this is",
        "record-id-duplicate": "another row has the same record id",
        "record-id-missing": "the record has no id",
        "sex-unmapped": "not a spelling of a sex that means the same everywhere; map it, digits always, under [codes.sex]",
        "year-conflict": "the year of birth is not the year of the birth date",
        "year-implausible": f"the year of birth is no whole number from {FIRST_YEAR} to {LAST_YEAR}",
    }
)
_UNREADABLE = {"code": "code-unknown", "country": "country-unknown", "article": "article-unreadable", "sex": "sex-unmapped"}

_BLANKABLE = frozenset(
    {"age-implausible", "cell-damaged", "date-unreadable", "year-conflict", "year-implausible", *_UNREADABLE.values()}
)

Rows = NDArray[np.bool_]


def check_rows(extract: Extract, protocol: Protocol, mapping: FileMapping) -> tuple[Issue, ...]:
    """Every issue of every row, sorted by row, field and code; see `ISSUE_CODES`.

    Raises:
        SchemaError: the mapping maps codes to what the protocol does not know.
    """
    check_code_maps(protocol, mapping)
    issues = [
        *(Issue(row, field, "cell-damaged", ISSUE_CODES["cell-damaged"]) for row, field in extract.damaged),
        *_record_ids(extract),
        *_births(extract, mapping),
        *_sex(extract, protocol, mapping),
        *_content(extract, protocol, mapping),
        *_nobody(extract, protocol),
    ]
    return tuple(sorted(issues, key=lambda issue: (issue.row, issue.field, issue.code)))


def _issues(extract: Extract, where: Rows, field: str, code: str) -> Iterator[Issue]:
    """The issue on each of these rows."""
    for row in extract.rows[where].tolist():
        yield Issue(row, field, code, ISSUE_CODES[code])


def _record_ids(extract: Extract) -> Iterator[Issue]:
    """Missing ids, and duplicates, each of which names the first other row."""
    ids = extract.columns[RECORD_ID]
    yield from _issues(extract, ids == "", RECORD_ID, "record-id-missing")
    if len(set(ids.tolist())) == len(ids):
        return
    index, texts = distinct(ids)
    count = np.bincount(index, minlength=len(texts))
    rows_of: dict[int, list[int]] = {}
    for at in np.flatnonzero((count[index] > 1) & (ids != "")).tolist():
        rows_of.setdefault(int(index[at]), []).append(int(extract.rows[at]))
    for first, *others in rows_of.values():
        for row, other in [(first, others[0]), *((later, first) for later in others)]:
            yield Issue(row, RECORD_ID, "record-id-duplicate", f"row {other} has the same record id")


def _births(extract: Extract, mapping: FileMapping) -> Iterator[Issue]:
    dates, bad = parse_dates(cells(extract, "birth_date"), mapping.dates)
    if mapping.dates.impossible == "compare":
        bad &= as_written(cells(extract, "birth_date"), mapping.dates) == ""
    yield from _issues(extract, bad, "birth_date", "date-unreadable")
    year, bad_year = read_birth_years(cells(extract, "birth_year"), mapping)
    yield from _issues(extract, bad_year, "birth_year", "year-implausible")
    conflict = (dates.year > 0) & (year >= FIRST_YEAR) & (dates.year != year)
    yield from _issues(extract, conflict, "birth_year", "year-conflict")
    _, bad_age = whole_numbers(cells(extract, "age"), 0, MAX_AGE)
    yield from _issues(extract, bad_age, "age", "age-implausible")


def _sex(extract: Extract, protocol: Protocol, mapping: FileMapping) -> Iterator[Issue]:
    """Sex as an identifier; as content it is checked with the content."""
    if "sex" not in protocol.content:
        yield from _issues(extract, read_sex(cells(extract, "sex"), mapping).bad, "sex", "sex-unmapped")


def _content(extract: Extract, protocol: Protocol, mapping: FileMapping) -> Iterator[Issue]:
    for name, spec in protocol.content.items():
        if CONTENT[name] == "age_group":
            continue
        if name not in extract.columns:
            if spec.required:
                yield Issue(mapping.file.header_row, name, "column-missing", ISSUE_CODES["column-missing"])
            continue
        missing, bad = _read(name, cells(extract, name), protocol, mapping)
        yield from _issues(extract, bad, name, _UNREADABLE.get(CONTENT[name], "date-unreadable"))
        if spec.required:
            yield from _issues(extract, missing, name, "content-missing")


def _read(name: str, values: Column, protocol: Protocol, mapping: FileMapping) -> tuple[Rows, Rows]:
    """Rows that say nothing, and rows that say what cannot be read."""
    if CONTENT[name] == "date":
        dates, bad = parse_dates(values, mapping.dates)
        return (dates.year == 0) & ~bad, bad
    coded = read_content(name, values, protocol, mapping)
    return (coded.codes == "") & ~coded.bad, coded.bad


def _nobody(extract: Extract, protocol: Protocol) -> Iterator[Issue]:
    filled = np.zeros(len(extract), np.bool_)
    for name in protocol.identifiers:
        filled |= cells(extract, name).codes > 0
    yield from _issues(extract, ~filled, RECORD_ID, "no-identifier")


def is_unreadable(issue: Issue) -> bool:
    """Whether the issue is of a cell alone, so that taking the cell for empty would settle it."""
    return issue.code in _BLANKABLE


def blank_cells(extract: Extract, issues: Collection[Issue]) -> Extract:
    """The extract with the cells of these issues empty."""
    changed: dict[str, Text] = {}
    for name in {issue.field for issue in issues}:
        changed[name] = extract.columns[name].copy()
        changed[name][np.isin(extract.rows, [issue.row for issue in issues if issue.field == name])] = ""
    return replace(extract, columns=extract.columns.changed(changed), damaged=())
