"""Features: each on examples; what is missing or cannot be known is "", and never made up."""

import numpy as np
import pytest

from linkage.agency.cells import Columns
from linkage.agency.dates import Dates
from linkage.agency.extract import Extract
from linkage.agency.heaping import heaps, without_heaps
from linkage.agency.mapping import DateForm, Mapping
from linkage.agency.names.features import NAME_FEATURES
from linkage.agency.normalise import features
from linkage.protocol import ready_protocol
from linkage.schema import FEATURES

TIP, PERSONS = ready_protocol("tip"), ready_protocol("persons")
STANDARD = Mapping()
DOTTED = Mapping(dates=DateForm(("%d.%m.%Y", "%Y")))


def extract(*rows):
    columns = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        columns[name] = np.empty(len(rows), dtype=object)
        columns[name][:] = [row.get(name, "") for row in rows]
    return Extract("list.csv", np.arange(2, len(rows) + 2), Columns(columns))


def of(row, mapping=STANDARD, protocol=TIP):
    """The features of one row that are not missing."""
    found = features(extract({"record_id": "1", **row}), protocol, mapping)
    assert set(found) == set(FEATURES)
    return {name: column[0] for name, column in found.items() if column[0]}


def test_a_full_name_gives_every_name_feature():
    found = of({"surname": "Раҳмонов", "given_name": "Ҷамшед", "patronymic": "Каримович"})
    assert set(found) <= set(NAME_FEATURES)
    expected = {
        "surname": "rahman",
        "given_name": "jamwid",
        "patronymic": "karim",
        "surname.skeleton": "rahmonov",
        "given_name.skeleton": "jamwed",
        "patronymic.skeleton": "karimovic",
        "surname.sound": "R550",
        "given_name.sound": "J530",
        "given_name.initial": "j",
        "names.bag": "jamwid rahman",
        "names.sounds": "J53 R55",
        "given_name.base": "jamwid",
        "patronymic.initial": "k",
    }
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("Раҳмонов", "Ҷамшед"), ("RAKHMONOV", "Dzhamshed"), {"surname", "given_name", "names.bag"}),
        (("Раҳмонов", "Ҷамшед"), ("Раҳмонзода", "Ҷамшед"), {"surname", "given_name", "surname.sound", "names.bag"}),
        (("Саидова", "Гулнора"), ("Cаидовa", "Гулнора"), {"surname", "surname.skeleton"}),
        (("Назар", "Фирӯз"), ("Фирӯз", "Назар"), {"names.bag"}),
    ],
    ids=["another script", "the reform", "letters of the other script", "exchanged"],
)
def test_one_person_written_in_two_ways_shares_features(one, other, same):
    first, second = (of({"surname": surname, "given_name": given}) for surname, given in (one, other))
    assert same <= {name for name in first if first[name] == second.get(name)}


@pytest.mark.parametrize("row", [{"surname": "Раҳмонов"}, {"given_name": "Ҷамшед"}])
def test_half_a_name_is_no_bag_of_names_or_of_sounds(row):
    found = of(row)
    assert found
    assert not {"names.bag", "names.sounds"} & set(found)


@pytest.mark.parametrize(
    ("surname", "given_name"),
    [
        ("Раҳмонов", "Ҷамшед"),
        ("Ҷамшед", "Раҳмонов"),
        ("Ҷамшедов", "Раҳмон"),
        ("Ҷамшедзода", "Раҳмонов"),
        ("Rakhmonov", "Dzhamshed"),
    ],
    ids=["as they are", "exchanged", "exchanged, the suffix too", "exchanged, a suffix on each", "another script"],
)
def test_exchanged_names_sound_the_same_whichever_keeps_its_suffix(surname, given_name):
    assert of({"surname": surname, "given_name": given_name})["names.sounds"] == "J53 R55"


def test_a_bag_of_names_does_not_bear_a_suffix_kept_in_one_order_and_sounds_do():
    one, other = of({"surname": "Назаров", "given_name": "Фирӯз"}), of({"surname": "Фирӯзов", "given_name": "Назаров"})
    assert one["names.bag"] != other["names.bag"]
    assert one["names.sounds"] == other["names.sounds"] == "F62 N26"


def test_other_names_sound_otherwise_and_an_initial_is_no_name():
    assert of({"surname": "Назаров", "given_name": "Карим"})["names.sounds"] != "F62 N26"
    assert "names.sounds" not in of({"surname": "Назаров", "given_name": "Ф."})


def test_sounds_are_the_same_from_one_cell_and_from_two():
    apart, together = {"surname": "Назаров", "given_name": "Фирӯз"}, {"full_name": "Назаров Фирӯз"}
    assert of(apart)["names.sounds"] == of(together)["names.sounds"]


def test_an_initial_is_known_where_the_name_is_not():
    assert of({"surname": "Раҳмонов", "given_name": "Ҷ."})["given_name.initial"] == "j"
    assert "given_name" not in of({"surname": "Раҳмонов", "given_name": "Ҷ."})


@pytest.mark.parametrize("cell", ["", "-", "н/д", "Номаълум", "unknown", "???"])
def test_a_placeholder_is_missing_in_every_column(cell):
    names = ("surname", "given_name", "patronymic", "birth_date", "sex", "citizenship", "region", "district", "document_number")
    assert of(dict.fromkeys((*names, "postcode", "address", "email", "phone"), cell)) == {}


def test_a_full_date_gives_every_date_feature():
    assert of({"birth_date": "1985-02-07"}) == {
        "birth_date": "1985-02-07",
        "birth_date.digits": "1985-02-07",
        "birth_date.swapped": "1985-07-02",
        "birth_date.month_day": "02-07",
        "birth_date.year_month": "1985-02",
        "birth_year": "1985",
        "birth_year.next": "1986",
    }


@pytest.mark.parametrize("day", ["1985-02-13", "1985-12-31", "1985-05-05"])
def test_a_day_that_cannot_be_a_month_or_is_the_month_has_no_exchanged_form(day):
    found = of({"birth_date": day})
    assert found["birth_date"] == day
    assert "birth_date.swapped" not in found


def test_exchanging_twice_gives_the_date_again():
    for month in range(1, 13):
        for day in range(1, 13):
            swapped = of({"birth_date": f"1985-{month:02d}-{day:02d}"}).get("birth_date.swapped")
            if month == day:
                assert swapped is None
            else:
                assert of({"birth_date": swapped})["birth_date.swapped"] == f"1985-{month:02d}-{day:02d}"


def test_a_month_and_a_year_are_told_as_far_as_they_are_known():
    assert of({"birth_date": "1985-02"}) == {"birth_date.year_month": "1985-02", "birth_year": "1985", "birth_year.next": "1986"}
    for row in ({"birth_date": "1985"}, {"birth_date": "00.00.1985"}, {"birth_year": "1985"}):
        mapping = DOTTED if "." in row.get("birth_date", "") else STANDARD
        assert of(row, mapping) == {"birth_year": "1985", "birth_year.next": "1986"}


@pytest.mark.parametrize(
    ("row", "year"),
    [
        ({"age": "20", "event_date": "2018-06-01"}, "1997"),
        ({"age": "20", "event_date": "2018-09-01"}, "1998"),
        ({"age": "20", "event_date": "2018"}, "1998"),
        ({"age": "0", "event_date": "2018-06-01"}, "2017"),
        ({"age": "20"}, None),
        ({"event_date": "2018-06-01"}, None),
        ({"age": "121", "event_date": "2018-06-01"}, None),
        ({"age": "20", "event_date": "2018-06-01", "birth_year": "1990"}, "1990"),
        ({"age": "20", "event_date": "2018-06-01", "birth_date": "1991-01-02", "birth_year": "1991"}, "1991"),
        ({"birth_year": "1899"}, None),
    ],
)
def test_the_year_of_birth_is_the_dates_else_as_given_else_event_minus_age(row, year):
    found = of(row)
    assert found.get("birth_year") == year
    assert found.get("birth_year.next") == (str(int(year) + 1) if year else None)
    assert ("birth_date" in found) == ("birth_date" in row)


def test_an_impossible_day_is_compared_by_its_digits_alone_where_the_mapping_says_so():
    compare = Mapping(dates=DateForm(("%d.%m.%Y",), impossible="compare"))
    assert of({"birth_date": "31.02.1985"}, compare) == {"birth_date.digits": "1985-02-31"}
    assert of({"birth_date": "28.02.1985"}, compare) == of({"birth_date": "28.02.1985"}, DOTTED)
    assert of({"birth_date": "31.02.1985"}, DOTTED) == {}
    assert of({"birth_date": "some time"}, compare) == {}


def days(*texts, mapping=STANDARD):
    return features(extract(*({"record_id": str(n), "birth_date": text} for n, text in enumerate(texts))), TIP, mapping)


def scattered(n):
    """Days of which none is a placeholder, spread over the year."""
    return [f"{1950 + number % 50}-{3 + number % 3:02d}-{2 + number % 27:02d}" for number in range(n)]


@pytest.mark.parametrize("placeholder", ["01-01", "06-15", "06-30"])
def test_a_heap_on_a_placeholder_day_is_the_year_alone(placeholder):
    found = days(*[f"{1960 + n}-{placeholder}" for n in range(6)], *scattered(100))
    assert set(found["birth_date"][:6]) == {""}
    assert set(found["birth_date.digits"][:6]) == {""}
    assert set(found["birth_date.year_month"][:6]) == {""}
    assert list(found["birth_year"][:6]) == [str(1960 + n) for n in range(6)]
    assert all(found["birth_date"][6:])


def test_a_few_real_birthdays_on_such_a_day_stay():
    few = days(*[f"{1960 + n}-01-01" for n in range(2)], *scattered(100))
    assert all(few["birth_date"])
    many_rows = days(*[f"{1960 + n}-01-01" for n in range(6)], *scattered(1000))
    assert all(many_rows["birth_date"])


def test_other_heaped_days_stay():
    assert all(days(*[f"{1960 + n}-02-01" for n in range(40)])["birth_date"])


def test_the_rule_does_not_change_the_dates_that_it_was_given():
    given = Dates(np.full(9, 1980, np.int16), np.full(9, 1, np.int8), np.full(9, 1, np.int8), np.zeros(9, np.bool_))
    assert not without_heaps(given, heaps(given)).day.any()
    assert given.day.all()


@pytest.mark.parametrize(
    "written", ["MAN 1234567", "man-1234567", "Man 1 234 567", " M a N/1.2.3.4.5.6.7 ", "ＭＡＮ１２３４５６７", "man_1234567"]
)
def test_a_document_number_is_its_letters_and_digits(written):
    assert of({"document_number": written}) == {"document_number": "man1234567"}


def test_document_and_case_number_keep_what_tells_them_apart():
    assert of({"document_number": "А1", "case_number": "000123/2018"}) == {"document_number": "a1", "case_number": "0001232018"}
    assert of({"document_number": "--"}) == {}


@pytest.mark.parametrize("word", ["Хатлон", "khatlon", "TJ-KT", "  ХАТЛОН "])
def test_a_region_with_a_code_is_its_code(word):
    assert of({"region": word}) == {"region": "tj-kt", "place": "tj-kt"}


def test_a_region_by_the_mappings_word_meets_the_protocols_code():
    mapping = Mapping(codes={"region": {"вилояти Хатлон": "TJ-KT"}, "district": {"н. Рӯдакӣ": "Rudaki"}})
    found = of({"region": "Вилояти Хатлон", "district": "Н. Рӯдакӣ"}, mapping)
    assert found == {"region": "tj-kt", "district": "rudaki", "place": "rudaki"}


def test_a_region_or_district_without_a_code_is_its_folded_text():
    found = of({"region": "Вилояти  ДУР", "district": "Рӯдакӣ"})
    assert (found["region"], found["district"]) == ("вилояти дур", "рӯдакӣ")
    assert of({"region": "Hamlet One"}, protocol=PERSONS)["region"] == "hamlet one"


@pytest.mark.parametrize("none", ["", "-", "н/д"])
def test_the_place_is_the_district_or_the_region_where_no_district_is_given(none):
    assert of({"region": "Hamlet One", "district": "Dale"})["place"] == "dale"
    assert of({"region": "Hamlet One", "district": none})["place"] == "hamlet one"
    assert of({"region": none, "district": "Dale"})["place"] == "dale"
    assert "place" not in of({"region": none, "district": none})


def test_the_place_is_chosen_row_by_row():
    rows = [{"region": "One", "district": "Dale"}, {"region": "One"}, {"district": "Dale"}, {}]
    found = features(extract(*({"record_id": str(n), **row} for n, row in enumerate(rows))), TIP, STANDARD)
    assert list(found["place"]) == ["dale", "one", "dale", ""]


@pytest.mark.parametrize(
    "written", ["992446001234", "+992 44 600 12 34", "+992 (44) 600-12-34", "992.446.001.234", "992446001234.0"]
)
def test_a_phone_is_its_digits(written):
    assert of({"phone": written}) == {"phone": "992446001234"}


@pytest.mark.parametrize("written", ["000", "1111111", "123456789", "нет", "неизвестно"])
def test_a_phone_that_is_nobodys_is_missing(written):
    assert of({"phone": written}) == {}


@pytest.mark.parametrize(
    ("name", "written", "folded"),
    [
        ("postcode", "  AB1   2CD ", "ab1 2cd"),
        ("postcode", "734003", "734003"),
        ("address", "12  High STREET ", "12 high street"),
        ("address", "ул. Рӯдакӣ 12", "ул. рӯдакӣ 12"),
        ("email", " Dilbar@Example.ORG", "dilbar@example.org"),
    ],
)
def test_postcode_address_and_email_are_as_given_without_case_and_blanks_too_many(name, written, folded):
    assert of({name: written}) == {name: folded}


def test_an_address_by_the_mappings_word_is_its_code():
    assert of({"address": "Шелтер"}, Mapping(codes={"address": {"шелтер": "_U"}})) == {}
    assert of({"postcode": "Душанбе"}, Mapping(codes={"postcode": {"Душанбе": "734000"}})) == {"postcode": "734000"}


def test_a_word_that_the_mapping_calls_unknown_is_missing():
    assert of({"region": "прочие"}, Mapping(codes={"region": {"прочие": "_U"}})) == {}


@pytest.mark.parametrize(("written", "code"), [("Ж", "F"), ("мард", "M"), ("f", "F"), ("1", None), ("?", None)])
def test_sex_is_f_or_m_or_missing(written, code):
    assert of({"sex": written}) == ({"sex": code} if code else {})


def test_citizenship_is_the_country_as_given_folded():
    assert of({"citizenship": "TJK"}) == {"citizenship": "tjk"}
    assert of({"citizenship": "Тоҷикистон"}, Mapping(codes={"citizenship": {"Тоҷикистон": "TJK"}})) == {"citizenship": "tjk"}


def test_rows_keep_their_order_and_equal_rows_are_equal():
    rows = [{"surname": name, "given_name": "Али"} for name in ("Каримов", "", "Назаров", "Каримов")]
    assert list(features(extract(*rows), TIP, STANDARD)["surname"]) == ["karim", "", "nazar", "karim"]
