import csv
import io
import json
import tomllib
import zipfile
from collections import Counter, defaultdict
from datetime import datetime

import openpyxl
import pytest

from linkage.agency.extract import read_extract
from linkage.agency.mapping import read_mapping
from linkage.agency.validate import check_rows
from linkage.demo import ADDED_UP, build, claims
from linkage.protocol import ready_protocol
from linkage.schema import CONTENT, IDENTIFIERS, RECORD_ID

SEEDS = range(1, 9)
AGENCIES = ["police", "prosecutor", "court", "migration", "ombudsperson", "ngo_shelter", "ngo_hotline"]
TIP = ready_protocol("tip")
ISO_COUNTRIES = {"TJK", "UZB", "KGZ", "AFG"}


def split_date(text):
    """Year, month and day, 0 for what is not told."""
    if len(text) == 4:
        return int(text), 0, 0
    parts = text.split("-") if "-" in text else text.split(".")[::-1]
    return tuple(map(int, parts)) if text else (0, 0, 0)


def ages(row):
    """Youngest and oldest age at the event that the row allows, or None where it tells nothing."""
    year, month, day = split_date(row.get("birth_date", ""))
    event_year, *event_day = split_date(row["event_date"])
    if month:
        age = event_year - year - (event_day < [month, day])
        return age, age
    if year:
        return event_year - year - 1, event_year - year
    return (int(row["age"]), int(row["age"])) if row.get("age") else None


def is_legal(name, code):
    """Whether the protocol knows the code; a field that it does not count has none."""
    if name in ("sex", "citizenship"):
        return code in {"sex": {"F", "M"}, "citizenship": ISO_COUNTRIES}[name]
    return name == "district" or code in TIP.content[name].codes


def persons(scenario):
    text = scenario.files["truth/persons.csv"].decode()
    return {(row["agency"], row["record_id"]): row["person_id"] for row in csv.DictReader(io.StringIO(text))}


def recount(scenario, rows):
    """The totals from what the lists say of each person of the truth."""
    truth, groups, convicted = persons(scenario), defaultdict(set), {}
    for agency in scenario.agencies:
        for row in rows(scenario, agency):
            person = truth[agency.name, row["record_id"]]
            told = ages(row)
            if row["stage"] == "CON":
                convicted[person] = row["sex"]
            if row["role"] == "victim":
                groups[person] |= {(row["sex"], told[1] < 18)} if told else set()
    names = {("M", True): "boys", ("F", True): "girls", ("M", False): "men", ("F", False): "women"}
    assert all(len(group) == 1 for group in groups.values()), "rows disagree on sex or age group"
    return {"convicted": Counter(convicted.values()), "victims": Counter(names[next(iter(group))] for group in groups.values())}


def test_seed_1_is_the_year_that_was_told_beforehand(scenario):
    told = json.loads(scenario(1).files["truth/totals.json"])
    assert told == {"convicted": {"F": 27, "M": 4}, "victims": {"boys": 6, "girls": 5, "men": 15, "women": 14}}
    assert told == scenario(1).totals


@pytest.mark.parametrize("seed", SEEDS)
def test_what_the_lists_say_of_each_true_person_adds_up_to_the_totals(scenario, rows, seed):
    assert recount(scenario(seed), rows) == scenario(seed).totals


@pytest.mark.parametrize("seed", SEEDS)
def test_a_minor_is_under_18_at_every_event_and_an_adult_never(scenario, rows, seed):
    truth, seen = persons(scenario(seed)), defaultdict(set)
    for agency in scenario(seed).agencies:
        for row in rows(scenario(seed), agency):
            told = ages(row)
            assert split_date(row["event_date"])[0] == 2018
            if told:
                assert told[0] >= 18 or told[1] < 18 or split_date(row["birth_date"])[0] == 2018 - 18 - 1
                seen[truth[agency.name, row["record_id"]]].add(told[1] < 18)
    assert len(seen) == len(set(truth.values()))
    assert all(len(groups) == 1 for groups in seen.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_the_truth_names_every_row_once(scenario, rows, seed):
    made = scenario(seed)
    listed = [(agency.name, row["record_id"]) for agency in made.agencies for row in rows(made, agency)]
    assert len(set(listed)) == len(listed) == len(made.records)
    assert set(persons(made)) == set(listed)


@pytest.mark.parametrize("seed", SEEDS)
def test_convicted_are_those_with_a_court_row_and_others_are_suspected_only(scenario, seed):
    made = scenario(seed)
    convicted = {one.person_id for one in made.records if one.stage == "CON"}
    assert {one.agency for one in made.records if one.stage == "CON"} == {"court"}
    assert len(convicted) == sum(made.totals["convicted"].values())
    offenders = {one.person_id for one in made.records if one.role == "offender"}
    assert 10 <= len(offenders - convicted) <= 20
    assert not offenders & {one.person_id for one in made.records if one.role == "victim"}


@pytest.mark.parametrize("seed", SEEDS)
def test_other_years_are_of_like_size_and_their_lists_overlap_and_repeat(scenario, seed):
    made = scenario(seed)
    assert 22 <= sum(made.totals["convicted"].values()) <= 40
    assert 30 <= sum(made.totals["victims"].values()) <= 52
    assert min(made.totals["victims"].values()) > 0
    people = {one.person_id for one in made.records}
    assert 1.8 <= len(made.records) / len(people) <= 2.6
    repeated = Counter((one.agency, one.person_id) for one in made.records)
    assert {"police", "court"} <= {agency for (agency, _), count in repeated.items() if count > 1}
    assert {agency for (agency, _), count in repeated.items() if count > 1} & {"ngo_shelter", "ngo_hotline"}


def test_the_seven_agencies_bear_the_names_of_the_protocol(scenario):
    made = scenario(1)
    assert [agency.name for agency in made.agencies] == AGENCIES
    assert {path for agency in made.agencies for path in (agency.file, agency.mapping)} < set(made.files)
    assert len(made.files) == 16


@pytest.mark.parametrize("seed", SEEDS)
def test_every_mapping_names_standard_fields_and_codes_of_the_protocol(scenario, cells, seed):
    for agency in scenario(seed).agencies:
        mapping = tomllib.loads(scenario(seed).files[agency.mapping].decode())
        assert mapping["format"] == "headcount-mapping/1"
        assert list(mapping["columns"].values()) == cells(scenario(seed), agency)[0]
        assert set(mapping["columns"]) <= {RECORD_ID, *IDENTIFIERS, *CONTENT}
        entries = [(name, code) for name, table in mapping["codes"].items() for code in table.values()]
        for name, code in [*entries, *mapping.get("constants", {}).items()]:
            assert is_legal(name, code), (agency.name, name, code)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_agency_reads_its_list_without_an_issue(scenario, tmp_path, seed):
    for path, data in scenario(seed).files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(data)
    listed = Counter(one.agency for one in scenario(seed).records)
    for agency in scenario(seed).agencies:
        mapping = read_mapping(tmp_path / agency.mapping)
        extract = read_extract(tmp_path / agency.file, mapping)
        assert len(extract.rows) == listed[agency.name] > 0
        assert not extract.ignored
        assert check_rows(extract, TIP, mapping) == ()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_people():
    one, again, other = build(3), build(3), build(4)
    assert one.files == again.files
    assert one == again
    assert all(one.files[name] != other.files[name] for name in one.files if name.startswith(("lists/", "truth/")))
    assert one.files["mappings/court.toml"] == other.files["mappings/court.toml"]


def test_the_workbook_holds_no_time_of_its_writing(scenario):
    with zipfile.ZipFile(io.BytesIO(scenario(1).files["lists/prosecutor.xlsx"])) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2019, 1, 15, 9, 0, 0)}
        core = archive.read("docProps/core.xml").decode()
    assert core.count("2019-01-15T09:00:00Z") == 2
    assert core.count("T09:00:00Z") == core.count("dcterms:W3CDTF")


def test_the_prosecutor_keeps_dates_both_as_text_and_as_dates(scenario):
    sheet = openpyxl.load_workbook(io.BytesIO(scenario(1).files["lists/prosecutor.xlsx"])).active
    header = [cell.value for cell in sheet[3]]
    assert sheet.title == "Лист1"
    for name in ("Дата рожд.", "Дата решения"):
        told = {type(row[header.index(name)]) for row in sheet.iter_rows(min_row=4, values_only=True)} - {type(None)}
        assert told == {str, datetime}


def test_scripts_differ_by_office(scenario):
    files = scenario(1).files
    tajik = set("ғӣқӯҳҷҒӢҚӮҲҶ")
    police = files["lists/police.csv"].decode("cp1251")
    assert not set(police) & tajik
    assert "Фамилия;Имя;Отчество" in police
    with pytest.raises(UnicodeDecodeError):
        files["lists/police.csv"].decode("utf-8")
    assert files["lists/migration.csv"].isascii()
    assert len(set(files["lists/court.csv"].decode()) & tajik) >= 8
    assert set(files["lists/ngo_shelter.csv"].decode()) & tajik
    assert files["lists/ngo_hotline.csv"].isascii()


def test_the_court_writes_some_reformed_surnames(scenario, rows):
    surnames = {row["surname"] for seed in SEEDS for row in rows(scenario(seed), scenario(seed).agencies[2])}
    assert any(name.endswith("зода") for name in surnames)
    assert any(name.endswith("ӣ") for name in surnames)
    reformed = sum(name.endswith(("зода", "ӣ")) for name in surnames)
    assert 0 < reformed < len(surnames) / 4


@pytest.mark.parametrize("seed", SEEDS)
def test_claims_are_the_lists_own_row_counts_and_far_above_the_truth(scenario, rows, seed):
    made = scenario(seed)
    told = claims(made)
    for agency in made.agencies:
        found = list(rows(made, agency))
        assert told[agency.name]["victims"] == sum(row["role"] == "victim" for row in found)
        assert told[agency.name]["offenders"] == sum(row["role"] == "offender" for row in found)
        assert told[agency.name]["convicted"] == sum(row["stage"] == "CON" for row in found)
    assert all(told[ADDED_UP][what] == sum(told[name][what] for name in AGENCIES) for what in ("victims", "offenders", "convicted"))
    assert told[ADDED_UP]["victims"] >= 2 * sum(made.totals["victims"].values())
    assert told[ADDED_UP]["offenders"] >= 2 * sum(made.totals["convicted"].values())


def test_a_scenario_shows_nobody_in_its_repr(scenario):
    shown = repr(scenario(1))
    assert "lists/police.csv" in shown
    assert "P001" not in shown
    assert "Фамилия" not in shown
