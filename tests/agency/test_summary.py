"""What an agency says of its extract as a whole, and to whom."""

import hashlib
import io
from datetime import date

import numpy as np
import pytest

from linkage.agency.cells import Columns
from linkage.agency.extract import Extract
from linkage.agency.keys import derive
from linkage.agency.mapping import Mapping
from linkage.agency.prepare import encode, prepare
from linkage.agency.sections import Readers, Shipment, seal_sections
from linkage.agency.summary import script
from linkage.bundle.keyring import new_keys, open_keys, secret
from linkage.bundle.open import open_bundle
from linkage.protocol import ready_protocol

TIP = ready_protocol("tip")
LINKAGE = derive(hashlib.sha256(b"linkage").digest(), TIP.project, TIP.epoch)
COLUMNS = {
    "record_id": ["1", "2", "3", "4"],
    "surname": ["Каримов", "Karimov", "", ""],
    "given_name": ["Алишер", "Алишер", "", ""],
    "full_name": ["", "", "Раҳимова Мадина", ""],
    "birth_date": ["1990-05-05", "1990", "", "1971-01-02"],
    "sex": ["M", "", "", "M"],
    "role": ["victim"] * 4,
    "stage": ["DET"] * 4,
}


def extract(columns=COLUMNS, **more):
    arrays = {name: np.array(values, dtype=object) for name, values in columns.items()}
    return Extract("list.csv", np.arange(2, 2 + len(arrays["record_id"])), Columns(arrays), **more)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("keys")
    for name, role in {"police": "agency", "unit": "unit", "office": "statistics"}.items():
        new_keys(role, name, root / name)
    return {
        name: open_keys(root / name, role) for name, role in {"police": "agency", "unit": "unit", "office": "statistics"}.items()
    }


def prepared(folders, **more):
    return prepare(extract(**more), Mapping(), TIP, LINKAGE, secret(folders["police"], "agency"))


def test_an_identifier_is_missing_where_linkage_has_nothing_of_it(folders):
    missing = prepared(folders).summary.missing
    assert missing["surname"] == 1  # the third has it within the full name
    assert missing["birth_date"] == 2  # of the second only the year is known
    assert missing["sex"] == 2
    assert missing["document_number"] == 4
    assert set(missing) <= set(TIP.identifiers)


def test_scripts_are_counted_over_all_cells_of_a_name(folders):
    assert prepared(folders).summary.scripts == {"cyrillic": 2, "latin": 0, "mixed": 1, "none": 1}


@pytest.mark.parametrize(
    ("text", "found"),
    [("Ҷамшед", "cyrillic"), ("JAMSHED", "latin"), ("Kаримов", "mixed"), ("123 ?", "none"), ("", "none"), ("Élise", "latin")],
)
def test_a_script_is_told_by_its_letters(text, found):
    assert script(text) == found


def test_what_was_no_row_of_the_list_is_counted(folders):
    assert prepared(folders, left_out={"empty": 2, "totals": 1, "headers": 0}).summary.left_out == 3


def test_the_statistics_office_gets_the_summary_and_the_unit_never(folders):
    readers = Readers(folders["unit"].public, folders["office"].public)
    made = encode(extract(), Mapping(), TIP, LINKAGE, secret(folders["police"], "agency"))
    sealed = seal_sections(made, TIP, folders["police"], LINKAGE, Shipment("2018", 1, date(2019, 12, 31)), readers, io.BytesIO())
    linking = io.BytesIO()
    sealed.linking(linking)

    def opened(data, keys, section):
        return open_bundle(data, keys, section=section, today=date(2019, 12, 31), file="b").manifest

    assert opened(sealed.content, folders["office"], "content").summary == made.summary
    assert opened(linking.getvalue(), folders["unit"], "linking").summary is None
    assert made.summary.missing["sex"] == 2
