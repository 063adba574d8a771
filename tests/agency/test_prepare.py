"""An agency's step: all rows or none; what the protocol does not name is not encoded; rows keep their order."""

import hashlib
import json

import numpy as np
import pytest

from linkage.agency.cells import Columns
from linkage.agency.extract import Extract
from linkage.agency.keys import derive, record_pseudonym
from linkage.agency.mapping import Mapping
from linkage.agency.prepare import minimised, prepare
from linkage.errors import ValidationError
from linkage.protocol import SCHEMES, parse_protocol, ready_protocol

TIP = ready_protocol("tip")
OPEN_GAPS = {**json.loads(TIP.canonical), "encoding": {**json.loads(TIP.canonical)["encoding"], "fill": False}}
AGENCY_KEY = hashlib.sha256(b"police").digest()
ROWS = [
    {"record_id": "Канарейка-17", "surname": "Раҳмонов", "given_name": "Ҷамшед", "birth_date": "1985-02-07"},
    {"record_id": "Канарейка-18", "surname": "Саидова", "given_name": "Гулнора", "birth_date": "1990-01-05"},
    {"record_id": "Канарейка-19", "surname": "Раҳмонов", "given_name": "Ҷамшед", "birth_date": "1985-02-07"},
]
CONTENT = {"role": "victim", "stage": "DET", "event_date": "2018-05-05", "sex": "F", "region": "Хатлон"}


def extract(*rows):
    columns = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        columns[name] = np.empty(len(rows), dtype=object)
        columns[name][:] = [row.get(name, "") for row in rows]
    return Extract("list.csv", np.arange(2, len(rows) + 2), Columns(columns))


def prepared(*rows, protocol=TIP, report=lambda _stage: None):
    keys = derive(hashlib.sha256(b"linkage").digest(), protocol.project, protocol.epoch)
    return prepare(extract(*({**CONTENT, **row} for row in rows)), Mapping(), protocol, keys, AGENCY_KEY, report)


def test_rows_keep_their_order_and_records_their_pseudonyms():
    found = prepared(*ROWS)
    assert list(found.local_id) == [row["record_id"] for row in ROWS]
    expected = [record_pseudonym(AGENCY_KEY, TIP.project, TIP.epoch, row["record_id"]) for row in ROWS]
    assert found.record.astype(str).tolist() == expected
    assert found.filters.shape == (3, len(TIP.filters), TIP.words)
    assert found.tokens.shape == (3, len(TIP.tokens))
    assert list(found.content) == list(TIP.content)
    assert list(found.content["region"]) == ["TJ-KT"] * 3


@pytest.mark.parametrize("scheme", SCHEMES)
def test_equal_people_have_equal_encodings_and_different_pseudonyms(scheme):
    """With gaps left open: what is filled is no record's but one's."""
    data = json.loads(ready_protocol("tip", scheme).canonical)
    data["encoding"]["fill"] = False
    found = prepared(*ROWS, protocol=parse_protocol(data, "p"))
    assert np.array_equal(found.filters[0], found.filters[2])
    assert np.array_equal(found.tokens[0], found.tokens[2])
    assert not np.array_equal(found.filters[0], found.filters[1])
    assert len(set(found.record.tolist())) == 3


def test_equal_people_lack_the_same_and_it_does_not_show():
    whole, found = prepared(*ROWS, protocol=parse_protocol(OPEN_GAPS, "p")), prepared(*ROWS)
    needed = {name for comparison in TIP.comparisons for name in comparison.needs}
    for at, label in enumerate(TIP.tokens):
        has = whole.tokens[0, at] != 0
        assert (found.tokens[0, at] == found.tokens[2, at]) == has or label in needed, label
        assert found.tokens[:, at].all() or label in needed, label
    for at, label in enumerate(TIP.filters):
        has = whole.filters[0, at].any()
        assert np.array_equal(found.filters[0, at], found.filters[2, at]) == has or "@" not in label, label
    assert not whole.tokens[0].all()
    assert whole.tokens[0].any()
    assert whole.filters[0].any()


def test_a_row_is_encoded_alike_whatever_rows_stand_beside_it():
    together = prepared(*ROWS)
    for at, row in enumerate(ROWS):
        alone = prepared(row)
        assert np.array_equal(alone.filters[0], together.filters[at])
        assert np.array_equal(alone.tokens[0], together.tokens[at])
        assert alone.record[0] == together.record[at]


def test_role_stage_and_article_change_no_bit_and_no_token():
    one, other = prepared(ROWS[0]), prepared({**ROWS[0], "role": "offender", "stage": "CON", "article": "130.1"})
    assert np.array_equal(one.filters, other.filters)
    assert np.array_equal(one.tokens, other.tokens)
    assert one.content["role"] != other.content["role"]


def test_an_identifier_that_the_protocol_does_not_name_is_not_encoded(small):
    without = parse_protocol({**small, "identifiers": ["surname", "given_name"], "content": {}} | NO_CONTENT, "p")
    found = prepared(ROWS[0], protocol=without)
    assert found.filters[0, without.filters.index("surname")].any()
    assert not found.filters[0, without.filters.index("birth")].any()
    assert dict(zip(without.tokens, found.tokens[0].tolist(), strict=True))["date"] == 0


NO_CONTENT = {"statistics": {"dimensions": []}, "release": {"thresholds": {}, "valid_days": 1}}


def test_minimising_keeps_identifiers_of_the_protocol_and_the_events_date():
    rows = extract({"record_id": "1", "surname": "x", "patronymic": "y", "role": "victim", "event_date": "2018"})
    assert set(minimised(rows, ready_protocol("persons")).columns) == {"surname", "event_date"}
    assert set(rows.columns) == {"record_id", "surname", "patronymic", "role", "event_date"}


def test_bad_rows_are_all_told_and_nothing_is_encoded(monkeypatch):
    monkeypatch.setattr("linkage.agency.prepare.encode_tokens", lambda *_: pytest.fail("encoded"))
    stages = []
    bad = [
        {**ROWS[0], "birth_date": "31.02.1985"},
        {**ROWS[1], "record_id": "Канарейка-17", "sex": "Канарейка"},
        {**ROWS[2], "role": "", "stage": "nonsense"},
    ]
    with pytest.raises(ValidationError) as caught:
        prepared(*bad, report=stages.append)
    told = [(issue.row, issue.field, issue.code) for issue in caught.value.issues]
    assert told == [
        (2, "birth_date", "date-unreadable"),
        (2, "record_id", "record-id-duplicate"),
        (3, "record_id", "record-id-duplicate"),
        (3, "sex", "sex-unmapped"),
        (4, "role", "content-missing"),
        (4, "stage", "code-unknown"),
    ]
    assert str(caught.value) == "list.csv: 6 issue(s) in 3 row(s)"
    assert "анарейка" not in str(caught.value) + repr(caught.value.issues)
    assert stages == []


def test_stages_are_reported_in_order():
    stages = []
    prepared(*ROWS, report=stages.append)
    assert stages == ["check", "normalise", "tokens", "withhold", "filters", "content", "locks"]


def test_nothing_that_is_prepared_shows_what_it_holds():
    found = prepared(*ROWS)
    assert "Канарейка" in str(found.local_id)
    shown = repr(found)
    assert "анарейка" not in shown
    assert found.record[0].decode() not in shown
    assert "victim" not in shown
