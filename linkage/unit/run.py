"""A run, as one would say it: take in the bundles, link the encodings, name the persons, publish.

A run is a function of (bundles, protocol, decisions, a model if one is given, previous persons): its ID is a digest of
these, so the same inputs are the same run, and linking again what is already published changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from linkage.bundle.keyring import KeyFolder, secret
from linkage.canonical import digest
from linkage.errors import UsageError
from linkage.records import Encodings, combine_stored
from linkage.unit.decisions import Constraints, Pair, constraints
from linkage.unit.entries import Bundle
from linkage.unit.executor import MEMORY, Means, OnDisk, Report, no_report
from linkage.unit.intake import active_bundles, load_parts, pinned_protocol
from linkage.unit.known import NOTHING_KNOWN, Known, known_persons
from linkage.unit.ledger import Ledger, read_ledger, record_run
from linkage.unit.link import Decided, Linkage, as_pairs, link_encodings
from linkage.unit.model_choice import Given, told_of_estimated, told_of_given
from linkage.unit.model_file import Saved, read_model
from linkage.unit.outcome import described_passes, quality, run_files
from linkage.unit.persons import assign_persons
from linkage.unit.workspace import KNOWN, PARTS, Run, Workspace, current, parts_folder, publish, read_run_file, writing
from linkage.version import __version__

FORMAT = "headcount-run/1"


class Published(NamedTuple):
    """What a run came to.

    Attributes:
        run: the published run.
        already: whether the same inputs had been published before, so that nothing was done.
        contradictions: pairs decided to be different that other decisions join; 'different' won.
    """

    run: Run
    already: bool
    contradictions: int


def run(
    workspace: Workspace,
    keys: KeyFolder,
    period: str | None = None,
    given: Given | None = None,
    memory: int = MEMORY,
    report: Report = no_report,
) -> Published:
    """Link everything that was received (or only one period of it) and publish the persons.

    Args:
        workspace: what was received and decided.
        keys: the unit's.
        period: link this period only; None: everything.
        given: a saved model to be used as it is; None: the model is estimated anew.
        memory: bytes that the linkage should stay within; the result is the same.
        report: told of every stage.

    Raises:
        UsageError: nothing was received for the period.
        LockedError: another process writes to the workspace.
        TamperedError: a stored bundle or run is not what was written.
        ModelError: the data cannot carry an estimate, or the given model is of other comparisons.
        SchemaError: the given model is none, or not what was written.
    """
    with writing(workspace):
        ledger = read_ledger(workspace.ledger)
        protocol = pinned_protocol(ledger)
        bundles = chosen_bundles(ledger, period, workspace)
        decided = constraints(ledger)
        known = read_model(given.data, protocol, given.file) if given else None
        inputs = _inputs(bundles, protocol.id, decided, period, known)
        before = current(workspace)
        if before and before.manifest["inputs"] == inputs:
            record_run(workspace.ledger, ledger, before.run_id, before.digest)
            return Published(before, already=True, contradictions=len(decided.contradictions))

        report("open", 0, 1)
        encodings = combine_stored(load_parts(workspace, keys, bundles))
        asked = _as_indices(encodings, decided)
        with parts_folder(workspace, digest({"bundles": inputs["bundles"], "tool": __version__, "parts": PARTS})) as folder:
            means = Means(OnDisk(folder), memory, report)
            linkage = link_encodings(encodings, protocol, asked, known.model if known else None, means)
            anew = told_of_given(encodings, protocol, asked, known, means) if known else None
            told = anew or told_of_estimated(protocol, linkage, before)
        report("persons", 0, 1)
        earlier = _earlier(before)
        persons = assign_persons(encodings, linkage.labels, earlier, secret(keys, "person"))
        report("publish", 0, 1)
        files = run_files(encodings, protocol, linkage, persons, earlier)

        previous = before.digest if before else ""
        run_id = digest({"inputs": inputs, "previous": previous})[:16]
        manifest = {**_manifest(inputs, previous, bundles, ledger, encodings, linkage), **told}
        published = publish(workspace, run_id, files, manifest)
        record_run(workspace.ledger, ledger, run_id, published.digest)
        return Published(published, already=False, contradictions=len(decided.contradictions))


def chosen_bundles(ledger: Ledger, period: str | None, workspace: Workspace) -> list[Bundle]:
    """What a run would link: the newest bundle of each agency and period, or of this period only.

    Raises:
        UsageError: nothing was received for the period.
    """
    bundles = [bundle for bundle in active_bundles(ledger) if period in (None, bundle.period)]
    if not bundles:
        raise UsageError(
            "no bundle was received for this period", file=str(workspace.path), hint="`headcount receive` takes bundles in"
        )
    return bundles


def _inputs(
    bundles: Sequence[Bundle], protocol_id: str, decided: Constraints, period: str | None, known: Saved | None
) -> dict[str, Any]:
    """What the run is a function of, beside the previous persons: contents, not the envelopes they came in."""
    return {
        "bundles": [[one.agency, one.period, one.sequence, one.body_sha256] for one in bundles],
        "protocol_id": protocol_id,
        "must": _names(decided.must),
        "cannot": _names(decided.cannot),
        "period": period or "",
        "model": known.sha256 if known else "",
        "tool": __version__,
    }


def _names(pairs: Sequence[Pair]) -> list[list[list[str]]]:
    return [[list(left), list(right)] for left, right in pairs]


def _as_indices(encodings: Encodings, decided: Constraints) -> Decided:
    """Decided pairs as record indices; a pair with a record of another period is left for the run that holds it."""

    def known(pairs: Sequence[Pair]) -> list[tuple[int, int]]:
        placed = [(encodings.place(*left), encodings.place(*right)) for left, right in pairs]
        return [(left, right) for left, right in placed if left is not None and right is not None]

    return Decided(as_pairs(known(decided.must)), as_pairs(known(decided.cannot)))


def _earlier(before: Run | None) -> Known:
    """The person that each record was last, in whichever earlier run it stood."""
    return known_persons(read_run_file(before, KNOWN)) if before else NOTHING_KNOWN


def _manifest(
    inputs: Mapping[str, Any], previous: str, bundles: Sequence[Bundle], ledger: Ledger, encodings: Encodings, linkage: Linkage
) -> dict[str, Any]:
    """What the run says of itself: no time, host or path, so that equal runs have equal manifests."""
    return {
        "format": FORMAT,
        "inputs": inputs,
        "previous": previous,
        "bundles": [{"agency": one.agency, "period": one.period, "sequence": one.sequence, "rows": one.rows} for one in bundles],
        "signers": {agency: ledger.signers[agency].signing for agency in encodings.agencies},
        "decisions": {"count": len(ledger.decisions), "root": ledger.root},
        "passes": described_passes(linkage),
        "quality": quality(encodings, linkage),
    }
