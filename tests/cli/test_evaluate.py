import json

import pytest
import typer
from typer.testing import CliRunner

from linkage.cli.evaluate import evaluate
from linkage.errors import DataError, ExtractError, UsageError

PERSONS = "agency,record,person_id\npolice,AAA,1\npolice,BBB,1\ncourt,AAA,2\n"
TRUTH = "agency,record_id,person_id\npolice,P-1,x\npolice,P-2,x\ncourt,C-1,x\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "persons.csv").write_text(PERSONS)
    (tmp_path / "truth.csv").write_text(TRUTH)
    (tmp_path / "police-2017.register.csv").write_text("record_id,record\nP-1,AAA\n")
    (tmp_path / "police-2018.register.csv").write_text("record_id,record\nP-2,BBB\n")
    (tmp_path / "court-2014-2023.register.csv").write_text("record_id,record\nC-1,AAA\n")
    return tmp_path


def run(folder, *words):
    app = typer.Typer(rich_markup_mode=None)
    app.command()(evaluate)
    options = ["--persons", str(folder / "persons.csv"), "--truth", str(folder / "truth.csv")]
    return CliRunner().invoke(app, [*options, *words])


def registers(folder):
    return sorted(map(str, folder.glob("*.register.csv")))


def test_registers_join_the_map_to_the_truth(folder):
    options = [word for path in registers(folder) for word in ("--register", path)]
    done = run(folder, *options, "--json")
    assert done.exit_code == 0
    result = json.loads(done.stdout)
    assert result["records_without_person"] == 0
    assert result["pairs"]["all"] == {
        "precision": 1.0,
        "recall": 0.333333,
        "f1": 0.5,
        "correct_pairs": 1,
        "estimated_pairs": 1,
        "true_pairs": 3,
    }
    assert result["persons"] == {"true": 1, "estimated": 2, "error": 1, "relative_error": 1.0}


def test_a_shell_pattern_may_stand_behind_register(folder):
    as_pattern = run(folder, "--json", "--register", *registers(folder))
    assert json.loads(as_pattern.stdout)["records_without_person"] == 0


def test_without_registers_a_record_is_its_local_id(folder):
    (folder / "persons.csv").write_text(PERSONS.replace("police,AAA", "police,P-1").replace("police,BBB", "police,P-2"))
    result = json.loads(run(folder, "--json").stdout)
    assert (result["records_without_person"], result["records_outside_truth"]) == (1, 1)


def test_the_answer_for_people_is_aligned_and_says_what_was_missing(folder):
    done = run(folder, *registers(folder))
    lines = done.stdout.splitlines()
    assert lines[0] == "records              3 in the truth"
    assert lines[1].strip() == "0 of them not in the map: counted as persons of their own"
    assert lines[3] == "persons              2 estimated, 1 true: +1 (100.00%)"
    assert lines[4] == "pairs, all           precision 100.00%  recall  33.33%  F1  50.00%"
    assert lines[6] == "pairs, across lists  precision       –  recall   0.00%  F1   0.00%"


def test_a_file_that_is_no_register_by_name_is_refused(folder):
    (folder / "police.csv").write_text("record_id,record\n")
    assert isinstance(run(folder, "--register", str(folder / "police.csv")).exception, UsageError)


def test_a_missing_register_is_refused(folder):
    assert isinstance(run(folder, "--register", str(folder / "police-2018.register.csv")).exception, DataError)


def test_a_file_without_the_columns_is_refused(folder):
    (folder / "truth.csv").write_text("agency,person_id\n")
    assert isinstance(run(folder).exception, ExtractError)
