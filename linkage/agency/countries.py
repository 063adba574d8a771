"""Names of countries in Russian, Tajik, Uzbek, Kyrgyz and English, as lists of the region write citizenship.

Facts for drafting a mapping; codes are ISO 3166-1 alpha-3, and XXA means stateless (ICAO Doc 9303-3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from linkage.agency.names.fold import fold

_COUNTRIES = """
TJK: Tajikistan, Таджикистан, Тоҷикистон, Тожикистон, Tojikiston, РТ, ҶТ, TJ, таджик, гражданин РТ, Tajik, Tajikistani
UZB: Uzbekistan, Узбекистан, Ӯзбекистон, Ўзбекистон, Oʻzbekiston, Өзбекстан, РУз, UZ, Uzbek, Uzbekistani
KGZ: Kyrgyzstan, Кыргызстан, Киргизия, Кыргызия, Киргизстан
KGZ: Қирғизистон, Қирғизистан, Qirgʻiziston, KG, КР, Kyrgyz, Kirghizia, Kyrgyz Republic
KAZ: Kazakhstan, Казахстан, Қазоқистон, Козогистон, Қозоғистон, Qozogʻiston, Казакстан, РК, KZ, Kazakh
TKM: Turkmenistan, Туркменистан, Туркмения, Туркманистон, Turkmaniston, TM, Turkmen
AFG: Afghanistan, Афганистан, Афғонистон, Ауғанстан, Ооганстан, Afgʻoniston, ИРА, AF, Afghan
RUS: Russia, Russian Federation, Россия, РФ, Российская Федерация
RUS: Русия, Россия Федерацияси, Федератсияи Россия, Rossiya, Орусия, RU, Russian
CHN: China, КНР, Китай, Чин, Хитой, Xitoy, Кытай, PRC, Peoples Republic of China, CN, Chinese
IRN: Iran, Иран, Эрон, Eron, ИРИ, IR, Iranian
PAK: Pakistan, Пакистан, Покистон, Pokiston, PK
IND: India, Индия, Ҳиндустон, Ҳиндистон, Hindiston, IN
TUR: Turkey, Türkiye, Турция, Туркия, Turkiya, Түркия, TR
ARE: United Arab Emirates, UAE, ОАЭ, Объединенные Арабские Эмираты, Аморати Муттаҳидаи Араб, АМА, БАА, AE
SAU: Saudi Arabia, Саудовская Аравия, Арабистони Саудӣ, Саудия Арабистони, KSA
QAT: Qatar, Катар, Қатар
KWT: Kuwait, Кувейт, Кувайт, Қувайт
BHR: Bahrain, Бахрейн, Баҳрайн
OMN: Oman, Оман, Уммон
ISR: Israel, Израиль, Исроил
SYR: Syria, Сирия, Сурия
IRQ: Iraq, Ирак, Ироқ
EGY: Egypt, Египет, Миср
YEM: Yemen, Йемен, Яман
LBN: Lebanon, Ливан, Лубнон
JOR: Jordan, Иордания, Урдун
LBY: Libya, Ливия, Либия
GEO: Georgia, Грузия, Гурҷистон
ARM: Armenia, Армения, Арманистон
AZE: Azerbaijan, Азербайджан, Озарбойҷон, Ozarbayjon, Азербайжан
UKR: Ukraine, Украина
BLR: Belarus, Беларусь, Белоруссия, Беларус
MDA: Moldova, Молдова, Молдавия
EST: Estonia, Эстония
LVA: Latvia, Латвия
LTU: Lithuania, Литва
POL: Poland, Польша, Полша, Лаҳистон
DEU: Germany, Германия, Олмон, ФРГ
FRA: France, Франция, Фаронса
ITA: Italy, Италия, Итолиё
ESP: Spain, Испания
CZE: Czechia, Czech Republic, Чехия
GBR: United Kingdom, UK, Great Britain, Великобритания, Британияи Кабир
USA: United States, United States of America, US, США, ИМА, АҚШ
CAN: Canada, Канада
KOR: South Korea, Republic of Korea, Южная Корея, Республика Корея, Кореяи Ҷанубӣ
PRK: North Korea, КНДР, Северная Корея
JPN: Japan, Япония, Ҷопон
MNG: Mongolia, Монголия, Муғулистон
VNM: Vietnam, Viet Nam, Вьетнам, Ветнам
THA: Thailand, Таиланд, Тайланд
PHL: Philippines, Филиппины, Филиппин
IDN: Indonesia, Индонезия
MYS: Malaysia, Малайзия
BGD: Bangladesh, Бангладеш
NPL: Nepal, Непал
LKA: Sri Lanka, Шри-Ланка
NGA: Nigeria, Нигерия
XXA: stateless, без гражданства, ЛБГ, апатрид, лицо без гражданства, бешаҳрванд, бешаҳрвандӣ, фуқаролиги йўқ, fuqaroligi yoʻq
"""
_DESIGNATIONS = re.compile(
    r"\b(?:республика|республики|ҷумҳурии|чумхурии|исломии|исламская|республикаси|республикасы|republic of|islamic|гражданин"
    r"|гражданка|гр|шаҳрванди|гражданство|citizen of)\b\.?"
)
_PLAIN = str.maketrans({"ё": "е", "ӣ": "и", "ӯ": "у", "қ": "к", "ғ": "г", "ҳ": "х", "ъ": "", "ь": ""})


def _plain(text: str) -> str:
    folded = fold(text).translate(_PLAIN)
    return "".join(letter for letter in folded if letter.isalnum())


def _table() -> Mapping[str, str]:
    entries = [line.partition(":") for line in _COUNTRIES.strip().splitlines()]
    return MappingProxyType({_plain(name): code for code, _, names in entries for name in (code, *names.split(","))})


_CODES = _table()


def country_code(text: str) -> str | None:
    """The ISO 3166-1 alpha-3 code of a country's name, None where it is not known."""
    return _CODES.get(_plain(text)) or _CODES.get(_plain(_DESIGNATIONS.sub(" ", fold(text))))
