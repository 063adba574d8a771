"""The demonstration: seven lists of one invented year, how each is read, and the truth that nobody else has.

`build` makes every byte from the seed alone: no clock, no locale, no machine. What comes out is the same files on each
run, so that the demonstration can be told beforehand: under seed 1, 31 persons were convicted, 27 women and 4 men, and
there were 40 victims, 6 boys, 5 girls, 15 men and 14 women. Counted by rows, the lists claim more than twice that.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import openpyxl

from linkage.demo.agencies import STYLES, Style, as_date, mapping, row
from linkage.demo.lists import Record, draw_records
from linkage.demo.people import draw_people, draw_totals

ADDED_UP = "added up"
_WRITTEN = datetime(2019, 1, 15, 9, 0, 0)
_ZIP_DATE = (2019, 1, 15, 9, 0, 0)
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")
_CELL_DATE = "DD.MM.YYYY"


@dataclass(frozen=True)
class Agency:
    """One office of the demonstration.

    Attributes:
        name: agency name of the protocol.
        title: what the office is called.
        file, mapping: keys of `Scenario.files`: the list, and how it is read.
    """

    name: str
    title: str
    file: str
    mapping: str


class Listed(NamedTuple):
    """Whom a row is about.

    Attributes:
        agency, record_id: the row.
        person_id: the truth.
        role, stage: codes of the protocol.
    """

    agency: str
    record_id: str
    person_id: str
    role: str
    stage: str


@dataclass(frozen=True)
class Scenario:
    """Everything that the demonstration starts from.

    Attributes:
        files: path below the demonstration's folder to the file's bytes.
        agencies: the seven offices.
        totals: the truth to find: `convicted` by sex, `victims` by group; as in `truth/totals.json`.
        records: whom each row of each list is about; as in `truth/persons.csv`.
    """

    files: Mapping[str, bytes] = field(repr=False)
    agencies: tuple[Agency, ...]
    totals: Mapping[str, Mapping[str, int]]
    records: tuple[Listed, ...] = field(repr=False)


class Lines(NamedTuple):
    """One list, ready to be written.

    Attributes:
        cells: per row, protocol field to text, in the list's order.
        listed: per row, whom it is about.
    """

    cells: tuple[dict[str, str], ...]
    listed: tuple[Listed, ...]


def build(seed: int) -> Scenario:
    """The demonstration of a seed; the same seed gives the same bytes."""
    rng = np.random.Generator(np.random.PCG64(seed))
    totals = draw_totals(rng, seed)
    records = draw_records(rng, draw_people(rng, totals))
    agencies = tuple(Agency(style.name, style.title, f"lists/{style.file}", f"mappings/{style.name}.toml") for style in STYLES)
    lists = {style.name: _lines(rng, style, [record for record in records if record.agency == style.name]) for style in STYLES}
    listed = tuple(one for lines in lists.values() for one in lines.listed)
    told = {"convicted": dict(totals.convicted), "victims": dict(totals.victims)}
    files = {
        **{agency.file: write_list(style, lists[style.name].cells) for style, agency in zip(STYLES, agencies, strict=True)},
        **{agency.mapping: mapping(style).encode() for style, agency in zip(STYLES, agencies, strict=True)},
        "truth/persons.csv": _persons(listed),
        "truth/totals.json": (json.dumps(told, indent=2) + "\n").encode(),
    }
    return Scenario(files, agencies, told, listed)


def claims(scenario: Scenario) -> Mapping[str, Mapping[str, int]]:
    """What counting rows would claim: by agency, and under `added up` their sum.

    Returns:
        Agency name, or `ADDED_UP`, to the number of its rows: `victims`, `offenders` (convicted or not) and, of these,
        `convicted`.
    """
    names = [agency.name for agency in scenario.agencies]
    own = {name: _claim([one for one in scenario.records if one.agency == name]) for name in names}
    return {**own, ADDED_UP: _claim(scenario.records)}


def _claim(rows: Sequence[Listed]) -> dict[str, int]:
    return {
        "victims": sum(one.role == "victim" for one in rows),
        "offenders": sum(one.role == "offender" for one in rows),
        "convicted": sum(one.stage == "CON" for one in rows),
    }


def _lines(rng: np.random.Generator, style: Style, records: Sequence[Record]) -> Lines:
    """The list in the order of its events, rows of one day shuffled, numbered as they come in."""
    shuffled = [records[place] for place in rng.permutation(len(records))]
    ordered = sorted(shuffled, key=lambda record: record.event)
    prefix = style.name.removeprefix("ngo_")[:3].upper()
    names = [f"{prefix}-{number:04d}" for number in range(1, len(ordered) + 1)]
    rows = list(zip(names, ordered, strict=True))
    return Lines(
        tuple(row(style, record, name) for name, record in rows),
        tuple(Listed(style.name, name, f"P{record.person.number + 1:03d}", record.role, record.stage) for name, record in rows),
    )


def _persons(listed: Sequence[Listed]) -> bytes:
    return _csv([("agency", "record_id", "person_id"), *(one[:3] for one in listed)], ",").encode()


def write_list(style: Style, cells: Sequence[Mapping[str, str]]) -> bytes:
    """The list's file in the office's form."""
    if style.sheet:
        return _workbook(style, cells)
    return _csv([tuple(style.columns.values()), *(tuple(one.values()) for one in cells)], style.delimiter).encode(style.encoding)


def _csv(rows: Sequence[Sequence[str]], delimiter: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return out.getvalue()


def _workbook(style: Style, cells: Sequence[Mapping[str, str]]) -> bytes:
    """An XLSX workbook with a title above the header, and every third row's dates as real dates."""
    book = openpyxl.Workbook()
    book.properties.created = _WRITTEN
    book.properties.creator = style.title
    sheet: Any = book.active
    sheet.title = style.sheet
    sheet.cell(1, 1, "Журнал учета лиц по делам о торговле людьми")
    for row_number, values in enumerate(_sheet_rows(style, cells), style.header_row):
        for column, value in enumerate(values, 1):
            cell = sheet.cell(row_number, column, value)
            if value is not None and not isinstance(value, str):
                cell.number_format = _CELL_DATE
    out = io.BytesIO()
    book.save(out)
    return _repacked(out.getvalue())


def _sheet_rows(style: Style, cells: Sequence[Mapping[str, str]]) -> Iterator[list[Any]]:
    yield list(style.columns.values())
    for number, cell in enumerate(cells):
        dates = {name: as_date(style, cell[name]) for name in ("birth_date", "event_date") if number % 3 == 0}
        yield [dates.get(name) or text or None for name, text in cell.items()]


def _repacked(workbook: bytes) -> bytes:
    """The workbook without the time of its writing, which openpyxl puts into its properties and its zip entries."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, _ZIP_DATE)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            stamp = rb"\g<1>" + _WRITTEN.isoformat().encode() + rb"Z\g<2>"
            target.writestr(entry, _MODIFIED.sub(stamp, source.read(name)))
    return out.getvalue()
