"""Same inputs, same bytes: whatever the row order, file order, thread count, hash seed, locale or time zone."""

import os
import subprocess
import sys

import pytest

from linkage.unit.workspace import TIMINGS


def outcome(office, workspace, report):
    """The bytes that must not change: the run's files, the person map and the tables."""
    pointer = (office.folder / workspace / "CURRENT").read_text("utf-8")
    run = office.folder / workspace / "runs" / pointer.split()[0]
    office("export", "persons", "--workspace", f"./{workspace}", "-o", f"./{workspace}.csv")
    files = {path.name: path.read_bytes() for path in [*run.iterdir(), *(office.folder / report).iterdir()] if path.name != TIMINGS}
    return pointer, {**files, "exported": (office.folder / f"{workspace}.csv").read_bytes()}


def job(office, sealed, workspace, order, environment=None, threads=1):
    """Receive, link and report, in this process or, with an environment, in others."""
    run = office if environment is None else lambda *words: elsewhere(office, words, environment)
    run(
        "receive",
        *(f"./{sealed}/{agency}-2018.linking.age" for agency in order),
        "--workspace",
        f"./{workspace}",
        "--keys",
        "./keys/unit",
    )
    run("link", "--workspace", f"./{workspace}", "--keys", "./keys/unit", "--threads", str(threads))
    content = [word for agency in order for word in ("--content", f"./{sealed}/{agency}-2018.content.age")]
    where = ("--workspace", f"./{workspace}", "--keys", "./keys/statistics", "--date", "2019-02-01")
    run("report", *where, *content, "--tier", "restricted", "-o", f"./{workspace}-r", "--lang", "en,ru,tg")
    return outcome(office, workspace, f"{workspace}-r")


def elsewhere(office, words, environment):
    command = [sys.executable, "-m", "linkage.cli.main", *(str(office.folder / w[2:]) if w.startswith("./") else w for w in words)]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def first(office):
    return job(office, "o", "W1", ("police", "ngo", "court"))


def test_row_order_and_file_order_do_not_matter(office, first, rows):
    for agency, text in rows.items():
        turned = "".join(reversed(text.splitlines(keepends=True)))
        office.seal(agency, office.list(f"{agency}-turned.csv", turned), "./turned")
    assert job(office, "turned", "W2", ("court", "police", "ngo")) == first


def test_the_thread_count_does_not_matter(office, first):
    assert job(office, "o", "W2", ("police", "ngo", "court"), threads=2) == first


def test_hash_seed_locale_and_time_zone_do_not_matter(office, first):
    environment = {"PYTHONHASHSEED": "4711", "LC_ALL": "C", "TZ": "Asia/Dushanbe"}
    assert job(office, "o", "W2", ("ngo", "court", "police"), environment) == first


def test_the_demo_gives_the_same_bytes_with_one_thread_and_two(demonstration, headcount, tmp_path):
    folder = demonstration(1).folder
    sealed = sorted((folder / "sealed").glob("*.linking.age"))
    runs = []
    for threads in (1, 2):
        workspace = tmp_path / f"W{threads}"
        assert headcount("receive", *sealed, "--workspace", workspace, "--keys", folder / "keys" / "unit").code == 0
        assert headcount("link", "--workspace", workspace, "--keys", folder / "keys" / "unit", "--threads", threads).code == 0
        runs.append((workspace / "CURRENT").read_bytes())
    assert runs[0] == runs[1] == (folder / "unit" / "CURRENT").read_bytes()
