"""A bundle is stored when every judgement was favourable; a refusal leaves the workspace as it was, to the byte."""

import sys
import tempfile
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from linkage.bundle.body import linking_body
from linkage.bundle.keyring import decrypt, new_keys, open_keys
from linkage.errors import (
    BundleError,
    ExpiredError,
    FormatError,
    KeyringError,
    LockedError,
    ProtocolMismatchError,
    ReplayedError,
    SignatureError,
    TamperedError,
    TruncatedError,
    UsageError,
    WrongRecipientError,
)
from linkage.protocol import ready_protocol
from linkage.records import combine_stored
from linkage.unit import intake as module
from linkage.unit.intake import active_bundles, load_parts, pinned_protocol
from linkage.unit.ledger import read_ledger, read_rows
from linkage.unit.proofs import verify
from linkage.unit.workspace import writing


@pytest.fixture
def ledger(workspace):
    return lambda: read_ledger(workspace.ledger)


def test_the_first_bundle_makes_the_workspace_and_fixes_protocol_key_and_signer(take, sealed, ledger, workspace, protocol, folders):
    data = sealed("police")
    received = take(data)
    signing = folders.police.public.signing
    assert (received.bundle.agency, received.bundle.period, received.bundle.rows) == ("police", "2018", 4)
    assert (received.signer.signing, received.first_use, received.replaced) == (signing, True, None)
    assert (workspace.bundles / "police-2018-1.linking.age").read_bytes() == data
    assert pinned_protocol(ledger()) == protocol
    assert ledger().settings["kcv"] == "0123456789abcdef"
    assert ledger().bundles == (received.bundle,)
    assert verify(read_rows(workspace.ledger)) == []


def test_several_agencies_and_periods_are_active_side_by_side(take, sealed, ledger):
    for n, (agency, period) in enumerate([("police", "2019"), ("police", "2018"), ("ngo", "2018")]):
        take(sealed(agency, seed=n, period=period))
    assert [(b.agency, b.period) for b in active_bundles(ledger())] == [("ngo", "2018"), ("police", "2018"), ("police", "2019")]


def test_what_was_stored_is_loaded_as_it_was_sealed_even_after_it_expired(take, sealed, ledger, workspace, folders, protocol):
    take(sealed("police", seed=1))
    take(sealed("ngo", seed=2, rows=6), today=date(2019, 12, 31))
    parts = load_parts(workspace, folders.unit, active_bundles(ledger()))
    assert [(part.agency, len(part.record)) for part in parts] == [("ngo", 6), ("police", 4)]
    assert [column.shape for column in parts[0].filters] == [(6, protocol.words)] * len(protocol.filters)


def test_a_correction_replaces_its_period_and_keeps_the_reason(take, sealed, ledger):
    take(sealed("police", seed=1))
    received = take(sealed("police", seed=2, sequence=3), supersede="two cards were missing")
    assert received.replaced == 1
    assert [(b.sequence, b.reason) for b in active_bundles(ledger())] == [(3, "two cards were missing")]
    assert len(ledger().bundles) == 2


def test_a_reason_is_not_kept_where_nothing_was_replaced(take, sealed):
    assert take(sealed("police"), supersede="as a precaution").bundle.reason == ""


# Each case: what was received before, then the bundle and options that are refused, and the error.
REFUSED = {
    "the same bundle again": ([{}], {}, {}, ReplayedError),
    "the same bundle again with a reason": ([{}], {}, {"supersede": "again"}, ReplayedError),
    "the same rows under a higher sequence": ([{}], {"sequence": 2}, {"supersede": "again"}, ReplayedError),
    "another extract of the period without a reason": ([{}], {"seed": 2, "sequence": 2}, {}, ReplayedError),
    "another extract with an empty reason": ([{}], {"seed": 2, "sequence": 2}, {"supersede": " "}, UsageError),
    "a reason that steers the terminal": ([{}], {"seed": 2, "sequence": 2}, {"supersede": "a\x1b[2Jb"}, UsageError),
    "another extract of the same sequence": ([{}], {"seed": 2}, {"supersede": "corrected"}, ReplayedError),
    "an older sequence": ([{"sequence": 5}], {"seed": 2, "sequence": 4}, {"supersede": "corrected"}, ReplayedError),
    "records of another period": ([{}], {"period": "2019"}, {}, ReplayedError),
    "a period that differs in capitals only": ([{"period": "2018a"}], {"seed": 2, "period": "2018A"}, {}, ReplayedError),
    "a sequence beyond all counting": ([{}], {"seed": 2, "sequence": 10**30}, {"supersede": "x"}, FormatError),
    "another linkage key": ([{}], {"seed": 2, "period": "2019", "kcv": "ff" * 8}, {}, ProtocolMismatchError),
    "an expired bundle": ([{}], {"seed": 2, "period": "2019"}, {"today": date(2020, 1, 1)}, ExpiredError),
    "a body of another protocol": ([{}], {"period": "2019", "body": b"no Arrow", "rows": 1}, {}, FormatError),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_bundle_leaves_the_workspace_as_it_was(take, sealed, tree, name):
    earlier, bundle, options, error = REFUSED[name]
    for one in earlier:
        take(sealed("police", **one))
    data = sealed("police", **bundle)
    before = tree()
    with pytest.raises(error) as raised:
        take(data, **options)
    assert raised.type is error
    assert tree() == before


def test_a_body_with_other_rows_than_the_manifest_names_is_refused(take, sealed, protocol, tree):
    record = np.array(["A" * 26, "B" * 26], dtype="S26")
    shape = (2, len(protocol.filters), protocol.words)
    body = linking_body(record, np.ones(shape, np.uint64), np.ones((2, len(protocol.tokens)), np.uint64), protocol)
    with pytest.raises(FormatError):
        take(sealed("police", body=body, rows=3))
    assert tree() == {}


@pytest.mark.parametrize("bundle", [{"kcv": "ff" * 8, "not_after": "2018-01-01"}, {"body": b"no Arrow"}])
def test_a_refused_first_bundle_makes_no_workspace(take, sealed, tree, bundle):
    before = tree()
    with pytest.raises(BundleError):
        take(sealed("police", **bundle))
    assert tree() == before == {}


def test_every_way_to_cut_or_change_a_bundle_leaves_the_workspace_as_it_was(take, sealed, tree):
    take(sealed("police", seed=1))
    data = sealed("ngo", seed=2)
    before = tree()
    for end in (0, 10, 200, len(data) // 2, len(data) - 1):
        with pytest.raises(BundleError):
            take(data[:end])
    for place in range(0, len(data), 2011):
        with pytest.raises(BundleError):
            take(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
    with pytest.raises(TruncatedError):
        take(b"")
    assert tree() == before


def test_a_bundle_for_another_unit_is_refused(take, sealed, folders, tree):
    with pytest.raises(WrongRecipientError):
        take(sealed("police"), keys=folders.other_unit)
    with pytest.raises(KeyringError):
        take(sealed("police"), keys=folders.police)
    assert tree() == {}


def test_another_protocol_than_the_workspace_s_or_the_one_given_is_refused(take, sealed, protocol, tree):
    other = ready_protocol("tip")
    with pytest.raises(ProtocolMismatchError):
        take(sealed("police"), protocol=other)
    assert tree() == {}
    take(sealed("police"), protocol=protocol)
    before = tree()
    with pytest.raises(ProtocolMismatchError):
        take(sealed("ngo", agreed=replace(protocol, epoch="2031")))
    with pytest.raises(ProtocolMismatchError):
        take(sealed("ngo"), protocol=other)
    assert tree() == before


@pytest.fixture
def impostor(tmp_path_factory):
    """Keys of somebody who calls himself police."""
    folder = tmp_path_factory.mktemp("impostor") / "police"
    new_keys("agency", "police", folder)
    return open_keys(folder, "agency")


def test_once_pinned_an_agency_is_held_to_its_key(take, sealed, impostor, tree):
    take(sealed("police"))
    before = tree()
    with pytest.raises(SignatureError):
        take(sealed("police", keys=impostor, seed=2, period="2019"))
    with pytest.raises(SignatureError):
        take(sealed("police", keys=impostor, seed=2, sequence=2), supersede="corrected")
    assert tree() == before


def test_with_a_trust_list_only_its_agencies_are_taken_then_and_later(take, sealed, folders, ledger, tree, impostor):
    public = folders.police.public
    with pytest.raises(SignatureError):
        take(sealed("police", keys=impostor), trust=[public])
    with pytest.raises(SignatureError):
        take(sealed("stranger"), trust=[public])
    assert tree() == {}
    received = take(sealed("police"), trust=[public, folders.ngo.public])
    assert (received.first_use, received.signer.pinned) == (False, "trusted")
    assert sorted(ledger().signers) == ["ngo", "police"]
    before = tree()
    with pytest.raises(SignatureError):
        take(sealed("stranger", seed=2))
    assert tree() == before
    assert not take(sealed("ngo", seed=3)).first_use
    assert take(sealed("stranger", seed=2), trust=[folders.stranger.public]).signer.pinned == "trusted"


def test_a_refused_bundle_pins_no_key_and_no_trust(take, sealed, folders, ledger):
    take(sealed("ngo"))
    with pytest.raises(ExpiredError):
        take(sealed("police", not_after="2018-01-01"), trust=[folders.police.public])
    assert sorted(ledger().signers) == ["ngo"]
    assert take(sealed("police", seed=2)).first_use


def test_a_trusted_key_that_contradicts_a_pinned_one_is_refused(take, sealed, impostor, folders, tree):
    take(sealed("police"))
    before = tree()
    with pytest.raises(SignatureError):
        take(sealed("ngo", seed=2), trust=[impostor.public, folders.ngo.public])
    with pytest.raises(SignatureError):
        take(sealed("ngo", seed=2), trust=[folders.ngo.public, replace(folders.ngo.public, signing="0" * 64)])
    with pytest.raises(KeyringError):
        take(sealed("ngo", seed=2), trust=[folders.unit.public])
    assert tree() == before


@pytest.mark.parametrize("step", ["write_atomically", "append"])
def test_a_stop_between_file_and_row_is_harmless(take, sealed, monkeypatch, ledger, workspace, folders, step):
    take(sealed("ngo", seed=2))
    with monkeypatch.context() as patched:
        patched.setattr(module, step, lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            take(sealed("police", seed=1))
    assert [bundle.agency for bundle in ledger().bundles] == ["ngo"]
    assert (workspace.bundles / "police-2018-1.linking.age").exists() == (step == "append")
    take(sealed("police", seed=3))
    parts = load_parts(workspace, folders.unit, active_bundles(ledger()))
    assert [part.agency for part in parts] == ["ngo", "police"]


def test_a_stop_in_the_first_intake_does_not_spoil_the_folder(take, sealed, monkeypatch, ledger):
    with monkeypatch.context() as patched:
        patched.setattr(module, "append", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            take(sealed("police"))
    assert take(sealed("police")).first_use
    assert len(ledger().bundles) == 1


def test_while_another_process_writes_nothing_is_received(take, sealed, workspace, tree):
    take(sealed("police"))
    before = tree()
    with writing(workspace), pytest.raises(LockedError):
        take(sealed("ngo", seed=2))
    assert tree() == before


def test_a_foreign_folder_is_left_alone(take, sealed, workspace, tree):
    workspace.path.mkdir()
    (workspace.path / "thesis.txt").write_text("mine")
    before = tree()
    with pytest.raises(UsageError):
        take(sealed("police"))
    assert tree() == before


def test_a_stored_bundle_that_was_changed_exchanged_or_lost_is_noticed(take, sealed, ledger, workspace, folders):
    take(sealed("police"))
    path = workspace.bundles / active_bundles(ledger())[0].file
    for data in (path.read_bytes()[:-1], sealed("police"), None):
        path.unlink() if data is None else path.write_bytes(data)
        with pytest.raises(TamperedError):
            load_parts(workspace, folders.unit, active_bundles(ledger()))


def test_a_stored_bundle_that_is_changed_while_it_is_linked_gives_an_error_and_no_other_numbers(
    take, sealed, ledger, workspace, folders, protocol
):
    data = sealed("police", rows=1000)
    take(data)
    bundles = active_bundles(ledger())
    encodings, before = (combine_stored(load_parts(workspace, folders.unit, bundles)) for _ in range(2))
    path, places = workspace.bundles / bundles[0].file, [slice(at, at + 1) for at in range(len(protocol.filters))]
    whole = [before.filter(place) for place in places]
    path.write_bytes(data[:400] + bytes(len(data) - 400))
    for place in places[1:-1]:
        with pytest.raises(FormatError, match=f"{path.name}.*changed"):
            encodings.filter(place)
    path.write_bytes(data)
    assert all(np.array_equal(encodings.filter(place), one) for place, one in zip(places, whole, strict=True))


@pytest.fixture
def no_temporary_files(monkeypatch):
    for name in ("TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "mkstemp", "mkdtemp"):
        monkeypatch.setattr(tempfile, name, lambda *_, **__: pytest.fail("plaintext has nothing to do in a file"))


def test_a_bundle_that_is_received_from_a_file_leaves_its_plaintext_in_none(
    take, sealed, workspace, folders, ledger, tmp_path, no_temporary_files
):
    (tmp_path / "in.age").write_bytes(sealed("police", rows=200))
    take(tmp_path / "in.age")
    parts = load_parts(workspace, folders.unit, active_bundles(ledger()))
    plaintext = decrypt((tmp_path / "in.age").read_bytes(), folders.unit)
    first = np.asarray(parts[0].filters[0])
    assert plaintext.count(first.tobytes()) == 1
    pieces = [first[row].tobytes() for row in (0, 100, 199)] + [parts[0].record[:5].tobytes()]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) >= 3
    assert not [path for path in files if any(piece in path.read_bytes() for piece in pieces)]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no files")
def test_received_bundles_are_read_where_no_file_can_be_written(take, sealed, workspace, folders, ledger, no_temporary_files):
    import resource  # Windows has none

    for seed, agency in enumerate(("police", "ngo")):
        take(sealed(agency, seed=seed, rows=50))
    bundles = active_bundles(ledger())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        encodings = combine_stored(load_parts(workspace, folders.unit, bundles))
        found = encodings.side_by_side([0, 1], [slice(0, 2)], np.arange(100, dtype=np.int32), 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert found.any(axis=1).all()


def test_a_bundle_whose_row_says_something_else_is_noticed(take, sealed, ledger, workspace, folders):
    take(sealed("police"))
    bundle = active_bundles(ledger())[0]
    for change in ({"period": "2019"}, {"sequence": 2}, {"agency": "ngo"}, {"body_sha256": "0" * 64}, {"bundle_id": "0" * 64}):
        with pytest.raises(TamperedError):
            load_parts(workspace, folders.unit, [replace(bundle, **change)])


def test_loading_with_another_unit_s_keys_is_refused_as_such(take, sealed, ledger, workspace, folders):
    take(sealed("police"))
    with pytest.raises(WrongRecipientError):
        load_parts(workspace, folders.other_unit, active_bundles(ledger()))


def test_nothing_is_taken_into_a_tampered_workspace(take, sealed, tamper, tree):
    take(sealed("police"))
    tamper("DELETE FROM entries WHERE kind = 'signer'")
    before = tree()
    with pytest.raises(TamperedError):
        take(sealed("ngo", seed=2))
    assert tree() == before


def test_before_anything_was_received_there_is_no_protocol(ledger):
    with pytest.raises(UsageError):
        pinned_protocol(ledger())
