"""Hostile bundles: one fault each, named for what is broken; failures outnumber successes."""

import json
from dataclasses import asdict
from datetime import date

import pytest

from linkage.bundle.keyring import decrypt, encrypt
from linkage.bundle.open import open_bundle, read_manifest, read_outer
from linkage.canonical import canonical_json, digest
from linkage.errors import (
    BundleError,
    ExpiredError,
    FormatError,
    KeyringError,
    ProtocolMismatchError,
    SignatureError,
    TruncatedError,
    VersionError,
    WrongRecipientError,
)
from linkage.schema import plain
from linkage.stored import whole

LAST_DAY = date(2019, 12, 31)
STEP = 64


@pytest.fixture(scope="module")
def sealed(police, folders, body):
    return police.forge(police.manifest(body, folders.unit.public), body, folders.unit.public)


def opening(data, folders, **changes):
    return open_bundle(data, folders.unit, **({"section": "linking", "today": LAST_DAY, "file": "police.age"} | changes))


def test_the_bundle_that_all_others_are_made_from_opens(sealed, folders, body):
    assert whole(opening(sealed, folders).body) == body


def test_truncated_at_every_64th_byte(sealed, folders):
    for at in range(0, len(sealed), STEP):
        with pytest.raises(TruncatedError):
            opening(sealed[:at], folders)
    assert len(sealed) > 65536


def test_truncated_by_one_byte_and_by_its_last_chunk(sealed, folders):
    for at in (len(sealed) - 1, len(sealed) - 16, len(sealed) - 65552 + 65536):
        with pytest.raises(TruncatedError):
            opening(sealed[:at], folders)


def test_bit_flipped_at_every_64th_byte(sealed, folders):
    for at in range(0, len(sealed), STEP):
        damaged = sealed[:at] + bytes([sealed[at] ^ (1 << at // STEP % 8)]) + sealed[at + 1 :]
        with pytest.raises(BundleError):
            opening(damaged, folders)


def test_bit_flipped_at_every_byte_of_the_header(sealed, folders):
    for at in range(len(sealed) - read_outer(sealed, file="f").content_bytes):
        with pytest.raises(BundleError):
            opening(sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :], folders)


@pytest.mark.parametrize("extra", [b"\0", b"x" * 64, b"x" * 65552])
def test_bytes_added_behind_the_end(extra, sealed, folders):
    with pytest.raises(BundleError):
        opening(sealed + extra, folders)


@pytest.mark.parametrize(
    ("magic", "error"),
    [
        pytest.param(b"headcount-bundle/2\n", VersionError, id="version 2"),
        pytest.param(b"headcount-bundle/10\n", VersionError, id="version 10"),
        pytest.param(b"headcount-bumble/1\n", FormatError, id="bad magic"),
        pytest.param(b"", FormatError, id="no magic"),
    ],
)
def test_magic(magic, error, police, folders, body):
    with pytest.raises(error):
        opening(police.forge(police.manifest(body, folders.unit.public), body, folders.unit.public, magic=magic), folders)


@pytest.mark.parametrize("length", [0, 1, 100_000, 2**32 - 1])
def test_manifest_length_wrong(length, police, folders, body):
    with pytest.raises((FormatError, TruncatedError)):
        opening(police.forge(police.manifest(body, folders.unit.public), body, folders.unit.public, length=length), folders)


def test_signed_by_another_key(police, folders, body):
    with pytest.raises(SignatureError):
        opening(police.forge(police.manifest(body, folders.unit.public), body, folders.unit.public, signer=folders.ngo), folders)


def test_signer_replaced_in_the_manifest(police, folders, body):
    manifest = police.manifest(body, folders.unit.public, signer=folders.ngo.public.signing)
    with pytest.raises(SignatureError):
        opening(police.forge(manifest, body, folders.unit.public), folders)


def test_signature_bit_flipped(sealed, folders):
    plaintext = bytearray(decrypt(sealed, folders.unit))
    start = 19 + 4 + int.from_bytes(plaintext[19:23], "big")
    for at in (start, start + 31, start + 63):
        broken = bytes(plaintext[:at]) + bytes([plaintext[at] ^ 1]) + bytes(plaintext[at + 1 :])
        with pytest.raises(SignatureError):
            opening(encrypt(broken, [folders.unit.public.recipient]), folders)


def test_manifest_changed_after_signing(sealed, folders):
    broken = decrypt(sealed, folders.unit).replace(b'"period":"2018"', b'"period":"2019"')
    with pytest.raises(SignatureError):
        opening(encrypt(broken, [folders.unit.public.recipient]), folders)


def test_reencrypted_to_another_recipient_with_the_same_signed_manifest(sealed, folders):
    passed_on = encrypt(decrypt(sealed, folders.unit), [folders.other_unit.public.recipient])
    with pytest.raises(WrongRecipientError, match="passed it on"):
        open_bundle(passed_on, folders.other_unit, section="linking", today=LAST_DAY, file="f")


def test_sealed_to_another_unit(sealed, folders):
    with pytest.raises(WrongRecipientError, match="not sealed to this key"):
        open_bundle(sealed, folders.other_unit, section="linking", today=LAST_DAY, file="f")


def test_wrong_section(police, folders, body):
    with pytest.raises(WrongRecipientError, match="content section"):
        opening(police.forge(police.manifest(body, folders.unit.public, section="content"), body, folders.unit.public), folders)


@pytest.mark.parametrize(
    ("name", "section"), [("unit", "content"), ("office", "linking"), ("police", "linking"), ("auditor", "content")]
)
def test_a_role_cannot_open_the_other_roles_section(name, section, sealed, folders):
    with pytest.raises(KeyringError, match="role"):
        open_bundle(sealed, getattr(folders, name), section=section, today=LAST_DAY, file="f")


def test_expired_the_day_after_its_last(sealed, folders):
    opening(sealed, folders, today=LAST_DAY)
    with pytest.raises(ExpiredError):
        opening(sealed, folders, today=date(2020, 1, 1))


def test_body_digest_mismatch(police, folders, body):
    manifest = police.manifest(body, folders.unit.public)
    changed = body[:-20] + bytes([body[-20] ^ 1]) + body[-19:]
    with pytest.raises(FormatError, match="not the one that was signed"):
        opening(police.forge(manifest, changed, folders.unit.public), folders)


def test_body_longer_than_said(police, folders, body):
    manifest = police.manifest(body, folders.unit.public)
    with pytest.raises(FormatError, match="padding"):
        opening(police.forge(manifest, body + b"more rows", folders.unit.public), folders)


def test_body_shorter_than_said(police, folders, body):
    manifest = police.manifest(body, folders.unit.public, body_bytes=1 << 20)
    with pytest.raises(TruncatedError):
        opening(police.forge(manifest, body, folders.unit.public), folders)


def test_padding_not_zero(police, folders, body):
    with pytest.raises(FormatError, match="padding"):
        opening(police.forge(police.manifest(body, folders.unit.public), body, folders.unit.public, padding=b"\0\0\0x"), folders)


def test_padding_to_a_larger_bucket_than_needed(police, folders, body):
    with pytest.raises(FormatError, match="not padded"):
        opening(
            police.forge(police.manifest(body, folders.unit.public), body, folders.unit.public, padding=bytes(300_000)), folders
        )


def test_padding_left_out(sealed, folders, body):
    unpadded = decrypt(sealed, folders.unit).partition(body)[0] + body
    with pytest.raises(FormatError, match="not padded"):
        opening(encrypt(unpadded, [folders.unit.public.recipient]), folders)


def rewritten(name):
    """Manifests that say the same in bytes that are not canonical, or that are no manifest at all."""
    ways = {
        "blank added": lambda m: canonical_json(m).replace(b'":', b'": ', 1),
        "line break at the end": lambda m: canonical_json(m) + b"\n",
        "keys not sorted": lambda m: json.dumps(
            dict(reversed(asdict(m).items())), separators=(",", ":"), ensure_ascii=False
        ).encode(),
        "key twice": lambda m: canonical_json(m)[:-1] + b',"tool":"headcount test"}',
        "letter escaped": lambda m: canonical_json(m).replace(b'"police"', b'"polic\\u0065"'),
        "floating-point number": lambda m: canonical_json(m).replace(b'"rows":5', b'"rows":5.0'),
        "not a number": lambda m: canonical_json(m).replace(b'"rows":5', b'"rows":NaN'),
        "lone surrogate": lambda m: canonical_json(m).replace(b'"police"', b'"\\ud800"'),
        "number too long": lambda m: canonical_json(m).replace(b'"rows":5', b'"rows":' + b"9" * 5000),
        "byte order mark": lambda m: b"\xef\xbb\xbf" + canonical_json(m),
        "nested without end": lambda m: b"[" * 100_000,
        "a list": lambda m: b"[]",
        "not JSON": lambda m: b"\xff\xfe",
        "empty": lambda m: b"",
    }
    return ways if name is None else ways[name]


@pytest.mark.parametrize("way", rewritten(None))
def test_manifest_not_canonical(way, police, folders, body):
    manifest = rewritten(way)(police.manifest(body, folders.unit.public))
    with pytest.raises(FormatError, match="canonical"):
        opening(police.forge(manifest, body, folders.unit.public), folders)


@pytest.mark.parametrize(
    "change",
    [
        {"section": "both"},
        {"agency": "../../etc/police"},
        {"agency": "police\x1b[2J"},
        {"period": "../2018"},
        {"period": ""},
        {"sequence": 0},
        {"sequence": "1"},
        {"sequence": True},
        {"rows": -1},
        {"body_bytes": -1},
        {"body_sha256": "AB" * 32},
        {"protocol_id": "00"},
        {"signer": "00" * 31},
        {"kcv": ""},
        {"not_after": "2019-13-01"},
        {"not_after": "20191231"},
        {"not_after": "never"},
        {"recipient": None},
        {"protocol": []},
        {"surname": "x"},
    ],
    ids=str,
)
def test_manifest_with_an_impossible_field(change, police, folders, body):
    plain = asdict(police.manifest(body, folders.unit.public)) | change
    with pytest.raises(FormatError, match=next(iter(change))) as caught:
        opening(police.forge(canonical_json(plain), body, folders.unit.public), folders)
    assert "etc/police" not in str(caught.value)


@pytest.mark.parametrize("name", ["rows", "kcv", "signer", "not_after", "protocol"])
def test_manifest_without_a_field(name, police, folders, body):
    plain = asdict(police.manifest(body, folders.unit.public))
    del plain[name]
    with pytest.raises(FormatError, match=f"{name}: missing"):
        opening(police.forge(canonical_json(plain), body, folders.unit.public), folders)


@pytest.mark.parametrize("form", ["headcount-bundle/2", 1, None])
def test_manifest_of_another_version(form, police, folders, body):
    plain = asdict(police.manifest(body, folders.unit.public)) | {"format": form}
    with pytest.raises(VersionError):
        opening(police.forge(canonical_json(plain), body, folders.unit.public), folders)


def test_protocol_digest_mismatch_inside(police, folders, body):
    manifest = police.manifest(body, folders.unit.public, protocol_id="00" * 32)
    with pytest.raises(ProtocolMismatchError):
        opening(police.forge(manifest, body, folders.unit.public), folders)


@pytest.mark.parametrize("change", [{"project": "other"}, {"epoch": "1999"}, {"normaliser": "norm/0"}], ids=str)
def test_manifest_contradicts_its_protocol(change, police, folders, body):
    with pytest.raises(ProtocolMismatchError):
        opening(police.forge(police.manifest(body, folders.unit.public, **change), body, folders.unit.public), folders)


def test_protocol_inside_is_the_same_in_other_words(police, folders, body, protocol):
    plainly = plain(protocol)
    wordy = plainly | {"comparisons": [plainly["comparisons"][0] | {"only_if": None}, *plainly["comparisons"][1:]]}
    with pytest.raises(ProtocolMismatchError):
        opening(police.forge(police.manifest(body, folders.unit.public, protocol=wordy), body, folders.unit.public), folders)


def test_protocol_inside_is_no_protocol(police, folders, body):
    broken = {"format": "headcount-protocol/1"}
    manifest = police.manifest(body, folders.unit.public, protocol=broken, protocol_id=digest(broken))
    with pytest.raises(FormatError, match="not valid"):
        opening(police.forge(manifest, body, folders.unit.public), folders)


def test_every_fault_names_the_file_and_shows_no_key(sealed, folders):
    with pytest.raises(BundleError) as caught:
        opening(sealed[:1000], folders)
    assert str(caught.value).startswith("police.age: ")
    assert folders.unit.public.recipient not in str(caught.value)


def test_the_outside_shows_recipient_kinds_and_sizes_only(sealed, folders):
    outer = read_outer(sealed, file="f")
    assert "X25519" in outer.stanzas
    assert (outer.file_bytes, outer.content_bytes) == (len(sealed), len(decrypt(sealed, folders.unit)))


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 131072])
def test_the_outside_tells_the_length_of_any_plaintext(size, folders):
    sealed = encrypt(bytes(size), [folders.unit.public.recipient])
    assert read_outer(sealed, file="f").content_bytes == size


def test_the_manifest_of_an_expired_bundle_can_be_looked_at_but_a_forged_one_cannot(police, folders, body):
    manifest = police.manifest(body, folders.unit.public, not_after="1999-01-01")
    assert read_manifest(police.forge(manifest, body, folders.unit.public), folders.unit, file="f") == manifest
    with pytest.raises(SignatureError):
        read_manifest(police.forge(manifest, body, folders.unit.public, signer=folders.ngo), folders.unit, file="f")
