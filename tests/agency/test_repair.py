"""Columns read with the wrong table or typed in the legacy font are repaired as a whole, and what was done is counted."""

import pytest

from linkage.agency.cells import coded, objects, spelt_out
from linkage.agency.extract import read_extract
from linkage.agency.mapping import FileForm, Mapping
from linkage.agency.names import person_name
from linkage.agency.repair import REPAIRED, Repair, repair_column


def repaired(*texts):
    column, repair = repair_column(coded(objects(texts)))
    return spelt_out(column).tolist(), repair


@pytest.mark.parametrize(
    ("typed", "means", "repair"),
    [
        ("Ðàõìîíîâ", "Рахмонов", Repair(mojibake=1, cells=1)),
        ("Рањмонов", "Раҳмонов", Repair(legacy=1, cells=1)),
        ("Ра?монов", "Ра?монов", Repair()),
        ("Раҳмонов", "Раҳмонов", Repair()),
    ],
)
def test_each_damage_has_its_documented_result(typed, means, repair):
    assert repaired(typed) == ([means], repair)


def test_a_lost_letter_is_never_hashed():
    name = person_name("Ра?монов", "Далер", "", "")
    assert not name.surname.key
    assert name.given_name.key


def test_utf_8_read_as_western_text_comes_back():
    assert repaired("Раҳимова".encode().decode("latin-1"))[0] == ["Раҳимова"]


def test_another_cell_of_the_column_settles_what_an_uzbek_letter_means():
    assert repaired("Љўраев", "Кўлоб", "Саидов") == (["Ҷӯраев", "Кӯлоб", "Саидов"], Repair(legacy=2, cells=2))
    assert repaired("Тўраев", "Ўктам") == (["Тўраев", "Ўктам"], Repair())


@pytest.mark.parametrize(
    "name", ["Müller", "Muñoz Ibáñez", "Þórður", "Đặng", "Nguyễn Ánh", "Øystein Åse", "D'Àgata", "Çelik Gülşen"]
)
def test_western_names_are_left_alone(name):
    assert repaired(name) == ([name], Repair())


def test_rows_are_counted_and_not_spellings():
    assert repaired("Рањимов", "Рањимов", "")[1] == Repair(legacy=2, cells=2)
    assert repaired() == ([], Repair())


def test_repairing_twice_changes_nothing():
    once = repaired("Ðàõìîíîâ", "Рањмонов", "Тўраев")[0]
    assert repaired(*once) == (once, Repair())


def test_an_extract_keeps_what_was_repaired_by_field(tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes("record_id;surname;document_number\n1;Рањмонов;Њ1\n2;Алиев;\n".encode("cp1251"))
    extract = read_extract(path, Mapping(file=FileForm(encoding="cp1251")))
    assert extract.columns["surname"].tolist() == ["Раҳмонов", "Алиев"]
    assert extract.columns["document_number"].tolist() == ["Њ1", ""]
    assert extract.repairs == {"surname": Repair(legacy=1, cells=1)}
    assert "document_number" not in REPAIRED
