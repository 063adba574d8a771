"""The tables of the workbook as plain data: what stands on each sheet, before anything is drawn.

Each sheet holds one table. Its first columns name what a row counts, the others hold counts; no cell is empty. All
numbers are those of cells: nothing is added up here, and the ratio of records to persons is the only quotient.

Source: reference `statistics.md`, section 7 (XLSX); UK government guidance on releasing statistics in spreadsheets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from linkage.schema import ADULT, MINOR, TOTAL, UNKNOWN
from linkage.statistics.cells import COHORT, CUBE, DIMENSIONS, KEY, OVERLAP, PERSON, RECORD, SEX_BY_AGE, Publication
from linkage.statistics.figures import MARK, NOT_AVAILABLE, Figure, Figures, at, figures, shown, values
from linkage.statistics.flat import flat
from linkage.statistics.geography import country_of
from linkage.statistics.order import in_order, rank
from linkage.statistics.periods import is_broken
from linkage.statistics.questionnaire import table as questionnaire
from linkage.statistics.statutes import iccs
from linkage.statistics.words import Words, capitalised

NOT_APPLICABLE, BROKEN = "[z]", "[b]"
NOTES = (
    *("note_persons", "note_years", "note_stages", "note_roles", "note_values", "note_age", "note_interval", "note_hidden"),
    *("note_zero", "note_cohort", "note_overlap", "note_region", "note_offence"),
)
SHORTHAND = ("[c]", "[x]", "[z]", "[low]", "[p]", "[r]", "[e]", "[b]", "[u]", "[note 1]")
# Columns of counts by sex and age group.
GROUPS: Mapping[str, tuple[str, str]] = {
    **{"total": (TOTAL, TOTAL), "female": ("F", TOTAL), "male": ("M", TOTAL), "sex_unknown": (UNKNOWN, TOTAL)},
    **{"minors": (TOTAL, MINOR), "adults": (TOTAL, ADULT), "age_unknown": (TOTAL, UNKNOWN)},
    **{"girls": ("F", MINOR), "boys": ("M", MINOR), "women": ("F", ADULT), "men": ("M", ADULT)},
}
_COUNTED = ("note_persons", "note_years", "note_stages", "note_roles", "note_age", "note_interval", "note_hidden", "note_zero")
_LIFE = ("year", "role", "stage")
_SEX_BY_AGE = ("sex", "age_group")
_TOTAL = (TOTAL, TOTAL)

Cell = str | int | float
Values = tuple[str, ...]
Grid = Mapping[Values, Mapping[Values, Figure]]


@dataclass(frozen=True)
class Sheet:
    """One table and what stands above it.

    Attributes:
        key: ASCII name of the table.
        name: of the sheet.
        title: what the table holds.
        heads: of the columns, each once.
        rows: one cell per head; whole numbers, ratios, or text.
        named: how many columns at the left name the row.
        notes: keys of the notes that a reader needs.
        counts: whether it holds numbers of persons.
        texts: how many columns at the right hold text; those between are numbers.
    """

    key: str
    name: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...] = field(repr=False)
    named: int
    notes: tuple[str, ...] = ()
    counts: bool = True
    texts: int = 0

    @property
    def numbers(self) -> range:
        """The columns of numbers, in which shorthand may stand for one."""
        return range(self.named, len(self.heads) - self.texts)


def sheets(publication: Publication, words: Words) -> tuple[Sheet, ...]:
    """All tables, in the order in which they are bound; tables without a row are left out.

    Args:
        publication: what is shown.
        words: under the publication's protocol.
    """
    found, country = figures(publication.cells), country_of(publication.protocol)
    bound = (
        _summary(found, words),
        *(_role(role, found, words) for role in in_order(publication.cells["role"])),
        *(_dimension(name, found, country, words) for name in DIMENSIONS),
        *(make(found, words) for make in (_cube, _cohort, _overlap)),
        _questionnaire(publication, words),
        _sources(publication, words),
        *(_facts(name, facts, words) for name, facts in (("quality", publication.quality), ("revision", publication.revision))),
    )
    return _named_apart([sheet for sheet in bound if sheet.rows])


def grid(
    found: Figures, table: str, index: Sequence[str], across: Sequence[str], columns: Sequence[Values] = (), **wanted: str
) -> Grid:
    """Cells of a table, row by row: values of the index columns to figures by the values of the columns that go across.

    Args:
        found: the figures of all roles.
        table: of which the cells are.
        index: columns of the key that name a row.
        across: those that name a column.
        columns: values of these that are asked for; all that occur, if none are named.
        wanted: what else a cell must have; the unit is the person unless said.

    Returns:
        The rows in a reader's order; a figure that is not published in this detail is missing from its row.
    """
    down, right = ([KEY.index(name) for name in names] for names in (index, across))
    must = [(KEY.index(name), value) for name, value in {"unit": PERSON, **wanted}.items()]
    keys = [key for key in found.cells.get(table, {}) if all(key[place] == value for place, value in must)]
    heads = {tuple(key[place] for place in down) for key in keys}
    asked = columns or sorted({tuple(key[place] for place in right) for key in keys})
    rows: dict[Values, dict[Values, Figure]] = {}
    for head in sorted(heads, key=lambda head: tuple(map(rank, index, head))):
        of = {**wanted, **dict(zip(index, head, strict=True))}
        figures_of = ((column, at(found, table, **of, **dict(zip(across, column, strict=True)))) for column in asked)
        rows[head] = {column: figure for column, figure in figures_of if figure is not None}
    return rows


def _summary(found: Figures, words: Words) -> Sheet:
    """Persons and records of each year, role and stage."""
    heads = ["head_year", "head_role", "head_stage", "head_persons", "head_low", "head_high", "head_records"]
    records = grid(found, SEX_BY_AGE, _LIFE, _SEX_BY_AGE, (_TOTAL,), unit=RECORD)
    rows = []
    for life, groups in grid(found, SEX_BY_AGE, _LIFE, _SEX_BY_AGE, (_TOTAL,)).items():
        persons, recorded = groups.get(_TOTAL), records.get(life, {}).get(_TOTAL)
        rows.append((*_life(life, words), shown(persons), *_interval(persons), shown(recorded), _ratio(recorded, persons)))
    name, title = words.text("sheet_summary"), words.text("title_summary")
    return Sheet("persons", name, title, tuple(map(words.text, [*heads, "head_records_per_person"])), tuple(rows), 3, _COUNTED)


def _role(role: str, found: Figures, words: Words) -> Sheet:
    """Persons of a role by year and stage, sex by age group across."""
    cells = grid(found, SEX_BY_AGE, ("year", "stage"), _SEX_BY_AGE, tuple(GROUPS.values()), role=role)
    names = _counted(cells.values())
    heads = (words.text("head_year"), words.text("head_stage"), *_group_heads(names, words))
    rows = [
        (_year(year, words), capitalised(words.code("stage", stage)), *_group_cells(groups, names))
        for (year, stage), groups in cells.items()
    ]
    named = words.code("role", role)
    title = words.text("title_role", role=named)
    return Sheet(f"role_{role}", capitalised(named), title, heads, tuple(rows), 2, _COUNTED)


def _dimension(name: str, found: Figures, country: str, words: Words) -> Sheet:
    """Persons by the values of a dimension, under each rule by which they were counted; by sex and age group where it is so."""
    cells = grid(found, name, (*_LIFE, "rule", name), _SEX_BY_AGE, tuple(GROUPS.values()))
    names = _counted(cells.values())
    heads = [*map(words.text, ("head_year", "head_role", "head_stage", "head_rule")), capitalised(words.code("dimension", name))]
    heads += [words.text("head_class" if name == "article" else "head_label")]
    rows = []
    for (year, role, stage, rule, code), groups in cells.items():
        named = (*_life((year, role, stage), words), words.code("rule", rule), code, _label(name, code, year, country, words))
        rows.append((*named, *_group_cells(groups, names)))
    notes = (*_COUNTED, "note_values", *(("note_region",) if name in {"region", "district"} else ()))
    title = words.text("title_dimension", dimension=words.code("dimension", name))
    return Sheet(name, words.code("table", name), title, (*heads, *_group_heads(names, words)), tuple(rows), len(heads), notes)


def _label(name: str, code: str, year: str, country: str, words: Words) -> str:
    """What a value is called; of an article its class, since its own words are in no code list."""
    if name == "article" and code != UNKNOWN:
        found = iccs(code, year, country)
        return f"{found} {words.code('iccs', found)}" if found else NOT_AVAILABLE
    label = capitalised(words.code(name, code))
    return f"{label} {BROKEN}" if is_broken(name, code, year) else label


def _cube(found: Figures, words: Words) -> Sheet:
    """Region by article, sexes across."""
    index = (*_LIFE, "region", "article")
    cells = grid(found, CUBE, index, ("sex",))
    sexes = in_order((sex for row in cells.values() for (sex,) in row), "sex")
    heads = [*map(words.text, ("head_year", "head_role", "head_stage"))]
    heads += [capitalised(words.code("dimension", name)) for name in index[3:]]
    rows = []
    for key, row in cells.items():
        named = (capitalised(words.code(name, code)) for name, code in zip(index[3:], key[3:], strict=True))
        rows.append((*_life(key[:3], words), *named, *(shown(row.get((sex,))) for sex in sexes)))
    heads += [capitalised(words.code("sex", sex)) for sex in sexes]
    notes = (*_COUNTED, "note_region", "note_values")
    return Sheet("cube", words.text("sheet_cube"), words.text("title_cube"), tuple(heads), tuple(rows), len(index), notes)


def _cohort(found: Figures, words: Words) -> Sheet:
    """Years of first suspicion and years since, by sex; stages across."""
    cells = grid(found, COHORT, ("year", "role", "lag", "sex"), ("stage",))
    stages = in_order((stage for row in cells.values() for (stage,) in row), "stage")
    heads = [words.text(key) for key in ("head_first_year", "head_role", "head_lag")]
    heads += [capitalised(words.code("dimension", "sex")), *(capitalised(words.code("stage", stage)) for stage in stages)]
    rows = [
        (
            *(_year(year, words), capitalised(words.code("role", role)), int(lag), capitalised(words.code("sex", sex))),
            *(shown(row.get((stage,))) for stage in stages),
        )
        for (year, role, lag, sex), row in cells.items()
    ]
    notes = ("note_persons", "note_cohort", "note_hidden", "note_zero")
    return Sheet("cohort", words.text("sheet_cohort"), words.text("title_cohort"), tuple(heads), tuple(rows), 4, notes)


def _overlap(found: Figures, words: Words) -> Sheet:
    """Agencies down and across, role by role; each pair stands on both sides."""
    agencies = in_order({name for column in ("agency", "other") for name in values(found, OVERLAP, column)})
    heads = [words.text("head_role"), words.text("head_agency"), *(capitalised(words.code("agency", name)) for name in agencies)]
    rows = []
    for role in values(found, OVERLAP, "role"):
        for one in agencies:
            pairs = (sorted((one, other)) for other in agencies)
            shared = (shown(at(found, OVERLAP, role=role, agency=first, other=second)) for first, second in pairs)
            rows.append((capitalised(words.code("role", role)), capitalised(words.code("agency", one)), *shared))
    notes = ("note_persons", "note_overlap", "note_hidden", "note_zero")
    return Sheet("overlap", words.text("sheet_overlap"), words.text("title_overlap"), tuple(heads), tuple(rows), 2, notes)


def _questionnaire(publication: Publication, words: Words) -> Sheet:
    heads, rows = questionnaire(publication, words)
    name, title = words.text("sheet_questionnaire"), words.text("title_questionnaire")
    notes = ("note_persons", "note_age", "note_hidden", "note_zero")
    return Sheet("questionnaire", name, title, heads, rows, 3, notes, texts=3)


def _sources(publication: Publication, words: Words) -> Sheet:
    heads = tuple(map(words.text, ("head_year", "head_role", "head_stage", "head_sources")))
    ordered = sorted(publication.sources, key=lambda at: tuple(map(rank, _LIFE, at)))
    rows = [(*_life(at, words), ", ".join(words.code("agency", name) for name in publication.sources[at])) for at in ordered]
    return Sheet("sources", words.text("sheet_sources"), words.text("title_sources"), heads, tuple(rows), 3, counts=False, texts=1)


def _facts(name: str, facts: Mapping[str, object], words: Words) -> Sheet:
    """A report of nested facts, a line each."""
    heads = tuple(map(words.text, ("head_section", "head_subject", "head_measure", "head_value")))
    rows = [
        (
            *(capitalised(_plain(words, name, line.section)), _subject(line.subject, name, words)),
            *(capitalised(_plain(words, name, line.measure)), _value(line.value, name, words)),
        )
        for line in flat(facts)
    ]
    return Sheet(name, words.text(f"sheet_{name}"), words.text(f"title_{name}"), heads, tuple(rows), 3, counts=False)


def _value(value: int | str, report: str, words: Words) -> Cell:
    """A number, or codes in words where they have any."""
    if not isinstance(value, str):
        return value
    return ", ".join(_named(words, report, one) or one for one in value.split(", "))


def _subject(subject: Sequence[tuple[str, str]], report: str, words: Words) -> str:
    """What a value is of, in words: agencies, roles and fields by their names."""
    known = dict(subject)
    kinds = {"role": "role", "stage": "stage", "value": known.get("name", "")}
    said = []
    for key, text in subject:
        if key == "year":
            said.append(str(_year(text, words)))
        else:
            said.append(words.code(kinds[key], text) if key in kinds else _plain(words, report, text))
    return ", ".join(said) or NOT_APPLICABLE


def _plain(words: Words, report: str, name: str) -> str:
    """A name that may be of a measure, an agency or a field."""
    return _named(words, report, name) or name.replace("_", " ")


def _named(words: Words, report: str, name: str) -> str:
    """What it is called; "" where nothing of ours has the name."""
    return next((label for kind in (report, "agency", "dimension") if (label := words.code(kind, name)) != name), "")


def _life(at: Sequence[str], words: Words) -> tuple[Cell, Cell, Cell]:
    year, role, stage = at
    return _year(year, words), capitalised(words.code("role", role)), capitalised(words.code("stage", stage))


def _year(year: str, words: Words) -> Cell:
    """A year as a number, a period as text, and the others in words."""
    said = {TOTAL: words.text("all_years"), UNKNOWN: words.text("year_unknown")}
    return int(year) if year.isdigit() else capitalised(said.get(year, year))


def _counted(rows: Iterable[Mapping[Values, Figure]]) -> tuple[str, ...]:
    """The groups by which any of the rows is broken down, in their order."""
    there = {group for row in rows for group in row}
    return tuple(name for name, group in GROUPS.items() if group in there)


def _group_heads(names: Sequence[str], words: Words) -> tuple[str, ...]:
    groups = (capitalised(words.code("group", name)) for name in names)
    return (*groups, words.text("head_low"), words.text("head_high"))


def _group_cells(row: Mapping[Values, Figure], names: Sequence[str]) -> tuple[Cell, ...]:
    """The count of each named group, and the interval of their total."""
    return (*(shown(row.get(GROUPS[name])) for name in names), *_interval(row.get(_TOTAL)))


def _interval(figure: Figure | None) -> tuple[Cell, Cell]:
    if figure is not None and figure.hidden:
        return MARK, MARK
    return (figure.low, figure.high) if figure is not None and figure.stated else (NOT_AVAILABLE, NOT_AVAILABLE)


def _ratio(records: Figure | None, persons: Figure | None) -> Cell:
    """Records per person to two places."""
    if records is None or persons is None:
        return NOT_AVAILABLE
    if records.hidden or persons.hidden:
        return MARK
    return round(records.count / persons.count, 2) if persons.count else NOT_APPLICABLE


def _named_apart(bound: Sequence[Sheet]) -> tuple[Sheet, ...]:
    """The sheets under names that a workbook takes: at most 31 letters, no brackets, slashes or `:*?`, no two alike."""
    taken: set[str] = set()
    named = []
    for sheet in bound:
        plain = re.sub(r"[\[\]:*?/\\]", " ", sheet.name).strip("'")[:31]
        name = next(one for one in _tries(plain) if one.casefold() not in taken)
        taken.add(name.casefold())
        named.append(replace(sheet, name=name))
    return tuple(named)


def _tries(name: str) -> Iterator[str]:
    yield name
    for number in count(2):
        yield f"{name[: 30 - len(str(number))]} {number}"
