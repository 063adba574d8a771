"""The counts in the order in which UNODC's questionnaire asks for them: eight questions, the last four years across.

Each row names the articles under which its persons were counted, and the agencies whose records say so. What content does
not hold is `[x]`, with the reason in the row: offences (question 1), and the country that a person returned from
(question 8). A year of which nothing was published is `[x]` too, and not a zero.

Source: reference `statistics.md`, section 2 (questionnaire, edition of 2016; questions 3 to 8 to verify) and section 1, rule 10.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from linkage.schema import ADULT, MINOR, TOTAL, UNKNOWN
from linkage.statistics.cells import PRINCIPAL, SEX_BY_AGE, Publication
from linkage.statistics.figures import NOT_AVAILABLE, Figures, at, figures, periods, shown
from linkage.statistics.geography import CROSS_BORDER, DOMESTIC, alpha_3, country_of, flow
from linkage.statistics.order import in_order
from linkage.statistics.tables import csv_bytes
from linkage.statistics.words import Words, capitalised, read_words, under

YEARS = 4
# Question to role and stage. Source: reference `statistics.md`, sections 1 (stages) and 2 (questionnaire).
ASKED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        **{"Q2": ("offender", "SUS"), "Q3": ("offender", "PRO"), "Q4": ("offender", "CON")},
        **{"Q5": ("victim", "DET"), "Q6": ("victim", "DET"), "Q7": ("victim", "DET"), "Q8": ("victim", "REP")},
    }
)
_NEEDS = {"Q6": "form_of_exploitation", "Q7": "citizenship", "Q8": "citizenship"}
_SEXES = {"total": (TOTAL, TOTAL), "male": ("M", TOTAL), "female": ("F", TOTAL), "sex_unknown": (UNKNOWN, TOTAL)}
_GROUPS = {
    **{"total": (TOTAL, TOTAL), "boys": ("M", MINOR), "girls": ("F", MINOR), "men": ("M", ADULT), "women": ("F", ADULT)},
    **{"female_age_unknown": ("F", UNKNOWN), "male_age_unknown": ("M", UNKNOWN), "sex_unknown": (UNKNOWN, TOTAL)},
}
_FLOW_NOTE = {DOMESTIC: "note_domestic", CROSS_BORDER: "note_cross_border", UNKNOWN: ""}

Value = int | str


@dataclass(frozen=True)
class Line:
    """A row of the questionnaire.

    Attributes:
        question: `Q1` to `Q8`.
        row: what is counted, in words.
        values: one per year: a count, `[c]` or `[x]`.
        articles: criminal-code articles that the persons of this stage were counted under in these years.
        sources: agencies whose records were counted.
        note: what a reader must know of the row, or "".
    """

    question: str
    row: str
    values: tuple[Value, ...]
    articles: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class _Asked:
    """What one question is answered from."""

    question: str
    role: str
    stage: str
    years: tuple[str, ...]
    published: frozenset[str]
    found: Figures


def years(publication: Publication) -> tuple[str, ...]:
    """The last four years up to the last that was published; where only periods of several years were, the last four of them."""
    every = periods(set(publication.cells.loc[publication.cells["table"] == SEX_BY_AGE, "year"]))
    published = tuple(year for year in every if year.isdigit())
    if not published:
        return every[-YEARS:]
    return tuple(str(int(published[-1]) - back) for back in reversed(range(YEARS)))


def lines(publication: Publication, words: Words) -> tuple[Line, ...]:
    """All rows, in the order of the questions."""
    words, asked = under(words, publication.protocol), years(publication)
    offences = Line("Q1", capitalised(words.text("all_offences")), (NOT_AVAILABLE,) * len(asked), note=words.text("note_offence"))
    return (offences, *(line for question in ASKED for line in _answered(question, asked, publication, words)))


def table(publication: Publication, words: Words) -> tuple[tuple[str, ...], tuple[tuple[Value, ...], ...]]:
    """Heads and rows as they are printed; no cell is empty."""
    keys = ("head_question", "head_title", "head_row")
    more = ("head_article", "head_sources", "head_note")
    heads = (*map(words.text, keys), *years(publication), *map(words.text, more))
    return heads, tuple(_printed(line, words) for line in lines(publication, words))


def csv(publication: Publication, language: str) -> bytes:
    """The questionnaire as CSV in one of the languages."""
    heads, rows = table(publication, read_words(language))
    return csv_bytes(pd.DataFrame(rows, columns=list(heads), dtype=object))


def _printed(line: Line, words: Words) -> tuple[Value, ...]:
    sources = ", ".join(words.code("agency", name) for name in line.sources)
    articles = "; ".join(words.code("article", code) for code in line.articles)
    texts = (articles, sources, line.note)
    return (line.question, words.code("question", line.question), line.row, *line.values, *(text or "[z]" for text in texts))


def _answered(question: str, asked: Sequence[str], publication: Publication, words: Words) -> Iterator[Line]:
    role, stage = ASKED[question]
    cells = publication.cells
    own = cells[(cells["role"] == role) & (cells["stage"] == stage) & cells["year"].isin(asked)]
    if missing := _missing(question, publication, own):
        said = capitalised(words.text("not_available"))
        yield Line(question, said, (NOT_AVAILABLE,) * len(asked), note=words.text(missing))
        return
    basis = _Asked(question, role, stage, tuple(asked), frozenset(cells["year"]), figures(own, role))
    articles = in_order(set(own.loc[own["table"] == "article", "article"]) - {UNKNOWN, TOTAL})
    sources = in_order(name for year in asked for name in publication.sources.get((year, role, stage), ()))
    for row, values, note in _rows(basis, own, country_of(publication.protocol), words):
        yield Line(question, capitalised(row), values, articles, sources, note)


def _missing(question: str, publication: Publication, own: pd.DataFrame) -> str:
    """Why a question cannot be answered, as the key of a note; "" where it can.

    Either the protocol lacks the role, the stage or the dimension that it asks for, or the table was left out.
    """
    content = publication.protocol.content
    coded = zip(("role", "stage"), ASKED[question], strict=True)
    known = all(name in content and code in content[name].codes for name, code in coded)
    table = _NEEDS.get(question, SEX_BY_AGE)
    if not known or table not in {SEX_BY_AGE, *publication.protocol.statistics.dimensions}:
        return "note_content"
    return "note_coarser" if len(own) and table not in set(own["table"]) else ""


def _rows(basis: _Asked, own: pd.DataFrame, country: str, words: Words) -> Iterator[tuple[str, tuple[Value, ...], str]]:
    """What is counted, the counts, and the note, of each row of a question."""
    if basis.question in {"Q2", "Q3", "Q4", "Q5"}:
        for name, group in (_GROUPS if basis.question == "Q5" else _SEXES).items():
            yield words.code("group", name), _counts(basis, SEX_BY_AGE, *group), ""
    if basis.question == "Q6":
        yield from _by_form(basis, own, words)
    if basis.question in {"Q4", "Q7"}:
        yield from _by_citizenship(basis, own, country, words)
    if basis.question == "Q8":
        citizens = _counts(basis, "citizenship", TOTAL, TOTAL, citizenship=alpha_3(country), rule=PRINCIPAL)
        yield words.text("all_countries"), citizens, ""
        yield words.text("by_country"), (NOT_AVAILABLE,) * len(basis.years), words.text("note_from_where")


def _by_form(basis: _Asked, own: pd.DataFrame, words: Words) -> Iterator[tuple[str, tuple[Value, ...], str]]:
    for form in in_order(set(own["form_of_exploitation"]) - {TOTAL}):
        for name, group in _GROUPS.items():
            row = f"{words.code('form_of_exploitation', form)}: {words.code('group', name)}"
            yield row, _counts(basis, "form_of_exploitation", *group, form_of_exploitation=form, rule=PRINCIPAL), ""


def _by_citizenship(basis: _Asked, own: pd.DataFrame, country: str, words: Words) -> Iterator[tuple[str, tuple[Value, ...], str]]:
    for code in in_order(set(own["citizenship"]) - {TOTAL}):
        note = _FLOW_NOTE[flow(code, country)] if basis.question == "Q7" else ""
        values = _counts(basis, "citizenship", TOTAL, TOTAL, citizenship=code, rule=PRINCIPAL)
        yield words.code("citizenship", code), values, words.text(note) if note else ""


def _counts(basis: _Asked, table: str, sex: str, age_group: str, **more: str) -> tuple[Value, ...]:
    """One value per year; `[x]` where nothing was published, or not in this detail."""
    named = {"role": basis.role, "stage": basis.stage, "sex": sex, "age_group": age_group, **more}
    years = (at(basis.found, table, year=year, **named) if year in basis.published else None for year in basis.years)
    return tuple(map(shown, years))
