"""A first mapping for a file, written from its header: a person then corrects what a rule can only guess.

The header is the first row that holds enough known column names, in Russian, Tajik or English. The draft repeats
column names and never a cell; dates are looked at to find their format, and only the format is written.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from linkage.agency.dates import DEFAULT_FORMATS, ISO, fits
from linkage.agency.mapping import CODED, FORMAT, FileForm
from linkage.agency.names.fold import fold
from linkage.agency.tables import DELIMITERS, byte_order_mark, first_records, kind_of
from linkage.errors import ExtractError
from linkage.protocol import Protocol
from linkage.schema import CONTENT, RECORD_ID, SEX_CODES

# By standard name, as agencies head their columns; case, blanks and punctuation do not count.
SPELLINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        RECORD_ID: (
            *("№ карточки", "номер карточки", "рег. №", "регистрационный номер", "номер записи", "идентификатор", "код", "ид"),
            *("рақами сабт", "рақами муроҷиат", "рақами корт"),
            *("id", "rec no", "record no", "record number", "client code", "client id", "card no", "local id"),
        ),
        "surname": ("фамилия", "насаб", "last name", "family name"),
        "given_name": ("имя", "ном", "first name", "given names", "forename"),
        "patronymic": ("отчество", "номи падар", "father's name", "fathers name", "middle name"),
        "full_name": (
            *("фио", "ф.и.о.", "фамилия имя отчество", "фамилия, имя", "ному насаб", "ному насаби пурра", "муроҷиаткунанда"),
            *("name", "person name"),
        ),
        "birth_date": (
            *("дата рождения", "дата рожд.", "д.р.", "санаи таваллуд", "рӯзи таваллуд", "сол/санаи таваллуд"),
            *("date of birth", "dob", "dob (if known)", "birthdate"),
        ),
        "birth_year": ("год рождения", "г.р.", "соли таваллуд", "year of birth", "yob"),
        "age": ("возраст", "полных лет", "синну сол", "син", "age at event"),
        "sex": ("пол", "ҷинс", "gender"),
        "citizenship": ("гражданство", "гражд.", "шаҳрвандӣ", "nationality", "country of citizenship"),
        "region": ("регион", "область", "вилоят", "минтақа", "province", "oblast"),
        "district": ("район", "город/район", "город, район", "ноҳия", "шаҳр/ноҳия", "rayon"),
        "document_number": (
            *("документ", "паспорт", "№ паспорта", "номер паспорта", "номер документа", "шиноснома", "рақами шиноснома"),
            *("passport", "passport no", "passport number", "doc no", "document no", "id number"),
        ),
        "case_number": (
            *("№ уголовного дела", "номер уголовного дела", "дело №", "№ дела", "номер дела", "рақами парванда"),
            *("case no", "case id"),
        ),
        "role": ("роль", "статус лица", "процессуальный статус", "вазъи мурофиавӣ", "нақш", "status", "procedural status"),
        "stage": ("стадия", "этап", "марҳила"),
        "event_date": (
            *("дата события", "дата регистрации", "дата выявления", "дата направления в суд", "дата приговора", "дата обращения"),
            *("санаи ҳукм", "санаи муроҷиат", "санаи сабт", "санаи ҳодиса"),
            *("date", "date of event", "date of return", "intake date", "date of registration"),
        ),
        "article": ("статья", "статья ук", "квалификация", "моддаи кҷ", "модда", "article of law"),
        "form_of_exploitation": (
            *("вид эксплуатации", "форма эксплуатации", "цель эксплуатации", "шакли истисмор", "мавзӯъ"),
            *("exploitation", "type of exploitation"),
        ),
    }
)
DATE_FORMATS = ("%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%Y.%m.%d", "%Y/%m/%d", ISO, "%m.%Y", "%Y-%m", "%Y")
_SEARCHED_ROWS = 20
_SAMPLE = 200
_FEWEST = 2
_PROBE = 1 << 20


class Header(NamedTuple):
    """What the header of a file says.

    Attributes:
        form: how the file is written.
        columns: standard name to column name.
        others: named columns that no standard name was found for.
        dates: formats in which a sample of dates can be read.
    """

    form: FileForm
    columns: Mapping[str, str]
    others: tuple[str, ...]
    dates: tuple[str, ...]


class _Candidate(NamedTuple):
    """A row that may be the header: the columns matched in it, and the rows after it."""

    form: FileForm
    record: Sequence[str]
    columns: Mapping[str, str]
    sample: Sequence[Sequence[str]]


_NO_CANDIDATE = _Candidate(FileForm(), (), {}, ())


def draft_mapping(path: Path, protocol: Protocol) -> str:
    """A commented mapping.toml for the file.

    Raises:
        ExtractError: the file cannot be read, or no row looks like a header.
    """
    header = find_header(path, protocol)
    parts = (_file_lines(header.form), _column_lines(header, protocol), _date_lines(header), _code_lines(header, protocol))
    return "\n\n".join("\n".join(part) for part in ((_title(path), f"format = {_quoted(FORMAT)}"), *parts)) + "\n"


def find_header(path: Path, protocol: Protocol) -> Header:
    """The row and the delimiter with most known column names; a row of data has too few, and is never repeated.

    Raises:
        ExtractError: the file cannot be read, or no row looks like a header.
    """
    known = _known_names(protocol)
    candidates = (candidate for form in _forms(path) for candidate in _candidates(path, form, known))
    form, record, columns, sample = max(candidates, key=lambda candidate: len(candidate.columns), default=_NO_CANDIDATE)
    if len(columns) < _FEWEST:
        hint = "write the mapping by hand: docs/formats.md shows one"
        raise ExtractError(f"no row of the first {_SEARCHED_ROWS} looks like a header", file=str(path), hint=hint)
    others = tuple(name for name in record if name and name not in columns.values())
    return Header(form, columns, others, _date_formats(record, columns, sample))


def guess_encoding(path: Path) -> str:
    """The encoding that a byte-order mark tells, else UTF-8 if the first MiB can be read as such, else cp1251."""
    marked = byte_order_mark(path)
    if marked:
        return marked
    with path.open("rb") as stream:
        start = stream.read(_PROBE)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return "cp1251"
    return "utf-8-sig"


def _forms(path: Path) -> Iterator[FileForm]:
    """The ways in which the file may be written."""
    if kind_of(path) != "csv":
        yield FileForm()
        return
    encoding = guess_encoding(path)
    yield from (FileForm(delimiter, encoding) for delimiter in DELIMITERS)


def _candidates(path: Path, form: FileForm, known: Mapping[str, str]) -> Iterator[_Candidate]:
    records = first_records(path, form, _SEARCHED_ROWS + _SAMPLE)
    for row, record in enumerate(records[:_SEARCHED_ROWS], 1):
        yield _Candidate(replace(form, header_row=row), record, _matched(record, known), records[row:])


def _known_names(protocol: Protocol) -> dict[str, str]:
    """Compared spelling → standard name, for what the protocol can use."""
    used = {RECORD_ID, "birth_date", "birth_year", "age", "event_date", *protocol.identifiers, *protocol.content}
    return {_compared(text): name for name, texts in SPELLINGS.items() if name in used for text in (name, *texts)}


def _compared(text: str) -> str:
    return "".join(letter for letter in fold(text) if letter.isalnum())


def _matched(record: Sequence[str], known: Mapping[str, str]) -> dict[str, str]:
    """Standard name → column name; the first column wins."""
    columns: dict[str, str] = {}
    for text in record:
        name = known.get(_compared(text))
        if name and record.count(text) == 1:
            columns.setdefault(name, text)
    return columns


def _date_formats(record: Sequence[str], columns: Mapping[str, str], sample: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Formats that read a date of the sample which no format before them reads; a year alone at last."""
    places = [record.index(columns[name]) for name in ("birth_date", "event_date") if name in columns]
    left = {row[place] for row in sample for place in places if place < len(row)}
    found = []
    for form in DATE_FORMATS:
        read = {text for text in left if fits(text, form)}
        if read:
            found.append(form)
            left -= read
    return tuple(dict.fromkeys((*found, "%Y"))) if found else DEFAULT_FORMATS


def _title(path: Path) -> str:
    return f"# Draft for {_quoted(path.name)}: check every line, then run `headcount check` with --mapping."


def _file_lines(form: FileForm) -> Iterator[str]:
    yield "[file]"
    if form.delimiter is not None and form.encoding is not None:
        yield f"delimiter = {_quoted(form.delimiter)}"
        yield f"encoding = {_quoted(form.encoding)}"
    yield f"header_row = {form.header_row}"


def _column_lines(header: Header, protocol: Protocol) -> Iterator[str]:
    yield "[columns]   # standard name = column of the file"
    if RECORD_ID not in header.columns:
        yield f'# {RECORD_ID} = "…"   # required: a number or code that names the record for good'
    yield from (f"{name} = {_quoted(text)}" for name, text in header.columns.items())
    yield from (f"# not matched, and not read: {_quoted(text)}" for text in header.others)
    missing = [name for name, spec in protocol.content.items() if spec.required and name not in header.columns]
    if missing:
        yield ""
        yield "[constants]   # required by the protocol: name a column above, or what holds for every row here"
        yield from (f'# {name} = "…"   # one of {", ".join(protocol.content[name].codes)}' for name in missing)


def _date_lines(header: Header) -> Iterator[str]:
    yield "[dates]   # tried in order"
    yield f"formats = [{', '.join(map(_quoted, header.dates))}]"


def _code_lines(header: Header, protocol: Protocol) -> Iterator[str]:
    yield "# Spellings that the protocol does not know: what the file says = code of the protocol, or _U for unknown."
    for name in CODED:
        if name not in header.columns or name not in {"sex", *protocol.content}:
            continue
        codes = {"country": ("ISO 3166-1 alpha-3, such as TJK",), "article": ("numbers such as 130.1",), "sex": SEX_CODES}
        yield f"[codes.{name}]   # {', '.join(codes.get(CONTENT[name]) or protocol.content[name].codes)}"


def _quoted(text: str) -> str:
    """The text as a TOML basic string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
