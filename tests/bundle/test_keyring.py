import json
import os
import stat
import sys
from pathlib import Path

import pytest

from linkage.bundle.keyring import (
    HOLDINGS,
    ROLES,
    PublicKey,
    decrypt,
    encrypt,
    new_keys,
    open_keys,
    read_public,
    read_recipient,
    refuse_weak,
    secret,
    sign,
    verify,
)
from linkage.errors import FormatError, KeyringError, TruncatedError, UsageError, VersionError, WrongRecipientError

PASSPHRASE_FILE = (
    b"age-encryption.org/v1\n-> scrypt PP2RGmmZrkdoTkMTM57XMw 1\nkZzDXStYtLBC116jSps236v3uGu7YLoPuZe4gDIeQYo\n--- "
    + b"A" * 43
    + b"\n"
    + bytes(64)
)
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="modes say nothing on Windows")


def secrets_in(directory):
    return {path.stem: path.read_text().strip() for path in directory.glob("*.key")}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_gets_the_secrets_of_its_role_and_no_others(role, tmp_path):
    public = new_keys(role, "someone", tmp_path / "k")
    assert set(secrets_in(tmp_path / "k")) == set(HOLDINGS[role])
    assert open_keys(tmp_path / "k", role).public == public == read_public(tmp_path / "k" / "public.json")
    assert bool(public.recipient) == ("identity" in HOLDINGS[role])


@POSIX
def test_secret_files_are_for_the_owner_only(tmp_path):
    old = os.umask(0)
    try:
        new_keys("agency", "police", tmp_path / "k")
    finally:
        os.umask(old)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "k").iterdir()}
    assert modes == {"public.json": 0o644, "signing.key": 0o600, "identity.key": 0o600, "agency.key": 0o600}
    assert stat.S_IMODE((tmp_path / "k").stat().st_mode) == 0o700


@POSIX
@pytest.mark.parametrize("name", ["signing", "identity", "agency"])
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_secret_that_others_can_read_is_refused(name, mode, tmp_path):
    new_keys("agency", "police", tmp_path)
    (tmp_path / f"{name}.key").chmod(mode)
    with pytest.raises(KeyringError, match="others may read"):
        open_keys(tmp_path, "agency")


def test_no_secret_shows_in_a_repr(tmp_path):
    new_keys("unit", "unit", tmp_path)
    keys = open_keys(tmp_path, "unit")
    held = secrets_in(tmp_path)
    assert len(held) == 3
    for text in held.values():
        assert text not in repr(keys)
        assert text not in str(keys)
        assert text not in (tmp_path / "public.json").read_text()


def test_keys_differ_every_time(tmp_path):
    new_keys("agency", "police", tmp_path / "a")
    new_keys("agency", "police", tmp_path / "b")
    assert not set(secrets_in(tmp_path / "a").values()) & set(secrets_in(tmp_path / "b").values())


@pytest.mark.parametrize("role", ROLES)
def test_another_roles_folder_does_not_open(role, tmp_path):
    new_keys(role, "someone", tmp_path)
    for other in set(ROLES) - {role}:
        with pytest.raises(KeyringError, match="of the role"):
            open_keys(tmp_path, other)


@pytest.mark.parametrize(
    ("role", "foreign"),
    [
        ("unit", "linkage-tip.2024"),
        ("unit", "agency"),
        ("agency", "person"),
        ("statistics", "person"),
        ("custodian", "linkage-tip.2024"),
    ],
)
def test_a_folder_with_another_roles_secret_does_not_open(role, foreign, tmp_path):
    new_keys(role, "someone", tmp_path)
    path = tmp_path / f"{foreign}.key"
    path.write_text("00" * 32)
    path.chmod(0o600)
    with pytest.raises(KeyringError, match="must not hold"):
        open_keys(tmp_path, role)


@pytest.mark.parametrize("name", ["signing", "identity", "agency"])
def test_an_incomplete_folder_does_not_open(name, tmp_path):
    new_keys("agency", "police", tmp_path)
    (tmp_path / f"{name}.key").unlink()
    with pytest.raises(KeyringError, match="missing"):
        open_keys(tmp_path, "agency")


@pytest.mark.parametrize("name", ["signing", "identity", "agency"])
@pytest.mark.parametrize("text", ["", "zz" * 32, "AGE-SECRET-KEY-1", "00" * 31, "пароль"])
def test_a_damaged_secret_is_refused_without_being_shown(name, text, tmp_path):
    new_keys("agency", "police", tmp_path)
    (tmp_path / f"{name}.key").write_text(text)
    with pytest.raises(KeyringError, match="damaged") as caught:
        open_keys(tmp_path, "agency")
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize("name", ["signing", "identity"])
def test_secrets_of_another_folder_are_noticed(name, tmp_path):
    new_keys("agency", "police", tmp_path / "a")
    new_keys("agency", "police", tmp_path / "b")
    (tmp_path / "b" / f"{name}.key").replace(tmp_path / "a" / f"{name}.key")
    with pytest.raises(KeyringError, match="do not belong"):
        open_keys(tmp_path / "a", "agency")


def test_new_keys_never_overwrite_unless_forced(tmp_path):
    before = new_keys("agency", "police", tmp_path)
    with pytest.raises(UsageError, match="exists"):
        new_keys("agency", "police", tmp_path)
    assert read_public(tmp_path) == before
    assert new_keys("agency", "police", tmp_path, force=True) != before
    open_keys(tmp_path, "agency")


def test_not_even_forced_keys_join_another_roles_folder(tmp_path):
    new_keys("agency", "police", tmp_path)
    with pytest.raises(KeyringError, match="must not hold"):
        new_keys("unit", "unit", tmp_path, force=True)
    open_keys(tmp_path, "agency")


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path):
    (tmp_path / "letter.txt").write_text("x")
    tmp_path.chmod(0o755)
    with pytest.raises(UsageError, match="not empty"):
        new_keys("agency", "police", tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) != 0o700 or sys.platform == "win32"


@pytest.mark.parametrize(("role", "name"), [("king", "arthur"), ("agency", "../police"), ("agency", "Police"), ("agency", "")])
def test_impossible_roles_and_names_are_refused(role, name, tmp_path):
    with pytest.raises(UsageError):
        new_keys(role, name, tmp_path / "k")
    assert not (tmp_path / "k").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"format": "headcount-public/2"},
        {"role": "king"},
        {"name": "../x"},
        {"signing": ""},
        {"signing": "AA" * 32},
        {"recipient": ""},
        {"recipient": "age1x"},
        {"extra": "x"},
        {"name": 7},
    ],
    ids=str,
)
def test_a_public_key_that_is_not_one_is_refused(change, tmp_path):
    new_keys("agency", "police", tmp_path)
    file = tmp_path / "public.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(KeyringError):
        read_public(file)


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"[" * 100_000, b"null"])
def test_any_other_file_is_no_public_key(data, tmp_path):
    (tmp_path / "public.json").write_bytes(data)
    with pytest.raises(KeyringError):
        read_public(tmp_path / "public.json")


def test_a_missing_public_key_is_a_key_error(tmp_path):
    with pytest.raises(KeyringError, match="cannot be read"):
        read_public(tmp_path / "none.json")


def test_the_fingerprint_stands_for_everything_in_the_public_key(tmp_path, folders):
    changed = [{"name": "pdlice"}, {"signing": folders.ngo.public.signing}, {"recipient": folders.ngo.public.recipient}]
    file = tmp_path / "public.json"
    plain = json.loads((folders.police.directory / "public.json").read_text())
    seen = {folders.police.public.fingerprint}
    for change in changed:
        file.write_text(json.dumps(plain | change))
        seen.add(read_public(file).fingerprint)
    assert len(seen) == 4
    assert all(len(digits) == 20 and set(digits) <= set("0123456789abcdef") for digits in seen)


def test_a_recipient_of_another_role_is_refused(folders):
    assert read_recipient(folders.unit.directory, "unit") == folders.unit.public
    with pytest.raises(KeyringError, match="role unit"):
        read_recipient(folders.office.directory, "unit")


def test_only_agency_and_unit_hold_their_own_keyed_secret(folders):
    assert len(secret(folders.police, "agency")) == len(secret(folders.unit, "person")) == 32
    for keys, kind in [
        (folders.unit, "agency"),
        (folders.police, "person"),
        (folders.office, "person"),
        (folders.ombudsperson, "agency"),
    ]:
        with pytest.raises(KeyringError, match="holds no"):
            secret(keys, kind)


@pytest.mark.parametrize(
    "weak",
    [
        pytest.param(b"", id="empty"),
        pytest.param(bytes(31), id="short"),
        pytest.param(bytes(range(33)), id="long"),
        pytest.param(bytes(32), id="zeros"),
        pytest.param(b"\xff" * 32, id="ones"),
        pytest.param(b"\x00\x01" * 16, id="two bytes"),
        pytest.param(b"correct horse battery staple 123", id="passphrase"),
        pytest.param("пароль-пароль-12345!".encode(), id="passphrase in Cyrillic"),
    ],
)
def test_a_secret_that_nobody_drew_is_refused(weak):
    with pytest.raises(KeyringError) as caught:
        refuse_weak(weak)
    assert not weak or repr(weak)[2:-1] not in str(caught.value)


def test_a_weak_secret_in_the_folder_is_refused_on_use(tmp_path):
    new_keys("agency", "police", tmp_path)
    (tmp_path / "agency.key").write_text("ab" * 32)
    with pytest.raises(KeyringError, match="at random"):
        secret(open_keys(tmp_path, "agency"), "agency")


def test_a_signature_holds_for_its_message_and_signer_only(folders):
    signature = sign(folders.police, b"message")
    signer = folders.police.public.signing
    assert len(signature) == 64
    assert verify(signer, b"message", signature)
    assert not verify(signer, b"massage", signature)
    assert not verify(folders.ngo.public.signing, b"message", signature)
    assert not verify(signer, b"message", signature[:-1])
    assert not verify("00", b"message", signature)
    assert not verify("zz", b"message", signature)


def test_ed25519_is_that_of_rfc_8032(tmp_path):
    """RFC 8032, section 7.1, test 2."""
    new_keys("auditor", "a", tmp_path)
    (tmp_path / "signing.key").write_text("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    public = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    file = tmp_path / "public.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"signing": public}))
    signature = sign(open_keys(tmp_path, "auditor"), b"\x72")
    assert signature.hex().startswith("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da")
    assert verify(public, b"\x72", signature)


def test_only_a_recipient_can_decrypt(folders):
    sealed = encrypt(b"data", [folders.unit.public.recipient])
    assert decrypt(sealed, folders.unit) == b"data"
    with pytest.raises(WrongRecipientError):
        decrypt(sealed, folders.other_unit)
    with pytest.raises(KeyringError, match="receives nothing"):
        decrypt(sealed, folders.auditor)


@pytest.mark.parametrize("recipients", [[], [""], ["age1x"], ["ssh-ed25519 AAAA"]], ids=str)
def test_without_a_valid_recipient_nothing_is_encrypted(recipients):
    with pytest.raises(KeyringError, match="recipients"):
        encrypt(b"data", recipients)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", TruncatedError),
        (b"age-encryption.org/v1", TruncatedError),
        (b"age-encryption.org/v1\n", TruncatedError),
        (b"age-encryption.org/v1\n-> X25519 AAAA\n", TruncatedError),
        (b"age-encryption.org/v2\n-> X25519 AAAA\n", VersionError),
        (b"PK\x03\x04 some other file entirely", FormatError),
        (b"-----BEGIN AGE ENCRYPTED FILE-----\n", FormatError),
        (PASSPHRASE_FILE, WrongRecipientError),
    ],
    ids=["empty", "half a line", "one line", "half a header", "age v2", "zip", "armored", "passphrase"],
)
def test_every_other_file_has_its_own_error(data, error, folders):
    with pytest.raises(error) as caught:
        decrypt(data, folders.unit, file="police.age")
    assert str(caught.value).startswith("police.age: ")


def test_the_fingerprint_is_the_frozen_one():
    vectors = json.loads((Path(__file__).parent / "vectors.json").read_text("utf-8"))
    assert PublicKey(**vectors["public_key"]).fingerprint == vectors["fingerprint"]
