"""What other programs make of the same rows, set up as their documentation says and without labels.

Peers get what a competent user would give them: names in one cell split into words, lower case, Latin letters, digits
of dates without hyphens, a year for an age. Of the settings that we tried for recordlinkage the best stand here: dates
compared by year, month and day on blocks of single columns; on large lists, where that calls almost everybody the same
person (and on RLdata10000 either way), whole dates on blocks of pairs of columns. The second line of anonlink, on the
smaller sets, uses the threshold that is best against the truth, which nobody has: it is the ceiling of the method, not a
result. Splink's settings are in baselines/splink_duckdb.py; it is asked for three thresholds, and each line has the pairs
that score better: those that it returns, or those within the records that they connect. dedupe is missing, because it
cannot run without labels made by hand.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from anyascii import anyascii
from numpy.typing import NDArray

from benchmarks.baselines.run import missing, python_of, run_peer
from benchmarks.quality.practice import Rows
from benchmarks.quality.scores import Judge, Score, better_of, connected, exact_equality, no_more, of_links, of_persons

USUAL_THRESHOLD = 0.8
THRESHOLDS = tuple(round(0.01 * step, 2) for step in range(54, 91))
PROBABILITIES = (0.5, 0.9, 0.99)
LARGE, TOO_LARGE = 20_000, 200_000
NAMES = ("surname", "given_name", "patronymic")
DATE_PARTS = ("year", "month", "day")
OTHERS = ("sex", "region", "district", "document_number", "postcode", "phone", "email")
TEXTS = ("address", "postcode", "phone", "email")
SPLINK_COLUMNS = (*NAMES, "birth_date", *DATE_PARTS, "about", *OTHERS, "address")
BLOCKS = (("surname",), ("given_name",), ("birth_date",), ("year",), ("postcode",), ("address",))
TIGHT_BLOCKS = (("birth_date",), ("surname", "given_name"), ("surname", "year"), ("given_name", "year"))
ANONLINK, ECM, SPLINK, GOLDENMATCH = "clkhash + anonlink", "recordlinkage ECM", "Splink", "goldenmatch, zero configuration"


class Task(NamedTuple):
    """What every peer is told.

    Attributes:
        ready: the records as peers get them.
        truth: their persons.
        dedupe: whether lists may hold duplicates, for peers that can be told.
        judge: what else the truth says of a person map.
    """

    ready: pd.DataFrame
    truth: pd.DataFrame
    dedupe: bool
    judge: Judge

    def person_map(self, left: NDArray[np.int32], right: NDArray[np.int32]) -> dict[str, Any]:
        """What the judge says of the persons that links connect."""
        return self.judge(connected(left, right, self.truth))


class Peer(NamedTuple):
    """One other program.

    Attributes:
        method: as it is called in a table.
        environment: folder with its Python.
        run: gives its lines.
        most: records above which it is not run; one has a limit where it would need hours, or more memory than there is.
    """

    method: str
    environment: str
    run: Callable[[Path, Task], Iterator[Score]]
    most: int


def beside(rows: Rows, peers: Path | None, *, dedupe: bool, judge: Judge = no_more) -> list[Score]:
    """Scores of the peers, each named by `method`; a peer that cannot run here has `skipped` instead.

    Args:
        rows: what our own run saw.
        peers: folder of their environments; None = only exact equality.
        dedupe: whether the peers are told that lists may hold duplicates, where they can be told.
        judge: what else the truth says of a person map.
    """
    task = Task(prepared(rows.records), rows.truth, dedupe, judge)
    return [exact_equality(rows), *(score for peer in PEERS for score in _of_peer(peer, peers, task))]


def _of_peer(peer: Peer, peers: Path | None, task: Task) -> Iterator[Score]:
    python = python_of(peers, peer.environment)
    if python is None:
        yield {"method": peer.method, "skipped": missing(peer.environment)}
    elif len(task.ready) > peer.most:
        yield {"method": peer.method, "skipped": f"it is not run on more than {peer.most:,} records here"}
    else:
        try:
            yield from peer.run(python, task)
        except RuntimeError as problem:
            yield {"method": peer.method, "skipped": f"it failed: {str(problem).splitlines()[-1]}"}


def prepared(records: pd.DataFrame) -> pd.DataFrame:
    """Records as peers get them, with `year` (of the birth date, or the birth year), `month`, `day` and the date's `digits`.

    Where there are ages, `about` is the year of birth or what follows from the age.
    """
    frame = records.assign(birth_date=records.get("birth_date", ""))
    if "full_name" in frame:
        words = frame["full_name"].str.split(n=2, expand=True).reindex(columns=range(3))
        for place, name in enumerate(NAMES):
            frame[name] = frame[name].where(frame[name] != "", words[place].fillna(""))
    for name in NAMES:
        if name in frame:
            frame[name] = frame[name].map(lambda text: anyascii(text).lower())
    date = frame["birth_date"]
    year = date.str[:4].where(date != "", frame.get("birth_year", ""))
    frame = frame.assign(year=year, month=date.str[5:7], day=date.str[8:10], digits=date.str.replace("-", ""))
    return frame.assign(about=_about(frame)) if "age" in frame else frame


def _about(frame: pd.DataFrame) -> pd.Series:
    """The year of birth, or what it would be by the age at the event, a year more or less; "" for neither."""
    event, age = (pd.to_numeric(cells, errors="coerce") for cells in (frame["event_date"].str[:4], frame["age"]))
    by_age = (event - age).map(lambda year: "" if np.isnan(year) else str(int(year)))
    return frame["year"].where(frame["year"] != "", by_age)


def _splink(python: Path, task: Task) -> Iterator[Score]:
    spec = {"columns": _present(task.ready, SPLINK_COLUMNS), "dedupe": task.dedupe, "least": min(PROBABILITIES)}
    links, answer = _run(python, "splink_duckdb.py", task.ready, spec)
    for least in PROBABILITIES:
        ends = _ends(links[links["probability"] >= least])
        yield {"method": f"{SPLINK}, p ≥ {least}", **better_of(*ends, task.truth), **answer, **task.person_map(*ends)}


def _goldenmatch(python: Path, task: Task) -> Iterator[Score]:
    columns = [name for name in task.ready if name in (*NAMES, "birth_date", "birth_year", *OTHERS, "address")]
    found, answer = _run(python, "goldenmatch_zero.py", task.ready, {"columns": _present(task.ready, columns)})
    person = -1 - np.arange(len(task.ready))
    person[found["row"].to_numpy()] = found["person"].to_numpy()
    persons = task.truth.assign(person_id=person)
    yield {"method": GOLDENMATCH, **of_persons(persons, task.truth), **answer, **task.judge(persons)}


def _ecm(python: Path, task: Task) -> Iterator[Score]:
    ready, large = task.ready, len(task.ready) > LARGE
    exact = _present(ready, (*(("birth_date",) if large else DATE_PARTS), *OTHERS))
    blocks = [one for one in (TIGHT_BLOCKS if large else BLOCKS) if len(_present(ready, one)) == len(one)]
    spec = {"names": _present(ready, (*NAMES, "address")), "exact": exact, "blocks": blocks, "dedupe": task.dedupe}
    links, answer = _run(python, "ecm.py", ready, spec)
    ends = _ends(links)
    yield {"method": ECM, **of_links(*ends, task.truth), **answer, **task.person_map(*ends)}


def _clk(python: Path, task: Task) -> Iterator[Score]:
    if task.ready["agency"].nunique() < 2:
        yield {"method": ANONLINK, "skipped": "anonlink never joins two records of one list, and this is one list"}
        return
    columns = {"names": _present(task.ready, (*NAMES, *TEXTS)), "dates": _present(task.ready, ["digits"])}
    links, answer = _run(python, "clk.py", task.ready, {**columns, "thresholds": [USUAL_THRESHOLD]})
    ends = _ends(links)
    method = f"{ANONLINK}, threshold {USUAL_THRESHOLD}"
    yield {"method": method, **of_links(*ends, task.truth), **answer, **task.person_map(*ends)}
    if len(task.ready) <= LARGE:  # at the lowest threshold more pairs are alike than memory holds
        yield from _best_clk(python, task, columns)


def _best_clk(python: Path, task: Task, columns: dict[str, Any]) -> Iterator[Score]:
    links, answer = _run(python, "clk.py", task.ready, {**columns, "thresholds": THRESHOLDS})
    scores = {one: of_links(*_ends(links[links["threshold"] == one]), task.truth) for one in THRESHOLDS}
    best = max(scores, key=lambda one: scores[one]["pairs"]["all"]["f1"] or 0)
    more = {"oracle": True, "fill": answer["fill"], **task.person_map(*_ends(links[links["threshold"] == best]))}
    yield {"method": f"{ANONLINK}, threshold {best} chosen with the truth", **scores[best], **more}


PEERS = (
    Peer(SPLINK, "splink", _splink, 10_000_000),
    Peer(ECM, "recordlinkage", _ecm, TOO_LARGE),
    Peer(GOLDENMATCH, "goldenmatch", _goldenmatch, LARGE),
    Peer(ANONLINK, "anonlink", _clk, TOO_LARGE),
)


def _present(frame: pd.DataFrame, names: Sequence[str]) -> list[str]:
    return [name for name in names if name in frame and (frame[name] != "").any()]


def _run(python: Path, script: str, ready: pd.DataFrame, spec: dict[str, Any]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The links that a peer returns, and what it says about its run."""
    with tempfile.TemporaryDirectory() as name:
        rows, told, links = (Path(name) / file for file in ("rows.csv", "spec.json", "links.csv"))
        ready.to_csv(rows, index=False)
        told.write_text(json.dumps(spec), "utf-8")
        answer = run_peer(python, script, rows, told, links)
        return pd.read_csv(links), answer


def _ends(links: pd.DataFrame) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Left and right row numbers, left < right."""
    ends = links[["left", "right"]].to_numpy(np.int32)
    return ends.min(axis=1), ends.max(axis=1)
