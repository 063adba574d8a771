"""Names brought to one form before any key is applied (`norm/1`).

A keyed hash of a wrong spelling can never be repaired, so scripts, spellings, suffix reforms and column order are
dealt with here. One token of a name goes through `fold` (Unicode) → `scripts` (homoglyphs) → `skeleton` (one small
Latin alphabet for both scripts) → `roles` (suffixes, markers); `person` puts the tokens of one person together.
"""

from linkage.agency.names.person import MISSING_NAME, PersonName, person_name

__all__ = ["MISSING_NAME", "PersonName", "person_name"]
