"""What an agency tells of its extract as a whole: how often each identifier is missing, and in which script names are written.

Only the agency can say it. Before encodings leave, gaps are filled with what looks like values, so that the linkage unit
cannot tell people apart by what is missing in them; and content sections hold no identifiers. Yet without it nobody who
publishes knows for whom linkage had little to go by. So numbers of rows, and nothing of any one row, go to the statistics office.
"""

from __future__ import annotations

import numpy as np

from linkage.agency.extract import Extract, cells
from linkage.agency.names.scripts import has_cyrillic, is_latin
from linkage.agency.texts import Texts
from linkage.bundle.format import SCRIPTS, Summary
from linkage.protocol import Protocol

_BY_LETTERS = ("none", "cyrillic", "latin", "mixed")
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
    found = np.zeros(len(extract), np.int8)
    for column in (cells(extract, name) for name in _NAMES):
        found |= np.array([_letters(text) for text in column.texts], np.int8)[column.codes]
    rows = np.bincount(found, minlength=len(_BY_LETTERS)).tolist()
    return {name: rows[_BY_LETTERS.index(name)] for name in SCRIPTS}


def script(text: str) -> str:
    """`cyrillic`, `latin`, `mixed` or `none`, by the letters that are in it."""
    return _BY_LETTERS[_letters(text)]


def _letters(text: str) -> int:
    """1 for a Cyrillic letter and 2 for a Latin one, so that what several cells hold is put together bit by bit."""
    letters = text.casefold()
    return has_cyrillic(letters) + 2 * any(map(is_latin, letters))
