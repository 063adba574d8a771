"""What seven offices wrote down of the people in 2018: who stands in which list, how often, and what each row shows.

A case moves on: police, prosecutor, court; a victim comes back, is sheltered, calls again. So a person stands in several
lists and sometimes twice in one, and adding lists up claims too much. Few rows are wrong: a typing error, day and month
exchanged, no birth date. A row is made wrong only where the rest of it, and another row of the same person, still say
who it is. Relatives and namesakes stand in a list once, rightly, and with the full birth date.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from linkage.demo.people import CONVICTED, SUSPECT, VICTIM, YEAR, Person, exchanged
from linkage.demo.spelling import patronymic, reformed_surname, surname, uzbek_patronymic

POLICE, PROSECUTOR, COURT, MIGRATION = "police", "prosecutor", "court", "migration"
OMBUDSPERSON, SHELTER, HOTLINE = "ombudsperson", "ngo_shelter", "ngo_hotline"
OFFENDER = "offender"
TYPO, SWAPPED, NO_BIRTH, MARRIED = "typo", "swapped", "no birth", "married"
_FLAW_SHARES = {TYPO: 0.02, SWAPPED: 0.01, NO_BIRTH: 0.03}
_LAST_OPENING = 130


@dataclass(frozen=True)
class Record:
    """One row of one list, before it is put into the list's own words.

    Attributes:
        person: whom it is about; the truth.
        agency: whose list.
        role: `victim` or `offender`.
        stage: code of the protocol.
        event: day of the event, in 2018.
        surname, given_name, patronymic: as written here, in Tajik letters; "" = not told.
        precision: how the birth is told: `day`, `year`, `age`, or "" for not at all.
        birth: the birth date as written here; exact unless the flaw says otherwise.
        document: passport number; "" = not told.
        flaw: what is wrong with the row: `typo`, `swapped`, `no birth`, `married`, or "" for nothing.
    """

    person: Person
    agency: str
    role: str
    stage: str
    event: date
    surname: str
    given_name: str
    patronymic: str
    precision: str
    birth: date
    document: str
    flaw: str = ""


@dataclass(frozen=True)
class Habit:
    """How an office takes people down; shares from 0 to 1.

    Attributes:
        stages: code of the stage by part of the person.
        listed: share of the persons of a part that the office meets.
        again: share of those that it writes down a second time.
        delay: first and last day of the first row, counted from the case's opening.
        pause: first and last day of a second row, counted from the first.
        patronymic, document: share of rows that tell it.
        precisions: share of rows with the full birth date, with the year, with the age.
    """

    stages: dict[str, str]
    listed: dict[str, float]
    again: dict[str, float]
    delay: tuple[int, int]
    pause: tuple[int, int]
    patronymic: float
    document: float
    precisions: tuple[float, float, float]


HABITS = {
    POLICE: Habit(
        {VICTIM: "DET", CONVICTED: "SUS", SUSPECT: "SUS"},
        {VICTIM: 0.55, CONVICTED: 0.75, SUSPECT: 1.0},
        {VICTIM: 0.15, CONVICTED: 0.2, SUSPECT: 0.25},
        (0, 20), (15, 40), 1.0, 0.6, (1.0, 0.0, 0.0),
    ),
    PROSECUTOR: Habit(
        {VICTIM: "INV", CONVICTED: "PRO", SUSPECT: "PRO"},
        {VICTIM: 0.3, CONVICTED: 0.5, SUSPECT: 0.4},
        {},
        (60, 110), (0, 0), 1.0, 0.5, (1.0, 0.0, 0.0),
    ),
    COURT: Habit(
        {VICTIM: "HEA", CONVICTED: "CON"},
        {VICTIM: 0.2, CONVICTED: 1.0},
        {CONVICTED: 0.1},
        (120, 170), (30, 45), 1.0, 0.45, (1.0, 0.0, 0.0),
    ),
    MIGRATION: Habit({VICTIM: "REP"}, {VICTIM: 0.35}, {}, (0, 40), (0, 0), 0.0, 0.95, (1.0, 0.0, 0.0)),
    OMBUDSPERSON: Habit({VICTIM: "COM"}, {VICTIM: 0.2}, {}, (30, 200), (0, 0), 0.7, 0.0, (0.6, 0.4, 0.0)),
    SHELTER: Habit({VICTIM: "ASS"}, {VICTIM: 0.35}, {VICTIM: 0.25}, (10, 60), (30, 150), 0.15, 0.0, (0.6, 0.2, 0.2)),
    HOTLINE: Habit({VICTIM: "ASS"}, {VICTIM: 0.25}, {VICTIM: 0.25}, (0, 60), (20, 100), 0.0, 0.0, (0.5, 0.3, 0.2)),
}  # fmt: skip


def draw_records(rng: np.random.Generator, people: Sequence[Person]) -> tuple[Record, ...]:
    """The rows of all lists, person by person."""
    records = [record for person in people for record in _records_of(rng, person)]
    for flaw, spoil in ((NO_BIRTH, _without_birth), (TYPO, _mistyped), (SWAPPED, _with_day_and_month_exchanged)):
        records = _spoil(rng, records, flaw, spoil)
    return tuple(records)


def _records_of(rng: np.random.Generator, person: Person) -> list[Record]:
    opened = date(YEAR, 1, 8) + timedelta(days=int(rng.integers(_LAST_OPENING)))
    return [
        _record(rng, person, agency, event)
        for agency in _agencies_of(rng, person)
        for event in _events(rng, person, agency, opened)
    ]


def _agencies_of(rng: np.random.Generator, person: Person) -> list[str]:
    """The lists that the person stands in, at least one; who changed her surname is in those that tell all identifiers."""
    listed = [agency for agency, habit in HABITS.items() if rng.random() < habit.listed.get(person.part, 0.0)]
    if person.other_stem:
        return [POLICE, PROSECUTOR, COURT]
    return listed or [SHELTER if person.minor else POLICE]


def _events(rng: np.random.Generator, person: Person, agency: str, opened: date) -> list[date]:
    habit = HABITS[agency]
    first = opened + timedelta(days=int(rng.integers(habit.delay[0], habit.delay[1] + 1)))
    if person.relation or rng.random() >= habit.again.get(person.part, 0.0):
        return [first]
    return [first, first + timedelta(days=int(rng.integers(habit.pause[0], habit.pause[1] + 1)))]


def _record(rng: np.random.Generator, person: Person, agency: str, event: date) -> Record:
    habit = HABITS[agency]
    precision = str(rng.choice(("day", "year", "age"), p=habit.precisions))
    tells_father, tells_document = rng.random() < habit.patronymic, rng.random() < habit.document
    certain = person.other_stem != ""
    return Record(
        person=person,
        agency=agency,
        role=VICTIM if person.part == VICTIM else OFFENDER,
        stage=habit.stages[person.part],
        event=event,
        surname=_surname(person, agency),
        given_name=person.given_name,
        patronymic=_patronymic(person, agency) if tells_father else "",
        precision="day" if person.relation else precision,
        birth=person.birth,
        document=person.document if certain or (tells_document and (not person.minor or agency == MIGRATION)) else "",
        flaw=MARRIED if certain and agency == POLICE else "",
    )


def _surname(person: Person, agency: str) -> str:
    """Police files of a bride hold her father's surname; the court writes the reformed one."""
    if person.other_stem and agency == POLICE:
        return surname(person.other_stem, person.sex)
    if person.reform and agency == COURT:
        return reformed_surname(person.stem, person.reform)
    return surname(person.stem, person.sex)


def _patronymic(person: Person, agency: str) -> str:
    if person.uzbek:
        return uzbek_patronymic(person.father, person.sex)
    if person.reform and agency == COURT:
        return person.father
    return patronymic(person.father, person.sex)


def _spoil(
    rng: np.random.Generator, records: Sequence[Record], flaw: str, spoil: Callable[[np.random.Generator, Record], Record]
) -> list[Record]:
    """A share of the rows made wrong in one way; never two rows of one person, whatever the way."""
    out = list(records)
    allowed = [place for place, record in enumerate(records) if _may_be_wrong(record, records, flaw)]
    wrong = {record.person.number for record in records if record.flaw}
    wanted = round(_FLAW_SHARES[flaw] * len(records))
    for place in (allowed[index] for index in rng.permutation(len(allowed))):
        person = records[place].person.number
        if wanted and person not in wrong:
            out[place] = replace(spoil(rng, records[place]), flaw=flaw)
            wrong.add(person)
            wanted -= 1
    return out


def _may_be_wrong(record: Record, records: Sequence[Record], flaw: str) -> bool:
    """Whether the row, once wrong, and another row of the person would still say that it is the same one."""
    if record.person.relation or record.precision != "day" or not (record.patronymic or record.document):
        return False
    if flaw == SWAPPED and exchanged(record.birth) is None:
        return False
    if flaw == TYPO and min(len(record.given_name), len(record.person.stem)) < 5:
        return False
    others = [other for other in records if other.person is record.person and other is not record]
    return any(_tell_the_same(record, other) for other in others)


def _tell_the_same(one: Record, other: Record) -> bool:
    """Whether two rows of a person share the birth date, and the patronymic or the document."""
    shared = (one.patronymic and other.patronymic) or (one.document and other.document)
    return other.precision == "day" and bool(shared)


def _without_birth(_rng: np.random.Generator, record: Record) -> Record:
    return replace(record, precision="")


def _with_day_and_month_exchanged(_rng: np.random.Generator, record: Record) -> Record:
    return replace(record, birth=exchanged(record.birth) or record.birth)


def _mistyped(rng: np.random.Generator, record: Record) -> Record:
    if rng.random() < 0.5:
        return replace(record, given_name=_typed_wrong(rng, record.given_name, len(record.given_name) - 1))
    return replace(record, surname=_typed_wrong(rng, record.surname, len(record.person.stem) - 1))


def _typed_wrong(rng: np.random.Generator, name: str, end: int) -> str:
    """Two letters exchanged or one left out, after the first letter and before `end`; where letters are equal, one is left out."""
    at = int(rng.integers(1, end - 1))
    exchange = name[at] != name[at + 1] and rng.random() < 0.5
    return name[:at] + (name[at + 1] + name[at] if exchange else name[at + 1]) + name[at + 2 :]
