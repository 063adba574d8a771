"""An agency's whole step, top to bottom: read → check → normalise → tokens and filters → locks → two bodies.

What leaves this module is pseudonymised personal data in two sections that no single reader holds together: encodings
without content, and content without encodings. Reading and sealing are at the edges (`extract`, `bundle.seal`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from linkage.agency.content import code_content
from linkage.agency.encode import filter_tables
from linkage.agency.extract import Extract, in_order, restricted
from linkage.agency.keys import LinkageKeys, record_pseudonyms
from linkage.agency.locks import Copies, copies_of, written_out
from linkage.agency.mapping import Mapping
from linkage.agency.normalise import features
from linkage.agency.strangers import withhold
from linkage.agency.summary import summarise
from linkage.agency.tokens import encode_tokens
from linkage.agency.validate import blank_cells, check_rows, is_unreadable
from linkage.bundle.body import rising
from linkage.bundle.format import Summary
from linkage.errors import Issue, ValidationError
from linkage.protocol import Protocol


@dataclass(frozen=True, eq=False)
class Prepared:
    """One extract, encoded; rows in the order of the extract. Its `repr` shows none of them.

    Attributes:
        local_id: (n,) object array of the agency's own record ids; never leaves the agency.
        record: (n,) `S26` record pseudonyms.
        filters: (n, n_filters, n_words) uint64, all-zero = missing.
        tokens: (n, n_tokens) uint64, 0 = missing.
        content: content field to (n,) object array of codes.
        blanked: cells that could not be read and were taken for empty, because the mapping says so.
        summary: of the extract, for the content section; None where nobody made one.
    """

    local_id: NDArray[np.object_] = field(repr=False)
    record: NDArray[np.bytes_] = field(repr=False)
    filters: NDArray[np.uint64] = field(repr=False)
    tokens: NDArray[np.uint64] = field(repr=False)
    content: dict[str, NDArray[np.object_]] = field(repr=False)
    blanked: tuple[Issue, ...] = ()
    summary: Summary | None = None


@dataclass(frozen=True, eq=False)
class Encoded:
    """As `Prepared`, but that the copies of filters and tokens are not made yet: they are many times as large as the list.

    Rows stand in the order in which they travel, that of their pseudonyms: whoever makes copies goes through all columns from
    beginning to end, and does not look for each row's cells all over the memory.

    Attributes:
        local_id: as of `Prepared`, in the order of the extract.
        order: (n,) the extract's rows in the order in which they travel.
        copies: what every copy of any row can be made of, with the record pseudonyms.
        content, blanked, summary: as of `Prepared`.
    """

    local_id: NDArray[np.object_] = field(repr=False)
    order: NDArray[np.intp] = field(repr=False)
    copies: Copies = field(repr=False)
    content: dict[str, NDArray[np.object_]] = field(repr=False)
    blanked: tuple[Issue, ...] = ()
    summary: Summary | None = None


def prepare(
    extract: Extract,
    mapping: Mapping,
    protocol: Protocol,
    linkage_keys: LinkageKeys,
    agency_key: bytes,
    report: Callable[[str], None] = lambda _stage: None,
) -> Prepared:
    """Encode an extract, every copy made; arguments and errors as of `encode`."""
    encoded = encode(extract, mapping, protocol, linkage_keys, agency_key, report)
    back = np.argsort(encoded.order)
    filters, tokens = written_out(encoded.copies, back)
    report("locks")
    content = {name: values[back] for name, values in encoded.content.items()}
    return Prepared(encoded.local_id, encoded.copies.record[back], filters, tokens, content, encoded.blanked, encoded.summary)


def encode(
    extract: Extract,
    mapping: Mapping,
    protocol: Protocol,
    linkage_keys: LinkageKeys,
    agency_key: bytes,
    report: Callable[[str], None] = lambda _stage: None,
) -> Encoded:
    """Encode an extract.

    Args:
        extract: rows under the protocol's names.
        mapping: how the file's codes and dates are to be read.
        protocol: the agreement.
        linkage_keys: the agencies' shared keys of the epoch.
        agency_key: this agency's own key, 32 bytes; keys the record pseudonyms.
        report: told the name of each stage as it ends.

    Raises:
        ValidationError: with every issue of every row; nothing is encoded.
    """
    extract, blanked = checked(extract, protocol, mapping)
    report("check")
    local_id = extract.columns["record_id"]
    record = record_pseudonyms(agency_key, protocol.project, protocol.epoch, local_id)
    order = rising(record)
    extract, record = in_order(extract, order), record[order]
    known = features(minimised(extract, protocol), protocol, mapping)
    report("normalise")
    tokens = encode_tokens(known, linkage_keys, protocol)
    report("tokens")
    shown = withhold(known, tokens, protocol.encoding)
    report("withhold")
    filters = {name: table.rows for name, table in filter_tables(known, linkage_keys, protocol).items()}
    report("filters")
    content = code_content(extract, protocol, mapping)
    summary = summarise(extract, known, protocol, len(blanked))
    report("content")
    copies = copies_of(known, record, filters, shown, linkage_keys, protocol)
    return Encoded(local_id, order, copies, content, blanked, summary)


def checked(extract: Extract, protocol: Protocol, mapping: Mapping) -> tuple[Extract, tuple[Issue, ...]]:
    """The extract without any issue, and the cells that were blanked for it where the mapping allows that.

    Raises:
        ValidationError: with every issue that blanking must not or cannot settle.
    """
    issues = check_rows(extract, protocol, mapping)
    blanked: tuple[Issue, ...] = ()
    if mapping.rows.unreadable == "blank":
        blanked = tuple(issue for issue in issues if is_unreadable(issue))
        extract = blank_cells(extract, blanked)
        first = {(issue.row, issue.field): issue for issue in blanked}
        remaining = check_rows(extract, protocol, mapping) if blanked else issues
        issues = tuple(first.get((issue.row, issue.field), issue) for issue in remaining)
    if issues:
        raise ValidationError(
            f"{len(issues)} issue(s) in {len({issue.row for issue in issues})} row(s)", issues=issues, file=extract.file
        )
    return extract, blanked


def minimised(extract: Extract, protocol: Protocol) -> Extract:
    """The extract without identifiers that the protocol does not name; the event's date stays, to turn ages into years."""
    return restricted(extract, {*protocol.identifiers, "event_date"})
