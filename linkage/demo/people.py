"""The invented people of 2018: who they are before any office writes them down.

Drawn seat by seat from a seed: so many women and men convicted, suspects besides, and boys, girls, men and women among
the victims. Some are related or share a name, because that is where counting goes wrong: brothers and sisters, a
brother and sister called like Карим and Карима, husband and wife, namesakes. A person is drawn again until a careful
reader could tell them from everybody drawn before.

What is left out: twins. Two people with the same birth date, surname and father, of whom some lists tell only part,
are beyond a demonstration that must come out even; the benchmarks have them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from linkage.demo.names_data import DISTRICTS, FEMALE_NAMES, MALE_NAMES, NAME_PAIRS, SURNAME_STEMS

YEAR = 2018
VICTIM, CONVICTED, SUSPECT = "victim", "convicted", "suspect"
_PLACEHOLDER_DAYS = frozenset({(1, 1), (6, 15), (6, 30)})
_BIRTHS = {
    "minor": (date(2001, 1, 2), date(2011, 12, 30)),
    VICTIM: (date(1976, 1, 2), date(1999, 12, 30)),
    CONVICTED: (date(1962, 1, 2), date(1996, 12, 30)),
    SUSPECT: (date(1962, 1, 2), date(1996, 12, 30)),
}
_CITIZENSHIPS, _CITIZENSHIP_SHARES = ("TJK", "UZB", "KGZ", "AFG"), (0.93, 0.04, 0.02, 0.01)
_ATTEMPTS = 300
_SIBLING, _NAME_PAIR, _SPOUSE, _NAMESAKE = "sibling", "name pair", "spouse", "namesake"


@dataclass(frozen=True)
class Totals:
    """How many persons there are to find.

    Attributes:
        convicted: by sex, `F` and `M`.
        victims: `boys`, `girls`, `men` and `women`.
        suspects: women and men suspected or prosecuted, and not convicted, by sex.
    """

    convicted: Mapping[str, int]
    victims: Mapping[str, int]
    suspects: Mapping[str, int]


@dataclass(frozen=True)
class Person:
    """One person; names in Tajik spelling, without suffixes of sex.

    Attributes:
        number: counts from 0; names the person in the truth.
        part: `victim`, `convicted` or `suspect`.
        sex: `F` or `M`.
        given_name, stem, father: given name, stem of the surname, father's given name.
        birth: date of birth; minors are under 18 and adults over 18 all through 2018.
        district: row of `names_data.DISTRICTS`.
        citizenship: ISO 3166-1 alpha-3.
        document: passport number; a person shows it to some offices only.
        case: number of the criminal case, of which the person is a part.
        uzbek: the patronymic is written as a word apart, with ўғли or қизи.
        reform: suffix that the court puts in place of -ов: `зода`, `ӣ`, or "" for none.
        other_stem: stem of the surname that one list has from before her marriage; "" for none.
        russian_passport: the Latin spelling follows the Russian one.
        relation: `sibling`, `name pair` (siblings called alike), `spouse` or `namesake` of somebody else, or "".
    """

    number: int
    part: str
    sex: str
    given_name: str
    stem: str
    father: str
    birth: date
    district: tuple[str, str, str, str]
    citizenship: str
    document: str
    case: int
    uzbek: bool
    reform: str
    other_stem: str
    russian_passport: bool
    relation: str

    @property
    def minor(self) -> bool:
        """Whether the person is under 18 all through 2018."""
        return self.birth.year > YEAR - 18


class Seat(NamedTuple):
    """A place among the totals that a person is drawn for.

    Attributes:
        part: `victim`, `convicted` or `suspect`.
        sex: `F` or `M`.
        minor: under 18.
    """

    part: str
    sex: str
    minor: bool


class Relation(NamedTuple):
    """What a person has from somebody drawn before.

    Attributes:
        kind: sibling, name pair, spouse or namesake.
        other: number of the person drawn before; -1 for the first one of a pair and for the unrelated.
        name_pair: row of `names_data.NAME_PAIRS`; -1 where the given name is free.
    """

    kind: str = ""
    other: int = -1
    name_pair: int = -1


_BOY = Seat(VICTIM, "M", minor=True)
_MAN, _WOMAN = Seat(VICTIM, "M", minor=False), Seat(VICTIM, "F", minor=False)
_CONVICT_WOMAN = Seat(CONVICTED, "F", minor=False)
_SUSPECT_MAN, _SUSPECT_WOMAN = Seat(SUSPECT, "M", minor=False), Seat(SUSPECT, "F", minor=False)
_PAIRS = (
    (_NAME_PAIR, _MAN, _WOMAN),
    (_NAMESAKE, _MAN, _MAN),
    (_SIBLING, _WOMAN, _WOMAN),
    (_SIBLING, _BOY, _BOY),
    (_SIBLING, _SUSPECT_WOMAN, _SUSPECT_WOMAN),
    (_SPOUSE, _SUSPECT_MAN, _CONVICT_WOMAN),
)


def draw_totals(rng: np.random.Generator, seed: int) -> Totals:
    """The totals of a seed; those of seed 1 are fixed, so that they can be told beforehand."""
    if seed == 1:
        return Totals({"F": 27, "M": 4}, {"boys": 6, "girls": 5, "men": 15, "women": 14}, {"F": 9, "M": 6})
    women, men = int(rng.integers(19, 34)), int(rng.integers(3, 7))
    sizes = {"boys": (3, 8), "girls": (3, 8), "men": (12, 18), "women": (12, 18)}
    victims = {group: int(rng.integers(low, high + 1)) for group, (low, high) in sizes.items()}
    return Totals({"F": women, "M": men}, victims, {"F": int(rng.integers(7, 10)), "M": int(rng.integers(5, 8))})


def draw_people(rng: np.random.Generator, totals: Totals) -> tuple[Person, ...]:
    """Everybody, numbered in a random order that says nothing of their part."""
    seats = _seats(totals)
    seats = [seats[place] for place in rng.permutation(len(seats))]
    while True:
        people = _try_to_draw(rng, seats)
        if len(people) == len(seats):
            return tuple(people)


def _try_to_draw(rng: np.random.Generator, seats: Sequence[Seat]) -> list[Person]:
    """Everybody, or those until one whom the people before left no room for: a sister's name is given by her brother's."""
    relations = _relations(seats)
    brides = _brides(seats, relations)
    people: list[Person] = []
    for number, seat in enumerate(seats):
        person = _draw_person(rng, number, seat, relations.get(number, Relation()), people, bride=number in brides)
        if person is None:
            break
        people.append(person)
    return people


def _seats(totals: Totals) -> list[Seat]:
    groups = {"boys": ("M", True), "girls": ("F", True), "men": ("M", False), "women": ("F", False)}
    seats = [Seat(VICTIM, *groups[group]) for group, count in totals.victims.items() for _ in range(count)]
    for part, by_sex in ((CONVICTED, totals.convicted), (SUSPECT, totals.suspects)):
        seats += [Seat(part, sex, minor=False) for sex, count in by_sex.items() for _ in range(count)]
    return seats


def _relations(seats: Sequence[Seat]) -> dict[int, Relation]:
    """Who is related to whom, by place; nobody is in two relations."""
    free = list(range(len(seats)))
    relations: dict[int, Relation] = {}
    for kind, one, other in _PAIRS:
        first, second = sorted((_take(free, seats, one), _take(free, seats, other)))
        name_pair = (first + second) % len(NAME_PAIRS) if kind == _NAME_PAIR else -1
        relations |= {first: Relation(kind, -1, name_pair), second: Relation(kind, first, name_pair)}
    return relations


def _take(free: list[int], seats: Sequence[Seat], wanted: Seat) -> int:
    place = next(place for place in free if seats[place] == wanted)
    free.remove(place)
    return place


def _brides(seats: Sequence[Seat], relations: Mapping[int, Relation]) -> set[int]:
    """Two convicted women whom one list has under the surname of before their marriage."""
    women = [place for place, seat in enumerate(seats) if seat == _CONVICT_WOMAN and place not in relations]
    return set(women[:2])


def _draw_person(
    rng: np.random.Generator, number: int, seat: Seat, relation: Relation, earlier: Sequence[Person], *, bride: bool
) -> Person | None:
    relative = earlier[relation.other] if relation.other >= 0 else None
    for _ in range(_ATTEMPTS):
        person = _candidate(rng, number, seat, relation, relative, bride=bride)
        kinds = [(other, relation.kind if other is relative else "") for other in earlier]
        if person.given_name != person.father and not any(confusable(person, other, kind) for other, kind in kinds):
            return person
    return None


def _candidate(
    rng: np.random.Generator, number: int, seat: Seat, relation: Relation, relative: Person | None, *, bride: bool
) -> Person:
    stem = relative.stem if relative else _one_of(rng, SURNAME_STEMS)
    family = relative if relation.kind in (_SIBLING, _NAME_PAIR) else None
    household = relative if _one_home(relation.kind, seat.minor) else None
    return Person(
        number=number,
        part=seat.part,
        sex=seat.sex,
        given_name=_given_name(rng, seat.sex, relation, relative),
        stem=stem,
        father=family.father if family else _one_of(rng, MALE_NAMES),
        birth=_birth(rng, seat),
        district=household.district if household else DISTRICTS[int(rng.integers(len(DISTRICTS)))],
        citizenship=family.citizenship if family else str(rng.choice(_CITIZENSHIPS, p=_CITIZENSHIP_SHARES)),
        document=f"4{int(rng.integers(10**7, 10**8)):08d}",
        case=relative.case if relative and relation.kind != _NAMESAKE else _case(rng, seat),
        uzbek=family.uzbek if family else bool(rng.random() < 0.06),
        reform=_reform(rng, stem) if not bride else "",
        other_stem=_one_of(rng, [other for other in SURNAME_STEMS if edits(other, stem) > 3]) if bride else "",
        russian_passport=bool(rng.random() < 0.2),
        relation=relation.kind,
    )


def _given_name(rng: np.random.Generator, sex: str, relation: Relation, relative: Person | None) -> str:
    if relation.kind == _NAMESAKE and relative:
        return relative.given_name
    if relation.name_pair >= 0:
        return NAME_PAIRS[relation.name_pair][sex == "F"]
    return _one_of(rng, FEMALE_NAMES if sex == "F" else MALE_NAMES)


def _birth(rng: np.random.Generator, seat: Seat) -> date:
    """A day on which nobody is born for want of a better date: lists use 1 January, 15 and 30 June for "some day"."""
    first, last = _BIRTHS["minor" if seat.minor else seat.part]
    while True:
        day = first + timedelta(days=int(rng.integers((last - first).days + 1)))
        if (day.month, day.day) not in _PLACEHOLDER_DAYS:
            return day


def _case(rng: np.random.Generator, seat: Seat) -> int:
    """Cases 0 to 5 have children as their victims, 6 to 19 adults; offenders are in any."""
    first, last = (0, 5) if seat.minor else (6, 19) if seat.part == VICTIM else (0, 19)
    return int(rng.integers(first, last + 1))


def _reform(rng: np.random.Generator, stem: str) -> str:
    """The new suffix, where the stem shows under it unchanged."""
    if stem[-1] in "аоуӣйё" or len(stem) < 4 or rng.random() >= 0.14:
        return ""
    return _one_of(rng, ("зода", "ӣ"))


def _one_of(rng: np.random.Generator, values: Sequence[str]) -> str:
    return values[int(rng.integers(len(values)))]


def confusable(person: Person, other: Person, kind: str = "") -> bool:
    """Whether what lists tell of the two could be taken for one person.

    Args:
        person: somebody new.
        other: somebody drawn before.
        kind: the relation in which they stand, which allows what it is made of.
    """
    if person.document == other.document or person.birth in (other.birth, exchanged(other.birth)):
        return True
    if _stems(person) & _stems(other):
        return _confusable_in_spite_of(kind, person, other)
    close = any(edits(one, two) <= 2 for one in _stems(person) for two in _stems(other))
    return close and edits(person.given_name, other.given_name) <= 2


def _confusable_in_spite_of(kind: str, person: Person, other: Person) -> bool:
    """The same of two with one surname, of whom the relation says what else they share."""
    years = 6 if kind == _NAMESAKE else 2
    births = digits_apart(person.birth, other.birth) < 4 or abs(person.birth.year - other.birth.year) < years
    names = kind not in (_NAME_PAIR, _NAMESAKE) and edits(person.given_name, other.given_name) <= 3
    fathers = kind not in (_SIBLING, _NAME_PAIR) and edits(person.father, other.father) <= 3
    homes = not _one_home(kind, person.minor) and person.district == other.district
    regions = kind == _NAMESAKE and person.district[0] == other.district[0]
    return births or names or fathers or homes or regions


def _one_home(kind: str, minor: bool) -> bool:
    """Husband and wife live together, and so do siblings who are children."""
    return kind == _SPOUSE or (kind == _SIBLING and minor)


def _stems(person: Person) -> set[str]:
    return {person.stem, person.other_stem} - {""}


def exchanged(day: date) -> date | None:
    """The date with day and month exchanged, where that is another date."""
    return date(day.year, day.day, day.month) if day.day <= 12 and day.day != day.month else None


def digits_apart(one: date, other: date) -> int:
    """Number of the eight digits of yyyymmdd in which two dates differ."""
    return sum(left != right for left, right in zip(f"{one:%Y%m%d}", f"{other:%Y%m%d}", strict=True))


def edits(one: str, other: str) -> int:
    """Levenshtein distance, capitals and small letters alike."""
    row = list(range(len(other) + 1))
    for left in one.lower():
        row = list(_next_row(row, left, other.lower()))
    return row[-1]


def _next_row(row: Sequence[int], letter: str, other: str) -> Iterator[int]:
    last = row[0] + 1
    yield last
    for (diagonal, above), right in zip(pairwise(row), other, strict=True):
        last = min(above + 1, last + 1, diagonal + (letter != right))
        yield last
