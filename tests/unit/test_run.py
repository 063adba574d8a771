"""A run: the same inputs are the same run, a refused one changes nothing, and persons outlive it."""

import json
import shutil
from dataclasses import asdict

import numpy as np
import pytest

from linkage.bundle.body import linking_body
from linkage.errors import KeyringError, LockedError, ModelError, SchemaError, TamperedError, UsageError, WrongRecipientError
from linkage.records import Part
from linkage.unit.decisions import Wanted, decide
from linkage.unit.executor import IN_MEMORY
from linkage.unit.known import changes_table
from linkage.unit.ledger import read_ledger
from linkage.unit.link import link_encodings
from linkage.unit.model_choice import Given, find_model
from linkage.unit.run import FORMAT, run
from linkage.unit.workspace import (
    CHANGES,
    KNOWN,
    MODEL,
    PERSONS,
    PersonsTable,
    create,
    current,
    persons_parquet,
    persons_table,
    publish,
    read_run_file,
    writing,
)
from linkage.version import __version__

TIME = "2019-02-03T04:05:06+00:00"
NOBODY = PersonsTable(*(np.empty(0, dtype=object) for _ in range(3)))


@pytest.fixture(scope="session")
def people(invent_people, protocol):
    """Lists of an NGO and the police."""
    return invent_people(protocol, persons=25, agencies=("ngo", "police"), seed=3)


@pytest.fixture(scope="session")
def bundles(people, sealed, protocol):
    """Each list as a sealed linking section."""
    return {part.agency: of(part, sealed, protocol) for part in people.parts}


def of(part, sealed, protocol, **said):
    body = linking_body(part.record, part.filters, part.tokens, protocol)
    return sealed(part.agency, rows=len(part.record), body=body, **said)


@pytest.fixture
def received(take, bundles, workspace):
    for agency in ("police", "ngo"):
        take(bundles[agency])
    return workspace


def persons_of(published):
    table = persons_table(read_run_file(published.run, PERSONS))
    return dict(zip(zip(table.agency.tolist(), table.record.tolist(), strict=True), table.person_id.tolist(), strict=True))


def groups(persons):
    found = {}
    for record, person in persons.items():
        found.setdefault(person, set()).add(record)
    return {frozenset(one) for one in found.values()}


def true_groups(people):
    found = {}
    for at, person in enumerate(people.truth):
        record = people.encodings.agencies[people.encodings.source[at]], people.encodings.record[at].decode()
        found.setdefault(person, set()).add(record)
    return {frozenset(one) for one in found.values()}


def files_of(run_directory):
    return {path.name: path.read_bytes() for path in run_directory.iterdir()}


def test_a_run_finds_the_people_and_is_published(received, folders, people):
    published = run(received, folders.unit)
    assert not published.already
    assert groups(persons_of(published)) == true_groups(people)
    assert current(received) == published.run
    assert [entry.run_id for entry in read_ledger(received.ledger).runs] == [published.run.run_id]


def test_the_manifest_says_what_went_in_and_nothing_of_when_or_where(received, folders, protocol):
    manifest = run(received, folders.unit).run.manifest
    assert manifest["format"] == FORMAT
    assert manifest["previous"] == ""
    assert manifest["inputs"]["protocol_id"] == protocol.id
    assert manifest["inputs"]["tool"] == __version__
    assert [(one["agency"], one["period"], one["sequence"]) for one in manifest["bundles"]] == [
        ("ngo", "2018", 1),
        ("police", "2018", 1),
    ]
    assert manifest["signers"] == {name: getattr(folders, name).public.signing for name in ("ngo", "police")}
    assert manifest["decisions"]["count"] == 0
    assert str(received.path) not in str(manifest)
    assert manifest["quality"]["persons"] == len(set(persons_of(run(received, folders.unit)).values()))


def test_the_same_bundles_in_another_workspace_and_order_are_the_same_run_to_the_byte(received, folders, bundles, take, tmp_path):
    one = run(received, folders.unit).run
    shutil.move(received.path, tmp_path / "first")
    for agency in ("ngo", "police"):
        take(bundles[agency])
    other = run(received, folders.unit).run
    assert (one.run_id, one.digest) == (other.run_id, other.digest)
    assert files_of(tmp_path / "first" / "runs" / one.run_id) == files_of(other.directory)


def test_a_list_sealed_again_unchanged_in_another_envelope_is_the_same_run(
    received, folders, people, sealed, protocol, take, tmp_path
):
    """What counts is the content of the bundles, not the day on which they were sealed."""
    one = run(received, folders.unit).run
    shutil.move(received.path, tmp_path / "first")
    for part in people.parts:
        take(of(part, sealed, protocol, not_after="2020-06-30", tool="headcount other"))
    other = run(received, folders.unit).run
    assert (one.run_id, one.digest) == (other.run_id, other.digest)


def test_linking_again_what_is_published_changes_nothing(received, folders, tree):
    first = run(received, folders.unit)
    before = tree()
    again = run(received, folders.unit)
    assert again.already
    assert again.run == first.run
    assert tree() == before


def test_a_run_of_which_the_ledger_was_not_told_is_entered_by_the_next(received, folders, monkeypatch):
    monkeypatch.setattr("linkage.unit.run.record_run", lambda *_: None)
    published = run(received, folders.unit)
    assert read_ledger(received.ledger).runs == ()
    monkeypatch.undo()
    assert run(received, folders.unit).already
    assert [entry.run_id for entry in read_ledger(received.ledger).runs] == [published.run.run_id]


def test_a_person_id_is_nobodys_pseudonym(received, folders):
    persons = persons_of(run(received, folders.unit))
    assert all(len(person) == 26 for person in persons.values())
    assert not {record.lower() for _, record in persons} & set(persons.values())


@pytest.fixture
def two_periods(received, take, people, sealed, protocol):
    """2018 as before, and 2019: the same persons in new records of the police."""
    police = people.parts[1]
    letters = np.array(list(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), np.uint8)
    record = np.ascontiguousarray(letters[np.random.default_rng(9).integers(0, 32, (len(police.record), 26))]).view("S26")[:, 0]
    later = Part("police", record, police.filters, police.tokens)
    return lambda: take(of(later, sealed, protocol, period="2019"))


def test_persons_keep_their_ids_when_a_later_period_arrives(received, folders, two_periods):
    before = persons_of(run(received, folders.unit))
    two_periods()
    published = run(received, folders.unit)
    after = persons_of(published)
    assert not published.already
    assert len(after) > len(before)
    assert {record: after[record] for record in before} == before
    assert published.run.manifest["previous"]
    assert changes_table(read_run_file(published.run, CHANGES)) == ()


def test_one_period_can_be_linked_alone_and_its_persons_are_the_same(received, folders, two_periods):
    two_periods()
    everything = persons_of(run(received, folders.unit))
    only = run(received, folders.unit, "2019")
    found = persons_of(only)
    assert {bundle["period"] for bundle in only.run.manifest["bundles"]} == {"2019"}
    assert set(found) < set(everything)
    assert all(person == everything[record] for record, person in found.items())
    whole_again = persons_of(run(received, folders.unit))
    assert whole_again == everything


def test_a_period_of_which_nothing_was_received_is_refused_and_nothing_changes(received, folders, tree):
    run(received, folders.unit)
    before = tree()
    with pytest.raises(UsageError, match="no bundle was received"):
        run(received, folders.unit, "2017")
    assert tree() == before


def pair_of_one_person(persons):
    group = sorted(min((one for one in groups(persons) if len(one) > 1), key=sorted))
    return group[0], group[1]


def decided(workspace, folders, pair, verdict, reviewer="zarina"):
    decide(workspace, getattr(folders, reviewer), [Wanted(*pair, verdict, "looked at the evidence")], time=TIME)


def test_different_splits_withdrawn_restores_and_ids_stay_where_they_can(received, folders):
    before = persons_of(run(received, folders.unit))
    pair = pair_of_one_person(before)
    decided(received, folders, pair, "different")
    published = run(received, folders.unit)
    split = persons_of(published)
    assert split[pair[0]] != split[pair[1]]
    assert before[pair[0]] in (split[pair[0]], split[pair[1]])
    assert [change.kind for change in changes_table(read_run_file(published.run, CHANGES))] == ["split"]
    decided(received, folders, pair, "withdrawn")
    restored = run(received, folders.unit)
    assert not restored.already
    assert groups(persons_of(restored)) == groups(before)
    assert persons_of(restored) == before
    assert [change.kind for change in changes_table(read_run_file(restored.run, CHANGES))] == ["merged"]


def test_unsure_changes_no_person_and_makes_no_run(received, folders):
    before = run(received, folders.unit)
    decided(received, folders, pair_of_one_person(persons_of(before)), "unsure")
    assert run(received, folders.unit).already


def test_different_beats_same_and_the_contradiction_is_counted(received, folders):
    pair = pair_of_one_person(persons_of(run(received, folders.unit)))
    decided(received, folders, pair, "same")
    decided(received, folders, pair, "different", "rustam")
    published = run(received, folders.unit)
    persons = persons_of(published)
    assert persons[pair[0]] != persons[pair[1]]
    assert published.contradictions == 1
    assert run(received, folders.unit).contradictions == 1


def test_a_decision_on_records_of_another_period_waits(received, folders, two_periods):
    two_periods()
    before = persons_of(run(received, folders.unit))
    pair = next(sorted(one)[:2] for one in sorted(groups(before), key=sorted) if {record[0] for record in one} == {"ngo", "police"})
    decided(received, folders, pair, "different")
    only = run(received, folders.unit, "2019")
    assert not {pair[0], pair[1]} <= set(persons_of(only))
    after = persons_of(run(received, folders.unit))
    assert after[pair[0]] != after[pair[1]]


def test_a_corrected_bundle_takes_the_place_of_the_earlier_one(received, folders, people, sealed, protocol, take):
    before = persons_of(run(received, folders.unit))
    police = people.parts[1]
    without = Part("police", *(column[1:] for column in police[1:]))
    take(of(without, sealed, protocol, sequence=2), supersede="a record too many")
    published = run(received, folders.unit)
    after = persons_of(published)
    assert [one["sequence"] for one in published.run.manifest["bundles"]] == [1, 2]
    assert set(before) - set(after) == {("police", police.record[0].decode())}
    assert all(before[record] == person for record, person in after.items())


@pytest.mark.parametrize("fault", ["changed", "gone"])
def test_a_stored_bundle_that_is_not_what_was_received_ends_the_run_and_the_publication_stays(fault, received, folders, tree):
    run(received, folders.unit)
    decided(received, folders, pair_of_one_person(persons_of(run(received, folders.unit))), "different")
    path = next(received.bundles.iterdir())
    if fault == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    before = tree()
    with pytest.raises(TamperedError):
        run(received, folders.unit)
    assert tree() == before


def test_another_units_keys_and_another_roles_are_refused(received, folders, tree):
    before = tree()
    with pytest.raises(WrongRecipientError):
        run(received, folders.other_unit)
    with pytest.raises(KeyringError):
        run(received, folders.police)
    assert tree() == before


def test_while_another_writes_nobody_links(received, folders, tree):
    before = tree()
    with writing(received), pytest.raises(LockedError):
        run(received, folders.unit)
    assert tree() == before


def test_a_workspace_that_received_nothing_has_nothing_to_link(workspace, folders):
    create(workspace.path)
    with pytest.raises(UsageError, match="nothing was received"):
        run(workspace, folders.unit)
    assert current(workspace) is None


def test_a_stop_before_publishing_leaves_the_old_run_and_the_next_finishes(received, folders, monkeypatch):
    first = run(received, folders.unit)
    pair = pair_of_one_person(persons_of(first))
    decided(received, folders, pair, "different")

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("linkage.unit.run.publish", stop)
    with pytest.raises(KeyboardInterrupt):
        run(received, folders.unit)
    assert current(received) == first.run
    monkeypatch.undo()
    after = persons_of(run(received, folders.unit))
    assert after[pair[0]] != after[pair[1]]
    assert {entry.run_id for entry in read_ledger(received.ledger).runs} == {first.run.run_id, current(received).run_id}
    assert asdict(read_ledger(received.ledger).runs[-1])["decisions"] == 1


def test_a_first_run_estimates_its_model_says_so_and_knows_no_drift(received, folders):
    told = run(received, folders.unit).run.manifest
    assert (told["model"]["origin"], told["inputs"]["model"]) == ("estimated", "")
    assert told["model"]["converged"] is True
    assert told["drift"] is told["anew"] is None


def test_the_next_run_tells_how_far_its_model_is_from_the_previous_ones(received, folders, two_periods, protocol):
    first = run(received, folders.unit).run
    two_periods()
    told = run(received, folders.unit).run.manifest
    assert (told["drift"]["since"], told["drift"]["from_sha256"]) == (first.run_id, first.manifest["model"]["sha256"])
    assert told["drift"]["to_sha256"] == told["model"]["sha256"]
    assert [one["name"] for one in told["drift"]["comparisons"]] == [one.name for one in protocol.comparisons]
    assert any(one["m"] or one["weight"] for one in told["drift"]["comparisons"])


def test_a_given_model_is_used_as_it_is_and_the_run_says_what_the_lists_would_have_said(received, folders, two_periods):
    first = run(received, folders.unit).run
    before = json.loads(read_run_file(first, MODEL))
    two_periods()
    published = run(received, folders.unit, given=find_model(received, "last")).run
    told, used = published.manifest, json.loads(read_run_file(published, MODEL))
    assert (told["model"]["origin"], told["model"]["sha256"]) == ("given", before["parameters_sha256"])
    assert told["inputs"]["model"] == before["parameters_sha256"]
    assert used["parameters_sha256"] == before["parameters_sha256"]
    assert [one["weights"] for one in used["comparisons"]] == [one["weights"] for one in before["comparisons"]]
    assert told["drift"]["from_sha256"] == before["parameters_sha256"] != told["drift"]["to_sha256"] == told["anew"]["sha256"]
    estimated = run(received, folders.unit).run
    assert estimated.manifest["model"]["sha256"] == told["anew"]["sha256"]
    assert estimated.manifest["quality"]["persons"] == told["anew"]["persons"]


def test_the_same_given_model_again_is_the_same_run_however_it_is_named(received, folders, tmp_path):
    estimated = run(received, folders.unit)
    published = run(received, folders.unit, given=find_model(received, "last"))
    assert not published.already
    assert published.run.run_id != estimated.run.run_id
    (tmp_path / "model.json").write_bytes(read_run_file(estimated.run, MODEL))
    for text in ("last", estimated.run.run_id, estimated.run.run_id[:6], published.run.run_id, str(tmp_path / "model.json")):
        again = run(received, folders.unit, given=find_model(received, text))
        assert (again.already, again.run) == (True, published.run)
    assert not run(received, folders.unit).already


def test_another_model_is_another_run(received, folders, two_periods):
    first = run(received, folders.unit).run
    two_periods()
    one = run(received, folders.unit, given=find_model(received, first.run_id)).run
    second = run(received, folders.unit).run
    other = run(received, folders.unit, given=find_model(received, second.run_id)).run
    assert one.manifest["inputs"]["model"] != other.manifest["inputs"]["model"]
    assert {key: value for key, value in one.manifest["inputs"].items() if key != "model"} == {
        key: value for key, value in other.manifest["inputs"].items() if key != "model"
    }


@pytest.mark.parametrize("text", ["nothing-like-it", "0" * 16, "./last"])
def test_a_model_that_is_nowhere_is_refused(text, received, folders):
    run(received, folders.unit)
    with pytest.raises(UsageError, match="no such run in the workspace, and no such file"):
        find_model(received, text)


def test_without_a_published_run_there_is_no_last_model(received):
    with pytest.raises(UsageError, match="nothing was linked"):
        find_model(received, "last")


@pytest.mark.parametrize("data", [b"", b"{}", b'{"format": "headcount-model/9"}'])
def test_a_file_that_is_no_model_ends_the_run_and_the_publication_stays(data, received, folders, tree):
    run(received, folders.unit)
    before = tree()
    with pytest.raises(SchemaError):
        run(received, folders.unit, given=Given("model.json", data))
    assert tree() == before


def test_a_changed_model_of_an_earlier_run_is_found_by_whoever_uses_it_or_compares_with_it(received, folders, two_periods):
    first = run(received, folders.unit).run
    two_periods()
    path = first.directory / MODEL
    path.write_bytes(path.read_bytes().replace(b'"converged":true', b'"converged":false'))
    with pytest.raises(TamperedError):
        find_model(received, "last")
    with pytest.raises(TamperedError):
        run(received, folders.unit)


def test_of_a_previous_run_without_such_a_model_no_drift_is_told(received, folders):
    with writing(received):
        publish(received, "old", {MODEL: b'{"prior": 1, "comparisons": []}', KNOWN: persons_parquet(NOBODY)}, {"inputs": "older"})
    assert run(received, folders.unit).run.manifest["drift"] is None


def test_lists_that_cannot_carry_an_estimate_of_their_own_can_be_linked_by_a_given_model(received, folders, monkeypatch):
    model = find_model(received, run(received, folders.unit).run.run_id)

    def estimates_badly(encodings, protocol, decided, known=None, means=IN_MEMORY):
        if known is None:
            raise ModelError("the estimate is degenerate")
        return link_encodings(encodings, protocol, decided, known, means)

    monkeypatch.setattr("linkage.unit.model_choice.link_encodings", estimates_badly)
    told = run(received, folders.unit, given=model).run.manifest
    assert told["model"]["origin"] == "given"
    assert told["drift"] is told["anew"] is None
