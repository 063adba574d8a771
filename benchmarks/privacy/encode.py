"""`python -m benchmarks.privacy.encode PEOPLE.csv [--scheme S] [--key-seed N] -o OUT.npz`: what a unit would hold of a list.

    filters (n, n_filters, n_words) uint64, tokens (n, n_tokens) uint64, rows in the order of the file

under a test key that is drawn from N, for attack code from outside: the attacker encodes his own list with another N.
Columns carry the protocol's standard names; `first_name`, `last_name`, `dob`, `date_of_birth` and `gender` are understood,
others are left out and named on stderr; dates may be yyyy-mm-dd, yyyymmdd, dd.mm.yyyy or dd/mm/yyyy, and what cannot be
read counts as empty. The protocol is `tip` where the file has a column that only `tip` knows, else `persons`.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Mapping as ReadOnly
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.privacy.held import ALL, held
from linkage.agency.mapping import DateForm, Mapping, RowForm
from linkage.files import write_atomically
from linkage.protocol import DEFAULT_SCHEME, READY, ready_protocol

_OTHER_NAMES: ReadOnly[str, str] = {
    "first_name": "given_name",
    "last_name": "surname",
    "dob": "birth_date",
    "date_of_birth": "birth_date",
    "gender": "sex",
}


# Whatever the list: dates in the usual forms, and a cell that nobody can read is an empty one.
_FORMATS = ("%Y-%m-%d", "%Y%m%d", "%d.%m.%Y", "%d/%m/%Y")
_ANY_LIST = Mapping(dates=DateForm(formats=_FORMATS, impossible="compare"), rows=RowForm(unreadable="blank"))


def main(arguments: Sequence[str]) -> int:
    """Read, encode, write; the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    frame = pd.read_csv(options.people, dtype=str, keep_default_na=False).rename(columns=_OTHER_NAMES)
    protocol = options.protocol or protocol_for(frame)
    known = ready_protocol(protocol).identifiers
    left_out = [name for name in frame.columns if name not in known]
    if left_out:
        print(f"left out, because the protocol {protocol} has no such identifier: {', '.join(left_out)}", file=sys.stderr)
    if len(left_out) == len(frame.columns):
        parser.error(f"no column is an identifier of the protocol {protocol}: {', '.join(known)}")
    scheme = DEFAULT_SCHEME if options.scheme == "default" else options.scheme
    encoded = held(frame[[name for name in frame.columns if name in known]], protocol, scheme, options.key_seed, mapping=_ANY_LIST)
    if len(encoded.filters) != len(frame):
        parser.error(f"{len(frame) - len(encoded.filters)} row(s) of the file hold no identifier at all")
    out = io.BytesIO()
    np.savez_compressed(out, filters=encoded.filters, tokens=encoded.tokens)
    write_atomically(options.output, out.getvalue())
    print(f"{scheme}, protocol {protocol}: filters {encoded.filters.shape}, tokens {encoded.tokens.shape}", file=sys.stderr)
    return 0


def protocol_for(frame: pd.DataFrame) -> str:
    """The ready protocol that knows the file's columns."""
    only_tip = {*ready_protocol("tip").identifiers} - {*ready_protocol("persons").identifiers}
    return "tip" if only_tip & {*frame.columns} else "persons"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks.privacy.encode", description="encode a list under a test key")
    parser.add_argument("people", type=Path, metavar="PEOPLE.csv")
    parser.add_argument("--scheme", choices=("default", *ALL), default="default")
    parser.add_argument("--protocol", choices=READY, help="default: by the file's columns")
    parser.add_argument("--key-seed", type=int, default=0, metavar="N", help="draws the test keys")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.npz")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
