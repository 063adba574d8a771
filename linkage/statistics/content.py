"""Content sections, opened and held against the run whose person map they will be counted with.

A section that opens says who signed it, but anyone can seal a file to the statistics office; what makes it an agency's
word is that the signer is the one whom the run received the encodings from, or whom the caller trusts. Sections and
encodings must be of the same extracts, or persons would be counted with other records than they were linked by.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from numpy.typing import NDArray

from linkage.bundle.body import read_content
from linkage.bundle.format import Summary
from linkage.bundle.keyring import KeyFolder
from linkage.bundle.open import Opened, open_bundle
from linkage.errors import ProtocolMismatchError, SignatureError, UsageError
from linkage.protocol import Protocol

Extract = tuple[str, str, int]
Content = tuple[str, Mapping[str, NDArray[Any]]]


class Expected(NamedTuple):
    """What is known beforehand of the run that sections must be of; None where nothing is.

    Attributes:
        protocol_id: the protocol under which the persons were linked.
        signers: agency to its Ed25519 public key in hexadecimal.
        extracts: (agency, period, sequence) of each linking section in the run.
    """

    protocol_id: str | None = None
    signers: Mapping[str, str] | None = None
    extracts: Sequence[Extract] | None = None


class Summarised(NamedTuple):
    """What an agency says of an extract.

    Attributes:
        agency: whose it is.
        rows: number of records.
        summary: counts of what is missing; None where the bundle was sealed before there were summaries.
    """

    agency: str
    rows: int
    summary: Summary | None


class Sections(NamedTuple):
    """Content that belongs to the run.

    Attributes:
        protocol: the protocol of all sections.
        content: per section the agency and its columns.
        bundles: per section agency, period, sequence and bundle ID, sorted: for the manifest of a release.
        summaries: per section the agency, the number of its rows, and what it says of them; None where it says nothing.
    """

    protocol: Protocol
    content: tuple[Content, ...]
    bundles: tuple[Mapping[str, Any], ...]
    summaries: tuple[Summarised, ...] = ()


def expected_of(protocol_id: str, manifest: Mapping[str, Any]) -> Expected:
    """What a run's manifest says of its signers and extracts, where it says it.

    Args:
        protocol_id: the run's protocol.
        manifest: `signers` (agency to hexadecimal key) and `bundles` (each with `agency`, `period`, `sequence`).
    """
    entries = manifest.get("bundles")
    extracts = None if entries is None else tuple((entry["agency"], entry["period"], entry["sequence"]) for entry in entries)
    return Expected(protocol_id, manifest.get("signers"), extracts)


def trusting(run: Expected, trusted: Mapping[str, str]) -> Expected:
    """The run with signers that the caller vouches for, beside its own.

    Args:
        run: what is known so far.
        trusted: agency to its Ed25519 public key in hexadecimal; none adds nothing.

    Raises:
        SignatureError: the run received an agency's encodings under another key.
    """
    known = run.signers or {}
    for agency, signer in trusted.items():
        if known.get(agency, signer) != signer:
            raise SignatureError(f"the run received the encodings of {agency} under another key than the one trusted")
    return run._replace(signers={**known, **trusted}) if trusted else run


def open_sections(files: Sequence[tuple[str, bytes]], keys: KeyFolder, run: Expected, today: date) -> Sections:
    """Open content sections and check that they are of the run.

    Args:
        files: name and bytes of each section.
        keys: key folder of the statistics office.
        run: what they must agree with.
        today: sections are refused after their last day.

    Raises:
        UsageError: no section was given.
        BundleError: a section cannot be opened, or one subclass per disagreement with the run.
    """
    if not files:
        raise UsageError("no content bundles were given", hint="name them with --content")
    opened = [(file, open_bundle(data, keys, section="content", today=today, file=file)) for file, data in files]
    protocol = opened[0][1].protocol
    for file, section in opened:
        _refuse_other_protocol(section, run.protocol_id or protocol.id, file)
        _refuse_other_signer(section, run.signers, file)
    manifests = [section.manifest for _, section in opened]
    _refuse_other_extracts(((m.agency, m.period, m.sequence) for m in manifests), run.extracts)
    content = [(s.manifest.agency, read_content(s.body, s.protocol, file, rows=s.manifest.rows)) for file, s in opened]
    summaries = sorted((Summarised(m.agency, m.rows, m.summary) for m in manifests), key=lambda one: (one.agency, one.rows))
    return Sections(protocol, tuple(content), _described([section for _, section in opened]), tuple(summaries))


def _refuse_other_protocol(section: Opened, protocol_id: str, file: str) -> None:
    if section.manifest.protocol_id != protocol_id:
        raise ProtocolMismatchError("the content was sealed under another protocol than the run", file=file)


def _refuse_other_signer(section: Opened, signers: Mapping[str, str] | None, file: str) -> None:
    if signers is None:
        return
    agency = section.manifest.agency
    if agency not in signers:
        raise SignatureError(f"no signer is known for the agency {agency}", file=file, hint="name its public.json with --trust")
    if signers[agency] != section.manifest.signer:
        raise SignatureError(f"not signed by the key that is known for the agency {agency}", file=file)


def _refuse_other_extracts(given: Iterable[Extract], expected: Sequence[Extract] | None) -> None:
    """The same extracts on both sides, each once."""
    counted = Counter(given)
    wanted = Counter(set(counted if expected is None else expected))
    for surplus, what in (
        (counted - wanted, "content that the run did not link, or twice"),
        (wanted - counted, "no content given for"),
    ):
        if surplus:
            named = ", ".join(f"{agency} {period} (sequence {sequence})" for agency, period, sequence in sorted(surplus))
            raise ProtocolMismatchError(f"{what}: {named}", hint="give the content section of each extract in the run, once")


def _described(sections: Sequence[Opened]) -> tuple[Mapping[str, Any], ...]:
    facts = [
        {"agency": s.manifest.agency, "period": s.manifest.period, "sequence": s.manifest.sequence, "bundle": s.bundle_id}
        for s in sections
    ]
    return tuple(sorted(facts, key=lambda fact: (fact["agency"], fact["period"], fact["sequence"])))
