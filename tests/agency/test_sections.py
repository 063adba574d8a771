"""Two sections under the same pseudonyms, each for one reader, and a register that stays."""

import csv
import dataclasses
import hashlib
import io
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.agency.cells import Columns, objects
from linkage.agency.extract import Extract
from linkage.agency.keys import derive, key_check_value
from linkage.agency.mapping import Mapping
from linkage.agency.prepare import encode, prepare
from linkage.agency.sections import Readers, Shipment, _register, seal_sections
from linkage.bundle.body import read_content, read_linking
from linkage.bundle.keyring import new_keys, open_keys, secret
from linkage.bundle.open import open_bundle
from linkage.errors import KeyringError, WrongRecipientError
from linkage.protocol import ready_protocol
from linkage.stored import whole
from linkage.version import __version__

TIP = ready_protocol("tip")
LINKAGE = derive(hashlib.sha256(b"linkage").digest(), TIP.project, TIP.epoch)
SHIPMENT = Shipment("2018", 2, date(2019, 12, 31))
ROLES = {"police": "agency", "unit": "unit", "office": "statistics"}
IDS = ["=HYPERLINK(1)", "-7", "Канарейка", 'a,b\n"c"', "+x", "@y", "＝z", "plain"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("keys")
    for name, role in ROLES.items():
        new_keys(role, name, root / name)
    return {name: open_keys(root / name, role) for name, role in ROLES.items()}


def rows(ids):
    columns = {"record_id": ids, "surname": ["Каримов"] * len(ids), "role": ["victim"] * len(ids), "stage": ["DET"] * len(ids)}
    arrays = {}
    for name, values in columns.items():
        arrays[name] = np.empty(len(ids), dtype=object)
        arrays[name][:] = values
    return Extract("list.csv", np.arange(2, len(ids) + 2), Columns(arrays))


def prepared(folders, ids=IDS):
    return prepare(rows(ids), Mapping(), TIP, LINKAGE, secret(folders["police"], "agency"))


def sealed_bytes(folders, ids, people):
    """As `seal_sections`, with the linking section's bytes in the place of what writes them."""
    with io.BytesIO() as scratch, io.BytesIO() as out:
        agency_key = secret(folders["police"], "agency")
        found = seal_sections(encode(rows(ids), Mapping(), TIP, LINKAGE, agency_key), TIP, *people, scratch)
        found.linking(out)
        return dataclasses.replace(found, linking=out.getvalue())


@pytest.fixture(scope="module")
def sealed(folders):
    people = folders["police"], LINKAGE, SHIPMENT, Readers(folders["unit"].public, folders["office"].public)
    return sealed_bytes(folders, IDS, people)


def opened(data, keys, section):
    return open_bundle(data, keys, section=section, today=date(2019, 12, 31), file="b")


def test_each_section_opens_for_its_reader_alone(sealed, folders):
    opened(sealed.linking, folders["unit"], "linking")
    opened(sealed.content, folders["office"], "content")
    with pytest.raises(WrongRecipientError):
        opened(sealed.linking, folders["office"], "content")
    with pytest.raises(WrongRecipientError):
        opened(sealed.content, folders["unit"], "linking")


def test_both_sections_hold_the_same_records_and_the_register_names_them(sealed, folders):
    linking = opened(sealed.linking, folders["unit"], "linking")
    content = opened(sealed.content, folders["office"], "content")
    record, filters, tokens = read_linking(linking.body, TIP, "b")
    columns = read_content(content.body, TIP, "b")
    assert columns["record"].tolist() == record.astype(str).tolist()
    register = list(csv.DictReader(io.StringIO(sealed.register.decode())))
    assert sorted(row["record"] for row in register) == record.astype(str).tolist()
    mine = prepared(folders)
    place = {name: at for at, name in enumerate(mine.record.tolist())}
    order = [place[name] for name in record.tolist()]
    assert np.array_equal(np.stack(filters, 1), mine.filters[order])
    assert np.array_equal(np.stack(tokens, 1), mine.tokens[order])


def test_both_manifests_say_who_for_whom_and_under_what(sealed, folders):
    for data, keys, section in ((sealed.linking, folders["unit"], "linking"), (sealed.content, folders["office"], "content")):
        manifest = opened(data, keys, section).manifest
        assert (manifest.agency, manifest.signer) == ("police", folders["police"].public.signing)
        assert (manifest.section, manifest.recipient) == (section, keys.public.recipient)
        assert (manifest.period, manifest.sequence, manifest.not_after, manifest.rows) == ("2018", 2, "2019-12-31", len(IDS))
        assert (manifest.protocol_id, manifest.kcv) == (TIP.id, key_check_value(LINKAGE).hex())
        assert (manifest.normaliser, manifest.tool) == (TIP.normaliser, f"headcount {__version__}")


def test_the_order_of_rows_leaves_no_trace(folders):
    people = folders["police"], LINKAGE, SHIPMENT, Readers(folders["unit"].public, folders["office"].public)
    one, other = (sealed_bytes(folders, ids, people) for ids in (IDS, IDS[::-1]))
    for name, keys, section in (("linking", "unit", "linking"), ("content", "office", "content")):
        bodies = {whole(opened(getattr(sealed, name), folders[keys], section).body) for sealed in (one, other)}
        assert len(bodies) == 1
    assert one.register == other.register


def test_the_register_runs_no_formula_in_a_spreadsheet_and_loses_no_id(sealed):
    register = list(csv.reader(io.StringIO(sealed.register.decode())))
    assert register[0] == ["record_id", "record"]
    cells = [row[0] for row in register[1:]]
    assert not [cell for cell in cells if cell[0] in "=+-@＝"]
    assert sorted(cell.removeprefix("'") for cell in cells) == sorted(IDS)


def test_sections_are_sealed_to_their_roles_only(folders):
    exchanged = Readers(unit=folders["office"].public, statistics=folders["unit"].public)
    with pytest.raises(KeyringError, match="role unit"):
        sealed_bytes(folders, IDS, (folders["police"], LINKAGE, SHIPMENT, exchanged))


def test_what_is_sealed_does_not_show_the_register(sealed):
    assert "Канарейка" in sealed.register.decode()
    assert "анарейка" not in repr(sealed)
    assert repr(sealed) == "Sealed()"


@given(st.lists(st.text("ab,\"\n\r'=+-@＝é ", min_size=1, max_size=6), min_size=1, max_size=12, unique=True))
def test_the_register_is_written_as_csv_writes_it(ids):
    record = np.array([f"{at:026}" for at in range(len(ids))], "S26")
    marked = [f"'{one}" if one.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")) else one for one in ids]
    out = io.StringIO()
    rows = sorted(zip(marked, record.astype("U").tolist(), strict=True))
    csv.writer(out, lineterminator="\n").writerows([("record_id", "record"), *rows])
    assert _register(objects(ids), record) == out.getvalue().encode()
