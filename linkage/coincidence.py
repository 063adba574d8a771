"""How often strangers agree: what everybody may know about each feature before a single record is seen.

Two records of different persons agree on a feature by coincidence: of n others, n · 2^−bits do. The bits of several
features add up, as long as nothing is counted twice: a full birth date already tells its year, a given name nearly always
tells the sex. So a feature's bits stand by the *parts* that it tells, and of every part the features of a token have
the best teller's bits. What remains left out (names go with each other and with regions) is worth half a bit; relatives
are no strangers, and not meant.

Central Asian lists are meant; where surnames are more varied, strangers agree more rarely and these figures err on the
safe side. Source: share of the pairs of records of different persons, both with a value, that agree, in the shared practice
list of 42,953 records of 17,710 invented persons; rounded down. No strangers share a document or tax number there: their
bits are assumed, as are those of addresses, e-mail addresses and telephones, which it lacks. A case has six people, however
long the list.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from linkage.encoding import FilterPart

_NAMES = ("surname", "given_name", "patronymic", "full_name")
_YEARS = ("birth_date", "birth_year", "age")
_GRAMS_OF_A_YEAR = 3.0
SHARED_BY_RELATIVES = frozenset({"patronymic", "street", "phone", "email", "case", "document", "tax"})
_GROUPS: Mapping[str, float] = MappingProxyType({"case": 6.0})
RECORDS = 10_000


@dataclass(frozen=True)
class Facts:
    """What is known of a feature.

    Attributes:
        tells: bits of coincidence by the part of a person's description that they belong to; 0 for what a group of known
            size shares however long the list is, so that bits grow with it.
        bigrams: distinct bigrams of a typical value, blanks at either end included.
        made_of: standard identifiers any of which may give it.
        digits: digits of a typical value.
        is_year: whether its values are years.
    """

    tells: Mapping[str, float]
    bigrams: float
    made_of: tuple[str, ...]
    digits: float = 0.0
    is_year: bool = False


def _name(bigrams: float, **tells: float) -> Facts:
    return Facts(tells, bigrams, _NAMES)


def _date(bigrams: float, digits: float, **tells: float) -> Facts:
    return Facts(tells, bigrams, ("birth_date",), digits)


def _year() -> Facts:
    return Facts({"year": 5.5}, 5.0, _YEARS, 4.0, is_year=True)


def _other(made_of: str, bigrams: float, digits: float = 0.0, **tells: float) -> Facts:
    return Facts(tells, bigrams, (made_of,), digits)


FACTS: Mapping[str, Facts] = MappingProxyType(
    {
        "surname": _name(6.3, surname=5.4),
        "surname.skeleton": _name(8.8, surname=6.5, sex=0.8),
        "surname.reading1": _name(6.7, surname=5.7),
        "surname.reading2": _name(7.0, surname=2.5),
        "surname.reading3": _name(7.0, surname=2.0),
        "surname.base": _name(6.1, surname=5.3),
        "surname.sound": _name(5.0, surname=5.2),
        "surname.initial": _name(2.0, surname=3.5),
        "given_name": _name(8.0, given_name=6.8, sex=0.8),
        "given_name.skeleton": _name(8.1, given_name=6.9, sex=0.8),
        "given_name.reading1": _name(7.2, given_name=4.8, sex=0.8),
        "given_name.reading2": _name(7.6, given_name=3.2, sex=0.8),
        "given_name.reading3": _name(8.0, given_name=2.0),
        "given_name.base": _name(7.3, given_name=6.3, sex=0.8),
        "given_name.sound": _name(5.0, given_name=5.9, sex=0.8),
        "given_name.initial": _name(2.0, given_name=3.6),
        "given_name.joined": _name(13.9, given_name=6.3, sex=0.8),
        "given_name.unsexed": _name(7.7, given_name=6.8, sex=0.8),
        "patronymic": _name(6.9, patronymic=5.7),
        "patronymic.skeleton": _name(9.7, patronymic=6.6, sex=0.8),
        "patronymic.reading1": _name(9.2, patronymic=6.1),
        "patronymic.reading2": _name(7.0, patronymic=4.4),
        "patronymic.reading3": _name(8.8, patronymic=2.5),
        "patronymic.base": _name(6.7, patronymic=5.6),
        "patronymic.sound": _name(5.0, patronymic=5.6),
        "patronymic.initial": _name(2.0, patronymic=4.0),
        "names.bag": _name(13.8, surname=5.3, given_name=6.6, sex=0.8),
        "names.sounds": _name(9.0, surname=4.2, given_name=4.2, sex=0.5),
        "names.damaged": _name(13.8, damage=2.0),
        "birth_date": _date(10.5, 8.0, year=5.5, month=3.6, day=4.9),
        "birth_date.digits": _date(10.5, 8.0, year=5.5, month=3.6, day=4.9),
        "birth_date.swapped": _date(10.3, 8.0, year=5.5, month=3.5, day=3.5),
        "birth_date.month_day": _date(6.0, 4.0, month=3.6, day=4.9),
        "birth_date.year_month": _date(8.0, 6.0, year=5.5, month=3.6),
        "birth_year": _year(),
        "birth_year.next": _year(),
        "sex": _other("sex", 2.0, sex=0.8),
        "citizenship": _other("citizenship", 4.0, citizenship=0.2),
        "region": _other("region", 6.0, region=1.9),
        "district": _other("district", 9.2, region=1.9, district=2.9),
        "place": Facts({"region": 1.9}, 8.0, ("district", "region")),
        "postcode": _other("postcode", 6.0, 4.0, region=1.9, district=4.0),
        "address": _other("address", 18.0, region=1.9, district=4.0, street=9.0),
        "email": _other("email", 20.0, email=20.0),
        "phone": _other("phone", 10.0, 9.0, phone=20.0),
        "document_number": _other("document_number", 9.8, 7.0, document=25.0),
        "tax_number": _other("tax_number", 10.0, 9.0, tax=25.0),
        "case_number": _other("case_number", 10.6, 9.0, case=0.0),
    }
)


def coincidence(features: Iterable[str], records: int = RECORDS) -> float:
    """Bits of coincidence of several features together, in a list of so many records.

    They are minus the binary logarithm of the chance that two strangers agree on all of them.
    Source: Rényi's entropy of order 2 (collision entropy), added over parts as if these were independent.
    """
    best: dict[str, float] = {}
    for feature in features:
        for part, bits in FACTS[feature].tells.items():
            grown = math.log2(max(records / _GROUPS[part], 1.0)) if part in _GROUPS else bits
            best[part] = max(grown, best.get(part, 0.0))
    return sum(best.values())


def told_by(features: Iterable[str]) -> frozenset[str]:
    """The parts of a person's description that some features tell."""
    return frozenset(part for feature in features for part in FACTS[feature].tells)


def strangers(features: Iterable[str], records: int) -> float:
    """With how many others, in a list of so many persons, a person agrees on all these features by coincidence, on average."""
    return (records - 1) * math.exp2(-coincidence(features, records))


def sendable(identifiers: Iterable[str]) -> frozenset[str]:
    """The features that some of these identifiers may give."""
    sent = frozenset(identifiers)
    return frozenset(name for name, facts in FACTS.items() if not sent.isdisjoint(facts.made_of))


def grams(part: FilterPart) -> float:
    """Grams of a typical value; 0 where the feature has none of that kind."""
    facts = FACTS[part.of]
    years = _GRAMS_OF_A_YEAR if facts.is_year else 0.0
    return {"bigrams": facts.bigrams, "digits": facts.digits, "years": years, "value": 1.0}[part.grams]


def fill(parts: Iterable[FilterPart], bits: int) -> float:
    """Expected share of ones in a filter of so many bits that holds a typical value of each part.

    Source: Bloom 1970; Broder & Mitzenmacher 2004: 1 − (1 − 1/L)^k for k independent positions.
    """
    positions = sum(_positions(part) for part in parts)
    return 1.0 - (1.0 - 1.0 / bits) ** positions


def _positions(part: FilterPart) -> float:
    """Positions that a typical value is given."""
    if part.shared:
        return float(part.positions) if grams(part) else 0.0
    return part.positions * grams(part)
