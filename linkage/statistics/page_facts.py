"""Plain data as small tables: the quality report, a revision, what a release was made of.

They come as sections of rows, whoever made them; each section becomes a table, its columns the names that its rows have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from linkage.statistics.page_words import number
from linkage.statistics.words import Words, capitalised

_ROW = ("name", "value", "note")
# What else a column's values may be codes of, beside those of the report itself.
_KINDS = {"role": ("role",), "stage": ("stage",), "name": ("dimension", "agency")}
_NOTHING: tuple[Any, ...] = (None, "", [], (), {})


@dataclass(frozen=True)
class Facts:
    """A section of plain data.

    Attributes:
        code: of the section.
        heading: the same in words; empty for what stands in no section.
        caption: of its table.
        heads: of the columns.
        rows: text, one per column.
    """

    code: str
    heading: str
    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def sections(plain: Mapping[str, Any], kind: str, words: Words) -> tuple[Facts, ...]:
    """One table for each section that has rows; what stands outside a section is gathered in a first one of its own.

    Args:
        plain: section to rows; a row is a mapping of column to value, or a pair of name and value.
        kind: of the codes that name sections and columns.
        words: of the page.
    """
    loose = {name: value for name, value in plain.items() if not _is_section(value) and value not in _NOTHING}
    whole = {"": loose} if loose else {}
    whole |= {name: value for name, value in plain.items() if _is_section(value)}
    return tuple(facts for name, value in whole.items() if (facts := _facts(name, _rows(value), kind, words)).rows)


def _is_section(value: Any) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, list | tuple) and any(isinstance(one, Mapping) for one in value))


def _rows(value: Any) -> list[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        return [{"name": name, "value": one} for name, one in value.items()]
    return [one if isinstance(one, Mapping) else {"name": "", "value": one} for one in value]


def _facts(code: str, rows: Sequence[Mapping[str, Any]], kind: str, words: Words) -> Facts:
    columns = _columns(rows)
    heading = _word(kind, code, words) if code else ""
    body = tuple(tuple(_said(row, name, kind, words) for name in columns) for row in rows)
    return Facts(code, heading, heading or words.text(f"page.{kind}"), tuple(_head(name, kind, words) for name in columns), body)


def _columns(rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Name, value and note first, then as the rows name them; a column in which nothing stands is left out."""
    seen = dict.fromkeys(name for row in rows for name, value in row.items() if value not in _NOTHING)
    return (*(name for name in _ROW if name in seen), *(name for name in seen if name not in _ROW))


def _head(name: str, kind: str, words: Words) -> str:
    key = {"name": "page.name", "value": "page.value", "note": "page.remark"}.get(name)
    return words.text(key) if key else _word(kind, name, words)


def _word(kind: str, code: str, words: Words) -> str:
    """What a section, column or measure is called: its word, or its code with spaces."""
    return capitalised(_named(code, (kind, "dimension", "agency"), words) or code.replace("_", " "))


def _named(code: str, kinds: Sequence[str], words: Words) -> str:
    """The code's word in the first of the kinds that has one, or nothing."""
    return next((label for kind in kinds if (label := words.code(kind, code)) != code), "")


def _said(row: Mapping[str, Any], column: str, kind: str, words: Words) -> str:
    """A row's value in a column, codes by their names: of a role, field or agency, of values of the field that the row names."""
    value = row.get(column)
    if not isinstance(value, str):
        return _text(value, words)
    if column == "value":
        kinds = (str(row.get("name")), kind, "dimension", "agency")
        return ", ".join(_named(one, kinds, words) or one for one in value.split(", "))
    said = _named(value, (*_KINDS.get(column, ()), kind), words)
    return said or (value.replace("_", " ") if column == "name" else value)


def _text(value: Any, words: Words) -> str:
    """A value as text; a fraction to four digits."""
    if isinstance(value, bool):
        return words.text("page.yes" if value else "page.no")
    if isinstance(value, int):
        return number(value)
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_text(one, words)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return "–".join(_text(one, words) for one in value)
    return "" if value is None else str(value)


def lines(plain: Mapping[str, Any], kind: str, words: Words) -> Iterator[tuple[str, str]]:
    """Names and values of what a release was made of; a list of mappings gives a line for each of them."""
    for name, value in plain.items():
        for one in value if isinstance(value, list | tuple) else [value]:
            yield _word(kind, name, words), _described(one, kind, words)


def _described(value: Any, kind: str, words: Words) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{_word(kind, name, words).lower()} {_text(one, words)}" for name, one in value.items())
    return _text(value, words)
