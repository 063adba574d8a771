"""A first mapping for a file that nobody has described: found from the whole file, for a person to correct.

What a rule can only guess is written down as a guess, with its reason. The draft holds column names and coded words that
it understood (`потерпевшая`, the name of a region), and never a cell of an identifier such as a name, number or date;
what it did not understand it tells by row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from linkage.agency.date_forms import DateGuess, guess_date_form
from linkage.agency.dates import as_written, parse_dates
from linkage.agency.extract import Extract, column, read_extract
from linkage.agency.headers import Header, find_header
from linkage.agency.kinds import KINDS, kind_of_headers, kind_of_name
from linkage.agency.mapping import CODED, RowForm
from linkage.agency.mapping import Mapping as FileMapping
from linkage.agency.understand import Words, understand
from linkage.agency.validate import check_rows, is_unreadable
from linkage.errors import Issue, UsageError
from linkage.protocol import Protocol

_BLANK = RowForm(unreadable="blank")


class Draft(NamedTuple):
    """A drafted mapping and what it rests on.

    Attributes:
        mapping: complete as far as the file was understood.
        header: what the header says.
        kind: the kind of office that keeps the list, None where nothing tells.
        dates: how the dates were found to be written.
        words: by coded field: what its words mean, and the rows of those that were not understood.
        missing: content that the protocol requires, and that neither a column nor a guess gives.
        extract: the file as the mapping reads it.
        issues: what is wrong with it, before unreadable cells are blanked.
    """

    mapping: FileMapping
    header: Header
    kind: str | None
    dates: DateGuess
    words: Mapping[str, Words]
    missing: tuple[str, ...]
    extract: Extract
    issues: tuple[Issue, ...]


def make_draft(path: Path, protocol: Protocol, agency: str | None = None) -> Draft:
    """Read the file and describe it.

    Args:
        path: CSV, XLSX or Parquet.
        protocol: whose fields and codes are looked for.
        agency: a word for the kind of office, such as `police` or `ngo`; guessed from the file where not given.

    Raises:
        ExtractError: the file cannot be read, or no row looks like a header.
        UsageError: the agency is of no known kind.
    """
    header = find_header(path, protocol)
    kind = _kind(path, header, agency)
    columns = _with_stage_in_role(header.columns, protocol)
    plain = FileMapping(file=header.form, columns=columns, rows=_BLANK)
    raw = read_extract(path, replace(plain, columns=_unshared(columns)), numbered=True)
    shared = raw if columns == header.columns else replace(raw, columns=raw.columns.changed({"stage": raw.columns["role"]}))
    dates = guess_date_form(shared, protocol)
    words = {name: understand(name, shared, protocol, kind) for name in CODED if name in columns and _is_used(name, protocol)}
    if columns != header.columns and not (words["role"].codes and words["stage"].codes):
        columns = header.columns  # nothing would say how the stage is read
        words.pop("stage")
    constants, missing = _constants(columns, protocol, kind)
    codes = {name: found.codes for name, found in words.items() if found.codes}
    mapping = replace(plain, columns=columns, dates=dates.form, codes=codes, constants=constants)
    extract = read_extract(path, mapping, numbered=True)
    issues = check_rows(extract, protocol, mapping)
    mapping = _sealable(mapping, extract, issues)
    return Draft(mapping, header, kind, dates, words, missing, extract, issues)


def _kind(path: Path, header: Header, agency: str | None) -> str | None:
    """The kind of office: as named, else by the columns, else by the file's name.

    Raises:
        UsageError: the agency is of no known kind.
    """
    if agency is None:
        return kind_of_headers(header.names) or kind_of_name(path.stem)
    found = agency if agency in KINDS else kind_of_name(agency)
    if found is None:
        raise UsageError("no known kind of agency", hint=f"one of {', '.join(KINDS)}")
    return found


def _with_stage_in_role(columns: Mapping[str, str], protocol: Protocol) -> Mapping[str, str]:
    """The columns, with the stage read from the role's where the protocol wants one and the list has no other."""
    stage = protocol.content.get("stage")
    if stage is None or not stage.required or "stage" in columns or "role" not in columns:
        return columns
    return {**columns, "stage": columns["role"]}


def _unshared(columns: Mapping[str, str]) -> dict[str, str]:
    """Each column under the first field that names it."""
    seen: dict[str, str] = {}
    for name, text in columns.items():
        seen.setdefault(text, name)
    return {name: text for text, name in seen.items()}


def _is_used(name: str, protocol: Protocol) -> bool:
    return name in protocol.content or name in protocol.identifiers


def _constants(columns: Mapping[str, str], protocol: Protocol, kind: str | None) -> tuple[dict[str, str], tuple[str, ...]]:
    """What the kind of office implies for required fields without a column, and the fields that stay without."""
    office = KINDS.get(kind or "")
    role = office.alone if office and "role" not in columns else ""
    guesses = {"role": role, "stage": office.stages.get(role, "") if office else ""}
    wanted = [name for name, spec in protocol.content.items() if spec.required and name not in columns]
    found = {name: guesses[name] for name in wanted if guesses.get(name) in protocol.content[name].codes}
    return found, tuple(name for name in wanted if name not in found)


def _sealable(mapping: FileMapping, extract: Extract, issues: tuple[Issue, ...]) -> FileMapping:
    """The mapping with unreadable cells blanked and impossible dates compared, where there are any."""
    values = column(extract, "birth_date")
    impossible = bool((parse_dates(values, mapping.dates)[1] & (as_written(values, mapping.dates) != "")).any())
    dates = replace(mapping.dates, impossible="compare" if impossible else "refuse")
    blank = any(is_unreadable(issue) for issue in issues)
    return replace(mapping, dates=dates, rows=_BLANK if blank else RowForm())


def unreadable_cells(draft: Draft) -> Counter[str]:
    """By issue code: cells that the mapping takes for empty."""
    return Counter(issue.code for issue in draft.issues if is_unreadable(issue))
