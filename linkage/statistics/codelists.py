"""The code lists beside the tidy rows: what each code in them is called, in three languages.

A code list has the name of the column that it is of. It holds the codes that occur, so that every row can be read with
it, and of the two status columns those that can.

Source: reference `statistics.md`, section 7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import pandas as pd

from linkage.schema import TOTAL, UNKNOWN
from linkage.statistics.cells import Publication
from linkage.statistics.order import in_order
from linkage.statistics.tables import csv_bytes, tidy
from linkage.statistics.words import LANGUAGES, Words, read_words, under

COLUMNS = ("codelist", "code", *(f"label_{language}" for language in LANGUAGES))
# Column of the tidy rows to the kind of its codes.
KINDS: Mapping[str, str] = MappingProxyType(
    {
        **{"DATAFLOW": "table", "REF_AREA": "region", "TIME_PERIOD": "year", "STAGE": "stage", "ROLE": "role", "SEX": "sex"},
        **{"AGE": "age_group", "CRIME": "article", "ICCS": "iccs", "FORM": "form_of_exploitation", "CITIZENSHIP": "citizenship"},
        **{"RULE": "rule", "LAG": "lag", "AGENCY": "agency", "OTHER": "agency", "COUNT_UNIT": "unit"},
        **{"OBS_STATUS": "obs_status", "CONF_STATUS": "conf_status"},
    }
)


def rows(publication: Publication) -> pd.DataFrame:
    """The code lists one after the other, in the order of the columns; the columns of `COLUMNS`, all text."""
    words = [under(read_words(language), publication.protocol) for language in LANGUAGES]
    found = tidy(publication)
    return pd.DataFrame(
        [(column, code, *(label(kind, code, one) for one in words)) for column, kind, code in _codes(found, words[0])],
        columns=list(COLUMNS),
        dtype=object,
    )


def csv(publication: Publication) -> bytes:
    """The code lists as CSV."""
    return csv_bytes(rows(publication))


def label(kind: str, code: str, words: Words) -> str:
    """What a code of the tidy rows is called; areas are regions or districts, tables are written in capitals."""
    if kind == "table":
        return words.code(kind, code.lower())
    if kind == "year":
        return {TOTAL: words.text("all_years"), UNKNOWN: words.text("year_unknown")}.get(code, code)
    named = words.code(kind, code)
    return words.code("district", code) if kind == "region" and named == code else named


def _codes(found: pd.DataFrame, words: Words) -> Iterator[tuple[str, str, str]]:
    """(column, kind, code), the codes of each column in order."""
    for column, kind in KINDS.items():
        codes = set(found[column]) - {""}
        if kind in {"obs_status", "conf_status"}:
            codes |= set(words.codes[kind])
        for code in in_order(codes, kind):
            yield column, kind, code
