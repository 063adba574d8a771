"""What the unit makes of names without seeing any: small invented lists through `linkage.link`."""

import numpy as np
import pandas as pd
import pytest

from linkage import link
from linkage.demo.names_data import FEMALE_NAMES, MALE_NAMES, SURNAME_STEMS

COLUMNS = ("record_id", "surname", "given_name", "patronymic", "birth_date", "sex", "district", "role", "stage")
# Person, list, surname, given name, patronymic, birth date, sex, district. One person in both lists, or two who are close.
CASES = [
    ("reform", "police", "Саидов", "Далер", "Каримович", "1984-03-17", "M", "Рашт"),
    ("reform", "court", "Саидзода", "Далер", "Карим", "1984-03-17", "M", "Рашт"),
    ("reform in i", "police", "Шарифова", "Лола", "Собировна", "1991-11-05", "F", "Ашт"),
    ("reform in i", "court", "Шарифӣ", "Лола", "Собирзода", "1991-11-05", "F", "Ашт"),
    ("marriage", "police", "Ҳакимова", "Нигора", "Рустамовна", "1988-07-23", "F", "Айнӣ"),
    ("marriage", "court", "Юсупова", "Нигора", "Рустамовна", "1988-07-23", "F", "Айнӣ"),
    ("passport", "police", "Тӯраев", "Шерзод", "Анварович", "1979-09-12", "M", "Варзоб"),
    ("passport", "court", "Touraev", "Cherzod", "", "1979-09-12", "M", "Варзоб"),
    ("ISO", "police", "Ҷумаев", "Сергей", "Юрьевич", "1975-02-28", "M", "Фархор"),
    ("ISO", "court", "Çumaev", "Sergej", "", "1975-02-28", "M", "Фархор"),
    ("affix", "police", "Назаров", "Бахтиёр", "Умедович", "1993-05-19", "M", "Исфара"),
    ("affix", "court", "Назаров", "Бахтиёрҷон", "Умедович", "1993-05-19", "M", "Исфара"),
    ("damaged", "police", "Қосимов", "Зафар", "Азизович", "1986-10-08", "M", "Восеъ"),
    ("damaged", "court", "?осимов", "Зафар", "Азизович", "1986-10-08", "M", "Восеъ"),
    ("Hasan", "police", "Каримов", "Ҳасан", "Одилович", "1990-04-14", "M", "Ёвон"),
    ("Hasan", "court", "Karimov", "Hasan", "Odilovich", "1990-04-14", "M", "Ёвон"),
    ("Husein", "police", "Каримов", "Ҳусейн", "Одилович", "1990-04-14", "M", "Ёвон"),
    ("Husein", "court", "Каримов", "Ҳусейн", "Одилович", "1990-04-14", "M", "Ёвон"),
    ("Fotima", "police", "Азимова", "Фотима", "Баҳромовна", "1995-12-21", "F", "Панҷ"),
    ("Fotima", "court", "Азимова", "Фотима", "Баҳромовна", "1995-12-21", "F", "Панҷ"),
    ("Zuhro", "police", "Азимова", "Зуҳро", "Баҳромовна", "1995-12-21", "F", "Панҷ"),
    ("Zuhro", "court", "Азимова", "Зуҳро", "Баҳромовна", "1995-12-21", "F", "Панҷ"),
    ("son", "police", "Раҳмонов", "Рустам", "Сафарович", "1999-06-02", "M", "Ҳисор"),
    ("father", "court", "Раҳмонов", "Сафар", "Рустамович", "1969-06-02", "M", "Ҳисор"),
    ("brother", "police", "Одинаев", "Нодир", "Файзович", "2001-01-30", "M", "Кӯлоб"),
    ("sister", "court", "Одинаева", "Нодира", "Файзовна", "2003-08-11", "F", "Кӯлоб"),
]


def strangers(count=120):
    """People who stand once or twice, so that the model has something to learn from; every third name is Latin or worn."""
    rng = np.random.Generator(np.random.PCG64(7))
    for number in range(count):
        female = number % 2
        stem, father = rng.choice(SURNAME_STEMS), rng.choice(MALE_NAMES)
        surname, given = stem + ("ова" if female else "ов"), rng.choice(FEMALE_NAMES if female else MALE_NAMES)
        born = f"{rng.integers(1960, 2006)}-{rng.integers(1, 13):02}-{rng.integers(2, 29):02}"
        rest = ("F" if female else "M", rng.choice(["Рашт", "Ашт", "Айнӣ", "Варзоб", "Фархор", "Исфара", "Панҷ"]))
        yield f"stranger {number}", "police", surname, given, father + ("овна" if female else "ович"), born, *rest
        if number % 3:
            written = given.replace("ӯ", "у").replace("ҳ", "х").replace("қ", "к")
            yield f"stranger {number}", "court", stem + "зода", written, father if number % 4 else "", born, *rest


@pytest.fixture(scope="module")
def persons():
    """Case to the set of estimated persons of its records, and estimated person to the cases in it."""
    rows = [*CASES, *strangers()]
    frame = pd.DataFrame(
        [(str(number), *row[2:], "victim", "identified") for number, row in enumerate(rows)], columns=list(COLUMNS)
    ).assign(agency=[row[1] for row in rows], case=[row[0] for row in rows])
    lists = {agency: part[list(COLUMNS)] for agency, part in frame.groupby("agency")}
    return link(lists, "tip").persons.merge(frame[["agency", "record_id", "case"]], on=["agency", "record_id"])


@pytest.mark.parametrize(
    "case", ["reform", "reform in i", "marriage", "passport", "ISO", "affix", "damaged", "Hasan", "Husein", "Fotima", "Zuhro"]
)
def test_no_spelling_splits_a_person_when_the_rest_agrees(persons, case):
    assert persons[persons["case"] == case]["person"].nunique() == 1


@pytest.mark.parametrize("pair", [("Hasan", "Husein"), ("Fotima", "Zuhro"), ("son", "father"), ("brother", "sister")])
def test_close_relatives_stay_apart(persons, pair):
    one, other = (set(persons[persons["case"] == case]["person"]) for case in pair)
    assert one.isdisjoint(other)


def test_strangers_are_neither_merged_nor_lost(persons):
    some = persons[persons["case"].str.startswith("stranger")]
    assert (some.groupby("person")["case"].nunique() == 1).all()
    assert (some.groupby("case")["person"].nunique() == 1).mean() >= 0.98
