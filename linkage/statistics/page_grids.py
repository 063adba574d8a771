"""The tables of the page: for each role by year and stage, by sex and age, by each dimension; the flow; the agencies.

A table holds one role: victims and offenders never meet in one. Under each stand the articles and the agencies that its
stages were counted from, and what does not add up.

Source: reference `statistics.md`, section 1, rules 1, 3 to 6 and 10.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from linkage.schema import ADULT, MINOR, TOTAL, UNKNOWN
from linkage.statistics.cells import COHORT, OVERLAP, PRINCIPAL, RECORD, SEX_BY_AGE, Sources
from linkage.statistics.figures import NOT_AVAILABLE, Figure, Figures, at, is_several, periods, stages, values
from linkage.statistics.grids import Cell, Grid, Group, Row, named
from linkage.statistics.order import in_order
from linkage.statistics.page_words import listed, role_of, year_of
from linkage.statistics.words import Words, capitalised

# Four groups of sex by age, and the two in which one of them is not known. Source: reference `statistics.md`, section 2.
DRAWN: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"girls": ("F", MINOR), "boys": ("M", MINOR), "women": ("F", ADULT), "men": ("M", ADULT)}
)
NOT_KNOWN: Mapping[str, tuple[str, str]] = MappingProxyType({"sex_unknown": (UNKNOWN, TOTAL), "age_unknown": (TOTAL, UNKNOWN)})
# What stages are chosen from where only some have room, and the one that stands for a role.
MAIN = ("DET", "ASS", "REP", "SUS", "PRO", "CON")
CASE = ("DET", "SUS", "PRO", "CON")
HEADLINE: Mapping[str, str] = MappingProxyType({"victim": "DET", "offender": "CON"})
MOST_SERIES, LAST_YEARS = 4, 4
NO_COUNT = "–"


@dataclass(frozen=True)
class Told:
    """What the tables of one role are made of.

    Attributes:
        found: the figures of the role.
        role: its code.
        words: of the page.
        sources: whose records were counted.
    """

    found: Figures
    role: str
    words: Words
    sources: Sources


def years(told: Told) -> tuple[str, ...]:
    """The years of the role, the unknown one and all of them; no periods of several, which hold the years that stand there."""
    known = values(told.found, SEX_BY_AGE, "year")
    single = tuple(year for year in known if not is_several(year))
    return single if periods(single) else known


def main_stages(told: Told) -> tuple[str, ...]:
    """At most four stages, the best known first chosen, in the order of a case; any stage, where there is no other."""
    known = [stage for stage in stages(told.found) if stage not in {TOTAL, UNKNOWN}]
    chosen = sorted(known, key=lambda stage: stage not in MAIN)[:MOST_SERIES]
    return tuple(stage for stage in known if stage in chosen) or (TOTAL,)


def headline_stage(told: Told) -> str:
    """The stage that stands for the role; any stage, where it has none."""
    stage = HEADLINE.get(told.role, TOTAL)
    return stage if stage in stages(told.found) else TOTAL


def latest(told: Told, table: str, stage: str) -> str:
    """The last year, or range of years, of a table's stage; all years, where none is known."""
    of_stage = periods(values(told.found, table, "year", stage=stage))
    known = [year for year in of_stage if table != SEX_BY_AGE or year in years(told)]
    return known[-1] if known else TOTAL


def trend(told: Told) -> Grid:
    """Years down, at most four stages across."""
    across, down = main_stages(told), years(told)
    rows = [_year_row(told, year, [_cell(told, SEX_BY_AGE, year=year, stage=stage) for stage in across]) for year in down]
    return Grid(
        named("trend", told.role),
        told.words.text("page.caption_trend", role=role_of(told.words, told.role)),
        told.words.text("page.year"),
        across,
        tuple(told.words.code("stage", stage) for stage in across),
        (Group("", tuple(rows)),),
        (*footnotes(told, across), *_years_note(told, down), *_lag_note(told, across)),
    )


def groups(told: Told, stage: str, year: str) -> Grid:
    """Sex and age groups down, one stage and year; the four groups first."""
    words, of = told.words, {"stage": stage, "year": year}
    rows = [
        Row(name, _group_word(words, name), (_cell(told, SEX_BY_AGE, sex=sex, age_group=age, **of),))
        for name, (sex, age) in {**DRAWN, **NOT_KNOWN}.items()
    ]
    total = Row(TOTAL, words.text("total"), (_cell(told, SEX_BY_AGE, **of),), total=True)
    where = {"role": role_of(words, told.role), "stage": words.code("stage", stage), "year": year_of(words, year)}
    return Grid(
        named("groups", told.role),
        words.text("page.caption_groups", **where),
        words.text("page.group"),
        (stage,),
        (words.text("persons"),),
        (Group("", (*rows, total)),),
        (*footnotes(told, (stage,)), words.text("page.drawn_note")),
    )


def all_stages(told: Told) -> Grid:
    """Stages and years down, sex and age groups and records across."""
    words = told.words
    across = {"persons": (TOTAL, TOTAL), **DRAWN, **_not_known(told)}
    down = stages(told.found)
    heads = (*(_group_word(words, name) for name in across), words.text("records"), words.text("records_per_person"))
    return Grid(
        named("stages", told.role),
        words.text("page.caption_stages", role=role_of(words, told.role)),
        words.text("page.year"),
        (*across, "records", "ratio"),
        heads,
        tuple(Group(words.code("stage", stage), tuple(_stage_rows(told, stage, across))) for stage in down),
        (*footnotes(told, down), *_years_note(told, (TOTAL,)), capitalised(words.text("stages_note")) + "."),
    )


def now(told: Told, dimension: str, stage: str, year: str) -> Grid:
    """Values of a dimension down, the largest first; one stage and year."""
    words, of = told.words, {"stage": stage, "year": year}
    known = (value for value in values(told.found, dimension, dimension, rule=PRINCIPAL, **of) if value != TOTAL)
    found = ((value, _figure(told, dimension, rule=PRINCIPAL, **of, **{dimension: value})) for value in known)
    seen = {value: figure for value, figure in found if figure is not None}
    down = sorted(seen, key=lambda value: (value == UNKNOWN, -seen[value].count, value))
    where = {"role": role_of(words, told.role), "stage": words.code("stage", stage), "year": year_of(words, year)}
    return Grid(
        named("now", dimension, told.role),
        words.text("page.caption_now", dimension=words.code("dimension", dimension), **where),
        capitalised(words.code("dimension", dimension)),
        (stage,),
        (words.text("persons"),),
        (Group("", tuple(Row(value, _value_word(words, dimension, value), (seen[value],)) for value in down)),),
        (*footnotes(told, (stage,)), capitalised(words.text("principal_note")) + "."),
    )


def by_value(told: Told, dimension: str, rule: str) -> Grid:
    """Stages and values of a dimension down, the last years and all years across."""
    words = told.words
    down = main_stages(told)
    counted = values(told.found, dimension, "year", rule=rule)
    kept = (*periods(counted)[-LAST_YEARS:], *(year for year in counted if year in {UNKNOWN, TOTAL}))
    said = words.text("principal_note" if rule == PRINCIPAL else "any_note")
    where = {"role": role_of(words, told.role), "dimension": words.code("dimension", dimension), "rule": words.code("rule", rule)}
    cut = [words.text("page.last_years_note", count=LAST_YEARS)] if len(periods(counted)) > LAST_YEARS else []
    return Grid(
        named(dimension, rule, told.role),
        words.text("page.caption_values", **where),
        capitalised(words.code("dimension", dimension)),
        kept,
        tuple(year_of(words, year) for year in kept),
        tuple(Group(words.code("stage", stage), tuple(_value_rows(told, dimension, rule, stage, kept))) for stage in down),
        (*footnotes(told, down), capitalised(said) + ".", *_years_note(told, kept), *cut),
    )


def flow(told: Told) -> Grid:
    """Years of first suspicion down, furthest stages so far across, and how long they were followed."""
    words = told.words
    across = stages_of_flow(told)
    rows = []
    for year in values(told.found, COHORT, "year"):
        lag = _longest(told, year)
        of = {"year": year, "lag": lag}
        cells = [_cell(told, COHORT, stage=stage, **of) for stage in (*across, TOTAL)]
        rows.append(Row(year, year_of(words, year), (*cells, lag)))
    heads = (*(words.code("stage", stage) for stage in across), words.text("page.all_first_suspected"), words.text("page.followed"))
    return Grid(
        named("flow", told.role),
        words.text("page.caption_flow", role=role_of(words, told.role)),
        words.text("page.cohort"),
        (*across, TOTAL, "lag"),
        heads,
        (Group("", tuple(rows)),),
        (*footnotes(told, ("SUS", *(stage for stage in across if stage != "SUS"))), words.text("page.flow_note")),
    )


def flow_by_lag(told: Told, stage: str) -> Grid:
    """Years of first suspicion down, years since across: those whose furthest stage was the one named."""
    words = told.words
    lags = sorted({lag for lag in values(told.found, COHORT, "lag") if lag != TOTAL}, key=int)
    years = values(told.found, COHORT, "year")
    rows = [Row(year, year_of(words, year), tuple(_at_lag(told, year, lag, stage) for lag in lags)) for year in years]
    return Grid(
        named("lag", stage, told.role),
        words.text("page.caption_lag", role=role_of(words, told.role), stage=words.code("stage", stage)),
        words.text("page.cohort"),
        tuple(lags),
        tuple(f"+{lag}" for lag in lags),
        (Group("", tuple(rows)),),
        footnotes(told, (stage,)),
    )


def overlap(told: Told) -> Grid:
    """Agencies down and across: persons on both lists; on the diagonal, on the one."""
    words = told.words
    agencies = sorted({*values(told.found, OVERLAP, "agency"), *values(told.found, OVERLAP, "other")} - {TOTAL})
    rows = [Row(one, words.code("agency", one), tuple(_shared(told, one, two) for two in agencies)) for one in agencies]
    return Grid(
        named("overlap", told.role),
        words.text("page.caption_overlap", role=role_of(words, told.role)),
        words.text("page.agency"),
        tuple(agencies),
        tuple(words.code("agency", one) for one in agencies),
        (Group("", tuple(rows)),),
        (*footnotes(told, (TOTAL,)), words.text("page.overlap_note")),
    )


def stages_of_flow(told: Told) -> tuple[str, ...]:
    """The furthest stages that anybody of a cohort has reached, in the order of a case."""
    known = set(values(told.found, COHORT, "stage")) - {TOTAL}
    return tuple(stage for stage in ("SUS", "PRO", "ACQ", "CON", "SEN") if stage in known)


def footnotes(told: Told, across: Sequence[str]) -> tuple[str, ...]:
    """Articles and agencies of each stage; stages that have the same share a line.

    Source: reference `statistics.md`, section 1, rule 10.
    """
    words = told.words
    shared: dict[tuple[str, str], list[str]] = {}
    for stage in across:
        shared.setdefault((_articles(told, stage), _agencies(told, stage)), []).append(words.code("stage", stage))
    return tuple(
        words.text("page.article_and_source", stage=capitalised(", ".join(names)), articles=articles, agencies=agencies)
        for (articles, agencies), names in shared.items()
    )


def _articles(told: Told, stage: str) -> str:
    """Those that have a row in the article table, whatever their count."""
    known = values(told.found, "article", "article", stage=stage)
    return listed(told.words, "article", [article for article in known if article not in {TOTAL, UNKNOWN}])


def _agencies(told: Told, stage: str) -> str:
    """Those whose records were counted in any year."""
    of = [names for (_, role, counted), names in told.sources.items() if (role, counted) == (told.role, stage)]
    return listed(told.words, "agency", sorted({agency for names in of for agency in names}))


def _figure(told: Told, table: str, **named: str) -> Figure | None:
    """The figure of one of the role's cells; None for one that is not published."""
    return at(told.found, table, role=told.role, **named)


def _cell(told: Told, table: str, **named: str) -> Cell:
    return _figure(told, table, **named) or NOT_AVAILABLE


def _years_note(told: Told, years: Sequence[str]) -> tuple[str, ...]:
    return (capitalised(told.words.text("years_note")) + ".",) if TOTAL in years else ()


def _lag_note(told: Told, across: Sequence[str]) -> tuple[str, ...]:
    return (told.words.text("page.trend_note"),) if {"SUS", "CON"} <= set(across) else ()


def _year_row(told: Told, year: str, cells: Sequence[Cell]) -> Row:
    return Row(year, year_of(told.words, year), tuple(cells), total=year == TOTAL)


def _group_word(words: Words, name: str) -> str:
    if name in NOT_KNOWN:
        return words.text(f"page.{name}")
    return words.text("persons") if name == "persons" else words.code("group", name)


def _value_word(words: Words, dimension: str, value: str) -> str:
    """What a value is called in a table that says of what."""
    return words.text("unknown") if value == UNKNOWN else words.code(dimension, value)


def _not_known(told: Told) -> dict[str, tuple[str, str]]:
    """Those of the two groups of unknown sex or age that have a cell."""
    there = {"sex_unknown": values(told.found, SEX_BY_AGE, "sex"), "age_unknown": values(told.found, SEX_BY_AGE, "age_group")}
    return {name: group for name, group in NOT_KNOWN.items() if UNKNOWN in there[name]}


def _stage_rows(told: Told, stage: str, across: Mapping[str, tuple[str, str]]) -> Iterator[Row]:
    for year in in_order({*years(told)} & {*values(told.found, SEX_BY_AGE, "year", stage=stage)}, "year"):
        of = {"stage": stage, "year": year}
        persons = [_cell(told, SEX_BY_AGE, sex=sex, age_group=age, **of) for sex, age in across.values()]
        records = _cell(told, SEX_BY_AGE, unit=RECORD, **of)
        yield _year_row(told, year, [*persons, records, _ratio(records, persons[0])])


def _ratio(records: Cell, persons: Cell) -> str:
    """Records per person to two digits, rounded half up; a dash where one of them is hidden or nobody is there.

    Source: reference `statistics.md`, section 1, rule 1.
    """
    if isinstance(records, str) or isinstance(persons, str) or records.hidden or persons.count <= 0:
        return NO_COUNT
    hundredths = (200 * records.count + persons.count) // (2 * persons.count)
    return f"{hundredths // 100}.{hundredths % 100:02}"


def _value_rows(told: Told, dimension: str, rule: str, stage: str, years: Sequence[str]) -> Iterator[Row]:
    words, of = told.words, {"stage": stage}
    for value in values(told.found, dimension, dimension, rule=rule, **of):
        cells = (_cell(told, dimension, rule=rule, year=year, **{dimension: value}, **of) for year in years)
        yield Row(value, _value_word(words, dimension, value), tuple(cells))
    totals = (_cell(told, SEX_BY_AGE, year=year, **of) for year in years)
    yield Row(TOTAL, words.text("total"), tuple(totals), total=True)


def _longest(told: Told, year: str) -> str:
    return max((lag for lag in values(told.found, COHORT, "lag", year=year) if lag != TOTAL), key=int)


def _at_lag(told: Told, year: str, lag: str, stage: str) -> Cell:
    """A dash where the cohort was not followed for so long."""
    return _figure(told, COHORT, year=year, lag=lag, stage=stage) or NO_COUNT


def _shared(told: Told, one: str, two: str) -> Cell:
    """Persons on both lists; each pair stands once in the cells."""
    first, second = sorted((one, two))
    return _cell(told, OVERLAP, agency=first, other=second)
