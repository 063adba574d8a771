"""The unit's and the auditor's commands as terminal sessions: data to stdout, talk to stderr, one exit code per family."""

import csv
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from linkage.bundle.body import linking_body
from linkage.bundle.format import FORMAT, Manifest
from linkage.bundle.keyring import new_keys, open_keys
from linkage.bundle.seal import seal
from linkage.canonical import canonical_json, digest_of_bytes
from linkage.cli.review import audit_app, review_app
from linkage.cli.unit import explain, export_app, persons, receive
from linkage.errors import (
    ExtractError,
    KeyringError,
    ReplayedError,
    SignatureError,
    TamperedError,
    TruncatedError,
    UsageError,
    ValidationError,
)
from linkage.protocol import ready_protocol, ready_text
from linkage.schema import plain
from linkage.unit.ledger import read_ledger, record_run
from linkage.unit.workspace import PairsTable, PersonsTable, Workspace, pairs_parquet, persons_parquet, publish, writing

app = typer.Typer()
app.command("receive")(receive)
app.command("explain")(explain)
app.command("persons")(persons)
app.add_typer(export_app, name="export")
app.add_typer(review_app, name="review")
app.add_typer(audit_app, name="audit")

PROTOCOL = ready_protocol("persons")
A, B, C = (letter * 26 for letter in "ABC")
READERS = [["explain", A, C], ["persons", "pppppp"], ["review", "list"], ["review", "next"], ["audit", "verify"]]


def run(*words):
    done = CliRunner().invoke(app, [str(word) for word in words])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def sealed(at, agency, names, **changes):
    """A linking section of records of invented encodings, written as <agency>.age."""
    keys, unit = open_keys(at / agency, "agency"), open_keys(at / "unit", "unit").public
    record, n = np.array(names, dtype="S26"), len(names)
    filters = np.ones((n, len(PROTOCOL.filters), PROTOCOL.words), np.uint64)
    body = linking_body(record, filters, np.ones((n, len(PROTOCOL.tokens)), np.uint64), PROTOCOL)
    said = {"period": "2018", "sequence": 1, "not_after": (datetime.now(UTC).date() + timedelta(days=2)).isoformat()}
    manifest = Manifest(
        format=FORMAT,
        section="linking",
        project=PROTOCOL.project,
        epoch=PROTOCOL.epoch,
        protocol_id=PROTOCOL.id,
        protocol=plain(PROTOCOL),
        agency=agency,
        signer=keys.public.signing,
        recipient=unit.recipient,
        rows=n,
        body_bytes=len(body),
        body_sha256=digest_of_bytes(body),
        kcv="0123456789abcdef",
        normaliser=PROTOCOL.normaliser,
        tool="test",
        **{**said, **changes},
    )
    path = at / f"{agency}.age"
    path.write_bytes(seal(body, manifest, keys, unit))
    return path


@pytest.fixture
def at(tmp_path, monkeypatch):
    """A terminal in a folder with everybody's keys and two sealed bundles."""
    monkeypatch.chdir(tmp_path)
    for name, role in {"police": "agency", "ngo": "agency", "unit": "unit", "zarina": "auditor"}.items():
        new_keys(role, name, tmp_path / name)
    sealed(tmp_path, "police", [A, B])
    sealed(tmp_path, "ngo", [C])
    return tmp_path


@pytest.fixture
def linked(at):
    """Both bundles received and a run published by hand: A and C one person, B another."""
    run("receive", "police.age", "ngo.age", "--workspace", "W", "--keys", "unit")
    workspace = Workspace(at / "W")
    texts = lambda *values: np.array(values, dtype=object)  # noqa: E731
    map_of_persons = PersonsTable(texts("ngo", "police", "police"), texts(C, A, B), texts("p" * 26, "p" * 26, "q" * 26))
    pairs = PairsTable(
        texts("ngo", "police"), texts(C, A), texts("police", "police"), texts(A, B), ("surname",),
        np.array([[0], [1]], np.int8), np.full(2, -4_000_000), np.array([7_250_500, -9_000_000]), np.array([True, False]),
        texts("", ""),
    )  # fmt: skip
    comparison = {"name": "surname", "levels": ["exact", "different"], "m": [900_000, 100_000], "u": [400, 999_600]}
    model = {"prior": -4_000_000, "comparisons": [{**comparison, "weights": [11_250_500, -5_000_000]}]}
    files = {"persons.parquet": persons_parquet(map_of_persons), "pairs.parquet": pairs_parquet(pairs)}
    with writing(workspace):
        made = publish(workspace, "run1", {**files, "model.json": canonical_json(model)}, {})
        record_run(workspace.ledger, read_ledger(workspace.ledger), made.run_id, made.digest)
    return at


def tree(at):
    return {
        str(path.relative_to(at)): digest_of_bytes(path.read_bytes()) for path in sorted((at / "W").rglob("*")) if path.is_file()
    }


def decide(*words, reason="same card"):
    return run("review", "decide", *words, "--reason", reason, "--workspace", "W", "--keys", "zarina")


def test_receive_answers_bundle_ids_and_warns_of_keys_that_nobody_vouched_for(at):
    done = run("receive", "police.age", "ngo.age", "--workspace", "W", "--keys", "unit")
    assert [len(line) for line in done.stdout.split()] == [64, 64]
    assert "police.age: 2 record(s) of police, period 2018, sequence 1" in done.stderr
    assert done.stderr.count("WARNING") == 2
    assert open_keys(at / "ngo", "agency").public.signing in done.stderr


def test_receive_with_trust_does_not_warn_and_refuses_others(at):
    done = run("receive", "police.age", "--workspace", "W", "--keys", "unit", "--trust", "police/public.json", "--json")
    assert "WARNING" not in done.stderr
    assert json.loads(done.stdout)[0]["signer"]["pinned"] == "trusted"
    before = tree(at)
    with pytest.raises(SignatureError):
        run("receive", "ngo.age", "--workspace", "W", "--keys", "unit")
    assert tree(at) == before


def test_the_first_refused_bundle_ends_it_and_the_stored_ones_are_named(at):
    (at / "cut.age").write_bytes((at / "ngo.age").read_bytes()[:500])
    done = CliRunner().invoke(app, ["receive", "police.age", "cut.age", "ngo.age", "--workspace", "W", "--keys", "unit"])
    assert isinstance(done.exception, TruncatedError)
    assert "stored before this: police.age; the others were not looked at" in done.stderr
    assert len(done.stdout.split()) == 1
    assert [bundle.agency for bundle in read_ledger(at / "W" / "ledger.sqlite").bundles] == ["police"]


def test_a_correction_needs_its_reason(at):
    run("receive", "police.age", "--workspace", "W", "--keys", "unit", "--protocol", write_protocol(at))
    sealed(at, "police", [A], sequence=2)
    with pytest.raises(ReplayedError):
        run("receive", "police.age", "--workspace", "W", "--keys", "unit")
    done = run("receive", "police.age", "--workspace", "W", "--keys", "unit", "--supersede", "one card was entered twice")
    assert "replaces sequence 1" in done.stderr


def write_protocol(at):
    (at / "protocol.toml").write_text(ready_text("persons"), "utf-8")
    return "protocol.toml"


def test_a_bundle_that_is_not_there_and_foreign_keys_are_refused_and_no_folder_made(at):
    with pytest.raises(UsageError):
        run("receive", "nothing.age", "--workspace", "W", "--keys", "unit")
    with pytest.raises(KeyringError):
        run("receive", "police.age", "--workspace", "W", "--keys", "police")
    assert not (at / "W").exists()


def test_explain_shows_the_terms_and_the_decision_in_force(linked):
    assert "decision    none" in run("explain", "CCCCCC", "AAAAAA", "--workspace", "W").stdout
    decide("CCCCCC", "police:AAAAAA", "same")
    text = run("explain", "CCCCCC", "AAAAAA", "--workspace", "W").stdout
    assert "decision    same" in text
    assert ["surname", "exact", "0.900000", "0.000400", "+11.25", "+7.25"] in [line.split()[:6] for line in text.splitlines()]
    told = json.loads(run("explain", "AAAAAA", "CCCCCC", "--workspace", "W", "--json").stdout)
    assert (told["total_bits"], told["same_person"], told["decision"]) == (7.25, True, "same")


def test_persons_lists_members_and_links(linked):
    text = run("persons", "pppppp", "--workspace", "W").stdout
    assert text.splitlines() == [
        f"person  {'p' * 26}",
        f"record  ngo:{C}",
        f"record  police:{A}",
        f"link    ngo:{C}  police:{A}  +7.25 bits",
        f"held    ngo:{C}",
        f"held    └─ +7.25  police:{A}  (bridge)",
        f"bridge  ngo:{C}  police:{A}  +7.25 bits: without it police:{A} would be apart from 1 other record",
    ]
    assert json.loads(run("persons", "qqqqqq", "--workspace", "W", "--json").stdout)["links"] == []
    assert json.loads(run("persons", "pppppp", "--workspace", "W", "--json").stdout)["tree"][0]["bits"] == 7.25


DRAWN = [["explain", A, C], ["persons", "pppppp"]]


@pytest.mark.parametrize("words", DRAWN, ids=lambda words: words[0])
def test_a_drawing_is_for_the_owner_alone_and_overwrites_only_by_force(linked, words):
    done = run(*words, "--workspace", "W", "--svg", "drawn.svg")
    assert done.stdout == run(*words, "--workspace", "W").stdout
    assert "drawn.svg: drawn" in done.stderr
    drawn = (linked / "drawn.svg").read_bytes()
    assert "+7.25" in drawn.decode()
    assert (linked / "drawn.svg").stat().st_mode & 0o077 == 0
    with pytest.raises(UsageError):
        run(*words, "--workspace", "W", "--svg", "drawn.svg")
    (linked / "drawn.svg").write_bytes(b"something else")
    run(*words, "--workspace", "W", "--svg", "drawn.svg", "--force", "--json")
    assert (linked / "drawn.svg").read_bytes() == drawn


@pytest.mark.parametrize("words", DRAWN, ids=lambda words: words[0])
def test_where_stdout_cannot_show_blocks_the_answer_is_ascii(linked, words):
    done = CliRunner(charset="ascii").invoke(app, [*words, "--workspace", "W"])
    assert (done.exit_code, done.stdout.isascii()) == (0, True)


def test_exports_are_csv_for_the_owner_alone_and_overwrite_only_by_force(linked):
    run("export", "persons", "--workspace", "W", "-o", "persons.csv")
    assert (linked / "persons.csv").read_text().splitlines() == [
        "agency,record,person_id",
        f"ngo,{C},{'p' * 26}",
        f"police,{A},{'p' * 26}",
        f"police,{B},{'q' * 26}",
    ]
    assert (linked / "persons.csv").stat().st_mode & 0o077 == 0
    with pytest.raises(UsageError):
        run("export", "persons", "--workspace", "W", "-o", "persons.csv")
    run("export", "pairs", "--workspace", "W", "-o", "persons.csv", "--force")
    with (linked / "persons.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == [
        "left_agency", "left_record", "right_agency", "right_record", "level:surname", "prior", "weight", "same",
    ]  # fmt: skip
    assert [(row["level:surname"], row["prior"], row["weight"], row["same"]) for row in rows] == [
        ("0", "-4.000", "7.250", "true"),
        ("1", "-4.000", "-9.000", "false"),
    ]


def test_the_auditor_s_day_next_decide_list_verify(linked):
    assert json.loads(run("review", "next", "--workspace", "W", "--json").stdout)["left"]["record"] == C
    done = decide("CCCCCC", "AAAAAA", "different")
    assert done.stdout.startswith("1  ")
    checkpoint = done.stderr.split("checkpoint ")[1].split()[0]
    decide("AAAAAA", "BBBBBB", "unsure", reason="no date of birth")
    last = run("review", "next", "--workspace", "W")
    assert (last.exit_code, last.stdout) == (1, "")
    listed = run("review", "list", "--workspace", "W")
    assert [line.split("  ")[3] for line in listed.stdout.splitlines()] == ["different", "unsure"]
    assert "in force: 0 same, 1 different, 1 unsure pair(s)" in listed.stderr
    done = run("audit", "verify", "--workspace", "W", "--checkpoint", checkpoint, "--auditor", "zarina/public.json")
    assert done.exit_code == 0
    assert "intact: 2 decision(s), 2 bundle(s), 1 run(s)" in done.stderr


def test_a_withdrawn_decision_is_listed_and_no_longer_counts(linked):
    decide("CCCCCC", "AAAAAA", "same")
    decide("CCCCCC", "AAAAAA", "withdrawn", reason="wrong window")
    told = json.loads(run("review", "list", "--workspace", "W", "--json").stdout)
    assert [one["counts"] for one in told["decisions"]] == [False, False]
    assert told["in_force"] == {"same": 0, "different": 0, "unsure": 0}
    assert run("review", "list", "--workspace", "W").stdout.count("(no longer counts)") == 2


def test_a_contradiction_is_said_at_once_and_listed(linked):
    decide("CCCCCC", "AAAAAA", "same")
    decide("AAAAAA", "BBBBBB", "same")
    done = decide("CCCCCC", "BBBBBB", "different")
    assert "contradiction: decision(s) 1, 2 join what 3 part; 'different' wins" in done.stderr
    told = json.loads(run("review", "list", "--workspace", "W", "--json").stdout)
    assert told["contradictions"][0]["same"] == [1, 2]


@pytest.mark.parametrize("words", [("CCCCC", "AAAAAA", "same"), ("CCCCCC", "AAAAAA", "perhaps"), ("CCCCCC", "CCCCCC", "same")])
def test_a_decision_that_cannot_be_meant_is_refused_and_nothing_written(linked, words):
    before = tree(linked)
    with pytest.raises(UsageError):
        decide(*words)
    assert tree(linked) == before


def test_import_takes_all_rows_or_none(linked):
    (linked / "d.csv").write_text("left,right,verdict,reason\nCCCCCC,AAAAAA,same,card\nCCCCCC,BBBBBB,maybe,card\n")
    before = tree(linked)
    with pytest.raises(ValidationError) as raised:
        run("review", "import", "d.csv", "--workspace", "W", "--keys", "zarina")
    assert [(issue.row, issue.field) for issue in raised.value.issues] == [(3, "verdict")]
    with pytest.raises(ExtractError):
        run("review", "import", "nothing.csv", "--workspace", "W", "--keys", "zarina")
    assert tree(linked) == before
    (linked / "d.csv").write_text("left,right,verdict,reason\nCCCCCC,AAAAAA,same,card\nCCCCCC,BBBBBB,different,card\n")
    done = run("review", "import", "d.csv", "--workspace", "W", "--keys", "zarina")
    assert len(done.stdout.splitlines()) == 2


def test_verify_says_no_and_names_the_first_bad_entry(linked):
    decide("CCCCCC", "AAAAAA", "same")
    decide("CCCCCC", "BBBBBB", "different")
    with closing(sqlite3.connect(linked / "W" / "ledger.sqlite")) as connection:
        connection.execute("DELETE FROM entries WHERE kind = 'decision' AND seq = 1")
        connection.commit()
    done = run("audit", "verify", "--workspace", "W")
    assert (done.exit_code, done.stdout) == (1, "decision 1: is missing\n")
    told = run("audit", "verify", "--workspace", "W", "--json")
    assert (told.exit_code, json.loads(told.stdout)["intact"]) == (1, False)
    with pytest.raises(TamperedError):
        run("review", "list", "--workspace", "W")


def test_verify_refuses_a_checkpoint_that_is_none_and_denies_a_foreign_one(linked):
    with pytest.raises(UsageError):
        run("audit", "verify", "--workspace", "W", "--checkpoint", "yesterday")
    assert run("audit", "verify", "--workspace", "W", "--checkpoint", f"0:{'0' * 64}").exit_code == 1


def test_readers_change_no_byte(linked):
    before = tree(linked)
    for words in READERS:
        run(*words, "--workspace", "W")
    assert tree(linked) == before


@pytest.mark.parametrize(
    "words", [["explain", A, C], ["persons", "pppppp"], ["review", "list"], ["review", "next"], ["audit", "verify"]]
)
def test_readers_refuse_what_is_no_workspace_and_make_none(at, words):
    with pytest.raises(UsageError):
        run(*words, "--workspace", "elsewhere")
    assert not (at / "elsewhere").exists()


def test_before_linking_there_is_nothing_to_explain(at):
    run("receive", "police.age", "--workspace", "W", "--keys", "unit")
    with pytest.raises(UsageError, match="nothing was linked"):
        run("explain", A, B, "--workspace", "W")
