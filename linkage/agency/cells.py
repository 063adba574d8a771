"""A cell as text, and the cells that no reader passes on: too long, or not text at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from math import isfinite, isnan
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage.errors import ExtractError

Text = NDArray[np.object_]
Codes = NDArray[np.int32]
MAX_CELL = 4096  # characters
FORBIDDEN = re.compile("[\0\ud800-\udfff]")
_APOSTROPHED = re.compile(r"'(?=[0-9+=@-])")


class Column(NamedTuple):
    """A column by its distinct texts: what is worked out of a text is then worked out once, and spread by number.

    Attributes:
        codes: (n,) int32, the number of each row's text.
        texts: each once; number 0 is the empty text, *missing*, whether a row has it or not.
    """

    codes: Codes
    texts: list[str]


class Columns(Mapping[str, Text]):
    """Columns by name; each is worked out, or brought to numbers, when it is first asked for.

    As a mapping it gives (n,) object arrays of text, "" = missing.
    """

    def __init__(self, columns: Mapping[str, Text | Column | Callable[[], Column]]) -> None:
        """Take columns as text, by their distinct texts, or as what works them out."""
        self._columns: dict[str, Text | Column | Callable[[], Column]] = {**columns}

    def __getitem__(self, name: str) -> Text:
        """(n,) object array of text."""
        values = self._columns[name]
        return values if isinstance(values, np.ndarray) else spelt_out(self.coded(name))

    def __contains__(self, name: object) -> bool:
        """Whether there is a column of this name; it is not looked at."""
        return name in self._columns

    def __iter__(self) -> Iterator[str]:
        """The names."""
        return iter(self._columns)

    def __len__(self) -> int:
        """Number of columns."""
        return len(self._columns)

    def coded(self, name: str) -> Column:
        """The number of each row's text, 0 = missing, and the texts by number."""
        values = self._columns[name]
        column = self._columns[name] = coded(values() if callable(values) else values)
        return column

    def changed(self, columns: Mapping[str, Text | Column | Callable[[], Column]]) -> Columns:
        """These columns, with some added or in the place of others."""
        return Columns({**self._columns, **columns})

    def in_order(self, order: NDArray[np.intp]) -> Columns:
        """Of each column these rows, in this order."""
        taken: dict[str, Text | Column | Callable[[], Column]] = {}
        for name, values in self._columns.items():
            if isinstance(values, np.ndarray):
                taken[name] = values[order]
            else:
                codes, texts = self.coded(name)
                taken[name] = Column(codes[order], texts)
        return Columns(taken)

    def only(self, names: Collection[str]) -> Columns:
        """Those of these names."""
        return Columns({name: values for name, values in self._columns.items() if name in names})


def coded(values: Text | Column) -> Column:
    """The column by its distinct texts, which are numbered as they appear."""
    if isinstance(values, Column):
        return values
    found = pa.array(values, pa.large_utf8(), from_pandas=False).dictionary_encode()
    texts = found.dictionary.to_pylist()
    there = np.fromiter(map(bool, texts), np.int32, len(texts))
    numbers = np.cumsum(there, dtype=np.int32) * there
    return Column(numbers[found.indices.to_numpy()], ["", *filter(None, texts)])


def spelt_out(column: Column) -> Text:
    """(n,) text of a coded column."""
    return objects(column.texts)[column.codes]


def renamed(column: Column, texts: Sequence[str]) -> Column:
    """The column with another text in the place of each of its distinct ones, among which there may now be equal ones."""
    if [*texts[:1]] == [""] and len(set(texts)) == len(texts):
        return Column(column.codes, list(texts))
    numbers = {"": 0}
    codes = np.fromiter((numbers.setdefault(text, len(numbers)) for text in texts), np.int32, len(texts))
    return Column(codes[column.codes], list(numbers))


def numbered(values: NDArray[np.int64]) -> tuple[NDArray[np.int64], Codes]:
    """The distinct numbers in order of appearance, and where each row's stands among them, (n,) int32."""
    found = pa.array(values).dictionary_encode()
    return found.dictionary.to_numpy(), found.indices.to_numpy()


def with_none(values: NDArray[np.int64]) -> tuple[NDArray[np.int64], Codes]:
    """As `numbered`, with 0 for none as number 0, whether a row has it or not."""
    found, row = numbered(np.concatenate([[0], values]))
    return found, row[1:]


def distinct(values: Text | Column) -> tuple[Codes, list[str]]:
    """Where each row's text stands among the distinct texts, (n,) int32, and those texts in order of appearance."""
    if isinstance(values, Column):
        return values
    found = pa.array(values, pa.large_utf8(), from_pandas=False).dictionary_encode()
    return found.indices.to_numpy(), found.dictionary.to_pylist()


def refuse_cell(text: str, file: str, row: int, name: str) -> None:
    """Stop at a cell that no reader should pass on.

    Raises:
        ExtractError: the cell is too long, or holds a NUL or what is not text.
    """
    if len(text) > MAX_CELL:
        raise ExtractError(f"a cell of more than {MAX_CELL} characters", file=file, row=row, field=name)
    found = FORBIDDEN.search(text)
    if found:
        what = "a NUL character" if found[0] == "\0" else "bytes that are not text in this encoding"
        raise ExtractError(what, file=file, row=row, field=name)


def text_of(value: Any) -> str | None:
    """A cell as text: dates as ISO without a time of day, whole numbers without a fraction; None where it is no scalar."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool | np.bool_):
        return str(value).lower()
    if isinstance(value, date):
        return date(value.year, value.month, value.day).isoformat()
    if isinstance(value, int | float | np.integer | np.floating | Decimal):
        return _number(value)
    return str(value) if isinstance(value, time | timedelta) else None


def refuse_value(text: str | None, file: str, row: int, name: str) -> None:
    """Stop at a value that `text_of` cannot read, or whose text no reader should pass on.

    Raises:
        ExtractError: as `refuse_cell`, and where there is no text.
    """
    if text is None:
        raise ExtractError("a cell that is neither text, number nor date", file=file, row=row, field=name)
    refuse_cell(text, file, row, name)


def trimmed(text: str) -> str:
    """The cell without outer blanks and without the apostrophe that makes a spreadsheet keep a number as text."""
    bare = text.strip()
    return bare[1:] if bare.startswith("'") and _APOSTROPHED.match(bare) else bare


def objects(values: Sequence[Any]) -> Text:
    """(n,) object array of the values as they are."""
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def _number(value: Any) -> str:
    if isinstance(value, int | np.integer):
        return str(int(value))
    if not isfinite(value):
        return "" if isnan(value) else str(value)
    return str(int(value)) if value == int(value) else f"{value:f}" if isinstance(value, Decimal) else str(value)
