"""Which crime an article is: the concordance of statutes with the international classification, by the days in force.

An article's number alone does not say what it forbids: codes are written anew, and 167 is another crime in the next
country. So a statute holds for a country, an article, if need be a part, and from one day to another. The table is in
`facts/statutes.toml`; an article that it does not have has no class, and nothing is guessed.

The *principal* article of a person charged under several is the most serious one, by the order of `SERIOUSNESS`:
trafficking, slavery and forced labour, sexual exploitation (of children first), kidnapping and other acts against
liberty, migration offences, and last what the concordance does not know. So whoever is charged under any trafficking
article stands under one, and the rows of trafficking articles add up to the persons under any of them.

Source: reference `statistics.md`, section 1, rule 6, and section 2 (statutes).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import NamedTuple

from linkage.schema import TOTAL, UNKNOWN
from linkage.statistics.articles import parse_article

# Classes of the International Classification of Crime for Statistical Purposes, the most serious first.
SERIOUSNESS = ("0204", "0203", "03022", "03021", "020221", "02022", "0202", "0805")
# The item codes of IC-TIP (2025) are not published yet; its column stays empty until they are.
ICTIP = ""
_EVER = ("0000-00-00", "9999-99-99")
# What completes a date of 4, 7 or 10 letters to the day in its middle.
_MIDDLE = {4: "-07-01", 7: "-15", 10: ""}
_YEARS = len("yyyy-yyyy")


class Statute(NamedTuple):
    """An article while it was in force.

    Attributes:
        country: ISO 3166-1 alpha-2.
        article: `130.1`.
        part: "" for all parts.
        valid_from, valid_to: first and last day, yyyy-mm-dd.
        iccs: class of ICCS 1.0.
        form: form of exploitation that the article itself names, or "".
        minor: whether the victim is a child by the article's words.
        subject: in words.
        verify: whether it must be checked against the official text.
    """

    country: str
    article: str
    part: str
    valid_from: str
    valid_to: str
    iccs: str
    form: str
    minor: bool
    subject: str
    verify: bool


def statutes(country: str) -> tuple[Statute, ...]:
    """The country's articles, in the order of the table."""
    return tuple(statute for versions in _table().get(country, {}).values() for statute in versions)


def in_force(article: str, when: str, country: str) -> Statute | None:
    """What the article was at that time.

    Args:
        article: as content carries it, `130.1`, or in any other form that `parse_article` reads; a part that it names is
            looked for.
        when: yyyy-mm-dd; or yyyy-mm or yyyy, which mean what the article was in the middle of it; or yyyy-yyyy, for which an
            article must have been the same in all these years; or `_T`, `_U` or "", for which it must always have been so.
        country: ISO 3166-1 alpha-2.

    Returns:
        The statute; None where the table has none.
    """
    named = parse_article(article)
    versions = _table().get(country, {}).get(named.code, ()) if named else ()
    first, last = _span(when)
    held = [one for one in versions if one.valid_from <= first and last <= one.valid_to and one.part in {"", named and named.part}]
    # a version of the part itself, which sorts last, says more than one of all parts
    return max(held, key=lambda one: one.part, default=None)


def iccs(article: str, year: str, country: str) -> str:
    """The article's class in ICCS 1.0 in that year or years; "" where it has none. See `in_force`."""
    found = in_force(article, year, country)
    return found.iccs if found else ""


def subject(article: str, year: str, country: str) -> str:
    """What the article forbids, in words; "" where that is not known. See `in_force`."""
    found = in_force(article, year, country)
    return found.subject if found else ""


def seriousness(article: str, when: str, country: str) -> int:
    """The article's place in the order of `SERIOUSNESS`, 0 for the most serious; what has no class stands last."""
    code = iccs(article, when, country)
    return SERIOUSNESS.index(code) if code in SERIOUSNESS else len(SERIOUSNESS)


def _span(when: str) -> tuple[str, str]:
    """First and last day on which the article must be in force; days compare as text."""
    if when in {"", TOTAL, UNKNOWN}:
        return _EVER
    first, last = (when[:4], when[5:]) if len(when) == _YEARS else (when, when)
    return first + _MIDDLE[len(first)], last + _MIDDLE[len(last)]


@cache
def _table() -> Mapping[str, Mapping[str, Sequence[Statute]]]:
    """Country to article to its versions, the earliest first."""
    file = resources.files("linkage.statistics") / "facts" / "statutes.toml"
    table: dict[str, dict[str, list[Statute]]] = {}
    for entry in tomllib.loads(file.read_text("utf-8"))["statutes"]:
        table.setdefault(entry["country"], {}).setdefault(entry["article"], []).append(_statute(entry))
    return {
        country: {article: tuple(sorted(versions)) for article, versions in articles.items()} for country, articles in table.items()
    }


def _statute(entry: Mapping[str, object]) -> Statute:
    words = {name: str(entry.get(name, "")) for name in ("country", "article", "part", "iccs", "form", "subject")}
    days = {"valid_from": str(entry.get("from", _EVER[0])), "valid_to": str(entry.get("to", _EVER[1]))}
    return Statute(**words, **days, minor=bool(entry.get("minor", False)), verify=bool(entry.get("verify", False)))
