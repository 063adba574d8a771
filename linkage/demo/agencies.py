"""The seven offices' own ways: language, script, columns, dates and words of their lists, and the mapping of each.

A list is written from protocol fields into the office's words; its mapping is the same table read backwards, so that
the two cannot disagree.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from linkage.demo import spelling
from linkage.demo.lists import COURT, HOTLINE, MIGRATION, OMBUDSPERSON, POLICE, PROSECUTOR, SHELTER, Record
from linkage.demo.names_data import DISTRICTS

Words = Mapping[str, tuple[str, ...]]
_TAJIK, _RUSSIAN, _LATIN = 1, 2, 3  # columns of DISTRICTS
_ARTICLES = {"SEX": "130.1", "LAB": "130.1", "BEG": "167", "MAR": "132", "ADO": "167"}
_MINORS_FORMS, _ADULTS_FORMS = ("BEG", "SEX", "ADO"), ("SEX", "LAB", "SEX", "LAB", "MAR")


@dataclass(frozen=True)
class Style:
    """How one office keeps its list.

    Attributes:
        name: agency name of the protocol.
        title: what the office is called.
        file: name of the list's file; its ending tells the form.
        columns: protocol field to the column's header, in the list's order.
        words: coded field to its codes to the list's words; of two words the second is for a woman (role, stage) or for
            a minor (sex).
        spell: from a name in Tajik spelling to the list's.
        language: column of `DISTRICTS` that the list writes.
        dates: date format of the mapping.
        encoding, delimiter: of a CSV file.
        header_row: where the header stands.
        sheet: of a workbook.
        constants: fields that the list does not have because they are the same in every row.
        upper: names in capitals.
    """

    name: str
    title: str
    file: str
    columns: Mapping[str, str]
    words: Mapping[str, Words]
    spell: Callable[[str], str]
    language: int
    dates: str
    encoding: str = "utf-8"
    delimiter: str = ","
    header_row: int = 1
    sheet: str = ""
    constants: Mapping[str, str] = field(default_factory=dict)
    upper: bool = False


def _words(**codes: str) -> Words:
    """Codes to words; `|` stands between the two words of one code, `_` for the hyphen of a code."""
    return {code.replace("_", "-"): tuple(text.split("|")) for code, text in codes.items()}


_RUSSIAN_REGIONS = _words(TJ_DU="г. Душанбе", TJ_GB="ГБАО", TJ_KT="Хатлонская область", TJ_RA="РРП", TJ_SU="Согдийская область")
_TAJIK_REGIONS = _words(TJ_DU="ш. Душанбе", TJ_GB="ВМКБ", TJ_KT="вилояти Хатлон", TJ_RA="НТҶ", TJ_SU="вилояти Суғд")
_LATIN_REGIONS = _words(TJ_DU="Dushanbe", TJ_GB="GBAO", TJ_KT="Khatlon", TJ_RA="DRS", TJ_SU="Sughd")
_RUSSIAN_COUNTRIES = _words(TJK="Таджикистан", UZB="Узбекистан", KGZ="Кыргызстан", AFG="Афганистан")
_TAJIK_COUNTRIES = _words(TJK="Тоҷикистон", UZB="Ӯзбекистон", KGZ="Қирғизистон", AFG="Афғонистон")
_RUSSIAN_FORMS = _words(
    SEX="сексуальная эксплуатация",
    LAB="принудительный труд",
    BEG="попрошайничество",
    MAR="принудительный брак",
    ADO="незаконное усыновление",
)
_TAJIK_FORMS = _words(
    SEX="истисмори шаҳвонӣ", LAB="меҳнати маҷбурӣ", BEG="талбандагӣ", MAR="никоҳи маҷбурӣ", ADO="фарзандхондии ғайриқонунӣ"
)
_LATIN_FORMS = _words(SEX="sexual exploitation", LAB="forced labour", BEG="begging", MAR="forced marriage", ADO="illegal adoption")

STYLES = (
    Style(
        POLICE, "Ministry of Interior", "police.csv",
        {
            "record_id": "№ карточки", "surname": "Фамилия", "given_name": "Имя", "patronymic": "Отчество",
            "birth_date": "Дата рождения", "sex": "Пол", "citizenship": "Гражданство", "region": "Регион",
            "district": "Район", "document_number": "Паспорт", "role": "Категория лица", "stage": "Стадия",
            "event_date": "Дата карточки", "article": "Статья УК", "form_of_exploitation": "Вид эксплуатации",
            "case_number": "№ уголовного дела",
        },
        {
            "sex": _words(F="Ж", M="М"), "role": _words(victim="потерпевший|потерпевшая", offender="подозреваемый|подозреваемая"),
            "stage": _words(DET="выявлен|выявлена", SUS="задержан|задержана"), "citizenship": _RUSSIAN_COUNTRIES,
            "region": _RUSSIAN_REGIONS, "form_of_exploitation": _RUSSIAN_FORMS,
        },
        spelling.russian, _RUSSIAN, "%d.%m.%Y", encoding="cp1251", delimiter=";",
    ),
    Style(
        PROSECUTOR, "General Prosecutor's Office", "prosecutor.xlsx",
        {
            "record_id": "Рег. №", "case_number": "Дело №", "surname": "Фамилия", "given_name": "Имя", "patronymic": "Отчество",
            "birth_date": "Дата рожд.", "sex": "Пол", "citizenship": "Гражд.", "region": "Область",
            "district": "Город/район", "document_number": "Документ", "role": "Процессуальный статус", "stage": "Движение дела",
            "event_date": "Дата решения", "article": "Квалификация", "form_of_exploitation": "Форма эксплуатации",
        },
        {
            "sex": _words(F="жен.", M="муж."), "role": _words(victim="потерпевший|потерпевшая", offender="обвиняемый|обвиняемая"),
            "stage": _words(INV="признан потерпевшим|признана потерпевшей", PRO="привлечен|привлечена"),
            "citizenship": _RUSSIAN_COUNTRIES, "region": _RUSSIAN_REGIONS, "form_of_exploitation": _RUSSIAN_FORMS,
        },
        spelling.russian, _RUSSIAN, "%d.%m.%Y", header_row=3, sheet="Лист1",
    ),
    Style(
        COURT, "Courts", "court.csv",
        {
            "record_id": "Рақами сабт", "case_number": "Рақами парванда", "surname": "Насаб", "given_name": "Ном",
            "patronymic": "Номи падар", "birth_date": "Санаи таваллуд", "sex": "Ҷинс", "citizenship": "Шаҳрвандӣ",
            "region": "Минтақа", "district": "Ноҳия", "document_number": "Шиноснома", "role": "Вазъи мурофиавӣ",
            "stage": "Натиҷа", "event_date": "Санаи ҳукм", "article": "Моддаи КҶ", "form_of_exploitation": "Шакли истисмор",
        },
        {
            "sex": _words(F="зан", M="мард"), "role": _words(victim="ҷабрдида", offender="айбдоршаванда"),
            "stage": _words(HEA="дар суд пурсида шуд", CON="маҳкум шуд"), "citizenship": _TAJIK_COUNTRIES,
            "region": _TAJIK_REGIONS, "form_of_exploitation": _TAJIK_FORMS,
        },
        str, _TAJIK, "%d.%m.%Y",
    ),
    Style(
        MIGRATION, "Migration Service", "migration.csv",
        {
            "record_id": "REC_NO", "surname": "SURNAME", "given_name": "GIVEN_NAMES", "birth_date": "DATE_OF_BIRTH", "sex": "SEX",
            "citizenship": "NATIONALITY", "document_number": "DOC_NO", "event_date": "DATE_OF_RETURN", "region": "REGION",
            "district": "DISTRICT", "form_of_exploitation": "EXPLOITATION",
        },
        {
            "sex": _words(F="F", M="M"), "citizenship": _words(TJK="TJK", UZB="UZB", KGZ="KGZ", AFG="AFG"),
            "region": {code: (texts[0].upper(),) for code, texts in _LATIN_REGIONS.items()},
            "form_of_exploitation": _words(SEX="SEX", LAB="LAB", BEG="BEG", MAR="MAR", ADO="ADO"),
        },
        spelling.latin, _LATIN, "%Y-%m-%d", constants={"role": "victim", "stage": "REP"}, upper=True,
    ),
    Style(
        OMBUDSPERSON, "Ombudsperson", "ombudsperson.csv",
        {
            "record_id": "Рақами муроҷиат", "full_name": "Муроҷиаткунанда", "birth_date": "Сол ё санаи таваллуд", "sex": "Ҷинс",
            "region": "Минтақа", "district": "Ноҳия", "event_date": "Санаи муроҷиат", "form_of_exploitation": "Мавзӯъ",
        },
        {"sex": _words(F="З", M="М"), "region": _TAJIK_REGIONS, "form_of_exploitation": _TAJIK_FORMS},
        str, _TAJIK, "%d.%m.%Y", constants={"role": "victim", "stage": "COM"},
    ),
    Style(
        SHELTER, "NGO shelter", "ngo_shelter.csv",
        {
            "record_id": "Рамзи муроҷиат", "given_name": "Ном", "surname": "Насаб", "patronymic": "Номи падар",
            "birth_date": "Санаи таваллуд", "age": "Синну сол", "sex": "Ҷинс", "citizenship": "Кишвар", "region": "Вилоят",
            "district": "Ноҳия", "event_date": "Санаи қабул", "form_of_exploitation": "Намуди истисмор",
        },
        {
            "sex": _words(F="зан|духтар", M="мард|писар"), "citizenship": _TAJIK_COUNTRIES, "region": _TAJIK_REGIONS,
            "form_of_exploitation": _TAJIK_FORMS,
        },
        str, _TAJIK, "%d.%m.%Y", constants={"role": "victim", "stage": "ASS"},
    ),
    Style(
        HOTLINE, "NGO hotline", "ngo_hotline.csv",
        {
            "record_id": "client_code", "given_name": "first_name", "surname": "last_name", "age": "age",
            "birth_date": "born", "sex": "sex", "citizenship": "nationality", "region": "region",
            "district": "district", "event_date": "call_date", "form_of_exploitation": "type_of_exploitation",
        },
        {
            "sex": _words(F="female", M="male"),
            "citizenship": _words(TJK="Tajikistan", UZB="Uzbekistan", KGZ="Kyrgyzstan", AFG="Afghanistan"),
            "region": _LATIN_REGIONS, "form_of_exploitation": _LATIN_FORMS,
        },
        spelling.latin, _LATIN, "%d.%m.%Y", constants={"role": "victim", "stage": "ASS"},
    ),
)  # fmt: skip


def row(style: Style, record: Record, record_id: str) -> dict[str, str]:
    """The record in the list's words: every column of the list by its protocol field, "" where nothing is told."""
    known = {"record_id": record_id, **_names(style, record), **_birth(style, record), **_circumstances(style, record)}
    return {name: known[name] for name in style.columns}


def _names(style: Style, record: Record) -> dict[str, str]:
    spell = spelling.russian_latin if style.language == _LATIN and record.person.russian_passport else style.spell
    parts = {name: spell(getattr(record, name)) for name in ("surname", "given_name", "patronymic")}
    if style.upper:
        parts = {name: text.upper() for name, text in parts.items()}
    return {**parts, "full_name": " ".join(filter(None, parts.values()))}


def _birth(style: Style, record: Record) -> dict[str, str]:
    told = {"day": record.birth.strftime(style.dates), "year": str(record.birth.year)}
    age = record.event.year - record.birth.year - ((record.event.month, record.event.day) < (record.birth.month, record.birth.day))
    return {"birth_date": told.get(record.precision, ""), "age": str(age) if record.precision == "age" else ""}


def _circumstances(style: Style, record: Record) -> dict[str, str]:
    person = record.person
    form = exploitation(person.case)
    codes = {
        "sex": person.sex,
        "citizenship": person.citizenship,
        "region": person.district[0],
        "role": record.role,
        "stage": record.stage,
        "form_of_exploitation": form,
    }
    return {
        **{name: word(style, name, code, record) for name, code in codes.items()},
        "district": person.district[style.language].upper() if style.upper else person.district[style.language],
        "document_number": record.document,
        "event_date": record.event.strftime(style.dates),
        "article": _ARTICLES[form],
        "case_number": f"{1200 + 7 * person.case:06d}/2018",
    }


def word(style: Style, name: str, code: str, record: Record) -> str:
    """The list's word for a code; "" where the list has no words for the field."""
    words = style.words.get(name, {}).get(code, ("",))
    second = record.person.minor if name == "sex" else record.person.sex == "F" and name in {"role", "stage"}
    return words[-1] if second else words[0]


def exploitation(case: int) -> str:
    """The form of exploitation of a case; the first six cases are those with children in them."""
    return _MINORS_FORMS[case % 3] if case < 6 else _ADULTS_FORMS[case % 5]


def mapping(style: Style) -> str:
    """The mapping file of a list, `headcount-mapping/1`."""
    return "\n".join(_mapping_lines(style)) + "\n"


def _mapping_lines(style: Style) -> Iterator[str]:
    yield f"# How the list of: {style.title} is read."
    yield 'format = "headcount-mapping/1"'
    if style.file.endswith(".csv"):
        yield from _table("file", {"delimiter": style.delimiter, "encoding": style.encoding})
    else:
        yield from (*_table("file", {"sheet": style.sheet}), f"header_row = {style.header_row}")
    yield from _table("columns", style.columns)
    yield from ("", "[dates]", f"formats = [{_text(style.dates)}, {_text('%Y')}]")
    for name, words in style.words.items():
        yield from _table(f"codes.{name}", {text: code for code, texts in words.items() for text in texts})
    yield from _table("codes.district", {place[style.language]: place[_LATIN] for place in DISTRICTS})
    if style.constants:
        yield from _table("constants", style.constants)


def _table(name: str, entries: Mapping[str, str]) -> Iterator[str]:
    yield from ("", f"[{name}]")
    yield from (f"{key if key.isascii() and key.isidentifier() else _text(key)} = {_text(value)}" for key, value in entries.items())


def _text(value: str) -> str:
    """A basic string of TOML, which is written like one of JSON."""
    return json.dumps(value, ensure_ascii=False)


def as_date(style: Style, text: str) -> date | None:
    """The day that a cell of the list tells, or None where it tells less."""
    parts = text.split("." if "." in style.dates else "-")
    if len(parts) != 3:
        return None
    first, second, third = map(int, parts)
    return date(third, second, first) if "." in style.dates else date(first, second, third)
