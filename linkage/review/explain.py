"""Why two records are one person or not: the evidence as it was weighed, term by term, and what would make it otherwise.

All of it comes from a published run. The centre has no values to show: a comparison says at which level two encodings
agreed, how often that happens among one person's records (m) and among strangers' (u), and how many bits it adds.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import numpy as np

from linkage.errors import UsageError
from linkage.review.flips import Flips, Ladder, flips
from linkage.review.sides import Between, between, meeting
from linkage.review.spanning import Link, path, spanning_tree, weakest
from linkage.review.verdict import Verdict, judge
from linkage.review.waterfall import ASCII, Ink, Step, Term, bar, scale, steps
from linkage.review.wording import (
    alone_sentence,
    bits,
    flip_sentences,
    link_sentence,
    mean_sentence,
    plain_flips,
    plain_link,
    plain_sides,
    share,
    signed,
    spoken,
)
from linkage.schema import NOT_OBSERVED
from linkage.unit.contradictions import CONTRADICTED
from linkage.unit.entries import RecordName
from linkage.unit.parquet import Texts
from linkage.unit.weights import probability
from linkage.unit.workspace import (
    MODEL,
    PAIRS,
    PERSONS,
    PROTOCOL,
    PairsTable,
    PersonsTable,
    Run,
    pairs_table,
    persons_table,
    read_run_file,
)

SHORTEST_PREFIX = 6
_MILLION = 1_000_000
Found = TypeVar("Found", RecordName, str)


@dataclass(frozen=True)
class Evidence:
    """A published run, read once.

    Attributes:
        run_id: its name.
        persons: every record's person.
        pairs: every candidate pair.
        model: `model.json`.
        single: agencies whose list holds each person at most once, as the run's protocol says.
    """

    run_id: str
    persons: PersonsTable = field(repr=False)
    pairs: PairsTable[Texts] = field(repr=False)
    model: Mapping[str, Any] = field(repr=False)
    single: frozenset[str] = frozenset()

    @property
    def threshold(self) -> int:
        """Microbits at which a pair speaks neither for nor against."""
        return int(self.model.get("threshold", 0))


@dataclass(frozen=True)
class Explanation:
    """Two records, weighed.

    Attributes:
        run_id: the run.
        left, right: (agency, record), in their one order.
        left_person, right_person: person IDs.
        compared: whether the two were a candidate pair; if not, there is no weight.
        prior: microbits from which the weight starts.
        terms: one per comparison, in the protocol's order.
        added: what dependent comparisons add by coming together, and what a contradiction takes; m and u are None.
        total: microbits.
        decision: the verdict in force, or empty.
        threshold: microbits above which a pair speaks for one person.
        flips: what would flip the pair; None: no weight.
        verdict: the run's word beside the pair's.
        apart: why the run cut the pair, though it speaks for one person; empty where it did not.
        path: of one person, the strongest links from left to right; None: two persons, or no links that join them.
    """

    run_id: str
    left: RecordName
    right: RecordName
    left_person: str
    right_person: str
    compared: bool
    prior: int
    terms: tuple[Term, ...]
    added: tuple[Term, ...]
    total: int
    decision: str
    threshold: int
    flips: Flips | None
    verdict: Verdict
    apart: str
    path: tuple[Link, ...] | None

    @property
    def same_person(self) -> bool:
        """Whether the run counts them once."""
        return self.left_person == self.right_person

    @property
    def other(self) -> int:
        """Microbits of the total beyond prior and terms."""
        return self.total - self.prior - sum(term.bits for term in (*self.terms, *self.added))

    @property
    def steps(self) -> tuple[Step, ...]:
        """The weight's way from 0 to its total; empty without a weight."""
        return steps(self.prior, (*self.terms, *self.added), self.total) if self.compared else ()


class _Weighed(NamedTuple):
    """What a run keeps of a pair; all empty where it was never a candidate."""

    prior: int
    terms: tuple[Term, ...]
    added: tuple[Term, ...]
    total: int
    ladders: tuple[Ladder, ...]


def read_evidence(run: Run) -> Evidence:
    """All of a run that an auditor may see.

    Raises:
        TamperedError: a file is not what was written.
    """
    model = json.loads(read_run_file(run, MODEL))
    persons, pairs = persons_table(read_run_file(run, PERSONS)), pairs_table(read_run_file(run, PAIRS))
    return Evidence(run.run_id, persons, pairs, model, _single(run))


def _single(run: Run) -> frozenset[str]:
    if PROTOCOL not in run.manifest["files"]:
        return frozenset()
    sources = json.loads(read_run_file(run, PROTOCOL)).get("sources", {})
    return frozenset(agency for agency, source in sources.items() if not source.get("duplicates", True))


def find_record(persons: PersonsTable, text: str) -> RecordName:
    """The record that is meant by `agency:record`, or by the record's pseudonym or at least six letters of its beginning.

    Raises:
        UsageError: none or several records are meant.
    """
    agency, _, name = text.rpartition(":")
    records = zip(persons.agency.tolist(), persons.record.tolist(), strict=True)
    found = [one for one in records if agency in ("", one[0]) and one[1].startswith(name)]
    return _only([one for one in found if one[1] == name] or found, name, "record")


def find_person(persons: PersonsTable, text: str) -> str:
    """The person ID that is meant by itself or by at least six letters of its beginning.

    Raises:
        UsageError: none or several persons are meant.
    """
    found: list[str] = sorted({person for person in persons.person_id.tolist() if person.startswith(text)})
    return _only([one for one in found if one == text] or found, text, "person")


def _only(found: Sequence[Found], text: str, what: str) -> Found:
    if len(text) < SHORTEST_PREFIX:
        raise UsageError(f"too little of the {what}'s ID to find it", hint=f"write at least {SHORTEST_PREFIX} letters of it")
    if not found:
        raise UsageError(f"the published run has no such {what}", hint=f"`headcount export persons` lists every {what}")
    if len(found) > 1:
        raise UsageError(f"more than one {what} begins like this", hint=f"write the whole ID, or agency:{what}")
    return found[0]


def explain(evidence: Evidence, left: RecordName, right: RecordName, decision: str = "") -> Explanation:
    """What the run says of two of its records.

    Args:
        evidence: the run.
        left: a record of it.
        right: another; either way round.
        decision: the verdict in force on them, or empty.

    Raises:
        UsageError: the two are one record.
    """
    if left == right:
        raise UsageError("a record cannot be compared with itself", hint="name two records")
    left, right = sorted((left, right))
    persons = (person_of(evidence.persons, left), person_of(evidence.persons, right))
    row = _row(evidence.pairs, left, right)
    weighed = _Weighed(0, (), (), 0, ()) if row is None else _weighed(evidence, row)
    margin = None if row is None else weighed.total - evidence.threshold
    sides, way = _around(evidence, persons, (left, right))
    once, alone = persons[0] == persons[1], None if margin is None else margin > 0
    return Explanation(
        run_id=evidence.run_id,
        left=left,
        right=right,
        left_person=persons[0],
        right_person=persons[1],
        compared=row is not None,
        prior=weighed.prior,
        terms=weighed.terms,
        added=weighed.added,
        total=weighed.total,
        decision=decision,
        threshold=evidence.threshold,
        flips=None if margin is None else flips(weighed.ladders, margin),
        verdict=judge(once=once, alone=alone, between=sides, decision=decision, single=evidence.single),
        apart="" if row is None else str(evidence.pairs.apart[row]),
        path=way,
    )


def _row(pairs: PairsTable[Texts], left: RecordName, right: RecordName) -> int | None:
    found = (pairs.left_agency == left[0]) & (pairs.left_record == left[1])
    found &= (pairs.right_agency == right[0]) & (pairs.right_record == right[1])
    rows = np.flatnonzero(found)
    return int(rows[0]) if len(rows) else None


def _around(
    evidence: Evidence, persons: tuple[str, str], pair: tuple[RecordName, RecordName]
) -> tuple[Between, tuple[Link, ...] | None]:
    """The two sides that the pair stands between, and the path inside one person."""
    one, other = (members_of(evidence.persons, person_id) for person_id in persons)
    links = links_among(evidence.pairs, {*one, *other})
    if persons[0] != persons[1]:
        return between(one, other, links, evidence.threshold), None
    return meeting(one, links, evidence.threshold, pair), path(spanning_tree(links), *pair)


def person_of(persons: PersonsTable, record: RecordName) -> str:
    """The ID of a record's person.

    Raises:
        UsageError: the run has no such record.
    """
    rows = np.flatnonzero((persons.agency == record[0]) & (persons.record == record[1]))
    if not len(rows):
        raise UsageError("the published run has no such record", hint="`headcount export persons` lists every record")
    return str(persons.person_id[rows[0]])


def members_of(persons: PersonsTable, person_id: str) -> tuple[RecordName, ...]:
    """A person's records, sorted."""
    rows = np.flatnonzero(persons.person_id == person_id)
    return tuple(zip(persons.agency[rows].tolist(), persons.record[rows].tolist(), strict=True))


def links_among(pairs: PairsTable[Texts], members: Collection[RecordName]) -> tuple[Link, ...]:
    """The candidate pairs among some records, in the table's order."""
    records, known = {record for _, record in members}, set(members)
    columns = (pairs.left_record, pairs.right_record)
    left, right = (np.fromiter((name in records for name in column), np.bool_, len(column)) for column in columns)
    found = (Link(*ends(pairs, row), int(pairs.weight[row])) for row in np.flatnonzero(left & right).tolist())
    return tuple(link for link in found if link.left in known and link.right in known)


def _weighed(evidence: Evidence, row: int) -> _Weighed:
    pairs, levels = evidence.pairs, evidence.pairs.levels[row].tolist()
    observed = [(one, level) for one, level in zip(evidence.model["comparisons"], levels, strict=True) if level >= 0]
    ladders = tuple(Ladder(one["name"], tuple(one["levels"]), tuple(one["weights"]), level) for one, level in observed)
    terms, total = tuple(_terms(evidence, levels)), int(pairs.weight[row])
    together = tuple(_together(evidence, levels))
    left = total - int(pairs.prior[row]) - sum(term.bits for term in (*terms, *together))
    against = (Term("contradiction", str(pairs.apart[row]), None, None, left),) if left == CONTRADICTED else ()
    return _Weighed(int(pairs.prior[row]), terms, (*together, *against), total, ladders)


def _terms(evidence: Evidence, levels: Sequence[int]) -> Iterable[Term]:
    for comparison, level in zip(evidence.model["comparisons"], levels, strict=True):
        if level < 0:
            yield Term(comparison["name"], NOT_OBSERVED, None, None, 0)
        else:
            m, u, weight = (comparison[key][level] for key in ("m", "u", "weights"))
            yield Term(comparison["name"], comparison["levels"][level], m, u, weight)


def _together(evidence: Evidence, levels: Sequence[int]) -> Iterable[Term]:
    """What dependent comparisons add by coming together, where it is not nothing."""
    place = {one["name"]: level for one, level in zip(evidence.model["comparisons"], levels, strict=True)}
    for one in evidence.model.get("together", ()):
        added = one["weights"][place[one["first"]]][place[one["second"]]]  # −1, not observed, is the last
        if added:
            yield Term(f"{one['first']} + {one['second']}", "together", None, None, added)


def ends(pairs: PairsTable[Texts], row: int) -> tuple[RecordName, RecordName]:
    """The two records of a pair."""
    return (pairs.left_agency[row], pairs.left_record[row]), (pairs.right_agency[row], pairs.right_record[row])


def lines(told: Explanation, ink: Ink = ASCII) -> list[str]:
    """The explanation for a terminal: who, the waterfall as an aligned table, what would flip it, and the run's own word.

    Args:
        told: the explanation.
        ink: characters to draw with; the default suits every terminal.
    """
    never = "no weight is kept: nothing proposed to compare these two, or their odds are below one in 65,536"
    return [
        f"run         {told.run_id}",
        *_sides(told),
        *(_table(told, ink) if told.compared else [never]),
        f"decision    {told.decision or 'none'}",
        *(f"{label:<11} {sentence}" for label, sentence in sentences(told)),
    ]


def sentences(told: Explanation) -> list[tuple[str, str]]:
    """What follows the table, each as a label and a sentence."""
    once = "once: one person" if told.same_person else "twice: two persons"
    found = [("counted", once), ("because", told.verdict.because)]
    if told.apart:
        found.append(("cut", f"although the pair speaks for one person: {told.apart}"))
    if told.verdict.between.pairs > 1:
        found.append(("sides", mean_sentence(told.verdict.between)))
    if told.path is not None and (len(told.path) > 1 or not told.compared):
        held = weakest(told.path)
        found += [("path", link_sentence(link) + ("  (weakest)" if link == held else "")) for link in told.path]
    if told.flips:
        found.append(("alone", alone_sentence(told.flips)))
        found += [("flip", sentence) for sentence in flip_sentences(told.flips)]
    return found


def _sides(told: Explanation) -> list[str]:
    sides = (("left", told.left, told.left_person), ("right", told.right, told.right_person))
    return [f"{side:<11} {spoken(record)}  person {person_id}" for side, record, person_id in sides]


def _table(told: Explanation, ink: Ink) -> list[str]:
    within = scale(told.steps, told.threshold)
    rows = [("comparison", "level", "m", "u", "bits", "running", "")]
    for term, start, end in told.steps:
        drawn = bar(start, end, told.threshold, within, ink)
        rows.append((term.comparison, term.level, share(term.m), share(term.u), signed(term.bits), signed(end), drawn))
    whole = bar(0, told.total, told.threshold, within, ink, total=True)
    rows.append(("total", "", "", "", signed(told.total), "", whole))
    rows.append(("probability", "", "", "", f"{probability(told.total):.6f}", "", ""))
    rows.append(("threshold", "", "", "", signed(told.threshold), "", ""))
    first, second = (max(len(row[i]) for row in rows) for i in (0, 1))
    return [
        f"{row[0]:<{first}}  {row[1]:<{second}}  {row[2]:>9}  {row[3]:>9}  {row[4]:>9}  {row[5]:>8}  {row[6]}".rstrip()
        for row in rows
    ]


def as_plain(told: Explanation) -> dict[str, Any]:
    """The explanation as JSON-ready data; bits with two decimals, m and u as probabilities."""
    return {
        "run": told.run_id,
        "left": {"agency": told.left[0], "record": told.left[1], "person_id": told.left_person},
        "right": {"agency": told.right[0], "record": told.right[1], "person_id": told.right_person},
        "candidate_pair": told.compared,
        "prior_bits": bits(told.prior) if told.compared else None,
        "terms": [_plain_term(step) for step in told.steps[1 : len(told.terms) + 1]],
        "added": [_plain_term(step) for step in told.steps[len(told.terms) + 1 :][: len(told.added)]],
        "other_bits": bits(told.other) if told.compared else None,
        "total_bits": bits(told.total) if told.compared else None,
        "probability": round(probability(told.total), 6) if told.compared else None,
        "threshold_bits": bits(told.threshold),
        "same_person": told.same_person,
        "decision": told.decision or None,
        **_plain_verdict(told),
    }


def _plain_verdict(told: Explanation) -> dict[str, Any]:
    held = weakest(told.path or ())
    return {
        "alone_same": told.verdict.alone,
        "because": told.verdict.because,
        "apart": told.apart or None,
        "between": plain_sides(told.verdict.between),
        "path": None if told.path is None else [plain_link(link) for link in told.path],
        "weakest": plain_link(held) if held else None,
        "flips": plain_flips(told.flips) if told.flips else None,
    }


def _plain_term(step: Step) -> dict[str, Any]:
    term = step.term
    m, u = (None if part is None else part / _MILLION for part in (term.m, term.u))
    return {
        "comparison": term.comparison,
        "level": term.level,
        "m": m,
        "u": u,
        "bits": bits(term.bits),
        "running_bits": bits(step.end),
    }
