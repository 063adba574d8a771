"""Parts of a run: a stopped run goes on with them, a finished one leaves none, and how they were cut changes nothing."""

import gc
import mmap
import sys
from datetime import date

import pytest

from linkage.bundle import age
from linkage.bundle.body import linking_body
from linkage.canonical import canonical_json
from linkage.errors import BundleError, FormatError, ModelError, ReplayedError
from linkage.files import PAGE, pages
from linkage.records import combine_stored
from linkage.unit import compared, executor, intake
from linkage.unit.candidates import propose
from linkage.unit.intake import active_bundles, load_parts, pinned_protocol, receive
from linkage.unit.ledger import read_ledger, read_rows
from linkage.unit.model_choice import find_model
from linkage.unit.pairing import BYTES_PER_PAIR, ranges
from linkage.unit.proofs import verify
from linkage.unit.run import run
from linkage.unit.workspace import TIMINGS, Workspace, create, current, keep_timings, parts_folder

FEW = 2 * BYTES_PER_PAIR * 5  # room for five pairs in a part
TIMES = {"format": "headcount-timings/1", "stages": [{"name": "open", "parts": 1, "wall": 12, "cpu": 11, "peak": 1 << 28}]}


@pytest.fixture(scope="session")
def bundles(invent_people, sealed, protocol):
    """Lists of an NGO and the police, sealed."""
    people = invent_people(protocol, persons=25, agencies=("ngo", "police"), seed=3)
    bodies = {one.agency: linking_body(one.record, one.filters, one.tokens, protocol) for one in people.parts}
    return {one.agency: sealed(one.agency, rows=len(one.record), body=bodies[one.agency]) for one in people.parts}


@pytest.fixture
def fresh(tmp_path, bundles, folders):
    """`fresh(name)`: a workspace of its own that received both lists."""

    def make(name):
        workspace = Workspace(tmp_path / name)
        for agency in ("police", "ngo"):
            receive(workspace, bundles[agency], folders.unit, today=date(2019, 1, 1), file="b.age")
        return workspace

    return make


@pytest.fixture
def received(fresh):
    return fresh("W")


class Stop(Exception):  # noqa: N818
    """The machine stops here."""


@pytest.fixture
def comparing(monkeypatch):
    """`comparing(stop_after)`: counts the parts that are compared, and stops behind so many."""

    def count(stop_after=None):
        calls, real = [], compare

        def counted(encodings, pairs, protocol, **options):
            if len(calls) == stop_after:
                raise Stop
            calls.append(len(pairs.left))
            return real(encodings, pairs, protocol, **options)

        monkeypatch.setattr(compared, "compare", counted)
        return calls

    compare = compared.compare
    return count


def parts(workspace):
    return sorted((workspace.path / "parts").rglob("compare-*.arrow"))


def files_of(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def loaded(workspace, folders):
    return load_parts(workspace, folders.unit, active_bundles(read_ledger(workspace.ledger)))


def ranges_of(workspace, folders):
    """The parts of a job with memory for few pairs, cut again."""
    protocol = pinned_protocol(read_ledger(workspace.ledger))
    return ranges(propose(combine_stored(loaded(workspace, folders)), protocol), FEW // 2 // BYTES_PER_PAIR)


def test_a_run_that_stops_between_parts_goes_on_with_them_and_is_the_run_that_never_stopped(fresh, folders, comparing):
    whole = comparing()
    expected = run(fresh("undisturbed"), folders.unit, memory=FEW).run
    assert len(whole) > 20
    workspace = fresh("W")
    comparing(stop_after=8)
    with pytest.raises(Stop):
        run(workspace, folders.unit, memory=FEW)
    assert (len(parts(workspace)), current(workspace)) == (8, None)
    rest = comparing()
    found = run(workspace, folders.unit, memory=FEW).run
    assert rest == whole[8:]
    assert (found.run_id, found.digest) == (expected.run_id, expected.digest)
    assert files_of(found.directory) == files_of(expected.directory)


def test_a_run_that_stops_behind_its_last_part_compares_nothing_again(received, folders, comparing, monkeypatch):
    comparing()
    monkeypatch.setattr("linkage.unit.link.count", lambda *_: (_ for _ in ()).throw(Stop))
    with pytest.raises(Stop):
        run(received, folders.unit, memory=FEW)
    monkeypatch.undo()
    again = comparing()
    run(received, folders.unit, memory=FEW)
    assert again == []


@pytest.mark.parametrize("fault", ["cut", "turned", "unnamed"])
def test_a_part_that_is_not_as_it_was_written_is_made_anew(fault, fresh, folders, comparing):
    expected = run(fresh("undisturbed"), folders.unit, memory=FEW).run
    workspace = fresh("W")
    comparing(stop_after=8)
    with pytest.raises(Stop):
        run(workspace, folders.unit, memory=FEW)
    one = parts(workspace)[0]
    data = one.read_bytes()
    if fault == "unnamed":
        one.with_suffix(".sha256").unlink()
    else:
        one.write_bytes(data[:-9] if fault == "cut" else data[:-40] + bytes([data[-40] ^ 1]) + data[-39:])
    calls = comparing()
    assert run(workspace, folders.unit, memory=FEW).run.digest == expected.digest
    assert len(calls) == len(ranges_of(workspace, folders)) - 7


def test_with_other_memory_the_parts_are_others_and_the_run_is_the_same(fresh, folders, comparing):
    runs, cut = [], []
    for name, memory in (("W1", FEW), ("W2", 4 * FEW), ("W3", 8 << 30)):
        calls = comparing()
        runs.append(run(fresh(name), folders.unit, memory=memory).run)
        cut.append(len(calls))
    assert cut[0] > cut[1] > cut[2] == 1
    assert len({(one.run_id, one.digest) for one in runs}) == 1
    assert files_of(runs[0].directory) == files_of(runs[1].directory) == files_of(runs[2].directory)


def test_parts_of_other_memory_do_not_disturb_the_run_that_goes_on(fresh, folders, comparing):
    expected = run(fresh("undisturbed"), folders.unit).run
    workspace = fresh("W")
    comparing(stop_after=8)
    with pytest.raises(Stop):
        run(workspace, folders.unit, memory=FEW)
    comparing()
    assert run(workspace, folders.unit, memory=4 * FEW).run.digest == expected.digest


def test_a_published_run_leaves_no_parts_and_no_scratch_files(received, folders):
    before = set(received.path.rglob("*"))
    published = run(received, folders.unit, memory=FEW)
    assert {path.name for path in received.path.iterdir()} == {"ledger.sqlite", "lock", "bundles", "runs", "CURRENT"}
    assert set(received.path.rglob("*")) - before == {received.pointer, published.run.directory, *published.run.directory.iterdir()}


def test_what_other_jobs_left_is_cleared_before_the_first_part_is_made(received, folders, monkeypatch):
    stale = received.path / "parts" / "0123456789abcdef"
    stale.mkdir(parents=True)
    (stale / "compare-0-9.arrow").write_bytes(b"of nobody")
    seen, compare = [], compared.compare
    monkeypatch.setattr(compared, "compare", lambda *given, **options: seen.append(stale.exists()) or compare(*given, **options))
    run(received, folders.unit, memory=FEW)
    assert set(seen) == {False}
    assert not (received.path / "parts").exists()


def test_parts_of_other_lists_are_not_taken_for_ones_own(fresh, folders, comparing, sealed):
    workspace = fresh("W")
    comparing(stop_after=8)
    with pytest.raises(Stop):
        run(workspace, folders.unit, memory=FEW)
    assert len(parts(workspace)) == 8
    receive(workspace, sealed("ngo", seed=77, period="2019"), folders.unit, today=date(2019, 1, 1), file="b.age")
    calls = comparing()
    run(workspace, folders.unit, memory=FEW)
    assert len(calls) == len(ranges_of(workspace, folders))


def test_lists_that_carry_no_estimate_keep_their_parts_for_a_run_by_a_given_model(fresh, folders, comparing, monkeypatch):
    first = fresh("first")
    run(first, folders.unit)
    model = find_model(first, "last")
    workspace = fresh("W")

    def degenerate(*_):
        raise ModelError("the estimate is degenerate")

    monkeypatch.setattr("linkage.unit.link.fit", degenerate)
    with pytest.raises(ModelError):
        run(workspace, folders.unit, memory=FEW)
    assert current(workspace) is None
    assert len(parts(workspace)) > 20
    calls = comparing()
    assert run(workspace, folders.unit, given=model, memory=FEW).run.manifest["anew"] is None
    assert calls == []
    assert not (workspace.path / "parts").exists()


def test_a_given_model_and_the_estimate_beside_it_compare_every_part_once(received, folders, comparing):
    calls = comparing()
    run(received, folders.unit, memory=FEW)
    once = len(calls)
    model = find_model(received, "last")
    calls = comparing()
    assert run(received, folders.unit, given=model, memory=FEW).run.manifest["anew"]
    assert len(calls) == once


@pytest.mark.skipif(sys.platform == "win32", reason="modes say nothing on Windows")
def test_parts_are_their_owners_and_hold_no_pseudonym(received, folders, comparing):
    comparing(stop_after=8)
    with pytest.raises(Stop):
        run(received, folders.unit, memory=FEW)
    made = sorted((received.path / "parts").glob("*/*"))
    assert sum(one.name.startswith("compare-") for one in made) == 16
    assert {path.stat().st_mode & 0o777 for path in made} == {0o600}
    assert {path.parent.stat().st_mode & 0o777 for path in made} == {0o700}
    names = [name for one in loaded(received, folders) for name in one.record.tolist()]
    assert len(names) > 40
    assert not [path for path in made if any(name in path.read_bytes() for name in names)]


def test_a_folder_that_is_yielded_again_holds_what_was_left_and_after_success_nothing(workspace):
    create(workspace.path)
    with pytest.raises(Stop), parts_folder(workspace, "a" * 64) as folder:
        folder.mkdir(parents=True)
        (folder / "one").write_bytes(b"1")
        raise Stop
    with parts_folder(workspace, "a" * 64) as again:
        assert (again, [path.name for path in again.iterdir()]) == (folder, ["one"])
    assert not folder.parent.exists()


def test_who_kept_timings_and_who_did_not_have_the_same_run(fresh, folders):
    one, other = (run(fresh(name), folders.unit).run for name in ("W1", "W2"))
    keep_timings(one, TIMES)
    assert (one.directory / TIMINGS).read_bytes() == canonical_json(TIMES)
    assert not (other.directory / TIMINGS).exists()
    assert (one.run_id, one.digest) == (other.run_id, other.digest)
    assert {**files_of(other.directory), TIMINGS: canonical_json(TIMES)} == files_of(one.directory)
    assert TIMINGS not in one.manifest["files"]


def test_timings_hinder_nobody_who_reads_or_publishes_the_run_again(received, folders, tree):
    first = run(received, folders.unit)
    keep_timings(first.run, TIMES)
    assert current(received) == first.run
    assert verify(read_rows(received.ledger)) == []
    before = tree()
    assert run(received, folders.unit).already
    received.pointer.unlink()
    again = run(received, folders.unit)
    assert (again.already, again.run) == (False, first.run)
    assert tree() == before


def test_timings_in_fractions_are_a_mistake_of_the_programs(received, folders):
    published = run(received, folders.unit)
    with pytest.raises((TypeError, ValueError)):
        keep_timings(published.run, {"stages": [{"wall": 0.5}]})
    assert not (published.run.directory / TIMINGS).exists()


def test_every_stage_is_told_in_order_and_ends_with_all_its_parts(received, folders):
    heard = []
    run(received, folders.unit, memory=FEW, report=lambda *said: heard.append(said))
    names = list(dict.fromkeys(name for name, _, _ in heard))
    assert names == ["open", "block", "pair", "compare", "count", "estimate", "weigh", "cluster", "certainty", "persons", "publish"]
    told = [(done, several) for name, done, several in heard if name == "compare"]
    assert told == [(done, len(told) - 1) for done in range(len(told))]
    assert len(told) > 20


def test_a_report_that_fails_publishes_nothing(received, folders):
    def report(stage, _done, _parts):
        if stage == "publish":
            raise Stop

    with pytest.raises(Stop):
        run(received, folders.unit, report=report)
    assert current(received) is None


def test_the_executors_that_come_with_the_package_know_kernels_by_name_alone(tmp_path):
    for one in (executor.InMemory(), executor.OnDisk(tmp_path / "job")):
        with pytest.raises(KeyError):
            one.run("nothing", {}, [executor.Range(0, 1)])


@pytest.fixture
def lying(tmp_path, bundles):
    """Each agency's bundle as a file."""
    for agency, data in bundles.items():
        (tmp_path / f"{agency}.age").write_bytes(data)
    return {agency: tmp_path / f"{agency}.age" for agency in bundles}


def test_a_bundle_received_from_a_file_is_the_one_received_as_bytes(lying, bundles, folders, tmp_path):
    one, other = Workspace(tmp_path / "bytes"), Workspace(tmp_path / "files")
    for agency in ("police", "ngo"):
        usual = {"keys": folders.unit, "today": date(2019, 1, 1), "file": "b.age"}
        assert receive(one, bundles[agency], **usual) == receive(other, lying[agency], **usual)
    assert files_of(one.bundles) == files_of(other.bundles)
    assert len(files_of(one.bundles)) == 2
    assert read_ledger(one.ledger) == read_ledger(other.ledger)
    assert {path.stat().st_mode for path in one.bundles.iterdir()} == {path.stat().st_mode for path in other.bundles.iterdir()}
    assert run(one, folders.unit).run.digest == run(other, folders.unit).run.digest


def test_a_file_that_is_refused_leaves_no_workspace_and_is_the_error_that_its_bytes_are(lying, bundles, folders, tmp_path, tree):
    usual = {"keys": folders.unit, "today": date(2019, 1, 1), "file": "b.age"}
    for at in (0, 100, 70_000, -1):
        lying["police"].write_bytes(bundles["police"][:at])
        before, errors = tree(), []
        for data in (lying["police"], bundles["police"][:at]):
            with pytest.raises(BundleError) as caught:
                receive(Workspace(tmp_path / "W"), data, **usual)
            errors.append((caught.type, str(caught.value)))
        assert errors[0] == errors[1]
        assert tree() == before


def test_a_file_received_twice_is_refused_and_changes_nothing(lying, folders, tmp_path, tree):
    usual = {"keys": folders.unit, "today": date(2019, 1, 1), "file": "b.age"}
    receive(Workspace(tmp_path / "W"), lying["police"], **usual)
    before = tree()
    with pytest.raises(ReplayedError):
        receive(Workspace(tmp_path / "W"), lying["police"], **usual)
    assert tree() == before


def test_a_file_that_changes_while_it_is_received_is_refused(lying, bundles, folders, tmp_path, monkeypatch):
    """What is stored is what was verified, or nothing."""
    real = intake.copy_atomically

    def meddled(source, path, sha256, *, mode):
        source.write_bytes(bundles["ngo"])
        real(source, path, sha256, mode=mode)

    monkeypatch.setattr(intake, "copy_atomically", meddled)
    workspace = Workspace(tmp_path / "W")
    with pytest.raises(FormatError, match="changed while it was read"):
        receive(workspace, lying["police"], folders.unit, today=date(2019, 1, 1), file="b.age")
    assert files_of(workspace.bundles) == {}
    assert read_ledger(workspace.ledger).bundles == ()


def test_while_a_file_is_copied_nothing_is_mapped_but_memory_for_sealed_chunks(lying, folders, tmp_path, monkeypatch):
    alive = []
    real = intake.copy_atomically

    def watched(source, path, sha256, *, mode):
        gc.collect()
        alive.extend(one for one in gc.get_objects() if isinstance(one, mmap.mmap))
        real(source, path, sha256, mode=mode)

    monkeypatch.setattr(intake, "copy_atomically", watched)
    receive(Workspace(tmp_path / "W"), lying["police"], folders.unit, today=date(2019, 1, 1), file="b.age")
    assert {len(one) for one in alive} <= {len(pages(age._AT_ONCE + PAGE))}
