"""`headcount estimate`, from a table and from the lists of a small job."""

import json

import pytest

KOREA = "b,c,d,count\n0,0,1,41\n0,1,0,5\n1,0,0,5\n1,0,1,6\n1,1,0,54\n1,1,1,12\n"


@pytest.fixture
def korea(tmp_path):
    (tmp_path / "korea.csv").write_text(KOREA, "utf-8")
    return tmp_path / "korea.csv"


def test_an_estimate_is_printed_with_model_interval_and_caution(headcount, korea):
    done = headcount("estimate", "--table", korea, "--bootstrap", 200)
    assert done.code == 0, done.err
    first, second = done.out.splitlines()[:2]
    assert first.split()[:3] == ["estimated", "persons", "157,"]
    assert "95 % interval" in first
    assert "b:c, c:d" in second
    assert "caution: experimental" in done.out


def test_json_holds_the_same_and_is_the_same_each_time(headcount, korea):
    one, other = (headcount("estimate", "--table", korea, "--bootstrap", 200, "--json") for _ in range(2))
    assert one.out == other.out
    found = json.loads(one.out)
    assert found["estimated"]["persons"] == 157.167
    assert found["model"] == ["b:c", "c:d"]
    assert found["models"][0]["bic"] == 57.141
    assert found["cautions"][0].startswith("experimental")


def test_another_seed_draws_other_tables_and_changes_only_the_interval(headcount, korea):
    one, other = (json.loads(headcount("estimate", "--table", korea, "--json", "--seed", seed).out) for seed in (1, 2))
    assert one["models"] == other["models"]
    assert one["estimated"] != other["estimated"]


def test_lists_that_pass_persons_on_can_be_taken_as_one(headcount, korea):
    found = json.loads(headcount("estimate", "--table", korea, "--bootstrap", 100, "--merge", "d+b", "--json").out)
    assert found["observed"]["lists"] == {"b+d": 118, "c": 71}
    assert headcount("estimate", "--table", korea, "--merge", "b+x").code == 2


def test_too_little_overlap_is_exit_6_and_says_what_would_help(headcount, tmp_path):
    (tmp_path / "t.csv").write_text("a,b,count\n1,0,40\n0,1,30\n1,1,6\n", "utf-8")
    done = headcount("estimate", "--table", tmp_path / "t.csv")
    assert done.code == 6
    assert done.out == ""
    assert "not estimable" in done.err
    assert "three to five years" in done.err


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a,b,count\n1,2,40\n", 3),
        ("a,b\n1,1\n", 3),
        ("", 3),
        ("a,count\n1,40\n", 2),
    ],
)
def test_files_that_are_no_tables_are_refused(headcount, tmp_path, text, code):
    (tmp_path / "t.csv").write_text(text, "utf-8")
    assert headcount("estimate", "--table", tmp_path / "t.csv").code == code


def test_either_a_table_or_content_is_named(headcount, korea):
    assert headcount("estimate").code == 2
    assert headcount("estimate", "--table", korea, korea).code == 2
    assert headcount("estimate", korea).code == 2


def test_a_missing_file_is_told_by_its_name(headcount, tmp_path):
    done = headcount("estimate", "--table", tmp_path / "none.csv")
    assert done.code == 3
    assert "none.csv" in done.err


@pytest.mark.parametrize("years", ["18", "2018-2016", "2016,2018", ""])
def test_years_are_one_year_or_a_span(headcount, demonstration, years):
    folder = demonstration(1).folder
    done = headcount(
        "estimate", "--years", years, "--keys", folder / "keys" / "statistics", next((folder / "sealed").glob("*.content.age"))
    )
    assert done.code == 2


def test_known_link_rates_correct_two_lists(headcount, tmp_path):
    (tmp_path / "t.csv").write_text("a,b,count\n1,0,60\n0,1,30\n1,1,20\n", "utf-8")
    done = headcount("estimate", "--table", tmp_path / "t.csv", "--true-links", 0.8, "--json")
    assert json.loads(done.out)["estimated"]["persons"] == pytest.approx(81 * 51 / 26 - 1, abs=1e-3)
    assert json.loads(done.out)["link_rates"] == {"true": 0.8, "false": 0.0}


@pytest.fixture(scope="module")
def asked(headcount, demonstration):
    """`asked(role, …)`: the estimate of the demo's lists."""
    folder = demonstration(1).folder
    bundles = sorted((folder / "sealed").glob("*.content.age"))

    def ask(*words, source="--workspace"):
        named = {"--workspace": folder / "unit", "--persons": folder / "persons.csv"}[source]
        return headcount("estimate", "--keys", folder / "keys" / "statistics", source, named, *bundles, "--bootstrap", 100, *words)

    return ask


def test_the_lists_of_a_job_give_an_estimate_averaged_over_its_partitions(asked):
    done = asked("--role", "offender", "--years", "2018", "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert found["partitions"] > 1
    assert set(found["observed"]["lists"]) == {"court", "police", "prosecutor"}
    low, persons, high = (found["estimated"][name] for name in ("low", "persons", "high"))
    assert found["observed"]["persons"] <= low <= persons <= high


def test_a_person_map_gives_an_estimate_of_one_partition(asked):
    one = json.loads(asked("--role", "offender", "--years", "2018", "--json").out)
    other = json.loads(asked("--role", "offender", "--years", "2018", "--json", source="--persons").out)
    assert other["partitions"] == 1
    assert other["observed"] == one["observed"]
    assert other["models"] == one["models"]


def test_a_role_that_nobody_has_is_refused(asked):
    assert asked("--role", "witness").code == 2


def test_years_in_which_nothing_happened_are_refused(asked):
    assert asked("--years", "1999").code == 2
