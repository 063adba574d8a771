"""A file of decisions is taken whole or not at all, and every wrong row is named."""

import pytest

from linkage.errors import ExtractError, ValidationError
from linkage.review.batch import read_batch
from linkage.unit.decisions import Wanted

A, C, D = ("ngo", "A" * 26), ("ngo", "C" * 26), ("police", "D" * 26)


def test_rows_become_decisions_whatever_the_order_of_columns(evidence):
    data = '﻿verdict,reason,left,right\r\nsame,"twins, it seems",AAAAAAA,ngo:CCCCCC\n\nunsure,no date,DDDDDD,AAAAAAA\n'.encode()
    assert read_batch(data, evidence.persons, {}, file="d.csv") == [
        Wanted(A, C, "same", "twins, it seems"),
        Wanted(D, A, "unsure", "no date"),
    ]


def test_every_wrong_row_is_named_by_number_and_field_and_no_value_is_repeated(evidence):
    rows = ["left,right,verdict,reason", "AAAAAAA,DDDDDD,same,fine", "ZZZZZZZ,DDDDDD,same,x", "AAAAAAA,DDDDDD,maybe,x"]
    rows += ["AAAAAAA,ngo:CCCCCC,same,", "AAAAAAA,AAAAAAA,same,x", "DDDDDD,AAAAAAA,same,again", "EEEEEE,DDDDDD,withdrawn,x"]
    with pytest.raises(ValidationError) as raised:
        read_batch("\n".join(rows).encode(), evidence.persons, {}, file="d.csv")
    issues = raised.value.issues
    assert [(issue.row, issue.field) for issue in issues] == [
        (3, "record"), (4, "verdict"), (5, "reason"), (6, "record"), (7, "record"), (8, "verdict"),
    ]  # fmt: skip
    assert {issue.code for issue in issues} == {"decision"}
    assert not any("ZZZZZZZ" in issue.message or "maybe" in issue.message for issue in issues)


@pytest.mark.parametrize(
    "data",
    [b"", b"left,right,verdict\n", b"left,right,verdict,reason,note\n", b"left,right,verdict,reason\nA,B,same\n", b"\xff\xfe",
     b'left,right,verdict,reason\nA,B,same,"open'],
)  # fmt: skip
def test_what_is_no_file_of_decisions_is_refused(evidence, data):
    with pytest.raises(ExtractError):
        read_batch(data, evidence.persons, {}, file="d.csv")
