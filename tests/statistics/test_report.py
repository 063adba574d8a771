import json
from dataclasses import replace
from io import BytesIO
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest

from linkage.canonical import digest_of_bytes
from linkage.errors import DataError
from linkage.statistics.cells import KEY, NOT_STATED
from linkage.statistics.counts import count
from linkage.statistics.intervals import with_intervals
from linkage.statistics.partitions import Draws, digest_of_persons
from linkage.statistics.quality_report import Linkage
from linkage.statistics.redesign import EXACT, redesign
from linkage.statistics.report import Job, file_names, join, publish, report
from linkage.statistics.revision import PARTS
from linkage.unit.workspace import PartitionsTable, PersonsTable

ORIGIN = {"run": "r1", "bundles": []}
LANGUAGES = ("en", "tg")


@pytest.fixture(scope="module")
def sections(year_2018, protocol):
    return [
        (agency, {name: rows[name].to_numpy(object) for name in ("record", *protocol.content)})
        for agency, rows in year_2018.groupby("agency")
    ]


@pytest.fixture(scope="module")
def persons(year_2018):
    return year_2018[["agency", "record", "person_id"]]


@pytest.fixture(scope="module")
def job(sections, persons, protocol):
    return Job(sections, persons, protocol, "restricted", ORIGIN, languages=LANGUAGES)


@pytest.fixture(scope="module")
def outputs(job):
    return report(job)


def test_a_release_has_the_files_that_were_said_and_the_manifest_names_their_digests(outputs, protocol):
    assert sorted(outputs) == sorted(file_names(LANGUAGES))
    assert json.loads(outputs["manifest.json"]) == {
        "format": "headcount-report/2",
        "protocol_id": protocol.id,
        "tier": "restricted",
        "inputs": ORIGIN,
        "outputs": {name: digest_of_bytes(data) for name, data in outputs.items() if name != "manifest.json"},
    }


def test_the_same_inputs_in_any_order_give_the_same_bytes(job, outputs):
    turned = [(agency, {name: values[::-1] for name, values in columns.items()}) for agency, columns in reversed(job.content)]
    shuffled = job.persons.sample(frac=1, random_state=7)
    assert report(replace(job, content=turned, persons=shuffled)) == outputs


def texts(name, data):
    """What a file says; a workbook is a packed folder."""
    if not name.endswith(".xlsx"):
        return [data.decode()]
    with ZipFile(BytesIO(data)) as packed:
        return [packed.read(inside).decode() for inside in packed.namelist()]


def test_no_pseudonym_and_no_person_id_is_in_a_release(job):
    named = job.persons.assign(person_id="person-" + job.persons["person_id"])
    everything = "".join(text for name, data in report(replace(job, persons=named)).items() for text in texts(name, data))
    assert "offender" in everything
    assert not [text for text in {*named["record"], *named["person_id"]} if text in everything]


def test_the_first_language_is_that_of_the_text_tables(job, outputs):
    turned = report(replace(job, languages=LANGUAGES[::-1]))
    assert turned["tables.txt"] != outputs["tables.txt"]
    assert turned["report-tg.html"] == outputs["report-tg.html"]
    assert turned["persons.csv"] == outputs["persons.csv"]


def test_the_publication_names_sources_origin_and_quality(job):
    said = publish(job)
    assert said.sources["2018", "victim", "DET"] == ("police",)
    assert said.origin == ORIGIN
    assert {"name": "records", "value": 222} in said.quality["population"]
    assert said.tier == "restricted"


def draws_of(persons, *doubtful):
    """Draws in the second half of which each of the doubtful records is a person of its own."""
    records = persons[persons["person_id"].isin(doubtful)].sort_values(["agency", "record"])
    alone = records.groupby("person_id").cumcount().to_numpy()
    labels = np.array([np.zeros(len(records)), alone] * 20, np.int8)
    columns = (records[name].to_numpy(object) for name in ("agency", "record"))
    of = digest_of_persons(PersonsTable(*(persons[name].to_numpy(object) for name in PersonsTable._fields)))
    group = pd.factorize(records["person_id"])[0].astype(np.int32)
    return Draws(PartitionsTable(*columns, group, labels), np.zeros(40, np.int64), of)


def test_draws_give_every_cell_of_the_publication_an_interval(job):
    cells = publish(replace(job, linkage=Linkage(draws=draws_of(job.persons, "V01")))).cells
    persons = cells[cells["unit"] == "PERSON"]
    assert ((persons["low"] <= persons["count"]) & (persons["count"] <= persons["high"])).all()
    assert (persons["high"] > persons["low"]).any()
    assert (cells.loc[cells["unit"] == "RECORD", ["low", "high"]] == NOT_STATED).all(axis=None)


def test_intervals_of_a_coarser_plan_are_those_of_its_own_cells(job):
    frame, draws = join(job.content, job.persons), draws_of(job.persons, "V01", "V02")
    cells, plan = redesign(frame, job.protocol, "public")
    assert plan != EXACT
    coarse = with_intervals(cells, frame, draws, job.protocol, plan)
    exact = with_intervals(count(frame, job.protocol), frame, draws, job.protocol)
    assert set(map(tuple, cells[KEY].to_numpy())) <= set(map(tuple, coarse[KEY].to_numpy()))
    both = coarse.merge(exact, on=KEY, suffixes=("", "_exact"))
    both = both[both["table"] == "sex_age"]
    assert (both["high"] > both["low"]).any()
    assert (both[["low", "high"]].to_numpy() == both[["low_exact", "high_exact"]].to_numpy()).all()


def test_the_revision_against_an_earlier_person_map_adds_up(job):
    before = job.persons.assign(person_id=job.persons["person_id"].replace("V01", "V02"))
    rows = publish(replace(job, before=before)).revision["totals"]
    of_victims = next(row for row in rows if (row["year"], row["role"], row["stage"]) == ("2018", "victim", "DET"))
    assert (of_victims["before"], of_victims["split"], of_victims["after"]) == (39, 1, 40)
    assert all(row["after"] - row["before"] == sum(row[part] for part in PARTS) for row in rows)


def test_content_without_a_person_is_told_by_agency_and_number_and_not_by_record(sections, persons):
    lost = persons[persons["agency"] == "court"].index[:3]
    with pytest.raises(DataError, match=r"^records with content but without a person: court 3$") as caught:
        join(sections, persons.drop(lost))
    assert caught.value.exit_code == 3


def test_a_person_without_content_is_told_by_agency_and_number(sections, persons):
    without_ngo = [(agency, columns) for agency, columns in sections if agency != "ngo"]
    with pytest.raises(DataError, match=r"^records with a person but without content: ngo 41$"):
        join(without_ngo, persons)


def test_a_record_that_stands_twice_is_refused(sections, persons):
    with pytest.raises(DataError, match=r"twice in the content sections: court 38$"):
        join([*sections, next(section for section in sections if section[0] == "court")], persons)
    with pytest.raises(DataError, match=r"twice in the person map: police \d+$"):
        join(sections, persons.iloc[np.r_[: len(persons), np.flatnonzero(persons["agency"] == "police")]])


def test_nothing_at_all_is_refused(persons):
    with pytest.raises(DataError, match="no records to count"):
        join([], persons.iloc[:0])


def test_the_same_pseudonym_of_two_agencies_is_two_records(protocol):
    columns = {name: np.array([""], dtype=object) for name in protocol.content} | {"record": np.array(["R"], dtype=object)}
    persons = pd.DataFrame({"agency": ["ngo", "court"], "record": ["R", "R"], "person_id": ["A", "B"]})
    assert join([("court", columns), ("ngo", columns)], persons)["person_id"].tolist() == ["B", "A"]
