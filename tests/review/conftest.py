"""A published run of six invented records of two agencies, an auditor, and a hand that tampers."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest

from linkage.bundle.keyring import new_keys, open_keys
from linkage.canonical import canonical_json, digest_of_bytes
from linkage.review.explain import read_evidence
from linkage.unit.decisions import Wanted, decide
from linkage.unit.ledger import read_ledger, record_run
from linkage.unit.workspace import PairsTable, PersonsTable, create, current, pairs_parquet, persons_parquet, publish, writing

RECORDS = [("ngo", "AAAAAA" + "A" * 20), ("ngo", "AAAAAA" + "B" * 20), ("ngo", "C" * 26)]
RECORDS += [("police", "D" * 26), ("police", "E" * 26), ("police", "C" * 26)]
PERSONS = ["p" * 26, "q" * 26, "p" * 26, "p" * 26, "r" * 26, "q" * 25 + "x"]
PAIRS = [((0, 2), (0, 1), 9_500_000), ((0, 3), (1, -1), 400_000), ((1, 4), (1, 1), -400_000), ((2, 3), (2, 0), -3_250_000)]
SURNAME = {
    "name": "surname",
    "levels": ["exact", "near", "different"],
    "m": [900_000, 80_000, 20_000],
    "u": [0, 10_000, 989_999],
    "weights": [15_000_000, 3_000_000, -5_600_000],
}
SEX = {
    "name": "sex",
    "levels": ["same", "different"],
    "m": [990_000, 10_000],
    "u": [500_000, 500_000],
    "weights": [985_000, -5_640_000],
}
MODEL = {"prior": -5_000_000, "comparisons": [SURNAME, SEX]}


@pytest.fixture
def workspace(tmp_path):
    made = create(tmp_path / "W")
    agency, record = (np.array([one[i] for one in RECORDS], dtype=object) for i in (0, 1))
    left, right = (np.array([ends[side] for ends, _, _ in PAIRS]) for side in (0, 1))
    person = np.array(PERSONS, dtype=object)
    pairs = PairsTable(
        left_agency=agency[left],
        left_record=record[left],
        right_agency=agency[right],
        right_record=record[right],
        comparisons=("surname", "sex"),
        levels=np.array([levels for _, levels, _ in PAIRS], np.int8),
        prior=np.full(len(PAIRS), -5_000_000),
        weight=np.array([weight for _, _, weight in PAIRS]),
        same=person[left] == person[right],
        apart=np.full(len(PAIRS), "", dtype=object),
    )
    files = {"persons.parquet": persons_parquet(PersonsTable(agency, record, person)), "pairs.parquet": pairs_parquet(pairs)}
    with writing(made):
        run = publish(made, "run1", {**files, "model.json": canonical_json(MODEL)}, {})
        record_run(made.ledger, read_ledger(made.ledger), run.run_id, run.digest)
    return made


@pytest.fixture
def evidence(workspace):
    return read_evidence(current(workspace))


@pytest.fixture(scope="session")
def auditors(tmp_path_factory):
    root = tmp_path_factory.mktemp("keys")
    return [open_keys(new_keys("auditor", name, root / name) and root / name, "auditor") for name in ("zarina", "rustam")]


@pytest.fixture
def say(workspace, auditors):
    """`say(0, 2, "same")`: a decision on two of the records by number."""

    def run(left, right, verdict, by=0):
        wanted = [Wanted(RECORDS[left], RECORDS[right], verdict, "same card")]
        return decide(workspace, auditors[by], wanted, time="2019-02-01T10:00:00+00:00")

    return run


@pytest.fixture
def tree(tmp_path):
    def look():
        return {
            str(path.relative_to(tmp_path)): digest_of_bytes(path.read_bytes())
            for path in sorted(tmp_path.rglob("*"))
            if path.is_file()
        }

    return look


@pytest.fixture
def tamper(workspace):
    def run(statement):
        with closing(sqlite3.connect(workspace.ledger)) as connection:
            connection.execute(statement)
            connection.commit()

    return run
