"""What strangers in one list share is withheld; what one person's records share is not."""

import numpy as np
import pytest

from linkage.agency.extract import from_frame
from linkage.agency.mapping import STANDARD
from linkage.agency.normalise import features
from linkage.agency.strangers import withhold
from linkage.encoding import Encoding, Token
from linkage.protocol import ready_protocol

PERSONS = ready_protocol("persons")
COLUMNS = ("surname", "given_name", "birth_date", "birth_year")
DILBAR = ("Rahimova", "Dilbar", "1990-05-17", "")


def left(rows, token, unshared=1000):
    """Which rows keep the token."""
    import pandas as pd

    known = features(from_frame(pd.DataFrame(rows, columns=COLUMNS), STANDARD, "list"), PERSONS, STANDARD)
    encoding = Encoding("locked/1", 64, {}, {"token": Token(("surname",), unshared=unshared)})
    shown = withhold(known, {"token": np.array(token, np.uint64)}, encoding)["token"]
    return [bool(value) for value in shown]


@pytest.mark.parametrize(
    "other",
    [
        ("Karimov", "Sitora", "1990-05-17", ""),
        ("Rahimova", "Sitora", "1971-02-03", ""),
        ("Rahimova", "Dilbar", "1971-02-03", ""),
        ("Karimov", "Sitora", "", ""),
    ],
    ids=["both names", "given name and date", "year, and month and day", "both names, no date"],
)
def test_a_value_shared_by_people_who_plainly_differ_is_withheld_from_both(other):
    assert left([DILBAR, other], [7, 7]) == [False, False]


@pytest.mark.parametrize(
    "other",
    [
        DILBAR,
        ("Раҳимова", "Дилбар", "1990-05-17", ""),
        ("Rahimova", "Sitora", "1990-05-17", ""),
        ("Dilbar", "Rahimova", "1990-05-17", ""),
        ("Rahimova", "Dilbar", "1990-05-18", ""),
        ("Rahimova", "Dilbar", "", "1991"),
        ("Rahimova", "", "", ""),
    ],
    ids=["the same", "another script", "a twin", "names exchanged", "another day", "a year apart", "hardly anything"],
)
def test_a_value_shared_by_one_person_or_perhaps_one_is_shown(other):
    assert left([DILBAR, other], [7, 7]) == [True, True]


def test_only_the_strangers_among_those_who_share_lose_it():
    stranger = ("Karimov", "Sitora", "1971-02-03", "")
    assert left([DILBAR, DILBAR, stranger, stranger], [7, 7, 7, 8]) == [False, False, False, True]


def test_records_without_the_token_share_nothing():
    stranger = ("Karimov", "Sitora", "1971-02-03", "")
    assert left([DILBAR, stranger, stranger], [0, 0, 5]) == [False, False, True]


def test_nothing_is_withheld_where_it_would_cost_more_of_the_list_than_the_protocol_allows():
    stranger = ("Karimov", "Sitora", "1971-02-03", "")
    rows, token = [DILBAR, stranger, *[DILBAR] * 18], [7, 7, *range(100, 118)]
    assert left(rows, token, unshared=100) == [False, False, *[True] * 18]
    assert left(rows, token, unshared=99) == [True] * 20


def test_what_more_records_share_than_can_be_compared_is_withheld_from_all():
    assert not any(left([DILBAR] * 61, [7] * 61))
    assert all(left([DILBAR] * 60, [7] * 60))


def test_a_token_that_is_not_called_unshared_stays_as_it_is():
    tokens = {"token": np.array([7, 7], np.uint64)}
    assert withhold({}, tokens, Encoding("locked/1", 64, {}, {"token": Token(("surname",))})) is tokens


def test_one_list_under_the_default_shows_no_namesakes():
    """The claim behind it: among strangers with one surname, district and year, no two have a token in common."""
    import pandas as pd

    from linkage.memory import encode_frame

    tip = ready_protocol("tip")
    days = pd.date_range("1990-01-01", periods=40, freq="9D").strftime("%Y-%m-%d")
    names = [
        f"{first}{second}" for first in ("Ali", "Zafar", "Rustam", "Nodir") for second in ("", "jon", "sho", "bek", "khon")
    ] * 2
    rows = [("Rahimov", name, day, "Khujand", "victim", "identified") for name, day in zip(names, days, strict=True)]
    frame = pd.DataFrame(rows, columns=["surname", "given_name", "birth_date", "district", "role", "stage"])
    tokens = encode_frame(frame, "ngo", tip, None, 1).tokens
    place = tip.tokens.index("surname_year_district")
    assert len(np.unique(tokens[:, place])) == len(frame)
    assert not np.any(tokens[:, place] == 0)
