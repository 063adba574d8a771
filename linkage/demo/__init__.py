"""An invented year of seven offices, for showing the whole job on data that belongs to nobody.

`build(seed)` makes the lists, their mappings and the truth as bytes; `claims` tells what counting rows would claim.
"""

from linkage.demo.scenario import ADDED_UP, Agency, Listed, Scenario, build, claims

__all__ = ["ADDED_UP", "Agency", "Listed", "Scenario", "build", "claims"]
