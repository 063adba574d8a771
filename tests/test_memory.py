"""`linkage.link`: both sides in one process; the same frames, in whatever row order, are the same persons."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import linkage
from linkage.agency.mapping import parse_mapping
from linkage.errors import ExtractError, UsageError, ValidationError
from linkage.memory import throw_away_keys

SYLLABLES = np.array(
    [
        "ba",
        "da",
        "fa",
        "ga",
        "ka",
        "la",
        "ma",
        "na",
        "ra",
        "sa",
        "ta",
        "za",
        "bo",
        "do",
        "go",
        "ko",
        "lo",
        "mo",
        "no",
        "ro",
        "so",
        "to",
        "zo",
        "bi",
        "di",
        "gi",
        "ki",
        "li",
        "mi",
        "ni",
        "ri",
        "si",
        "ti",
        "zi",
    ]
)


def people(n):
    """Invented people with random names and birth dates."""
    rng = np.random.default_rng(5)
    rows = []
    for number in range(n):
        surname, given = ("".join(rng.choice(SYLLABLES, k)) for k in (3, 2))
        birth = f"{rng.integers(1955, 1999)}-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d}"
        rows.append({"record_id": f"r{number:03d}", "surname": f"{surname}v", "given_name": given, "birth_date": birth, "sex": "M"})
    return pd.DataFrame(rows)


def lists():
    """Police: forty persons, one of them twice; an NGO: thirty of them and ten others, one misspelt, one without a day."""
    police, ngo = people(40), people(50).iloc[10:].reset_index(drop=True)
    again = police.iloc[[12]].assign(record_id="r012b", given_name=police.loc[12, "given_name"] + "n")
    ngo["record_id"] = "n" + ngo["record_id"].str[1:]
    ngo.loc[3, "surname"] = ngo.loc[3, "surname"][:-1] + "w"
    ngo.loc[5, "birth_date"] = ngo.loc[5, "birth_date"][:4]
    return {"police": pd.concat([police, again], ignore_index=True), "ngo": ngo}


def partition(linked):
    groups = linked.persons.groupby("person")
    return {frozenset(zip(group["agency"], group["record_id"], strict=True)) for _, group in groups}


@pytest.fixture(scope="module")
def linked():
    return linkage.link(lists())


def test_people_are_counted_once_over_lists_and_within_them(linked):
    expected = [{("police", f"r{i:03d}")} | ({("ngo", f"n{i:03d}")} if i >= 10 else set()) for i in range(40)]
    expected[12].add(("police", "r012b"))
    expected += [{("ngo", f"n{i:03d}")} for i in range(40, 50)]
    assert partition(linked) == set(map(frozenset, expected))
    assert linked.count == 50


def test_every_row_has_a_person_in_the_order_of_agencies_and_rows(linked):
    frame = linked.persons
    assert list(frame.columns) == ["agency", "record_id", "person"]
    given = lists()
    assert list(frame["agency"]) == ["ngo"] * 40 + ["police"] * 41
    assert list(frame["record_id"]) == [*given["ngo"]["record_id"], *given["police"]["record_id"]]
    first_seen = frame["person"].drop_duplicates()
    assert list(first_seen) == list(range(linked.count))


def test_the_same_call_gives_the_same_to_the_microbit(linked):
    again = linkage.link(lists())
    pd.testing.assert_frame_equal(again.persons, linked.persons)
    assert np.array_equal(again.linkage.weight, linked.linkage.weight)
    assert again.linkage.weights.prior == linked.linkage.weights.prior


@pytest.mark.parametrize("seed", range(3))
def test_rows_and_lists_in_another_order_are_the_same_persons(seed, linked):
    shuffled = {name: frame.sample(frac=1, random_state=seed) for name, frame in reversed(lists().items())}
    assert list(shuffled["police"]["record_id"]) != list(lists()["police"]["record_id"])
    found = linkage.link(shuffled)
    assert partition(found) == partition(linked)
    assert np.array_equal(np.sort(found.linkage.weight), np.sort(linked.linkage.weight))


def test_another_throw_away_key_finds_the_same_persons(linked):
    other = linkage.link(lists(), seed=1)
    assert partition(other) == partition(linked)
    keys = [throw_away_keys(linkage.ready_protocol("persons"), seed).root for seed in (0, 1)]
    assert keys[0] != keys[1]


def test_the_frames_are_left_as_they_were():
    given, before = lists(), lists()
    linkage.link(given)
    for name, frame in given.items():
        pd.testing.assert_frame_equal(frame, before[name])


def test_a_protocol_is_named_or_given(linked):
    assert partition(linkage.link(lists(), linkage.ready_protocol("persons"))) == partition(linked)
    content = {"role": "victim", "stage": "DET"}
    tip = linkage.link({name: frame.assign(**content) for name, frame in lists().items()}, "tip")
    assert partition(tip) == partition(linked)


def test_a_mapping_reads_a_frame_in_its_own_words(linked):
    given = lists()
    given["ngo"] = given["ngo"].rename(columns={"surname": "Насаб", "birth_date": "Санаи таваллуд"}).assign(sex="1")
    given["ngo"]["Санаи таваллуд"] = [".".join(reversed(text.split("-"))) for text in given["ngo"]["Санаи таваллуд"]]
    mapping = {
        "format": "headcount-mapping/1",
        "columns": {"surname": "Насаб", "birth_date": "Санаи таваллуд"},
        "dates": {"formats": ["%d.%m.%Y", "%Y"]},
        "codes": {"sex": {"1": "M"}},
    }
    found = linkage.link(given, mappings={"ngo": parse_mapping(mapping, "ngo.toml")})
    assert partition(found) == partition(linked)


def test_rows_without_an_id_are_named_by_their_number_as_in_a_file():
    frame = people(3).drop(columns="record_id")
    assert list(linkage.link({"police": frame}).persons["record_id"]) == ["2", "3", "4"]


def test_dates_and_missing_cells_of_a_frame_are_understood(linked):
    given = lists()
    given["police"]["birth_date"] = pd.to_datetime(given["police"]["birth_date"])
    given["ngo"] = given["ngo"].assign(region=None)
    assert partition(linkage.link(given)) == partition(linked)


@pytest.mark.parametrize("n", [30, 60, 120])
def test_lists_of_few_surnames_are_not_counted_as_few_persons(n):
    """Every fifth stranger shares the surname: what the lists show must outweigh what is assumed of surnames in general."""
    everybody = people(n)
    everybody["surname"] = [f"{SYLLABLES[at % 5]}karov" for at in range(n)]
    ngo = everybody.iloc[n // 5 :].assign(record_id=lambda frame: "n" + frame["record_id"].str[1:])
    found = linkage.link({"police": everybody.iloc[: 4 * n // 5], "ngo": ngo})
    assert abs(found.count - n) <= n // 20


def test_no_frame_is_refused():
    with pytest.raises(UsageError, match="no frame"):
        linkage.link({})


def test_a_frame_without_any_standard_name_is_refused():
    with pytest.raises(ExtractError, match="standard name"):
        linkage.link({"police": pd.DataFrame({"x": ["1"]})})


def test_bad_rows_are_told_with_their_frames_name_and_without_their_cells():
    given = lists()
    given["police"].loc[2, "birth_date"] = "Quetzal"
    with pytest.raises(ValidationError) as caught:
        linkage.link(given)
    assert [(issue.row, issue.field, issue.code) for issue in caught.value.issues] == [(4, "birth_date", "date-unreadable")]
    assert caught.value.file == "police"
    assert "Quetzal" not in str(caught.value)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_very_short_lists_are_counted_too(n):
    assert linkage.link({"police": people(n)}).count == n


@pytest.mark.parametrize("n", [1, 2, 3, 10])
def test_however_many_joins_may_be_missing_somebody_is_left(n):
    """Everybody stands in both lists, so every person hangs on joins."""
    certainty = linkage.link({"police": people(n), "ngo": people(n)}).certainty
    assert 1 <= certainty.low <= certainty.estimated <= certainty.high


def test_two_short_lists_of_one_person_are_one_person():
    one = people(1)
    assert linkage.link({"police": one, "ngo": one}).count == 1


def test_importing_the_package_is_cheap_and_link_is_found_on_first_use():
    code = "import sys, linkage; assert not {'numba', 'pandas', 'pyarrow', 'pyrage'} & set(sys.modules); linkage.link"
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError):
        linkage.nothing  # noqa: B018
