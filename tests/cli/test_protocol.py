"""`headcount protocol`: a ready protocol to start from, and in words what one agrees on."""

import json

import pytest

from linkage.protocol import read_protocol, ready_protocol, ready_text


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
    text = ready_text("tip").replace("bits = 1024", "bits = 1000").replace("max_block = 500", "max_block = 1")
    written.write_text(text, "utf-8")
    done = headcount("protocol", "show", written)
    assert (done.code, done.out, "[schema]" in done.err) == (3, "", True)
    assert "encoding.bits" in done.err
    assert "blocking.max_block" in done.err


def test_show_of_a_file_that_is_not_there_names_it(tmp_path, headcount):
    done = headcount("protocol", "show", tmp_path / "none.toml")
    assert (done.code, "none.toml" in done.err, "[extract]" in done.err) == (3, True, True)
