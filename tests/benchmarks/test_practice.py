"""The practice sets of others come under standard names, whatever their lists call things."""

import pytest

from benchmarks.quality.others import fake_1000, multilink, pseudopeople, rldata10000
from benchmarks.quality.practice import febrl3, febrl4, febrl4_all

PSEUDOPEOPLE = (
    "source,rec_id,entity_id,given_name,middle_initial,surname,age,birth_date,sex,street_number,street_name,zipcode,household_id,"
    "race_ethnicity,middle_name,ssn\n"
)
FEBRL = "rec_id, given_name, surname, street_number, address_1, address_2, suburb, postcode, state, date_of_birth, soc_sec_id\n"


def written(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return folder


def cells(rows, *names):
    return rows.records[list(names)].to_numpy().tolist()


def test_dates_of_seven_lists_become_iso_dates_and_an_age_stands_only_where_there_is_none(tmp_path):
    one = "ssa,s-0,p1,Ada,,Lai,,19191204,Male,,,,h,,,786-00-0000\n"
    two = "wic,w-0,p1,Ada,,Lai,3,12042018,Female,12,elm st,00000,h,,,\n"
    three = "census,c-0,p2,Bob,,Orr,47,01/31/1973,,12,elm st,12345,h,,,\ncensus,c-1,p3,Cy,,Orr,47,,,,,,h,,,\n"
    for name, text in (("ssa", one), ("wic", two), ("census", three)):
        written(tmp_path, f"pseudopeople_2020/{name}.csv", PSEUDOPEOPLE + text)
    rows = pseudopeople(tmp_path)
    assert cells(rows, "birth_date", "age", "event_date") == [
        ["1973-01-31", "", ""],
        ["", "47", "2020-04-01"],
        ["1919-12-04", "", ""],
        ["2018-12-04", "", ""],
    ]
    assert cells(rows, "sex", "address", "postcode", "document_number")[2:] == [
        ["M", "", "", "786-00-0000"],
        ["F", "12 elm st", "", ""],
    ]
    assert rows.records["postcode"].tolist()[0] == "12345"
    assert "household_id" not in rows.records
    assert rows.truth["person_id"].tolist() == ["p2", "p3", "p1", "p1"]


@pytest.mark.parametrize("date", ["12/04/20181", "12/0|/2018", "1204|018", ""])
def test_what_is_not_eight_digits_is_no_date(tmp_path, date):
    written(tmp_path, "pseudopeople_2020/wic.csv", PSEUDOPEOPLE + f"wic,w-0,p1,Ada,,Lai,3,{date},Female,,,,h,,,\n")
    assert cells(pseudopeople(tmp_path), "birth_date", "age") == [["", "3"]]


def test_parts_of_a_date_are_put_together_and_sexes_are_codes(tmp_path):
    head = "source,rec_id,entity_id,given_name,given_name2,surname,surname2,birth_year,birth_month,birth_day\n"
    written(tmp_path, "rldata10000/all.csv", head + "all,r1,7,FRANK,,MUELLER,,1967,9,27\n")
    assert cells(rldata10000(tmp_path), "surname", "birth_date") == [["MUELLER", "1967-09-27"]]
    head = "source,rec_id,entity_id,sex,given_name,surname,phone,postcode,age_band,occup\n"
    written(
        tmp_path, "multilink_dup_data/file1.csv", head + "file1,m1,1,m,jarod,huggins,726,61q,45-54,\nfile1,m2,1,,jarod,h,,,,F\n"
    )
    assert cells(multilink(tmp_path), "agency", "sex", "phone") == [["file1", "M", "726"], ["file1", "", ""]]


def test_a_city_is_a_district_and_nothing_else_is_renamed(tmp_path):
    head = "source,rec_id,entity_id,given_name,surname,birth_date,city,email\n"
    written(tmp_path, "splink_fake_1000/all.csv", head + "all,0,0,Robert,Alan,1971-06-24,Leeds,r@x.net\n")
    assert cells(fake_1000(tmp_path), "district", "email", "birth_date") == [["Leeds", "r@x.net", "1971-06-24"]]


def test_febrl_has_an_address_unless_names_and_date_alone_are_asked_for_and_never_its_number(tmp_path):
    line = "rec-{}-org, mitchell, green, 7, wallaby place, delmar, cleveland, 2119, sa, 1956040{}, 1804974\n"
    for name in ("dataset3", "dataset4a", "dataset4b"):
        written(tmp_path, f"{name}.csv", FEBRL + line.format(1, 9) + line.format(2, ""))
    whole = febrl4_all(tmp_path)
    assert cells(whole, "address", "district", "postcode", "region")[0] == ["7 wallaby place", "cleveland", "2119", "sa"]
    assert whole.records["birth_date"].tolist() == ["1956-04-09", "", "1956-04-09", ""]
    assert "1804974" not in whole.records.to_numpy()
    assert list(febrl4(tmp_path).records) == ["agency", "record_id", "surname", "given_name", "birth_date"]
    assert len(febrl3(tmp_path, 1).records) == 1
