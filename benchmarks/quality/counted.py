"""Records linked in memory and counted as a report counts them: their content, their persons, and the run's draws.

Beside them what the truth says: the same records under their true persons, and the cells that the practice data's maker
would publish.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from benchmarks.quality.memory import MAPPING
from benchmarks.quality.practice import Rows
from linkage.files import content_bytes
from linkage.memory import encode_frame
from linkage.protocol import Protocol
from linkage.records import Part, combine
from linkage.statistics.cells import KEY, PERSON, PRINCIPAL, SEX_BY_AGE
from linkage.statistics.partitions import Draws, draws_of_files
from linkage.unit.certainty import Certainty
from linkage.unit.known import NOTHING_KNOWN
from linkage.unit.link import link_encodings
from linkage.unit.outcome import run_files
from linkage.unit.persons import assign_persons
from linkage.unit.workspace import PERSONS, persons_table

# What the practice data calls the protocol's codes.
_STAGES = {
    **{"identified": "DET", "assisted": "ASS", "repatriated": "REP", "complained": "COM", "in_prosecution": "INV"},
    **{"in_court": "HEA", "suspected": "SUS", "prosecuted": "PRO", "convicted": "CON", "deported": "DEP", "any": "_T"},
}
_AGES = {"0-17": "Y0T17", "18+": "Y_GE18"}
_FORMS = {"CRM": "CRI"}
_BASE = ["year", "role", "stage", "sex", "age_group"]


class Counted(NamedTuple):
    """A linked set.

    Attributes:
        frame: one row per record: `agency`, `record`, `person_id`, its content, and `true`, its true person.
        draws: of the run.
        certainty: of the run.
    """

    frame: pd.DataFrame
    draws: Draws
    certainty: Certainty


def linked(rows: Rows, protocol: Protocol) -> Counted:
    """The rows through both sides in one process, under throw-away keys."""
    made = {name: encode_frame(frame, name, protocol, MAPPING, 0) for name, frame in sorted(rows.frames().items())}
    encodings = combine([Part(name, one.record, one.filters, one.tokens) for name, one in made.items()])
    linkage = link_encodings(encodings, protocol)
    named = assign_persons(encodings, linkage.labels, NOTHING_KNOWN, bytes(32))
    made_files = run_files(encodings, protocol, linkage, named, NOTHING_KNOWN)
    files = {name: content_bytes(content) for name, content in made_files.items()}
    persons = persons_table(files[PERSONS])
    named = [np.array([record.decode() for record in one.record.tolist()], object) for one in made.values()]
    content = pd.concat(
        pd.DataFrame({**one.content, "agency": name, "record": record, "record_id": one.local_id})
        for (name, one), record in zip(made.items(), named, strict=True)
    )
    truth = rows.truth.rename(columns={"person_id": "true"})
    frame = content.merge(truth, on=["agency", "record_id"], validate="one_to_one")
    return Counted(frame.merge(pd.DataFrame(persons._asdict()), on=["agency", "record"]), draws_of_files(files), linkage.certainty)


def published(truth: Path) -> pd.DataFrame:
    """What the practice data's maker would publish, `KEY` and `truth`: sex by age, region and form, with totals.

    Years, sexes, ages, regions and forms are those that the maker knows, also where no list has them. A person counts once per
    year, role and stage, whatever the agency; over all years by sex only.
    """
    rows = pd.read_csv(truth / "published.csv", dtype={"year": str})
    coded = rows.replace({"stage": _STAGES, "age_group": _AGES, "form": _FORMS})
    known = coded.rename(columns={"form": "form_of_exploitation"})
    tables = [_table(known, SEX_BY_AGE), _table(known, "region"), _table(known, "form_of_exploitation")]
    every = pd.read_csv(truth / "control_totals" / "all_years.csv").replace({"stage": _STAGES})
    cells = pd.concat([*tables, every.assign(table=SEX_BY_AGE)], ignore_index=True).assign(rule=PRINCIPAL, unit=PERSON)
    absent = dict.fromkeys(set(KEY) - set(cells), "_T")
    keyed = cells.assign(**absent).astype(dict.fromkeys(KEY, object)).fillna("_T")
    return keyed[[*KEY, "persons"]].rename(columns={"persons": "truth"})


def _table(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    by = [*_BASE, *([] if name == SEX_BY_AGE else [name])]
    for column in ("sex", "age_group"):
        rows = pd.concat([rows, rows.assign(**{column: "_T"})])
    return rows.groupby(by)["persons"].sum().reset_index().assign(table=name)
