"""The rules of a protocol that one key alone cannot show: names that must refer to each other, sums, ranges, domains."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from linkage.encoding import Encoding, Filter, Token
from linkage.schema import CONTENT, DIFFERENT, FEATURES, IDENTIFIERS, NOT_OBSERVED

if TYPE_CHECKING:
    from linkage.protocol import Blocking, Clustering, Comparison, ContentField, Level, Protocol

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_MOST_PATTERNS = 2**63 - 1
_YEARS = ("birth_year", "birth_year.next")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


def problems_of(p: Protocol) -> Iterator[str]:
    """What is wrong with a protocol whose every key, taken alone, is right; one line each, with the key's path."""
    yield from _identity_problems(p)
    yield from _encoding_problems(p.encoding)
    seen: dict[str, tuple[str, ...]] = {}
    for number, comparison in enumerate(p.comparisons):
        yield from _comparison_problems(f"comparisons.{number}", comparison, p.encoding, seen)
        seen[comparison.name] = (*comparison.level_names, NOT_OBSERVED)
    yield from _pattern_problems(p)
    yield from _dependence_problems(p.estimation.dependent, seen)
    yield from _contradiction_problems(p.clustering, seen)
    yield from _blocking_problems(p.blocking, p.encoding)
    yield from _statistics_problems(p)


def _dependence_problems(dependent: tuple[tuple[str, str], ...], seen: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Pairs must make a forest: with a circle among them, their shares would not multiply to probabilities."""
    group = {name: name for name in seen}
    for first, second in dependent:
        if first not in seen or second not in seen or first == second:
            yield "estimation.dependent: pairs of two different comparisons"
        elif group[first] == group[second]:
            yield f"estimation.dependent: '{first}' and '{second}' already depend on each other through others"
        else:
            group = {name: group[second] if one == group[first] else one for name, one in group.items()}


def _contradiction_problems(c: Clustering, seen: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for number, one in enumerate(c.contradictions):
        at = f"clustering.contradictions.{number}"
        if not one.name.strip() or not one.all:
            yield f"{at}: a name, and at least one 'comparison=level'"
        for condition in one.all:
            name, _, level = condition.partition("=")
            if level not in seen.get(name, ()):
                yield f"{at}.all: '{condition}' is no 'comparison=level'"


def _pattern_problems(p: Protocol) -> Iterator[str]:
    if not p.comparisons:
        yield "comparisons: there is none"
    if math.prod(len(comparison.level_names) + 1 for comparison in p.comparisons) > _MOST_PATTERNS:
        yield "comparisons: their levels make more agreement patterns than can be numbered"


def _identity_problems(p: Protocol) -> Iterator[str]:
    for key in ("project", "epoch"):
        if not getattr(p, key).strip():
            yield f"{key}: empty"
    for name in p.identifiers:
        if name not in IDENTIFIERS:
            yield f"identifiers: '{name}' is not a standard identifier ({', '.join(IDENTIFIERS)})"
    for name in p.sources:
        if not _NAME.fullmatch(name):
            yield f"sources.{name}: agency names are small letters, digits and _"


def _encoding_problems(e: Encoding) -> Iterator[str]:
    yield from (f"encoding.bits: {wrong}" for wrong in _length_problems(e.bits))
    if not e.filters and not e.tokens:
        yield "encoding: neither filters nor tokens"
    for name, spec in e.filters.items():
        yield from _filter_problems(f"encoding.filters.{name}", spec, e.bits)
    for name, token in e.tokens.items():
        yield from _token_problems(f"encoding.tokens.{name}", token)
    for name, one in e.specs:
        if not _NAME.fullmatch(name):
            yield f"encoding: '{name}' is not a name of small letters, digits and _"
        yield from (f"encoding: '{name}' is locked by '{lock}', which is no token" for lock in one.locks if lock not in e.tokens)
        yield from (f"encoding: '{name}' is locked by '{lock}', which is locked itself" for lock in one.locks if lock in e.locked)
        repeated = sorted({lock for lock in one.locks if one.locks.count(lock) > 1})
        yield from (f"encoding: '{name}' is locked by '{lock}' twice" for lock in repeated)
    for name in sorted(e.locked.intersection(e.filters, e.tokens)):
        yield f"encoding: '{name}' is a filter and a token, of which one is locked; give each a name of its own"


def _length_problems(bits: int) -> Iterator[str]:
    if bits < 64 or bits % 64 or bits > 8192:
        yield "a multiple of 64, from 64 to 8192"


def _filter_problems(at: str, spec: Filter, usual: int) -> Iterator[str]:
    if not spec.parts:
        yield f"{at}.parts: there is none"
    for number, part in enumerate(spec.parts):
        if part.of not in FEATURES:
            yield f"{at}.parts.{number}.of: '{part.of}' is not a feature ({', '.join(FEATURES)})"
        if not 1 <= part.positions <= 2048:
            yield f"{at}.parts.{number}.positions: from 1 to 2048"
        if part.grams == "years" and part.of not in _YEARS:
            yield f"{at}.parts.{number}.grams: 'years' are those of {' and '.join(_YEARS)}"
    if spec.diffusion and not 2 <= spec.diffusion <= 32:
        yield f"{at}.diffusion: 0, or from 2 to 32 positions"
    if spec.bits is not None and (list(_length_problems(spec.bits)) or usual < 1 or spec.bits % usual):
        yield f"{at}.bits: a multiple of encoding.bits, of 64 to 8192"
    if spec.inner_bits is not None:
        yield from (f"{at}.inner_bits: {wrong}" for wrong in _length_problems(spec.inner_bits))
        if not spec.diffusion:
            yield f"{at}.inner_bits: belongs to filters with diffusion, and to no others"


def _token_problems(at: str, token: Token) -> Iterator[str]:
    for feature in token.of:
        if feature not in FEATURES:
            yield f"{at}.of: '{feature}' is not a feature ({', '.join(FEATURES)})"
    if not token.of:
        yield f"{at}.of: names no feature"
    if not 0 <= token.unshared <= 1000:
        yield f"{at}.unshared: permille of the records, from 0 to 1000"
    if not 0 <= token.rare <= 1000:
        yield f"{at}.rare: permille of the records, from 0 to 1000"
    if token.hidden and token.locks:
        yield f"{at}.hidden: belongs to tokens that serve as locks"


def _comparison_problems(at: str, c: Comparison, e: Encoding, seen: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    if c.name in seen:
        yield f"{at}.name: '{c.name}' is used twice"
    if not _NAME.fullmatch(c.name):
        yield f"{at}.name: small letters, digits and _"
    if len({*c.level_names, NOT_OBSERVED}) < len(c.levels) + 2:
        yield f"{at}.levels: each name once, none of '{DIFFERENT}' and '{NOT_OBSERVED}'"
    if not c.levels:
        yield f"{at}.levels: there is none"
    yield from _presence_problems(at, c, e)
    for number, level in enumerate(c.levels):
        yield from _level_problems(f"{at}.levels.{number}", level, e)
    if not 0 <= c.gross_errors <= 5000:
        yield f"{at}.gross_errors: of 10,000, from 0 to 5000"
    if not max(c.gross_errors, 1) <= c.most_errors <= 10_000:
        yield f"{at}.most_errors: of 10,000, from gross_errors to 10000"
    yield from (f"{at}.silent: '{name}' is no level of it" for name in c.silent if name not in c.level_names)
    if c.strangers and (len(c.strangers) != len(c.levels) or min(c.strangers) < 1 or sum(c.strangers) > 999_999):
        yield f"{at}.strangers: of a million, at least 1 for each level and at least 1 left for 'different'"
    for key in ("only_if", "unless"):
        name, equals, level_name = (getattr(c, key) or "").partition("=")
        if (name or equals) and level_name not in seen.get(name, ()):
            yield f"{at}.{key}: 'comparison=level' of an earlier comparison"


def _presence_problems(at: str, c: Comparison, e: Encoding) -> Iterator[str]:
    for name in c.needs:
        if name not in e.filters and name not in e.tokens:
            yield f"{at}.needs: no filter or token is called '{name}'"
        elif name in e.locked or (name in e.tokens and e.tokens[name].hidden):
            yield f"{at}.needs: '{name}' is locked or hidden, so nobody can see whether a record has it"
    by_filter = any(level.filter in e.locked for level in c.levels)
    if by_filter != (c.observed_from is not None):
        yield f"{at}.observed_from: belongs to comparisons that read a locked filter, and to no others"
    if c.observed_from is not None and not 1 <= c.observed_from <= 1000:
        yield f"{at}.observed_from: permille, from 1 to 1000"


def _level_problems(at: str, level: Level, e: Encoding) -> Iterator[str]:
    tests = (level.token, level.any_token, level.crossed_tokens, level.filter, level.crossed_filters)
    if not any(tests):
        yield f"{at}: at least one of token, any_token, crossed_tokens, filter, crossed_filters"
    if level.filter and level.crossed_filters:
        yield f"{at}: 'dice' can be for 'filter' or for 'crossed_filters', not for both"
    if level.any_token is not None and len(level.any_token) < 2:
        yield f"{at}.any_token: at least two tokens; one is 'token'"
    if bool(level.filters) != (level.dice is not None):
        yield f"{at}.dice: belongs to levels with a filter, and to no other"
    if level.dice is not None and not 1 <= level.dice <= 1000:
        yield f"{at}.dice: permille, from 1 to 1000"
    yield from (f"{at}: no token is called '{name}'" for name in level.tokens if name not in e.tokens)
    yield from (f"{at}: '{name}' is hidden" for name in level.tokens if name in e.tokens and e.tokens[name].hidden)
    yield from (f"{at}: no filter is called '{name}'" for name in level.filters if name not in e.filters)
    for names, kind in ((level.any_token, e.tokens), (level.crossed_tokens, e.tokens), (level.crossed_filters, e.filters)):
        domains = {domain for name in names or () if name in kind for domain in _domains(name, kind[name])}
        if names and not e.locked.isdisjoint(names):
            yield f"{at}: locked values can only be compared each with itself"
        if names and len(domains) > 1:
            yield f"{at}: values of different domains can never be equal; give both one 'domain'"


def _domains(name: str, spec: Filter | Token) -> set[str]:
    parts = spec.parts if isinstance(spec, Filter) else (spec,)
    return {part.domain or name for part in parts}


def _blocking_problems(b: Blocking, e: Encoding) -> Iterator[str]:
    if not b.passes and not b.joins:
        yield "blocking: neither passes nor joins"
    if b.max_block < 2:
        yield "blocking.max_block: at least 2"
    if b.most_pairs is not None and b.most_pairs < 1:
        yield "blocking.most_pairs: at least 1; without a limit, leave it out"
    open_tokens = {copy.name for copy in e.token_copies if copy.lock is None}
    yield from (f"blocking.passes: no token is called '{name}'" for name in b.passes if name not in open_tokens)
    yield from (f"blocking.split: '{name}' is not a pass" for name in b.split or () if name not in b.passes)
    for name, tokens in (b.split or {}).items():
        seen = {copy.name for copy in e.token_copies if copy.lock in (name, None)}
        yield from (f"blocking.split.{name}: no token '{by}' is open or under this lock" for by in tokens if by not in seen)
    hidden = {name for name, token in e.tokens.items() if token.hidden}
    open_filters = {copy.label for copy in e.filter_copies if copy.lock is None or copy.lock in hidden}
    for number, join in enumerate(b.joins):
        yield from (f"blocking.joins.{number}: no filter is called '{name}'" for name in join.filters if name not in open_filters)
        if len({e.bits_of(name.partition("@")[0]) for name in join.filters if name in open_filters}) > 1:
            yield f"blocking.joins.{number}.filters: of several lengths, which cannot be joined"
        if not join.filters:
            yield f"blocking.joins.{number}.filters: names no filter"
        if not 1 <= join.dice <= 1000:
            yield f"blocking.joins.{number}.dice: permille, from 1 to 1000"


def _statistics_problems(p: Protocol) -> Iterator[str]:
    for name, spec in p.content.items():
        if name not in CONTENT:
            yield f"content.{name}: not on the white list ({', '.join(CONTENT)})"
        elif (CONTENT[name] == "code") != bool(spec.codes):
            yield f"content.{name}.codes: a code list is needed for coded fields, and for no others"
        yield from _code_problems(f"content.{name}", spec)
    for name in p.statistics.dimensions:
        if name not in p.content:
            yield f"statistics.dimensions: '{name}' is not a content field of this protocol"
    if not 1 <= p.clustering.threshold <= 999:
        yield "clustering.threshold: permille, from 1 to 999"
    if p.release.valid_days < 1:
        yield "release.valid_days: at least 1"
    roles = p.content["role"].codes if "role" in p.content else {}
    for role, threshold in p.release.thresholds.items():
        if role not in roles:
            yield f"release.thresholds: '{role}' is not a role of this protocol"
        if threshold < 1:
            yield f"release.thresholds.{role}: at least 1"


def _code_problems(at: str, spec: ContentField) -> Iterator[str]:
    if not all(_CODE.fullmatch(code) for code in spec.codes):
        yield f"{at}.codes: a code is Latin letters, digits, '.', '_' and '-', the first a letter or digit"
    meaning: dict[str, set[str]] = {}
    for code, spellings in spec.codes.items():
        for text in (code, *spellings):
            meaning.setdefault(" ".join(text.casefold().split()), set()).add(code)
    if any(len(codes) > 1 for codes in meaning.values()):
        yield f"{at}.codes: one spelling has two codes"
    yield from (f"{at}.labels: '{code}' is not a code of this field" for code in spec.labels if code not in spec.codes)
