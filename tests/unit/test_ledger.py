"""The memory keeps what it was given, all of a step or none, and names the first entry that is not what was written."""

import hashlib
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from linkage.bundle.keyring import sign
from linkage.canonical import canonical_json
from linkage.errors import LedgerError, LockedError, TamperedError
from linkage.unit import ledger as module
from linkage.unit.entries import Bundle, Decision, Reviewer, RunEntry, Setting, Signer
from linkage.unit.ledger import SignedDecision, append, read_ledger, read_rows, record_run
from linkage.unit.proofs import Problem, checkpoint_problems, decision_message, leaf_digest, merkle_root, verify

BUNDLE = Bundle("police", "2018", 1, 4, "a" * 64, "b" * 64, "police-2018-1.linking.age", "c" * 64, "2019-01-01", "")
SIGNER = Signer("police", "d" * 64, "first use", "2019-01-01")

# Inputs and roots of the reference implementation of RFC 6962, for trees of 0 … 8 leaves.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_reference_implementation(size):
    leaves = [bytes.fromhex(leaf) for leaf in LEAVES[:size]]
    assert merkle_root(leaves).hex() == ROOTS[size]


def test_a_leaf_cannot_stand_for_a_node():
    pair = [hashlib.sha256(b"\0left").digest(), hashlib.sha256(b"\0right").digest()]
    assert merkle_root([b"left", b"right"]) != merkle_root([b"".join(pair)])


@pytest.fixture
def path(workspace):
    workspace.path.mkdir()
    return workspace.ledger


@pytest.fixture
def log(folders):
    """`log(n)`: n signed decisions, each continuing the one before; some fields can be changed before signing."""

    def make(count, keys=None, after=None, **changes):
        keys = keys or folders.zarina
        public, signed = keys.public, []
        reviewer = Reviewer(public.fingerprint, public.name, public.signing)
        previous, start = (leaf_digest(after), after.seq + 1) if after else ("0" * 64, 1)
        for seq in range(start, start + count):
            decision = Decision(
                seq, f"2019-01-0{seq}T00:00:00+00:00", reviewer, "run1", ("a", "A"), ("b", "B"), "same", "twins", previous
            )
            decision = replace(decision, **changes)
            signed.append(SignedDecision(decision, sign(keys, decision_message(canonical_json(decision)))))
            previous = leaf_digest(decision)
        return signed

    return make


@pytest.fixture
def four(path, log):
    """A ledger with a row or more of every kind, four decisions and two runs."""
    append(path, read_ledger(path), settings=[Setting("kcv", "00")], signers=[SIGNER], bundles=[BUNDLE], decisions=log(2))
    record_run(path, read_ledger(path), "run1", "1" * 64)
    append(path, read_ledger(path), decisions=log(2, after=read_ledger(path).decisions[-1]))
    record_run(path, read_ledger(path), "run2", "2" * 64)
    return path


def test_what_was_appended_is_read_back_in_its_order(four, log):
    ledger = read_ledger(four)
    assert ledger.settings == {"kcv": "00"}
    assert ledger.signers == {"police": SIGNER}
    assert ledger.bundles == (BUNDLE,)
    assert [decision.seq for decision in ledger.decisions] == [1, 2, 3, 4]
    assert ledger.runs[0] == RunEntry("run1", "1" * 64, 2, ledger.runs[0].root)
    assert ledger.runs[1] == RunEntry("run2", "2" * 64, 4, ledger.root)
    assert verify(read_rows(four)) == []


def test_a_ledger_that_does_not_exist_is_empty_and_is_not_made_by_reading(path, tree):
    before = tree()
    assert read_ledger(path).decisions == ()
    assert tree() == before


def test_reading_changes_no_byte_and_leaves_no_file(four, tree):
    before = tree()
    read_ledger(four)
    assert tree() == before
    assert not list(four.parent.glob("ledger.sqlite-*"))


def test_noting_the_last_run_again_changes_no_byte_even_after_further_decisions(four, log, tree):
    append(four, read_ledger(four), decisions=log(1, after=read_ledger(four).decisions[-1]))
    before = tree()
    record_run(four, read_ledger(four), "run2", "2" * 64)
    assert tree() == before


def test_a_step_that_fails_half_way_leaves_nothing(four, tree, monkeypatch):
    before, ledger = tree(), read_ledger(four)
    with monkeypatch.context() as patched:
        patched.setattr(module, "_INSERT", "INSERT INTO nowhere VALUES (?, ?, ?, ?)")
        with pytest.raises(TamperedError):
            append(four, ledger, settings=[Setting("trust", "given")])
    assert tree() == before


def test_a_memory_that_went_on_in_the_meantime_is_not_overwritten(four):
    ledger = read_ledger(four)
    append(four, ledger, settings=[Setting("trust", "given")])
    with pytest.raises(LedgerError):
        append(four, ledger, settings=[Setting("trust", "taken")])
    assert read_ledger(four).settings["trust"] == "given"


def test_a_ledger_held_by_another_writer_is_reported_as_locked(four, monkeypatch):
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.05)
    ledger = read_ledger(four)
    with closing(sqlite3.connect(four, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LockedError):
            append(four, ledger, settings=[Setting("trust", "given")])


FIRST_BAD = {
    "a changed setting": (
        ["UPDATE entries SET entry = replace(CAST(entry AS TEXT), '00', '11') WHERE kind = 'setting'"],
        "setting 1",
    ),
    "a changed signer": (["UPDATE entries SET entry = CAST(replace(entry, 'dd', 'ee') AS BLOB) WHERE kind = 'signer'"], "signer 1"),
    "a changed bundle": (["UPDATE entries SET entry = CAST(replace(entry, 'aa', 'bb') AS BLOB) WHERE kind = 'bundle'"], "bundle 1"),
    "a lost bundle": (["DELETE FROM entries WHERE kind = 'bundle'"], "bundle 1"),
    "a changed verdict": (
        ["UPDATE entries SET entry = CAST(replace(entry, 'same', 'unsure') AS BLOB) WHERE kind = 'decision' AND seq = 3"],
        "decision 3",
    ),
    "a changed reason": (
        ["UPDATE entries SET entry = CAST(replace(entry, 'twins', 'twin') AS BLOB) WHERE kind = 'decision' AND seq = 2"],
        "decision 2",
    ),
    "a changed signature": (["UPDATE entries SET proof = zeroblob(64) WHERE kind = 'decision' AND seq = 4"], "decision 4"),
    "a decision that is text": (["UPDATE entries SET entry = 'x' WHERE kind = 'decision' AND seq = 1"], "decision 1"),
    "a decision in another writing": (
        ["UPDATE entries SET entry = CAST(replace(entry, ',', ', ') AS BLOB) WHERE kind = 'decision' AND seq = 1"],
        "decision 1",
    ),
    "a removed decision": (["DELETE FROM entries WHERE kind = 'decision' AND seq = 2"], "decision 2"),
    "the first removed": (["DELETE FROM entries WHERE kind = 'decision' AND seq = 1"], "decision 1"),
    "the last removed": (["DELETE FROM entries WHERE kind = 'decision' AND seq = 4"], "decision 4"),
    "removed and renumbered": (
        [
            "DELETE FROM entries WHERE kind = 'decision' AND seq = 2",
            "UPDATE entries SET seq = 2 WHERE kind = 'decision' AND seq = 3",
            "UPDATE entries SET seq = 3 WHERE kind = 'decision' AND seq = 4",
        ],
        "decision 2",
    ),
    "two exchanged": (
        [
            "UPDATE entries SET seq = 9 WHERE kind = 'decision' AND seq = 2",
            "UPDATE entries SET seq = 2 WHERE kind = 'decision' AND seq = 3",
            "UPDATE entries SET seq = 3 WHERE kind = 'decision' AND seq = 9",
        ],
        "decision 2",
    ),
    "one twice": (
        ["INSERT INTO entries SELECT kind, 5, entry, proof FROM entries WHERE kind = 'decision' AND seq = 4"],
        "decision 5",
    ),
    "a lost run": (["DELETE FROM entries WHERE kind = 'run' AND seq = 2"], "run 2"),
    "a lost head": (["DELETE FROM entries WHERE kind = 'head'"], "head"),
    "a second head": (["INSERT INTO entries SELECT kind, 2, entry, proof FROM entries WHERE kind = 'head'"], "head"),
}


@pytest.mark.parametrize("name", FIRST_BAD)
def test_tampering_is_found_and_the_first_bad_entry_named(four, tamper, name):
    statements, where = FIRST_BAD[name]
    tamper(*statements)
    assert verify(read_rows(four))[0].where == where
    with pytest.raises(TamperedError, match=where):
        read_ledger(four)


def test_rows_of_an_unknown_kind_and_an_emptied_ledger_are_refused(four, tamper):
    tamper("INSERT INTO entries VALUES ('note', 1, x'00', x'00')")
    with pytest.raises(TamperedError):
        read_rows(four)
    tamper("DELETE FROM entries")
    with pytest.raises(TamperedError):
        read_rows(four)


def test_a_run_made_under_decisions_that_are_not_in_the_log_is_named(four, tamper):
    run = canonical_json(RunEntry("run2", "2" * 64, 4, "9" * 64))
    tamper(
        f"UPDATE entries SET entry = x'{run.hex()}', proof = x'{hashlib.sha256(run).hexdigest()}' WHERE kind = 'run' AND seq = 2"
    )
    assert verify(read_rows(four)) == [Problem("run 2", "was made under decisions that are not in the log")]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"previous": "1" * 64}, "does not continue the decision before it"),
        ({"seq": 7}, "stands in another place than it was written to"),
        ({"reviewer": Reviewer("f" * 20, "zarina", "")}, "the signature is not that of its reviewer"),
    ],
)
def test_a_signed_decision_that_does_not_fit_is_named(path, log, change, what):
    one = log(1, **change)[0]
    append(path, read_ledger(path), decisions=[one])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE entries SET seq = 1 WHERE kind = 'decision'")
        connection.commit()
    assert verify(read_rows(path)) == [Problem("decision 1", what)]


def test_a_decision_under_a_borrowed_fingerprint_is_named(path, log, folders):
    mine, other = folders.zarina.public, folders.rustam.public
    append(path, read_ledger(path), decisions=log(1, reviewer=Reviewer(other.fingerprint, other.name, mine.signing)))
    assert verify(read_rows(path)) == [Problem("decision 1", "the fingerprint is not that of its reviewer")]


def test_a_decision_of_somebody_else_is_named_where_the_auditors_are_known(four, folders):
    rows = read_rows(four)
    assert verify(rows, [folders.zarina.public.signing]) == []
    problems = verify(rows, [folders.rustam.public.signing])
    assert problems == [Problem("decision 1", "its reviewer is not one of the auditors")]


def test_a_log_signed_anew_from_the_start_is_found_by_an_earlier_checkpoint(path, log, folders):
    append(path, read_ledger(path), decisions=log(2))
    noted = (2, read_ledger(path).root)
    append(path, read_ledger(path), decisions=log(1, after=read_ledger(path).decisions[-1]))
    assert checkpoint_problems(read_rows(path), *noted) == []
    path.unlink()
    append(path, read_ledger(path), decisions=log(3, keys=folders.rustam))
    assert verify(read_rows(path)) == []
    assert checkpoint_problems(read_rows(path), *noted)
    assert checkpoint_problems(read_rows(path), 4, read_ledger(path).root)


def test_a_damaged_database_is_an_error_and_never_wrong_rows(four):
    whole, rows = four.read_bytes(), read_rows(four)
    outcomes = set()
    for position in range(0, 8 * len(whole), 97):
        four.write_bytes(bytes(byte ^ (1 << position % 8 if i == position // 8 else 0) for i, byte in enumerate(whole)))
        try:
            outcomes.add("same" if read_rows(four) == rows or verify(read_rows(four)) else "wrong")
        except LedgerError:
            outcomes.add("error")
    assert outcomes == {"same", "error"}


def test_a_later_version_is_refused_and_not_misread(four, tamper):
    tamper("PRAGMA user_version = 2")
    with pytest.raises(LedgerError, match="later version"):
        read_ledger(four)


def test_the_ledger_is_its_owners_alone(four):
    assert four.stat().st_mode & 0o077 == 0
