"""Tables of a run as Parquet: sorted, under pinned parameters, so that equal tables give equal bytes on every machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from linkage.errors import TamperedError

_ROW_GROUP = 1 << 20
Texts = NDArray[np.object_]


class Chosen(NamedTuple):
    """A column of few texts that occur many times, written without a copy of each.

    Attributes:
        texts: (n,) object array.
        rows: (n_rows,) which of them stands in each row.
    """

    texts: Texts
    rows: NDArray[np.int32]


def written(table: Any, keys: Sequence[str]) -> bytes:
    """Sorted rows as Parquet under pinned parameters, so that equal tables give equal bytes."""
    sink = pa.BufferOutputStream()
    pq.write_table(
        table if _is_sorted(table, keys) else table.sort_by([(name, "ascending") for name in keys]),
        sink,
        version="2.6",
        data_page_version="1.0",
        compression="zstd",
        compression_level=3,
        use_dictionary=True,
        write_statistics=False,
        row_group_size=_ROW_GROUP,
        write_page_checksum=True,
        store_schema=False,
    )
    return bytes(sink.getvalue().to_pybytes())


def _is_sorted(table: Any, keys: Sequence[str]) -> bool:
    """Whether the rows stand in order already, as those of a run do: to see that costs less than to sort texts."""
    after = np.zeros(max(table.num_rows - 1, 0), np.bool_)
    equal = ~after
    for name in keys:
        column = table[name].combine_chunks()
        if isinstance(column, pa.DictionaryArray):
            column = column.indices  # of texts in order, see `texts`
        before, behind = column.slice(0, len(after)), column.slice(1)
        after |= equal & pc.greater(behind, before).fill_null(False).to_numpy(zero_copy_only=False)
        equal &= pc.equal(behind, before).fill_null(False).to_numpy(zero_copy_only=False)
    return bool((after | equal).all())


def read(data: bytes, name: str) -> Any:
    """The table in a file's bytes.

    Raises:
        TamperedError: there is none.
    """
    try:
        return pq.read_table(pa.BufferReader(data), page_checksum_verification=True)
    except (pa.ArrowException, OSError, ValueError):
        raise TamperedError("the file is not a Parquet table", file=name) from None


def refuse_other_columns(table: Any, expected: Mapping[str, Any], name: str) -> None:
    """Refuse a table of other columns or types, or with missing values.

    Raises:
        TamperedError: it is one.
    """
    found = dict(zip(table.column_names, table.schema.types, strict=True))
    if found != expected or any(column.null_count for column in table.columns):
        raise TamperedError("the table's columns are not those of this file", file=name)


def texts(values: Texts | Chosen) -> Any:
    """A column of texts as Arrow has it."""
    if not isinstance(values, Chosen):
        return pa.array(values, pa.string(), from_pandas=False)
    distinct, first = np.unique(values.texts.astype(str), return_inverse=True) if len(values.texts) else (values.texts, values.rows)
    dictionary = pa.array(distinct.astype(object), pa.string(), from_pandas=False)
    return pa.DictionaryArray.from_arrays(pa.array(first[values.rows], pa.int32()), dictionary)


def as_texts(column: Any) -> Texts:
    """Equal texts become one object: a pair costs eight bytes per column, not a string each."""
    coded = column.combine_chunks().dictionary_encode()
    values: Texts = np.array([*coded.dictionary.to_pylist()], dtype=object)
    return values[coded.indices.to_numpy()] if len(values) else np.empty(0, dtype=object)
