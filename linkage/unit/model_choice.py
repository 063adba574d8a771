"""Whose model a run goes by: its own, estimated anew, or a saved one that is given; and what is told of the choice.

An estimated model is set beside that of the previous run. A given one is set beside what these lists would have said: the
same lists are linked once more with a model of their own, and the run tells how far the two are apart and how many persons
there would have been. It never takes the other model for that.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from linkage.errors import ModelError, SchemaError, UsageError
from linkage.protocol import Protocol
from linkage.records import Encodings
from linkage.unit.drift import described, drift
from linkage.unit.executor import IN_MEMORY, Means
from linkage.unit.ledger import read_ledger
from linkage.unit.link import Decided, Linkage, link_encodings
from linkage.unit.model_file import Saved, read_model, saved
from linkage.unit.outcome import quality
from linkage.unit.workspace import MODEL, Run, Workspace, published, read_run, read_run_file

LAST = "last"
SHORTEST_PREFIX = 6


class Given(NamedTuple):
    """A model that somebody wants to be used.

    Attributes:
        file: name for messages.
        data: the file's bytes.
    """

    file: str
    data: bytes


def find_model(workspace: Workspace, text: str) -> Given:
    """The model that is meant by `last` (the published run's), a run's ID or at least six letters of its beginning, or a file.

    Raises:
        UsageError: there is no such run and no such file, or several runs begin like this.
        TamperedError: the run's model is not what was written.
    """
    runs = {one.run_id: one.manifest_sha256 for one in read_ledger(workspace.ledger).runs}
    meant = [run_id for run_id in runs if run_id == text or (len(text) >= SHORTEST_PREFIX and run_id.startswith(text))]
    if text == LAST:
        return _of_run(published(workspace))
    if len(meant) > 1:
        raise UsageError("more than one run begins like this", hint="write the whole run ID")
    if meant:
        return _of_run(read_run(workspace, meant[0], runs[meant[0]]))
    try:
        return Given(text, Path(text).read_bytes())
    except OSError:
        hint = f"--model takes a file, the ID of a run of this workspace, or `{LAST}`"
        raise UsageError("there is no such run in the workspace, and no such file", file=text, hint=hint) from None


def _of_run(run: Run) -> Given:
    return Given(str(run.directory / MODEL), read_run_file(run, MODEL))


def told_of_estimated(protocol: Protocol, linkage: Linkage, before: Run | None) -> dict[str, Any]:
    """For the manifest: the estimate, and how far it is from the previous run's model.

    Raises:
        TamperedError: the previous run's model is not what was written.
    """
    own = saved(protocol, linkage.model, linkage.counted.candidates)
    return {"model": _origin("estimated", own), "drift": _since(before, own, protocol), "anew": None}


def _since(before: Run | None, own: Saved, protocol: Protocol) -> dict[str, Any] | None:
    """The drift since the previous run; None without one, or where its model is not of this format or these comparisons."""
    if before is None:
        return None
    given = _of_run(before)
    try:
        old = read_model(given.data, protocol, given.file)
    except (SchemaError, ModelError):
        return None
    return {"since": before.run_id, "from_sha256": old.sha256, "to_sha256": own.sha256, **described(drift(old, own, protocol))}


def told_of_given(
    encodings: Encodings, protocol: Protocol, asked: Decided, known: Saved, means: Means = IN_MEMORY
) -> dict[str, Any]:
    """For the manifest: the model that was given, and what the lists themselves would have said.

    Args:
        encodings: of all records.
        protocol: the agreement.
        asked: auditors' decisions.
        known: the given model.
        means: by what means the lists are linked once more.
    """
    told = {"model": _origin("given", known), "drift": None, "anew": None}
    try:
        own = link_encodings(encodings, protocol, asked, means=means)
    except ModelError:
        return told
    anew = saved(protocol, own.model, own.counted.candidates)
    moved = {"since": "", "from_sha256": known.sha256, "to_sha256": anew.sha256, **described(drift(known, anew, protocol))}
    counted = {name: quality(encodings, own)[name] for name in ("persons", "pairs_linked")}
    return {**told, "drift": moved, "anew": {**_estimate(anew), **counted}}


def _origin(origin: str, model: Saved) -> dict[str, Any]:
    return {"origin": origin, "protocol_id": model.protocol_id, **_estimate(model)}


def _estimate(model: Saved) -> dict[str, Any]:
    return {"sha256": model.sha256, "iterations": model.model.iterations, "converged": model.model.converged}
