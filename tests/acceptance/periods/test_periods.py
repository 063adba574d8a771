"""What lasts over corrections and periods: records keep their pseudonyms and persons their IDs."""

import csv
from collections import defaultdict

import pandas as pd
import pytest

import linkage


def numbered(who):
    """The invented person behind an (agency, local id): `police-007-2` is number 7."""
    return int(who[1].split("-")[1])


def groups(people):
    found = defaultdict(set)
    for who, person in people.items():
        found[person].add(who)
    return {frozenset(one) for one in found.values()}


def true_groups(people):
    return groups({who: numbered(who) for who in people})


def test_three_agencies_count_each_person_once(finished, lists):
    people = finished.people()
    assert len(people) == sum(map(len, lists.values())) == 57
    assert groups(people) == true_groups(people)
    assert len(set(people.values())) == 31


def test_two_police_records_and_one_of_an_ngo_are_one_person(finished):
    people = finished.people()
    ids = {people[who] for who in (("police", "police-007"), ("police", "police-007-2"), ("ngo", "ngo-007"))}
    assert len(ids) == 1
    assert sum(person in ids for person in people.values()) == 4, "and the court's record of the same person"


def test_the_report_counts_31_victims_by_stage(world):
    told = world.done(*world.report_words(world.at / "report"))
    with (world.at / "report" / "persons.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["DATAFLOW"] == "SEX_AGE" and row["ROLE"] == "victim"]
    whole = {
        row["STAGE"]: row["OBS_VALUE"] for row in rows if (row["SEX"], row["AGE"], row["COUNT_UNIT"]) == ("_T", "_T", "PERSON")
    }
    assert {stage: int(count) for stage, count in whole.items() if int(count)} == {"_T": 31, "DET": 24, "ASS": 21, "HEA": 11}
    assert told.out.rstrip("\n") == (world.at / "report" / "tables.txt").read_text("utf-8").rstrip("\n")


def test_the_job_through_files_finds_the_persons_that_the_job_in_memory_finds(finished, lists):
    linked = linkage.link({agency: pd.DataFrame(rows) for agency, rows in lists.items()}, "tip")
    in_memory = dict(
        zip(zip(linked.persons["agency"], linked.persons["record_id"], strict=True), linked.persons["person"], strict=True)
    )
    assert groups(in_memory) == groups(finished.people())


@pytest.fixture
def corrected(world, lists):
    """The police's list again: number 3 was nobody, number 23's name was wrong, number 40 is new."""
    rows = [{**one, "given_name": "Шаҳбоз"} if one["record_id"] == "police-023" else one for one in lists["police"]]
    rows = [one for one in rows if one["record_id"] != "police-003"]
    return rows


def test_a_corrected_extract_replaces_the_earlier_and_names_records_as_before(world, corrected, row):
    before, people = world.register(), world.people()
    path = world.seal("police", [*corrected, row("police", 40)], "corrected", "--sequence", "2")
    after = world.register("corrected")
    assert {who: after[who] for who in after if who in before} == {who: before[who] for who in after if who in before}
    told = world.done(*world.receive_words(path), "--supersede", "three rows corrected")
    assert "replaces sequence 1" in told.err
    world.link()
    persons = world.persons()
    assert ("police", before["police", "police-003"]) not in persons
    assert ("police", after["police", "police-040"]) in persons
    kept = {who: persons[who[0], record] for who, record in {**before, **after}.items() if (who[0], record) in persons}
    unchanged = {who for who in people if who in kept and numbered(who) not in {3, 23}}
    assert len(unchanged) > 50
    assert {who: kept[who] for who in unchanged} == {who: people[who] for who in unchanged}


def test_persons_keep_their_ids_when_a_later_period_arrives(world, row):
    before = world.people()
    later = [
        row("police", number, record_id=f"police-{number:03d}-2019", event_date="2019-05-05") for number in (*range(4), 50, 51)
    ]
    world.done(*world.receive_words(world.seal("police", later, "later", period="2019")))
    world.link()
    persons, register = world.persons(), {**world.register(), **world.register("later")}
    people = {who: persons[who[0], record] for who, record in register.items()}
    assert {who: people[who] for who in before} == before
    for number in range(4):
        assert people["police", f"police-{number:03d}-2019"] == people["police", f"police-{number:03d}"]
    new = {people["police", f"police-{number:03d}-2019"] for number in (50, 51)}
    assert len(new) == 2
    assert not new & set(before.values())


def test_one_period_alone_can_be_linked_and_reported(world, row):
    later = [row("police", number, record_id=f"police-{number:03d}-2019", event_date="2019-05-05") for number in (*range(8), 50)]
    world.done(*world.receive_words(world.seal("police", later, "later", period="2019")))
    told = world.link("--period", "2018")
    assert ": 57 records, 31 persons (" in told.out
    world.done(*world.report_words(world.at / "report"))
    assert ": 9 records, 9 persons (" in world.link("--period", "2019").out


def test_no_two_agencies_pseudonyms_can_be_joined(finished, lists):
    """The same local id at two agencies has two pseudonyms; so has the same person."""
    register = finished.register()
    assert len(set(register.values())) == len(register)
