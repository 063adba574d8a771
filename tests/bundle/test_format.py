import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from linkage.bundle.format import (
    file_label,
    head,
    is_bucket,
    is_name,
    is_period,
    length_prefixed,
    padded_size,
    signed_message,
    unpack,
)
from linkage.errors import FormatError, TruncatedError
from linkage.stored import Memory, read

PARTS = st.lists(st.binary(max_size=6), max_size=4)


def test_a_part_stands_behind_its_length_in_four_big_endian_bytes():
    assert length_prefixed("ab", b"\xff") == b"\0\0\0\x02ab\0\0\0\x01\xff"


@given(PARTS, PARTS)
@example([b"ab", b"c"], [b"a", b"bc"])
@example([b""], [])
@example([b"", b""], [b"\0\0\0\0"])
def test_no_two_lists_of_parts_give_the_same_bytes(one, other):
    assert (length_prefixed(*one) == length_prefixed(*other)) == (one == other)


@pytest.mark.parametrize("text", ["Йўлдошева", "Ғайрат", "José", "Åsa"])
def test_composed_and_decomposed_text_are_one(text):
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert composed != decomposed
    assert length_prefixed(composed) == length_prefixed(decomposed)
    assert file_label(composed) == file_label(decomposed)


@given(st.integers(1, 1 << 34), st.integers(0, 1 << 20))
def test_padding_grows_with_size_and_settles(size, more):
    assert size <= padded_size(size) <= padded_size(size + more)
    assert is_bucket(padded_size(size))


@given(st.integers((16 << 20) + 1, 1 << 34))
def test_padding_of_a_large_bundle_costs_at_most_an_eighth(size):
    assert padded_size(size) * 8 <= size * 9


@pytest.mark.parametrize(
    ("size", "padded"),
    [
        (1, 256 << 10),
        (256 << 10, 256 << 10),
        ((256 << 10) + 1, 512 << 10),
        ((16 << 20) - 1, 16 << 20),
        ((16 << 20) + 1, 18 << 20),
        ((18 << 20) + 1, 20 << 20),
        ((30 << 20) + 1, 32 << 20),
        ((32 << 20) + 1, 36 << 20),
    ],
)
def test_buckets_are_powers_of_two_and_then_eighths(size, padded):
    assert padded_size(size) == padded


def packed(manifest, signature, body):
    start = head(manifest, signature)
    return (start + body).ljust(padded_size(len(start) + len(body)), b"\0")


def test_small_lists_of_different_length_are_sealed_alike():
    lengths = {len(packed(b"m" * 6000, b"s" * 64, b"x" * (rows * 2900))) for rows in (0, 1, 11, 31, 70)}
    assert lengths == {256 << 10}


def test_what_was_packed_unpacks():
    manifest, signature, rest = unpack(Memory(packed(b"{}", b"s" * 64, b"body")), "file")
    assert (manifest, signature, read(rest, 0, 4)) == (b"{}", b"s" * 64, b"body")


def test_a_manifest_length_beyond_the_plaintext_is_truncation():
    with pytest.raises(TruncatedError):
        unpack(Memory(b"headcount-bundle/1\n" + (70_000).to_bytes(4, "big") + bytes(65513)), "file")


def test_a_manifest_length_beyond_reason_is_refused():
    with pytest.raises(FormatError):
        unpack(Memory(b"headcount-bundle/1\n" + b"\xff\xff\xff\xff" + bytes(65513)), "file")


@pytest.mark.parametrize("name", ["", "Police", "../police", "police office", "полиция", "1st", "a" * 41, "police\n"])
def test_a_name_cannot_leave_its_folder_or_steer_a_terminal(name):
    assert not is_name(name)


@pytest.mark.parametrize("period", ["", "2018/1", "..", "-2018", "2018.", "2018 ", "x" * 41, "2018\n"])
def test_a_period_cannot_leave_its_folder(period):
    assert not is_period(period)


def test_usual_names_and_periods_are_possible():
    assert all(map(is_name, ["police", "ngo_2", "a" * 40]))
    assert all(map(is_period, ["2018", "2014-2023", "2018Q1", "x" * 40]))


def test_a_file_label_is_the_text_where_it_is_plain_and_unique_where_it_is_not():
    assert file_label("2014-2023") == "2014-2023"
    odd = ["2014/2023", "2014:2023", "2014–2023", "../x", "", "a" * 60, "a" * 61, "a" * 62, "Год"]
    assert len({file_label(text) for text in odd}) == len(odd)
    assert not any(set("/\\.:") & set(file_label(text)) for text in odd)


def test_what_is_signed_is_the_frozen_message():
    signed = json.loads((Path(__file__).parent / "vectors.json").read_text("utf-8"))["signed"]
    assert signed_message(signed["manifest"].encode()).hex() == signed["message"]
