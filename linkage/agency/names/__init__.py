"""Names brought to one form before any key is applied (`norm/1`).

A keyed hash of a wrong spelling can never be repaired, so scripts, spellings, suffix reforms and column order are
dealt with here. One cell goes through `repair` (mojibake, the legacy font) → `fold` (Unicode, tokens, initials) →
`scripts` (homoglyphs) → `skeleton` (one small Latin alphabet for both scripts) → `roles` (suffixes, markers), with
`hypotheses` (other Latin schemes) and `alternates` (nicknames, affixes) beside it; `person` puts one person together.
"""

from linkage.agency.names.person import MISSING_NAME, Name, PersonName, person_name

__all__ = ["MISSING_NAME", "Name", "PersonName", "person_name"]
