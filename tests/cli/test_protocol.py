"""`headcount protocol`: a ready protocol to start from, in words what one agrees on, and what it gives away."""

import json

import pytest

from linkage.protocol import DEFAULT_SCHEME, READY, SCHEMES, read_protocol, ready_protocol, ready_text
from linkage.protocol_lint import SEVERITIES, findings
from linkage.schemes import leaks


@pytest.mark.parametrize("name", ["tip", "persons"])
def test_new_writes_the_commented_text_and_names_the_file(name, tmp_path, headcount):
    path = tmp_path / "sub" / "p.toml"
    done = headcount("protocol", "new", name, "-o", path)
    assert (done.code, done.out) == (0, f"{path}\n")
    assert path.read_text("utf-8") == ready_text(name)
    assert "#" in ready_text(name)
    assert ready_protocol(name).id[:16] in done.err


def test_new_does_not_overwrite_unless_forced(tmp_path, headcount):
    path = tmp_path / "p.toml"
    path.write_text("mine")
    done = headcount("protocol", "new", "tip", "-o", path)
    assert (done.code, "[usage]" in done.err) == (2, True)
    assert path.read_text() == "mine"
    assert headcount("protocol", "new", "tip", "-o", path, "--force").code == 0
    assert read_protocol(path) == ready_protocol("tip")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_new_writes_the_scheme_that_is_asked_for(scheme, tmp_path, headcount):
    path = tmp_path / "p.toml"
    done = headcount("protocol", "new", "persons", "--scheme", scheme, "-o", path)
    assert (done.code, path.read_text("utf-8")) == (0, ready_text("persons", scheme))
    assert ready_protocol("persons", scheme).id[:16] in done.err


def test_the_help_of_new_names_every_scheme_and_the_default(headcount):
    told = " ".join(headcount("protocol", "new", "--help").out.split())
    assert all(scheme in told for scheme in SCHEMES)
    assert f"else {DEFAULT_SCHEME}" in told


def test_there_is_no_other_scheme(tmp_path, headcount):
    done = headcount("protocol", "new", "tip", "--scheme", "plain/1", "-o", tmp_path / "p.toml")
    assert (done.code, done.out, "locked/1" in done.err) == (3, "", True)
    assert not list(tmp_path.iterdir())


def test_there_is_no_other_ready_protocol(tmp_path, headcount):
    done = headcount("protocol", "new", "../tip", "-o", tmp_path / "p.toml")
    assert (done.code, done.out) == (3, "")
    assert not list(tmp_path.iterdir())


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "p.toml"
    path.write_text(ready_text("tip"), "utf-8")
    return path


def test_show_says_in_words_what_is_agreed(written, headcount):
    done = headcount("protocol", "show", written)
    tip, said = ready_protocol("tip"), dict(line.split(maxsplit=1) for line in done.out.splitlines())
    assert (done.code, done.err) == (0, "")
    assert said["protocol"] == tip.id
    assert f"project {tip.project}, epoch {tip.epoch}" in said["domain"]
    for comparison in tip.comparisons:
        assert f"comparison   {comparison.name}: {' > '.join(comparison.level_names)}" in done.out.splitlines()
    assert "victim 5" in said["public"]


def test_show_in_json_is_what_the_id_is_taken_of(written, headcount):
    told = json.loads(headcount("protocol", "show", written, "--json").out)
    tip = ready_protocol("tip")
    assert told == {"id": tip.id, "protocol": json.loads(tip.canonical)}


def test_show_tells_every_wrong_place_at_once(written, headcount):
    text = ready_text("tip").replace("\nbits = ", "\nbits = 1").replace("\nmax_block = ", "\nmax_block = -")
    written.write_text(text, "utf-8")
    done = headcount("protocol", "show", written)
    assert (done.code, done.out, "[schema]" in done.err) == (3, "", True)
    assert "encoding.bits" in done.err
    assert "blocking.max_block" in done.err


def test_show_of_a_file_that_is_not_there_names_it(tmp_path, headcount):
    done = headcount("protocol", "show", tmp_path / "none.toml")
    assert (done.code, "none.toml" in done.err, "[extract]" in done.err) == (3, True, True)


def test_show_says_what_is_locked_by_what(written, headcount):
    lines, tip = headcount("protocol", "show", written).out.splitlines(), ready_protocol("tip")
    told = next(line for line in lines if line.startswith("encoding "))
    shown = [token for token in tip.encoding.tokens.values() if not token.hidden]
    assert f"{tip.encoding.scheme}, {tip.encoding.bits} bits" in told
    assert f"filters {len(tip.encoding.filters)} (copies {len(tip.filters)})" in told
    assert f"tokens {len(shown)} (copies {len(tip.tokens)})" in told
    locks = {lock for spec in (*tip.encoding.filters.values(), *shown) for lock in spec.locks}
    assert told.endswith(f"locks {len(locks)}")
    words = dict(line.split(maxsplit=1)[1].split(": ", 1) for line in lines if line.startswith("lock "))
    assert set(words) == locks
    for lock, text in words.items():
        of, _, guarded = text.partition(" > ")
        assert of == " and ".join(tip.encoding.tokens[lock].of)
        assert sorted(guarded.split(", ")) == sorted(name for name, spec in tip.encoding.specs if lock in spec.locks)


def test_show_marks_a_hidden_lock_and_says_that_there_is_no_pass(written, headcount):
    written.write_text(ready_text("tip", "salted/1"), "utf-8")
    lines = headcount("protocol", "show", written).out.splitlines()
    assert "lock         birth_year: birth_year (hidden) > whole" in lines
    assert [line for line in lines if line.startswith("blocking     no pass;")]


@pytest.mark.parametrize("name", READY)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_lint_ends_in_1_if_anything_is_refused_and_tells_each_finding_in_a_line(name, scheme, written, headcount):
    written.write_text(ready_text(name, scheme), "utf-8")
    agreed = ready_protocol(name, scheme)
    done, found = headcount("protocol", "lint", written), findings(agreed)
    assert (done.code, done.err) == (int(any(one.severity == "refused" for one in found)), "")
    *lines, counted, leaking = done.out.splitlines()
    assert len(lines) == len(found)
    for line, one in zip(lines, found, strict=True):
        assert line.startswith(f"{one.severity:<7}  {one.key}: {one.text}")
        assert line.endswith(f"[{one.code}]")
        assert one.hint in line
    assert counted.split(maxsplit=1)[1] == ", ".join(f"{kind} {sum(one.severity == kind for one in found)}" for kind in SEVERITIES)
    assert leaking == f"leaks    {leaks(agreed.encoding)}"


@pytest.mark.parametrize(("scheme", "code"), [("fields/1", 1), ("locked/1", 0)])
def test_lint_in_json_says_the_same_with_the_same_exit(scheme, code, written, headcount):
    written.write_text(ready_text("tip", scheme), "utf-8")
    agreed, done = ready_protocol("tip", scheme), headcount("protocol", "lint", written, "--json")
    told = json.loads(done.out)
    assert done.code == code
    assert list(told) == ["id", "findings", "counts", "leaks"]
    assert told["findings"] == [one._asdict() for one in findings(agreed)]
    assert sum(told["counts"].values()) == len(told["findings"])
    assert bool(told["counts"]["refused"]) == bool(code)
    assert (told["id"], told["leaks"]) == (agreed.id, leaks(agreed.encoding))


def test_lint_of_a_protocol_that_is_wrong_is_an_error_and_no_finding(written, headcount):
    written.write_text("format = 3\n", "utf-8")
    done = headcount("protocol", "lint", written)
    assert (done.code, done.out, "[schema]" in done.err) == (3, "", True)
