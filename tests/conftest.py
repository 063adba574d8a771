"""What several folders of tests share: the command line in this process, the demo run once per seed, a small protocol."""

import contextlib
import functools
import io
import json
import os
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from linkage.canonical import digest_of_bytes
from linkage.cli.main import main
from linkage.errors import LockedError
from linkage.files import exclusive_lock
from linkage.protocol import parse_protocol
from linkage.records import Encodings, Part, combine

LETTERS = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", np.uint8)
MOST_PROCESSES = 4  # each takes up to a gigabyte
# The first needs no kernels, so that these are compiled by one process, for the second.
LONGEST = (
    "test_suppression_withstands_attack.py",
    "test_quality.py",
    "test_speed.py",
    "test_privacy.py",
    "test_privacy_default.py",
)


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks
def pytest_cmdline_main(config):
    """The whole suite is shared out among the cores, file by file; what is named runs in this process, where it can be debugged.

    Files stay whole, so that what a module sets up is set up once. `-n 0` runs everything in this process.
    """
    is_whole = config.args_source == config.ArgsSource.TESTPATHS and not hasattr(config, "workerinput")
    if is_whole and not config.option.usepdb and getattr(config.option, "numprocesses", 0) is None:
        config.option.numprocesses, config.option.dist = min(os.cpu_count() or 1, MOST_PROCESSES), "loadfile"
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items):
    """The files that take longest come first, so that no process is left alone with one of them at the end."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


class Done(NamedTuple):
    """What a command line came to."""

    code: int
    out: str
    err: str


def run_headcount(*words):
    """`headcount WORDS …` through the program's own main, in this process: exit code, stdout, stderr."""
    out, err, arguments = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["headcount", *map(str, words)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
        code = 0
    except SystemExit as end:
        code = end.code or 0
    finally:
        sys.argv = arguments
    return Done(int(code), out.getvalue(), err.getvalue())


@pytest.fixture(scope="session")
def headcount():
    """`headcount("link", "--workspace", path, …)`: exit code, stdout and stderr of a command."""
    return run_headcount


@pytest.fixture(scope="session")
def look_at():
    """`look_at(folder, …)`: every file and folder below with the digest of its bytes and its mode."""

    def look(*folders):
        return {
            str(path): (digest_of_bytes(path.read_bytes()) if path.is_file() else "", path.stat().st_mode)
            for folder in folders
            for path in sorted([Path(folder), *Path(folder).rglob("*")])
            if path.exists()
        }

    return look


class Demonstration(NamedTuple):
    """A finished `headcount demo --json`."""

    folder: Path
    result: dict
    done: Done


@pytest.fixture(scope="session")
def demonstration(request, tmp_path_factory):
    """`demonstration(seed)`: the demo of a seed, run once in the whole session, whichever process asks first."""
    own = tmp_path_factory.getbasetemp()
    of_all = own.parent if hasattr(request.config, "workerinput") else own

    @functools.cache
    def demonstrate(seed):
        folder, told = of_all / f"demo-{seed}", of_all / f"demo-{seed}.json"
        with waiting_for(of_all / f"demo-{seed}.lock"):
            if not told.exists():
                told.write_text(json.dumps(run_headcount("demo", folder, "--seed", seed, "--json")), "utf-8")
        done = Done(*json.loads(told.read_text("utf-8")))
        return Demonstration(folder, json.loads(done.out), done)

    return demonstrate


@contextlib.contextmanager
def waiting_for(path):
    """Hold a lock file; what others do under it is done when this begins."""
    with contextlib.ExitStack() as held:
        while True:
            try:
                held.enter_context(exclusive_lock(path))
                break
            except LockedError:
                time.sleep(0.1)
        yield


SMALL = {
    "format": "headcount-protocol/1",
    "project": "small",
    "epoch": "2020",
    "title": "every kind of rule once",
    "normaliser": "norm/1",
    "identifiers": ["surname", "given_name", "birth_date", "birth_year", "sex"],
    "encoding": {
        "scheme": "fields/1",
        "bits": 128,
        "filters": {
            "surname": {"parts": [{"of": "surname.skeleton", "grams": "bigrams", "positions": 3, "domain": "name"}]},
            "given": {"parts": [{"of": "given_name.skeleton", "grams": "bigrams", "positions": 3, "domain": "name"}]},
            "birth": {"parts": [{"of": "birth_date.digits", "grams": "digits", "positions": 3}]},
        },
        "tokens": {
            "surname": {"of": ["surname.skeleton"]},
            "date": {"of": ["birth_date"], "domain": "date"},
            "swapped": {"of": ["birth_date.swapped"], "domain": "date"},
            "year": {"of": ["birth_year"]},
            "name_year": {"of": ["surname", "birth_year"]},
        },
    },
    "comparisons": [
        {
            "name": "surname",
            "needs": ["surname"],
            "levels": [
                {"name": "exact", "token": ["surname"]},
                {"name": "exchanged", "crossed_filters": ["surname", "given"], "dice": 600},
                {"name": "similar", "filter": "surname", "dice": 550},
            ],
        },
        {
            "name": "given",
            "needs": ["given"],
            "unless": "surname=exchanged",
            "gross_errors": 100,
            "levels": [{"name": "near", "filter": "given", "dice": 700}, {"name": "similar", "filter": "given", "dice": 450}],
        },
        {
            "name": "birth",
            "needs": ["birth", "date"],
            "levels": [
                {"name": "exact", "token": ["date"]},
                {"name": "swapped", "crossed_tokens": ["date", "swapped"]},
                {"name": "near", "filter": "birth", "dice": 500},
            ],
        },
        {
            "name": "year",
            "needs": ["year"],
            "only_if": "birth=not observed",
            "levels": [{"name": "same", "token": ["year"]}],
        },
    ],
    "blocking": {
        "passes": ["date", "name_year"],
        "max_block": 6,
        "joins": [{"filters": ["surname", "given"], "dice": 600, "max_records": 50}],
    },
    "clustering": {"method": "average", "threshold": 500},
    "sources": {"court": {"duplicates": False}},
    "statistics": {"dimensions": ["role"], "order": ["court"]},
    "content": {"role": {"required": True, "codes": {"victim": ["жертва"], "offender": []}, "labels": {"victim": "victims"}}},
    "release": {"thresholds": {"victim": 3}, "valid_days": 400},
}


@pytest.fixture
def small():
    """A protocol as plain data with every kind of rule once, to be changed at will."""
    return json.loads(json.dumps(SMALL))


@pytest.fixture(scope="session")
def small_protocol():
    """The same, parsed."""
    return parse_protocol(SMALL, "small.toml")


LOCKED = {
    **SMALL,
    "title": "every kind of lock once",
    "encoding": {
        "scheme": "locked/1",
        "bits": 128,
        "fill": True,
        "filters": {
            "surname": {
                "parts": [{"of": "surname", "grams": "bigrams", "positions": 30, "shared": True}],
                "locks": ["date", "given_year"],
            },
            "birth": {"parts": [{"of": "birth_date.digits", "grams": "digits", "positions": 3}], "locks": ["sex"]},
            "whole": {
                "parts": [
                    {"of": "surname.skeleton", "grams": "bigrams", "positions": 3, "domain": "name"},
                    {"of": "given_name.skeleton", "grams": "bigrams", "positions": 3, "domain": "name"},
                ],
                "diffusion": 3,
                "inner_bits": 64,
            },
        },
        "tokens": {
            "date": {"of": ["birth_date"], "domain": "date"},
            "swapped": {"of": ["birth_date.swapped"], "domain": "date"},
            "given_year": {"of": ["given_name", "birth_year"]},
            "surname_year": {"of": ["surname", "birth_year"]},
            "year": {"of": ["birth_year"]},
            "given": {"of": ["given_name.skeleton"], "locks": ["date", "surname_year"]},
            "family": {"of": ["surname.base"], "locks": ["swapped"]},
            "sex": {"of": ["sex"], "hidden": True},
        },
    },
    "comparisons": [
        {
            "name": "surname",
            "observed_from": 500,
            "levels": [
                {"name": "same", "filter": "surname", "dice": 1000, "token": ["surname_year", "family"]},
                {"name": "near", "filter": "surname", "dice": 700},
            ],
        },
        {"name": "given", "levels": [{"name": "same", "token": ["given", "given_year"]}]},
        {"name": "birth", "observed_from": 600, "levels": [{"name": "near", "filter": "birth", "dice": 750}]},
        {
            "name": "whole",
            "needs": ["whole"],
            "silent": ["different"],
            "levels": [{"name": "alike", "filter": "whole", "dice": 700}],
        },
        {"name": "year", "needs": ["year"], "only_if": "birth=not observed", "levels": [{"name": "same", "token": ["year"]}]},
    ],
    "blocking": {
        "passes": ["date", "given_year", "surname_year"],
        "max_block": 6,
        "joins": [{"filters": ["birth@sex", "whole"], "dice": 600, "max_records": 50}],
    },
}


@pytest.fixture
def locked():
    """A protocol as plain data with every kind of lock once, to be changed at will."""
    return json.loads(json.dumps(LOCKED))


@pytest.fixture(scope="session")
def locked_protocol():
    """The same, parsed."""
    return parse_protocol(LOCKED, "locked.toml")


class People(NamedTuple):
    """Encodings of invented people, and who is who."""

    parts: list
    encodings: Encodings
    truth: list


@pytest.fixture(scope="session")
def invent_people():
    """`invent_people(protocol, persons, agencies)`: encodings without any name behind them.

    Each person has a filter of its own and a token of `values` per column; a record is a copy in which some were
    mistaken. Each agency lists most persons once and a few twice.
    """

    def invent(protocol, persons=30, agencies=("court", "ngo", "police"), seed=1, again=0.2, errors=0.06, values=None):
        rng, values = np.random.default_rng(seed), values or 4 * persons
        filters = rng.random((persons, len(protocol.filters), 64 * protocol.words)) < 0.2
        tokens = rng.integers(1, values, (persons, len(protocol.tokens)), np.uint64)
        parts, truth = [], {}
        for agency in agencies:
            listed = np.repeat(np.arange(persons), (rng.random(persons) < 0.8).astype(int) + (rng.random(persons) < again))
            record = np.ascontiguousarray(LETTERS[rng.integers(0, 32, (len(listed), 26))]).view("S26")[:, 0]
            bits = filters[listed] ^ (rng.random((len(listed), *filters.shape[1:])) < errors / 3)
            words = np.packbits(bits, axis=2, bitorder="little").view("<u8")
            mistaken = rng.random((len(listed), tokens.shape[1])) < errors
            own = np.where(mistaken, rng.integers(1, values, mistaken.shape, np.uint64), tokens[listed])
            parts.append(Part(agency, record, np.ascontiguousarray(words), own))
            truth |= {(agency, name.decode()): int(person) for name, person in zip(record.tolist(), listed, strict=True)}
        encodings = combine(parts)
        names = zip(encodings.source.tolist(), encodings.record.tolist(), strict=True)
        return People(parts, encodings, [truth[encodings.agencies[source], name.decode()] for source, name in names])

    return invent
