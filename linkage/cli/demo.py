"""`headcount demo`: seven invented lists, every role's step by the real commands, and the count they could not give alone.

Each step is an ordinary command line run in this process and shown as it runs, so that a newcomer can read what a job
consists of and repeat any part by hand. The demo knows the truth about its invented people and says whether the count
equals it; the linkage does not see it.
"""

from __future__ import annotations

import io
import json
import shlex
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from linkage.cli import terminal

if TYPE_CHECKING:
    from linkage.demo import Scenario

PERIOD, RELEASED = "2018", "2019-02-01"
Run = Callable[..., str]


def demo(
    folder: Annotated[Path, typer.Argument(help="a new folder for everything that the demo makes")],
    seed: Annotated[int, typer.Option("--seed", min=1, help="which invented people; 1 gives the totals of 2018")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="print counts and truth as JSON instead of tables")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="show what every command says")] = False,
) -> None:
    """Run the whole job on bundled invented data, offline: seven agencies, two scripts, one count."""
    from linkage.demo import build, claims
    from linkage.errors import UsageError

    if folder.exists() and any(folder.iterdir()):
        raise UsageError("the folder is not empty", file=str(folder), hint="name a new folder")
    started = time.monotonic()
    scenario = build(seed)
    _write(folder, scenario.files)
    run = _runner(folder, verbose=verbose)
    _draw_keys(run, scenario)
    _seal_lists(run, scenario)
    _link_and_report(run, scenario)
    quality = json.loads(run(*_evaluation(scenario)))
    result = _result(folder, scenario, claims(scenario), quality, round(time.monotonic() - started, 1))
    terminal.answer_json(result) if as_json else _show(folder, result)
    raise typer.Exit(0 if result["equal"] else 1)


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    from linkage.files import write_new

    for name, data in files.items():
        write_new(folder / name, data)


def _runner(folder: Path, *, verbose: bool) -> Run:
    """A function that runs one command line inside the demo's folder and returns what it answers."""
    from linkage.cli.main import app

    def run(*words: str) -> str:
        terminal.say(f"$ headcount {shlex.join(words)}")
        spoken, answered = io.StringIO(), io.StringIO()
        in_folder = [str(folder / word[2:]) if word.startswith("./") else word for word in words]
        with redirect_stderr(spoken), redirect_stdout(answered):
            app(in_folder, standalone_mode=False)
        if verbose:
            terminal.say(spoken.getvalue() + answered.getvalue())
        return answered.getvalue()

    return run


def _draw_keys(run: Run, scenario: Scenario) -> None:
    """Custodian, agencies, unit, statistics and auditor make their keys; the linkage key is drawn and sealed to each agency."""
    run("protocol", "new", "tip", "-o", "./protocol.toml")
    for role in ("custodian", "unit", "statistics", "auditor"):
        run("keys", "new", role, role, "-o", f"./keys/{role}")
    for agency in scenario.agencies:
        run("keys", "new", "agency", agency.name, "-o", f"./keys/{agency.name}")
    to = [word for agency in scenario.agencies for word in ("--to", f"./keys/{agency.name}/public.json")]
    run("keys", "share", "--protocol", "./protocol.toml", "--keys", "./keys/custodian", *to, "-o", "./shares")
    for agency in scenario.agencies:
        custodian = ("--custodian", "./keys/custodian/public.json")
        run("keys", "install", f"./shares/{agency.name}.share.age", "--keys", f"./keys/{agency.name}", *custodian)


def _seal_lists(run: Run, scenario: Scenario) -> None:
    """Each agency checks, encodes and seals its own list."""
    for agency in scenario.agencies:
        run(
            *("seal", f"./{agency.file}", "--mapping", f"./{agency.mapping}", "--protocol", "./protocol.toml"),
            *("--keys", f"./keys/{agency.name}", "--period", PERIOD, "-o", "./sealed"),
            *("--unit", "./keys/unit/public.json", "--statistics", "./keys/statistics/public.json"),
        )


def _link_and_report(run: Run, scenario: Scenario) -> None:
    """The unit receives and links the encodings; statistics joins the content to the persons and counts, for both tiers."""
    trust = [word for agency in scenario.agencies for word in ("--trust", f"./keys/{agency.name}/public.json")]
    linking = [f"./sealed/{agency.name}-{PERIOD}.linking.age" for agency in scenario.agencies]
    run("receive", *linking, "--workspace", "./unit", "--keys", "./keys/unit", *trust)
    run("link", "--workspace", "./unit", "--keys", "./keys/unit")
    run("export", "persons", "--workspace", "./unit", "-o", "./persons.csv")
    content = [word for agency in scenario.agencies for word in ("--content", f"./sealed/{agency.name}-{PERIOD}.content.age")]
    office = ("--workspace", "./unit", "--keys", "./keys/statistics", "--date", RELEASED, "--register", "./releases")
    run("report", *office, *content, "--tier", "restricted", "-o", "./report")
    run("report", *office, *content, "--tier", "public", "-o", "./public")


def _evaluation(scenario: Scenario) -> Iterator[str]:
    yield from ("evaluate", "--persons", "./persons.csv", "--truth", "./truth/persons.csv", "--json")
    for agency in scenario.agencies:
        yield from ("--register", f"./sealed/{agency.name}-{PERIOD}.register.csv")


def _result(
    folder: Path, scenario: Scenario, claimed: Mapping[str, Mapping[str, int]], quality: Mapping[str, Any], seconds: float
) -> dict[str, Any]:
    """Counts and truth side by side."""
    from linkage.demo import ADDED_UP

    truth = json.loads(scenario.files["truth/totals.json"])
    counted = _counted(folder / "report" / "persons.csv")
    return {
        "lists": [{"agency": agency.name, "title": agency.title, **claimed[agency.name]} for agency in scenario.agencies],
        "added_up": claimed[ADDED_UP],
        "unique": counted,
        "truth": truth,
        "equal": counted == truth,
        "linkage": quality,
        "seconds": seconds,
    }


def _counted(tidy: Path) -> dict[str, dict[str, int]]:
    """The published unique persons of the demo's year, read back from the tidy file."""
    import csv

    victims = {("F", "Y0T17"): "girls", ("M", "Y0T17"): "boys", ("F", "Y_GE18"): "women", ("M", "Y_GE18"): "men"}
    out = {"convicted": {"F": 0, "M": 0}, "victims": {"boys": 0, "girls": 0, "men": 0, "women": 0}}
    with tidy.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if row["TIME_PERIOD"] != PERIOD or row["COUNT_UNIT"] != "PERSON" or row["DATAFLOW"] != "SEX_AGE":
                continue
            if (row["ROLE"], row["STAGE"], row["AGE"]) == ("offender", "CON", "_T") and row["SEX"] in out["convicted"]:
                out["convicted"][row["SEX"]] = int(row["OBS_VALUE"])
            if (row["ROLE"], row["STAGE"]) == ("victim", "_T") and (row["SEX"], row["AGE"]) in victims:
                out["victims"][victims[row["SEX"], row["AGE"]]] = int(row["OBS_VALUE"])
    return out


def _show(folder: Path, result: Mapping[str, Any]) -> None:
    """What each list would have claimed, the tables, what the public sees, and whether they equal the truth."""
    from linkage.demo import ADDED_UP

    terminal.answer("What each list would claim, counting its rows, and all of them added up:\n")
    terminal.answer(f"  {'':<44}{'victims':>9}{'convicted':>11}")
    for one in result["lists"]:
        terminal.answer(f"  {one['title']:<44}{one['victims']:>9}{one['convicted']:>11}")
    added = result["added_up"]
    terminal.answer(f"  {ADDED_UP:<44}{added['victims']:>9}{added['convicted']:>11}\n")
    terminal.answer("Linked, each person once:\n")
    for table in _headline_tables((folder / "report" / "tables.txt").read_text("utf-8")):
        terminal.answer(f"{table}\n")
    terminal.answer("In the public tier small counts are hidden, and with them what would give them away:\n")
    terminal.answer(f"{_headline_tables((folder / 'public' / 'tables.txt').read_text('utf-8'))[0]}\n")
    victims, convicted = result["unique"]["victims"], result["unique"]["convicted"]
    groups = ", ".join(f"{count} {name}" for name, count in victims.items())
    terminal.answer(f"Unique persons, {PERIOD}:  victims {sum(victims.values())} = {groups}")
    terminal.answer(f"                       convicted {sum(convicted.values())} = {convicted['F']} F + {convicted['M']} M")
    verdict = "equal to" if result["equal"] else "NOT equal to"
    pairs = result["linkage"]["pairs"]["all"]
    terminal.answer(
        f"These are {verdict} the truth about the invented people (pair precision {pairs['precision']}, recall {pairs['recall']})."
    )
    terminal.say(
        f"{result['seconds']} s; everything is in {folder}: lists, keys, sealed sections, the unit's workspace, both reports"
    )


def _headline_tables(text: str) -> list[str]:
    """Of all tables those by stage, sex and age group, without their notes; the others are in the report.

    Without linkage intervals, too: they are drawn from records in the order of their pseudonyms, which each demo has anew.
    """
    tables = [table for table in text.split("\n\n") if table.startswith((f"{PERIOD}, offenders\n", f"{PERIOD}, victims\n"))]
    return [
        _without_intervals([line for line in table.splitlines() if not line.startswith(("source,", "note:"))]) for table in tables
    ]


def _without_intervals(lines: list[str]) -> str:
    title, head, *rows = lines
    end = head.rfind("linkage")
    return "\n".join([title, *(line[: end if end > 0 else None].rstrip() for line in (head, *rows))])
