"""Forms of a name that people exchange although no rule of spelling leads from one to the other.

Nicknames, families of spellings, and affixes that are put on and left off (Бахтиёр, Бахтиёрҷон) have one *base*. Two
names of one base are not equal: they agree at a weaker level, and how much that says is estimated from the data.
The base also forgets what scripts of the region confuse by sound: ф/п, ҳ/г, and an h at either end (Ҳасан, Асан).
A change of these tables is a change of the normaliser's version, because it changes keyed values.
Source: names specification `norm/1`, step 13 and section 9, item 3.
"""

from __future__ import annotations

import re
from functools import lru_cache

from linkage.agency.names.skeleton import key, skeleton

VERSION = "alternates/1"
# The first of a line is the name that the others stand for; where several are meant, the most frequent one.
FAMILIES: tuple[tuple[str, ...], ...] = (
    ("Муҳаммад", "Мухаммед", "Мамад", "Магомед", "Маҳмад", "Магомет", "Мухамад", "Мухаммет", "Мамед"),
    ("Аҳмад", "Ахмед", "Ахмет"),
    ("Иброҳим", "Ибрагим", "Ибраим", "Ибрахим"),
    ("Исмоил", "Исмаил", "Исмагил"),
    ("Юсуф", "Юсуп", "Ёсуф", "Жусуп", "Юсиф"),
    ("Ҳасан", "Асан", "Гасан", "Хасан"),
    ("Ҳусейн", "Ҳусайн", "Үсөн", "Усен", "Гусейн", "Ҳусен"),
    ("Саид", "Сайид", "Сайд", "Сейит", "Сеид"),
    ("Шариф", "Шарип"),
    ("Ёқуб", "Якуб", "Жакып", "Яқуб"),
    ("Айша", "Ойша", "Аиша"),
    ("Фотима", "Фатима", "Батма", "Патима"),
    ("Зуҳро", "Зухра", "Зура"),
    ("Умар", "Омар", "Омор"),
    ("Усмон", "Осмон", "Осман"),
    ("Сулаймон", "Сулейман", "Солеймон"),
    ("Довуд", "Давуд", "Давид", "Дауд"),
    ("Мирзо", "Мирза"),
    ("Абдулло", "Абдуллоҳ", "Абдилла"),
    ("Гулнора", "Гуля"),
    ("Зулфия", "Зуля"),
    ("Дилафрӯз", "Диля"),
    ("Фарида", "Фаря"),
    ("Мадина", "Мадя"),
    ("Нигора", "Ниго"),
    ("Наталья", "Наташа", "Ната"),
    ("Екатерина", "Катя", "Катерина"),
    ("Александр", "Саша", "Шура", "Саня"),
    ("Алексей", "Лёша", "Алёша"),
    ("Анна", "Аня", "Нюра"),
    ("Анастасия", "Настя"),
    ("Дмитрий", "Дима", "Митя"),
    ("Евгений", "Женя"),
    ("Елена", "Лена", "Алёна"),
    ("Иван", "Ваня"),
    ("Ирина", "Ира"),
    ("Людмила", "Люда", "Мила"),
    ("Мария", "Маша", "Маруся"),
    ("Михаил", "Миша"),
    ("Николай", "Коля"),
    ("Ольга", "Оля"),
    ("Павел", "Паша"),
    ("Светлана", "Света"),
    ("Сергей", "Серёжа"),
    ("Татьяна", "Таня"),
    ("Юлия", "Юля"),
    ("Владимир", "Вова", "Володя"),
    ("Виктор", "Витя"),
    ("Галина", "Галя"),
    ("Надежда", "Надя"),
    ("Любовь", "Люба"),
    ("Василий", "Вася"),
    ("Пётр", "Петя"),
    ("Константин", "Костя"),
    ("Оксана", "Ксения", "Ксюша"),
)
# Affixes as they stand in keys (vowel classes), each with the fewest letters that must remain.
_SUFFIXES = (("banu", 3), ("jan", 3), ("han", 4), ("bik", 3), ("wah", 3), ("wa", 4), ("bi", 4), ("ai", 4))
_PREFIX = re.compile("^wah?(?=[a-z]{4})")
_MUHAMMAD = re.compile("^(?:muhamad|muhamid|mahmad|mamad|mamid|magamid|mahamad)(?=[a-z]{2})")
_SOUNDS = str.maketrans("gp", "hf")


def _read_families() -> dict[str, str]:
    table: dict[str, str] = {}
    for first, *others in FAMILIES:
        stands_for = key(skeleton(first.casefold()))
        for name in (first, *others):
            table.setdefault(key(skeleton(name.casefold())), stands_for)
    return table


_FAMILY = _read_families()


@lru_cache(maxsize=1 << 16)
def base(name_key: str) -> str:
    """The class that a key shares with its nicknames, families of spellings and forms with an affix; "" = missing."""
    bare = _FAMILY.get(name_key) or _without_affixes(name_key)
    known = _MUHAMMAD.sub("muhamad", _FAMILY.get(bare, bare))
    sounded = known.translate(_SOUNDS)
    core = sounded.strip("h") if len(sounded) > 3 else sounded
    return core or sounded


def _without_affixes(name_key: str) -> str:
    bare = _PREFIX.sub("", name_key)
    for suffix, least in _SUFFIXES:
        stem = bare.removesuffix(suffix)
        if stem != bare and len(stem) >= least and not (suffix == "ai" and stem.endswith("b")):
            return stem
    return bare
