"""Two sealed sections and a register from one prepared extract.

The linking section has encodings and goes to the linkage unit; the content section has codes and goes to statistics;
the register, which joins record pseudonyms to the agency's own record ids, goes nowhere.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import numpy as np

from linkage.agency.keys import LinkageKeys, key_check_value
from linkage.agency.prepare import Prepared
from linkage.bundle.body import content_body, linking_body
from linkage.bundle.format import FORMAT, Manifest
from linkage.bundle.keyring import KeyFolder, PublicKey
from linkage.bundle.seal import seal
from linkage.canonical import digest_of_bytes
from linkage.protocol import Protocol
from linkage.schema import plain
from linkage.version import __version__

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


@dataclass(frozen=True)
class Shipment:
    """What is said of both sections.

    Attributes:
        period: label of the period, for example `2018`.
        sequence: 1 for the first extract of a period, higher for each correction.
        not_after: last day on which the sections may be opened.
    """

    period: str
    sequence: int
    not_after: date


@dataclass(frozen=True)
class Readers:
    """Whom the sections are sealed to.

    Attributes:
        unit: the linkage unit's public key; reads encodings.
        statistics: the statistics office's; reads content.
    """

    unit: PublicKey
    statistics: PublicKey


@dataclass(frozen=True)
class Sealed:
    """An extract ready to leave, and what stays; its `repr` shows none of it.

    Attributes:
        linking, content: the bytes of the two age files.
        register: CSV `record_id,record`, for the agency alone.
    """

    linking: bytes = field(repr=False)
    content: bytes = field(repr=False)
    register: bytes = field(repr=False)


def seal_sections(
    prepared: Prepared, protocol: Protocol, keys: KeyFolder, linkage_keys: LinkageKeys, shipment: Shipment, readers: Readers
) -> Sealed:
    """Seal the linking section to the unit and the content section to statistics."""
    said = _said_of_both(prepared, protocol, keys.public, linkage_keys, shipment)

    def sealed(section: Literal["linking", "content"], body: bytes, reader: PublicKey) -> bytes:
        of_body: dict[str, Any] = {"body_bytes": len(body), "body_sha256": digest_of_bytes(body)}
        of_body["summary"] = prepared.summary if section == "content" else None
        return seal(body, Manifest(section=section, recipient=reader.recipient, **of_body, **said), keys, reader)

    linking = sealed("linking", linking_body(prepared.record, prepared.filters, prepared.tokens, protocol), readers.unit)
    content = sealed("content", content_body(prepared.record, prepared.content, protocol), readers.statistics)
    return Sealed(linking, content, _register(prepared))


def _said_of_both(
    prepared: Prepared, protocol: Protocol, sender: PublicKey, linkage_keys: LinkageKeys, shipment: Shipment
) -> dict[str, Any]:
    """What the manifests of both sections say alike."""
    return {
        "format": FORMAT,
        "project": protocol.project,
        "epoch": protocol.epoch,
        "protocol_id": protocol.id,
        "protocol": plain(protocol),
        "agency": sender.name,
        "signer": sender.signing,
        "period": shipment.period,
        "sequence": shipment.sequence,
        "not_after": shipment.not_after.isoformat(),
        "rows": len(prepared.record),
        "kcv": key_check_value(linkage_keys).hex(),
        "normaliser": protocol.normaliser,
        "tool": f"headcount {__version__}",
    }


def _register(prepared: Prepared) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("record_id", "record"))
    writer.writerows(sorted(zip(map(_as_text, prepared.local_id), _decoded(prepared.record), strict=True)))
    return out.getvalue().encode()


def _as_text(cell: str) -> str:
    """A cell that a spreadsheet will not take for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


def _decoded(record: np.ndarray[tuple[int], np.dtype[np.bytes_]]) -> Sequence[str]:
    return [pseudonym.decode() for pseudonym in record.tolist()]
