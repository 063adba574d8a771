"""The mapping: how one agency's file says what the protocol asks.

A mapping names columns, date formats and code spellings; it holds no rule about people. It stays at the agency, and
changing it changes nothing for others. A file whose columns carry the standard names needs none.
"""

from __future__ import annotations

from collections import Counter, abc
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from linkage.agency.dates import FIRST_YEAR, LAST_YEAR, DateForm, format_problem
from linkage.agency.names.fold import fold
from linkage.errors import SchemaError
from linkage.schema import CONTENT, IDENTIFIERS, RECORD_ID, build, read_toml

FORMAT: Final = "headcount-mapping/1"
COMPUTED = "age_group"
FIELDS: tuple[str, ...] = (RECORD_ID, *dict.fromkeys((*IDENTIFIERS, *(name for name in CONTENT if name != COMPUTED))))
CODED: tuple[str, ...] = tuple(name for name, kind in CONTENT.items() if kind not in {"date", "age_group"})
_FORBID = {"extra": "forbid"}
_HINT = "compare with docs/formats.md, or start again from `headcount check --draft`"


@dataclass(frozen=True)
class FileForm:
    """How the file is written.

    Attributes:
        delimiter: one character between cells; guessed from the header where not given. CSV only.
        encoding: name of the text encoding; a byte-order mark or UTF-8 where not given. CSV only.
        sheet: name of the sheet; the first where not given. XLSX only.
        header_row: the row that holds the column names, counting records from 1. CSV and XLSX.
        header_rows: 2 where that row and the next hold them together: a group's title above, its parts below.
    """

    delimiter: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    header_row: int = 1
    header_rows: Literal[1, 2] = 1

    __pydantic_config__ = _FORBID


@dataclass(frozen=True)
class RowForm:
    """What becomes of single cells.

    Attributes:
        unreadable: of a cell that cannot be read: `refuse` the extract, or `blank` it: take the cell for empty. Blanked
            cells are counted and listed.
    """

    unreadable: Literal["refuse", "blank"] = "refuse"

    __pydantic_config__ = _FORBID


@dataclass(frozen=True)
class Mapping:
    """The whole mapping; without arguments, that of a file in standard names.

    Attributes:
        format: version of this file's form.
        file: how the file is written.
        columns: protocol field to column header.
        dates: how dates are written.
        rows: what becomes of cells that cannot be read.
        codes: by field: what the file writes to the code of the protocol, or `_U` for unknown.
        constants: by field: what is the same in every row and not in the file.
    """

    format: Literal["headcount-mapping/1"] = FORMAT
    file: FileForm = FileForm()
    columns: abc.Mapping[str, str] = field(default_factory=dict)
    dates: DateForm = field(default_factory=DateForm)
    rows: RowForm = RowForm()
    codes: abc.Mapping[str, abc.Mapping[str, str]] = field(default_factory=dict)
    constants: abc.Mapping[str, str] = field(default_factory=dict)

    __pydantic_config__ = _FORBID


STANDARD = Mapping()


def read_mapping(path: Path) -> Mapping:
    """The mapping in a TOML file.

    Raises:
        ExtractError: the file cannot be read.
        SchemaError: with every wrong key and value.
    """
    return parse_mapping(read_toml(path), str(path))


def parse_mapping(data: abc.Mapping[str, Any], file: str) -> Mapping:
    """The mapping from plain data.

    Raises:
        SchemaError: with every wrong key and value.
    """
    if data.get("format") != FORMAT:
        raise SchemaError(f"format is not {FORMAT}", file=file, field="format", hint=_HINT)
    _refuse([*_untyped_code_problems(data.get("codes", {}))], file)
    mapping = build(Mapping, data, file)
    _refuse([*_problems(mapping)], file)
    return mapping


def _refuse(problems: list[str], file: str) -> None:
    if problems:
        raise SchemaError("\n".join(problems), file=file, hint=_HINT)


def _untyped_code_problems(codes: Any) -> Iterator[str]:
    """Looked for before the types are, because the message of a wrong type would quote the file's own spelling."""
    if not isinstance(codes, dict):
        yield "codes: a table per field"
        return
    for name, table in codes.items():
        if not isinstance(table, dict) or not all(isinstance(code, str) for code in table.values()):
            yield f"codes.{name}: every entry is text = text"


def _problems(m: Mapping) -> Iterator[str]:
    """Every rule that one key alone cannot show."""
    yield from _file_problems(m.file)
    yield from _column_problems(m)
    for name, table in m.codes.items():
        yield from _code_problems(name, table)
    if not m.dates.formats:
        yield "dates.formats: empty"
    for number, form in enumerate(m.dates.formats):
        problem = format_problem(form)
        if problem:
            yield f"dates.formats.{number}: {problem}"
        elif "%y" in form and m.dates.pivot is None:
            yield f"dates.formats.{number}: two-digit years need `pivot`, the last year that they can mean"
    if m.dates.pivot is not None and not FIRST_YEAR + 99 <= m.dates.pivot <= LAST_YEAR:
        yield f"dates.pivot: from {FIRST_YEAR + 99} to {LAST_YEAR}"


def _file_problems(f: FileForm) -> Iterator[str]:
    if f.header_row < 1:
        yield "file.header_row: rows count from 1"
    if f.delimiter is not None and (len(f.delimiter) != 1 or f.delimiter in '"\r\n\0 ' or f.delimiter.isalnum()):
        yield "file.delimiter: one character that is no letter, digit, blank or quote"
    if f.encoding is not None and not _is_encoding(f.encoding):
        yield "file.encoding: not a text encoding that Python knows"


def _is_encoding(name: str) -> bool:
    try:
        "a".encode(name)
    except (LookupError, ValueError):
        return False
    return True


def _column_problems(m: Mapping) -> Iterator[str]:
    for table, entries in (("columns", m.columns), ("constants", m.constants)):
        for name, text in entries.items():
            if name not in FIELDS:
                yield f"{table}.{name}: not a standard name ({', '.join(FIELDS)})"
            elif not text.strip():
                yield f"{table}.{name}: empty"
    used = Counter(header.strip() for header in m.columns.values())
    for name, header in m.columns.items():
        if used[header.strip()] > 1 and CONTENT.get(name) != "code":
            yield f"columns.{name}: another field names the same column"
        elif used[header.strip()] > 1 and name not in m.codes:
            yield f"columns.{name}: another field names the same column, and no [codes.{name}] says how it is read"
    for name in m.constants:
        if name in m.columns:
            yield f"constants.{name}: a column is named for it too"
    if RECORD_ID in m.constants:
        yield f"constants.{RECORD_ID}: cannot be the same in every row"


def _code_problems(name: str, table: abc.Mapping[str, str]) -> Iterator[str]:
    if name not in CODED:
        yield f"codes.{name}: not a coded field ({', '.join(CODED)})"
    meanings: dict[str, set[str]] = {}
    for spelling, code in table.items():
        meanings.setdefault(fold(spelling), set()).add(code)
    if any(len(codes) > 1 for codes in meanings.values()):
        yield f"codes.{name}: one spelling, apart from case and blanks, has two codes"
