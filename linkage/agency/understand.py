"""What the words of a coded column mean, for drafting the entries of a mapping.

The protocol's own spellings come first, then facts about places and countries. A word of a person's status tells the
role, and with the kind of office the stage. Digits are never guessed at: 1 is a man in one list and a woman in another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from linkage.agency.cells import distinct, objects
from linkage.agency.codes import read_content, read_mapped
from linkage.agency.countries import country_code
from linkage.agency.extract import Extract, column
from linkage.agency.kinds import KINDS
from linkage.agency.mapping import STANDARD
from linkage.agency.names.fold import fold, is_placeholder
from linkage.agency.places import district_name, region_code
from linkage.protocol import Protocol
from linkage.schema import CONTENT

_FACTS: dict[str, Callable[[str], str | None]] = {
    "region": region_code,
    "district": district_name,
    "citizenship": country_code,
}


class Words(NamedTuple):
    """The words of one coded column.

    Attributes:
        codes: entries for the mapping: what the file says → code.
        filled: rows that say something.
        unknown: distinct texts that were not understood.
        rows: the rows of these.
    """

    codes: dict[str, str]
    filled: int
    unknown: int
    rows: tuple[int, ...]


def understand(name: str, extract: Extract, protocol: Protocol, kind: str | None) -> Words:
    """Every distinct word of the column that the field is read from."""
    index, texts = distinct(column(extract, name))
    meanings = [_meaning(name, text, protocol, kind) for text in texts]
    unknown = [at for at, meaning in enumerate(meanings) if meaning is None]
    rows = [int(row) for row, at in zip(extract.rows, index, strict=True) if meanings[at] is None]
    filled = sum(meanings[at] != "" for at in index)
    return Words(_entries(name, texts, meanings), filled, len(unknown), tuple(rows))


def _entries(name: str, texts: list[str], meanings: list[str | None]) -> dict[str, str]:
    """One entry per spelling, apart from case and blanks; what is its own code, and articles, need none."""
    entries: dict[str, str] = {}
    seen: set[str] = set()
    for text, code in sorted(zip(texts, meanings, strict=True), key=lambda pair: (pair[1] or "", pair[0])):
        needless = CONTENT[name] == "article" or fold(text) == fold(code or "")
        if code and not needless and fold(text) not in seen:
            seen.add(fold(text))
            entries[text] = code
    return entries


def _meaning(name: str, text: str, protocol: Protocol, kind: str | None) -> str | None:
    """The code, "" where the text says that nothing is known, None where it is not understood."""
    if is_placeholder(fold(text)):
        return ""
    known = _known(name, text, protocol)
    if known is not None:
        return known
    if name == "stage":
        return _stage_of_role(text, protocol, kind)
    found = _FACTS[name](text) if name in _FACTS else None
    listed = protocol.content[name].codes if name in protocol.content else ()
    return found if not listed or found in listed else None


def _known(name: str, text: str, protocol: Protocol) -> str | None:
    """What the protocol's own spellings and the rules of its kind say."""
    value = objects([text])
    coded = read_content(name, value, protocol, STANDARD) if name in protocol.content else read_mapped(name, value, STANDARD)
    return None if coded.bad[0] else str(coded.codes[0])


def _stage_of_role(text: str, protocol: Protocol, kind: str | None) -> str | None:
    """The stage at which this office meets a person of that role."""
    role = _known("role", text, protocol) if "role" in protocol.content else None
    stage = KINDS[kind].stages.get(role or "") if kind else None
    return stage if stage in protocol.content["stage"].codes else None
