"""Intake: what comes over the wall is judged in a fixed order, and stored only when every judgement was favourable.

`open_bundle` has told that the bundle is whole and signed by the signer it names. What only the unit's memory can tell
is judged here: that the protocol is the workspace's, that the signer is the agency's and not merely somebody, that all
agencies hold the same linkage key, and that the bundle is neither old nor a second one for its period. Then the body
must parse. Only now the file is stored, and one transaction makes it count: a stop in between leaves a file that no
row names, which the next attempt overwrites. A refusal leaves the workspace as it was, to the byte.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linkage.bundle.body import read_linking
from linkage.bundle.format import Manifest, file_label
from linkage.bundle.keyring import KeyFolder, PublicKey
from linkage.bundle.open import Opened, open_bundle
from linkage.canonical import digest_of_bytes
from linkage.errors import (
    BundleError,
    FormatError,
    KeyringError,
    ProtocolMismatchError,
    ReplayedError,
    SignatureError,
    TamperedError,
    UsageError,
)
from linkage.files import PRIVATE, copy_atomically, digest_of_file, write_atomically
from linkage.protocol import Protocol, parse_protocol
from linkage.records import StoredPart
from linkage.unit.entries import Bundle, Setting, Signer
from linkage.unit.ledger import Ledger, append, read_ledger
from linkage.unit.workspace import Workspace, create, refuse_foreign_folder, writing

LARGEST_SEQUENCE = 1_000_000_000


@dataclass(frozen=True)
class Received:
    """A bundle that was taken.

    Attributes:
        bundle: its entry in the ledger.
        signer: the key that its agency is held to from now on.
        first_use: whether that key was believed because the agency's first bundle named it, and nothing else.
        replaced: sequence of the bundle that it replaces, or None.
    """

    bundle: Bundle
    signer: Signer
    first_use: bool
    replaced: int | None


def receive(
    workspace: Workspace,
    data: bytes | Path,
    keys: KeyFolder,
    *,
    today: date,
    file: str,
    trust: Sequence[PublicKey] = (),
    protocol: Protocol | None = None,
    supersede: str | None = None,
) -> Received:
    """Take one linking section into the workspace, or refuse it and change nothing.

    Args:
        workspace: made with its first bundle.
        data: the age file, or where it lies.
        keys: the unit's key folder.
        today: bundles are refused after their last day.
        file: name for messages.
        trust: agencies' public keys that the unit was given; no other agency is taken from then on.
        protocol: the protocol that the bundle must follow; where it is None, the workspace's first bundle fixes it.
        supersede: why the bundle may replace an earlier one of its agency and period; None: it may not.

    Raises:
        BundleError: one subclass per fault.
        KeyringError: the keys are not the unit's, or a trusted key is not an agency's.
        LockedError: another process writes to this workspace.
        TamperedError: the workspace is not as it was written.
    """
    opened = open_bundle(data, keys, section="linking", today=today, file=file)
    terms = _Terms(today, tuple(trust), protocol, supersede)
    refuse_foreign_folder(workspace)
    _judge(opened, read_ledger(workspace.ledger), terms, file)
    record = _part(opened, file).record
    create(workspace.path)
    with writing(workspace):
        ledger = read_ledger(workspace.ledger)
        _judge(opened, ledger, terms, file)
        for other in _other_periods(opened.manifest, ledger):
            _refuse_known_records(record, _load(workspace, other, keys).record, file)
        return _store(workspace, ledger, opened, data, terms)


@dataclass(frozen=True)
class _Terms:
    """On what terms the unit takes a bundle.

    Attributes:
        today: bundles are refused after their last day.
        trust: agencies' public keys that the unit was given; no other agency is taken any more.
        protocol: the protocol that the first bundle must follow; any where it is None.
        supersede: why a bundle may replace an earlier one of its agency and period; None: it may not.
    """

    today: date
    trust: tuple[PublicKey, ...]
    protocol: Protocol | None
    supersede: str | None


def _judge(opened: Opened, ledger: Ledger, terms: _Terms, file: str) -> None:
    """What the memory says of a bundle; asked once before a workspace is made, and again as its only writer."""
    _refuse_other_protocol(opened, ledger, terms, file)
    _refuse_other_signer(opened.manifest, ledger, terms, file)
    if ledger.settings.get("kcv", opened.manifest.kcv) != opened.manifest.kcv:
        hint = "the agencies hold different linkage keys: let the custodian share one anew, and all seal again"
        raise ProtocolMismatchError("the bundle was made under another linkage key", file=file, hint=hint)
    _refuse_replay(opened, ledger, terms, file)


def _refuse_other_protocol(opened: Opened, ledger: Ledger, terms: _Terms, file: str) -> None:
    pinned = ledger.settings.get("protocol")
    pinned_id = digest_of_bytes(pinned.encode()) if pinned is not None else None
    if pinned_id not in (None, opened.protocol.id):
        raise ProtocolMismatchError("the bundle follows another protocol than this workspace", file=file)
    if terms.protocol is not None and terms.protocol.id != opened.protocol.id:
        raise ProtocolMismatchError("the bundle follows another protocol than the one given", file=file)


def _refuse_other_signer(manifest: Manifest, ledger: Ledger, terms: _Terms, file: str) -> None:
    trusted = _trusted(ledger, terms)
    known = trusted.get(manifest.agency)
    if known is not None and known != manifest.signer:
        raise SignatureError("the bundle is signed by another key than this agency's", file=file)
    if known is None and (terms.trust or "trust" in ledger.settings):
        hint = "receive it with --trust and the agency's public.json, if you have that from the agency itself"
        raise SignatureError("the agency is not among those that this workspace trusts", file=file, hint=hint)


def _trusted(ledger: Ledger, terms: _Terms) -> dict[str, str]:
    """Agency to its signing key: those pinned, and those given now, which may add to them and not contradict them."""
    trusted = {agency: signer.signing for agency, signer in ledger.signers.items()}
    for public in terms.trust:
        if public.role != "agency":
            raise KeyringError(f"only agencies can be trusted to sign bundles, this is a public key of the role {public.role}")
        if trusted.setdefault(public.name, public.signing) != public.signing:
            hint = "ask the agency which key is its own; a new key begins with a new workspace"
            raise SignatureError("a trusted key contradicts the one that is pinned for its agency", hint=hint)
    return trusted


def _refuse_replay(opened: Opened, ledger: Ledger, terms: _Terms, file: str) -> None:
    manifest = opened.manifest
    if any(opened.bundle_id == bundle.bundle_id for bundle in ledger.bundles):
        raise ReplayedError("the bundle was received before", file=file, hint="nothing to do: it is stored already")
    if manifest.sequence > LARGEST_SEQUENCE:
        raise FormatError("the sequence is higher than any count of corrections", file=file)
    _refuse_look_alike_period(manifest, ledger, file)
    earlier = _same_period(manifest, ledger)
    if any(bundle.body_sha256 == manifest.body_sha256 for bundle in earlier):
        raise ReplayedError("these records were received before, in another bundle of the same period", file=file)
    if any(bundle.sequence >= manifest.sequence for bundle in earlier):
        raise ReplayedError("a bundle of this agency and period with the same or a higher sequence was received", file=file)
    if earlier and terms.supersede is None:
        raise ReplayedError(
            "the agency's bundle of this period was received before", file=file, hint="add --supersede REASON to replace it"
        )
    if earlier and not _is_reason(terms.supersede or ""):
        raise UsageError(
            "a reason for replacing a bundle is printable text, not empty", hint="--supersede 'corrected extract of 3 May'"
        )


def _same_period(manifest: Manifest, ledger: Ledger) -> list[Bundle]:
    return [bundle for bundle in ledger.bundles if (bundle.agency, bundle.period) == (manifest.agency, manifest.period)]


def _is_reason(text: str) -> bool:
    return bool(text.strip()) and text.isprintable() and len(text) <= 500


def _refuse_look_alike_period(manifest: Manifest, ledger: Ledger, file: str) -> None:
    """Where file names ignore case, two periods that differ in nothing else would share a file."""
    for bundle in ledger.bundles:
        if bundle.period != manifest.period and bundle.period.lower() == manifest.period.lower():
            raise ReplayedError("the period's label differs from a known one in capital letters only", file=file)


def _other_periods(manifest: Manifest, ledger: Ledger) -> list[Bundle]:
    bundles = active_bundles(ledger)
    return [bundle for bundle in bundles if bundle.agency == manifest.agency and bundle.period != manifest.period]


def _refuse_known_records(record: NDArray[np.bytes_], known: NDArray[np.bytes_], file: str) -> None:
    """A record stands in one period: taken twice, it would make the workspace impossible to link."""
    shared = len(np.intersect1d(record, known))
    if shared:
        hint = "an extract holds the records of its own period; replace the other period's bundle with --supersede"
        raise ReplayedError(f"{shared} of its records were received with another period", file=file, hint=hint)


def _store(workspace: Workspace, ledger: Ledger, opened: Opened, data: bytes | Path, terms: _Terms) -> Received:
    manifest, day = opened.manifest, terms.today.isoformat()
    name = f"{file_label(manifest.agency)}-{file_label(manifest.period)}-{manifest.sequence}.linking.age"
    replaced = [bundle.sequence for bundle in _same_period(manifest, ledger)]
    bundle = Bundle(
        agency=manifest.agency,
        period=manifest.period,
        sequence=manifest.sequence,
        rows=manifest.rows,
        bundle_id=opened.bundle_id,
        body_sha256=manifest.body_sha256,
        file=name,
        file_sha256=opened.file_sha256,
        received=day,
        reason=(terms.supersede or "") if replaced else "",
    )
    signers = _new_signers(manifest, ledger, terms, day)
    if isinstance(data, bytes):
        write_atomically(workspace.bundles / name, data, mode=PRIVATE)
    else:
        copy_atomically(data, workspace.bundles / name, opened.file_sha256, mode=PRIVATE)
    append(workspace.ledger, ledger, settings=_new_settings(opened, ledger, terms), signers=signers, bundles=[bundle])
    signer = {**ledger.signers, **{one.agency: one for one in signers}}[manifest.agency]
    return Received(bundle, signer, signer in signers and signer.pinned == "first use", max(replaced, default=None))


def _new_signers(manifest: Manifest, ledger: Ledger, terms: _Terms, day: str) -> list[Signer]:
    given = {public.name: public.signing for public in terms.trust if public.name not in ledger.signers}
    signers = [Signer(agency, signing, "trusted", day) for agency, signing in sorted(given.items())]
    if manifest.agency not in ledger.signers and manifest.agency not in given:
        signers.append(Signer(manifest.agency, manifest.signer, "first use", day))
    return signers


def _new_settings(opened: Opened, ledger: Ledger, terms: _Terms) -> list[Setting]:
    wanted = [Setting("protocol", opened.protocol.canonical.decode()), Setting("kcv", opened.manifest.kcv)]
    wanted += [Setting("trust", "given")] if terms.trust else []
    return [setting for setting in wanted if setting.name not in ledger.settings]


def active_bundles(ledger: Ledger) -> tuple[Bundle, ...]:
    """Of each agency and period the bundle with the highest sequence, sorted by agency and period."""
    newest: dict[tuple[str, str], Bundle] = {}
    for bundle in sorted(ledger.bundles, key=lambda one: one.sequence):
        newest[bundle.agency, bundle.period] = bundle
    return tuple(newest[key] for key in sorted(newest))


def pinned_protocol(ledger: Ledger) -> Protocol:
    """The protocol that the workspace's first bundle fixed.

    Raises:
        UsageError: nothing was received yet.
    """
    if "protocol" not in ledger.settings:
        raise UsageError("nothing was received in this workspace", hint="run `headcount receive` first")
    return parse_protocol(json.loads(ledger.settings["protocol"]), "the workspace's protocol")


def load_parts(workspace: Workspace, keys: KeyFolder, bundles: Sequence[Bundle]) -> list[StoredPart]:
    """The encodings of received bundles, verified again on the bytes that are read.

    Whether a bundle expired was asked when it was received, and is not asked again.

    Raises:
        WrongRecipientError: the keys are another unit's.
        TamperedError: a stored bundle is missing, or not the one that was received.
    """
    return [_load(workspace, bundle, keys) for bundle in bundles]


def _load(workspace: Workspace, bundle: Bundle, keys: KeyFolder) -> StoredPart:
    opened = _opened(workspace, bundle, keys)
    manifest = opened.manifest
    if opened.file_sha256 != bundle.file_sha256:
        raise TamperedError("the stored bundle is not what was received", file=bundle.file)
    said = (manifest.agency, manifest.period, manifest.sequence, opened.bundle_id, manifest.body_sha256)
    if said != (bundle.agency, bundle.period, bundle.sequence, bundle.bundle_id, bundle.body_sha256):
        raise TamperedError("the stored bundle is not the one that was received", file=bundle.file)
    return _part(opened, bundle.file)


def _opened(workspace: Workspace, bundle: Bundle, keys: KeyFolder) -> Opened:
    """Open a stored bundle; one that does not open is told from one that is not what was received."""
    try:
        return open_bundle(
            workspace.bundles / bundle.file,
            keys,
            section="linking",
            today=date.fromisoformat(bundle.received),
            file=bundle.file,
            checked=bundle.file_sha256,
        )
    except (BundleError, OSError):
        verified_bundle(workspace, bundle)
        raise


def _part(opened: Opened, file: str) -> StoredPart:
    columns = read_linking(opened.body, opened.protocol, file, rows=opened.manifest.rows)
    return StoredPart(opened.manifest.agency, *columns)


def verified_bundle(workspace: Workspace, bundle: Bundle) -> None:
    """Refuse a stored file whose bytes are not those that were received.

    Raises:
        TamperedError: it is missing, or not what was received.
    """
    path = workspace.bundles / bundle.file
    try:
        digest = digest_of_file(path)
    except OSError:
        raise TamperedError("a received bundle is missing or cannot be read", file=bundle.file) from None
    if digest != bundle.file_sha256:
        raise TamperedError("the stored bundle is not what was received", file=bundle.file)
