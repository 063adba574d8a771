"""`headcount report`: content sections and a person map in, counts of persons out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linkage.cli import terminal

if TYPE_CHECKING:
    from linkage.bundle.keyring import KeyFolder
    from linkage.statistics.cells import Publication
    from linkage.statistics.register import Released
    from linkage.statistics.release import Act


def report(
    keys: Annotated[Path, typer.Option("--keys", help="the statistics office's key folder")],
    tier: Annotated[str, typer.Option("--tier", help="restricted (exact, confidential) or public (protected)")],
    output: Annotated[Path, typer.Option("-o", "--output", help="folder for the files of the release")],
    content: Annotated[list[Path] | None, typer.Option("--content", help="a <agency>-<period>.content.age; once for each")] = None,
    more: Annotated[
        list[Path] | None, typer.Argument(metavar="BUNDLE", help="further content bundles, as a shell pattern gives them")
    ] = None,
    workspace: Annotated[Path | None, typer.Option("--workspace", help="the linkage unit's workspace, for its current run")] = None,
    persons: Annotated[
        Path | None, typer.Option("--persons", help="a person map (agency,record,person_id) instead of a workspace")
    ] = None,
    partitions: Annotated[
        Path | None, typer.Option("--partitions", help="with --persons: the draws of the same run, for linkage intervals")
    ] = None,
    before: Annotated[
        Path | None, typer.Option("--before", help="an earlier person map of the same records, for the revision (restricted tier)")
    ] = None,
    languages: Annotated[str, typer.Option("--lang", help="languages of what people read, by commas: en, ru, tg")] = "en",
    day: Annotated[str | None, typer.Option("--date", help="of the release, yyyy-mm-dd; today unless given")] = None,
    name: Annotated[str | None, typer.Option("--release", help="what the release is called; its date unless given")] = None,
    register: Annotated[
        Path | None,
        typer.Option("--register", help="folder of earlier public releases, which this one must not contradict, and of decisions"),
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", help="why exact counts leave, or a role is waived; goes into decision.json")
    ] = "",
    waive: Annotated[
        list[str] | None, typer.Option("--waive", help="public tier: a role whose small counts are shown; needs --reason")
    ] = None,
    auditor: Annotated[
        Path | None, typer.Option("--auditor", help="key folder of the auditor who decides; the office itself unless given")
    ] = None,
    base: Annotated[int | None, typer.Option("--round", help="public tier: round counts to 3 or 5 instead of hiding any")] = None,
    rounding_key: Annotated[
        Path | None, typer.Option("--round-key", help="with --round: a file that the office keeps to itself")
    ] = None,
    with_sdmx: Annotated[
        bool, typer.Option("--sdmx", help="write SDMX-ML too (needs the extra: pip install 'headcount[sdmx]')")
    ] = False,
    trust: Annotated[
        list[Path] | None, typer.Option("--trust", help="public.json of an agency whose signature counts; once for each")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="overwrite existing files")] = False,
) -> None:
    """Count each person once per year, role and stage, and write the tables if the tier allows them."""
    from dataclasses import replace
    from functools import partial

    from linkage.bundle.keyring import open_keys
    from linkage.cli.linked import linked, person_map, sections
    from linkage.files import PRIVATE, PUBLIC, refuse_overwriting, write_together
    from linkage.statistics.report import TABLES_FILE, Gate, Job, file_names, files_of, publish
    from linkage.statistics.sensitivity import PUBLIC_TIER

    _refuse_other_tiers(tier)
    spoken, dated = _languages(languages), _day(day)
    named, decided = name or dated, tier != PUBLIC_TIER or bool(waive)
    refuse_overwriting([output / file for file in file_names(spoken, decided=decided, with_sdmx=with_sdmx)], force=force)
    office = open_keys(keys, "statistics")
    signer = open_keys(auditor, "auditor") if auditor else office
    found = linked(workspace, persons, partitions)
    opened = sections([*(content or ()), *(more or ())], office, found.expected, trust or ())
    gate = Gate(
        decide=partial(_signed, signer, tier, opened.protocol.id, dated, reason, waive or ()),
        waived=frozenset(waive or ()),
        register=_earlier(register, named),
        base=base or 0,
        secret=_rounding_key(base, rounding_key),
    )
    job = Job(
        content=opened.content,
        persons=found.persons,
        protocol=opened.protocol,
        tier=tier,
        origin={"release": named, "date": dated, **found.origin, "bundles": list(opened.bundles)},
        linkage=replace(found.linkage, summaries=opened.summaries),
        before=person_map(before) if before else None,
        gate=gate,
    )
    publication = publish(job)
    files = files_of(publication, spoken, with_sdmx=with_sdmx)
    _enter(register, named, publication)
    mode = PUBLIC if tier == PUBLIC_TIER else PRIVATE
    write_together({output / file: (data, mode) for file, data in files.items()})
    terminal.answer(files[TABLES_FILE].decode().rstrip("\n"))
    terminal.say(f"wrote {', '.join(files)} to {output} ({tier} tier)")


def _refuse_other_tiers(tier: str) -> None:
    from linkage.errors import UsageError
    from linkage.statistics.sensitivity import TIERS

    if tier not in TIERS:
        raise UsageError("no such tier", hint=f"one of: {', '.join(TIERS)}")


def _languages(text: str) -> tuple[str, ...]:
    """The languages, each once, in the order in which they are named."""
    from linkage.errors import UsageError
    from linkage.statistics.words import LANGUAGES

    named = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    if not set(named) <= set(LANGUAGES):
        raise UsageError("there are no words in this language", hint=f"--lang: {', '.join(LANGUAGES)}, by commas")
    return named


def _day(text: str | None) -> str:
    from linkage.errors import UsageError

    if text is None:
        return date.today().isoformat()
    try:
        known = date.fromisoformat(text).isoformat() == text
    except ValueError:
        known = False
    if not known:
        raise UsageError("this is no date", hint="--date yyyy-mm-dd")
    return text


def _signed(
    signer: KeyFolder, tier: str, protocol_id: str, day: str, reason: str, roles: Sequence[str], act: Act, subject: str
) -> bytes:
    from linkage.statistics.release import sign_decision

    return sign_decision(signer, act, tier, protocol_id, subject, day, reason=reason, roles=roles)


def _earlier(register: Path | None, name: str) -> tuple[Released, ...]:
    """The releases of a register; the same one, made once more, is none before it."""
    from linkage.statistics.register import read_register

    return tuple(release for release in read_register(register) if release.entry.name != name) if register else ()


def _rounding_key(base: int | None, file: Path | None) -> bytes:
    """What is rounded by.

    Raises:
        UsageError: only one of the two is given.
    """
    from linkage.cli.linked import read
    from linkage.errors import UsageError

    if (base is None) != (file is None):
        raise UsageError("--round and --round-key go together")
    return read(file) if file else b""


def _enter(register: Path | None, name: str, publication: Publication) -> None:
    """Into the register before anything is written: what is entered and never handed out only protects more."""
    from linkage.statistics.register import register_release
    from linkage.statistics.release import log_decision
    from linkage.statistics.sensitivity import PUBLIC_TIER

    if register is None:
        terminal.say("neither release nor decision was entered into a register (see --register)")
        return
    if publication.tier == PUBLIC_TIER:
        register_release(register, name, publication.protocol.id, publication.cells)
    if publication.decision:
        log_decision(register, publication.decision)
