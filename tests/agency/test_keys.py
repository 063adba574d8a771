"""Every derivation three ways: our code, the formula written out again from the reference, and frozen vectors."""

import base64
import hashlib
import hmac
import json
import stat
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.agency.keys import (
    block_key,
    derive,
    diffuse_key,
    expand,
    field_key,
    fill_key,
    install_share,
    key_check_value,
    keyed_hash,
    linkage_secret,
    lock_key,
    record_pseudonym,
    record_pseudonyms,
    root_key,
)
from linkage.bundle.keyring import new_keys, open_keys
from linkage.bundle.share import draw_and_share, open_share
from linkage.errors import KeyringError, SignatureError
from linkage.protocol import ready_protocol

VECTORS = json.loads((Path(__file__).parents[1] / "bundle" / "vectors.json").read_text("utf-8"))
SECRET = bytes.fromhex(VECTORS["secret"])
AGENCY_KEY = bytes.fromhex(VECTORS["agency_key"])
PROJECT, EPOCH = VECTORS["project"], VECTORS["epoch"]


def mac(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


def lp(*texts):
    return b"".join(len(text.encode()).to_bytes(4, "big") + text.encode() for text in texts)


def root_of(secret, project, epoch):
    salt = hashlib.sha256(lp("headcount/v1/salt", project, epoch)).digest()
    return mac(mac(salt, secret), b"headcount/v1/linkage-root\x01")


def purpose_of(*label):
    return mac(root_of(SECRET, PROJECT, EPOCH), lp(label[0], PROJECT, EPOCH, *label[1:]) + b"\x01")


@pytest.fixture(scope="module")
def keys():
    return derive(SECRET, PROJECT, EPOCH)


def test_hkdf_is_that_of_rfc_5869():
    """RFC 5869, appendix A.1; our outputs are the first 32 of its 42 bytes."""
    salt, info = bytes(range(13)), bytes(range(0xF0, 0xFA))
    output = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
    pseudorandom = bytes.fromhex("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5")
    assert root_key(b"\x0b" * 22, salt, info).hex() == output
    assert expand(pseudorandom, info).hex() == output


@given(st.binary(max_size=64), st.lists(st.binary(max_size=200), min_size=1, max_size=8))
def test_a_keyed_hash_is_hmac_for_every_message_however_often_it_is_asked(key, messages):
    keyed = keyed_hash(key)
    expected = [hmac.digest(key, message, "sha256") for message in messages]
    assert [keyed(message) for message in messages] == expected
    assert [keyed(message) for message in reversed(messages)] == expected[::-1]


def test_a_keyed_hash_is_that_of_rfc_4231():
    """RFC 4231, test cases 1 and 2."""
    one, two = keyed_hash(b"\x0b" * 20), keyed_hash(b"Jefe")
    assert one(b"Hi There").hex() == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    assert two(b"what do ya want for nothing?").hex() == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


def test_the_root_is_the_formulas_and_the_frozen_one(keys):
    assert keys.root == root_of(SECRET, PROJECT, EPOCH)
    assert keys.root.hex() == VECTORS["root"]


@pytest.mark.parametrize("vector", VECTORS["field_keys"], ids=lambda vector: vector["field"])
def test_field_keys_are_the_formulas_and_the_frozen_ones(vector, keys):
    got = field_key(keys, vector["field"], vector["algorithm"])
    assert got == purpose_of("headcount/v1/enc", vector["field"], vector["algorithm"])
    assert got.hex() == vector["key"]


@pytest.mark.parametrize("vector", VECTORS["block_keys"], ids=lambda vector: vector["rule"])
def test_block_keys_are_the_formulas_and_the_frozen_ones(vector, keys):
    got = block_key(keys, vector["rule"])
    assert got == purpose_of("headcount/v1/block", vector["rule"])
    assert got.hex() == vector["key"]


def test_the_diffusion_key_is_the_formulas_and_the_frozen_one(keys):
    assert diffuse_key(keys) == purpose_of("headcount/v1/diffuse")
    assert diffuse_key(keys).hex() == VECTORS["diffuse_key"]


def test_the_keys_of_locks_and_of_what_is_missing_are_the_formulas_and_the_frozen_ones(keys):
    assert lock_key(keys, "names_year") == purpose_of("headcount/v1/lock", "names_year")
    assert lock_key(keys, "names_year").hex() == VECTORS["lock_key"]
    assert fill_key(keys) == purpose_of("headcount/v1/fill")
    assert fill_key(keys).hex() == VECTORS["fill_key"]


def test_the_key_check_value_is_the_formulas_and_the_frozen_one(keys):
    assert key_check_value(keys) == mac(purpose_of("headcount/v1/kcv"), lp(PROJECT, EPOCH))[:8]
    assert key_check_value(keys).hex() == VECTORS["key_check_value"]


@pytest.mark.parametrize("vector", VECTORS["records"], ids=lambda vector: vector["record"])
def test_record_pseudonyms_are_the_formulas_and_the_frozen_ones(vector):
    local_id = vector["local_id"]
    got = record_pseudonym(AGENCY_KEY, PROJECT, EPOCH, local_id)
    digest = mac(AGENCY_KEY, lp("headcount/v1/record", PROJECT, EPOCH, unicodedata.normalize("NFC", local_id)))
    assert got == base64.b32encode(digest).decode()[:26]
    assert got == vector["record"]


def test_there_are_vectors_for_everything():
    assert {len(VECTORS[name]) for name in ("field_keys", "block_keys", "records")} == {3, 2, 4}
    assert any(not vector["local_id"].isascii() for vector in VECTORS["records"])


@pytest.mark.parametrize("n", [0, 1, 2, (1 << 15) - 1, 1 << 15, (1 << 15) + 1])
def test_many_pseudonyms_are_one_pseudonym_many_times(n):
    ids = [f"2018/{number}" for number in range(n)]
    got = record_pseudonyms(AGENCY_KEY, PROJECT, EPOCH, np.array(ids, object))
    assert got.dtype == np.dtype("S26")
    assert len(set(got.tolist())) == n
    for at in {0, n // 2, n - 1} if n else ():
        assert got[at].decode() == record_pseudonym(AGENCY_KEY, PROJECT, EPOCH, ids[at])


def test_every_purpose_project_epoch_and_secret_has_a_key_of_its_own(keys):
    elsewhere = [derive(SECRET, PROJECT, "2024"), derive(SECRET, "other", EPOCH), derive(bytes(reversed(SECRET)), PROJECT, EPOCH)]
    seen = []
    for domain in (keys, *elsewhere):
        seen += [domain.root, diffuse_key(domain), block_key(domain, "surname"), lock_key(domain, "surname"), fill_key(domain)]
        seen += [
            field_key(domain, "surname", "fields/1"),
            field_key(domain, "given_name", "fields/1"),
            field_key(domain, "surname", "b"),
        ]
    assert len(set(seen)) == len(seen) == 32
    assert len({key_check_value(domain) for domain in (keys, *elsewhere)}) == 4


def test_shifting_a_letter_between_names_gives_other_keys(keys):
    assert field_key(keys, "ab", "c") != field_key(keys, "a", "bc")
    assert derive(SECRET, "ab", "c").root != derive(SECRET, "a", "bc").root
    assert record_pseudonym(AGENCY_KEY, "p", "2018", "1") != record_pseudonym(AGENCY_KEY, "p", "201", "81")


def test_the_same_record_has_another_name_in_every_agency_project_and_epoch():
    places = [(AGENCY_KEY, PROJECT, EPOCH), (SECRET, PROJECT, EPOCH), (AGENCY_KEY, "other", EPOCH), (AGENCY_KEY, PROJECT, "2024")]
    assert len({record_pseudonym(*place, "17") for place in places}) == 4


def test_composed_and_decomposed_text_derive_alike(keys):
    composed, decomposed = (unicodedata.normalize(form, "Йўл") for form in ("NFC", "NFD"))
    assert composed != decomposed
    assert derive(SECRET, composed, EPOCH).root == derive(SECRET, decomposed, EPOCH).root
    assert block_key(keys, composed) == block_key(keys, decomposed)
    assert record_pseudonym(AGENCY_KEY, PROJECT, EPOCH, composed) == record_pseudonym(AGENCY_KEY, PROJECT, EPOCH, decomposed)


@pytest.mark.parametrize("weak", [b"", bytes(31), bytes(range(33)), bytes(32), b"\x07" * 32, b"correct horse battery staple 123"])
def test_weak_secrets_derive_nothing(weak):
    with pytest.raises(KeyringError):
        derive(weak, PROJECT, EPOCH)
    with pytest.raises(KeyringError):
        record_pseudonyms(weak, PROJECT, EPOCH, ["1"])


def test_linkage_keys_show_no_secret(keys):
    assert repr(keys) == f"LinkageKeys(project='{PROJECT}', epoch='{EPOCH}')"


@pytest.fixture
def protocol():
    return ready_protocol("tip")


@pytest.fixture
def police(tmp_path):
    new_keys("agency", "police", tmp_path / "police")
    return open_keys(tmp_path / "police", "agency")


@pytest.fixture
def custodian(tmp_path):
    new_keys("custodian", "ombudsperson", tmp_path / "custodian")
    return open_keys(tmp_path / "custodian", "custodian")


@pytest.fixture
def share(police, custodian, protocol):
    return draw_and_share(protocol, [police.public], custodian=custodian)["police"]


def test_an_installed_share_gives_its_secret_and_the_folder_still_opens(share, police, custodian, protocol):
    install_share(share, police, custodian=custodian.public)
    secret = linkage_secret(open_keys(police.directory, "agency"), protocol.project, protocol.epoch)
    assert secret.hex() == open_share(share, police, custodian=None).secret


@pytest.mark.skipif(sys.platform == "win32", reason="modes say nothing on Windows")
def test_an_installed_key_is_for_the_owner_only_and_refused_when_exposed(share, police, protocol):
    path = install_share(share, police, custodian=None)
    assert path.name == "linkage-tip.2014-2023.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    with pytest.raises(KeyringError, match="others may read"):
        linkage_secret(police, protocol.project, protocol.epoch)


def test_the_same_share_may_be_installed_again(share, police):
    path = install_share(share, police, custodian=None)
    before = path.read_bytes()
    assert install_share(share, police, custodian=None).read_bytes() == before


def test_another_key_of_the_same_epoch_is_installed_only_by_force(share, police, protocol):
    path = install_share(share, police, custodian=None)
    before = path.read_bytes()
    other = draw_and_share(protocol, [police.public], custodian=None)["police"]
    with pytest.raises(KeyringError, match="installed already"):
        install_share(other, police, custodian=None)
    assert path.read_bytes() == before
    assert install_share(other, police, custodian=None, force=True).read_bytes() != before


def test_a_share_of_the_wrong_custodian_installs_nothing(police, custodian, protocol):
    unsigned = draw_and_share(protocol, [police.public], custodian=None)["police"]
    with pytest.raises(SignatureError):
        install_share(unsigned, police, custodian=custodian.public)
    assert not list(police.directory.glob("linkage-*"))


@pytest.mark.parametrize("place", [("tip", "2024"), ("other", "2014-2023")])
def test_without_the_key_of_the_epoch_there_is_no_secret(place, share, police):
    install_share(share, police, custodian=None)
    with pytest.raises(KeyringError, match="no linkage key of this epoch") as caught:
        linkage_secret(police, *place)
    assert "keys install" in caught.value.hint


def test_a_key_under_another_epochs_name_is_refused(share, police):
    path = install_share(share, police, custodian=None)
    path.replace(path.with_name("linkage-tip.2024.key"))
    with pytest.raises(KeyringError, match="another epoch"):
        linkage_secret(police, "tip", "2024")


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b"\xff", b'{"format":"headcount-linkage-key/1","project":"tip","epoch":"2014-2023","secret":"00"}']
)
def test_a_damaged_key_file_is_refused(data, share, police):
    install_share(share, police, custodian=None).write_bytes(data)
    with pytest.raises(KeyringError, match="damaged"):
        linkage_secret(police, "tip", "2014-2023")


def test_a_linkage_key_that_somebody_made_up_is_refused(share, police):
    path = install_share(share, police, custodian=None)
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"secret": b"correct horse battery staple 123".hex()}))
    with pytest.raises(KeyringError, match="is text"):
        linkage_secret(police, "tip", "2014-2023")


def test_only_an_agency_holds_a_linkage_key(custodian):
    with pytest.raises(KeyringError, match="role agency"):
        linkage_secret(custodian, "tip", "2014-2023")
