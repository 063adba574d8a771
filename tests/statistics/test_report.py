import json

import numpy as np
import pandas as pd
import pytest

from linkage.canonical import digest_of_bytes
from linkage.errors import DataError, DisclosureError
from linkage.statistics.report import FILES, join, report

ORIGIN = {"run": "r1", "bundles": []}


@pytest.fixture(scope="module")
def sections(year_2018, protocol):
    return [
        (agency, {name: rows[name].to_numpy(object) for name in ("record", *protocol.content)})
        for agency, rows in year_2018.groupby("agency")
    ]


@pytest.fixture(scope="module")
def persons(year_2018):
    return year_2018[["agency", "record", "person_id"]]


def test_a_release_is_three_files_and_the_manifest_names_the_digests(sections, persons, protocol):
    outputs = report(sections, persons, protocol, "restricted", ORIGIN)
    assert tuple(outputs) == FILES
    manifest = json.loads(outputs["manifest.json"])
    assert manifest == {
        "format": "headcount-report/1",
        "protocol_id": protocol.id,
        "tier": "restricted",
        "inputs": ORIGIN,
        "outputs": {name: digest_of_bytes(outputs[name]) for name in ("persons.csv", "tables.txt")},
    }


def test_the_same_inputs_in_any_order_give_the_same_bytes(sections, persons, protocol):
    turned = [(agency, {name: values[::-1] for name, values in columns.items()}) for agency, columns in reversed(sections)]
    shuffled = persons.sample(frac=1, random_state=7)
    assert report(sections, persons, protocol, "restricted", ORIGIN) == report(turned, shuffled, protocol, "restricted", ORIGIN)


def test_no_pseudonym_and_no_person_id_is_in_a_release(sections, persons, protocol):
    everything = b"".join(report(sections, persons, protocol, "restricted", ORIGIN).values()).decode()
    assert not [text for text in {*persons["record"], *persons["person_id"]} if text in everything]


def test_the_public_tier_returns_nothing_where_a_count_is_small(sections, persons, protocol):
    with pytest.raises(DisclosureError):
        report(sections, persons, protocol, "public", ORIGIN)


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
