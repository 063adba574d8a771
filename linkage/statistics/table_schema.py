"""The sidecar that documents the tidy rows for a program: a Frictionless Table Schema, every column described.

Source: Frictionless Data, Table Schema (specs.frictionlessdata.io/table-schema); reference `statistics.md`, section 7.
"""

from __future__ import annotations

import json as plain_json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from linkage.statistics.cells import Publication
from linkage.statistics.codelists import KINDS
from linkage.statistics.tables import COLUMNS, KEY, tidy

SCHEMA = "https://specs.frictionlessdata.io/schemas/table-schema.json"
NUMBERS = ("OBS_VALUE", "LINK_LO", "LINK_HI")
DESCRIPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "DATAFLOW": "The table that the row is of. The same persons stand in every table: never add over it.",
        "REF_AREA": "Region (ISO 3166-2) or district in tables by them, _T elsewhere.",
        "TIME_PERIOD": "Year of the event; in COHORT of first suspicion; _U unknown; _T all years, to which years do not add up.",
        "STAGE": "Stage reached; _T any stage. Stages do not add up. In COHORT the furthest stage reached by then.",
        "ROLE": "Victim or offender, counted apart; it has no total.",
        "SEX": "Sex; _U unknown, _T total.",
        "AGE": "Age group at the earliest event of the year; _U unknown, _T total.",
        "CRIME": "Criminal-code article in tables by it, _T elsewhere.",
        "ICCS": "Class of CRIME in its year, or of FORM, in the International Classification of Crime for Statistics 1.0.",
        "ICTIP": "Item of IC-TIP (2025); empty until its codes are published.",
        "FORM": "Form of exploitation in tables by it, _T elsewhere.",
        "CITIZENSHIP": "Citizenship (ISO 3166-1 alpha-3; XXA stateless) in tables by it, _T elsewhere.",
        "RULE": "How a person with several values is counted: principal, once, so that rows add up; any, once under each.",
        "LAG": "Whole years since first suspicion, in COHORT; _T elsewhere.",
        "AGENCY": "Agency on whose list the persons are, in OVERLAP; _T elsewhere.",
        "OTHER": "The other agency on whose list they are too; equal to AGENCY: all persons on its list.",
        "COUNT_UNIT": "What is counted: persons, or records in the totals of SEX_AGE.",
        "OBS_VALUE": "The count; empty where it is not shown. A cell without a row is zero if its table has others so broken down.",
        "OBS_STATUS": "SDMX CL_OBS_STATUS: A normal, B break in series, Q suppressed.",
        "CONF_STATUS": "SDMX CL_CONF_STATUS: F free, C confidential.",
        "LINK_LO": "Lower end of the 95 % linkage interval; empty where it is not known or the count is not shown.",
        "LINK_HI": "Its upper end.",
        "NOTE": "What a reader must know of the row.",
    }
)


def json(publication: Publication) -> bytes:
    """The schema as JSON, two spaces deep, with a final line feed."""
    found = tidy(publication)
    schema = {
        "$schema": SCHEMA,
        "title": publication.protocol.title,
        "fields": [_field(name, sorted(set(found[name]) - {""}) if name in KINDS else []) for name in COLUMNS],
        "primaryKey": list(KEY),
        "missingValues": [""],
    }
    return (plain_json.dumps(schema, ensure_ascii=False, indent=2) + "\n").encode()


def _field(name: str, codes: list[str]) -> dict[str, Any]:
    """One column; the codes of its code list are the values that it may have."""
    field: dict[str, Any] = {"name": name, "type": "integer" if name in NUMBERS else "string", "description": DESCRIPTIONS[name]}
    constraints: dict[str, Any] = {"required": True} if name in KEY else {}
    constraints |= {"enum": codes} if codes else {}
    constraints |= {"minimum": 0} if name in NUMBERS else {}
    return {**field, "constraints": constraints} if constraints else field
