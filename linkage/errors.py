"""Every way in which a job can fail, as one tree.

LinkageError                    exit
├── UsageError                  2   the command or call does not make sense
├── DataError                   3
│   ├── ExtractError                the file cannot be read as a table
│   ├── SchemaError                 a protocol or mapping is wrong
│   └── ValidationError             rows of an extract break the protocol
├── BundleError                 4
│   ├── FormatError                 not a bundle, or damaged
│   ├── VersionError                made by a format this version does not know
│   ├── TruncatedError              the file ends early
│   ├── SignatureError              not signed by the agency that it names
│   ├── WrongRecipientError         sealed to somebody else, or the other role's section
│   ├── ReplayedError               already received, or older than what was received
│   ├── ProtocolMismatchError       another protocol, epoch or linkage key
│   └── ExpiredError                past its last day
├── KeyringError                5   a key is missing, exposed, weak or of another role
├── ModelError                  6   the data cannot carry an estimate
├── LedgerError                 7
│   ├── LockedError                 another process writes to this workspace
│   ├── TamperedError               a stored file or log entry is not what was written
│   └── ContradictionError          decisions that cannot all hold
├── DisclosureError             8   publishing this would reveal a person
└── StorageError                9   the disk or a permission refused

Exit 1 is no error but the answer "no"; 70 is a bug. A message names file, row, field and code and never a value:
the text of a cell, a key or a person must not reach a terminal or a log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class LinkageError(Exception):
    """Root of the tree.

    Args:
        message: what happened, without any value from the data.
        hint: what to try next; the class's own hint where none is given.
        file: the file's name as the user gave it.
        row: row number in that file, counting from 1 with the header as row 1.
        field: the column, protocol field or key path concerned.
    """

    exit_code = 70
    code = "internal"
    hint = "this is a bug in headcount: please report it with the command that you ran"

    def __init__(
        self, message: str, *, hint: str | None = None, file: str | None = None, row: int | None = None, field: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.file, self.row, self.field = file, row, field
        if hint is not None:
            self.hint = hint

    def __str__(self) -> str:
        place = [str(self.file)] if self.file else []
        place += [f"row {self.row}"] if self.row is not None else []
        place += [f"field {self.field}"] if self.field else []
        return f"{', '.join(place)}: {self.message}" if place else self.message


class UsageError(LinkageError):
    """The command or call does not make sense as given."""

    exit_code = 2
    code = "usage"
    hint = "see --help of the command"


class DataError(LinkageError):
    """What was handed in cannot be used."""

    exit_code = 3
    code = "data"
    hint = "correct the file and try again; nothing was written"


class ExtractError(DataError):
    """The file cannot be read as a table."""

    code = "extract"
    hint = "name delimiter, text encoding, sheet and header row in the mapping; `headcount check` drafts one"


class SchemaError(DataError):
    """A protocol or mapping file has a wrong key or value."""

    code = "schema"
    hint = "compare with docs/formats.md, or start again from `headcount protocol new`"


@dataclass(frozen=True)
class Issue:
    """One thing wrong with one cell, told without the cell.

    Attributes:
        row: row number in the file, header = 1.
        field: protocol field.
        code: stable code, listed in docs/errors.md.
        message: what is wrong, in words.
    """

    row: int
    field: str
    code: str
    message: str


class ValidationError(DataError):
    """Rows of an extract break the protocol; carries every issue, not the first."""

    code = "validation"
    hint = "correct the rows at the source, or map the code in the mapping; `headcount check` lists every issue"

    def __init__(self, message: str, *, issues: Sequence[Issue] = (), file: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, file=file, hint=hint)
        self.issues = tuple(issues)


class BundleError(LinkageError):
    """A bundle cannot be accepted; nothing of it was stored."""

    exit_code = 4
    code = "bundle"
    hint = "ask the sender for the bundle again; nothing was stored"


class FormatError(BundleError):
    """The file is not a bundle, or its bytes were changed."""

    code = "bundle-format"


class VersionError(BundleError):
    """The bundle's format is of a version that this program does not know."""

    code = "bundle-version"
    hint = "use the same major version of headcount on both sides"


class TruncatedError(BundleError):
    """The file ends before its last chunk."""

    code = "bundle-truncated"
    hint = "the transfer stopped early: copy the file again"


class SignatureError(BundleError):
    """The bundle is not signed by the agency that it names."""

    code = "bundle-signature"
    hint = "do not use this file; compare the agency's key fingerprint with the agency by telephone"


class WrongRecipientError(BundleError):
    """The bundle was sealed to somebody else, or is the section of the other role."""

    code = "bundle-recipient"
    hint = "linking sections go to the linkage unit and content sections to statistics, each sealed to its public key"


class ReplayedError(BundleError):
    """The bundle was received before, or a newer one of the same agency and period was."""

    code = "bundle-replayed"
    hint = "seal a corrected extract with a higher --sequence, and receive it with --supersede REASON"


class ProtocolMismatchError(BundleError):
    """The bundle was made under another protocol, epoch or linkage key."""

    code = "bundle-protocol"
    hint = "all agencies must use the same protocol file, program version and linkage key of the epoch"


class ExpiredError(BundleError):
    """The bundle is past the last day on which it may be opened."""

    code = "bundle-expired"
    hint = "ask the agency to seal the extract again"


class KeyringError(LinkageError):
    """A key is missing, readable by others, too weak, or of another role."""

    exit_code = 5
    code = "key"
    hint = "make keys with `headcount keys new` and keep secret files at mode 0600"


class ModelError(LinkageError):
    """The data cannot carry an estimate."""

    exit_code = 6
    code = "model"
    hint = "check that the lists overlap and that identifiers are filled"


class LedgerError(LinkageError):
    """The workspace's memory refuses the step."""

    exit_code = 7
    code = "ledger"
    hint = "run `headcount audit verify` on the workspace"


class LockedError(LedgerError):
    """Another process writes to this workspace."""

    code = "ledger-locked"
    hint = "wait for the other job to end, then try again"


class TamperedError(LedgerError):
    """A stored file or log entry is not what was written."""

    code = "ledger-tampered"
    hint = "restore the workspace from a backup; do not publish from it"


class ContradictionError(LedgerError):
    """Decisions were taken that cannot all hold."""

    code = "ledger-contradiction"
    hint = "withdraw one of the decisions; 'different' wins until then"


class DisclosureError(LinkageError):
    """Publishing this would reveal a person."""

    exit_code = 8
    code = "disclosure"
    hint = "merge categories or pool years, or use the restricted tier with a release decision"


class StorageError(LinkageError):
    """The operating system refused to read or write: a full disk, a missing permission, a folder that is gone."""

    exit_code = 9
    code = "storage"
    hint = "look at disk space and permissions, then run the same command again: nothing was half-written"
