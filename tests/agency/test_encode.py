"""Filters: positions by the published formula, values by table as by hand, missing as all zero, domains apart."""

import hashlib
import hmac
import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comparators import parities
from linkage.agency.diffusion import index_sets
from linkage.agency.encode import encode_filters, gram_positions, gram_rows, grams_of, mask_table
from linkage.agency.keys import LinkageKeys, derive, diffuse_key, field_key
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
        ("", "years", set()),
        ("1985", "years", {"1984", "1985", "1986"}),
        ("2000", "years", {"1999", "2000", "2001"}),
        ("", "value", set()),
        ("anna", "value", {"=anna"}),
    ],
)
def test_grams(value, kind, grams):
    found = grams_of(value, kind)
    assert set(found) == grams
    assert len(found) == len(grams)


@given(st.lists(st.text("abнә ", max_size=6), max_size=8), st.sampled_from(["bigrams", "digits", "value"]))
def test_grams_of_many_texts_are_those_of_each(texts, kind):
    grams, start, rows = gram_rows(texts, kind)
    found = [sorted(grams[row] for row in rows[begin:end]) for begin, end in itertools.pairwise(start.tolist())]
    assert found == [sorted(grams_of(text, kind)) for text in texts]
    assert len(grams) == len(set(grams))


def test_grams_of_many_letters_are_sorted_and_not_ticked_off():
    """Over 2,100 letters have more bigrams than are ticked off."""
    texts = ["".join(map(chr, range(0x4E00 + start, 0x4E00 + start + 100))) for start in range(0, 2200, 50)]
    grams, start, rows = gram_rows(texts, "bigrams")
    found = [sorted(grams[row] for row in rows[begin:end]) for begin, end in itertools.pairwise(start.tolist())]
    assert found == [sorted(grams_of(text, "bigrams")) for text in texts]


def test_a_digit_at_another_place_is_another_gram():
    assert not set(grams_of("12", "digits")) & set(grams_of("21", "digits"))


def test_the_table_holds_each_gram_alone():
    entries = [("ab", 5), ("bc", 9), ("bc", 5)]
    table = mask_table(entries, KEY, "name", 192)
    assert table.shape == (3, 3)
    for row, (gram, positions) in zip(table, entries, strict=True):
        assert bits_of(row) == set(naive_positions(KEY, "name", gram, positions, 192))


names = st.lists(st.text("abcz", max_size=5), min_size=1, max_size=8)


@settings(max_examples=40, deadline=None)
@given(names, st.data())
def test_looking_up_equals_encoding_value_by_value(surnames, data):
    """The slow twin: every value by itself, gram by gram, from the formula."""
    protocol = parse_protocol(TWIN, "twin")
    n = len(surnames)
    givens = data.draw(st.lists(st.text("abcz", max_size=5), min_size=n, max_size=n))
    births = data.draw(st.lists(st.sampled_from(["", "1985-02-01", "1985-02-10", "2001-12-31"]), min_size=n, max_size=n))
    known = features(n, surname__skeleton=surnames, given_name__skeleton=givens, birth_date__digits=births)
    found = encode_filters(known, keys(), protocol)
    assert set(found) == {"birth", "given", "surname"}
    for name, domain, values, kind in (
        ("birth", "birth", births, "digits"),
        ("given", "name", givens, "bigrams"),
        ("surname", "name", surnames, "bigrams"),
    ):
        assert (found[name].shape, found[name].dtype) == ((n, 3), np.uint64)
        key = field_key(keys(), domain, "fields/1")
        for row, value in enumerate(values):
            assert bits_of(found[name][row]) == naive_filter(key, domain, grams_of(value, kind), 3, 192)


def filters_of(spec, small, **given):
    """The filter `it` of these parts, of each row."""
    small["encoding"]["filters"]["it"] = spec
    protocol = parse_protocol(small, "p")
    n = len(next(iter(given.values())))
    return encode_filters(features(n, **given), keys(), protocol)["it"]


def slow_positions(total, n_grams):
    """Positions per gram of a shared part: the whole number nearest to an even share, and one at the least."""
    even = [count for count in range(1, total + 1) if abs(2 * (count * n_grams - total)) <= n_grams]
    return even[0] if even else 1


@settings(max_examples=40, deadline=None)
@given(names, st.integers(2, 90))
def test_shared_positions_are_an_even_share_for_each_gram(surnames, total):
    spec = {"parts": [{"of": "surname", "grams": "bigrams", "positions": total, "shared": True}]}
    found = filters_of(spec, json.loads(json.dumps(TWIN)), surname=surnames)
    key = field_key(keys(), "it", "fields/1")
    for row, value in zip(found, surnames, strict=True):
        grams = grams_of(value, "bigrams")
        each = slow_positions(total, len(grams)) if grams else 0
        if grams and 2 * total % len(grams):  # where two whole numbers are as near, either is an even share
            assert bits_of(row) == naive_filter(key, "it", grams, each, 192)
        assert bool(grams) == bool(bits_of(row))


def test_a_short_and_a_long_name_set_about_as_many_bits_where_positions_are_shared(small):
    small["encoding"]["bits"] = 1024
    part = {"of": "surname", "grams": "bigrams", "positions": 60, "shared": True}
    short, long = (len(bits_of(row)) for row in filters_of({"parts": [part]}, small, surname=["li", "abdurahmonov"]))
    assert short == pytest.approx(60, abs=8)
    assert long == pytest.approx(60, abs=8)
    part = {"of": "surname", "grams": "bigrams", "positions": 12}
    short, long = (len(bits_of(row)) for row in filters_of({"parts": [part]}, small, surname=["li", "abdurahmonov"]))
    assert long > 3 * short


def test_a_name_of_more_grams_than_positions_still_sets_one_for_each(small):
    part = {"of": "surname", "grams": "bigrams", "positions": 2, "shared": True}
    row = filters_of({"parts": [part]}, small, surname=["abcdefghij"])[0]
    grams = grams_of("abcdefghij", "bigrams")
    assert bits_of(row) == naive_filter(field_key(keys(), "it", "fields/1"), "it", grams, 1, 128)


def test_a_filter_of_several_parts_is_the_or_of_them(small):
    """Each part in its domain, the filter's own if none is given; a missing one adds nothing."""
    parts = [
        {"of": "surname", "grams": "bigrams", "positions": 3, "domain": "name"},
        {"of": "birth_year", "grams": "years", "positions": 4},
        {"of": "sex", "grams": "value", "positions": 5},
    ]
    whole, lacking = filters_of({"parts": parts}, small, surname=["karim", ""], birth_year=["1985", "1985"], sex=["M", "M"])
    name, own = (field_key(keys(), domain, "fields/1") for domain in ("name", "it"))
    without = naive_filter(own, "it", ("1984", "1985", "1986"), 4, 128) | naive_filter(own, "it", ("=M",), 5, 128)
    assert bits_of(lacking) == without
    assert bits_of(whole) == without | naive_filter(name, "name", grams_of("karim", "bigrams"), 3, 128)


def test_years_share_two_grams_with_the_next_and_one_with_the_one_after(small):
    spec = {"parts": [{"of": "birth_year", "grams": "years", "positions": 1}]}
    small["encoding"]["bits"] = 8192
    years = [bits_of(row) for row in filters_of(spec, small, birth_year=["1985", "1986", "1987", "1988"])]
    assert [len(years[0] & other) for other in years] == [3, 2, 1, 0]


def test_a_diffused_filter_is_the_inner_one_diffused_under_its_own_name(small):
    part = {"of": "surname", "grams": "bigrams", "positions": 5}
    small["encoding"]["bits"] = 192
    inner = filters_of({"parts": [part]}, json.loads(json.dumps(small)), surname=["karim", "", "rahim"])
    spec = {"parts": [part], "diffusion": 3, "inner_bits": 192}
    small["encoding"]["bits"] = 256
    found = filters_of(spec, small, surname=["karim", "", "rahim"])
    assert found.shape == (3, 4)
    assert np.array_equal(found, parities(inner, index_sets(diffuse_key(keys()), "it", 192, 3, 256)))
    assert found.any(axis=1).tolist() == [True, False, True]


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
            "surname": {"parts": [{"of": "surname.skeleton", "grams": "bigrams", "positions": 3, "domain": "name"}]},
            "given": {"parts": [{"of": "given_name.skeleton", "grams": "bigrams", "positions": 3, "domain": "name"}]},
            "birth": {"parts": [{"of": "birth_date.digits", "grams": "digits", "positions": 3}]},
        },
        "tokens": {"date": {"of": ["birth_date"]}},
    },
    "comparisons": [{"name": "date", "needs": ["date"], "levels": [{"name": "exact", "token": ["date"]}]}],
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
        return {name: filters[0] for name, filters in encode_filters(known, used or keys(), small_protocol).items()}

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
    del small["encoding"]["filters"]["given"]["parts"][0]["domain"]
    small["comparisons"] = small["comparisons"][2:3]
    protocol = parse_protocol(small, "p")
    known = features(1, surname__skeleton=["karim"], given_name__skeleton=["karim"])
    filters = encode_filters(known, keys(), protocol)
    assert bits_of(filters["surname"][0])
    assert not np.array_equal(filters["surname"], filters["given"])


@pytest.mark.parametrize(
    "used",
    [derive(bytes(reversed(range(32))), "small", "2020"), derive(SECRET, "other", "2020"), derive(SECRET, "small", "2021")],
    ids=["another key", "another project", "another epoch"],
)
def test_another_key_project_or_epoch_gives_another_filter(used, one):
    assert isinstance(used, LinkageKeys)
    assert not np.array_equal(one(surname__skeleton="karim")["surname"], one(surname__skeleton="karim", used=used)["surname"])


def test_a_protocol_without_filters_has_none(small):
    small["encoding"]["filters"] = {}
    small["comparisons"] = [{"name": "date", "needs": ["date"], "levels": [{"name": "exact", "token": ["date"]}]}]
    small["blocking"]["joins"] = []
    assert encode_filters(features(4), keys(), parse_protocol(small, "p")) == {}
