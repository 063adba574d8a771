"""The shape in which UNODC's Global Report on Trafficking in Persons disseminates counts.

One row per count, thirteen columns, the value as text. The same persons stand under every dimension, so nothing may be
added over it. In the public tier a shown count of 1 to 4 is printed `<5`, as the report itself prints it; in the
restricted tier counts are exact. A hidden count is `[c]` and never `<5`: that would say it is small, when it may be hidden
because it would give a small one away, and two cells that are known to be small can be worked out from their sum.

The file begins with two lines that say what it is; the names of the columns are in the third.

Not in it: `by country of repatriation`, because what agencies send does not say from where a person returned.

Source: reference `statistics.md`, section 2 (GLOTIP); regions are those of the United Nations' M49.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import pandas as pd

from linkage.schema import ADULT, MINOR, TOTAL, UNKNOWN
from linkage.statistics.cells import ANY, KEY, PERSON, SEX_BY_AGE, Publication
from linkage.statistics.figures import MARK, Figure, figures
from linkage.statistics.geography import alpha_3, country_name, country_of
from linkage.statistics.sensitivity import RESTRICTED_TIER
from linkage.statistics.tables import csv_bytes
from linkage.statistics.words import Words, capitalised, read_words

COLUMNS = (
    *("Iso3_code", "Country", "Region", "Subregion", "Indicator", "Dimension", "Category", "Sex", "Age", "Year"),
    *("Unit of measurement", "txtVALUE", "Source"),
)
SMALL, SMALL_MARK = 5, "<5"
# Stage to indicator, and to the dimensions beside the total.
INDICATORS: Mapping[tuple[str, str], tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        ("victim", "DET"): ("Detected trafficking victims", ("form_of_exploitation", "citizenship")),
        ("offender", "PRO"): ("Persons prosecuted", ("citizenship",)),
        ("offender", "CON"): ("Persons convicted", ("citizenship",)),
    }
)
DIMENSION: Mapping[str, str] = MappingProxyType(
    {SEX_BY_AGE: "Total", "form_of_exploitation": "by form of exploitation", "citizenship": "by citizenship"}
)
SEX: Mapping[str, str] = MappingProxyType({TOTAL: "Total", "F": "Female", "M": "Male", UNKNOWN: "Unknown"})
AGE: Mapping[str, str] = MappingProxyType({TOTAL: "Total", MINOR: "0 to 17 years", ADULT: "18 years or over", UNKNOWN: "Unknown"})
OTHER = "_O"
FORM: Mapping[str, str] = MappingProxyType(
    {
        **{"SEX": "Sexual exploitation", "LAB": "Forced labour", "ORG": "Other forms/removal of organs"},
        **{"ADO": "Illegal adoption / baby selling", UNKNOWN: "Unknown", OTHER: "Other"},
    }
)
_M49: Mapping[str, tuple[str, str]] = MappingProxyType(dict.fromkeys(("TJ", "KG", "UZ", "KZ", "TM"), ("Asia", "Central Asia")))


def rows(publication: Publication) -> pd.DataFrame:
    """The rows, with the columns of `COLUMNS`, all text: totals first, then by dimension, each for one year, sex and age.

    A count that is zero has no row. Unknown years, several years and all years together are left out, since the shape has a year.
    """
    words, country = read_words("en"), _country(publication)
    found = [(*country, *row) for (role, stage) in INDICATORS for row in _of_indicator(publication, role, stage, words)]
    return pd.DataFrame(found, columns=list(COLUMNS), dtype=object)


def csv(publication: Publication) -> bytes:
    """The file: two lines that say what it is, padded to thirteen columns, the names of the columns, and the rows."""
    words = read_words("en")
    mark = words.text("restricted_mark" if publication.tier == RESTRICTED_TIER else "public_mark")
    protocol = publication.protocol
    lines = [(protocol.title,), (mark, words.text("protocol_is", id=protocol.id), words.text("how_counted"))]
    padded = pd.DataFrame([(*line, *[""] * (len(COLUMNS) - len(line))) for line in lines], dtype=object)
    return csv_bytes(padded, header=False) + csv_bytes(rows(publication))


def text_value(figure: Figure, tier: str) -> str:
    """A count as the shape prints it: text; `<5` for 1 to 4 in the public tier, `[c]` for what is hidden.

    Source: reference `statistics.md`, section 2 (GLOTIP, small-count rule).
    """
    if figure.hidden:
        return MARK
    return SMALL_MARK if tier != RESTRICTED_TIER and 0 < figure.count < SMALL else str(figure.count)


def _of_indicator(publication: Publication, role: str, stage: str, words: Words) -> Iterator[Sequence[str]]:
    """The rows of one indicator, without the country, sorted."""
    indicator, dimensions = INDICATORS[role, stage]
    cells = publication.cells
    cells = cells[(cells["stage"] == stage) & (cells["unit"] == PERSON) & cells["year"].str.isdigit()]
    found = figures(cells[cells["table"].isin((SEX_BY_AGE, *dimensions)) & (cells["rule"] != ANY)], role)
    for table in (SEX_BY_AGE, *dimensions):
        chosen = [(dict(zip(KEY, key, strict=True)), figure) for key, figure in found.cells.get(table, {}).items()]
        for cell, figure in sorted(chosen, key=lambda one: _place(one[0], table)):
            agencies = publication.sources.get((cell["year"], role, stage), ())
            source = "; ".join(words.code("agency", name) for name in agencies)
            yield (indicator, *_said(cell, table, words), text_value(figure, publication.tier), source)


def _said(cell: Mapping[str, str], table: str, words: Words) -> tuple[str, ...]:
    """Dimension, category, sex, age, year and unit of a cell."""
    category = "Total" if table == SEX_BY_AGE else _category(table, cell[table], words)
    return DIMENSION[table], category, SEX[cell["sex"]], AGE[cell["age_group"]], cell["year"], "Counts"


def _category(table: str, code: str, words: Words) -> str:
    if table == "citizenship":
        return {UNKNOWN: "Unknown", OTHER: "Other"}.get(code) or country_name(code)
    return FORM.get(code, capitalised(words.code(table, code)))


def _place(cell: Mapping[str, str], table: str) -> tuple[object, ...]:
    value = cell.get(table, TOTAL)
    return cell["year"], value == UNKNOWN, value, list(SEX).index(cell["sex"]), list(AGE).index(cell["age_group"])


def _country(publication: Publication) -> tuple[str, str, str, str]:
    code = country_of(publication.protocol)
    return alpha_3(code), country_name(alpha_3(code)), *_M49.get(code, ("", ""))
