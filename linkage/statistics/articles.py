"""Articles of criminal codes, read from the ways in which they are written.

`130.1`, `130-1`, `130¹`, `130(1)`, `130 прим 1` name one article; lists add its part and point, before or behind it, in
Russian, Tajik, Kyrgyz or English: `п. «а» ч. 2 ст. 130.1 УК РТ`, `моддаи 130(1) қисми 2`, `124-берененин 2-бөлүгү`.
A text that names several articles, or has words left that no rule reads, is not guessed at.

Source: reference `statistics.md`, section 2 (statutes).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_RAISED = re.compile(r"\s*([⁰¹²³⁴-⁹]+)")
_QUOTES = re.compile("[«»„“”\"'‘’`]")
# A word begins and ends where no letter goes on; a digit may touch it: 130ч.2.
_BEGIN, _END = r"(?<![^\W\d_])", r"(?![^\W\d_])\.?"
_NUMBER = r"[0-9]{1,2}(?![0-9])"
# What may stand beside the article, each at most once: the code of law, the point, the part.
_LAW = re.compile(
    rf"{_BEGIN}(?:уголовного кодекса|кодекси ҷиноятӣ|жазык кодексинин|ук|кҷ|кк){_END}(?:\s*(?:рт|ҷт|кр){_END})?",
)
_POINT = re.compile(
    rf"{_BEGIN}(?:пункт(?:а|у|е|ом)?|пп?|банди|банд|point){_END}\s*\(?([a-zа-яёғӣқӯҳҷ](?![^\W\d_])|{_NUMBER})\)?"
    rf"|(?<![0-9])([0-9]{{1,2}}|{_BEGIN}[а-я])\s*[-–]?\s*пункт(?:у|ү|унун){_END}"
)
_PART = re.compile(
    rf"{_BEGIN}(?:част(?:ь|и|ью)|ч|қисми|қисм|қ|part){_END}\s*({_NUMBER})"
    rf"|(?<![0-9])([0-9]{{1,2}})\s*[-–]?\s*(?:бөлүгүнүн|бөлүгү|бөлүк|бөл){_END}"
)
_ARTICLE = re.compile(
    rf"(?:(?:стать(?:я|и|е|ей|ю)|ст|моддаи|модда|м|article|art|берене){_END}\s*)?"
    r"([0-9]{1,4})"
    rf"(?:\s*[.\-–]\s*({_NUMBER})|\s*\(\s*([0-9]{{1,2}})\s*\)|\s*(прим)(?:ечание)?\.?\s*([0-9]{{1,2}})?)?"
    rf"(?:\s*[-–]?\s*(?:берене(?:нин|си)?|бер|статья){_END})?"
)


@dataclass(frozen=True)
class Article:
    """An article as a list names it.

    Attributes:
        article: its number, `130`.
        superscript: the number of the inserted article, `1` in 130¹; "" for the article itself.
        part: "" where none is named.
        point: a letter or number, as written, in small letters; "" where none is named.
        printed: the text as it was given.
    """

    article: str
    superscript: str
    part: str
    point: str
    printed: str

    @property
    def code(self) -> str:
        """The form in which content carries it: `130` or `130.1`, without part and point."""
        return f"{self.article}.{self.superscript}" if self.superscript else self.article


@cache
def parse_article(text: str) -> Article | None:
    """The article that the text names; None where it names none or several, or where something else is left.

    `прим` alone means the first inserted article.
    """
    rest = _folded(text)
    found = []
    for pattern in (_LAW, _POINT, _PART):
        named = list(pattern.finditer(rest))
        if len(named) > 1:
            return None
        found.append(next(filter(None, named[0].groups()), "") if named else "")
        rest = pattern.sub(" ", rest)
    match = _ARTICLE.fullmatch(rest.strip(" ,;."))
    if not match:
        return None
    number, *inserted, first, after = match.groups()
    superscript = next(filter(None, inserted), "") or (after or "1" if first else "")
    return Article(_plain(number), _plain(superscript), _plain(found[2]), found[1], text)


def _folded(text: str) -> str:
    """Small letters without quotes; a raised number behind a dot, before compatibility forms would make 130¹ into 1301."""
    dotted = _RAISED.sub(lambda match: "." + match[1].translate(_SUPERSCRIPTS), text)
    return " ".join(_QUOTES.sub("", unicodedata.normalize("NFKC", dotted)).casefold().split())


def _plain(number: str) -> str:
    return str(int(number)) if number else ""
