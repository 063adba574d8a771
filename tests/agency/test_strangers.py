"""What strangers in one list share is withheld, and what is common where only the rare may be shown; one person's is not."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.agency.extract import from_frame
from linkage.agency.mapping import STANDARD
from linkage.agency.normalise import features
from linkage.agency.strangers import _by_value, withhold
from linkage.encoding import Encoding, Token
from linkage.protocol import ready_protocol

PERSONS = ready_protocol("persons")
COLUMNS = ("surname", "given_name", "birth_date", "birth_year")
OWN = ("address", "phone", "email", "document_number", "tax_number")
DILBAR = ("Rahimova", "Dilbar", "1990-05-17", "")


def left(rows, token, unshared=1000, **shared):
    """Which rows keep the token; `shared` are cells that all of them have."""
    frame = pd.DataFrame(rows, columns=COLUMNS).assign(**shared)
    known = features(from_frame(frame, STANDARD, "list"), PERSONS, STANDARD)
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
        ("Rahimova", "Sitora", "", "1971"),
        ("Rahimova", "Dilbar", "1971-06-27", ""),
    ],
    ids=[
        "both names",
        "given name and date",
        "year, and month and day",
        "both names, no date",
        "given name and year, no date",
        "two digits of the year and two of month and day",
    ],
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
        ("Rahimoda", "Dilbad", "1990-05-17", ""),
        ("Rahimoda", "Idlbar", "1991-05-18", ""),
        ("Karimov", "Dilbar", "1990-05-18", ""),
        ("Rahimova", "Sitora", "1991-05-17", ""),
        ("Rahimova", "Sitora", "1990-05-18", ""),
    ],
    ids=[
        "the same",
        "another script",
        "a twin",
        "names exchanged",
        "another day",
        "a year apart",
        "hardly anything",
        "one letter in each name",
        "a slip in everything",
        "another surname and one digit of the day",
        "another given name and one digit of the year",
        "another given name and one digit of the day",
    ],
)
def test_a_value_shared_by_one_person_or_perhaps_one_is_shown(other):
    assert left([DILBAR, other], [7, 7]) == [True, True]


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("Dilbar", True),
        ("Dilba", True),
        ("Dilbarz", True),
        ("Dilpar", True),
        ("Idlbar", True),
        ("Dilpaz", False),
        ("Idlbaz", False),
    ],
    ids=["none", "one left out", "one more", "one other", "two exchanged", "two others", "two exchanged and one other"],
)
def test_a_name_differs_plainly_from_the_second_letter_on(given_name, kept):
    """Beside another surname; exchanged neighbours count as one."""
    assert left([DILBAR, ("Karimov", given_name, "", "")], [7, 7]) == [kept, kept]


@pytest.mark.parametrize(
    ("day", "kept"),
    [
        ("1990-05-17", True),
        ("1990-05-11", True),
        ("1990-05-21", False),
        ("1990-06-11", False),
        ("1991-05-17", True),
        ("1909-05-17", False),
        ("1991-05-18", True),
    ],
    ids=["none", "a digit of the day", "both of the day", "one of month and day each", "a digit of the year", "two", "one of each"],
)
def test_a_date_differs_plainly_from_the_second_digit_of_the_year_or_of_month_and_day_on(day, kept):
    """Beside another surname."""
    assert left([DILBAR, ("Karimov", "Dilbar", day, "")], [7, 7]) == [kept, kept]


TWICE, THRICE = ("Karimov", "Sitora", "1990-05-17", ""), ("Karimov", "Sitora", "1971-05-17", "")


@pytest.mark.parametrize("own", OWN)
def test_what_few_people_share_makes_two_differences_a_careless_copy_and_three_a_stranger(own):
    value = {own: "A 1234567"}
    assert left([DILBAR, TWICE], [7, 7]) == [False, False]
    assert left([DILBAR, TWICE], [7, 7], **value) == [True, True]
    assert left([DILBAR, THRICE], [7, 7], **value) == [False, False]


@pytest.mark.parametrize("own", OWN)
def test_another_of_these_or_none_makes_nobody_a_copy(own):
    assert left([DILBAR, TWICE], [7, 7], **{own: ["A 1234567", "B 7654321"]}) == [False, False]
    assert left([DILBAR, TWICE], [7, 7], **{own: ["A 1234567", ""]}) == [False, False]
    assert left([DILBAR, TWICE], [7, 7], **{own: ""}) == [False, False]


def test_one_of_these_in_common_is_enough():
    shared = {"phone": ["992 446 001 234"] * 2, "email": ["one@example.org", "other@example.org"]}
    assert left([DILBAR, TWICE], [7, 7], **shared) == [True, True]


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


def shown(token, **rule):
    """The token as it leaves a list of which nothing else is known."""
    spec = Token(("surname",), **rule)
    return withhold({}, {"token": np.array(token, np.uint64)}, Encoding("locked/1", 64, {}, {"token": spec}))["token"].tolist()


def test_a_token_that_is_not_called_unshared_or_rare_stays_as_it_is():
    assert shown([7, 7, 0, 2**64 - 1]) == [7, 7, 0, 2**64 - 1]


def listed(**times):
    """A list of a thousand records: each value so often as it says, all others once."""
    often = [int(value[1:]) for value, number in times.items() for _ in range(number)]
    return [*often, *range(10_000, 11_000 - len(often))]


def test_of_a_rare_token_values_leave_up_to_exactly_the_permille_that_the_protocol_says():
    token = listed(v5=5, v6=6)
    assert shown(token, rare=5) == [*[5] * 5, *[0] * 6, *token[11:]]
    assert shown(token, rare=6) == token
    assert shown(token, rare=4) == [*[0] * 11, *token[11:]]
    assert shown(token, rare=1000) == token


def test_of_a_list_too_short_to_tell_nothing_is_rare():
    assert shown(range(1, 1000), rare=1) == [0] * 999
    assert shown(range(1, 1001), rare=1) == [*range(1, 1001)]
    assert shown(range(1, 500), rare=2) == [0] * 499
    assert shown(range(1, 501), rare=2) == [*range(1, 501)]


def test_records_without_a_value_are_counted_to_the_list_and_not_as_a_common_value():
    assert shown([*[0] * 998, 5, 6], rare=1) == [*[0] * 998, 5, 6]


def test_no_records_have_nothing_rare():
    assert shown([], rare=1) == []


def test_each_token_is_rare_by_its_own_rule():
    tokens = {"rare": Token(("surname",), rare=1), "usual": Token(("surname",))}
    values = {name: np.array(listed(v5=5), np.uint64) for name in tokens}
    left_over = withhold({}, values, Encoding("locked/1", 64, {}, tokens))
    assert left_over["rare"][:5].tolist() == [0] * 5
    assert left_over["usual"].tolist() == listed(v5=5)


def test_a_rare_token_may_be_unshared_too():
    """Of the rare values, those that strangers share are left out; of the common ones, all."""
    stranger = ("Karimov", "Sitora", "1971-02-03", "")
    rows, token = [DILBAR, stranger, *[DILBAR] * 8], [7, 7, 8, 8, 9, 9, 9, 1, 2, 3]
    known = features(from_frame(pd.DataFrame(rows, columns=COLUMNS), STANDARD, "list"), PERSONS, STANDARD)
    encoding = Encoding("locked/1", 64, {}, {"token": Token(("surname",), rare=200, unshared=1000)})
    assert withhold(known, {"token": np.array(token, np.uint64)}, encoding)["token"].tolist() == [0, 0, 8, 8, 0, 0, 0, 1, 2, 3]


@pytest.mark.parametrize("name", ["tip", "persons"])
def test_rare_tokens_of_ready_protocols_leave_only_behind_locks(name):
    """In the open, that a record has one would say that its name is rare."""
    tokens = ready_protocol(name).encoding.tokens
    rare = {one for one, token in tokens.items() if token.rare}
    assert rare == {"surname_rare", "given_name_rare"}
    assert all(tokens[one].locks for one in rare)


def test_one_list_under_the_default_shows_no_namesakes():
    """The claim behind it: among strangers with one surname, district and year, no two have a token in common."""
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


@given(st.lists(st.sampled_from([0, 1, 2, 3, 1 << 40, 1 << 40 | 1, 1 << 40 | 2, 2**64 - 1, 2**64 - 2]), max_size=40))
def test_rows_stand_in_the_order_of_their_tokens_also_where_these_differ_in_their_last_bits_alone(values):
    token = np.array(values, np.uint64)
    order = _by_value(token)
    assert sorted(order.tolist()) == list(range(len(values)))
    assert token[order].tolist() == sorted(values)
