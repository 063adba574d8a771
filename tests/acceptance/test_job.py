"""The whole job on small lists: who is one person, what decisions do, what lasts."""

import json

import pytest


@pytest.fixture
def linked(office):
    """All three lists received and linked."""
    office.receive(*(f"./o/{agency}-2018.linking.age" for agency in ("police", "ngo", "court")))
    office.link()
    return office


def same(office, one, other):
    who, name = office.persons(), office.pseudonyms()
    return who[name[one]] == who[name[other]]


def decide(office, one, other, verdict):
    names = office.pseudonyms()
    words = (":".join(names[one]), ":".join(names[other]), verdict, "--reason", "looked at it")
    return office("review", "decide", *words, "--workspace", "./W", "--keys", "./keys/auditor")


def test_two_police_records_and_one_ngo_record_of_one_victim_are_one_person(linked):
    assert same(linked, "POL-1", "POL-2")
    assert same(linked, "POL-1", "N-1")
    assert same(linked, "POL-3", "C-1")
    assert len(set(linked.persons().values())) == 3


def test_the_tables_count_persons(linked):
    content = [word for agency in ("police", "ngo", "court") for word in ("--content", f"./o/{agency}-2018.content.age")]
    done = linked("report", "--workspace", "./W", "--keys", "./keys/statistics", *content, "--tier", "restricted", "-o", "./r")
    victims = next(table for table in done.out.split("\n\n") if table.startswith("2018, victims\n")).splitlines()
    assert next(line for line in victims if line.startswith("any stage")).split()[2] == "2"
    assert next(line for line in victims if line.startswith("any stage")).split()[-3:] == ["4", "2.00", "2–2"]


def test_different_splits_same_merges_and_withdrawn_restores(linked):
    decide(linked, "POL-1", "N-1", "different")
    linked.link()
    assert not same(linked, "POL-1", "N-1")
    decide(linked, "POL-1", "N-1", "withdrawn")
    linked.link()
    assert same(linked, "POL-1", "N-1")
    decide(linked, "POL-1", "N-2", "same")
    linked.link()
    assert same(linked, "POL-1", "N-2")


def test_different_beats_same_and_the_contradiction_is_told(linked):
    decide(linked, "POL-1", "POL-2", "same")
    decide(linked, "POL-2", "N-1", "same")
    decide(linked, "POL-1", "N-1", "different")
    assert "1 pair(s) decided to be different are joined by other decisions" in linked.link().err
    assert not same(linked, "POL-1", "N-1")


def test_linking_again_changes_nothing(linked, look_at):
    before = look_at(linked.folder / "W")
    done = linked.link()
    assert "already published" in done.err
    assert look_at(linked.folder / "W") == before


def test_a_corrected_extract_replaces_the_earlier_and_persons_keep_their_ids(linked, rows):
    before, names = linked.persons(), linked.pseudonyms()
    added = "POL-4,Азизова,Мадина,Саидовна,1999-01-02,F,TJ-DU,,victim,identified,2018-05-05\n"
    linked.seal("police", linked.list("police2.csv", rows["police"] + added), "./x", "--sequence", "2")
    linked.receive("./x/police-2018.linking.age", "--supersede", "one card was missing")
    linked.link()
    after = linked.persons()
    assert len(after) == len(before) + 1
    assert {record: after[record] for record in before} == before
    assert linked.pseudonyms("x")["POL-1"] == names["POL-1"]


def test_the_log_is_intact_and_an_explanation_adds_up(linked):
    decide(linked, "POL-1", "N-1", "unsure")
    assert linked("audit", "verify", "--workspace", "./W").code == 0
    names = linked.pseudonyms()
    told = linked("explain", ":".join(names["POL-1"]), ":".join(names["N-1"]), "--workspace", "./W", "--json")
    said = json.loads(told.out)
    addends = [said["prior_bits"], *(term["bits"] for term in said["terms"])]
    rounding = 0.005 * (len(addends) + 1)  # of the addends and of the sum, each told with two decimals
    assert said["total_bits"] == pytest.approx(sum(addends), abs=rounding + 1e-9)


@pytest.mark.parametrize("seed", [1, 2])  # five in `python -m benchmarks.quality demo`
def test_the_demo_earns_its_totals(demonstration, seed):
    shown = demonstration(seed)
    assert shown.done.code == 0
    assert shown.result["unique"] == shown.result["truth"]
    added = shown.result["added_up"]
    assert added["victims"] > sum(shown.result["unique"]["victims"].values())


def test_the_first_seed_is_the_year_2018_of_the_control_totals(demonstration):
    assert demonstration(1).result["unique"] == {
        "convicted": {"F": 27, "M": 4},
        "victims": {"boys": 6, "girls": 5, "men": 15, "women": 14},
    }
    assert demonstration(2).result["truth"] != demonstration(1).result["truth"]
