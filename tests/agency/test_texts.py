"""Texts by number: rows lead to their own texts, and what is hashed of a row is its texts behind their lengths."""

import itertools
import unicodedata

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from linkage.agency.cells import Column, coded, distinct, renamed, spelt_out
from linkage.agency.texts import Texts, length_prefixed_pool, values_of
from linkage.bundle.format import length_prefixed

SHORT = st.sampled_from(["", "a", "b", "ab", "ба", "aa", "é", "e\u0301"])


def column(values):
    out = np.empty(len(values), dtype=object)
    out[:] = list(values)
    return out


def strings(pool):
    return [pool.flat[start:stop].tobytes() for start, stop in itertools.pairwise(pool.start.tolist())]


@given(st.lists(SHORT, max_size=30))
def test_a_coded_column_spells_out_what_went_in_and_missing_is_number_0(values):
    found = coded(column(values))
    assert spelt_out(found).tolist() == values
    assert found.texts == ["", *(text for text in dict.fromkeys(values) if text)]
    assert [code == 0 for code in found.codes.tolist()] == [not value for value in values]
    assert (found.codes.dtype, found.codes.shape) == (np.int32, (len(values),))
    assert coded(found) is found


@given(st.lists(SHORT, max_size=30))
def test_distinct_texts_stand_in_the_order_of_their_appearance(values):
    index, texts = distinct(column(values))
    assert texts == list(dict.fromkeys(values))
    assert [texts[place] for place in index.tolist()] == values


def test_texts_that_become_equal_share_a_number():
    found = renamed(Column(np.array([0, 1, 2, 3, 1], np.int32), ["", "Ali", "ali", "?"]), ["", "ali", "ali", ""])
    assert (found.codes.tolist(), found.texts) == ([0, 1, 1, 0, 1], ["", "ali"])


@given(st.lists(st.text(max_size=6), max_size=20))
def test_a_pool_holds_each_text_as_the_format_writes_it(texts):
    assert strings(length_prefixed_pool(texts)) == [length_prefixed(text) for text in texts]


@given(st.integers(1, 3).flatmap(lambda width: st.lists(st.tuples(*[SHORT] * width), min_size=1, max_size=30)))
def test_the_values_of_rows_are_their_texts_one_behind_the_other(rows):
    names = [f"f{place}" for place in range(len(rows[0]))]
    texts = Texts({name: column([row[place] for row in rows]) for place, name in enumerate(names)})
    values = values_of(texts, names)
    assert values.present().tolist() == [all(row) for row in rows]
    at = np.flatnonzero(values.present())
    several = strings(values.pool)
    found = [b"".join(several[number] for number in row) for row in values.rows(at).tolist()]
    assert found == [length_prefixed(*rows[row]) for row in at.tolist()]


def test_features_are_a_mapping_of_texts():
    texts = Texts({"a": column(["x", ""]), "b": Column(np.array([1, 1], np.int32), ["", "y"])})
    assert (list(texts), len(texts)) == (["a", "b"], 2)
    assert {name: texts[name].tolist() for name in texts} == {"a": ["x", ""], "b": ["y", "y"]}
    assert texts.coded("a") is texts.coded("a")
    assert unicodedata.is_normalized("NFC", texts["b"][0])
