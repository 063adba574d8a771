"""Names of places and countries in five languages come to one code each, and nothing else does."""

import pytest

from linkage.agency import countries
from linkage.agency.codes import COUNTRIES
from linkage.agency.countries import country_code
from linkage.agency.places import district_name, region_code


@pytest.mark.parametrize(
    ("code", "spellings"),
    [
        ("TJ-SU", "Согдийская область|вилояти Суғд|Sughd|Суғд|СОГДИЙСКАЯ ОБЛ.|Ленинабадская область|TJ-SU|Sughd region"),
        ("TJ-KT", "Хатлонская область|вилояти Хатлон|Khatlon|Хатлон"),
        ("TJ-DU", "г. Душанбе|ш. Душанбе|шаҳри Душанбе|Dushanbe|город Душанбе|DUSHANBE"),
        ("TJ-RA", "РРП|НТҶ|DRS|Районы республиканского подчинения|Ноҳияҳои тобеи ҷумҳурӣ"),
        ("TJ-GB", "ГБАО|ВМКБ|GBAO|Горно-Бадахшанская автономная область|Вилояти Мухтори Кӯҳистони Бадахшон"),
        ("KG-C", "Чуйская область|Чүй облусу|Chüy"),
    ],
)
def test_a_region_has_many_spellings(code, spellings):
    assert {region_code(text) for text in spellings.split("|")} == {code}


@pytest.mark.parametrize(
    ("name", "spellings"),
    [
        ("Panjakent", "Панҷакент|Пенджикент|PANJAKENT|Пенджикентский район|ш. Панҷакент"),
        ("Bobojon Ghafurov", "Бобоҷон Ғафуров|Б. Гафуров|Бободжон Гафуров|ноҳияи Бобоҷон Ғафуров"),
        ("Hisor", "Ҳисор|Гиссар|г. Гиссар|Hisor"),
        ("Roshtqal'a", "Роштқалъа|Рошткала|ROSHTQAL'A|Roshtqalʼa"),
        ("Bokhtar", "Бохтар|Курган-Тюбе|Қурғонтеппа|Qurghonteppa"),
        ("Mastchoh", "Мастчоҳ|Матча"),
        ("Kuhistoni Mastchoh", "Кӯҳистони Мастчоҳ|Кухистони Мастчох"),
    ],
)
def test_a_district_has_many_spellings_and_names_of_before(name, spellings):
    assert {district_name(text) for text in spellings.split("|")} == {name}


@pytest.mark.parametrize(
    ("code", "spellings"),
    [
        ("TJK", "Таджикистан|Тоҷикистон|Tajikistan|Республика Таджикистан|Ҷумҳурии Тоҷикистон|Tojikiston|гражданин РТ|РТ"),
        ("UZB", "Узбекистан|Ӯзбекистон|Ўзбекистон|Oʻzbekiston|O'zbekiston"),
        ("KGZ", "Кыргызстан|Киргизия|Қирғизистон|Kyrgyz Republic"),
        ("RUS", "Россия|РФ|Русия|Russian Federation"),
        ("CHN", "КНР|Чин|China|Xitoy"),
        ("XXA", "без гражданства|ЛБГ|stateless"),
    ],
)
def test_a_country_has_many_names(code, spellings):
    assert {country_code(text) for text in spellings.split("|")} == {code}


def test_no_other_text_is_a_place():
    for read in (region_code, district_name, country_code):
        assert {read(text) for text in ("", "?", "область", "Карим Рахмонов", "5", "не указано", "г.")} == {None}


def test_every_country_code_is_one():
    assert set(countries._CODES.values()) <= COUNTRIES
