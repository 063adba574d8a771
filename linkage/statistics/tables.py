"""A publication in two shapes: tidy rows for machines, aligned tables for people.

Nothing is counted here: what the text tables show can be read back from the tidy rows. A hidden cell
is a row without a value and without an interval, and which rule hid it is not said: that a count is below a threshold
bounds it, and would narrow what the audit of the release holds open.

Source: reference `statistics.md`, section 7 (tidy rows) and section 1 (notes and footnotes).
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import pandas as pd

from linkage.schema import ADULT, MINOR, TOTAL, UNKNOWN
from linkage.statistics.cells import ANY, COHORT, DIMENSIONS, NOT_STATED, OVERLAP, PRINCIPAL, RECORD, SEX_BY_AGE, SHOWN, Publication
from linkage.statistics.figures import MARK, NOT_AVAILABLE, Figure, Figures, at, figures, shown
from linkage.statistics.geography import BREAK, NORMAL, country_of
from linkage.statistics.order import in_order, rank
from linkage.statistics.periods import is_broken, years_of
from linkage.statistics.sensitivity import RESTRICTED_TIER
from linkage.statistics.statutes import ICTIP, iccs
from linkage.statistics.words import Words, read_words, under

# What tells two rows apart, in the order by which they are sorted; and what follows from it.
COLUMNS = (
    *("DATAFLOW", "REF_AREA", "TIME_PERIOD", "STAGE", "ROLE", "SEX", "AGE", "CRIME", "ICCS", "ICTIP", "FORM", "CITIZENSHIP"),
    *("RULE", "LAG", "AGENCY", "OTHER", "COUNT_UNIT"),
    *("OBS_VALUE", "OBS_STATUS", "CONF_STATUS", "LINK_LO", "LINK_HI", "NOTE"),
)
KEY = tuple(name for name in COLUMNS[: COLUMNS.index("OBS_VALUE")] if name not in {"ICCS", "ICTIP"})
# SDMX CL_OBS_STATUS: missing value, suppressed. CL_CONF_STATUS: free, confidential.
SUPPRESSED = "Q"
FREE, CONFIDENTIAL = "F", "C"
# ICCS of a form of exploitation, where a table is by form; forms of several classes have that of trafficking itself.
# Source: reference `statistics.md`, section 2, and its code lists; level 3 to verify.
ICCS_OF_FORM: Mapping[str, str] = MappingProxyType(
    {
        **{"SEX": "02041", "LAB": "02042", "ORG": "02043", "SLA": "0204", "MIX": "0204"},
        **dict.fromkeys(("MAR", "BEG", "CRI", "ARM", "ADO", "OTH"), "02044"),
    }
)

_COLUMN_OF: Mapping[str, str] = MappingProxyType(
    {
        **{"year": "TIME_PERIOD", "stage": "STAGE", "role": "ROLE", "sex": "SEX", "age_group": "AGE", "article": "CRIME"},
        **{"form_of_exploitation": "FORM", "citizenship": "CITIZENSHIP", "rule": "RULE", "lag": "LAG", "agency": "AGENCY"},
        **{"other": "OTHER", "unit": "COUNT_UNIT"},
    }
)
_GROUPS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        **{"total": (TOTAL, TOTAL), "female": ("F", TOTAL), "male": ("M", TOTAL)},
        **{"girls": ("F", MINOR), "boys": ("M", MINOR), "women": ("F", ADULT), "men": ("M", ADULT)},
    }
)
_KNOWN_GROUPS = ("girls", "boys", "women", "men")
# What a spreadsheet would take for the beginning of a formula. Source: OWASP, CSV injection; full-width forms included.
_FORMULA = tuple("=+-@\t\r＝＋－＠")


def tidy(publication: Publication) -> pd.DataFrame:
    """One observation per row, with the columns of `COLUMNS`, sorted by `KEY`, which is unique.

    Returns:
        Text, except `OBS_VALUE`, `LINK_LO` and `LINK_HI`: whole numbers, "" where not shown or not known.

    Source: reference `statistics.md`, section 7.
    """
    cells = publication.cells
    shown = (cells["hidden"] == SHOWN) & (cells["count"] != NOT_STATED)
    status = _status(cells)
    rows = pd.DataFrame({column: cells[name] for name, column in _COLUMN_OF.items()}).assign(
        DATAFLOW=cells["table"].map({name: name.upper() for name in cells["table"].unique()}),
        REF_AREA=cells["region"].where(cells["district"] == TOTAL, cells["district"]),
        ICCS=_classes(cells, country_of(publication.protocol)),
        ICTIP=ICTIP,
        OBS_VALUE=_numbers(cells["count"], shown),
        OBS_STATUS=status.where(shown, SUPPRESSED),
        CONF_STATUS=pd.Series(FREE, cells.index).where(shown & (publication.tier != RESTRICTED_TIER), CONFIDENTIAL),
        LINK_LO=_numbers(cells["low"], shown),
        LINK_HI=_numbers(cells["high"], shown),
    )
    rows["NOTE"] = _notes(cells.assign(broken=status == BREAK, shown=shown), publication.tier)
    return rows[list(COLUMNS)].sort_values(list(KEY), ignore_index=True)


def csv_bytes(rows: pd.DataFrame, *, header: bool = True) -> bytes:
    """The rows as CSV: UTF-8 without a mark, LF, a header line unless told otherwise, quotes only where needed.

    A text that a spreadsheet would take for a formula gets an apostrophe before it; numbers are left alone.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows([rows.columns] if header else [])
    writer.writerows(zip(*(_safe(column).tolist() for _, column in rows.items()), strict=True))
    return stream.getvalue().encode()


def _numbers(values: pd.Series, shown: pd.Series) -> pd.Series:
    return values.astype(object).where(shown & (values != NOT_STATED), "")


def _status(cells: pd.DataFrame) -> pd.Series:
    """`B` where an area is another one than before, otherwise `A`."""
    areas = [cells[name] for name in ("region", "district", "year")]
    known = {
        (region, district, year): BREAK if is_broken("region", region, year) or is_broken("district", district, year) else NORMAL
        for region, district, year in dict.fromkeys(zip(*areas, strict=True))
    }
    return pd.Series([known[area] for area in zip(*areas, strict=True)], cells.index, dtype=object)


def _classes(cells: pd.DataFrame, country: str) -> list[str]:
    """ICCS class of each row's article in its year, or of its form; "" where it has none or the row is of neither."""
    crimes = [cells[name] for name in ("article", "form_of_exploitation", "year")]
    known = {
        (article, form, year): iccs(article, year, country) if article != TOTAL else ICCS_OF_FORM.get(form, "")
        for article, form, year in dict.fromkeys(zip(*crimes, strict=True))
    }
    return [known[crime] for crime in zip(*crimes, strict=True)]


def _notes(cells: pd.DataFrame, tier: str) -> list[str]:
    """What a reader must know of each row, in the order in which it is said."""
    facts = list(zip(*(cells[name].tolist() for name in ("table", "year", "rule", "broken", "shown")), strict=True))
    text = read_words("en").text
    said = {fact: "; ".join(map(text, _note_keys(fact, tier))) for fact in dict.fromkeys(facts)}
    return [said[fact] for fact in facts]


def _note_keys(fact: tuple[Any, ...], tier: str) -> Iterator[str]:
    table, year, rule, broken, shown = fact
    if year == TOTAL and table != OVERLAP:
        yield "years_note"
    if table not in {SEX_BY_AGE, COHORT, OVERLAP}:
        yield "any_note" if rule == ANY else "principal_note"
    if broken:
        yield "break_note"
    if not shown:
        yield "hidden_note"
    if tier == RESTRICTED_TIER:
        yield "restricted_note"


def _safe(column: pd.Series) -> pd.Series:
    risky = [text for text in column.unique() if isinstance(text, str) and text.startswith(_FORMULA)]
    return column.replace({text: f"'{text}" for text in risky}) if risky else column


def text_tables(publication: Publication, words: Words) -> str:
    """All tables as text: for each year and role sex by age group, then one table per dimension by its principal value.

    A hidden count is printed as `[c]`, one that is not published in this detail as `[x]`. Where the linkage interval is
    known, it stands in a last column.
    """
    words, cells = under(words, publication.protocol), publication.cells
    by_role = {role: figures(cells, role) for role in sorted(set(cells["role"]))}
    blocks = [_heading(publication, words)]
    for section in _sections(cells):
        found = by_role[section.role]
        blocks.append(_sex_by_age(section, found, publication, words))
        blocks += [_by_dimension(section, name, found, publication, words) for name in DIMENSIONS if name in section.values]
    return "\n\n".join("\n".join(lines) for lines in blocks) + "\n"


def agencies_of(publication: Publication, year: str, role: str, stage: str) -> tuple[str, ...]:
    """Agencies whose records were counted there; in a period of several years (`2016-2018`) those of its years."""
    return in_order(name for one in years_of(year) for name in publication.sources.get((one, role, stage), ()))


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


class _Section(NamedTuple):
    """What is printed together: a year and a role, their stages, and of each dimension the values that occur."""

    year: str
    role: str
    stages: tuple[str, ...]
    values: Mapping[str, tuple[str, ...]]

    @property
    def named(self) -> dict[str, str]:
        """The section as a part of a cell's key."""
        return {"year": self.year, "role": self.role}


def _sections(cells: pd.DataFrame) -> list[_Section]:
    """The sections, role by role within each year."""
    stages: dict[tuple[str, str], set[str]] = {}
    values: dict[tuple[str, str], dict[str, set[str]]] = {}
    for table in (SEX_BY_AGE, *DIMENSIONS):
        part = cells[(cells["table"] == table) & (cells["rule"].isin((PRINCIPAL, TOTAL)))]
        column = part[table if table in DIMENSIONS else "stage"]
        for year, role, value in dict.fromkeys(zip(part["year"], part["role"], column, strict=True)):
            if table == SEX_BY_AGE:
                stages.setdefault((year, role), set()).add(value)
            else:
                values.setdefault((year, role), {}).setdefault(table, set()).add(value)
    return [
        _Section(*at, in_order(stages[at], "stage"), {name: in_order(found) for name, found in values.get(at, {}).items()})
        for at in sorted(stages, key=lambda at: (rank("year", at[0]), at[1]))
    ]


def _heading(publication: Publication, words: Words) -> list[str]:
    protocol = publication.protocol
    return [
        words.code("title", protocol.title),
        words.text("restricted_mark" if publication.tier == RESTRICTED_TIER else "public_mark"),
        words.text("protocol_is", id=protocol.id),
        words.text("how_counted"),
    ]


def _sex_by_age(section: _Section, found: Figures, publication: Publication, words: Words) -> list[str]:
    rows, sources = [], []
    for stage in section.stages:
        named = {**section.named, "stage": stage}
        rows.append([words.code("stage", stage), *_row(found, named)])
        agencies = (words.code("agency", name) for name in agencies_of(publication, section.year, section.role, stage))
        sources.append(words.text("source_of", stage=rows[-1][0], agencies=", ".join(agencies)))
    head = [words.code("dimension", "stage"), *(words.code("group", name) for name in (*_GROUPS, "unknown"))]
    head += [words.text(key) for key in ("records", "records_per_person", "interval")]
    notes = [words.text("note_of", text=words.text("years_note"))] if section.year == TOTAL else []
    return [_title(section, publication, words), *align(_of_what_is_known([head, *rows])), *sources, *notes]


def _row(found: Figures, named: Mapping[str, str]) -> Iterator[str]:
    """Persons of each group, those of unknown sex or age group, records, records per person, and the linkage interval."""
    persons = {name: at(found, SEX_BY_AGE, **named, sex=sex, age_group=age) for name, (sex, age) in _GROUPS.items()}
    total, known = persons["total"], [persons[name] for name in _KNOWN_GROUPS]
    records = at(found, SEX_BY_AGE, **named, unit=RECORD)
    yield from map(_printed, persons.values())
    yield _combined((total, *known), lambda whole, *parts: str(whole - sum(parts)))
    yield _printed(records)
    yield _combined((records, total), lambda above, below: f"{above / below:.2f}" if below else "[z]")
    yield _interval(total)


def _interval(figure: Figure | None) -> str:
    if figure is None or not (figure.hidden or figure.stated):
        return NOT_AVAILABLE
    return MARK if figure.hidden else f"{figure.low}–{figure.high}"


def _printed(figure: Figure | None) -> str:
    return str(shown(figure))


def _combined(figures: Sequence[Figure | None], combine: Callable[..., str]) -> str:
    """What follows from printed figures; not available or hidden, as soon as one of them is."""
    marks = {_printed(figure) for figure in figures} & {MARK, NOT_AVAILABLE}
    return max(marks) if marks else combine(*(figure.count for figure in figures if figure))


def _of_what_is_known(rows: list[list[str]]) -> list[list[str]]:
    """The rows without the columns of which nothing is available."""
    kept = [any(row[column] != NOT_AVAILABLE for row in rows[1:]) for column in range(len(rows[0]))]
    return [[cell for cell, keep in zip(row, kept, strict=True) if keep] for row in rows]


def _by_dimension(section: _Section, name: str, found: Figures, publication: Publication, words: Words) -> list[str]:
    """Values of a dimension down, stages across, the total in the last row."""
    rows = [[words.code("dimension", name), *(words.code("stage", stage) for stage in section.stages)]]
    for value in section.values[name]:
        cells = (at(found, name, **section.named, **{name: value}, stage=stage, rule=PRINCIPAL) for stage in section.stages)
        rows.append([words.code(name, value), *map(_printed, cells)])
    totals = (at(found, SEX_BY_AGE, **section.named, stage=stage) for stage in section.stages)
    rows.append([words.text("total"), *map(_printed, totals)])
    title = _title(section, publication, words)
    return [words.text("by_dimension", title=title, dimension=rows[0][0], rule=words.text("principal_note")), *align(rows)]


def _title(section: _Section, publication: Publication, words: Words) -> str:
    years = {TOTAL: words.text("all_years"), UNKNOWN: words.text("year_unknown")}
    role = words.code("role", section.role) if "role" in publication.protocol.content else words.text("persons")
    return words.text("section_title", years=years.get(section.year, section.year), role=role)
