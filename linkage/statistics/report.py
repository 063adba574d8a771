"""From content sections and a person map to the files of a release.

    join ▸ count as coarsely as the tier asks ▸ intervals ▸ protect ▸ decide ▸ publication ▸ outputs

All pure: the same inputs give the same bytes, and nothing is returned, let alone written, unless protection let it pass.
Every output is a view of the publication; none of them counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from linkage.canonical import canonical_json, digest_of_bytes
from linkage.errors import DataError, UsageError
from linkage.protocol import Protocol
from linkage.schema import TOTAL
from linkage.statistics import codelists, glotip, questionnaire, sdmx, table_schema
from linkage.statistics.cells import SEX_BY_AGE, Publication
from linkage.statistics.content import Content
from linkage.statistics.counts import presence, sources
from linkage.statistics.disclosure import protect
from linkage.statistics.intervals import with_intervals
from linkage.statistics.page import html_report
from linkage.statistics.quality_report import Linkage, quality, redesigned
from linkage.statistics.redesign import Plan, counted, redesign
from linkage.statistics.register import Released, check_differencing, digest_of_cells
from linkage.statistics.release import Act, digest_of_decision
from linkage.statistics.revision import AFTER, BEFORE, PARTS, decompose
from linkage.statistics.rounding import Rounding, cell_keys, record_keys
from linkage.statistics.sensitivity import RESTRICTED_TIER, rules_of
from linkage.statistics.tables import csv_bytes, text_tables, tidy
from linkage.statistics.words import read_words
from linkage.statistics.workbook import xlsx

FORMAT = "headcount-report/2"
PERSONS_FILE, TABLES_FILE, MANIFEST_FILE, SDMX_FILE = "persons.csv", "tables.txt", "manifest.json", "sdmx.xml"
DECISION_FILE = "decision.json"
_BESIDE = ("persons.schema.json", "codelists.csv", "sdmx.csv", "glotip.csv")
_RECORD = ["agency", "record"]

# From what is decided (`release` or `waiver`) and the digest of the cells as they leave to the signed decision.
Decide = Callable[[Act, str], bytes]


@dataclass(frozen=True, eq=False)
class Gate:
    """Who lets a release out, and what it must not give away beside others.

    Attributes:
        decide: signs a decision about cells: that exact ones leave in the restricted tier, or with roles waived in the
            public one. None: nobody signs, and nothing can be waived.
        waived: roles whose small counts the public tier shows.
        register: public releases made so far; a new one must not differ from them by a few persons.
        base: public counts are rounded to multiples of it instead of hidden; 0: they are hidden.
        secret: the office's own, by which is rounded.
    """

    decide: Decide | None = None
    waived: frozenset[str] = frozenset()
    register: Sequence[Released] = field(default=(), repr=False)
    base: int = 0
    secret: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, eq=False)
class Job:
    """What a release is made of.

    Attributes:
        content: per content section the agency's name and its columns, `record` among them, as `read_content` gives them.
        persons: the person map: `agency`, `record`, `person_id`.
        protocol: what is counted, and the thresholds of the public tier.
        tier: `restricted` or `public`.
        origin: run, bundles and digests, for the manifest; no floating-point numbers and no counts of persons. `date`
            (yyyy-mm-dd) and `release` (its name) are printed, where they are there.
        linkage: what is known of how the persons came about; where it has no draws, there are no intervals.
        before: an earlier person map of the same records, against which the revision is told; None for no revision.
        languages: of the outputs that are read by people, ISO 639-1; the first one is that of the text tables.
        gate: who lets it out.
        sdmx: whether SDMX-ML is among the outputs.
    """

    content: Sequence[Content] = field(repr=False)
    persons: pd.DataFrame = field(repr=False)
    protocol: Protocol
    tier: str
    origin: Mapping[str, Any] = field(default_factory=dict)
    linkage: Linkage = field(default_factory=Linkage, repr=False)
    before: pd.DataFrame | None = field(default=None, repr=False)
    languages: tuple[str, ...] = ("en",)
    gate: Gate = field(default_factory=Gate)
    sdmx: bool = False


def report(job: Job) -> dict[str, bytes]:
    """The files of a release, by name; those of `file_names`.

    Raises:
        DataError: the content sections and the person map do not speak of the same records.
        DisclosureError: the tier does not allow a count.
        UsageError: no such tier or language, or SDMX-ML cannot be written.
    """
    return files_of(publish(job), job.languages, with_sdmx=job.sdmx)


def publish(job: Job) -> Publication:
    """What the release says.

    Raises:
        DataError: the content sections, the person map and the draws do not speak of the same records.
        DisclosureError: something cannot be protected, or gives something away beside an earlier release.
        UsageError: no such tier, or a waiver that nobody decides.
    """
    frame = join(job.content, job.persons)
    cells, plan = redesign(frame, job.protocol, job.tier)
    if job.linkage.draws is not None:
        cells = with_intervals(cells, frame, job.linkage.draws, job.protocol, plan)
    shown = _protected(cells, frame, plan, job)
    decision = _decided(shown, job)
    told = quality(frame, job.protocol, job.linkage, job.tier, shown)
    return Publication(
        protocol=job.protocol,
        tier=job.tier,
        cells=shown,
        sources=sources(frame, job.protocol),
        origin={**job.origin, "decision": digest_of_decision(decision)} if decision else job.origin,
        quality={**told, **({"redesign": made_coarser} if (made_coarser := redesigned(plan)) else {})},
        revision=_revision(job, frame),
        decision=decision,
    )


def _decided(shown: pd.DataFrame, job: Job) -> bytes:
    """The decision that lets exact counts out, or small ones; empty where none is asked for.

    It is about the cells as they leave: the digest of exact ones would let hidden counts be found by trying.

    Source: reference `statistics.md`, section 6 (signed release decision; signed override).
    """
    if job.gate.decide is None or not (job.gate.waived or job.tier == RESTRICTED_TIER):
        return b""
    return job.gate.decide("release" if job.tier == RESTRICTED_TIER else "waiver", digest_of_cells(shown))


def _protected(cells: pd.DataFrame, frame: pd.DataFrame, plan: Plan, job: Job) -> pd.DataFrame:
    """The cells as the tier may show them, beside all earlier releases."""
    if job.gate.waived and (job.tier == RESTRICTED_TIER or job.gate.decide is None):
        raise UsageError("a waiver is of the public tier, and somebody signs it", hint="--tier public --waive ROLE --reason TEXT")
    gate, rules = job.gate, rules_of(job.protocol, waived=job.gate.waived)
    rounding = None
    if gate.base and job.tier != RESTRICTED_TIER:
        present = counted(frame, job.protocol, plan, presence)
        rounding = Rounding(gate.base, cell_keys(present, frame, record_keys(frame, gate.secret)))
    earlier = [release.cells for release in gate.register]
    shown = protect(cells, job.protocol, job.tier, earlier=earlier, rounding=rounding, rules=rules)
    if job.tier != RESTRICTED_TIER:
        check_differencing(shown, gate.register, rules)
    return shown


def _revision(job: Job, frame: pd.DataFrame) -> dict[str, Any]:
    """What changed in the totals of each year, role and stage; for the restricted tier alone, since changes are small counts.

    Source: reference `statistics.md`, section 5.
    """
    if job.before is None or job.tier != RESTRICTED_TIER:
        return {}
    parts = decompose(join(job.content, job.before), frame, job.protocol)
    totals = parts[(parts["table"] == SEX_BY_AGE) & (parts["sex"] == TOTAL) & (parts["age_group"] == TOTAL)]
    return {"totals": totals[["year", "role", "stage", BEFORE, *PARTS, AFTER]].to_dict("records")}


def file_names(languages: Sequence[str], *, decided: bool = False, with_sdmx: bool = False) -> tuple[str, ...]:
    """The names of a release's files.

    Args:
        languages: of the outputs that are read by people.
        decided: whether it has a release decision.
        with_sdmx: whether SDMX-ML is among them.
    """
    spoken = [name for language in languages for name in _spoken(language)]
    more = [*([SDMX_FILE] if with_sdmx else ()), *([DECISION_FILE] if decided else ())]
    return (PERSONS_FILE, *_BESIDE, TABLES_FILE, *spoken, *more, MANIFEST_FILE)


def _spoken(language: str) -> tuple[str, str, str]:
    return f"report-{language}.html", f"tables-{language}.xlsx", f"questionnaire-{language}.csv"


def files_of(publication: Publication, languages: Sequence[str], *, with_sdmx: bool = False) -> dict[str, bytes]:
    """The files of a release, by name; the manifest, which names the others' digests, stands last."""
    outputs = _outputs(publication, languages)
    outputs |= {SDMX_FILE: sdmx.xml(publication)} if with_sdmx else {}
    outputs |= {DECISION_FILE: publication.decision} if publication.decision else {}
    return {**outputs, MANIFEST_FILE: _manifest(outputs, publication)}


def _outputs(publication: Publication, languages: Sequence[str]) -> dict[str, bytes]:
    beside = (table_schema.json, codelists.csv, sdmx.csv, glotip.csv)
    outputs = {PERSONS_FILE: csv_bytes(tidy(publication))}
    outputs |= {name: output(publication) for name, output in zip(_BESIDE, beside, strict=True)}
    outputs[TABLES_FILE] = text_tables(publication, read_words(languages[0])).encode()
    for language in languages:
        told = (output(publication, language) for output in (html_report, xlsx, questionnaire.csv))
        outputs |= zip(_spoken(language), told, strict=True)
    return outputs


def join(content: Sequence[Content], persons: pd.DataFrame) -> pd.DataFrame:
    """The content of every record beside its person.

    Returns:
        One row per record: `agency`, `record`, `person_id` and the content columns.

    Raises:
        DataError: a record stands twice, or in one of the two only; with the number per agency, never the record.
    """
    frames = [pd.DataFrame(dict(columns)).assign(agency=agency) for agency, columns in content]
    records = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=_RECORD)
    for rows, where in ((records, "the content sections"), (persons, "the person map")):
        _refuse(rows[rows.duplicated(_RECORD)], f"records that stand twice in {where}")
    both = records.merge(persons[[*_RECORD, "person_id"]], on=_RECORD, how="outer", indicator=True)
    _refuse(both[both["_merge"] == "left_only"], "records with content but without a person")
    _refuse(both[both["_merge"] == "right_only"], "records with a person but without content")
    if both.empty:
        raise DataError("no records to count", hint="name the content bundles of the run")
    return both.drop(columns="_merge")


def _refuse(rows: pd.DataFrame, what: str) -> None:
    if len(rows):
        numbers = ", ".join(f"{agency} {number}" for agency, number in rows.groupby("agency").size().items())
        raise DataError(
            f"{what}: {numbers}", hint="content bundles and person map must come from the same extracts; nothing was written"
        )


def _manifest(outputs: Mapping[str, bytes], publication: Publication) -> bytes:
    facts = {
        "format": FORMAT,
        "protocol_id": publication.protocol.id,
        "tier": publication.tier,
        "inputs": dict(publication.origin),
        "outputs": {name: digest_of_bytes(data) for name, data in outputs.items()},
    }
    return canonical_json(facts) + b"\n"
