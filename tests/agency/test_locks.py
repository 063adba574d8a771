"""Locks: under one value of a lock copies differ as the values do, and show that both have one; under two they are noise."""

import hashlib
import hmac
import itertools

import numpy as np
import pytest

from linkage.agency.encode import encode_filters
from linkage.agency.keys import derive, fill_key, lock_key
from linkage.agency.locks import lock
from linkage.agency.tokens import encode_tokens
from linkage.bundle.body import linking_body, read_linking
from linkage.protocol import parse_protocol
from linkage.schema import FEATURES

SECRET = hashlib.sha256(b"an invented linkage key").digest()
KEYS = derive(SECRET, "small", "2020")
OTHER_KEYS = derive(bytes(reversed(SECRET)), "small", "2020")
KNOWN = {
    "surname": "karim",
    "surname.skeleton": "karimov",
    "surname.base": "karim",
    "given_name": "daler",
    "given_name.skeleton": "daler",
    "birth_date": "1985-02-01",
    "birth_date.digits": "1985-02-01",
    "birth_date.swapped": "1985-01-02",
    "birth_year": "1985",
    "sex": "M",
}
COPIES = {"surname@date", "surname@given_year", "birth@sex"}
TOKEN_COPIES = {"family@swapped", "given@date", "given@surname_year"}
LOWER_HALF = 0xFFFF_FFFF


def locked_up(protocol, *changes, used=KEYS, pseudonyms=None):
    """For each record, known but for the changes: label to the words that leave; the tokens' labels are `token …`."""
    known = {name: np.array([{**KNOWN, **one}.get(name, "") for one in changes], dtype=object) for name in FEATURES}
    record = np.array(pseudonyms or [f"{at:026}" for at in range(len(changes))], "S26")
    inside = encode_filters(known, used, protocol), encode_tokens(known, used, protocol)
    filters, tokens = lock(known, record, *inside, used, protocol)
    assert (filters.dtype, tokens.dtype) == (np.uint64, np.uint64)
    assert filters.shape == (len(changes), len(protocol.filters), protocol.words)
    assert tokens.shape == (len(changes), len(protocol.tokens))
    return [
        {label: filters[row, at].tolist() for at, label in enumerate(protocol.filters)}
        | {f"token {label}": [int(tokens[row, at])] for at, label in enumerate(protocol.tokens)}
        for row in range(len(changes))
    ]


def inside(protocol, change, used=KEYS):
    """The same by name, before any lock."""
    known = {name: np.array([{**KNOWN, **change}.get(name, "")], dtype=object) for name in FEATURES}
    tokens = {f"token {name}": [int(one[0])] for name, one in encode_tokens(known, used, protocol).items()}
    return {name: one[0].tolist() for name, one in encode_filters(known, used, protocol).items()} | tokens


def xor(one, other):
    return [a ^ b for a, b in zip(one, other, strict=True)]


def lower(words):
    """The lower half of a token's bits."""
    return [word & LOWER_HALF for word in words]


def upper(words):
    return [word >> 32 for word in words]


def share_of_equal_bits(pairs):
    differ, bits = 0, 0
    for one, other in pairs:
        differ += sum(word.bit_count() for word in xor(one, other))
        bits += 64 * len(one)
    return 1 - differ / bits


@pytest.fixture
def unfilled(locked):
    """The protocol without `fill`: gaps stay zero."""
    locked["encoding"]["fill"] = False
    return parse_protocol(locked, "unfilled.toml")


def lp(*texts):
    return b"".join(len(text.encode()).to_bytes(4, "big") + text.encode() for text in texts)


def naive_masks(name, values, widths):
    """docs/encoding.md, read aloud: SHAKE-256 of HMAC(key of the lock, its values), dealt out eight bytes a word."""
    seed = hmac.new(lock_key(KEYS, name), lp(*values), hashlib.sha256).digest()
    stream = hashlib.shake_256(seed).digest(8 * sum(widths))
    words = [int.from_bytes(stream[at : at + 8], "little") for at in range(0, len(stream), 8)]
    return [words[sum(widths[:at]) :][:width] for at, width in enumerate(widths)]


def test_each_copy_is_its_value_under_a_slice_of_the_locks_mask(locked_protocol):
    one, before = locked_up(locked_protocol, {})[0], inside(locked_protocol, {})
    date = naive_masks("date", ["1985-02-01"], [2, 1])
    assert one["surname@date"] == xor(before["surname"], date[0])
    assert one["token given@date"] == xor(lower(before["token given"]), date[1])
    assert one["surname@given_year"] == xor(before["surname"], naive_masks("given_year", ["daler", "1985"], [2])[0])
    assert one["birth@sex"] == xor(before["birth"], naive_masks("sex", ["M"], [2])[0])


def test_what_is_open_leaves_as_it_is(locked_protocol):
    one, before = locked_up(locked_protocol, {})[0], inside(locked_protocol, {})
    for label in ("whole", "token date", "token swapped", "token given_year", "token surname_year", "token year"):
        assert one[label] == before[label] != [0] * len(one[label])
        assert all(upper(one[label])), "no half of an open token is left out"


def test_under_one_value_of_the_lock_copies_differ_as_the_values_do(locked_protocol):
    changes = {}, {"surname": "rahim", "given_name.skeleton": "dalir", "birth_date.digits": "1985-02-11"}
    one, other = locked_up(locked_protocol, *changes)
    before, beside = (inside(locked_protocol, change) for change in changes)
    for label in ("surname@date", "surname@given_year", "birth@sex", "token given@date"):
        name = label.partition("@")[0]
        assert any(xor(before[name], beside[name])), "the values must differ, or the example proves nothing"
        differ = xor(before[name], beside[name])
        if label == "token given@date":
            differ = lower(differ)
            assert any(differ)
        assert xor(one[label], other[label]) == differ


def test_where_a_lock_is_shared_equal_upper_halves_say_that_both_have_a_value_and_equal_words_that_it_is_one(locked_protocol):
    changes = {}, {}, {"given_name.skeleton": "zafar"}, {"given_name.skeleton": ""}, {"given_name.skeleton": ""}
    known, same, another, lacking, lacking_too = (one["token given@date"] for one in locked_up(locked_protocol, *changes))
    assert known == same
    assert known != another
    assert upper(known) == upper(another)
    assert len({*upper(known), *upper(lacking), *upper(lacking_too)}) == 3, "missing is not mistaken for different"


def test_where_no_lock_is_shared_no_half_says_anything(locked_protocol):
    days = [{"birth_date": f"1985-02-{day:02}", "birth_date.swapped": f"1985-{day:02}-02"} for day in range(1, 29)]
    values = [one["token given@date"] for one in locked_up(locked_protocol, *days)]
    assert len({half for value in values for half in (*lower(value), *upper(value))}) == 2 * 28


def test_a_value_whose_lower_half_is_zero_is_not_missing(unfilled):
    known = {name: np.array([KNOWN.get(name, "")] * 3, dtype=object) for name in FEATURES}
    filters, tokens = encode_filters(known, KEYS, unfilled), dict(encode_tokens(known, KEYS, unfilled))
    tokens["given"] = np.array([7 << 32, 1, 0], np.uint64)
    record = np.array([f"{at:026}" for at in range(3)], "S26")
    left = lock(known, record, filters, tokens, KEYS, unfilled)[1][:, unfilled.tokens.index("given@date")].tolist()
    assert left[0] == left[1] == naive_masks("date", ["1985-02-01"], [2, 1])[1][0] ^ 1
    assert left[2] == 0


def test_under_a_hidden_lock_a_token_keeps_all_its_bits_so_that_nobody_sees_who_shares_the_lock(locked):
    """With its lower half alone, equal upper halves would tell the sexes apart of all records that have a given name."""
    locked["encoding"]["tokens"]["given"]["locks"] = ["date", "sex"]
    hiding = parse_protocol(locked, "hiding.toml")
    changes = {}, {"given_name.skeleton": "zafar"}, {}
    one, other, same = (record["token given@sex"] for record in locked_up(hiding, *changes))
    before, beside = (inside(hiding, change)["token given"] for change in changes[:2])
    assert xor(one, other) == xor(before, beside)
    assert upper(one) != upper(other)
    assert one == same


def test_equal_values_are_equal_only_under_an_equal_lock(locked_protocol):
    one, other = locked_up(locked_protocol, {}, {"birth_date": "1985-03-01"})
    assert one["surname@given_year"] == other["surname@given_year"]
    assert one["surname@date"] != other["surname@date"]
    assert one["token given@date"] != other["token given@date"]
    assert one["token given@surname_year"] == other["token given@surname_year"]


def test_under_other_values_of_the_lock_equal_values_are_noise(locked_protocol):
    """Two equal filters agree in all bits; their copies in half."""
    many = locked_up(locked_protocol, *({"birth_date": f"1985-02-{day:02}"} for day in range(1, 29)))
    pairs = [(one["surname@date"], other["surname@date"]) for one in many for other in many if one is not other]
    assert share_of_equal_bits(pairs) == pytest.approx(0.5, abs=0.02)


def masks_of(protocol, change=None):
    """Words of every mask of a record: copy XOR value."""
    change = change or {}
    one, before = locked_up(protocol, change)[0], inside(protocol, change)
    return [word for label, words in one.items() if "@" in label for word in xor(words, before[label.partition("@")[0]])]


def test_no_slice_of_a_mask_is_used_twice_within_a_record(locked_protocol):
    """`date` and `swapped` share a domain, and on the second of February they are one value; their masks are not."""
    masks = masks_of(locked_protocol, {"birth_date": "1985-02-02", "birth_date.swapped": "1985-02-02"})
    assert len(masks) == 2 * len(COPIES) + len(TOKEN_COPIES)
    assert len(set(masks)) == len(masks)
    assert 0 not in masks


def test_another_key_has_other_masks(locked_protocol):
    one, other = (locked_up(locked_protocol, {}, used=used)[0] for used in (KEYS, OTHER_KEYS))
    assert share_of_equal_bits([(one[label], other[label]) for label in COPIES]) == pytest.approx(0.5, abs=0.1)


GAPS = [
    ({"surname": ""}, {"surname@date", "surname@given_year", "token given@surname_year"}, "a value that is in a lock, too"),
    ({"birth_date": ""}, {"surname@date", "token given@date"}, "a lock"),
    ({"sex": ""}, {"birth@sex"}, "a hidden lock"),
    ({"given_name.skeleton": ""}, {"token given@date", "token given@surname_year"}, "a token"),
    ({"birth_year": ""}, {"surname@given_year", "token given@surname_year"}, "two locks"),
]
GAP_NAMES = [missing for _, _, missing in GAPS]


@pytest.mark.parametrize(("change", "gaps", "missing"), GAPS, ids=GAP_NAMES)
def test_without_fill_a_copy_is_missing_where_its_value_or_its_lock_is(change, gaps, missing, unfilled):
    whole, lacking = locked_up(unfilled, {}, change)
    assert all(any(words) for words in whole.values()), missing
    closed = {label for label, words in lacking.items() if "@" in label and not any(words)}
    assert closed == gaps


@pytest.mark.parametrize(("change", "gaps", "missing"), GAPS, ids=GAP_NAMES)
def test_what_is_missing_is_filled_with_what_no_other_record_has(change, gaps, missing, locked_protocol):
    records = locked_up(locked_protocol, *[change] * 20, {})
    for label in gaps:
        values = [tuple(record[label]) for record in records]
        assert len(set(values)) == 21, missing
        assert all(any(value) for value in values)
        assert share_of_equal_bits(itertools.pairwise(values)) == pytest.approx(0.5, abs=0.1)


def test_an_open_token_that_no_comparison_needs_is_filled_and_one_that_is_needed_keeps_its_mark(locked_protocol):
    lacking = locked_up(locked_protocol, {"birth_year": ""}, {"birth_year": ""})
    assert [one["token year"] for one in lacking] == [[0], [0]]
    first, second = (one["token given_year"] for one in lacking)
    assert first != second
    assert [0] not in (first, second)


def test_an_open_filter_keeps_its_mark(locked_protocol):
    nameless = locked_up(locked_protocol, {"surname.skeleton": "", "given_name.skeleton": ""})[0]
    assert nameless["whole"] == [0, 0]


def test_no_two_gaps_of_one_record_are_filled_alike(locked_protocol):
    nobody = locked_up(locked_protocol, dict.fromkeys(KNOWN, ""))[0]
    words = [word for label, one in nobody.items() if label not in ("whole", "token year") for word in one]
    assert len(set(words)) == len(words) == 2 * len(COPIES) + 8 - 1
    assert 0 not in words


def test_a_gap_is_filled_alike_for_the_same_record_and_unlike_for_another_or_under_another_key(locked_protocol):
    change, name = {"surname": ""}, ["A" * 26]
    same = [locked_up(locked_protocol, {**change, "sex": sex}, pseudonyms=name)[0]["surname@date"] for sex in "MF"]
    assert same[0] == same[1]
    others = (
        locked_up(locked_protocol, change, pseudonyms=["B" * 26])[0],
        locked_up(locked_protocol, change, pseudonyms=name, used=OTHER_KEYS)[0],
    )
    for other in others:
        assert share_of_equal_bits([(same[0], other["surname@date"])]) == pytest.approx(0.5, abs=0.15)


def test_the_fill_is_the_formulas(locked_protocol):
    """SHAKE-256 of HMAC(fill key, pseudonym), dealt out over all copies that may be filled, filters first."""
    nobody = locked_up(locked_protocol, dict.fromkeys(KNOWN, ""), pseudonyms=["A" * 26])[0]
    stream = hashlib.shake_256(hmac.digest(fill_key(KEYS), b"A" * 26, "sha256")).digest(8 * 13)
    expected = [int.from_bytes(stream[at : at + 8], "little") for at in range(0, len(stream), 8)]
    assert [word for label, words in nobody.items() if label not in ("whole", "token year") for word in words] == expected


def test_a_row_is_locked_alike_whatever_rows_stand_beside_it(locked_protocol):
    changes = {}, {"surname": ""}, {"birth_date": ""}, {"birth_date": "1990-01-01"}, {}
    together = locked_up(locked_protocol, *changes)
    for at, change in enumerate(changes):
        assert locked_up(locked_protocol, change, pseudonyms=[f"{at:026}"])[0] == together[at]


def test_a_hidden_token_does_not_leave(locked_protocol):
    one, before = locked_up(locked_protocol, {})[0], inside(locked_protocol, {})
    assert before["token sex"] != [0]
    assert before["token sex"][0] not in {word for words in one.values() for word in words}


@pytest.fixture
def long(locked):
    """The protocol with an open filter of three places and a locked one of two for each of its copies."""
    locked["encoding"]["filters"]["whole"]["bits"] = 384
    locked["encoding"]["filters"]["surname"]["bits"] = 256
    locked["blocking"]["joins"] = [{"filters": ["whole"], "dice": 600, "max_records": 50}]
    return parse_protocol(locked, "long.toml")


def through_the_wall(protocol, *changes):
    """For each record, label of a copy to its words, after the bundle's body was written and read."""
    known = {name: np.array([{**KNOWN, **one}.get(name, "") for one in changes], dtype=object) for name in FEATURES}
    record = np.array([f"{chr(65 + at) * 26}" for at in range(len(changes))], "S26")
    sent = lock(known, record, encode_filters(known, KEYS, protocol), encode_tokens(known, KEYS, protocol), KEYS, protocol)
    read, *columns = read_linking(linking_body(record, *sent, protocol), protocol, "list")
    filters, tokens = (np.stack(axis, axis=1) for axis in columns)
    assert (read.tolist(), tokens.tolist()) == (record.tolist(), sent[1].tolist())
    copies = protocol.encoding.filter_copies
    return [{copy.label: one[protocol.places(copy)].ravel().tolist() for copy in copies} for one in filters]


def test_a_long_filter_comes_whole_through_the_wall(long):
    one = through_the_wall(long, {})[0]
    before = inside(long, {})
    assert {label: len(words) for label, words in one.items()} == {
        "birth@sex": 2,
        "surname@date": 4,
        "surname@given_year": 4,
        "whole": 6,
    }
    assert one["whole"] == before["whole"]
    assert all(before["whole"][4:]), "the last place holds bits, too, or the example proves nothing"


def test_a_long_filter_under_a_lock_has_a_mask_as_long_as_itself(long):
    one, before = through_the_wall(long, {})[0], inside(long, {})
    date = naive_masks("date", ["1985-02-01"], [4, 1])
    assert one["surname@date"] == xor(before["surname"], date[0])
    masks = [word for label in ("surname@date", "surname@given_year") for word in xor(one[label], before["surname"])]
    assert len(set(masks)) == len(masks) == 8


def test_long_copies_of_two_records_differ_over_their_whole_length_as_the_values_do(long):
    changes = {}, {"surname": "rahim"}
    one, other = through_the_wall(long, *changes)
    before, beside = (inside(long, change)["surname"] for change in changes)
    assert xor(one["surname@date"], other["surname@date"]) == xor(before, beside)
    assert all(xor(before, beside)), "the values must differ in every word, or the example proves nothing"


def test_a_long_copy_that_is_missing_is_filled_over_its_whole_length(long):
    lacking = through_the_wall(long, {"surname": ""}, {"surname": ""})
    words = [word for one in lacking for label in ("surname@date", "surname@given_year") for word in one[label]]
    assert len(set(words)) == len(words) == 16
    assert 0 not in words


def test_a_long_open_filter_keeps_its_mark(long):
    nameless = through_the_wall(long, {"surname.skeleton": "", "given_name.skeleton": ""})[0]
    assert nameless["whole"] == [0] * 6


def test_no_records_and_nothing_to_fill_are_no_error(locked_protocol, small):
    assert locked_up(locked_protocol) == []
    small["encoding"]["fill"] = True
    small["encoding"]["tokens"] = {}
    small["comparisons"] = small["comparisons"][1:2]
    del small["comparisons"][0]["unless"]
    small["blocking"]["passes"] = []
    open_filters = parse_protocol(small, "p")
    assert set(locked_up(open_filters, {})[0]) == {"surname", "given", "birth"}


def test_a_protocol_without_filters_has_an_empty_axis(small):
    small["encoding"]["filters"] = {}
    small["comparisons"] = [{"name": "year", "needs": ["year"], "levels": [{"name": "same", "token": ["year"]}]}]
    small["blocking"]["joins"] = []
    assert all(label.startswith("token ") for label in locked_up(parse_protocol(small, "p"), {}, {})[0])
