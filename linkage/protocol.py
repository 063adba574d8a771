"""The protocol: everything that agencies, linkage unit and statistics must agree on before a single row moves.

It is public, written as TOML, read into frozen dataclasses, and named by the SHA-256 of its canonical JSON: the
protocol ID. Every bundle carries that ID, so two sides that disagree on anything find out before anything is parsed.

How a protocol reads. *Filters* and *tokens* say what an agency encodes. A *comparison* is a ladder of levels, best
first: the level of a pair is the first one that holds; the level below the last is "different"; a comparison that
cannot be made on both records is not observed and is no evidence. *Blocking* names the tokens whose equality proposes
a pair. *Content* is the white list of what statistics may see.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any, Literal, get_args

from linkage.canonical import canonical_json, digest_of_bytes
from linkage.coincidence import SHARED_BY_RELATIVES, told_by
from linkage.encoding import Copy, Encoding, Scheme
from linkage.errors import SchemaError
from linkage.protocol_rules import problems_of
from linkage.schema import DIFFERENT, build, plain, read_toml

FORMAT = "headcount-protocol/1"
NORMALISER = "norm/1"
READY = ("tip", "persons", "national")
# Where a ready protocol has no scheme file of its own, it takes that of another with the same fields, or the one for all.
_ELSE = {"national": ("persons",)}
SCHEMES: tuple[str, ...] = get_args(Scheme)
DEFAULT_SCHEME = "locked/1"
_SCHEME_MARK = "#:scheme\n\n"
_FORBID = {"extra": "forbid"}


@dataclass(frozen=True)
class Level:
    """One rung of a comparison; it holds where any of its tests does, and at least one is given.

    Attributes:
        name: what agreement at this level means.
        token: one of these tokens is equal to itself in the other record, or one copy of it under a lock.
        any_token: any of these tokens of one record equals any of them of the other: values that a record has several of.
        crossed_tokens: the first token of one record equals the second of the other, either way round.
        filter: Dice similarity of the named filter reaches `dice`; of a locked one, under any lock that the pair shares.
        crossed_filters: both crosswise Dice similarities of two filters reach `dice`: the values are exchanged.
        dice: permille.
    """

    name: str
    token: tuple[str, ...] | None = None
    any_token: tuple[str, ...] | None = None
    crossed_tokens: tuple[str, str] | None = None
    filter: str | None = None
    crossed_filters: tuple[str, str] | None = None
    dice: int | None = None

    __pydantic_config__ = _FORBID

    @property
    def tokens(self) -> tuple[str, ...]:
        """Tokens that the level reads."""
        return (self.token or ()) + (self.any_token or ()) + (self.crossed_tokens or ())

    @property
    def filters(self) -> tuple[str, ...]:
        """Filters that the level reads."""
        return ((self.filter,) if self.filter else ()) + (self.crossed_filters or ())


@dataclass(frozen=True)
class Comparison:
    """A ladder of levels, best first.

    Attributes:
        name: what is compared.
        levels: the rungs.
        needs: tokens or filters, none of them locked, that both records must have, or the comparison is not observed.
        observed_from: Dice in permille, for comparisons of locked filters: a pair that reaches no rung has been seen to
            differ if a filter is at least so alike, and is not observed below. Two values under one lock are more alike than
            chance even where they differ; chance is what remains where one of them is missing.
        only_if: `comparison=level`: made only where an earlier comparison ended there.
        unless: `comparison=level`: not made where an earlier comparison ended there.
        gross_errors: of 10,000 matches at least so many are taken to end at `different`, because the value is wholly wrong
            in one record; where few matches are sure, an estimate alone would call that impossible.
        most_errors: of 10,000 matches at most so many are taken to end at `different`: where namesakes are many, an estimate alone
            would take them for persons who change their birth dates.
        silent: levels that weigh nothing, `different` among them where other comparisons have said what speaks against.
        strangers: of a million pairs of strangers, how many are assumed to end at each of the levels; the rest at `different`.
            In a list of a few records this stands for what chance agreement is; in a long list the data decide.
        as_assumed: the model goes by `strangers` alone, whatever the data show. Behind locks it does so until a blind pass
            brings together mostly strangers.
    """

    name: str
    levels: tuple[Level, ...]
    needs: tuple[str, ...] = ()
    observed_from: int | None = None
    only_if: str | None = None
    unless: str | None = None
    gross_errors: int = 0
    most_errors: int = 10_000
    silent: tuple[str, ...] = ()
    as_assumed: bool = False
    strangers: tuple[int, ...] = ()

    __pydantic_config__ = _FORBID

    @property
    def strangers_per_level(self) -> tuple[int, ...]:
        """Of a million pairs of strangers, how many end at each level, `different` last; 1 % each where nothing is said."""
        shares = self.strangers or (10_000,) * len(self.levels)
        return (*shares, 1_000_000 - sum(shares))

    @property
    def reads(self) -> frozenset[str]:
        """The filters and tokens that its levels read."""
        return frozenset(name for level in self.levels for name in (*level.tokens, *level.filters))

    @property
    def level_names(self) -> tuple[str, ...]:
        """Names of the levels, `different` last."""
        return (*(level.name for level in self.levels), DIFFERENT)


@dataclass(frozen=True)
class Join:
    """An exact all-pairs join over the OR of some filters, for inputs small enough.

    Attributes:
        filters: the filters that are joined into one.
        dice: permille that a pair must reach.
        max_records: above this many records the join is left out.
    """

    filters: tuple[str, ...]
    dice: int
    max_records: int

    __pydantic_config__ = _FORBID


@dataclass(frozen=True)
class Blocking:
    """Where candidate pairs come from.

    Attributes:
        passes: tokens; two records that share one are a candidate pair.
        max_block: a block with more records is left out, counted and reported.
        most_pairs: for each record of the lists all passes together, those over pieces included, may propose at most so many
            pairs, a pair counting for each, counted before they are made. Where they would propose more the largest blocks are
            left out, whichever pass they are of, counted and reported, too; in shorter lists, as many as for `max_block` records.
            No limit if none is given. Blocks grow with the lists: without a limit, ten times as many records make a hundred times
            as many pairs.
        split: pass to the tokens by each of which its blocks are split where they are left out; the pass's token lets them be seen,
            or they are open. Pairs are proposed that share one of them, too, in pieces no larger than the blocks that are joined.
        joins: exact joins for small inputs, over filters that are not locked.
    """

    passes: tuple[str, ...]
    max_block: int
    most_pairs: int | None = None
    split: Mapping[str, tuple[str, ...]] | None = None
    joins: tuple[Join, ...] = ()

    __pydantic_config__ = _FORBID


@dataclass(frozen=True)
class Estimation:
    """What the model is told about its own form.

    Attributes:
        dependent: pairs of comparisons of which the second depends on the first among one person's records: an alias changes
            two names at once, a sex goes with a given name. The model learns how, so that one event is not counted as two.
    """

    dependent: tuple[tuple[str, str], ...] = ()

    __pydantic_config__ = _FORBID


@dataclass(frozen=True)
class Contradiction:
    """What no two records of one person show together: twins share a family and a birth date, not a given name.

    Attributes:
        name: the reason that is stated where it parts two records.
        all: `comparison=level`, each of which must hold.
    """

    name: str
    all: tuple[str, ...]

    __pydantic_config__ = _FORBID


@dataclass(frozen=True)
class Clustering:
    """From pair weights to persons.

    Attributes:
        method: `average`: two clusters merge while their mean pair weight speaks for it.
        threshold: match probability, in permille, at which a pair speaks neither for nor against.
        contradictions: pairs that show one of them are never one person, unless an auditor says so.
    """

    method: Literal["average"]
    threshold: int
    contradictions: tuple[Contradiction, ...] = ()

    __pydantic_config__ = _FORBID


@dataclass(frozen=True)
class Source:
    """What is known of one agency's list.

    Attributes:
        duplicates: whether one person may stand in it more than once.
    """

    duplicates: bool = True

    __pydantic_config__ = _FORBID


@dataclass(frozen=True)
class ContentField:
    """A field that statistics may see.

    Attributes:
        required: a row without it is an error; otherwise it is counted as unknown.
        codes: code to the spellings that agencies use; empty for dates, articles, countries, sex and age group.
        labels: code to the words printed in tables; the code itself where none is given.
    """

    required: bool = False
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    __pydantic_config__ = _FORBID


@dataclass(frozen=True)
class Statistics:
    """What is counted and how disagreements are settled.

    Attributes:
        dimensions: content fields, each of which gets a table beside sex by age group.
        order: agencies whose word on a person's attribute settles a tie, most trusted first.
    """

    dimensions: tuple[str, ...]
    order: tuple[str, ...] = ()

    __pydantic_config__ = _FORBID


@dataclass(frozen=True)
class Release:
    """What may be published.

    Attributes:
        thresholds: by role, the smallest count that the public tier shows.
        valid_days: how long after sealing a bundle may be opened.
    """

    thresholds: Mapping[str, int]
    valid_days: int

    __pydantic_config__ = _FORBID


@dataclass(frozen=True)
class Protocol:
    """The whole agreement; see the module's text for how it reads.

    Attributes:
        format: version of this file's form.
        project: domain of the pseudonyms; two projects share no key and no token.
        epoch: period over which persons stay linkable; a new epoch has a new linkage key.
        title: for people.
        normaliser: version of the rules that bring identifiers to one form.
        identifiers: standard identifier names that agencies may send, of which each sends what it has.
    """

    format: Literal["headcount-protocol/1"]
    project: str
    epoch: str
    title: str
    normaliser: Literal["norm/1"]
    identifiers: tuple[str, ...]
    encoding: Encoding
    comparisons: tuple[Comparison, ...]
    blocking: Blocking
    clustering: Clustering
    release: Release
    statistics: Statistics
    estimation: Estimation = field(default_factory=Estimation)
    content: Mapping[str, ContentField] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)

    __pydantic_config__ = _FORBID

    @cached_property
    def canonical(self) -> bytes:
        """Canonical JSON of the protocol."""
        return canonical_json(plain(self))

    @cached_property
    def id(self) -> str:
        """Protocol ID: SHA-256 of the canonical JSON, 64 hexadecimal digits."""
        return digest_of_bytes(self.canonical)

    @cached_property
    def filters(self) -> tuple[str, ...]:
        """Labels of the filter axis, in its order; a long filter has several places in a row."""
        return self.encoding.filter_places

    def places(self, copy: Copy) -> slice:
        """Where a copy of a filter stands on the axis."""
        start = self.filters.index(copy.label)
        return slice(start, start + self.encoding.bits_of(copy.name) // self.encoding.bits)

    def shown_under(self, token: str, lock: str) -> Copy:
        """The copy of a token that records which share a lock can be held together by: under the lock, or open to all."""
        return next(copy for copy in self.encoding.token_copies if copy.name == token and copy.lock in (lock, None))

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        """Labels of the token axis, in its order."""
        return tuple(copy.label for copy in self.encoding.token_copies)

    @property
    def words(self) -> int:
        """64-bit words per place on the filter axis."""
        return self.encoding.bits // 64

    def behind_locks(self, comparison: Comparison) -> bool:
        """Whether a comparison reads what only pairs that share a lock can be compared by."""
        return not comparison.reads.isdisjoint(self.encoding.locked)

    def blind_passes(self, comparison: Comparison) -> tuple[str, ...]:
        """Blocking passes that tell nothing of what a comparison reads behind locks, nor anything that relatives share.

        Whom they bring together by chance shows how often strangers agree on it.
        """
        tokens = self.encoding.tokens
        told = self._told(comparison) | SHARED_BY_RELATIVES
        return tuple(name for name in self.blocking.passes if told.isdisjoint(told_by(tokens[name].of)))

    def _told(self, comparison: Comparison) -> frozenset[str]:
        """What all that a comparison reads behind locks tells: of exchanged names a surname's ladder only has the surname.

        A sex that a name tells by its ending is not what the name is compared for.
        """
        filters, tokens = self.encoding.filters, self.encoding.tokens
        read = sorted(comparison.reads & self.encoding.locked)
        each = [told_by(tokens[name].of if name in tokens else [part.of for part in filters[name].parts]) for name in read]
        told = frozenset.intersection(*each) if each else frozenset()
        told = told or frozenset().union(*each)
        return told - {"sex"} or told

    def source(self, agency: str) -> Source:
        """The rule for an agency's list; the default where the protocol says nothing."""
        return self.sources.get(agency, Source())


def read_protocol(path: Path) -> Protocol:
    """The protocol in a TOML file.

    Raises:
        SchemaError: with every wrong key and value.
    """
    return parse_protocol(read_toml(path), str(path))


def ready_protocol(name: str, scheme: str = DEFAULT_SCHEME) -> Protocol:
    """One of the protocols that come with the package, `tip`, `persons` or `national`, under one of the schemes."""
    return parse_protocol(tomllib.loads(ready_text(name, scheme)), f"{name}.toml")


def ready_text(name: str, scheme: str = DEFAULT_SCHEME) -> str:
    """The commented TOML text of a ready protocol: its own part, and the scheme's encoding, comparisons and blocking.

    Raises:
        SchemaError: there is no protocol or no scheme of that name.
    """
    if name not in READY:
        raise SchemaError(f"there is no ready protocol of this name; there are {', '.join(READY)}")
    if scheme not in SCHEMES:
        raise SchemaError(f"there is no encoding scheme of this name; there are {', '.join(SCHEMES)}")
    folder = resources.files("linkage") / "protocols"
    files = (folder / "schemes" / f"{who}.{scheme.replace('/', '-')}.toml" for who in (name, *_ELSE.get(name, ()), "any"))
    of_scheme = next(file for file in files if file.is_file())
    return (folder / f"{name}.toml").read_text("utf-8").replace(_SCHEME_MARK, of_scheme.read_text("utf-8"))


def parse_protocol(data: Mapping[str, Any], file: str) -> Protocol:
    """The protocol from plain data (TOML or the JSON inside a bundle).

    Raises:
        SchemaError: with every wrong key and value.
    """
    if data.get("format") != FORMAT:
        raise SchemaError(f"format is not {FORMAT}", file=file, field="format")
    protocol = build(Protocol, data, file)
    problems = list(problems_of(protocol))
    if problems:
        raise SchemaError("\n".join(problems), file=file)
    return protocol
