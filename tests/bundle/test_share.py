import json
from dataclasses import replace

import pytest

from linkage.bundle.keyring import decrypt, encrypt, new_keys, open_keys, sign
from linkage.bundle.share import draw_and_share, open_share
from linkage.canonical import canonical_json
from linkage.errors import (
    BundleError,
    FormatError,
    KeyringError,
    SignatureError,
    TruncatedError,
    VersionError,
    WrongRecipientError,
)


@pytest.fixture(scope="module")
def shares(folders, protocol):
    return draw_and_share(protocol, [folders.police.public, folders.ngo.public], custodian=folders.ombudsperson)


@pytest.fixture
def changed(shares, folders):
    """The police's share with other entries, sealed to the police again."""

    def seal(signed_by=None, **entries):
        plain = json.loads(decrypt(shares["police"], folders.police)) | entries
        if signed_by:
            bare = canonical_json(plain | {"signature": ""})
            plain["signature"] = sign(signed_by, b"\0\0\0\x12headcount/v1/share" + bare).hex()
        return encrypt(canonical_json(plain), [folders.police.public.recipient])

    return seal


def test_every_agency_gets_the_same_random_key(shares, folders, protocol):
    opened = [open_share(shares[name], getattr(folders, name), custodian=None) for name in ("police", "ngo")]
    assert list(shares) == ["police", "ngo"]
    assert opened[0].secret == opened[1].secret
    assert len(bytes.fromhex(opened[0].secret)) == 32
    assert {(share.project, share.epoch) for share in opened} == {(protocol.project, protocol.epoch)}


def test_every_draw_is_another_key(shares, folders, protocol):
    again = draw_and_share(protocol, [folders.police.public], custodian=None)
    secrets = {open_share(data, folders.police, custodian=None).secret for data in (shares["police"], again["police"])}
    assert len(secrets) == 2


def test_the_key_shows_in_no_share_and_no_repr(shares, folders):
    opened = open_share(shares["police"], folders.police, custodian=None)
    for data in shares.values():
        assert opened.secret.encode() not in data
        assert bytes.fromhex(opened.secret) not in data
    assert opened.secret not in repr(opened)


def test_the_custodian_keeps_nothing(folders, protocol, tmp_path):
    new_keys("custodian", "ombudsperson", tmp_path / "k")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    draw_and_share(protocol, [folders.police.public], custodian=open_keys(tmp_path / "k", "custodian"))
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["unit", "office", "auditor", "ombudsperson"])
def test_nobody_but_an_agency_gets_a_linkage_key(name, folders, protocol):
    with pytest.raises(KeyringError, match="agencies only"):
        draw_and_share(protocol, [folders.police.public, getattr(folders, name).public], custodian=None)


def test_two_agencies_of_one_name_or_none_at_all_are_refused(folders, protocol):
    twin = replace(folders.ngo.public, name="police")
    with pytest.raises(KeyringError, match="one name"):
        draw_and_share(protocol, [folders.police.public, twin], custodian=None)
    with pytest.raises(KeyringError, match="needs agencies"):
        draw_and_share(protocol, [], custodian=None)


@pytest.mark.parametrize("name", ["police", "unit", "auditor"])
def test_only_a_custodian_signs_shares(name, folders, protocol):
    with pytest.raises(KeyringError, match="role custodian"):
        draw_and_share(protocol, [folders.police.public], custodian=getattr(folders, name))


def test_a_signed_share_is_the_custodians(shares, folders):
    assert open_share(shares["police"], folders.police, custodian=folders.ombudsperson.public).signature


def test_a_share_of_another_custodian_is_refused(folders, protocol, tmp_path):
    other = new_keys("custodian", "other", tmp_path)
    share = draw_and_share(protocol, [folders.police.public], custodian=open_keys(tmp_path, "custodian"))["police"]
    with pytest.raises(SignatureError, match="this custodian"):
        open_share(share, folders.police, custodian=folders.ombudsperson.public)
    assert open_share(share, folders.police, custodian=other).agency == "police"


def test_an_unsigned_share_is_refused_where_a_signature_is_asked_for(folders, protocol):
    share = draw_and_share(protocol, [folders.police.public], custodian=None)["police"]
    assert open_share(share, folders.police, custodian=None).custodian == ""
    with pytest.raises(SignatureError, match="this custodian"):
        open_share(share, folders.police, custodian=folders.ombudsperson.public)


@pytest.mark.parametrize("entry", [{"secret": "0123456789abcdef" * 4}, {"epoch": "1999"}, {"project": "other"}], ids=str)
@pytest.mark.parametrize("asked", [True, False])
def test_a_share_changed_after_signing_is_refused(entry, asked, changed, folders):
    with pytest.raises(SignatureError, match="signature is wrong"):
        open_share(changed(**entry), folders.police, custodian=folders.ombudsperson.public if asked else None)


def test_a_signature_by_another_hand_under_the_custodians_name_is_refused(changed, folders):
    with pytest.raises(SignatureError, match="signature is wrong"):
        open_share(changed(signed_by=folders.ngo), folders.police, custodian=None)


def test_a_share_drawn_for_another_agency_is_refused_though_it_opens(changed, folders):
    with pytest.raises(WrongRecipientError, match="another agency"):
        open_share(changed(signed_by=folders.ombudsperson, agency="ngo"), folders.police, custodian=None)


def test_a_public_key_that_is_not_a_custodians_vouches_for_nothing(shares, folders):
    with pytest.raises(KeyringError, match="custodian"):
        open_share(shares["police"], folders.police, custodian=folders.unit.public)


def test_only_the_agency_itself_opens_its_share(shares, folders):
    with pytest.raises(WrongRecipientError):
        open_share(shares["police"], folders.ngo, custodian=None)
    with pytest.raises(KeyringError, match="role agency"):
        open_share(shares["police"], folders.unit, custodian=None)


@pytest.mark.parametrize("secret", ["00" * 32, "ab" * 32, b"correct horse battery staple 123".hex()])
def test_a_weak_linkage_key_is_refused_even_if_signed(secret, changed, folders):
    with pytest.raises(KeyringError):
        open_share(changed(signed_by=folders.ombudsperson, secret=secret), folders.police, custodian=folders.ombudsperson.public)


@pytest.mark.parametrize(
    "entry",
    [
        {"secret": "00" * 31},
        {"secret": "0G" * 32},
        {"secret": 5},
        {"agency": "../x"},
        {"custodian": ""},
        {"signature": ""},
        {"custodian": "00"},
        {"passphrase": "x"},
        {"format": None},
    ],
    ids=str,
)
def test_a_share_with_an_impossible_entry_is_refused(entry, changed, folders):
    with pytest.raises(FormatError):
        open_share(changed(**entry), folders.police, custodian=None)


def test_a_share_of_another_version_is_refused(changed, folders):
    with pytest.raises(VersionError):
        open_share(changed(format="headcount-share/2"), folders.police, custodian=None)


@pytest.mark.parametrize("plaintext", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000])
def test_any_other_sealed_thing_is_no_share(plaintext, folders):
    with pytest.raises(FormatError):
        open_share(encrypt(plaintext, [folders.police.public.recipient]), folders.police, custodian=None)


def test_a_share_truncated_or_flipped_anywhere_is_refused(shares, folders):
    data = shares["police"]
    for at in range(len(data)):
        with pytest.raises(BundleError):
            open_share(data[:at], folders.police, custodian=None)
        with pytest.raises(BundleError):
            open_share(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :], folders.police, custodian=None)
    with pytest.raises(TruncatedError):
        open_share(data[:40], folders.police, custodian=None)


def test_a_share_that_is_not_canonical_is_refused(shares, folders):
    plaintext = decrypt(shares["police"], folders.police)
    with pytest.raises(FormatError):
        open_share(encrypt(plaintext.replace(b":", b": ", 1), [folders.police.public.recipient]), folders.police, custodian=None)
