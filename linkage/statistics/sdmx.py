"""The tidy rows as SDMX: SDMX-CSV 2.0, and SDMX-ML 2.1 where the library `sdmx1` is installed.

Each table is a dataflow of one structure: what tells two rows apart are its dimensions, what follows from them its
attributes. SDMX takes fewer characters in a code than we do and wants a period for a time, so codes are mapped:

- a code is written in letters, digits, `_`, `-`, `@` and `$`; any other sign becomes `_` (`130.1` → `130_1`), and roles,
  rules and agencies are in capitals;
- all areas together are the country;
- all years together are the range from the first year to the last (`2014-01-01/P10Y`), a period of years likewise; one that
  has all the years would be the same and is left out;
- rows of an unknown year have no time and are left out, though their persons count in all years together.

Source: SDMX-CSV 2.0 field guide (SDMX 3.0, section 6); identifiers of code lists to verify.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pandas as pd

from linkage.errors import UsageError
from linkage.schema import TOTAL, UNKNOWN
from linkage.statistics.cells import Publication
from linkage.statistics.figures import periods
from linkage.statistics.geography import country_of
from linkage.statistics.tables import KEY, csv_bytes, tidy

MAINTAINER, STRUCTURE, VERSION = "HEADCOUNT", "PERSONS", "1.0.0"
DIMENSIONS = tuple(name for name in KEY if name != "DATAFLOW")
ATTRIBUTES = ("ICCS", "ICTIP", "OBS_STATUS", "CONF_STATUS", "LINK_LO", "LINK_HI", "COMMENT_OBS")
# SDMX concept for the columns that have a name of their own there.
_RENAMED: Mapping[str, str] = MappingProxyType({"NOTE": "COMMENT_OBS"})
_UPPER = ("ROLE", "RULE", "AGENCY", "OTHER")
_CODED = ("STAGE", "CRIME", "FORM", *_UPPER)
_FOREIGN = re.compile(r"[^A-Za-z0-9_@$-]")
_UNDATED = "2000-01-01"


def rows(publication: Publication) -> pd.DataFrame:
    """The tidy rows in SDMX codes: `DATAFLOW`, `DIMENSIONS`, `OBS_VALUE`, `ATTRIBUTES`; unique in the first two.

    Raises:
        UsageError: two codes of the protocol become one.
    """
    found = tidy(publication).rename(columns=dict(_RENAMED))
    times = _times(set(found["TIME_PERIOD"]) - {UNKNOWN})
    alike = {period for period, time in times.items() if time == times.get(TOTAL) and period != TOTAL}
    found = found[~found["TIME_PERIOD"].isin({UNKNOWN, *alike})]
    country = country_of(publication.protocol)
    found = found.assign(
        TIME_PERIOD=found["TIME_PERIOD"].map(times),
        REF_AREA=_mapped(found["REF_AREA"].replace(TOTAL, country or TOTAL)),
        **{name: _mapped(found[name].str.upper() if name in _UPPER else found[name]) for name in _CODED},
    )
    found = found[["DATAFLOW", *DIMENSIONS, "OBS_VALUE", *ATTRIBUTES]]
    if found.duplicated(["DATAFLOW", *DIMENSIONS]).any():
        raise UsageError("two codes become one in SDMX", hint="codes may differ in more than signs other than letters and digits")
    return found.reset_index(drop=True)


def csv(publication: Publication) -> bytes:
    """SDMX-CSV 2.0: each row names its dataflow and says that it informs."""
    found = rows(publication)
    flows = [f"{MAINTAINER}:{flow}({VERSION})" for flow in found["DATAFLOW"]]
    head = pd.DataFrame({"STRUCTURE": "dataflow", "STRUCTURE_ID": flows, "ACTION": "I"}, index=found.index)
    return csv_bytes(pd.concat([head, found.drop(columns="DATAFLOW")], axis=1))


def _times(years: Iterable[str]) -> dict[str, str]:
    """Each year or period as an SDMX time; all of them as a range."""
    known = periods(years)
    ends = [end for period in known for end in (period[:4], period[-4:])]
    every = _span(min(ends), max(ends)) if ends else TOTAL
    return {**{period: _range(period[:4], period[-4:]) for period in known}, TOTAL: every}


def _range(first: str, last: str) -> str:
    return first if first == last else _span(first, last)


def _span(first: str, last: str) -> str:
    return f"{first}-01-01/P{int(last) - int(first) + 1}Y"


def _mapped(codes: pd.Series) -> pd.Series:
    return codes.str.replace(_FOREIGN, "_", regex=True)


def xml(publication: Publication) -> bytes:
    """SDMX-ML 2.1, structure-specific: one data set for each dataflow; a hidden cell has no value.

    The message is dated by `origin["date"]`, never by the clock.

    Raises:
        UsageError: `sdmx1` is not installed.
    """
    library, model = _library()
    date = datetime.fromisoformat(publication.origin.get("date") or _UNDATED).replace(tzinfo=UTC)
    maintainer = model.Agency(id=MAINTAINER)
    header = library.message.Header(id=f"{MAINTAINER}_{STRUCTURE}", prepared=date, sender=maintainer, test=False)
    message = library.message.DataMessage(header=header)
    for flow, part in rows(publication).groupby("DATAFLOW", sort=True):
        message.data.append(_data_set(model, _structure(model, maintainer, str(flow)), part))
    written: bytes = library.to_xml(message, pretty_print=True)
    return written


def _library() -> tuple[Any, Any]:
    try:
        import sdmx  # noqa: PLC0415  an extra, and slow to import
        import sdmx.message  # noqa: PLC0415
        from sdmx.model import v21  # noqa: PLC0415
    except ImportError:
        raise UsageError("SDMX-ML needs the library sdmx1, which is not installed", hint="pip install 'headcount[sdmx]'") from None
    return sdmx, v21


def _structure(model: Any, maintainer: Any, flow: str) -> Any:
    structure = model.DataStructureDefinition(id=flow, version=VERSION, maintainer=maintainer)
    for order, name in enumerate(DIMENSIONS, 1):
        kind = model.TimeDimension if name == "TIME_PERIOD" else model.Dimension
        structure.dimensions.append(kind(id=name, order=order))
    structure.measures.append(model.PrimaryMeasure(id="OBS_VALUE"))
    for name in ATTRIBUTES:
        structure.attributes.append(model.DataAttribute(id=name))
    return structure


def _data_set(model: Any, structure: Any, part: pd.DataFrame) -> Any:
    """The observations of a dataflow; each value of a dimension or attribute is one object, however many rows have it."""
    data, measure = model.StructureSpecificDataSet(structured_by=structure), structure.measures.get("OBS_VALUE")
    places = {name: _objects(model.KeyValue, name, structure.dimensions.get(name), part) for name in DIMENSIONS}
    facts = {name: _objects(model.AttributeValue, None, structure.attributes.get(name), part) for name in ATTRIBUTES}
    for row in part.to_dict("records"):
        key = model.Key([known[row[name]] for name, known in places.items()])
        said = {name: known[row[name]] for name, known in facts.items() if row[name] != ""}
        value = None if row["OBS_VALUE"] == "" else row["OBS_VALUE"]
        data.obs.append(model.Observation(dimension=key, value=value, value_for=measure, attached_attribute=said))
    return data


def _objects(make: Any, name: str | None, of: Any, part: pd.DataFrame) -> dict[Any, Any]:
    """Value to its object in the library's model; the key of a dimension names it too."""
    named = {"id": name} if name else {}
    return {value: make(**named, value=str(value), value_for=of) for value in set(part[name or of.id])}
