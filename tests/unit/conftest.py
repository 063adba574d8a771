"""Key folders, an agency in memory, and workspaces to receive into, decide in and tamper with."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest

from linkage.bundle.body import linking_body
from linkage.bundle.format import FORMAT, Manifest
from linkage.bundle.keyring import new_keys, open_keys
from linkage.bundle.seal import seal
from linkage.canonical import canonical_json, digest_of_bytes
from linkage.protocol import ready_protocol
from linkage.schema import plain
from linkage.unit.intake import receive
from linkage.unit.workspace import PairsTable, PersonsTable, Workspace, create, pairs_parquet, persons_parquet, publish, writing

ALPHABET = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", np.uint8)
PEOPLE = {"police": "agency", "ngo": "agency", "stranger": "agency", "unit": "unit", "other_unit": "unit"}
PEOPLE |= {"zarina": "auditor", "rustam": "auditor"}


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("keys")
    for name, role in PEOPLE.items():
        new_keys(role, name, root / name)
    return SimpleNamespace(**{name: open_keys(root / name, role) for name, role in PEOPLE.items()})


@pytest.fixture(scope="session")
def protocol():
    return ready_protocol("persons", "fields/1")


@pytest.fixture(scope="session")
def sealed(folders, protocol):
    """`sealed("police", seed=1, rows=4, period="2018", …)`: the bytes of a linking section of invented encodings."""

    def make(agency, *, seed=1, rows=4, body=None, agreed=protocol, keys=None, **changes):
        rng, keys = np.random.default_rng(seed), keys or getattr(folders, agency)
        record = np.ascontiguousarray(ALPHABET[rng.integers(0, 32, (rows, 26))]).view("S26")[:, 0]
        filters = rng.integers(0, 2**64, (rows, len(agreed.filters), agreed.words), np.uint64)
        tokens = rng.integers(0, 2**64, (rows, len(agreed.tokens)), np.uint64)
        body = linking_body(record, filters, tokens, agreed) if body is None else body
        honest = Manifest(
            format=FORMAT,
            section="linking",
            project=agreed.project,
            epoch=agreed.epoch,
            protocol_id=agreed.id,
            protocol=plain(agreed),
            agency=keys.public.name,
            signer=keys.public.signing,
            recipient=folders.unit.public.recipient,
            period="2018",
            sequence=1,
            not_after="2019-12-31",
            rows=rows,
            body_bytes=len(body),
            body_sha256=digest_of_bytes(body),
            kcv="0123456789abcdef",
            normaliser=agreed.normaliser,
            tool="headcount test",
        )
        return seal(body, replace(honest, **changes), keys, folders.unit.public)

    return make


@pytest.fixture
def workspace(tmp_path):
    """A place for a workspace; nothing is there yet."""
    return Workspace(tmp_path / "W")


@pytest.fixture
def take(workspace, folders):
    """Receive bytes into the workspace on a day on which bundles are valid."""

    def run(data, **options):
        return receive(
            workspace, data, options.pop("keys", folders.unit), **{"today": date(2019, 1, 1), "file": "b.age", **options}
        )

    return run


@pytest.fixture
def tree(tmp_path):
    """Every file and folder under the test's own folder, with the digest of its bytes."""

    def look():
        return {
            str(path.relative_to(tmp_path)): digest_of_bytes(path.read_bytes()) if path.is_file() else ""
            for path in tmp_path.rglob("*")
        }

    return look


@pytest.fixture
def linked(workspace):
    """A workspace with a published run of five records, a … e, of two agencies."""
    create(workspace.path)
    agency = np.array(["ngo", "ngo", "police", "police", "police"], dtype=object)
    record = np.array([letter * 26 for letter in "ABCDE"], dtype=object)
    persons = PersonsTable(agency, record, np.array(["p1", "p2", "p1", "p2", "p3"], dtype=object))
    left, right = np.array([0, 1, 0]), np.array([2, 3, 4])
    weight = np.array([9_000_000, 400_000, -3_000_000])
    levels = np.array([[0], [1], [-1]], np.int8)
    ends = (agency[left], record[left], agency[right], record[right])
    apart = np.full(3, "", dtype=object)
    pairs = PairsTable(*ends, ("name",), levels, np.full(3, -5_000_000), weight, weight > 0, apart)
    model = canonical_json({"prior": -5_000_000, "comparisons": []})
    files = {"persons.parquet": persons_parquet(persons), "pairs.parquet": pairs_parquet(pairs), "model.json": model}
    with writing(workspace):
        publish(workspace, "run1", files, {"inputs": "none"})
    return workspace


@pytest.fixture
def tamper(workspace):
    """Change the ledger behind the program's back."""

    def run(*statements):
        with closing(sqlite3.connect(workspace.ledger)) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    return run
