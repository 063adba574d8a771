"""Tokens: equal values are equal, nothing else is, and what is missing is 0."""

import hashlib
import hmac
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.agency.keys import block_key, derive, field_key
from linkage.agency.tokens import encode_tokens, hashed
from linkage.protocol import parse_protocol
from linkage.schema import FEATURES

KEY = bytes(range(32))
SECRET = hashlib.sha256(b"an invented linkage key").digest()


def keys(secret=SECRET, project="small", epoch="2020"):
    return derive(secret, project, epoch)


def encoded(protocol, n=1, used=None, **given):
    """Tokens by name of rows with these features (`__` for a dot), the others missing."""
    known = {}
    for name in FEATURES:
        known[name] = np.empty(n, dtype=object)
        known[name][:] = given.get(name.replace(".", "__"), [""] * n)
    found = encode_tokens(known, used or keys(), protocol)
    assert set(found) == set(protocol.encoding.tokens)
    assert {(column.shape, column.dtype) for column in found.values()} == {((n,), np.dtype(np.uint64))}
    return {name: column.tolist() for name, column in found.items()}


def lp(text):
    data = text.encode()
    return len(data).to_bytes(4, "big") + data


@given(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=4))
def test_a_token_follows_the_published_formula(values):
    message = b"".join(lp(unicodedata.normalize("NFC", value)) for value in values)
    expected = int.from_bytes(hmac.new(KEY, message, hashlib.sha256).digest()[:8], "big")
    assert hashed(KEY, tuple(values)) == (expected or 2**64 - 1)


def test_a_token_is_known():
    """By `openssl dgst -sha256 -mac HMAC` over 00000002 6162 00000001 63."""
    assert hashed(KEY, ("ab", "c")) == 0xC3BE357A5B3BED19


def test_where_values_part_matters():
    assert len({hashed(KEY, values) for values in (("ab", "c"), ("a", "bc"), ("abc",), ("abc", ""), ("", "abc"), ("c", "ab"))}) == 6


def test_a_hash_of_zero_is_not_taken_for_missing(monkeypatch):
    monkeypatch.setattr(hmac, "digest", lambda *_arguments: bytes(32))
    assert hashed(KEY, ("x",)) == 2**64 - 1


def test_a_column_is_its_rows_by_hand(small_protocol):
    rows = [("karim", "1985"), ("karim", "1985"), ("karim", "1986"), ("karima", "1985"), ("", "1985"), ("karim", "")]
    found = encoded(small_protocol, len(rows), surname=[row[0] for row in rows], birth_year=[row[1] for row in rows])
    key = block_key(keys(), "name_year")
    assert found["name_year"] == [hashed(key, row) if all(row) else 0 for row in rows]
    assert found["name_year"][0] == found["name_year"][1]
    assert len(set(found["name_year"])) == 4


def test_a_token_is_missing_where_any_of_its_parts_is(small_protocol):
    found = encoded(small_protocol, 3, surname=["karim", "", "karim"], birth_year=["", "1985", "1985"])
    assert [value == 0 for value in found["name_year"]] == [True, True, False]
    assert [value == 0 for value in found["year"]] == [True, False, False]
    assert found["date"] == [0, 0, 0]


def test_one_text_is_one_token_within_a_domain(small_protocol):
    found = encoded(small_protocol, birth_date=["1985-02-01"], birth_date__swapped=["1985-02-01"])
    assert found["date"] == found["swapped"] != [0]


def test_one_text_is_two_tokens_in_two_domains(small):
    del small["encoding"]["tokens"]["swapped"]["domain"]
    small["comparisons"] = [small["comparisons"][0]]
    found = encoded(parse_protocol(small, "p"), birth_date=["1985-02-01"], birth_date__swapped=["1985-02-01"])
    assert found["date"] != [0]
    assert found["date"] != found["swapped"]


@pytest.mark.parametrize(
    "used",
    [keys(bytes(reversed(range(32)))), keys(project="other"), keys(epoch="2021")],
    ids=["another key", "another project", "another epoch"],
)
def test_another_key_project_or_epoch_gives_another_token(used, small_protocol):
    one, other = (encoded(small_protocol, used=which, birth_year=["1985"])["year"] for which in (None, used))
    assert one != other
    assert 0 not in one + other


def test_blocking_and_encoding_keys_are_apart(small_protocol):
    """A filter's field key is not a token's block key, though both domains are called alike."""
    assert field_key(keys(), "name", "fields/1") != block_key(keys(), "name")


def test_tokens_over_a_whole_column_are_those_of_each_row(small_protocol):
    """Of one feature by distinct text, of two row by row; composed and decomposed letters are one text."""
    names = ["karim", "", "karim", "rahim", "é", "e\u0301", "Раҳим"] * 3
    years = ["1985", "1985", "", "1986", "1985", "1985", "1985"] * 3
    found = encoded(small_protocol, 21, surname=names, birth_year=years)
    for name, token in small_protocol.encoding.tokens.items():
        key = block_key(keys(), token.domain or name)
        rows = zip(*({"surname": names, "birth_year": years}.get(of, [""] * 21) for of in token.of), strict=True)
        assert found[name] == [hashed(key, row) if all(row) else 0 for row in rows]
