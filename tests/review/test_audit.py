"""An audit reads every byte that matters, and names what is not as it was written."""

import pytest

from linkage.canonical import digest_of_bytes
from linkage.errors import TamperedError
from linkage.review.audit import Checkpoint, audit
from linkage.unit.entries import Bundle
from linkage.unit.ledger import append, read_ledger, record_run
from linkage.unit.workspace import publish, writing


@pytest.fixture
def full(workspace, say):
    """Two decisions, one stored bundle, two runs."""
    say(0, 3, "same")
    say(1, 4, "different", by=1)
    data = b"sealed"
    (workspace.bundles / "police-2018-1.linking.age").write_bytes(data)
    digest, persons = digest_of_bytes(data), (workspace.runs / "run1" / "persons.parquet").read_bytes()
    bundle = Bundle("police", "2018", 1, 3, "a" * 64, "b" * 64, "police-2018-1.linking.age", digest, "2019-01-01", "")
    with writing(workspace):
        append(workspace.ledger, read_ledger(workspace.ledger), bundles=[bundle])
        run = publish(workspace, "run2", {"persons.parquet": persons}, {})
        record_run(workspace.ledger, read_ledger(workspace.ledger), run.run_id, run.digest)
    return workspace


def test_an_intact_workspace_has_no_problem_and_a_checkpoint(full, tree):
    before = tree()
    found = audit(full)
    assert (found.problems, found.bundles, found.runs) == ((), 1, 2)
    assert found.checkpoint == Checkpoint(2, read_ledger(full.ledger).root)
    assert tree() == before


def test_an_earlier_checkpoint_is_continued_and_a_foreign_one_is_not(full, say):
    earlier = audit(full).checkpoint
    say(2, 3, "unsure")
    assert audit(full, earlier=earlier).problems == ()
    assert audit(full, earlier=Checkpoint(2, "0" * 64)).problems[0].where == "log"


def test_decisions_of_unknown_reviewers_are_named_where_the_auditors_are_given(full, auditors):
    keys = [keys.public.signing for keys in auditors]
    assert audit(full, keys).problems == ()
    assert audit(full, keys[:1]).problems[0].where == "decision 2"


DAMAGE = {
    "runs/run1/pairs.parquet": "run 1, run1",
    "runs/run1/manifest.json": "run 1, run1",
    "runs/run2/persons.parquet": "run 2, run2",
    "bundles/police-2018-1.linking.age": "bundle 1, police-2018-1.linking.age",
    "CURRENT": "CURRENT",
    "ledger.sqlite": "ledger",
}


@pytest.mark.parametrize("name", DAMAGE)
@pytest.mark.parametrize("how", ["changed", "emptied"])
def test_every_damaged_file_is_named(full, name, how):
    path = full.path / name
    path.write_bytes(b"" if how == "emptied" else with_a_changed_middle(path.read_bytes()))
    assert audit(full).problems[0].where == DAMAGE[name]


def with_a_changed_middle(data):
    middle = len(data) // 2
    return data[:middle] + bytes(byte ^ 255 for byte in data[middle : middle + 100]) + data[middle + 100 :]


def test_a_changed_decision_is_named(full, tamper):
    tamper("UPDATE entries SET entry = CAST(replace(entry, 'same card', 'same file') AS BLOB) WHERE kind = 'decision' AND seq = 2")
    assert audit(full).problems[0].where == "decision 2"


def test_a_pointer_back_to_an_earlier_run_is_named(full):
    earlier = read_ledger(full.ledger).runs[0]
    full.pointer.write_text(f"{earlier.run_id} {earlier.manifest_sha256}\n")
    assert [problem.where for problem in audit(full).problems] == ["CURRENT"]
    full.pointer.unlink()
    assert [problem.what for problem in audit(full).problems] == ["is missing"]


def test_a_run_published_and_not_noted_is_told_until_linking_notes_it(full):
    with writing(full):
        run = publish(full, "run3", {}, {})
    assert [problem.what for problem in audit(full).problems] == ["names a run that the ledger does not know; link again"]
    record_run(full.ledger, read_ledger(full.ledger), run.run_id, run.digest)
    assert audit(full).problems == ()


def test_a_tampered_ledger_is_not_read_for_anything_else(full, tamper):
    tamper("DELETE FROM entries WHERE kind = 'decision' AND seq = 1")
    with pytest.raises(TamperedError):
        read_ledger(full.ledger)
    assert audit(full).problems[0] == ("decision 1", "is missing")
