"""The same cells in two shapes: tidy rows for machines, aligned tables for people.

Neither shape computes: what the text table shows can be read back from the tidy rows.

Source: reference `statistics.md`, section 7 (tidy rows) and section 1 (notes and footnotes).
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import pandas as pd

from linkage.protocol import ContentField, Protocol
from linkage.schema import ADULT, MINOR, TOTAL, UNKNOWN
from linkage.statistics.counts import PERSON, RECORD, SEX_BY_AGE, dimensions
from linkage.statistics.disclosure import CONFIDENTIALITY, RESTRICTED_TIER

COLUMNS = (
    *("DATAFLOW", "REF_AREA", "TIME_PERIOD", "STAGE", "ROLE", "SEX", "AGE", "CRIME", "FORM", "CITIZENSHIP"),
    *("COUNT_UNIT", "OBS_VALUE", "OBS_STATUS", "CONF_STATUS", "LINK_LO", "LINK_HI", "NOTE"),
)
KEY = COLUMNS[: COLUMNS.index("OBS_VALUE")]
YEARS_NOTE = "years do not add up: a person seen in two years counts once in each"
PRINCIPAL_NOTE = "principal value: rows add up"
RESTRICTED_NOTE = "restricted: not for publication"

Sources = Mapping[tuple[str, str, str], Sequence[str]]

_COLUMN_OF: Mapping[str, str] = MappingProxyType(
    {"region": "REF_AREA", "district": "REF_AREA", "article": "CRIME", "form_of_exploitation": "FORM", "citizenship": "CITIZENSHIP"}
)
# The order in which a case proceeds; a stage that is not here follows by its code. Source: reference `statistics.md`, section 1.
_LADDER = ("DET", "ASS", "REP", "COM", "INV", "HEA", "SUS", "PRO", "CON", "DEP", "SEN", "ACQ")
_GROUPS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "total": (TOTAL, TOTAL),
        "female": ("F", TOTAL),
        "male": ("M", TOTAL),
        "girls": ("F", MINOR),
        "boys": ("M", MINOR),
        "women": ("F", ADULT),
        "men": ("M", ADULT),
    }
)
_KNOWN_GROUPS = ("girls", "boys", "women", "men")

Counts = Mapping[tuple[str, ...], int]


def tidy(cells: pd.DataFrame, protocol: Protocol, tier: str) -> pd.DataFrame:
    """One observation per row, with the columns of `COLUMNS`, sorted by `KEY`, which is unique.

    Args:
        cells: as `counts.count` gives them.
        protocol: names the dimensions.
        tier: decides `CONF_STATUS`.

    Source: reference `statistics.md`, section 7.
    """
    rows = pd.DataFrame(TOTAL, index=cells.index, columns=list(COLUMNS))
    rows = rows.assign(
        DATAFLOW=cells["table"].str.upper(),
        TIME_PERIOD=cells["year"],
        STAGE=cells["stage"],
        ROLE=cells["role"],
        SEX=cells["sex"],
        AGE=cells["age_group"],
        COUNT_UNIT=cells["unit"],
        OBS_VALUE=cells["count"],
        OBS_STATUS="A",
        CONF_STATUS=CONFIDENTIALITY[tier],
        LINK_LO="",
        LINK_HI="",
        NOTE=[_note(table, year, tier) for table, year in zip(cells["table"], cells["year"], strict=True)],
    )
    for name in dimensions(protocol):
        rows[_COLUMN_OF[name]] = rows[_COLUMN_OF[name]].where(cells["table"] != name, cells["value"])
    return rows.sort_values(list(KEY), ignore_index=True)


def csv_bytes(rows: pd.DataFrame) -> bytes:
    """The rows as CSV: UTF-8 without a mark, LF, a header line, quotes only where needed."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(rows.columns)
    writer.writerows(rows.itertuples(index=False))
    return stream.getvalue().encode()


def text_tables(cells: pd.DataFrame, protocol: Protocol, tier: str, sources: Sources) -> str:
    """All tables as text: for each year and role sex by age group, then one table per dimension.

    Args:
        cells: as `counts.count` gives them; a cell that is not there is printed as 0.
        protocol: gives the words.
        tier: is said on top.
        sources: (year, role, stage) to the agencies counted there.
    """
    *keys, values = (cells[name].tolist() for name in cells.columns)
    counts = dict(zip(zip(*keys, strict=True), values, strict=True))
    blocks = [_heading(protocol, tier)]
    for year, role in _sections(cells):
        part = cells[(cells["year"] == year) & (cells["role"] == role)]
        blocks.append(_sex_by_age(part, counts, protocol, sources))
        blocks += [_by_dimension(part, counts, protocol, name) for name in dimensions(protocol)]
    return "\n\n".join("\n".join(lines) for lines in blocks) + "\n"


def align(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines: the first column to the left, the others to the right, by the width that a terminal gives them."""
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(_pad(cell, wide, left=n == 0) for n, (cell, wide) in enumerate(zip(row, widths, strict=True))) for row in rows
    ]


def width(text: str) -> int:
    """Columns of a terminal that the text takes: none for a combining mark, two for a wide letter.

    Source: Unicode Standard Annex 11, properties W and F.
    """
    shown = (letter for letter in text if unicodedata.category(letter) not in {"Mn", "Me", "Cf"})
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in shown)


def _pad(cell: str, wide: int, *, left: bool) -> str:
    blanks = " " * (wide - width(cell))
    return cell + blanks if left else blanks + cell


def _note(table: str, year: str, tier: str) -> str:
    notes = [YEARS_NOTE] if year == TOTAL else []
    notes += [PRINCIPAL_NOTE] if table != SEX_BY_AGE else []
    notes += [RESTRICTED_NOTE] if tier == RESTRICTED_TIER else []
    return "; ".join(notes)


def _heading(protocol: Protocol, tier: str) -> list[str]:
    mark = f"{tier} tier: exact counts, confidential, not for publication" if tier == RESTRICTED_TIER else f"{tier} tier"
    return [
        protocol.title,
        mark,
        f"protocol {protocol.id}",
        "unique persons, once per year and stage; unknown: sex or age group is not known",
    ]


def _sections(cells: pd.DataFrame) -> list[tuple[str, str]]:
    """Year and role of each section: years in order, the unknown one next to last, all years last."""
    present = set(zip(cells["year"], cells["role"], strict=True))
    return sorted(present, key=lambda one: (one[0] == TOTAL, one[0] == UNKNOWN, *one))


def _sex_by_age(part: pd.DataFrame, counts: Counts, protocol: Protocol, sources: Sources) -> list[str]:
    year, role = part["year"].iloc[0], part["role"].iloc[0]
    rows = [["stage", *_GROUPS, "unknown", "records", "records/person"]]
    notes = []
    for stage in _stages(part):
        found = {unit: _group_counts(counts, (year, role, stage), unit) for unit in (PERSON, RECORD)}
        rows.append([_word(protocol, "stage", stage), *_row(found[PERSON], found[RECORD]["total"])])
        notes.append(f"source, {rows[-1][0]}: {', '.join(sources.get((year, role, stage), ()))}")
    notes += [f"note: {YEARS_NOTE}"] if year == TOTAL else []
    return [_title(protocol, year, role), *align(rows), *notes]


def _group_counts(counts: Counts, at: tuple[str, str, str], unit: str) -> dict[str, int]:
    return {name: counts.get((SEX_BY_AGE, *at, *group, TOTAL, unit), 0) for name, group in _GROUPS.items()}


def _row(persons: Mapping[str, int], records: int) -> Iterator[str]:
    """Persons of each group, those of unknown sex or age group, records, and records per person."""
    yield from map(str, persons.values())
    yield str(persons["total"] - sum(persons[name] for name in _KNOWN_GROUPS))
    yield str(records)
    yield f"{records / persons['total']:.2f}"


def _by_dimension(part: pd.DataFrame, counts: Counts, protocol: Protocol, name: str) -> list[str]:
    """Values of a dimension down, stages across, the total in the last row."""
    year, role, stages = part["year"].iloc[0], part["role"].iloc[0], _stages(part)
    rows = [[_plain(name), *(_word(protocol, "stage", stage) for stage in stages)]]
    values = sorted(set(part.loc[part["table"] == name, "value"]), key=lambda value: (value == UNKNOWN, value))
    keys = [(name, value, _word(protocol, name, value)) for value in values] + [(SEX_BY_AGE, TOTAL, "total")]
    for table, value, words in keys:
        at = ((table, year, role, stage, TOTAL, TOTAL, value, PERSON) for stage in stages)
        rows.append([words, *(str(counts.get(key, 0)) for key in at)])
    return [f"{_title(protocol, year, role)} by {_plain(name)} ({PRINCIPAL_NOTE})", *align(rows)]


def _stages(part: pd.DataFrame) -> list[str]:
    """Stages of a section: any stage first, then as a case proceeds, unknown last."""
    place = {stage: number for number, stage in enumerate((TOTAL, *_LADDER))}
    return sorted(set(part["stage"]), key=lambda stage: (stage == UNKNOWN, place.get(stage, len(place)), stage))


def _title(protocol: Protocol, year: str, role: str) -> str:
    years = {TOTAL: "all years", UNKNOWN: "year unknown"}
    return f"{years.get(year, year)}, {_word(protocol, 'role', role) if 'role' in protocol.content else 'persons'}"


def _word(protocol: Protocol, name: str, code: str) -> str:
    """What a code is called in a table: the protocol's label, or the code itself."""
    if code == TOTAL:
        return f"any {_plain(name)}"
    if code == UNKNOWN:
        return f"{_plain(name)} unknown"
    return protocol.content.get(name, ContentField()).labels.get(code, code)


def _plain(name: str) -> str:
    return name.replace("_", " ")
