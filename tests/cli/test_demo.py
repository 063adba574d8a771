"""`headcount demo`: every step is a command that can be repeated, and the count is compared with the truth."""

import json
import shlex

import pytest

from linkage.cli import demo as module


def test_the_demo_ends_well_and_tells_lists_added_up_unique_and_truth(demonstration):
    shown = demonstration(1)
    assert shown.done.code == 0
    told = shown.result
    assert told["equal"]
    assert told["unique"] == told["truth"] == json.loads((shown.folder / "truth" / "totals.json").read_text("utf-8"))
    assert len(told["lists"]) == 7
    for what in ("victims", "convicted"):
        assert told["added_up"][what] == sum(one[what] for one in told["lists"])
        assert told["added_up"][what] > sum(told["unique"][what].values())
    assert told["linkage"]["pairs"]["all"]["f1"] == 1.0


def test_every_step_is_shown_as_a_command_that_the_program_has(demonstration):
    lines = [shlex.split(line[2:]) for line in demonstration(1).done.err.splitlines() if line.startswith("$ ")]
    assert all(words[0] == "headcount" for words in lines)
    verbs = [words[1] for words in lines]
    assert verbs.count("seal") == 7
    assert [verb for verb in verbs if verb not in {"keys", "seal"}] == [
        "protocol",
        "receive",
        "link",
        "export",
        "report",
        "report",
        "evaluate",
    ]


def test_a_shown_command_repeated_by_hand_does_what_it_did(demonstration, headcount, monkeypatch):
    shown = demonstration(1)
    monkeypatch.chdir(shown.folder)
    link, evaluate = (
        shlex.split(next(line for line in shown.done.err.splitlines() if line.startswith(f"$ headcount {verb}")))[2:]
        for verb in ("link", "evaluate")
    )
    assert "already published" in headcount(*link).err
    assert json.loads(headcount(*evaluate).out) == shown.result["linkage"]


def test_stdout_is_the_answer_alone(demonstration):
    assert json.loads(demonstration(1).done.out) == demonstration(1).result


def test_the_tables_and_the_verdict_are_shown_without_json(demonstration, headcount, monkeypatch, tmp_path):
    shown = demonstration(1)
    told = headcount_show(shown, monkeypatch, headcount, tmp_path)
    whole = (shown.folder / "report" / "tables.txt").read_text("utf-8")
    for head in ("2018, offenders", "2018, victims"):
        table = next(block for block in told.split("\n\n") if block.startswith(f"{head}\n")).splitlines()
        assert len(table) > 3
        assert all(any(line.startswith(row) for line in whole.splitlines()) for row in table)
        assert "linkage" not in table[1]
    public = told.partition("public tier")[2].split("\n\n")[1]
    whole = (shown.folder / "public" / "tables.txt").read_text("utf-8").splitlines()
    assert all(any(line.startswith(row) for line in whole) for row in public.splitlines())
    assert next(line for line in public.splitlines() if line.startswith("convicted")).split()[1:4] == ["31", "[c]", "[c]"]
    assert "victims 40 = 6 boys, 5 girls, 15 men, 14 women" in told
    assert "convicted 31 = 27 F + 4 M" in told
    assert "equal to the truth" in told
    for one in shown.result["lists"]:
        assert one["title"] in told


def headcount_show(shown, monkeypatch, headcount, folder):
    """The demo's last step alone, on what the fixture's demo made."""
    for name in ("_write", "_draw_keys", "_seal_lists", "_link_and_report"):
        monkeypatch.setattr(module, name, lambda *_: None)
    monkeypatch.setattr(module, "_runner", lambda *_, **__: lambda *_words: json.dumps(shown.result["linkage"]))
    monkeypatch.setattr(module, "_result", lambda *_: shown.result)
    monkeypatch.setattr(module, "_show", lambda _folder, result: show(shown.folder, result))
    done = headcount("demo", folder / "D")
    assert done.code == 0
    return done.out


show = module._show


def test_a_count_that_differs_from_the_truth_is_said_and_exits_with_1(demonstration, headcount, monkeypatch, tmp_path):
    shown = demonstration(1)
    for name in ("_write", "_draw_keys", "_seal_lists", "_link_and_report"):
        monkeypatch.setattr(module, name, lambda *_: None)
    monkeypatch.setattr(module, "_runner", lambda *_, **__: lambda *_words: json.dumps(shown.result["linkage"]))
    monkeypatch.setattr(module, "_counted", lambda _path: {"convicted": {"F": 1, "M": 1}, "victims": {"boys": 1, "girls": 1}})
    monkeypatch.setattr(module, "_show", lambda _folder, result: show(shown.folder, result))
    done = headcount("demo", tmp_path / "D")
    assert done.code == 1
    assert "NOT equal to the truth" in done.out


def test_it_does_not_write_into_a_folder_that_holds_something(tmp_path, headcount):
    (tmp_path / "mine").write_text("precious")
    done = headcount("demo", tmp_path)
    assert (done.code, "[usage]" in done.err) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("seed", ["0", "-1", "x"])
def test_a_seed_is_a_whole_number_from_1(seed, tmp_path, headcount):
    assert headcount("demo", tmp_path / "D", "--seed", seed).code == 2
    assert not (tmp_path / "D").exists()


def test_truth_is_not_among_what_the_linkage_reads(demonstration):
    steps = [line for line in demonstration(1).done.err.splitlines() if line.startswith("$ ") and "truth" in line]
    assert [shlex.split(step)[2] for step in steps] == ["evaluate"]
