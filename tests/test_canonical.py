"""One value has one sequence of bytes, whatever order its keys were written in."""

import hashlib
import json
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.canonical import canonical_json, digest, digest_of_bytes

KEYS = st.text(st.characters(codec="ascii"), max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def reordered(value):
    if isinstance(value, dict):
        return {key: reordered(item) for key, item in reversed(value.items())}
    return [reordered(item) for item in value] if isinstance(value, list) else value


def test_the_bytes_are_known():
    assert canonical_json({"b": [1, True, None], "a": 'Қодир "x"\n'}) == '{"a":"Қодир \\"x\\"\\n","b":[1,true,null]}'.encode()
    assert digest({}) == hashlib.sha256(b"{}").hexdigest() == digest_of_bytes(b"{}")


@given(VALUES)
def test_the_order_of_keys_does_not_matter_and_nothing_is_lost(value):
    data = canonical_json(value)
    assert canonical_json(reordered(value)) == data
    assert json.loads(data) == value
    assert canonical_json(json.loads(data)) == data


@given(VALUES, VALUES)
def test_two_values_share_bytes_only_if_they_are_equal(one, other):
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (canonical_json(one) == canonical_json(other)) == same


def test_a_dataclass_is_its_fields():
    @dataclass(frozen=True)
    class Pair:
        right: int
        left: tuple[int, ...]

    assert canonical_json(Pair(1, (2, 3))) == b'{"left":[2,3],"right":1}'


@pytest.mark.parametrize(
    "value", [1.0, {"a": [0.5]}, {"a": float("nan")}, {"a": b"x"}, {"ключ": 1}, {1: 2}, {"a": {(1,): 2}}, {1, 2}]
)
def test_what_has_no_one_writing_is_refused(value):
    with pytest.raises(TypeError):
        canonical_json(value)
