"""The words of the page: those of all outputs, and a few of its own; and how it writes a number.

Numbers are written alike in each language: digits, from five on in groups of three by a narrow space that does not break.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from importlib import resources

from linkage.protocol import Protocol
from linkage.schema import TOTAL, UNKNOWN
from linkage.statistics.figures import MARK, Figure
from linkage.statistics.words import Words, capitalised, read_words, under

_GROUPED_FROM = 10_000
# Neither breaks.
_SPACE, _NARROW_SPACE = "\u00a0", "\u202f"


def page_words(language: str, protocol: Protocol) -> Words:
    """The words of a language, those of the page among them, with the protocol's own labels before ours.

    Raises:
        UsageError: there are none.
    """
    words = under(read_words(language), protocol)
    file = resources.files("linkage.statistics") / "words" / f"page.{language}.toml"
    own = tomllib.loads(file.read_text("utf-8"))
    texts = {f"page.{key}": text for key, text in own["page"].items()}
    return replace(words, texts={**words.texts, **texts}, codes={**words.codes, **own["codes"]})


def number(count: int) -> str:
    """A count, or a change of one, in digits."""
    digits = f"{abs(count):,}".replace(",", _NARROW_SPACE) if abs(count) >= _GROUPED_FROM else str(abs(count))
    return f"−{digits}" if count < 0 else digits


def shown(figure: Figure) -> str:
    """A figure's count, or the mark of a hidden one."""
    return MARK if figure.hidden else number(figure.count)


def interval(figure: Figure) -> str:
    """A figure's interval as a table shows it; empty where there is none."""
    return f"{number(figure.low)}–{number(figure.high)}" if figure.stated else ""


def interval_in_words(words: Words, figure: Figure) -> str:
    """A figure's interval as a sentence says it, in one piece; empty where there is none."""
    said = words.text("page.range", low=number(figure.low), high=number(figure.high)) if figure.stated else ""
    return said.replace(" ", _SPACE)


def spoken(words: Words, figure: Figure) -> str:
    """Count and interval in one, or that the count is not shown, as a chart says them."""
    if figure.hidden:
        return words.text("chart_hidden")
    return f"{number(figure.count)} ({interval_in_words(words, figure)})" if figure.open else number(figure.count)


def year_of(words: Words, code: str) -> str:
    """What a year is called."""
    return {TOTAL: words.text("all_years"), UNKNOWN: words.text("year_unknown")}.get(code, code.replace("-", "–"))


def role_of(words: Words, code: str) -> str:
    """What the persons of a role are called, at the beginning of a sentence."""
    return capitalised(words.text("persons") if code == TOTAL else words.code("role", code))


def stage_in_chart(words: Words, code: str) -> str:
    """A stage's name where there is little room."""
    short = words.code("chart_stage", code)
    return words.code("stage", code) if short == code or code in words.own.get("stage", {}) else short


def listed(words: Words, kind: str, codes: Sequence[str]) -> str:
    """Codes in words, with commas; what stands for none."""
    return ", ".join(words.code(kind, code) for code in codes) or words.text("not_available")
