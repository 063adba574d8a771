"""Why two records are one person or not: the evidence as it was weighed, term by term.

All of it comes from a published run. The centre has no values to show: a comparison says at which level two encodings
agreed, how often that happens among one person's records (m) and among strangers' (u), and how many bits it adds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import numpy as np

from linkage.errors import UsageError
from linkage.schema import NOT_OBSERVED
from linkage.unit.entries import RecordName
from linkage.unit.weights import MICROBITS, probability
from linkage.unit.workspace import MODEL, PAIRS, PERSONS, PairsTable, PersonsTable, Run, pairs_table, persons_table, read_run_file

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
    """

    run_id: str
    persons: PersonsTable = field(repr=False)
    pairs: PairsTable = field(repr=False)
    model: Mapping[str, Any] = field(repr=False)


class Term(NamedTuple):
    """What one comparison says.

    Attributes:
        comparison: its name.
        level: where it ended; `not observed` is no evidence.
        m, u: per million, how often it ends there for one person's records and for strangers'; None: not observed.
        bits: microbits that it adds.
    """

    comparison: str
    level: str
    m: int | None
    u: int | None
    bits: int


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
        total: microbits.
        decision: the verdict in force, or empty.
    """

    run_id: str
    left: RecordName
    right: RecordName
    left_person: str
    right_person: str
    compared: bool
    prior: int
    terms: tuple[Term, ...]
    total: int
    decision: str

    @property
    def same_person(self) -> bool:
        """Whether the run counts them once."""
        return self.left_person == self.right_person


class Link(NamedTuple):
    """A candidate pair inside one person.

    Attributes:
        left, right: (agency, record).
        weight: microbits.
    """

    left: RecordName
    right: RecordName
    weight: int


class Person(NamedTuple):
    """A person, as far as the centre knows one.

    Attributes:
        person_id: the ID.
        members: (agency, record), sorted.
        links: the candidate pairs among them, sorted; members without one were joined by others.
    """

    person_id: str
    members: tuple[RecordName, ...]
    links: tuple[Link, ...]


def read_evidence(run: Run) -> Evidence:
    """All of a run that an auditor may see.

    Raises:
        TamperedError: a file is not what was written.
    """
    model = json.loads(read_run_file(run, MODEL))
    return Evidence(run.run_id, persons_table(read_run_file(run, PERSONS)), pairs_table(read_run_file(run, PAIRS)), model)


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
    row = _row(evidence.pairs, left, right)
    prior, terms, total = (0, (), 0) if row is None else _weighed(evidence, row)
    return Explanation(
        run_id=evidence.run_id,
        left=left,
        right=right,
        left_person=_person_of(evidence.persons, left),
        right_person=_person_of(evidence.persons, right),
        compared=row is not None,
        prior=prior,
        terms=terms,
        total=total,
        decision=decision,
    )


def _row(pairs: PairsTable, left: RecordName, right: RecordName) -> int | None:
    found = (pairs.left_agency == left[0]) & (pairs.left_record == left[1])
    found &= (pairs.right_agency == right[0]) & (pairs.right_record == right[1])
    rows = np.flatnonzero(found)
    return int(rows[0]) if len(rows) else None


def _weighed(evidence: Evidence, row: int) -> tuple[int, tuple[Term, ...], int]:
    return int(evidence.pairs.prior[row]), tuple(_terms(evidence, row)), int(evidence.pairs.weight[row])


def _person_of(persons: PersonsTable, record: RecordName) -> str:
    rows = np.flatnonzero((persons.agency == record[0]) & (persons.record == record[1]))
    if not len(rows):
        raise UsageError("the published run has no such record", hint="`headcount export persons` lists every record")
    return str(persons.person_id[rows[0]])


def _terms(evidence: Evidence, row: int) -> Iterable[Term]:
    for comparison, level in zip(evidence.model["comparisons"], evidence.pairs.levels[row].tolist(), strict=True):
        if level < 0:
            yield Term(comparison["name"], NOT_OBSERVED, None, None, 0)
        else:
            m, u, bits = (comparison[key][level] for key in ("m", "u", "weights"))
            yield Term(comparison["name"], comparison["levels"][level], m, u, bits)


def person(evidence: Evidence, person_id: str) -> Person:
    """The records of a person and the links among them."""
    rows = np.flatnonzero(evidence.persons.person_id == person_id)
    members = tuple(zip(evidence.persons.agency[rows].tolist(), evidence.persons.record[rows].tolist(), strict=True))
    return Person(person_id, members, tuple(_links(evidence.pairs, set(members))))


def _links(pairs: PairsTable, members: set[RecordName]) -> Iterable[Link]:
    for row in np.flatnonzero(pairs.same).tolist():
        left, right = ends(pairs, row)
        if left in members and right in members:
            yield Link(left, right, int(pairs.weight[row]))


def ends(pairs: PairsTable, row: int) -> tuple[RecordName, RecordName]:
    """The two records of a pair."""
    return (pairs.left_agency[row], pairs.left_record[row]), (pairs.right_agency[row], pairs.right_record[row])


def in_bits(microbits: int) -> str:
    """Bits with two decimals."""
    return f"{microbits / MICROBITS:.2f}"


def spoken(record: RecordName) -> str:
    """`agency:record`."""
    return ":".join(record)


def lines(told: Explanation) -> list[str]:
    """The explanation as an aligned table."""
    never = "these two were never a candidate pair: nothing proposed to compare them, so there is no weight"
    return [
        f"run         {told.run_id}",
        *_sides(told),
        *(_table(told) if told.compared else [never]),
        f"counted     {'once: one person' if told.same_person else 'twice: two persons'}",
        f"decision    {told.decision or 'none'}",
    ]


def _sides(told: Explanation) -> list[str]:
    sides = (("left", told.left, told.left_person), ("right", told.right, told.right_person))
    return [f"{side:<11} {spoken(record)}  person {person_id}" for side, record, person_id in sides]


def _table(told: Explanation) -> list[str]:
    rows = [("comparison", "level", "m", "u", "bits"), ("prior", "", "", "", in_bits(told.prior))]
    rows += [(term.comparison, term.level, _share(term.m), _share(term.u), in_bits(term.bits)) for term in told.terms]
    rows += [("total", "", "", "", in_bits(told.total)), ("probability", "", "", "", f"{probability(told.total):.6f}")]
    first, second = (max(len(row[i]) for row in rows) for i in (0, 1))
    return [f"{row[0]:<{first}}  {row[1]:<{second}}  {row[2]:>9}  {row[3]:>9}  {row[4]:>9}" for row in rows]


def _share(per_million: int | None) -> str:
    if per_million is None:
        return ""
    return f"{per_million / _MILLION:.6f}" if per_million else "<0.000001"


def as_plain(told: Explanation) -> dict[str, Any]:
    """The explanation as JSON-ready data; bits with two decimals, m and u as probabilities."""
    return {
        "run": told.run_id,
        "left": {"agency": told.left[0], "record": told.left[1], "person_id": told.left_person},
        "right": {"agency": told.right[0], "record": told.right[1], "person_id": told.right_person},
        "candidate_pair": told.compared,
        "prior_bits": bits(told.prior) if told.compared else None,
        "terms": [_plain_term(term) for term in told.terms],
        "total_bits": bits(told.total) if told.compared else None,
        "probability": round(probability(told.total), 6) if told.compared else None,
        "same_person": told.same_person,
        "decision": told.decision or None,
    }


def _plain_term(term: Term) -> dict[str, Any]:
    m, u = (None if share is None else share / _MILLION for share in (term.m, term.u))
    return {"comparison": term.comparison, "level": term.level, "m": m, "u": u, "bits": bits(term.bits)}


def bits(microbits: int) -> float:
    """Bits, rounded to two decimals."""
    return round(microbits / MICROBITS, 2)
