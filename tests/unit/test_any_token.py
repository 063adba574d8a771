"""Levels of pairs: values that a record has several of, against a slow twin."""

import numpy as np
import pytest

from blocking import Pairs
from linkage.errors import SchemaError
from linkage.protocol import parse_protocol
from linkage.records import Encodings
from linkage.unit.vectors import compare

ANY = ["date", "swapped", "third"]


@pytest.fixture
def several(small):
    """A protocol whose one comparison asks for any of three tokens of one domain."""
    small["encoding"]["tokens"]["third"] = {"of": ["birth_date.month_day"], "domain": "date"}
    levels = [{"name": "exact", "token": ["date"]}, {"name": "any", "any_token": ANY}]
    small["comparisons"] = [{"name": "birth", "needs": ["date"], "levels": levels}]
    return small


def encodings(tokens, protocol):
    n = len(tokens)
    filters = np.zeros((n, len(protocol.filters), protocol.words), np.uint64)
    record = np.array([f"{row:026}".encode() for row in range(n)])
    return Encodings(("court",), np.zeros(n, np.int16), record, filters, tokens)


def slow_level(one, other):
    """0 = first tokens equal, 1 = any equal, 2 = different, -1 = a first token is missing."""
    if not (one[0] and other[0]):
        return -1
    if one[0] == other[0]:
        return 0
    return 1 if (set(one) & set(other)) - {0} else 2


def test_any_of_one_records_tokens_may_equal_any_of_the_others(several):
    protocol = parse_protocol(several, "several.toml")
    values = np.random.Generator(np.random.PCG64(1)).integers(0, 6, (40, len(ANY))).astype(np.uint64)
    tokens = np.zeros((40, len(protocol.tokens)), np.uint64)
    tokens[:, [protocol.tokens.index(name) for name in ANY]] = values
    left, right = (part.astype(np.int32) for part in np.triu_indices(40, 1))
    found = compare(encodings(tokens, protocol), Pairs(left, right), protocol)[:, 0]
    expected = [slow_level(values[a].tolist(), values[b].tolist()) for a, b in zip(left, right, strict=True)]
    assert found.tolist() == expected
    assert set(expected) == {-1, 0, 1, 2}


@pytest.mark.parametrize(
    ("level", "said"),
    [
        ({"name": "any", "any_token": ["date"]}, "at least two tokens"),
        ({"name": "any", "any_token": ["date", "nothing"]}, "no token is called 'nothing'"),
        ({"name": "any", "any_token": ["date", "year"]}, "different domains"),
        ({"name": "any", "any_token": []}, "at least one of token, any_token"),
    ],
)
def test_a_level_of_several_tokens_that_cannot_hold_is_refused(several, level, said):
    several["comparisons"][0]["levels"] = [level]
    with pytest.raises(SchemaError, match=said):
        parse_protocol(several, "several.toml")
