"""Two sealed sections and a register from one prepared extract.

The linking section has encodings and goes to the linkage unit; the content section has codes and goes to statistics;
the register, which joins record pseudonyms to the agency's own record ids, goes nowhere.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from linkage.agency.cells import Text
from linkage.agency.keys import LinkageKeys, key_check_value
from linkage.agency.locks import in_slices
from linkage.agency.prepare import Encoded
from linkage.bundle.body import content_body, write_linking
from linkage.bundle.format import FORMAT, Manifest, Section
from linkage.bundle.keyring import KeyFolder, PublicKey
from linkage.bundle.seal import Body, described, require_reader, seal, seal_to
from linkage.protocol import Protocol
from linkage.schema import plain
from linkage.version import __version__

_FORMULA, _SPECIAL = "^[-=+@\t\r＝＋－＠]", '[",\r\n]'


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
        linking: writes the age file of the linking section, which need not fit in memory.
        content: the bytes of the age file of the content section.
        register: CSV `record_id,record`, for the agency alone.
    """

    linking: Callable[[IO[bytes]], None] = field(repr=False)
    content: bytes = field(repr=False)
    register: bytes = field(repr=False)


def seal_sections(
    encoded: Encoded,
    protocol: Protocol,
    keys: KeyFolder,
    linkage_keys: LinkageKeys,
    shipment: Shipment,
    readers: Readers,
    scratch: IO[bytes],
) -> Sealed:
    """Seal the linking section to the unit and the content section to statistics.

    Args:
        encoded: the extract.
        protocol: the agreement.
        keys: the agency's.
        linkage_keys: the agencies' keys of the epoch.
        shipment: what is said of both sections.
        readers: whom they are sealed to.
        scratch: an empty file that nobody else can open; holds the linking section's body until it is sealed.
    """
    require_reader("linking", readers.unit)
    require_reader("content", readers.statistics)
    said = _said_of_both(encoded, protocol, keys.public, linkage_keys, shipment)
    record = encoded.copies.record

    def manifest(section: Section, body: Body, reader: PublicKey) -> Manifest:
        of_body: dict[str, Any] = {"body_bytes": body.size, "body_sha256": body.sha256}
        of_body["summary"] = encoded.summary if section == "content" else None
        return Manifest(section=section, recipient=reader.recipient, **of_body, **said)

    write_linking(scratch, record, in_slices(encoded.copies, np.arange(len(record))), protocol)
    body = described(scratch)
    linking = manifest("linking", body, readers.unit)
    content_bytes = content_body(record, encoded.content, protocol)
    content = manifest("content", described(io.BytesIO(content_bytes)), readers.statistics)
    return Sealed(
        lambda out: seal_to(out, body, linking, keys, readers.unit),
        seal(content_bytes, content, keys, readers.statistics),
        _register(encoded.local_id, record[np.argsort(encoded.order)]),
    )


def _said_of_both(
    encoded: Encoded, protocol: Protocol, sender: PublicKey, linkage_keys: LinkageKeys, shipment: Shipment
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
        "rows": len(encoded.local_id),
        "kcv": key_check_value(linkage_keys).hex(),
        "normaliser": protocol.normaliser,
        "tool": f"headcount {__version__}",
    }


def _register(local_id: Text, record: NDArray[np.bytes_]) -> bytes:
    """Sorted by the agency's own ids; only ids that are no plain words are looked at one by one."""
    ids = _replaced(pa.array(local_id, pa.large_utf8()), _FORMULA, _as_text)
    names = _lines(record)
    order = pc.sort_indices(pa.table([ids, names], ["id", "name"]), sort_keys=[("id", "ascending"), ("name", "ascending")])
    written = _replaced(ids.take(order), _SPECIAL, _quoted)
    lines = pc.binary_join_element_wise(written, names.take(order), pa.scalar(",", pa.large_utf8()))
    return b"".join((b"record_id,record\n", lines.buffers()[2] or b""))


def _lines(record: NDArray[np.bytes_]) -> Any:
    """Pseudonyms as a column of text, each with the end of its line."""
    width = record.dtype.itemsize + 1
    letters = np.full((len(record), width), ord("\n"), np.uint8)
    letters[:, :-1] = np.ascontiguousarray(record).view(np.uint8).reshape(-1, width - 1)
    ends = np.arange(0, letters.size + 1, width)
    return pa.LargeStringArray.from_buffers(len(record), pa.py_buffer(ends), pa.py_buffer(letters))


def _replaced(texts: Any, which: str, change: Callable[[str], str]) -> Any:
    """The texts with those changed that the pattern is found in."""
    found = pc.match_substring_regex(texts, which)
    if not pc.any(found).as_py():
        return texts
    changed = pa.array([*map(change, texts.filter(found).to_pylist())], pa.large_utf8())
    return pc.replace_with_mask(texts, found, changed)


def _as_text(cell: str) -> str:
    """A cell that a spreadsheet will not take for a formula."""
    return f"'{cell}"


def _quoted(cell: str) -> str:
    """A cell as CSV has it."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow((cell, ""))
    return out.getvalue().removesuffix(",\n")
