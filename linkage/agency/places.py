"""Regions and districts as agencies write them, in Tajik, Russian and Latin letters, with names of before.

Facts for drafting a mapping, not rules: a drafted entry is for a person to see. Regions are told by ISO 3166-2, districts
by their English names, since no official code of them is verified.
Source: ISO 3166-2; the units of TAJSTAT's annual population bulletin.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from linkage.agency.names.fold import fold

_REGIONS = """
TJ-DU: Dushanbe, Душанбе
TJ-GB: GBAO, Badakhshon, Badakhshan, Gorno-Badakhshan, Kuhistoni Badakhshon, ВМКБ, VMKB, ГБАО, Бадахшон, Бадахшан
TJ-GB: Кӯҳистони Бадахшон, Вилояти Мухтори Кӯҳистони Бадахшон, Горно-Бадахшанская автономная, Горный Бадахшан
TJ-KT: Khatlon, Хатлон, Хатлонская, Xatlon
TJ-RA: DRS, RRP, NTJ, РРП, НТҶ, НТЖ
TJ-RA: Ноҳияҳои тобеи ҷумҳурӣ, Районы республиканского подчинения
TJ-RA: Districts of republican subordination, Districts under republic administration, Respublikaga boʻysunuvchi tumanlar
TJ-SU: Sughd, Sogd, Sugd, Soghd, Суғд, Согд, Согдийская, Ленинабадская, Leninabad, Sugʻd
KG-B: Batken, Баткен, Баткенская
KG-C: Chüy, Chuy, Chui, Чүй, Чуй, Чуйская
KG-GB: Bishkek, Бишкек
KG-GO: Osh city, город Ош, Ош шаары
KG-J: Jalal-Abad, Жалал-Абад, Джалал-Абад, Джалал-Абадская
KG-N: Naryn, Нарын, Нарынская
KG-O: Osh, Ош, Ошская
KG-T: Talas, Талас, Таласская
KG-Y: Ysyk-Köl, Issyk-Kul, Ысык-Көл, Иссык-Куль, Иссык-Кульская
"""

_DISTRICTS = """
TJ-GB Khorugh: Хоруғ, Хорог
TJ-GB Vanj: Ванҷ, Ванч
TJ-GB Ishkoshim: Ишкошим, Ишкашим
TJ-GB Darvoz: Дарвоз, Дарваз
TJ-GB Murghob: Мурғоб, Мургаб
TJ-GB Roshtqal'a: Роштқалъа, Рошткала
TJ-GB Rushon: Рӯшон, Рушан
TJ-GB Shughnon: Шуғнон, Шугнан
TJ-SU Khujand: Хуҷанд, Худжанд, Leninabad, Ленинабад
TJ-SU Isfara: Исфара
TJ-SU Guliston: Гулистон, Qayroqqum, Кайраккум
TJ-SU Konibodom: Конибодом, Канибадам
TJ-SU Panjakent: Панҷакент, Пенджикент, Пянджикент
TJ-SU Istaravshan: Истаравшан
TJ-SU Istiqlol: Истиқлол, Истиклол, Taboshar, Табошар
TJ-SU Buston: Бӯстон, Бустон, Chkalovsk, Чкаловск
TJ-SU Ayni: Айнӣ, Айни
TJ-SU Asht: Ашт
TJ-SU Devashtich: Деваштич, Ghonchi, Ганчи
TJ-SU Zafarobod: Зафаробод, Зафарабад
TJ-SU Mastchoh: Мастчоҳ, Матча, Мастчох, Матчинский
TJ-SU Spitamen: Спитамен
TJ-SU Jabbor Rasulov: Ҷаббор Расулов, Дж. Расулов, Джаббор Расулов, Джаббар Расулов
TJ-SU Bobojon Ghafurov: Бобоҷон Ғафуров, Б. Гафуров, Бободжон Гафуров, Бободжан Гафуров
TJ-SU Shahriston: Шаҳристон, Шахристан
TJ-SU Kuhistoni Mastchoh: Кӯҳистони Мастчоҳ, Кухистони Мастчох, Горная Матча
TJ-KT Bokhtar: Бохтар, Qurghonteppa, Курган-Тюбе, Қурғонтеппа
TJ-KT Kulob: Кӯлоб, Куляб, Кулоб
TJ-KT Norak: Норак, Нурек
TJ-KT Levakant: Левакант, Sarband, Сарбанд
TJ-KT Baljuvon: Балҷувон, Бальджувон
TJ-KT Kushoniyon: Кӯшониён, Кушониён
TJ-KT Vakhsh: Вахш
TJ-KT Vose: Восеъ, Восе, Восейский
TJ-KT Danghara: Данғара, Дангара
TJ-KT Yovon: Ёвон, Яван, Ёван
TJ-KT Jaloliddini Balkhi: Ҷалолиддини Балхӣ, Дж. Балхи, Rumi, Kolkhozobod, Джалолиддини Балхи, Руми, Колхозабад
TJ-KT Muminobod: Мӯъминобод, Муминабад
TJ-KT Hamadoni: Ҳамадонӣ, Хамадони
TJ-KT Nosiri Khusrav: Носири Хусрав
TJ-KT Panj: Панҷ, Пяндж
TJ-KT Temurmalik: Темурмалик
TJ-KT Khovaling: Ховалинг
TJ-KT Farkhor: Фархор
TJ-KT Khuroson: Хуросон
TJ-KT Dusti: Дӯстӣ, Дусти, Jilikul, Джиликуль
TJ-KT Qubodiyon: Қубодиён, Кубодиён
TJ-KT Abdurahmoni Jomi: Абдураҳмони Ҷомӣ, А. Джами, Абдурахмони Джами, Абдурахман Джами
TJ-KT Jayhun: Ҷайҳун, Джайхун, Qumsangir, Кумсангир
TJ-KT Shahritus: Шаҳритус, Шаартуз, Шахритус
TJ-KT Shamsiddin Shohin: Шамсиддин Шоҳин, Ш. Шохин, Shuroobod, Шуроабад, Шамсиддин Шохин
TJ-DU Dushanbe: Душанбе
TJ-RA Vahdat: Ваҳдат, Вахдат
TJ-RA Tursunzoda: Турсунзода, Турсунзаде
TJ-RA Varzob: Варзоб
TJ-RA Hisor: Ҳисор, Гиссар, Хисор
TJ-RA Lakhsh: Лахш, Jirgatol, Джиргаталь
TJ-RA Nurobod: Нуробод, Нурабад
TJ-RA Rasht: Рашт
TJ-RA Sangvor: Сангвор, Tavildara, Тавильдара
TJ-RA Tojikobod: Тоҷикобод, Таджикабад
TJ-RA Faizobod: Файзобод, Файзабад, Fayzobod
TJ-RA Shahrinav: Шаҳринав, Шахринав
TJ-RA Roghun: Роғун, Рогун
TJ-RA Rudaki: Рӯдакӣ, Рудаки
"""

_DESIGNATIONS = re.compile(
    r"\b(?:область|обл|вилояти|вилоят|вилояти мухтори|район|р-н|рн|ноҳияи|ноҳия|нохия|нохияи|шаҳри|шахри|шаҳр"
    r"|город|гор|г|ш|н|region|province|oblast|district|rayon|raion|city|city of|town of|viloyati|viloyat|nohiyai|nohiya"
    r"|tumani|tuman|shahri|shahr|облусу|облус|району|шаары|шаар)\b\.?"
)
_ADJECTIVE = re.compile(r"(?:инский|ский)$")
_PLAIN = str.maketrans({"ё": "е", "ӣ": "и", "ӯ": "у", "қ": "к", "ғ": "г", "ҳ": "х", "ҷ": "ҷ", "ъ": "", "ь": ""})


def _plain(text: str) -> str:
    """The place's own name: letters alone, without the words for region, city and district."""
    folded = _DESIGNATIONS.sub(" ", fold(text)).translate(_PLAIN).replace("дж", "ҷ")
    return "".join(letter for letter in folded if letter.isalnum())


def _table(text: str) -> Mapping[str, str]:
    entries = [line.partition(":") for line in text.strip().splitlines()]
    pairs = [(spelling, code) for code, _, spellings in entries for spelling in (code, *spellings.split(","))]
    return MappingProxyType({_plain(spelling): code for spelling, code in reversed(pairs)})


_REGION_CODES = _table(_REGIONS)
_DISTRICT_NAMES = _table(re.sub(r"^[A-Z]{2}-[A-Z]{1,2} ", "", _DISTRICTS.strip(), flags=re.MULTILINE))


def region_code(text: str) -> str | None:
    """The ISO 3166-2 code of a region, None where it is not known."""
    return _REGION_CODES.get(_plain(text))


def district_name(text: str) -> str | None:
    """The English name of a district or city, None where it is not known."""
    plain = _plain(text)
    return _DISTRICT_NAMES.get(plain) or _DISTRICT_NAMES.get(_ADJECTIVE.sub("", plain))
