"""Filters: positions by the published formula, values by table as by hand, missing as all zero, domains apart."""

import hashlib
import hmac

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.agency.encode import encode_filters, gram_positions, grams_of, mask_table
from linkage.agency.keys import LinkageKeys, derive, field_key
from linkage.protocol import parse_protocol
from linkage.schema import FEATURES

KEY = bytes(range(32))
SECRET = hashlib.sha256(b"an invented linkage key").digest()


def keys(secret=SECRET):
    return derive(secret, "small", "2020")


def column(values):
    out = np.empty(len(values), dtype=object)
    out[:] = list(values)
    return out


def features(n, **given):
    """Every feature, missing but for those given (with `__` for a dot)."""
    known = {name.replace("__", "."): column(values) for name, values in given.items()}
    return {name: known.get(name, column([""] * n)) for name in FEATURES}


def bits_of(words):
    return {64 * word + bit for word, value in enumerate(words.tolist()) for bit in range(64) if value >> bit & 1}


def lp(text):
    data = text.encode()
    return len(data).to_bytes(4, "big") + data


def naive_positions(key, domain, gram, positions, bits):
    """docs/encoding.md, read aloud: HMAC(key, lp(domain) ‖ lp(gram) ‖ u32(i)) mod bits, biased words passed over."""
    out = []
    for i in range(positions):
        mac = hmac.new(key, lp(domain) + lp(gram) + i.to_bytes(4, "big"), hashlib.sha256).digest()
        words = [int.from_bytes(mac[at : at + 4], "big") for at in range(0, 32, 4)]
        out.append(next(word for word in words if word < 2**32 // bits * bits) % bits)
    return out


def naive_filter(key, domain, grams, positions, bits):
    return {place for gram in grams for place in naive_positions(key, domain, gram, positions, bits)}


def test_positions_are_known():
    """By `openssl dgst -sha256 -mac HMAC` over lp("name") ‖ lp("ab") ‖ u32(i), the first word mod 1024."""
    assert gram_positions(KEY, "name", "ab", 4, 1024) == [429, 459, 352, 836]


@given(st.binary(min_size=32, max_size=32), st.text("abн ", min_size=1, max_size=3), st.sampled_from([64, 192, 1024, 4160, 8192]))
def test_positions_follow_the_published_formula(key, gram, bits):
    found = gram_positions(key, "name", gram, 8, bits)
    assert found == naive_positions(key, "name", gram, 8, bits)
    assert all(0 <= place < bits for place in found)


def test_words_that_would_favour_low_positions_are_passed_over():
    """With 3·2^30 positions every fourth word lies above the largest multiple; taking it anyway would be seen at once."""
    bits = 3 << 30
    found = gram_positions(KEY, "d", "g", 60, bits)
    first = [int.from_bytes(hmac.digest(KEY, lp("d") + lp("g") + i.to_bytes(4, "big"), "sha256")[:4], "big") for i in range(60)]
    biased = [place for place, word in enumerate(first) if word >= bits]
    assert len(biased) > 5
    assert all(found[place] != first[place] % bits for place in biased)
    assert all(found[place] == word for place, word in enumerate(first) if word < bits)
    assert found == naive_positions(KEY, "d", "g", 60, bits)


def test_positions_are_spread_evenly():
    counts = np.zeros(192, int)
    for number in range(400):
        for place in gram_positions(KEY, "d", str(number), 24, 192):
            counts[place] += 1
    expected = counts.sum() / 192
    assert ((counts - expected) ** 2 / expected).sum() < 280  # chi² with 191 degrees: 260 is passed once in two thousand


@pytest.mark.parametrize(
    ("value", "kind", "grams"),
    [
        ("", "bigrams", set()),
        ("", "digits", set()),
        ("a", "bigrams", {" a", "a "}),
        ("anna", "bigrams", {" a", "an", "nn", "na", "a "}),
        ("aaaa", "bigrams", {" a", "aa", "a "}),
        ("1985-02-01", "digits", {"0:1", "1:9", "2:8", "3:5", "5:0", "6:2", "8:0", "9:1"}),
    ],
)
def test_grams(value, kind, grams):
    found = grams_of(value, kind)
    assert set(found) == grams
    assert len(found) == len(grams)


def test_a_digit_at_another_place_is_another_gram():
    assert not set(grams_of("12", "digits")) & set(grams_of("21", "digits"))


def test_the_table_holds_each_gram_alone():
    table = mask_table(["ab", "bc"], KEY, "name", 5, 192)
    assert table.shape == (2, 3)
    for row, gram in zip(table, ["ab", "bc"], strict=True):
        assert bits_of(row) == set(naive_positions(KEY, "name", gram, 5, 192))


names = st.lists(st.text("abcz", max_size=5), min_size=1, max_size=8)


@settings(max_examples=40)
@given(names, st.data())
def test_looking_up_equals_encoding_value_by_value(surnames, data):
    """The slow twin: every value by itself, gram by gram, from the formula."""
    protocol = parse_protocol(TWIN, "twin")
    n = len(surnames)
    givens = data.draw(st.lists(st.text("abcz", max_size=5), min_size=n, max_size=n))
    births = data.draw(st.lists(st.sampled_from(["", "1985-02-01", "1985-02-10", "2001-12-31"]), min_size=n, max_size=n))
    known = features(n, surname__skeleton=surnames, given_name__skeleton=givens, birth_date__digits=births)
    found = encode_filters(known, keys(), protocol)
    assert (found.shape, found.dtype) == ((n, 3, 3), np.uint64)
    for at, (domain, values, kind) in enumerate(
        (("birth", births, "digits"), ("name", givens, "bigrams"), ("name", surnames, "bigrams"))
    ):
        key = field_key(keys(), domain, "fields/1")
        for row, value in enumerate(values):
            assert bits_of(found[row, at]) == naive_filter(key, domain, grams_of(value, kind), 3, 192)


TWIN = {
    "format": "headcount-protocol/1",
    "project": "small",
    "epoch": "2020",
    "title": "a length that is no power of two",
    "normaliser": "norm/1",
    "identifiers": ["surname", "given_name", "birth_date"],
    "encoding": {
        "scheme": "fields/1",
        "bits": 192,
        "filters": {
            "surname": {"of": "surname.skeleton", "grams": "bigrams", "positions": 3, "domain": "name"},
            "given": {"of": "given_name.skeleton", "grams": "bigrams", "positions": 3, "domain": "name"},
            "birth": {"of": "birth_date.digits", "grams": "digits", "positions": 3},
        },
        "tokens": {"date": {"of": ["birth_date"]}},
    },
    "comparisons": [{"name": "date", "needs": ["date"], "levels": [{"name": "exact", "token": "date"}]}],
    "blocking": {"passes": ["date"], "max_block": 10},
    "clustering": {"method": "average", "threshold": 500},
    "statistics": {"dimensions": []},
    "release": {"thresholds": {}, "valid_days": 1},
}


@pytest.fixture
def one(small_protocol):
    """`one(surname=…, keys=…)`: the filters of one record by name."""

    def encode(*, used=None, **given):
        known = features(1, **{name: [value] for name, value in given.items()})
        return dict(zip(small_protocol.filters, encode_filters(known, used or keys(), small_protocol)[0], strict=True))

    return encode


def test_what_is_missing_has_no_bit_and_what_is_not_has_some(one):
    filters = one(surname__skeleton="karim")
    assert bits_of(filters["surname"])
    assert not bits_of(filters["given"])
    assert not bits_of(filters["birth"])


def test_one_text_is_one_filter_within_a_domain(one):
    filters = one(surname__skeleton="karim", given_name__skeleton="karim")
    assert np.array_equal(filters["surname"], filters["given"])


def test_one_text_is_two_filters_in_two_domains(small):
    del small["encoding"]["filters"]["given"]["domain"]
    small["comparisons"] = small["comparisons"][2:3]
    protocol = parse_protocol(small, "p")
    known = features(1, surname__skeleton=["karim"], given_name__skeleton=["karim"])
    filters = dict(zip(protocol.filters, encode_filters(known, keys(), protocol)[0], strict=True))
    assert bits_of(filters["surname"])
    assert not np.array_equal(filters["surname"], filters["given"])


@pytest.mark.parametrize(
    "used",
    [derive(bytes(reversed(range(32))), "small", "2020"), derive(SECRET, "other", "2020"), derive(SECRET, "small", "2021")],
    ids=["another key", "another project", "another epoch"],
)
def test_another_key_project_or_epoch_gives_another_filter(used, one):
    assert isinstance(used, LinkageKeys)
    assert not np.array_equal(one(surname__skeleton="karim")["surname"], one(surname__skeleton="karim", used=used)["surname"])


def test_a_protocol_without_filters_gives_an_empty_axis(small):
    small["encoding"]["filters"] = {}
    small["comparisons"] = [{"name": "date", "needs": ["date"], "levels": [{"name": "exact", "token": "date"}]}]
    small["blocking"]["joins"] = []
    assert encode_filters(features(4), keys(), parse_protocol(small, "p")).shape == (4, 0, 2)
