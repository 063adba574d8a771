"""Decisions taken elsewhere, brought in as one CSV file: every row is right, or none is taken."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import NamedTuple

from linkage.errors import ExtractError, Issue, UsageError, ValidationError
from linkage.review.explain import find_record
from linkage.unit.decisions import Pair, Wanted, refuse_impossible
from linkage.unit.workspace import PersonsTable

COLUMNS = ("left", "right", "verdict", "reason")
ISSUE_CODE = "decision"


class _Row(NamedTuple):
    number: int
    cells: Mapping[str, str]


def read_batch(data: bytes, persons: PersonsTable, own: Mapping[Pair, str], *, file: str) -> list[Wanted]:
    """The decisions in a CSV file with the columns left, right, verdict and reason.

    Args:
        data: UTF-8, with or without byte-order mark.
        persons: records of the published run.
        own: the reviewer's latest word on each pair.
        file: name for messages.

    Raises:
        ExtractError: not such a file.
        ValidationError: with one issue per wrong row.
    """
    known = set(zip(persons.agency.tolist(), persons.record.tolist(), strict=True))
    taken: dict[Pair, Wanted] = {}
    issues: list[Issue] = []
    for row in _rows(data, file):
        try:
            one = _wanted(row, persons)
            refuse_impossible(one, known, own)
            if one.pair in taken:
                raise UsageError("the file decides this pair twice", field="record")
            taken[one.pair] = one
        except UsageError as error:
            issues.append(Issue(row.number, error.field or "record", ISSUE_CODE, error.message))
    if issues:
        raise ValidationError(
            f"{len(issues)} row(s) cannot be taken; none was", issues=issues, file=file, hint="correct these rows"
        )
    return list(taken.values())


def _wanted(row: _Row, persons: PersonsTable) -> Wanted:
    left, right = (find_record(persons, row.cells[side]) for side in COLUMNS[:2])
    return Wanted(left, right, row.cells["verdict"], row.cells["reason"])


def _rows(data: bytes, file: str) -> list[_Row]:
    """Rows with the number of the line on which each ends, header = 1; cells trimmed."""
    try:
        reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        header = [cell.strip() for cell in next(reader, [])]
        rows = [(reader.line_num, cells) for cells in reader if cells]
    except (UnicodeDecodeError, csv.Error):
        raise ExtractError("not a CSV file in UTF-8", file=file, hint=f"columns: {', '.join(COLUMNS)}") from None
    if sorted(header) != sorted(COLUMNS) or any(len(cells) != len(header) for _, cells in rows):
        raise ExtractError("the columns are not those of a file of decisions", file=file, hint=f"columns: {', '.join(COLUMNS)}")
    return [_Row(number, dict(zip(header, (cell.strip() for cell in cells), strict=True))) for number, cells in rows]
