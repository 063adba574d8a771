"""Who is on whose lists: the overlap of agencies, and the capture histories that estimation starts from.

Where agencies hardly overlap, little was counted twice and much may have been seen by nobody; where they overlap wholly,
one of them would have done. The table says both, and is the input of multiple-systems estimation.

Source: reference `statistics.md`, sections 4 and 8.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from linkage.protocol import Protocol
from linkage.statistics.attributes import Ints, Records, coded
from linkage.statistics.blocks import Block
from linkage.statistics.cells import OVERLAP


def overlap(records: Records) -> Block:
    """Persons of a role on the lists of two agencies, over all years; on its list, where the two are one.

    Each pair stands once, in the order of the agencies' names.
    """
    who, role, lists = _memberships(records)
    agencies = lists.shape[1]
    pairs = [(one, two, np.flatnonzero(lists[:, one] & lists[:, two])) for one in range(agencies) for two in range(one, agencies)]
    lengths = [len(rows) for _, _, rows in pairs]
    row = np.concatenate([rows for _, _, rows in pairs])
    return Block(
        OVERLAP,
        who[row],
        {
            "role": role[row],
            "agency": np.repeat([one for one, _, _ in pairs], lengths),
            "other": np.repeat([two for _, two, _ in pairs], lengths),
        },
    )


def histories(frame: pd.DataFrame, protocol: Protocol, role: str, years: Sequence[str] | None = None) -> pd.DataFrame:
    """How many persons were on just these lists: the capture histories of multiple-systems estimation.

    Args:
        frame: one row per record, as for `counts.presence`.
        protocol: under which the records are counted.
        role: whose persons; victims and offenders are never one population.
        years: those whose records count, as text; None: all records, dated or not.

    Returns:
        One bool column per agency that has a record of them, by name, and `count` (int64, above zero); each history once,
        sorted. A person on no list has no row.

    Source: reference `statistics.md`, section 4.
    """
    kept = frame[(frame["role"] == role).to_numpy(bool)]
    if years is not None:
        kept = kept[kept["event_date"].astype(str).str.slice(0, 4).isin(list(years)).to_numpy(bool)]
    records = coded(kept, protocol)
    lists = _memberships(records)[2]
    present = np.flatnonzero(lists.any(axis=0))
    names = [records.words["agency"][place] for place in present]
    found, counts = np.unique(lists[:, present], axis=0, return_counts=True)
    return pd.DataFrame(found, columns=names).assign(count=counts.astype(np.int64))


def _memberships(records: Records) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Each person and role once, and (m, agencies) whether a record of theirs is on the agency's list."""
    roles, agencies = len(records.words["role"]), len(records.words["agency"])
    who, of = np.unique(records.person * roles + records.codes["role"], return_inverse=True)
    lists = np.zeros((len(who), agencies), np.bool_)
    lists[of, records.codes["agency"]] = True
    return who // roles, who % roles, lists
