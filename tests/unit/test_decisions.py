"""Decisions are appended, signed and never changed; what counts is each reviewer's latest word, and 'different' wins."""

import pytest

from linkage.bundle.keyring import verify as is_signed_by
from linkage.canonical import canonical_json
from linkage.errors import KeyringError, LockedError, TamperedError, UsageError
from linkage.unit.decisions import Contradiction, Wanted, constraints, decide, own_verdicts, standing, verdicts
from linkage.unit.ledger import read_ledger, read_rows
from linkage.unit.proofs import decision_message, verify
from linkage.unit.workspace import writing

A, B, C, D, E = (("ngo" if letter in "AB" else "police", letter * 26) for letter in "ABCDE")
NOW = "2019-02-01T10:00:00+00:00"


@pytest.fixture
def say(linked, folders):
    """`say(A, B, "same")`: a decision; answers what the whole log now asks of a run."""

    def run(left, right, verdict, by="zarina"):
        decide(linked, getattr(folders, by), [Wanted(left, right, verdict, "same case card")], time=NOW)
        return constraints(read_ledger(linked.ledger))

    return run


def test_a_decision_is_signed_by_its_reviewer_and_names_run_records_and_the_one_before(linked, folders):
    first, second = decide(linked, folders.zarina, [Wanted(B, A, "same", "twins"), Wanted(C, D, "unsure", "no date")], time=NOW)
    assert (first.seq, first.left, first.right, first.run_id, first.time) == (1, A, B, "run1", NOW)
    assert first.reviewer.fingerprint == folders.zarina.public.fingerprint
    assert second.previous != first.previous == "0" * 64
    row = read_rows(linked.ledger)["decision"][0]
    assert row.entry == canonical_json(first)
    assert is_signed_by(folders.zarina.public.signing, decision_message(row.entry), row.proof)
    assert verify(read_rows(linked.ledger)) == []


def test_verdicts_become_constraints_and_unsure_is_counted(say):
    say(A, C, "same")
    say(B, C, "different")
    asked = say(A, D, "unsure")
    assert (asked.must, asked.cannot, asked.unsure) == (((A, C),), ((B, C),), 1)
    assert asked.contradictions == ()


def test_the_latest_word_of_a_reviewer_counts(say):
    say(A, C, "same")
    asked = say(C, A, "different")
    assert (asked.must, asked.cannot, asked.contradictions) == ((), ((A, C),), ())


def test_a_withdrawn_word_asks_nothing_and_a_new_one_counts_again(say, linked):
    say(A, C, "same")
    assert say(A, C, "withdrawn").must == ()
    assert say(A, C, "same").must == ((A, C),)
    assert len(read_ledger(linked.ledger).decisions) == 3


def test_withdrawing_takes_back_ones_own_word_only(say):
    say(A, C, "different", by="zarina")
    say(A, C, "same", by="rustam")
    assert say(A, C, "withdrawn", by="zarina").must == ((A, C),)


def test_different_outweighs_same_on_the_pair_and_the_conflict_is_told(say):
    say(A, C, "same", by="zarina")
    asked = say(A, C, "different", by="rustam")
    assert (asked.must, asked.cannot) == ((), ((A, C),))
    assert asked.contradictions == (Contradiction(A, C, same=(1,), different=(2,)),)


def test_either_outweighs_unsure(say, linked):
    say(A, C, "unsure", by="zarina")
    asked = say(A, C, "same", by="rustam")
    assert (asked.must, asked.unsure) == (((A, C),), 0)
    assert verdicts(read_ledger(linked.ledger)) == {(A, C): "same"}
    assert [one.verdict for one in standing(read_ledger(linked.ledger))[A, C]] == ["unsure", "same"]


def test_a_chain_of_same_that_joins_what_is_different_is_told_with_its_decisions(say):
    say(A, C, "different")
    say(A, E, "same")
    say(A, B, "same")
    assert say(D, E, "unsure").contradictions == ()
    asked = say(B, C, "same")
    assert asked.contradictions == (Contradiction(A, C, same=(3, 5), different=(1,)),)
    assert asked.must == ((A, B), (A, E), (B, C))
    assert say(A, B, "withdrawn").contradictions == ()


REFUSED = {
    "a record that the run does not know": Wanted(A, ("police", "Z" * 26), "same", "why"),
    "a record under another agency": Wanted(A, ("ngo", "C" * 26), "same", "why"),
    "a record with itself": Wanted(A, A, "same", "why"),
    "no verdict": Wanted(A, B, "maybe", "why"),
    "no reason": Wanted(A, B, "same", "  "),
    "a reason of two lines": Wanted(A, B, "same", "one\ntwo"),
    "a reason that is no text": Wanted(A, B, "same", "\ud800"),
    "a reason without end": Wanted(A, B, "same", "x" * 501),
    "withdrawing what was not said": Wanted(A, D, "withdrawn", "why"),
    "withdrawing what another said": Wanted(A, C, "withdrawn", "why"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_meant_is_refused_and_nothing_beside_it_is_taken(linked, folders, say, tree, name):
    say(A, C, "same", by="rustam")
    before = tree()
    with pytest.raises(UsageError) as raised:
        decide(linked, folders.zarina, [Wanted(B, D, "same", "fine"), REFUSED[name]], time=NOW)
    assert tree() == before
    assert not {"A" * 26, "Z" * 26} & set(str(raised.value).split())


def test_withdrawing_twice_is_refused(say, linked, folders):
    say(A, C, "same")
    say(A, C, "withdrawn")
    with pytest.raises(UsageError):
        say(A, C, "withdrawn")
    assert own_verdicts(read_ledger(linked.ledger), folders.zarina.public) == {(A, C): "withdrawn"}


def test_only_auditors_decide(linked, folders, tree):
    before = tree()
    with pytest.raises(KeyringError):
        decide(linked, folders.unit, [Wanted(A, B, "same", "why")], time=NOW)
    assert tree() == before


def test_nothing_is_added_to_a_log_that_was_changed(say, linked, folders, tamper, tree):
    say(A, C, "same")
    tamper("UPDATE entries SET entry = CAST(replace(entry, 'same', 'diff') AS BLOB) WHERE kind = 'decision'")
    before = tree()
    with pytest.raises(TamperedError, match="decision 1"):
        say(B, D, "same")
    assert tree() == before


def test_while_another_process_writes_nothing_is_decided(say, linked):
    with writing(linked), pytest.raises(LockedError):
        say(A, C, "same")


def test_before_the_first_run_there_is_nothing_to_decide(workspace, folders):
    workspace.path.mkdir()
    with pytest.raises(UsageError):
        decide(workspace, folders.zarina, [Wanted(A, B, "same", "why")], time=NOW)
