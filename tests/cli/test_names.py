import json
import re

import typer
from typer.testing import CliRunner

from linkage.cli.evaluate import evaluate
from linkage.cli.names import names_app
from linkage.errors import UsageError

KEYS = ["auc", "recall_at_0_fp", "recall_at_3_fp", "exact_key_recall", "exact_key_false", "names_per_second"]
PAIRS = "a\tb\tsame\twhy\nСаидов Карим\tSaidov Karim\t1\tscript\nСаидов Карим\tСаидов Рустам\t0\tgiven name\n"


def explained(*words):
    return CliRunner().invoke(names_app, ["explain", *words])


def evaluated(*words):
    app = typer.Typer(rich_markup_mode=None)
    app.command()(evaluate)
    return CliRunner().invoke(app, list(words))


def test_each_step_of_a_name_is_shown():
    done = explained("Рањмонов Cаид К.")
    assert done.exit_code == 0
    lines = dict(re.split(r"\s{2,}", line, maxsplit=1) for line in done.stdout.splitlines())
    assert lines["legacy font"] == "Раҳмонов Cаид К."
    assert lines["skeletons"] == "rahmonov · said · k"
    assert lines["surname"] == "key rahman, base rahman, initial r"


def test_json_shows_the_keys_of_other_schemes():
    shown = json.loads(explained("Tchoriev Cherzod", "--json").stdout)
    assert shown["names"]["given name"]["other keys"] == ["wirzad"]
    assert shown["roles"][1]["other schemes"] == {"French": "werzod"}


def test_a_placeholder_and_a_lost_letter_are_named():
    assert "missing" in explained("номаълум").stdout
    assert "damaged" in explained("Ра?монов Карим").stdout


def test_names_are_evaluated_on_labelled_pairs(tmp_path):
    file = tmp_path / "pairs.tsv"
    file.write_text(PAIRS, encoding="utf-8")
    result = json.loads(evaluated("names", str(file), "--json").stdout)
    assert [key for key in result if key in KEYS] == KEYS
    assert (result["auc"], result["exact_key_recall"], result["exact_key_false"]) == (1.0, 1.0, 0)
    assert {row["row"] for row in result["worst"]} == {2, 3}
    for_people = evaluated("names", str(file)).stdout
    assert "exact key recall" in for_people
    assert "Саидов" not in for_people


def test_names_stand_alone_and_persons_need_both_files(tmp_path):
    for words in ([], ["names"], ["names", "a.tsv", "b.tsv"], ["names", "a.tsv", "--truth", "t.csv"], ["--persons", "p.csv"]):
        assert isinstance(evaluated(*words).exception, UsageError)
