"""What auditors decided of pairs of records, and what that asks of the next run.

A decision is appended and never changed; taking one back is a further entry. What counts is each reviewer's latest word
on a pair. 'Different' outweighs 'same', on the pair itself and along a chain of pairs decided to be the same: splitting
one person counts one too many, merging two hides one. Such a conflict is reported with the decisions that made it.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from linkage.bundle.keyring import KeyFolder, PublicKey, require_role, sign
from linkage.canonical import canonical_json
from linkage.errors import UsageError
from linkage.unit.entries import VERDICTS, Decision, RecordName, Reviewer, Verdict
from linkage.unit.ledger import Ledger, SignedDecision, append, read_ledger
from linkage.unit.proofs import decision_message, leaf_digest
from linkage.unit.workspace import PERSONS, Workspace, persons_table, published, read_run_file, writing

LONGEST_REASON = 500
Pair = tuple[RecordName, RecordName]


class Wanted(NamedTuple):
    """A decision about to be taken.

    Attributes:
        left, right: (agency, record), either way round.
        verdict: one of `VERDICTS`.
        reason: one line, without any person's data.
    """

    left: RecordName
    right: RecordName
    verdict: str
    reason: str

    @property
    def pair(self) -> Pair:
        """The two records in their one order."""
        return (self.left, self.right) if self.left < self.right else (self.right, self.left)


class Contradiction(NamedTuple):
    """Two records decided to be different, which other decisions join.

    Attributes:
        left, right: (agency, record).
        same: numbers of the decisions that join them.
        different: numbers of the decisions that part them; these win.
    """

    left: RecordName
    right: RecordName
    same: tuple[int, ...]
    different: tuple[int, ...]


@dataclass(frozen=True)
class Constraints:
    """What the decisions in force ask of a run.

    Attributes:
        must: pairs decided to be the same person, sorted; none of them is in `cannot`.
        cannot: pairs decided to be different persons, sorted; they win over chains of `must`.
        contradictions: where they had to.
        unsure: number of pairs on which reviewers were unsure and nothing else was said.
    """

    must: tuple[Pair, ...]
    cannot: tuple[Pair, ...]
    contradictions: tuple[Contradiction, ...]
    unsure: int


def decide(workspace: Workspace, keys: KeyFolder, wanted: Sequence[Wanted], *, time: str) -> tuple[Decision, ...]:
    """Sign decisions and append them to the log, all or none.

    Args:
        workspace: with a published run, which the decisions are about.
        keys: an auditor's key folder.
        wanted: what was decided.
        time: UTC, ISO 8601.

    Raises:
        KeyringError: the keys are not an auditor's.
        UsageError: a record is not in the run, the verdict is none, the reason is empty, or there is nothing to withdraw.
        TamperedError: the log is not what was written; nothing is added to such a log.
        LockedError: another process writes to this workspace.
    """
    require_role(keys, "auditor")
    with writing(workspace):
        ledger, run = read_ledger(workspace.ledger), published(workspace)
        known, own = known_records(workspace), own_verdicts(ledger, keys.public)
        for one in wanted:
            refuse_impossible(one, known, own)
            own = {**own, one.pair: one.verdict}
        signed = _signed(wanted, ledger, keys, run.run_id, time)
        append(workspace.ledger, ledger, decisions=signed)
    return tuple(one.decision for one in signed)


def known_records(workspace: Workspace) -> set[RecordName]:
    """The records of the published run.

    Raises:
        UsageError: nothing was published.
        TamperedError: the run is not what was written.
    """
    table = persons_table(read_run_file(published(workspace), PERSONS))
    return set(zip(table.agency.tolist(), table.record.tolist(), strict=True))


def own_verdicts(ledger: Ledger, reviewer: PublicKey) -> Mapping[Pair, str]:
    """A reviewer's latest word on each pair, `withdrawn` included."""
    return {decision.pair: decision.verdict for decision in ledger.decisions if decision.reviewer.signing == reviewer.signing}


def refuse_impossible(wanted: Wanted, known: Collection[RecordName], own: Mapping[Pair, str]) -> None:
    """Refuse a decision that cannot be meant.

    Args:
        wanted: what is about to be decided.
        known: records of the published run.
        own: the reviewer's latest word on each pair.

    Raises:
        UsageError: naming what is wrong as `field`.
    """
    _verdict(wanted.verdict)
    if wanted.left not in known or wanted.right not in known:
        raise UsageError("a record is not in the published run", field="record", hint="decide on records of the current run")
    if wanted.left == wanted.right:
        raise UsageError("a record cannot be compared with itself", field="record", hint="name two records")
    if not wanted.reason.strip() or not wanted.reason.isprintable() or len(wanted.reason) > LONGEST_REASON:
        hint = f"one line of at most {LONGEST_REASON} characters, without any person's data"
        raise UsageError("a decision needs a reason", field="reason", hint=hint)
    if wanted.verdict == "withdrawn" and own.get(wanted.pair, "withdrawn") == "withdrawn":
        raise UsageError(
            "this reviewer has decided nothing on this pair", field="verdict", hint="only one's own word can be withdrawn"
        )


def _verdict(text: str) -> Verdict:
    for known in VERDICTS:
        if text == known:
            return known
    raise UsageError(f"a verdict is {', '.join(VERDICTS[:-1])} or {VERDICTS[-1]}", field="verdict")


def _signed(wanted: Sequence[Wanted], ledger: Ledger, keys: KeyFolder, run_id: str, time: str) -> list[SignedDecision]:
    public = keys.public
    reviewer, previous = Reviewer(public.fingerprint, public.name, public.signing), ledger.last
    signed: list[SignedDecision] = []
    for seq, one in enumerate(wanted, len(ledger.decisions) + 1):
        left, right = one.pair
        decision = Decision(seq, time, reviewer, run_id, left, right, _verdict(one.verdict), one.reason, previous)
        signed.append(SignedDecision(decision, sign(keys, decision_message(canonical_json(decision)))))
        previous = leaf_digest(decision)
    return signed


def standing(ledger: Ledger) -> dict[Pair, tuple[Decision, ...]]:
    """Per pair, each reviewer's latest decision that was not withdrawn, in the order of the log."""
    latest: dict[tuple[Pair, str], Decision] = {}
    for decision in ledger.decisions:
        latest[decision.pair, decision.reviewer.signing] = decision
    found: dict[Pair, list[Decision]] = defaultdict(list)
    for decision in sorted(latest.values(), key=lambda one: one.seq):
        if decision.verdict != "withdrawn":
            found[decision.pair].append(decision)
    return {pair: tuple(found[pair]) for pair in sorted(found)}


def verdicts(ledger: Ledger) -> dict[Pair, Verdict]:
    """What counts on each pair: one 'different' outweighs any 'same', and either outweighs 'unsure'."""
    order: tuple[Verdict, ...] = ("different", "same", "unsure")
    said = {pair: {decision.verdict for decision in taken} for pair, taken in standing(ledger).items()}
    return {pair: next(verdict for verdict in order if verdict in found) for pair, found in said.items()}


def constraints(ledger: Ledger) -> Constraints:
    """What the decisions in force ask of the next run."""
    taken, counts = standing(ledger), verdicts(ledger)
    must = tuple(pair for pair, verdict in counts.items() if verdict == "same")
    cannot = tuple(pair for pair, verdict in counts.items() if verdict == "different")
    neighbours = _neighbours(must)
    found = (_contradiction(pair, taken, neighbours) for pair in cannot)
    unsure = sum(verdict == "unsure" for verdict in counts.values())
    return Constraints(must, cannot, tuple(one for one in found if one), unsure)


def _contradiction(
    pair: Pair, taken: Mapping[Pair, Sequence[Decision]], neighbours: Mapping[RecordName, Sequence[RecordName]]
) -> Contradiction | None:
    """On the pair itself, or by the shortest chain of pairs decided to be the same."""
    chain = [pair] if _numbers(taken[pair], "same") else _chain(pair, neighbours)
    if not chain:
        return None
    same = sorted(number for link in chain for number in _numbers(taken[link], "same"))
    return Contradiction(*pair, tuple(same), tuple(_numbers(taken[pair], "different")))


def _numbers(decisions: Iterable[Decision], verdict: Verdict) -> list[int]:
    return [decision.seq for decision in decisions if decision.verdict == verdict]


def _neighbours(pairs: Iterable[Pair]) -> dict[RecordName, list[RecordName]]:
    found: dict[RecordName, list[RecordName]] = defaultdict(list)
    for left, right in pairs:
        found[left].append(right)
        found[right].append(left)
    return found


def _chain(pair: Pair, neighbours: Mapping[RecordName, Sequence[RecordName]]) -> list[Pair]:
    """The pairs along a shortest path between the two records; empty where there is none."""
    start, end = pair
    came_from = {start: start}
    waiting = deque([start])
    while waiting and end not in came_from:
        here = waiting.popleft()
        for there in sorted(neighbours.get(here, ())):
            if there not in came_from:
                came_from[there] = here
                waiting.append(there)
    chain: list[Pair] = []
    while end in came_from and end != start:
        before = came_from[end]
        chain.append((before, end) if before < end else (end, before))
        end = before
    return chain
