from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from linkage.bundle.body import content_body, linking_body, read_content, read_linking
from linkage.bundle.open import open_bundle
from linkage.bundle.seal import seal
from linkage.errors import KeyringError, UsageError
from linkage.stored import whole

TODAY = date(2019, 1, 1)


def test_what_an_agency_seals_the_unit_opens(police, folders, protocol, encodings):
    record, filters, tokens = encodings(40, protocol)
    body = linking_body(record, filters, tokens, protocol)
    manifest = police.manifest(body, folders.unit.public, rows=40)
    opened = open_bundle(
        seal(body, manifest, folders.police, folders.unit.public), folders.unit, section="linking", today=TODAY, file="f"
    )
    assert (opened.manifest, whole(opened.body), opened.protocol) == (manifest, body, protocol)
    order = np.argsort(record)
    got = read_linking(opened.body, opened.protocol, "f", rows=opened.manifest.rows)
    for mine, theirs in zip(
        (record, filters, tokens), (got.record, np.stack(got.filters, 1), np.stack(got.tokens, 1)), strict=True
    ):
        np.testing.assert_array_equal(mine[order], theirs)


def test_what_an_agency_seals_statistics_opens(police, folders, protocol, encodings):
    record = encodings(3, protocol)[0]
    columns = {name: np.array(["", "", ""], object) for name in protocol.content}
    body = content_body(record, columns, protocol)
    manifest = police.manifest(body, folders.office.public, section="content", rows=3)
    sealed = seal(body, manifest, folders.police, folders.office.public)
    opened = open_bundle(sealed, folders.office, section="content", today=TODAY, file="f")
    assert list(read_content(opened.body, protocol, "f")["record"]) == sorted(record.astype(str))


def test_the_same_bundle_sealed_twice_has_one_id_and_different_bytes(police, folders, body):
    manifest = police.manifest(body, folders.unit.public)
    one, other = (seal(body, manifest, folders.police, folders.unit.public) for _ in range(2))
    ids = {open_bundle(data, folders.unit, section="linking", today=TODAY, file="f").bundle_id for data in (one, other)}
    assert one != other
    assert len(ids) == 1
    corrected = seal(body, replace(manifest, sequence=2), folders.police, folders.unit.public)
    assert open_bundle(corrected, folders.unit, section="linking", today=TODAY, file="f").bundle_id not in ids


def test_an_opened_bundle_shows_no_encodings_when_printed(police, folders, body):
    sealed = seal(body, police.manifest(body, folders.unit.public), folders.police, folders.unit.public)
    opened = open_bundle(sealed, folders.unit, section="linking", today=TODAY, file="f")
    assert repr(whole(opened.body))[2:40] not in repr(opened)
    assert "body=" not in repr(opened)


@pytest.mark.parametrize(
    ("section", "reader"), [("linking", "office"), ("content", "unit"), ("linking", "ngo"), ("content", "auditor")]
)
def test_a_section_is_sealed_to_its_reader_only(section, reader, police, folders, body):
    recipient = getattr(folders, reader).public
    with pytest.raises(KeyringError, match="section is for the role"):
        seal(body, police.manifest(body, recipient, section=section), folders.police, recipient)


def test_only_an_agency_seals(police, folders, body):
    with pytest.raises(KeyringError, match="role agency"):
        seal(body, police.manifest(body, folders.unit.public), folders.unit, folders.unit.public)


@pytest.mark.parametrize(
    "change",
    [{"agency": "ngo"}, {"signer": "00" * 32}, {"recipient": "age1"}, {"body_bytes": 1}, {"body_sha256": "00" * 32}],
    ids=str,
)
def test_a_manifest_of_something_else_is_not_signed(change, police, folders, body):
    with pytest.raises(UsageError, match="another body, author or recipient"):
        seal(body, police.manifest(body, folders.unit.public, **change), folders.police, folders.unit.public)


@pytest.mark.parametrize(
    "change", [{"period": "2018/1"}, {"sequence": 0}, {"rows": -1}, {"not_after": "soon"}, {"kcv": ""}], ids=str
)
def test_what_the_reader_would_refuse_is_not_sealed(change, police, folders, body):
    with pytest.raises(UsageError, match=next(iter(change))):
        seal(body, police.manifest(body, folders.unit.public, **change), folders.police, folders.unit.public)
