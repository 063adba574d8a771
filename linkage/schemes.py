"""What each scheme promises, and what the linkage unit sees of records that are encoded by it; measured in docs/encoding.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from linkage.encoding import Encoding

GRAPH = "Any encoding whose similarity the linkage unit can compute leaks the similarity graph to the linkage unit."
_LEAKS: Mapping[str, str] = MappingProxyType(
    {
        "fields/1": (
            "Nothing is hardened. Of every record the linkage unit sees one filter per field and keyed hashes of single fields "
            "and of combinations, all of which it can compare with those of every other record: how often each value of a field "
            "occurs, which fields a record lacks, and how alike any two records are in each field. Who knows the names behind "
            "some records can learn to read the others, gram by gram."
        ),
        "diffused/1": (
            "Grams are hidden, values are not. Of every record the linkage unit sees one diffused filter per field and keyed "
            "hashes of combinations. Equal values have equal filters, so it sees how often each value of a field occurs, which "
            "fields a record lacks, which values are nearly the same, and which records share a combination."
        ),
        "groups/1": (
            "Fields are hidden, groups of fields are not. Of every record the linkage unit sees one diffused filter of the "
            "names, one of the birth date, and keyed hashes of combinations: which records have the same or nearly the same "
            "names, which have the same or nearly the same date, and which share a combination."
        ),
        "record/1": (
            "Fields are hidden, records are not. The linkage unit sees one diffused filter per record and nothing else: which "
            "records are the same or nearly the same as a whole, but not in which field they agree or differ."
        ),
        "salted/1": (
            "The linkage unit sees one diffused filter per record, under a mask that hangs on a value it is not shown. Among "
            "records that agree on that value it sees which are the same or nearly the same as a whole; all others look like "
            "strangers to each other."
        ),
        "locked/1": (
            "The linkage unit sees keyed hashes of combinations, the locks, and so which records share one. Only for pairs that "
            "do, it sees field by field how alike they are; of all other pairs it sees nothing of a locked field, nor how often "
            "a value of one occurs. What leaves without a lock it can compare for every pair: hashes of combinations by "
            "equality, diffused filters also where they are nearly the same."
        ),
    }
)


def leaks(encoding: Encoding) -> str:
    """What the linkage unit sees under the encoding's scheme, in one paragraph."""
    return f"{_LEAKS.get(encoding.scheme, 'Nothing is known of this scheme.')} {GRAPH}"


def follows(encoding: Encoding) -> bool:
    """Whether an encoding does what its scheme promises; true where the scheme promises nothing."""
    return _PROMISES.get(encoding.scheme, _nothing)(encoding)


def _nothing(_: Encoding) -> bool:
    return True


def _diffused(e: Encoding) -> bool:
    return all(spec.diffusion for spec in e.filters.values())


def _whole_record(e: Encoding) -> bool:
    return _diffused(e) and len(e.filters) == 1 and not e.token_copies


def _salted(e: Encoding) -> bool:
    return _whole_record(e) and all(spec.locks for spec in e.filters.values())


def _locked(e: Encoding) -> bool:
    return bool(e.locked) and all(spec.locks or spec.diffusion for spec in e.filters.values())


_PROMISES: Mapping[str, Callable[[Encoding], bool]] = MappingProxyType(
    {"diffused/1": _diffused, "groups/1": _diffused, "record/1": _whole_record, "salted/1": _salted, "locked/1": _locked}
)
