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
from linkage.statistics.partitions import Draws, digest_of_persons, partitions_file
from linkage.statistics.register import digest_of_cells, read_register
from linkage.statistics.release import digest_of_decision, read_log, verify_decision
from linkage.statistics.report import file_names
from linkage.statistics.words import read_words
from linkage.unit.workspace import PERSONS, PROTOCOL, PartitionsTable, PersonsTable, create, persons_parquet, publish

TIP = ready_protocol("tip")
AGENCIES = ("court", "police")
FILES = sorted(file_names(("en",), decided=True))


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


def test_the_tables_go_to_stdout_and_the_files_to_the_folder(job, tmp_path):
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


def tidy_rows(folder):
    return pd.read_csv(folder / "persons.csv", dtype=str, keep_default_na=False)


def test_the_public_tier_shows_no_small_count(job, tmp_path):
    persons = pd.read_csv(job / "persons.csv")
    few = persons.assign(person_id=persons["record"].str[0].replace(["D", "E", "F"], "C"))
    few.to_csv(tmp_path / "few.csv", index=False)
    done = run(job, tmp_path / "out", tier="public", source=("--persons", str(tmp_path / "few.csv")))
    assert done.exit_code == 0, done.exception
    shown = tidy_rows(tmp_path / "out").query("COUNT_UNIT == 'PERSON' and OBS_VALUE != ''")["OBS_VALUE"].astype(int)
    assert set(tidy_rows(tmp_path / "out")["OBS_STATUS"]) >= {"Q"}
    assert not ((shown > 0) & (shown < 5)).any()


def test_a_release_that_cannot_be_protected_is_refused_and_nothing_is_written(job, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise DisclosureError("counts that no hiding protects: table region, role victim")

    monkeypatch.setattr("linkage.statistics.report.protect", refuse)
    done = run(job, tmp_path / "out", tier="public")
    assert isinstance(done.exception, DisclosureError)
    assert done.exception.exit_code == 8
    assert done.stdout == ""
    assert not (tmp_path / "out").exists()


def partitions_of(persons, path):
    """A file of draws in which the first two records of the police are one person in three of four."""
    labels = np.array([[0, 0], [0, 0], [0, 0], [0, 1]], np.int16)
    records = np.array([pseudonym(0), pseudonym(1)], object)
    doubtful = PartitionsTable(np.array(["police"] * 2, object), records, np.zeros(2, np.int32), labels)
    of = digest_of_persons(PersonsTable(*(persons[name].to_numpy(object) for name in PersonsTable._fields)))
    path.write_bytes(partitions_file(Draws(doubtful, np.zeros(4, np.int64), of, "r7")))


def test_partitions_beside_a_person_map_give_intervals(job, tmp_path):
    persons = pd.read_csv(job / "persons.csv", dtype=str)
    apart = persons.assign(person_id=persons["agency"] + persons["record"])
    apart.to_csv(tmp_path / "apart.csv", index=False)
    partitions_of(apart, tmp_path / "draws.parquet")
    source = ("--persons", str(tmp_path / "apart.csv"))
    done = run(job, tmp_path / "out", "--partitions", str(tmp_path / "draws.parquet"), source=source)
    assert done.exit_code == 0, done.exception
    total = {"DATAFLOW": "SEX_AGE", "TIME_PERIOD": "2018", "STAGE": "DET", "SEX": "_T", "AGE": "_T", "COUNT_UNIT": "PERSON"}
    rows = tidy_rows(tmp_path / "out")
    found = rows[(rows[list(total)] == pd.Series(total)).all(axis=1)]
    assert found[["LINK_LO", "OBS_VALUE", "LINK_HI"]].to_numpy().tolist() == [["5", "6", "6"]]
    assert json.loads((tmp_path / "out" / "manifest.json").read_bytes())["inputs"]["run"] == "r7"


def test_partitions_of_another_person_map_are_refused(job, tmp_path):
    persons = pd.read_csv(job / "persons.csv", dtype=str)
    partitions_of(persons.assign(person_id="one"), tmp_path / "draws.parquet")
    done = run(job, tmp_path / "out", "--partitions", str(tmp_path / "draws.parquet"), source=("--persons", "persons.csv"))
    assert isinstance(done.exception, DataError)


def test_a_workspace_has_its_own_partitions(job, tmp_path):
    assert isinstance(run(job, tmp_path / "out", "--partitions", str(job / "persons.csv")).exception, UsageError)


def test_an_earlier_person_map_gives_the_revision_of_the_restricted_tier_alone(job, tmp_path):
    persons = pd.read_csv(job / "persons.csv", dtype=str)
    before = persons.assign(person_id=persons["person_id"].replace("person-1", "person-0"))
    before.to_csv(tmp_path / "before.csv", index=False)
    told = {}
    for tier in ("restricted", "public"):
        done = run(job, tmp_path / tier, "--before", str(tmp_path / "before.csv"), tier=tier)
        assert done.exit_code == 0, done.exception
        told[tier] = (tmp_path / tier / "report-en.html").read_text("utf-8")
    revised = read_words("en").code("revision", "split").lower()
    assert revised in told["restricted"].lower()
    assert revised not in told["public"].lower()


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


def test_each_language_gets_its_own_files_and_the_first_one_the_tables(job, tmp_path):
    done = run(job, tmp_path / "out", "--lang", "tg,en")
    assert done.exit_code == 0, done.exception
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(file_names(("tg", "en"), decided=True))
    run(job, tmp_path / "en")
    assert (tmp_path / "out" / "tables.txt").read_text("utf-8") != (tmp_path / "en" / "tables.txt").read_text("utf-8")
    assert (tmp_path / "out" / "report-en.html").read_bytes() == (tmp_path / "en" / "report-en.html").read_bytes()


@pytest.mark.parametrize("languages", ["", "de", "en,", "EN"])
def test_a_language_without_words_is_refused(job, tmp_path, languages):
    assert isinstance(run(job, tmp_path, "--lang", languages).exception, UsageError)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("tier", ["", "Public", "secret"])
def test_a_tier_that_does_not_exist_is_refused(job, tmp_path, tier):
    assert isinstance(run(job, tmp_path, tier=tier).exception, UsageError)


def test_either_workspace_or_persons_is_named(job, tmp_path):
    assert isinstance(run(job, tmp_path, "--persons", str(job / "persons.csv")).exception, UsageError)


def test_another_roles_keys_are_refused(job, tmp_path):
    assert isinstance(run(job, tmp_path, keys="police").exception, KeyringError)


DAY = ("--date", "2019-02-01")


def test_the_same_date_gives_the_same_bytes_and_another_one_is_told(job, tmp_path):
    for name, day in (("one", "2019-02-01"), ("two", "2019-02-01"), ("later", "2019-03-01")):
        assert run(job, tmp_path / name, "--date", day).exit_code == 0
    assert all((tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes() for file in FILES)
    told = json.loads((tmp_path / "later" / "manifest.json").read_bytes())["inputs"]
    assert (told["date"], told["release"]) == ("2019-03-01", "2019-03-01")
    assert "2019-03-01" in (tmp_path / "later" / "report-en.html").read_text("utf-8")
    assert (tmp_path / "later" / "persons.csv").read_bytes() == (tmp_path / "one" / "persons.csv").read_bytes()


@pytest.mark.parametrize("day", ["", "today", "20190201", "2019-2-1", "2019-02-30"])
def test_what_is_no_date_is_refused(job, tmp_path, day):
    assert isinstance(run(job, tmp_path, "--date", day).exception, UsageError)
    assert not list(tmp_path.iterdir())


def test_exact_counts_leave_by_a_signed_and_logged_decision_about_them(job, tmp_path):
    done = run(job, tmp_path / "out", *DAY, "--reason", "for the ministry", "--register", str(tmp_path / "releases"))
    assert done.exit_code == 0, done.exception
    data = (tmp_path / "out" / "decision.json").read_bytes()
    decision = verify_decision(data, {open_keys(job / "office", "statistics").public.signing})
    assert (decision.act, decision.tier, decision.reason, decision.day) == ("release", "restricted", "for the ministry", DAY[1])
    assert [entry["decision"]["subject"] for entry in read_log(tmp_path / "releases")] == [decision.subject]
    assert read_register(tmp_path / "releases") == ()
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_bytes())
    assert manifest["inputs"]["decision"] == digest_of_decision(data)
    assert manifest["outputs"]["decision.json"] == digest_of_bytes(data)


def test_an_auditor_may_decide_and_nobody_else(job, tmp_path):
    new_keys("auditor", "auditor", tmp_path / "auditor")
    assert run(job, tmp_path / "a", *DAY, "--auditor", str(tmp_path / "auditor")).exit_code == 0
    signing = open_keys(tmp_path / "auditor", "auditor").public.signing
    assert verify_decision((tmp_path / "a" / "decision.json").read_bytes(), {signing}).signer_role == "auditor"
    assert isinstance(run(job, tmp_path / "b", "--auditor", str(job / "police")).exception, KeyringError)


def test_a_public_release_needs_no_decision_and_goes_into_the_register(job, tmp_path):
    done = run(job, tmp_path / "out", *DAY, "--register", str(tmp_path / "releases"), tier="public")
    assert done.exit_code == 0, done.exception
    assert not (tmp_path / "out" / "decision.json").exists()
    (release,) = read_register(tmp_path / "releases")
    assert (release.entry.name, release.entry.protocol_id) == (DAY[1], TIP.id)
    assert (release.cells["count"] == 6).any()
    again = run(job, tmp_path / "again", *DAY, "--register", str(tmp_path / "releases"), tier="public")
    assert again.exit_code == 0, again.exception
    assert (tmp_path / "again" / "persons.csv").read_bytes() == (tmp_path / "out" / "persons.csv").read_bytes()


def of_victims(folder):
    rows = tidy_rows(folder)
    total = {"DATAFLOW": "SEX_AGE", "TIME_PERIOD": "2018", "STAGE": "_T", "SEX": "_T", "AGE": "_T", "COUNT_UNIT": "PERSON"}
    (row,) = rows[(rows[list(total)] == pd.Series(total)).all(axis=1)]["OBS_VALUE"]
    return row


def test_a_count_that_moved_by_one_since_an_earlier_release_is_hidden_in_the_next(job, tmp_path):
    persons = pd.read_csv(job / "persons.csv")
    merged = persons.assign(person_id=persons["person_id"].replace("person-1", "person-0"))
    merged.to_csv(tmp_path / "merged.csv", index=False)
    where = ("--register", str(tmp_path / "releases"))
    assert run(job, tmp_path / "first", *DAY, *where, tier="public").exit_code == 0
    source = ("--persons", str(tmp_path / "merged.csv"))
    alone = run(job, tmp_path / "alone", tier="public", source=source)
    assert (alone.exit_code, of_victims(tmp_path / "first"), of_victims(tmp_path / "alone")) == (0, "6", "5")
    second = run(job, tmp_path / "second", "--date", "2019-03-01", *where, tier="public", source=source)
    assert second.exit_code == 0, second.exception
    assert of_victims(tmp_path / "second") == ""


def test_a_register_that_was_changed_stops_the_release(job, tmp_path):
    where = ("--register", str(tmp_path / "releases"))
    assert run(job, tmp_path / "first", *DAY, *where, tier="public").exit_code == 0
    (file,) = (tmp_path / "releases").glob("*.csv")
    file.write_bytes(file.read_bytes().replace(b",6,", b",7,"))
    assert isinstance(run(job, tmp_path / "second", *where, tier="public").exception, TamperedError)
    assert not (tmp_path / "second").exists()


def test_a_role_is_waived_with_a_reason_in_the_public_tier_alone(job, tmp_path):
    persons = pd.read_csv(job / "persons.csv")
    few = persons.assign(person_id=persons["record"].str[0].replace(["D", "E", "F"], "C"))
    few.to_csv(tmp_path / "few.csv", index=False)
    source = ("--persons", str(tmp_path / "few.csv"))
    reason = ("--reason", "court facts are public")
    assert run(job, tmp_path / "hidden", tier="public", source=source).exit_code == 0
    shown = run(job, tmp_path / "shown", *DAY, "--waive", "victim", *reason, tier="public", source=source)
    assert shown.exit_code == 0, shown.exception
    assert (of_victims(tmp_path / "hidden"), of_victims(tmp_path / "shown")) == ("", "3")
    signing = {open_keys(job / "office", "statistics").public.signing}
    decision = verify_decision((tmp_path / "shown" / "decision.json").read_bytes(), signing)
    assert (decision.act, decision.roles, decision.reason) == ("waiver", ("victim",), reason[1])
    for words, tier in ((("--waive", "victim"), "public"), (("--waive", "victim", *reason), "restricted")):
        assert isinstance(run(job, tmp_path / "no", *words, tier=tier, source=source).exception, UsageError)
    assert not (tmp_path / "no").exists()


def test_a_public_decision_is_about_what_is_shown_so_that_trying_does_not_find_what_is_hidden(job, tmp_path):
    words = ("--waive", "offender", "--reason", "court facts are public", "--register", str(tmp_path / "releases"))
    assert run(job, tmp_path / "out", *DAY, *words, tier="public").exit_code == 0
    decision = json.loads((tmp_path / "out" / "decision.json").read_bytes())["decision"]
    (release,) = read_register(tmp_path / "releases")
    assert decision["subject"] == digest_of_cells(release.cells)


def test_public_counts_are_rounded_by_the_offices_secret(job, tmp_path):
    (tmp_path / "secret").write_bytes(b"0123456789abcdef")
    done = run(job, tmp_path / "out", "--round", "5", "--round-key", str(tmp_path / "secret"), tier="public")
    assert done.exit_code == 0, done.exception
    counts = tidy_rows(tmp_path / "out")["OBS_VALUE"].astype(int)
    assert len(counts)
    assert not (counts % 5).any()
    assert isinstance(run(job, tmp_path / "no", "--round", "5", tier="public").exception, UsageError)


def test_sdmx_ml_is_written_on_request_where_its_library_is(job, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "sdmx", None)
    lacking = run(job, tmp_path / "lacking", "--sdmx")
    assert isinstance(lacking.exception, UsageError)
    assert not (tmp_path / "lacking").exists()
    monkeypatch.undo()
    pytest.importorskip("sdmx")
    assert run(job, tmp_path / "out", *DAY, "--sdmx").exit_code == 0
    assert b"2019-02-01" in (tmp_path / "out" / "sdmx.xml").read_bytes()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(file_names(("en",), decided=True, with_sdmx=True))
