"""Practice sets of other projects under the standard names: columns without a standard name are left out for everybody.

The truth is their `entity_id`. What each set is, and under which licence, the practice data's README says.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from benchmarks.quality.practice import Rows, rows_of

_SEX = {"Male": "M", "Female": "F", "m": "M", "f": "F"}
_CENSUS_DAY = "2020-04-01"
_NO_POSTCODE = "00000"
_TRUTH = {"source": "agency", "rec_id": "record_id", "entity_id": "person_id"}


def fake_1000(folder: Path, persons: int | None = None) -> Rows:
    """Splink's own example: one list, many missing cells, names exchanged, an e-mail address."""
    frame = _read(folder / "splink_fake_1000").rename(columns={"city": "district"})
    return rows_of(frame, persons)


def rldata10000(folder: Path, persons: int | None = None) -> Rows:
    """RLdata10000: one list of German names, one error per copy; second names are left out, being nearly always empty."""
    frame = _read(folder / "rldata10000")
    month, day = frame["birth_month"].str.zfill(2), frame["birth_day"].str.zfill(2)
    frame["birth_date"] = frame["birth_year"] + "-" + month + "-" + day
    return rows_of(_columns(frame, "surname", "given_name", "birth_date"), persons)


def multilink(folder: Path, persons: int | None = None) -> Rows:
    """Three lists with duplicates inside each: names, sex, telephone and postcode, no birth date."""
    frame = _read(folder / "multilink_dup_data")
    frame["sex"] = frame["sex"].map(_SEX).fillna("")
    return rows_of(_columns(frame, "surname", "given_name", "sex", "phone", "postcode"), persons)


def pseudopeople(folder: Path, persons: int | None = None) -> Rows:
    """Seven US-like lists, each with other fields; ages (of the census day) only where there is no birth date."""
    frame = _read(folder / "pseudopeople_2020")
    frame["birth_date"] = [_iso(date, source) for date, source in zip(frame["birth_date"], frame["agency"], strict=True)]
    frame["age"] = frame["age"].where((frame["birth_date"] == "") & frame["age"].str.fullmatch(r"\d{1,3}"), "")
    frame["event_date"] = frame["age"].map(lambda age: _CENSUS_DAY if age else "")
    frame["sex"] = frame["sex"].map(_SEX).fillna("")
    frame["address"] = (frame["street_number"] + " " + frame["street_name"]).str.strip()
    frame["postcode"] = frame["zipcode"].where(frame["zipcode"] != _NO_POSTCODE, "")
    frame["document_number"] = frame["ssn"]
    names = ("surname", "given_name", "birth_date", "age", "event_date", "sex", "address", "postcode", "document_number")
    return rows_of(_columns(frame, *names), persons)


def _read(folder: Path) -> pd.DataFrame:
    parts = [pd.read_csv(path, dtype=str, keep_default_na=False) for path in sorted(folder.glob("*.csv"))]
    return pd.concat(parts, ignore_index=True).rename(columns=_TRUTH)


def _columns(frame: pd.DataFrame, *names: str) -> pd.DataFrame:
    return frame[[*_TRUTH.values(), *names]]


def _iso(date: str, source: str) -> str:
    """A date as its list writes it: `ssa` YYYYMMDD, the others month, day, year; "" for what has not eight digits."""
    digits = date.replace("/", "")
    if len(digits) != 8 or not digits.isdigit():
        return ""
    year, rest = (digits[:4], digits[4:]) if source == "ssa" else (digits[4:], digits[:4])
    return f"{year}-{rest[:2]}-{rest[2:]}"
