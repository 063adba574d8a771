"""Every bad input has its own error and exit code, and leaves the workspace as it was, to the byte."""

import os

import pytest

import linkage.cli.unit as cli

EXTRA = "POL-4,Азизова,Мадина,,1999-01-02,F,TJ-DU,,victim,identified,2018-05-05\n"


@pytest.fixture
def received(office):
    """A workspace that trusts police and NGO and holds the police's section."""
    trust = [word for agency in ("police", "ngo") for word in ("--trust", f"./keys/{agency}/public.json")]
    office.receive("./o/police-2018.linking.age", *trust)
    return office


def damaged(office, name, change):
    data = bytearray((office.folder / "o" / "ngo-2018.linking.age").read_bytes())
    (office.folder / name).write_bytes(bytes(change(data)))
    return f"./{name}"


def flip(data):
    data[len(data) // 2] ^= 1
    return data


def corrected(office, to, *more):
    office.seal(
        "police", office.list("police2.csv", (office.folder / "police.csv").read_text("utf-8").split("\n", 1)[1] + EXTRA), to, *more
    )
    return f"{to}/police-2018.linking.age"


def other_unit(office):
    office.seal("ngo", "./ngo.csv", "./x", unit="unit2")
    return "./x/ngo-2018.linking.age"


def other_protocol(office):
    office.seal("ngo", "./ngo.csv", "./x", protocol="other")
    return "./x/ngo-2018.linking.age"


def other_linkage_key(office):
    office("keys", "share", "--protocol", "./protocol.toml", "--to", "./keys/ngo/public.json", "-o", "./s9")
    office("keys", "install", "./s9/ngo.share.age", "--keys", "./keys/ngo", "--force")
    office.seal("ngo", "./ngo.csv", "./x")
    return "./x/ngo-2018.linking.age"


REFUSED = {
    "a tampered byte": (lambda o: damaged(o, "t.age", flip), (), 4, "bundle-format"),
    "a truncated file": (lambda o: damaged(o, "t.age", lambda d: d[: len(d) // 2]), (), 4, "bundle-truncated"),
    "no bundle at all": (lambda o: "./ngo.csv", (), 4, "bundle-format"),
    "sealed to another unit": (other_unit, (), 4, "bundle-recipient"),
    "the content section": (lambda o: "./o/ngo-2018.content.age", (), 4, "bundle-recipient"),
    "another protocol": (other_protocol, (), 4, "bundle-protocol"),
    "another linkage key": (other_linkage_key, (), 4, "bundle-protocol"),
    "an agency that is not trusted": (lambda o: "./o/court-2018.linking.age", (), 4, "bundle-signature"),
    "the same bundle again": (lambda o: "./o/police-2018.linking.age", (), 4, "bundle-replayed"),
    "a correction without --supersede": (lambda o: corrected(o, "./x", "--sequence", "2"), (), 4, "bundle-replayed"),
    "a correction that is not newer": (lambda o: corrected(o, "./x"), ("--supersede", "why"), 4, "bundle-replayed"),
    "a file that is not there": (lambda o: "./nothing.age", (), 2, "usage"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_bundle_is_refused_and_nothing_is_stored(received, look_at, case):
    make, more, code, name = REFUSED[case]
    file = make(received)
    before = look_at(received.folder / "W")
    done = received.receive(file, *more, ok=False)
    assert (done.code, f"[{name}]" in done.err) == (code, True), done.err
    assert look_at(received.folder / "W") == before


def test_a_refused_first_bundle_makes_no_workspace(office):
    assert office.receive(damaged(office, "t.age", flip), ok=False).code == 4
    assert not (office.folder / "W").exists()


@pytest.mark.skipif(os.name == "nt", reason="modes say nothing on Windows")
def test_an_exposed_secret_is_refused(received, look_at):
    (received.folder / "keys" / "unit" / "identity.key").chmod(0o644)
    before = look_at(received.folder / "W")
    done = received.receive("./o/ngo-2018.linking.age", ok=False)
    assert (done.code, "[key]" in done.err) == (5, True)
    assert look_at(received.folder / "W") == before


def test_keys_of_another_role_are_refused(received):
    assert received.receive("./o/ngo-2018.linking.age", keys="statistics", ok=False).code == 5
    assert received.seal("auditor", "./ngo.csv", "./x", ok=False).code == 5


def test_a_linking_section_is_no_content(received):
    received.link()
    content = ("--content", "./o/police-2018.linking.age")
    done = received(
        "report", "--workspace", "./W", "--keys", "./keys/statistics", *content, "--tier", "restricted", "-o", "./r", ok=False
    )
    assert (done.code, "[bundle-recipient]" in done.err) == (4, True)
    assert not (received.folder / "r").exists()


def test_an_expired_bundle_is_refused(office):
    text = (office.folder / "protocol.toml").read_text("utf-8")
    assert "valid_days = 400" in text

    class Later(cli.datetime):
        @classmethod
        def now(cls, tz=None):
            return super().now(tz).replace(year=super().now(tz).year + 3, day=1)

    original, cli.datetime = cli.datetime, Later
    try:
        done = office.receive("./o/ngo-2018.linking.age", ok=False)
    finally:
        cli.datetime = original
    assert (done.code, "[bundle-expired]" in done.err) == (4, True)
    assert not (office.folder / "W").exists()


def test_bad_rows_are_told_all_at_once_and_nothing_is_sealed(office):
    bad = office.list(
        "bad.csv", "1,А,Б,,1990-13-45,X,TJ-SU,,victim,identified,2018-03-01\n1,В,Г,,,F,NOWHERE,,victim,identified,x\n"
    )
    done = office.seal("police", bad, "./x", ok=False)
    assert (done.code, "[validation]" in done.err) == (3, True)
    for place in (
        "row 2, field birth_date",
        "row 2, field sex",
        "row 3, field region",
        "row 3, field event_date",
        "record-id-duplicate",
    ):
        assert place in done.err
    assert "NOWHERE" not in done.err + done.out
    assert not (office.folder / "x").exists()


@pytest.mark.parametrize(
    ("find", "put", "path"),
    [
        ("\nbits = ", "\nbits = 1", "encoding.bits"),
        ("\nbits = ", "\nbits = 1.", "encoding.bits"),
        ("max_block = 500", "max_block = 500\nfoo = 1", "blocking.foo"),
        ('token = ["', 'token = ["nobody", "', "comparisons.0.levels.0"),
        ('format = "headcount-protocol/1"', 'format = "other/9"', "format"),
    ],
)
def test_a_wrong_key_or_value_of_a_protocol_is_named_by_its_path(office, find, put, path):
    text = (office.folder / "protocol.toml").read_text("utf-8")
    assert find in text
    (office.folder / "wrong.toml").write_text(text.replace(find, put, 1), "utf-8")
    done = office("protocol", "show", "./wrong.toml", ok=False)
    assert (done.code, "[schema]" in done.err, path in done.err) == (3, True, True)
