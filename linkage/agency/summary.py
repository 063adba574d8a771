"""What an agency tells of its extract as a whole: how often each identifier is missing, and in which script names are written.

Only the agency can say it. Before encodings leave, gaps are filled with what looks like values, so that the linkage unit
cannot tell people apart by what is missing in them; and content sections hold no identifiers. Yet without it nobody who
publishes knows for whom linkage had little to go by. So numbers of rows, and nothing of any one row, go to the statistics office.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from linkage.agency.extract import Extract, column
from linkage.agency.names.scripts import is_cyrillic, is_latin
from linkage.agency.texts import Texts
from linkage.bundle.format import SCRIPTS, Summary
from linkage.protocol import Protocol

_NAMES = ("surname", "given_name", "patronymic", "full_name")


def summarise(extract: Extract, features: Texts, protocol: Protocol, blanked: int) -> Summary:
    """Count the rows.

    Args:
        extract: the rows, checked.
        features: what `normalise.features` made of them: an identifier is missing where linkage has nothing of it, whether its cell
            is empty, a placeholder or half a date. A name within a full name is there.
        protocol: which identifiers are asked for.
        blanked: cells that could not be read and were taken for empty.
    """
    made = set(features)
    asked = [name for name in protocol.identifiers if name in made]
    return Summary(
        missing={name: int(np.count_nonzero(features.coded(name).codes == 0)) for name in asked},
        scripts=_scripts(extract),
        blanked=blanked,
        left_out=sum(extract.left_out.values()),
    )


def _scripts(extract: Extract) -> dict[str, int]:
    """Each script to the rows whose names are written in it; `mixed` has letters of both, `none` letters of neither."""
    rows = Counter(zip(*(column(extract, name) for name in _NAMES), strict=True))
    found: Counter[str] = Counter()
    for cells, number in rows.items():
        found[script(" ".join(cells))] += number
    return {name: found[name] for name in SCRIPTS}


def script(text: str) -> str:
    """`cyrillic`, `latin`, `mixed` or `none`, by the letters that are in it."""
    letters = text.casefold()
    cyrillic, latin = any(map(is_cyrillic, letters)), any(map(is_latin, letters))
    if cyrillic and latin:
        return "mixed"
    return "cyrillic" if cyrillic else "latin" if latin else "none"
