"""Records of a file that are no rows of its list: totals at the end of a page, and the header printed again."""

from __future__ import annotations

import re
from collections.abc import Sequence

from linkage.agency.names.fold import fold

# Russian, Tajik (also in the legacy font), Uzbek, Kyrgyz and English.
_TOTAL = re.compile(
    r"(?:итого|итог|всего|ҳамагӣ|хамаги|њамагї|ҷамъ|жами|jami|бардыгы|баары|жалпы|total|grand total|sum|subtotal|подытог)"
    r"(?:[\s:.,;=()№#\-–—0-9]|записей|записи|строк|лиц|лица|человек|чел|нафар|киши|kishi|адам|по|листу|странице|за|год|сол"
    r"|rows|records|persons|people|for|of|the|page)*"
)
_ASCII_STARTS = frozenset(("jam", "tot", "gra", "sum", "sub"))


def is_total(record: Sequence[str]) -> bool:
    """Whether the first filled cell is a word for *total*, with a number or a few words of counting after it."""
    first = next((cell for cell in record if cell and not cell.isspace()), "")
    if first.isascii() and first.lstrip()[:3].lower() not in _ASCII_STARTS:
        return False
    return 3 <= len(first) <= 60 and _TOTAL.fullmatch(fold(first)) is not None


def cut_to(width: int, record: Sequence[str]) -> Sequence[str]:
    """The record without empty cells beyond the header's width."""
    if len(record) > width and not any(cell.strip() for cell in record[width:]):
        return record[:width]
    return record
