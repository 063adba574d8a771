"""`seal`, `receive`, `link`, `export` and what they say: files, modes, numbers, dates."""

import csv
import io
import json
import stat
import sys
import time
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from linkage.protocol import ready_protocol, ready_text
from linkage.statistics.partitions import digest_of_persons, read_partitions
from linkage.unit.workspace import PersonsTable

TIP = ready_protocol("tip")
HEADER = "record_id,surname,given_name,birth_date,sex,role,stage,event_date,shoe_size\n"
ROWS = (
    "P1,Каримова,Гулнора,1990-05-17,F,victim,identified,2018-03-01,38\n"
    "P2,Каримова,Гулнора,1990-05-17,F,victim,identified,2018-04-01,38\n"
    "P3,Назаров,Олим,1979-11-05,M,offender,suspected,2018-03-01,44\n"
)


@pytest.fixture(scope="module")
def keys(tmp_path_factory, headcount):
    """Keys of police, unit and statistics, and the protocol."""
    at = tmp_path_factory.mktemp("keys")
    (at / "protocol.toml").write_text(ready_text("tip"), "utf-8")
    for role, name in (("agency", "police"), ("unit", "unit"), ("statistics", "office")):
        assert headcount("keys", "new", role, name, "-o", at / name).code == 0
    share = ("keys", "share", "--protocol", at / "protocol.toml", "--to", at / "police" / "public.json", "-o", at / "shares")
    assert headcount(*share).code == 0
    assert headcount("keys", "install", at / "shares" / "police.share.age", "--keys", at / "police").code == 0
    return at


@pytest.fixture
def seal(keys, tmp_path, headcount):
    """`seal(rows, …)`: seals a list into `tmp_path/sealed`."""

    def run(rows=ROWS, *more, period="2018", header=HEADER):
        (tmp_path / "list.csv").write_text(header + rows, "utf-8")
        readers = ("--unit", keys / "unit" / "public.json", "--statistics", keys / "office" / "public.json")
        rest = ("--protocol", keys / "protocol.toml", "--keys", keys / "police", "--period", period)
        return headcount("seal", tmp_path / "list.csv", *rest, *readers, "-o", tmp_path / "sealed", *more)

    return run


@pytest.fixture
def inspect(keys, tmp_path, headcount):
    def run(section="linking", period="2018"):
        reader = {"linking": "unit", "content": "office"}[section]
        path = tmp_path / "sealed" / f"police-{period}.{section}.age"
        return json.loads(headcount("inspect", path, "--keys", keys / reader, "--json").out)

    return run


def test_seal_answers_with_three_files_and_says_what_to_do_with_the_third(seal, tmp_path):
    done = seal()
    names = [f"police-2018.{kind}" for kind in ("linking.age", "content.age", "register.csv")]
    assert (done.code, done.out.splitlines()) == (0, [str(tmp_path / "sealed" / name) for name in names])
    assert sorted(path.name for path in (tmp_path / "sealed").iterdir()) == sorted(names)
    assert "sealed 3 record(s) of police, period 2018, sequence 1" in done.err
    assert "keep police-2018.register.csv inside the agency" in done.err
    assert "left out 1 column(s) that the protocol does not name: shoe_size" in done.err


@pytest.mark.skipif(sys.platform == "win32", reason="modes say nothing on Windows")
def test_the_register_is_its_owners_and_the_sections_may_travel(seal, tmp_path):
    seal()
    modes = {path.name.partition(".")[2]: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "sealed").iterdir()}
    assert modes == {"linking.age": 0o644, "content.age": 0o644, "register.csv": 0o600}


def test_the_register_names_every_row_once(seal, tmp_path):
    seal()
    with (tmp_path / "sealed" / "police-2018.register.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["record_id"] for row in rows] == ["P1", "P2", "P3"]
    assert len({row["record"] for row in rows}) == 3


def test_both_manifests_say_the_period_sequence_protocol_and_last_day(seal, inspect):
    before = datetime.now(UTC).date()
    seal(ROWS, "--sequence", "4")
    after = datetime.now(UTC).date()
    for section in ("linking", "content"):
        told = inspect(section)
        assert (told["section"], told["period"], told["sequence"], told["rows"]) == (section, "2018", 4, 3)
        assert told["protocol_id"] == TIP.id
        days = timedelta(days=TIP.release.valid_days)
        assert before + days <= date.fromisoformat(told["not_after"]) <= after + days


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the time zone cannot be changed here")
def test_the_last_day_does_not_depend_on_the_time_zone(seal, inspect, monkeypatch):
    """Twenty-six hours lie between these zones, so their calendars never agree; two agencies' bundles must."""
    days = set()
    try:
        for zone in ("Pacific/Kiritimati", "Etc/GMT+12"):
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            seal(ROWS, "--force")
            days.add(inspect()["not_after"])
    finally:
        monkeypatch.undo()
        time.tzset()
    assert len(days) == 1


def test_seal_overwrites_nothing_unless_forced(seal, tmp_path, look_at):
    seal()
    before = look_at(tmp_path / "sealed")
    done = seal()
    assert (done.code, "[usage]" in done.err) == (2, True)
    assert look_at(tmp_path / "sealed") == before
    assert seal(ROWS, "--force").code == 0
    assert look_at(tmp_path / "sealed") != before


def test_one_file_that_stands_in_the_way_keeps_all_three_from_being_written(seal, tmp_path):
    (tmp_path / "sealed").mkdir()
    (tmp_path / "sealed" / "police-2018.register.csv").write_text("mine")
    assert seal().code == 2
    assert [path.name for path in (tmp_path / "sealed").iterdir()] == ["police-2018.register.csv"]


def test_a_sequence_counts_from_1(seal):
    assert seal(ROWS, "--sequence", "0").code == 2


def test_sealing_again_gives_the_same_records_the_same_pseudonyms_in_any_order(seal, tmp_path):
    seal()
    register = (tmp_path / "sealed" / "police-2018.register.csv").read_bytes()
    assert seal("".join(reversed(ROWS.splitlines(keepends=True))), "--force").code == 0
    assert (tmp_path / "sealed" / "police-2018.register.csv").read_bytes() == register


@pytest.fixture
def unit(keys, tmp_path, headcount):
    """`unit("link", …)`: a command on the workspace with the unit's keys, where it needs them."""

    def run(verb, *words):
        own = ("--keys", keys / "unit") if verb in {"receive", "blocking", "link"} else ()
        return headcount(*verb.split(), *words, "--workspace", tmp_path / "W", *own)

    return run


@pytest.fixture
def received(seal, unit, tmp_path):
    seal()
    return unit("receive", tmp_path / "sealed" / "police-2018.linking.age")


def test_receive_answers_with_the_bundles_id_and_warns_of_a_key_that_nobody_vouched_for(received, keys):
    signing = json.loads((keys / "police" / "public.json").read_text())["signing"]
    assert received.code == 0
    assert len(received.out.strip()) == 64
    assert "3 record(s) of police, period 2018, sequence 1" in received.err
    assert "WARNING: nobody vouched for the key of police" in received.err
    assert signing in received.err


def test_receive_in_json_tells_the_signer_and_how_it_is_known(seal, unit, keys, tmp_path):
    seal()
    trust = ("--trust", keys / "police" / "public.json")
    done = unit("receive", tmp_path / "sealed" / "police-2018.linking.age", *trust, "--json")
    (told,) = json.loads(done.out)
    assert (told["agency"], told["rows"], told["replaced"], told["signer"]["pinned"]) == ("police", 3, None, "trusted")
    assert "WARNING" not in done.err


def test_link_prints_the_run_and_one_quality_line(received, unit, tmp_path):
    done = unit("link")
    run_id = (tmp_path / "W" / "CURRENT").read_text().split()[0]
    assert done.code == 0
    assert done.out.count("\n") == 1
    quality = json.loads((tmp_path / "W" / "runs" / run_id / "manifest.json").read_bytes())["quality"]
    precision, recall, kept = (
        f"{quality[f'{name}_permille'] / 1000:.3f}" for name in ("estimated_precision", "estimated_recall", "blocking_kept")
    )
    low, estimated, high = (quality[f"persons_{name}"] for name in ("low", "estimated", "high"))
    assert done.out == (
        f"run {run_id}: 3 records, 2 persons (estimated {estimated}, 95 % interval {low} to {high}); 1 pairs compared; "
        f"estimated precision {precision}, recall {recall}, blocking kept {kept} of the true pairs\n"
    )
    assert low <= estimated <= high


def test_link_in_json_is_the_manifests_word(received, unit, tmp_path):
    told = json.loads(unit("link", "--json").out)
    run_id, digest = (tmp_path / "W" / "CURRENT").read_text().split()
    manifest = json.loads((tmp_path / "W" / "runs" / run_id / "manifest.json").read_bytes())
    of_model = {key: manifest[key] for key in ("model", "drift", "anew")}
    assert told == {"run_id": run_id, "manifest_sha256": digest, **manifest["quality"], **of_model}


def test_the_person_map_and_the_pairs_are_exported_for_their_owner(received, unit, tmp_path):
    unit("link")
    for what, header in (
        ("persons", "agency,record,person_id"),
        ("pairs", "left_agency,left_record,right_agency,right_record,level:surname"),
    ):
        done = unit(f"export {what}", "-o", tmp_path / f"{what}.csv")
        assert (done.code, done.out) == (0, f"{tmp_path / what}.csv\n")
        assert (tmp_path / f"{what}.csv").read_text("utf-8").startswith(header)
        if sys.platform != "win32":
            assert stat.S_IMODE((tmp_path / f"{what}.csv").stat().st_mode) == 0o600
        assert unit(f"export {what}", "-o", tmp_path / f"{what}.csv").code == 2


def test_exported_weights_are_bits_that_add_up_with_the_verdict(received, unit, tmp_path):
    unit("link")
    unit("export pairs", "-o", tmp_path / "pairs.csv")
    with (tmp_path / "pairs.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    same = [row for row in rows if row["same"] == "true"]
    assert len(same) == 1
    assert float(same[0]["weight"]) > 0 > float(same[0]["prior"])
    assert {row["same"] for row in rows} <= {"true", "false"}
    surname = next(one for one in TIP.comparisons if one.name == "surname")
    assert surname.level_names[int(same[0]["level:surname"])] == "exact", "of three records no surname is known to be rare"


def test_one_thread_links_as_many_threads_do(received, unit, tmp_path, headcount, keys):
    one = unit("link", "--threads", "1", "--json").out
    elsewhere = ("--workspace", tmp_path / "W2", "--keys", keys / "unit")
    headcount("receive", tmp_path / "sealed" / "police-2018.linking.age", *elsewhere)
    assert headcount("link", *elsewhere, "--threads", "64", "--json").out == one


STAGES = ["open", "block", "pair", "look", "compare", "count", "estimate", "weigh", "cluster", "certainty", "persons", "publish"]


@pytest.fixture
def timings(tmp_path):
    """The timings that were kept of the current run, and where they lie."""

    def read():
        path = tmp_path / "W" / "runs" / (tmp_path / "W" / "CURRENT").read_text().split()[0] / "timings.json"
        return path, json.loads(path.read_bytes())

    return read


def table_of(done):
    """The rows of the table in what was said, by their first word; numbers as text."""
    lines = done.err.splitlines()
    (at,) = (place for place, line in enumerate(lines) if line.split() == ["stage", "parts", "wall", "s", "CPU", "s", "peak", "MB"])
    return {line.split()[0]: line.split()[1:] for line in lines[at + 1 : at + 2 + len(STAGES)]}


def test_a_profile_is_a_table_of_every_stage_and_of_all_together(received, unit, timings):
    done = unit("link", "--profile")
    assert (done.code, done.out.count("\n")) == (0, 1), "the answer is the run alone; the table is talk"
    table, (_, kept) = table_of(done), timings()
    assert list(table) == [*STAGES, "together"]
    for one in kept["stages"]:
        assert table[one["name"]] == [
            str(one["parts"]),
            f"{one['wall'] / 1000:.2f}",
            f"{one['cpu'] / 1000:.2f}",
            f"{one['peak'] / 1e6:.0f}",
        ]
    wall, cpu = (sum(one[key] for one in kept["stages"]) for key in ("wall", "cpu"))
    peak = max(one["peak"] for one in kept["stages"])
    assert table["together"] == [f"{wall / 1000:.2f}", f"{cpu / 1000:.2f}", f"{peak / 1e6:.0f}"]


def test_without_the_option_there_is_no_table_and_the_timings_are_kept_all_the_same(received, unit, timings):
    done = unit("link")
    assert "together" not in done.err
    assert [one["name"] for one in timings()[1]["stages"]] == STAGES


def test_timings_are_whole_numbers_for_their_owner_that_name_nobody_and_no_place(received, unit, timings, tmp_path):
    unit("link")
    path, kept = timings()
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert set(kept) == {"format", "stages"}
    assert kept["format"] == "headcount-timings/1"
    for one in kept["stages"]:
        assert set(one) == {"name", "parts", "wall", "cpu", "peak"}
        assert all(type(value) is int and value >= 0 for name, value in one.items() if name != "name")
    assert {one["name"] for one in kept["stages"]} <= set(STAGES)
    manifest = json.loads((path.parent / "manifest.json").read_bytes())
    assert path.name not in manifest["files"]
    said = path.read_text("utf-8")
    register = (tmp_path / "sealed" / "police-2018.register.csv").read_text("utf-8")
    records = [row["record"] for row in csv.DictReader(io.StringIO(register))]
    assert not [word for word in ("police", "2018", str(tmp_path), *records) if word in said]


def test_linking_again_what_is_published_keeps_the_timings_of_the_run_that_was_made(received, unit, timings, look_at, tmp_path):
    unit("link")
    before = look_at(tmp_path / "W")
    assert timings()[1]["stages"]
    assert unit("link", "--profile").code == 0
    assert look_at(tmp_path / "W") == before


def test_a_run_by_a_given_model_times_the_estimate_beside_it_too(received, unit, timings):
    unit("link")
    unit("link", "--model", "last")
    names = [one["name"] for one in timings()[1]["stages"]]
    assert names.count("compare") == 2
    assert (names[0], names[-1]) == ("open", "publish")


def test_little_memory_gives_the_same_run_as_much_and_a_workspace_with_timings_passes_its_audit(
    received, unit, tmp_path, headcount, keys
):
    one = unit("link", "--memory", "0.2", "--json").out
    assert headcount("audit", "verify", "--workspace", tmp_path / "W").code == 0
    elsewhere = ("--workspace", tmp_path / "W2", "--keys", keys / "unit")
    headcount("receive", tmp_path / "sealed" / "police-2018.linking.age", *elsewhere)
    assert headcount("link", *elsewhere, "--json").out == one
    assert json.loads(one)["run_id"] == (tmp_path / "W2" / "CURRENT").read_text().split()[0]


def test_the_memory_that_is_given_is_what_the_run_is_told_and_half_of_the_machines_if_none_is(received, unit, monkeypatch):
    told = []

    class Told(Exception):  # noqa: N818
        """Far enough."""

    def run(*given):
        told.append(given[4])
        raise Told

    monkeypatch.setattr("linkage.unit.run.run", run)
    monkeypatch.setattr("linkage.files.machine_memory", lambda: 10_000)
    for words in (("--memory", "0.2"), ("--memory", "64"), ()):
        unit("link", *words)
    assert told == [200_000_000, 64_000_000_000, 5000]


@pytest.mark.parametrize("memory", ["0", "-1", "0.05", "much"])
def test_memory_that_is_none_is_refused(memory, received, unit, tmp_path):
    assert unit("link", "--memory", memory).code == 2
    assert not (tmp_path / "W" / "CURRENT").exists()


def test_a_model_is_exported_for_its_owner_and_used_again_as_it_is(received, unit, tmp_path):
    unit("link")
    done = unit("export model", "-o", tmp_path / "model.json")
    assert (done.code, done.out) == (0, f"{tmp_path}/model.json\n")
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / "model.json").stat().st_mode) == 0o600
    assert unit("export model", "-o", tmp_path / "model.json").code == 2
    model = json.loads((tmp_path / "model.json").read_bytes())
    done = unit("link", "--model", tmp_path / "model.json", "--json")
    told = json.loads(done.out)
    assert (told["model"]["origin"], told["model"]["sha256"]) == ("given", model["parameters_sha256"])
    assert f"model given: {model['parameters_sha256']}; estimated anew: 2 persons, 1 pairs linked; as given: 2 and 1" in done.err
    assert json.loads(unit("link", "--model", "last", "--json").out) == told


def test_a_model_that_cannot_be_used_is_refused_with_what_to_do(received, unit, tmp_path):
    unit("link")
    (tmp_path / "old.json").write_text('{"format": "headcount-model/0"}')
    refused = {"nowhere": (2, "--model takes a file"), str(tmp_path / "old.json"): (3, "reads headcount-model/1")}
    for text, (code, hint) in refused.items():
        done = unit("link", "--model", text)
        assert (done.code, hint in done.err) == (code, True)


def test_link_says_that_an_estimate_stopped_at_its_cap(received, unit, monkeypatch):
    monkeypatch.setattr("linkage.unit.estimate.MAX_ITERATIONS", 1)
    done = unit("link")
    assert "the estimate stopped at its cap of 1 steps without settling" in done.err
    monkeypatch.undo()
    done = unit("link", "--model", "last", "--json")
    assert "the given model's estimate stopped at its cap" in done.err
    assert json.loads(done.out)["model"]["converged"] is False


def test_link_says_which_comparisons_drifted_since_the_previous_run(received, unit, seal, tmp_path):
    first = unit("link").out.split()[1].rstrip(":")
    seal(
        "\n".join(f"Q{at},Каримова,Гулнора,199{at}-05-17,F,victim,identified,2018-03-01,38" for at in range(9)) + "\n",
        period="2019",
    )
    assert unit("receive", tmp_path / "sealed" / "police-2019.linking.age").code == 0
    said = [line for line in unit("link").err.splitlines() if line.startswith("drift: ")]
    assert said
    assert all(line.endswith(f" since run {first}") for line in said)
    assert any("bits" in line for line in said)


def test_blocking_is_previewed_before_anything_is_linked(received, unit, tmp_path):
    done = unit("blocking")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].split()[:6] == ["pass", "blocks", "largest", "pairs", "new", "only"]
    assert [line.split()[0] for line in lines[1 : 1 + len(TIP.blocking.passes)]] == list(TIP.blocking.passes)
    assert lines[-2].startswith("3 records, 3 pairs of records; 1 candidate pairs")
    assert not (tmp_path / "W" / "CURRENT").exists()
    told = json.loads(unit("blocking", "--json").out)
    assert (told["records"], told["pairs"], told["counted"]) == (3, 1, True)


def test_blocking_above_the_limit_counts_blocks_alone_and_says_so(received, unit):
    done = unit("blocking", "--most-pairs", "0")
    assert "no pair was made and no join run" in done.err
    assert done.out.splitlines()[1].split()[4] == "-"


def test_blocking_of_a_period_without_bundles_is_refused(received, unit):
    assert unit("blocking", "--period", "1999").code == 2


def test_partitions_are_exported_for_their_owner_with_the_person_map_that_they_are_of(received, unit, tmp_path):
    unit("link")
    path = tmp_path / "partitions.parquet"
    done = unit("export partitions", "-o", path)
    assert (done.code, done.out) == (0, f"{path}\n")
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert unit("export partitions", "-o", path).code == 2
    draws = read_partitions(path.read_bytes(), path.name)
    unit("export persons", "-o", tmp_path / "persons.csv")
    with (tmp_path / "persons.csv").open(encoding="utf-8", newline="") as stream:
        columns = zip(*list(csv.reader(stream))[1:], strict=True)
    persons = PersonsTable(*(np.array(column, object) for column in columns))
    assert draws.persons == digest_of_persons(persons)
    assert (draws.run, len(draws.joins)) == ((tmp_path / "W" / "CURRENT").read_text().split()[0], 400)
    first = path.read_bytes()
    assert unit("export partitions", "-o", path, "--force").code == 0
    assert path.read_bytes() == first
