"""The quality report: who is in the lists, what is missing in them, how they were linked, how well, and for whom less well.

Its sections follow the guidance on reporting linked data: population, coverage, cleaning, linkage variables, missing values,
method, linkage rates by group, errors, and what was left to people. What the statistics office cannot know, because it was
handed a person map and not the run, or because an agency sealed before there were summaries, is said to be not known.

Nothing in it may undo the protection of the tables. Roles are always kept apart: how many persons there are of both together,
or how often a person of one role has records of the other, would give away how many are both. And in the public tier it
speaks of all records, in shares alone, since the numbers of one agency or region may be small.

Source: reference `statistics.md`, section 8; Gilbert et al. 2018, GUILD, doi:10.1093/pubmed/fdx037.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from linkage.bundle.format import SCRIPTS
from linkage.protocol import Protocol
from linkage.schema import TOTAL, UNKNOWN
from linkage.statistics.cells import MEASURES, NOT_STATED, PERSON, SEX_BY_AGE, SHOWN
from linkage.statistics.content import Summarised
from linkage.statistics.link_errors import errors, unsure
from linkage.statistics.partitions import Draws
from linkage.statistics.redesign import Plan
from linkage.statistics.sensitivity import RESTRICTED_TIER

_GROUPS = ("agency", "sex", "age_group", "region", "citizenship")
_MICROBITS = 1_000_000
_ALL = "all_agencies"
NOT_KNOWN = "not_known"
# In the public tier shares of records are told in steps of so many permille: finer ones are numbers of records.
STEP = 10

Row = dict[str, Any]


@dataclass(frozen=True)
class Linkage:
    """What the statistics office knows of how its persons came about.

    Attributes:
        manifest: of the run; empty where only a person map was handed over.
        certainty: the run's `certainty.json`; likewise.
        draws: the partitions that the run drew; None where they are not known.
        summaries: what each agency says of its extract.
    """

    manifest: Mapping[str, Any] = field(default_factory=dict)
    certainty: Mapping[str, Any] = field(default_factory=dict)
    draws: Draws | None = None
    summaries: Sequence[Summarised] = ()


def quality(
    frame: pd.DataFrame, protocol: Protocol, linkage: Linkage, tier: str, shown: pd.DataFrame | None = None
) -> dict[str, list[Row]]:
    """The quality report as plain data: section to rows; all numbers whole, shares in permille, remarks as codes.

    Args:
        frame: the records with their persons, as `report.join` gives them.
        protocol: what the fields are, and by what rule records were linkage.
        linkage: what is known of it.
        tier: `restricted` or `public`.
        shown: the release's cells, whose totals have the linkage intervals; None: there are none.

    Returns:
        `population`, `coverage`, `cleaning`, `linkage_variables`, `missing`, `scripts`, `method`, `linked`, `errors`, `interval`,
        `blocking`, `drift`, `review`: each a list of rows, a row a name and what is measured; a section that the tier may not
        show is left out, one of which nothing is known says so in a `note`.
    """
    exact = tier == RESTRICTED_TIER
    records = frame.sort_values(["agency", "record"], ignore_index=True)
    sections: dict[str, Iterable[Row]] = {
        "population": _population(records, protocol, exact),
        "coverage": _coverage(records) if exact else (),
        "cleaning": _cleaning(linkage.summaries, exact),
        "linkage_variables": _variables(protocol),
        "missing": _missing(records, protocol, linkage.summaries, exact),
        "scripts": _scripts(linkage.summaries, exact),
        "method": _method(protocol, linkage.manifest),
        "linked": _rates(records, linkage.draws) if exact else (),
        "errors": _errors(records, linkage),
        "interval": _interval(shown),
        "blocking": _blocking(linkage.manifest, exact),
        "drift": _drift(linkage.manifest),
        "review": _review(linkage, exact),
    }
    told = {name: list(rows) for name, rows in sections.items()}
    return {name: rows for name, rows in told.items() if rows}


def _population(records: pd.DataFrame, protocol: Protocol, exact: bool) -> Iterator[Row]:
    years = sorted({text[:4] for text in records["event_date"].astype(str) if text} - {UNKNOWN})
    yield {"name": "project", "value": protocol.project}
    yield {"name": "epoch", "value": protocol.epoch}
    yield {"name": "agencies", "value": ", ".join(sorted(records["agency"].unique()))}
    yield {"name": "first_year", "value": years[0] if years else NOT_KNOWN}
    yield {"name": "last_year", "value": years[-1] if years else NOT_KNOWN}
    if exact:
        yield {"name": "records", "value": len(records)}


def _coverage(records: pd.DataFrame) -> Iterator[Row]:
    """Of each agency and role the records, the persons among them, and records per hundred persons.

    Source: reference `statistics.md`, section 1, rule 1.
    """
    for (agency, role), part in records.groupby(["agency", "role"], sort=True):
        persons = part["person_id"].nunique()
        ratio = _rounded(100 * len(part), persons)
        yield {"name": agency, "role": role, "records": len(part), "persons": persons, "records_per_hundred_persons": ratio}


def _cleaning(summaries: Sequence[Summarised], exact: bool) -> Iterator[Row]:
    """What agencies left out or blanked before linkage; the public tier has the sums over all of them."""
    known = [one for one in summaries if one.summary is not None]
    if not known:
        yield _nothing("no_summaries")
    for agency, parts in _by_agency(known, exact):
        told = [one.summary for one in parts if one.summary is not None]
        counts = {"left_out": sum(one.left_out for one in told), "blanked": sum(one.blanked for one in told)}
        rows = sum(one.rows for one in parts)
        shares = {"blanked_per_thousand_records": _rounded(1000 * counts["blanked"], rows)}
        yield {"name": agency, **({"records": rows, **counts} if exact else shares)}


def _variables(protocol: Protocol) -> Iterator[Row]:
    """By what records were compared; a protocol is public."""
    yield {"name": "identifiers", "value": ", ".join(protocol.identifiers)}
    yield {"name": "encoding", "value": protocol.encoding.scheme}
    for comparison in protocol.comparisons:
        yield {"name": comparison.name, "value": ", ".join(comparison.level_names)}


def _missing(records: pd.DataFrame, protocol: Protocol, summaries: Sequence[Summarised], exact: bool) -> Iterator[Row]:
    """The share of records without a value, of content fields by counting and of identifiers as each agency tells it."""
    for name in (name for name in protocol.content if name in records):
        share = _permille(records[name].isin(["", UNKNOWN]))
        yield {"name": name, "kind": "content", _ALL: share if exact else _coarse(share)}
    known = [one for one in summaries if one.summary is not None and one.rows]
    if not known:
        yield {**_nothing("no_summaries"), "kind": "identifier"}
    for name in protocol.identifiers:
        shares = {agency: _share_missing(name, parts) for agency, parts in _by_agency(known, exact)}
        told = {agency: share if exact else _coarse(share) for agency, share in shares.items() if share is not None}
        yield from [{"name": name, "kind": "identifier", **told}] if told else []


def _share_missing(name: str, parts: Sequence[Summarised]) -> int | None:
    counted = [(one.summary.missing[name], one.rows) for one in parts if one.summary and name in one.summary.missing]
    return _rounded(1000 * sum(n for n, _ in counted), sum(rows for _, rows in counted)) if counted else None


def _scripts(summaries: Sequence[Summarised], exact: bool) -> Iterator[Row]:
    """The share of records whose names are written in each script; which record is in which, only its agency knows."""
    known = [one for one in summaries if one.summary is not None and one.rows]
    for agency, parts in _by_agency(known, exact):
        rows = sum(one.rows for one in parts)
        counts = {name: sum(one.summary.scripts.get(name, 0) for one in parts if one.summary) for name in SCRIPTS}
        shares = {f"{name}_permille": _rounded(1000 * n, rows) for name, n in counts.items()}
        yield {"name": agency, **(shares if exact else {name: _coarse(share) for name, share in shares.items()})}


def _by_agency(known: Sequence[Summarised], exact: bool) -> Iterator[tuple[str, list[Summarised]]]:
    """Each agency and its extracts; where single agencies may not be shown, all together."""
    names = sorted({one.agency for one in known})
    if not exact:
        yield from [(_ALL, list(known))] if known else []
        return
    for name in names:
        yield name, [one for one in known if one.agency == name]


def _method(protocol: Protocol, manifest: Mapping[str, Any]) -> Iterator[Row]:
    yield {"name": "clustering", "value": protocol.clustering.method}
    yield {"name": "threshold_permille", "value": protocol.clustering.threshold}
    yield {"name": "blocking", "value": ", ".join(protocol.blocking.passes)}
    model = manifest.get("model")
    if not model:
        yield {**_nothing("only_persons"), "name": "model"}
        return
    yield {"name": "model", "value": model["origin"]}
    yield {"name": "model_settled", "value": "yes" if model["converged"] else "no"}
    yield {"name": "program", "value": str(manifest["inputs"]["tool"])}


def _rates(records: pd.DataFrame, draws: Draws | None) -> Iterator[Row]:
    """By group the share of records whose person has another record, and is on another list, in the same role.

    Low rates point to missed matches. Where the draws are known, so is for whom linkage is least sure: the share of draws in
    which the person of a record is made of other records than published, on average.
    """
    moves = pd.Series(unsure(records, draws)) if draws is not None else None
    of_person = records.groupby(["person_id", "role"])["agency"]
    several, lists = of_person.transform("size") > 1, of_person.transform("nunique") > 1
    for name in (name for name in _GROUPS if name in records):
        groups = records.groupby([records["role"], records[name].replace("", UNKNOWN)], sort=True)
        for (role, value), part in groups:
            yield {
                "name": name,
                "role": role,
                "value": value,
                "records": len(part),
                "linked_permille": _permille(several[part.index]),
                "other_list_permille": _permille(lists[part.index]),
                "records_per_hundred_persons": _rounded(100 * len(part), part["person_id"].nunique()),
                **({"unsure_permille": round(1000 * float(moves[part.index].mean()))} if moves is not None else {}),
            }


def _errors(records: pd.DataFrame, linkage: Linkage) -> Iterator[Row]:
    """Estimated false and missed matches, of a thousand pairs; with intervals where the draws are known."""
    told = linkage.manifest.get("quality", {})
    point = {"false_matches": told.get("estimated_precision_permille"), "missed_matches": told.get("estimated_recall_permille")}
    drawn = errors(records, linkage.draws) if linkage.draws is not None else None
    if drawn is None and not told:
        yield _nothing("no_draws")
        return
    for name, right in point.items():
        ends = getattr(drawn, name) if drawn is not None else None
        estimate = {"value": 1000 - right} if right is not None else {}
        yield {"name": f"{name}_permille", **estimate, **({"low": ends.low, "high": ends.high} if ends else {})}


def _interval(shown: pd.DataFrame | None) -> Iterator[Row]:
    """The persons of each role in all years with their linkage interval, as the tables have them.

    Never those of all roles together, nor a share of them: with the numbers of each role it gives away how many are of both.
    """
    whole = shown[_totals(shown)] if shown is not None else pd.DataFrame(columns=["role", *MEASURES])
    if whole.empty:
        yield _nothing("no_draws")
    for role, count, low, high in whole[["role", *MEASURES]].to_numpy(object).tolist():
        yield {"name": "persons", "role": role, "value": int(count), "low": int(low), "high": int(high)}


def _totals(shown: pd.DataFrame) -> pd.Series[bool]:
    """Which cells are the whole of a role and have an interval."""
    whole = (shown["table"] == SEX_BY_AGE) & (shown["unit"] == PERSON) & (shown["hidden"] == SHOWN) & (shown["low"] != NOT_STATED)
    for name in ("year", "stage", "sex", "age_group"):
        whole &= shown[name] == TOTAL
    return whole


def redesigned(plan: Plan) -> list[Row]:
    """How the public tables are coarser than the exact ones."""
    others = sorted({(role, name) for role, name, _ in plan.others})
    rows: list[Row] = [
        {"name": name, "role": role, "note": "together", "value": ", ".join(v for r, n, v in plan.others if (r, n) == (role, name))}
        for role, name in others
    ]
    rows += [{"name": "places", "note": "pooled", "value": ", ".join(label for label, _ in plan.pools)}] if plan.pools else []
    rows += [
        {"name": table, "role": role, "rule": rule if rule != TOTAL else "", "note": f"without_{column}"}
        for table, rule, role, column in plan.collapsed
        if (table, role) not in plan.dropped
    ]
    return [*rows, *({"name": table, "role": role, "note": "dropped"} for table, role in plan.dropped)]


def _blocking(manifest: Mapping[str, Any], exact: bool) -> Iterator[Row]:
    """True pairs that no pass proposed, and what each pass left out because a block was too large."""
    told = manifest.get("quality", {})
    if not told:
        yield _nothing("only_persons")
        return
    yield {"name": "blocking_lost_permille", "value": 1000 - told["blocking_kept_permille"]}
    if exact:
        yield {"name": "joins_missing", "value": told["joins_missing"]}
        yield {"name": "pairs_compared", "value": told["pairs_compared"]}
        for one in manifest.get("passes", ()):
            yield {**one, "name": one["name"]}


def _drift(manifest: Mapping[str, Any]) -> Iterator[Row]:
    """How far the model moved since the last run, or from the one that was given, in thousandths of a bit."""
    if not manifest:
        yield _nothing("only_persons")
        return
    moved = manifest.get("drift")
    if not moved:
        yield {"name": "drift", "note": "no_earlier_model"}
        return
    yield {"name": "prior", "weight_millibits": _rounded(1000 * moved["prior"], _MICROBITS)}
    for one in moved["comparisons"]:
        yield {"name": one["name"], **{f"{key}_millibits": _rounded(1000 * one[key], _MICROBITS) for key in _MOVED}}


_MOVED = ("m", "u", "candidates", "weight")


def _review(linkage: Linkage, exact: bool) -> Iterator[Row]:
    """What people decided: the clerical rate is decisions per thousand compared pairs."""
    decisions = linkage.manifest.get("decisions")
    if decisions is None:
        yield _nothing("only_persons")
        return
    inputs, compared = linkage.manifest["inputs"], linkage.manifest["quality"]["pairs_compared"]
    yield {"name": "clerical_permille", "value": _rounded(1000 * decisions["count"], max(compared, 1))}
    if exact:
        yield {"name": "decisions", "value": decisions["count"]}
        yield {"name": "decided_same", "value": len(inputs["must"])}
        yield {"name": "decided_different", "value": len(inputs["cannot"])}
        for reason, number in linkage.certainty.get("cut", {}).items():
            yield {"name": "cut", "value": number, "note": reason}


def _nothing(why: str) -> Row:
    return {"name": NOT_KNOWN, "note": why}


def _permille(flags: pd.Series[bool]) -> int:
    return _rounded(1000 * int(np.count_nonzero(flags)), len(flags))


def _coarse(permille: int) -> int:
    """A share that does not say of how many records it is."""
    return STEP * _rounded(permille, STEP)


def _rounded(above: int, below: int) -> int:
    """The quotient to the nearest whole number, halves up."""
    return (2 * above + below) // (2 * below)
