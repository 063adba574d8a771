"""The gate in front of every release: no count leaves that could point at a person.

Two tiers. *Restricted*: exact counts, marked confidential in every row, for those who may see them. *Public*: counts
that fall below the threshold of their role are not printed, and since a hidden cell can be worked out from the others
unless more are hidden with it, the gate refuses the whole release until the tables are redesigned. Refusing is safe;
hiding a single cell is not.

Source: reference `statistics.md`, section 6.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from linkage.errors import DisclosureError, UsageError
from linkage.protocol import Release
from linkage.statistics.counts import PERSON

TIERS = RESTRICTED_TIER, PUBLIC_TIER = "restricted", "public"
# SDMX CL_CONF_STATUS: confidential, free.
CONFIDENTIALITY: Mapping[str, str] = MappingProxyType({RESTRICTED_TIER: "C", PUBLIC_TIER: "F"})
# For a role that the protocol gives no threshold, the rule for victims and children.
STRICT_THRESHOLD = 5


def check_release(cells: pd.DataFrame, release: Release, tier: str) -> None:
    """Refuse a release that would show a count of persons below the threshold of its role.

    Args:
        cells: what would be published, as `counts.count` gives it; a cell that is not there is a zero.
        release: the protocol's thresholds.
        tier: `restricted` or `public`.

    Raises:
        UsageError: no such tier.
        DisclosureError: in the public tier; it names the kind of table and the role, and neither the count nor its cell.

    Source: reference `statistics.md`, section 6, table of default rules.
    """
    if tier not in TIERS:
        raise UsageError("no such tier", hint=f"one of: {', '.join(TIERS)}")
    if tier == RESTRICTED_TIER:
        return
    persons = cells[cells["unit"] == PERSON]
    small = persons[persons["count"] < persons["role"].map(lambda role: threshold(release, role))]
    classes = sorted(set(zip(small["table"], small["role"], strict=True)))
    if classes:
        named = "; ".join(f"table {table}, role {role} (threshold {threshold(release, role)})" for table, role in classes)
        raise DisclosureError(f"counts of persons below the threshold of their role: {named}")


def threshold(release: Release, role: str) -> int:
    """The smallest count of persons that the public tier shows for a role.

    A role without a threshold in the protocol gets the strictest of the protocol's and the default for victims.
    """
    return release.thresholds.get(role, max((STRICT_THRESHOLD, *release.thresholds.values())))
