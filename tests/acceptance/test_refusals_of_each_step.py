"""What each step beside `receive` refuses: its exit code, its code word, and every file as it was."""

import shutil

import pytest

from linkage.unit.workspace import Workspace, writing

ROW = "POL-1,Саидова,Гулнора,Каримовна,1990-05-17,F,TJ-SU,,victim,identified,2018-03-01\n"


@pytest.fixture
def linked(office):
    office.receive(*(f"./o/{agency}-2018.linking.age" for agency in ("police", "ngo", "court")))
    office.link()
    return office


@pytest.fixture
def refuse(look_at):
    """Run a command that must be refused with this exit code and code word, and change no file."""

    def run(office, code, name, *words):
        before = look_at(office.folder)
        done = office(*words, ok=False)
        assert (done.code, f"[{name}]" in done.err) == (code, True), done
        assert done.out == ""
        assert look_at(office.folder) == before
        return done

    return run


def seal_words(
    keys="police", file="./police.csv", protocol="protocol", unit="unit", statistics="statistics", period="2018", to="./x"
):
    readers = ("--unit", f"./keys/{unit}/public.json", "--statistics", f"./keys/{statistics}/public.json")
    return ("seal", file, "--protocol", f"./{protocol}.toml", "--keys", f"./keys/{keys}", "--period", period, *readers, "-o", to)


SEAL = {
    "a list that is not there": ({"file": "./nothing.csv"}, 3, "extract"),
    "a list that is no table": ({"file": "./noise.xlsx"}, 3, "extract"),
    "a list without record ids": ({"file": "./nameless.csv"}, 3, "extract"),
    "a protocol that is not there": ({"protocol": "nothing"}, 3, "extract"),
    "a protocol that is not TOML": ({"protocol": "noise"}, 3, "schema"),
    "the unit's keys": ({"keys": "unit"}, 5, "key"),
    "keys that are not there": ({"keys": "nobody"}, 5, "key"),
    "an epoch without a linkage key": ({"protocol": "other"}, 5, "key"),
    "statistics' key in the unit's place": ({"unit": "statistics"}, 5, "key"),
    "the unit's key in statistics' place": ({"statistics": "unit"}, 5, "key"),
    "a reader's key that is none": ({"unit": "../noise"}, 5, "key"),
    "a period that is a path": ({"period": "../2018"}, 2, "usage"),
    "a place that is taken": ({"to": "./o"}, 2, "usage"),
}


@pytest.mark.parametrize("case", SEAL)
def test_seal_refuses_and_writes_nothing(case, office, refuse):
    changes, code, name = SEAL[case]
    (office.folder / "noise.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    (office.folder / "noise.toml").write_text("project = Quetzal\n")
    (office.folder / "nameless.csv").write_text("surname,given_name\nA,B\n")
    done = refuse(office, code, name, *seal_words(**changes))
    assert "Quetzal" not in done.err


def test_an_exposed_agency_key_is_refused(office, refuse):
    (office.folder / "keys" / "police" / "agency.key").chmod(0o640)
    refuse(office, 5, "key", *seal_words())


def test_an_exposed_linkage_key_is_refused(office, refuse):
    next((office.folder / "keys" / "police").glob("linkage-*.key")).chmod(0o604)
    refuse(office, 5, "key", *seal_words())


def test_a_linkage_key_in_the_units_folder_shuts_the_folder(linked, refuse):
    """The wall in files: who holds a linkage key cannot act as the unit."""
    shutil.copy2(next((linked.folder / "keys" / "police").glob("linkage-*.key")), linked.folder / "keys" / "unit")
    refuse(linked, 5, "key", "link", "--workspace", "./W", "--keys", "./keys/unit")


LINK = {
    "another role's keys": (("./W", "./keys/police"), (), 5, "key"),
    "another unit's keys": (("./W", "./keys/unit2"), (), 4, "bundle-recipient"),
    "no workspace": (("./nowhere", "./keys/unit"), (), 2, "usage"),
    "a period of which nothing came": (("./W", "./keys/unit"), ("--period", "1999"), 2, "usage"),
    "no thread": (("./W", "./keys/unit"), ("--threads", "0"), 2, None),
}


@pytest.mark.parametrize("case", LINK)
def test_link_refuses_and_changes_nothing(case, linked, refuse, look_at):
    (workspace, keys), more, code, name = LINK[case]
    decide(linked)
    words = ("link", "--workspace", workspace, "--keys", keys, *more)
    if name is None:
        before = look_at(linked.folder)
        assert linked(*words, ok=False).code == code
        assert look_at(linked.folder) == before
    else:
        refuse(linked, code, name, *words)


def decide(office, verdict="different"):
    """Make the next run another one."""
    names = office.pseudonyms()
    words = (":".join(names["POL-1"]), ":".join(names["N-1"]), verdict, "--reason", "looked at it")
    office("review", "decide", *words, "--workspace", "./W", "--keys", "./keys/auditor")


def test_a_stored_bundle_that_was_changed_ends_the_next_run(linked, refuse):
    decide(linked)
    stored = next((linked.folder / "W" / "bundles").iterdir())
    data = bytearray(stored.read_bytes())
    data[-1] ^= 1
    stored.write_bytes(bytes(data))
    refuse(linked, 7, "ledger-tampered", "link", "--workspace", "./W", "--keys", "./keys/unit")


@pytest.mark.parametrize("name", ["persons.parquet", "manifest.json"])
def test_a_published_file_that_was_changed_is_not_handed_on(name, linked, refuse):
    path = next((linked.folder / "W" / "runs").iterdir()) / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    refuse(linked, 7, "ledger-tampered", "export", "persons", "--workspace", "./W", "-o", "./stolen.csv")


def test_while_another_process_writes_nobody_receives_or_links(linked, refuse):
    decide(linked)
    with writing(Workspace(linked.folder / "W")):
        refuse(linked, 7, "ledger-locked", "link", "--workspace", "./W", "--keys", "./keys/unit")


def test_an_impostor_with_the_agencys_name_is_refused(office, refuse):
    """First use pins the key; whoever comes later under the same name with another key is not the agency."""
    office.receive("./o/police-2018.linking.age")
    office("keys", "new", "agency", "police", "-o", "./keys/impostor")
    to = ("--to", "./keys/impostor/public.json")
    office("keys", "share", "--protocol", "./protocol.toml", "--keys", "./keys/custodian", *to, "-o", "./s3")
    office("keys", "install", "./s3/police.share.age", "--keys", "./keys/impostor")
    office(*seal_words(keys="impostor", file=office.list("more.csv", ROW), period="2019"))
    refuse(office, 4, "bundle-signature", "receive", "./x/police-2019.linking.age", "--workspace", "./W", "--keys", "./keys/unit")


def test_a_later_version_of_the_envelope_is_told_from_damage(office, refuse):
    data = (office.folder / "o" / "ngo-2018.linking.age").read_bytes()
    (office.folder / "later.age").write_bytes(data.replace(b"age-encryption.org/v1", b"age-encryption.org/v2", 1))
    refuse(office, 4, "bundle-version", "receive", "./later.age", "--workspace", "./W", "--keys", "./keys/unit")


@pytest.mark.parametrize("at", [0, 30, 100, 250, -40_000, -1])
def test_no_byte_of_a_bundle_can_be_changed_unnoticed(at, office, look_at):
    data = bytearray((office.folder / "o" / "ngo-2018.linking.age").read_bytes())
    data[at] ^= 0x20
    (office.folder / "t.age").write_bytes(bytes(data))
    before = look_at(office.folder)
    assert office.receive("./t.age", ok=False).code == 4
    assert look_at(office.folder) == before


def test_what_was_stored_before_a_bad_bundle_stays_and_is_named(office):
    (office.folder / "bad.age").write_bytes(b"nothing")
    done = office.receive("./o/ngo-2018.linking.age", "./bad.age", "./o/police-2018.linking.age", ok=False)
    assert done.code == 4
    assert "stored before this: ngo-2018.linking.age; the others were not looked at" in done.err
    assert [path.name for path in (office.folder / "W" / "bundles").iterdir()] == ["ngo-2018-1.linking.age"]


def report_words(content=("police", "ngo", "court"), tier="restricted", keys="statistics"):
    named = [word for agency in content for word in ("--content", f"./o/{agency}-2018.content.age")]
    return ("report", "--workspace", "./W", "--keys", f"./keys/{keys}", "--tier", tier, "-o", "./r", *named)


REPORT = {
    "small counts in public": ({"tier": "public"}, 8, "disclosure"),
    "a section too few": ({"content": ("police", "ngo")}, 4, "bundle-protocol"),
    "the unit's keys": ({"keys": "unit"}, 5, "key"),
    "no such tier": ({"tier": "open"}, 2, "usage"),
}


@pytest.mark.parametrize("case", REPORT)
def test_report_refuses_and_writes_nothing(case, linked, refuse):
    changes, code, name = REPORT[case]
    refuse(linked, code, name, *report_words(**changes))


def test_a_report_does_not_overwrite(linked, refuse):
    linked(*report_words())
    refuse(linked, 2, "usage", *report_words())


def test_a_decision_needs_an_auditors_keys_a_known_record_and_a_reason(linked, refuse):
    names = linked.pseudonyms()
    pair = [":".join(names[name]) for name in ("POL-1", "N-1")]
    where = ("--workspace", "./W", "--keys", "./keys/auditor")
    refuse(linked, 5, "key", "review", "decide", *pair, "same", "--reason", "x", "--workspace", "./W", "--keys", "./keys/unit")
    refuse(linked, 2, "usage", "review", "decide", pair[0], "A" * 26, "same", "--reason", "x", *where)
    refuse(linked, 2, "usage", "review", "decide", *pair, "perhaps", "--reason", "x", *where)
    refuse(linked, 2, "usage", "review", "decide", *pair, "same", "--reason", " ", *where)
    refuse(linked, 2, "usage", "review", "decide", *pair, "withdrawn", "--reason", "x", *where)
