import json
import stat
import sys
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from linkage.bundle.body import content_body
from linkage.bundle.format import FORMAT, Manifest
from linkage.bundle.keyring import new_keys, open_keys
from linkage.bundle.seal import seal
from linkage.canonical import digest_of_bytes
from linkage.cli.statistics import report
from linkage.errors import (
    DataError,
    DisclosureError,
    KeyringError,
    ProtocolMismatchError,
    SignatureError,
    TamperedError,
    UsageError,
)
from linkage.protocol import ready_protocol
from linkage.schema import plain
from linkage.unit.workspace import PERSONS, PROTOCOL, PersonsTable, create, persons_parquet, publish

TIP = ready_protocol("tip")
AGENCIES = ("court", "police")
FILES = ["manifest.json", "persons.csv", "tables.txt"]


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    """Two agencies' content sections of six women each, a workspace that linked them, and the same person map as CSV."""
    folder = tmp_path_factory.mktemp("job")
    new_keys("statistics", "office", folder / "office")
    for agency in AGENCIES:
        new_keys("agency", agency, folder / agency)
        (folder / f"{agency}.age").write_bytes(section(folder, agency))
    new_keys("agency", "police", folder / "impostor")
    persons = pd.DataFrame(
        [(agency, pseudonym(n), f"person-{n}") for agency in AGENCIES for n in range(6)], columns=["agency", "record", "person_id"]
    )
    persons.to_csv(folder / "persons.csv", index=False, lineterminator="\n")
    linked(folder / "unit", persons, signers(folder))
    return folder


def pseudonym(number):
    return "ABCDEFGH"[number] * 26


def signers(folder):
    return {agency: open_keys(folder / agency, "agency").public.signing for agency in AGENCIES}


def section(folder, agency):
    keys, reader = open_keys(folder / agency, "agency"), open_keys(folder / "office", "statistics").public
    given = {"role": "victim", "stage": {"court": "HEA", "police": "DET"}[agency], "event_date": "2018-05-05", "sex": "F"}
    given |= {"age_group": "Y_GE18", "region": "TJ-SU", "article": "130.1", "form_of_exploitation": "LAB", "citizenship": "TJK"}
    columns = {name: np.array([given.get(name, "")] * 6, dtype=object) for name in TIP.content}
    body = content_body(np.array([pseudonym(n).encode() for n in range(6)], "S26"), columns, TIP)
    manifest = Manifest(
        format=FORMAT,
        section="content",
        project=TIP.project,
        epoch=TIP.epoch,
        protocol_id=TIP.id,
        protocol=plain(TIP),
        agency=keys.public.name,
        signer=keys.public.signing,
        recipient=reader.recipient,
        period="2018",
        sequence=1,
        not_after=(date.today() + timedelta(days=30)).isoformat(),
        rows=6,
        body_bytes=len(body),
        body_sha256=digest_of_bytes(body),
        kcv="00" * 8,
        normaliser=TIP.normaliser,
        tool="headcount/test",
    )
    return seal(body, manifest, keys, reader)


def linked(path, persons, known, protocol=TIP.canonical):
    workspace = create(path)
    workspace.ledger.touch()
    table = PersonsTable(*(persons[name].to_numpy(object) for name in PersonsTable._fields))
    bundles = [{"agency": agency, "period": "2018", "sequence": 1} for agency in AGENCIES]
    publish(workspace, "r1", {PERSONS: persons_parquet(table), PROTOCOL: protocol}, {"signers": known, "bundles": bundles})


def run(job, output, *words, tier="restricted", content=AGENCIES, source=("--workspace", "unit"), keys="office"):
    app = typer.Typer(rich_markup_mode=None)
    app.command()(report)
    named = [word for agency in content for word in ("--content", str(job / f"{agency}.age"))]
    options = ["--keys", str(job / keys), "--tier", tier, "-o", str(output), source[0], str(job / source[1])]
    return CliRunner().invoke(app, [*named, *options, *words])


def test_the_tables_go_to_stdout_and_three_files_to_the_folder(job, tmp_path):
    done = run(job, tmp_path / "out")
    assert done.exit_code == 0, done.exception
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == FILES
    assert done.stdout == (tmp_path / "out" / "tables.txt").read_text("utf-8")
    assert "any stage 6 6 0 0 0 6 0 0 12 2.00" in [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "signers were not checked" not in done.stderr
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_bytes())
    assert manifest["inputs"]["run"] == "r1"
    assert [bundle["agency"] for bundle in manifest["inputs"]["bundles"]] == ["court", "police"]
    assert manifest["outputs"]["persons.csv"] == digest_of_bytes((tmp_path / "out" / "persons.csv").read_bytes())


def test_a_person_map_as_csv_gives_the_same_tables(job, tmp_path):
    done = run(job, tmp_path / "csv", source=("--persons", "persons.csv"))
    assert done.exit_code == 0, done.exception
    assert "signers were not checked" in done.stderr
    run(job, tmp_path / "workspace")
    assert (tmp_path / "csv" / "persons.csv").read_bytes() == (tmp_path / "workspace" / "persons.csv").read_bytes()


def test_the_order_of_bundles_changes_no_byte(job, tmp_path):
    run(job, tmp_path / "one")
    run(job, tmp_path / "two", content=reversed(AGENCIES))
    for name in FILES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_shell_pattern_may_stand_behind_content(job, tmp_path):
    done = run(job, tmp_path / "out", "--content", str(job / "court.age"), str(job / "police.age"), content=())
    assert done.exit_code == 0, done.exception


@pytest.mark.skipif(sys.platform == "win32", reason="modes say nothing on Windows")
def test_exact_counts_are_for_their_owner_alone_and_public_ones_for_all(job, tmp_path):
    for tier, mode in (("restricted", 0o600), ("public", 0o644)):
        assert run(job, tmp_path / tier, tier=tier).exit_code == 0
        assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / tier).iterdir()} == {mode}


def test_the_public_tier_refuses_small_counts_and_writes_nothing(job, tmp_path):
    persons = pd.read_csv(job / "persons.csv")
    few = persons.assign(person_id=persons["record"].str[0].replace(["D", "E", "F"], "C"))
    few.to_csv(tmp_path / "few.csv", index=False)
    done = run(job, tmp_path / "out", tier="public", source=("--persons", str(tmp_path / "few.csv")))
    assert isinstance(done.exception, DisclosureError)
    assert done.exception.exit_code == 8
    assert done.stdout == ""
    assert not (tmp_path / "out").exists()
    assert "3" not in str(done.exception).replace("threshold 3", "")


def test_nothing_is_overwritten_without_force(job, tmp_path):
    (tmp_path / "tables.txt").write_text("precious")
    assert isinstance(run(job, tmp_path).exception, UsageError)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["precious"]
    assert run(job, tmp_path, "--force").exit_code == 0


def test_content_of_an_agency_that_is_missing_is_named(job, tmp_path):
    assert isinstance(run(job, tmp_path, content=["police"]).exception, ProtocolMismatchError)
    without_run = run(job, tmp_path, content=["police"], source=("--persons", "persons.csv"))
    assert isinstance(without_run.exception, DataError)
    assert str(without_run.exception) == "records with a person but without content: court 6"
    assert not list(tmp_path.iterdir())


def test_the_runs_signers_hold_and_trust_pins_them_where_there_is_no_run(job, tmp_path):
    trust = [word for agency in AGENCIES for word in ("--trust", str(job / agency / "public.json"))]
    pinned = run(job, tmp_path / "a", *trust, source=("--persons", "persons.csv"))
    assert pinned.exit_code == 0, pinned.exception
    assert "signers were not checked" not in pinned.stderr
    impostor = run(job, tmp_path / "b", "--trust", str(job / "impostor" / "public.json"), source=("--persons", "persons.csv"))
    assert isinstance(impostor.exception, SignatureError)


def test_a_workspace_of_another_protocol_or_signer_is_refused(job, tmp_path):
    persons = pd.read_csv(job / "persons.csv", dtype=str)
    linked(tmp_path / "other", persons, signers(job), ready_protocol("persons").canonical)
    assert isinstance(run(job, tmp_path / "out", source=("--workspace", str(tmp_path / "other"))).exception, ProtocolMismatchError)
    false = signers(job) | {"police": open_keys(job / "impostor", "agency").public.signing}
    linked(tmp_path / "false", persons, false)
    assert isinstance(run(job, tmp_path / "out", source=("--workspace", str(tmp_path / "false"))).exception, SignatureError)


def test_a_person_map_that_was_changed_in_the_workspace_is_refused(job, tmp_path):
    persons = pd.read_csv(job / "persons.csv", dtype=str)
    linked(tmp_path / "unit", persons, signers(job))
    with (tmp_path / "unit" / "runs" / "r1" / PERSONS).open("r+b") as stream:
        stream.seek(40)
        stream.write(b"\xff")
    assert isinstance(run(job, tmp_path / "out", source=("--workspace", str(tmp_path / "unit"))).exception, TamperedError)


@pytest.mark.parametrize("tier", ["", "Public", "secret"])
def test_a_tier_that_does_not_exist_is_refused(job, tmp_path, tier):
    assert isinstance(run(job, tmp_path, tier=tier).exception, UsageError)


def test_either_workspace_or_persons_is_named(job, tmp_path):
    assert isinstance(run(job, tmp_path, "--persons", str(job / "persons.csv")).exception, UsageError)


def test_another_roles_keys_are_refused(job, tmp_path):
    assert isinstance(run(job, tmp_path, keys="police").exception, KeyringError)
