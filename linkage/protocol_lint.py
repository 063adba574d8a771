"""What a protocol gives away and where it cannot work, found from the protocol alone, before a single record is encoded.

`protocol_rules` refuses what makes no sense; here stands what makes sense and is unwise. A finding is *refused* where a
known attack reads the encodings or nothing can ever come of an entry, a *warning* where that hangs on the lists, and a
*note* where one should simply know. How many strangers agree on what is public knowledge (`coincidence`), so that no
verdict needs data.

The attacks that reasons name: graph matching (Vidanage et al. 2020; Schaefer, Armknecht & Heng 2024); known pairs, that
is, learning from records of which somebody knows the name; frequency alignment; and colour refinement on the graph of
equal values. The security reference has them with measured figures.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal, NamedTuple

from linkage.coincidence import coincidence, fill, grams, sendable, strangers
from linkage.encoding import Encoding, Filter, FilterPart, Token
from linkage.protocol import NORMALISER, READY, SCHEMES, Comparison, Join, Level, Protocol
from linkage.schemes import follows

Severity = Literal["refused", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("refused", "warning", "note")
SMALL, LARGE = 1_000, 50_000
FEW_BITS, MODEST_BITS = 12.0, 16.0
STRONG_DIFFUSION = 5
SMALLEST_THRESHOLD = 3
_OPEN_FILL, _MASKED_FILL = (0.3, 0.6), (0.0, 0.45)
_CONNECTED, _NEARLY_CONNECTED = 0.5, 0.1
_UNSEEN, _NOISE = 3, 4
_MOSTLY = 0.5
_PLACEHOLDERS = (*READY, "changeme", "epoch", "example", "project", "test")


class Finding(NamedTuple):
    """One thing that a protocol's authors should know.

    Attributes:
        severity: `refused`, `warning` or `note`.
        key: path of the entry in the protocol.
        code: stable name of the rule.
        text: what is so, and why it matters.
        hint: what to try; empty where nothing need be done.
    """

    severity: Severity
    key: str
    code: str
    text: str
    hint: str = ""


Findings = Iterator[Finding]


def findings(protocol: Protocol) -> tuple[Finding, ...]:
    """Every finding, the refused ones first, then warnings, then notes; each kind in the protocol's order."""
    rules = (_identity, _scheme, _filters, _tokens, _visible_values, _equality_graph, _locks, _comparisons, _blocking, _release)
    found = [finding for rule in rules for finding in rule(protocol)]
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))


def _identity(p: Protocol) -> Findings:
    for key in ("project", "epoch"):
        if getattr(p, key).strip().casefold() in _PLACEHOLDERS:
            text = "still a placeholder: project and epoch are what keeps one job's keys apart from another's"
            yield Finding("note", key, "placeholder", text, "name your project, and the time over which persons stay linkable")


def _scheme(p: Protocol) -> Findings:
    known = (("encoding.scheme", p.encoding.scheme, SCHEMES), ("normaliser", p.normaliser, (NORMALISER,)))
    for key, value, versions in known:
        if value not in versions:
            text = "of a version that this program does not know: it can judge neither what leaks nor what matches"
            yield Finding("refused", key, "unknown-version", text, f"one of {', '.join(versions)}")
    if not follows(p.encoding):
        text = "the encoding does not do what this scheme promises: what is said of the scheme's leaks does not hold for it"
        yield Finding("warning", "encoding.scheme", "scheme-mismatch", text, "start again from `headcount protocol new --scheme`")
    text = "all positions, tokens and masks are drawn under the linkage key: a protocol has no word for anything unkeyed"
    yield Finding("note", "encoding", "keyed", text, "everything hangs on the key: it stays with the agencies, one per epoch")


def _filters(p: Protocol) -> Findings:
    for name, spec in p.encoding.filters.items():
        at = f"encoding.filters.{name}"
        for number, part in enumerate(spec.parts):
            if not grams(part):
                yield _unfit(f"{at}.parts.{number}.grams", part)
        if not _sent_parts(p, spec):
            yield _never_sent(at)
            continue
        yield from _fill(at, spec, _filled(p, spec))
        yield from _hardening(at, spec, p.encoding)


def _unfit(at: str, part: FilterPart) -> Finding:
    text = f"'{part.of}' has no {part.grams}: nothing of it can be encoded"
    hint = "bigrams of names, digits of dates and numbers, years of years, the value of anything"
    return Finding("refused", at, "unfit-grams", text, hint)


def _never_sent(at: str) -> Finding:
    text = "always missing: `identifiers` does not name what it is made of"
    return Finding("warning", at, "never-sent", text, "add the identifier, or leave this out")


def _sent_parts(p: Protocol, spec: Filter) -> tuple[FilterPart, ...]:
    sent = sendable(p.identifiers)
    return tuple(part for part in spec.parts if part.of in sent)


def _filled(p: Protocol, spec: Filter) -> float:
    """Expected share of ones, before diffusion and masks, of a record that has all that may be sent."""
    return fill(_sent_parts(p, spec), spec.inner_bits or spec.bits or p.encoding.bits)


def _fill(at: str, spec: Filter, share: float) -> Findings:
    masked = _masked(spec)
    least, most = _MASKED_FILL if masked else _OPEN_FILL
    full = f"{share:.0%} of the {'inner ' if spec.diffusion else ''}filter full"
    if share < least:
        text = f"only {full}: known pairs tell single grams, and the number of ones tells lengths"
        yield Finding("warning", at, "too-empty", text, f"more positions or fewer bits, for {least:.0%} to {most:.0%}")
    elif share > most:
        why = "different values look like chance and cannot be told from missing ones" if masked else "nothing is left to compare"
        yield Finding("warning", at, "too-full", f"{full}: {why}", f"fewer positions or more bits, for at most {most:.0%}")
    elif masked:
        text = f"{full}, and little is right behind locks: masks hide it, and different values stay apart from missing ones"
        yield Finding("note", at, "masked-fill", text)


def _masked(spec: Filter) -> bool:
    """Whether nothing but masks hides the filter."""
    return bool(spec.locks) and not spec.diffusion


def _hardening(at: str, spec: Filter, e: Encoding) -> Findings:
    if not spec.locks and not spec.diffusion:
        text = "missing hardening: graph matching re-identifies nearly everybody, and a hundred known pairs read the rest"
        yield Finding("refused", at, "missing-hardening", text, f"locks, or diffusion of {STRONG_DIFFUSION} or more")
    open_to_all = not spec.locks or any(e.tokens[lock].hidden for lock in spec.locks)
    if open_to_all and 0 < spec.diffusion < STRONG_DIFFUSION:
        text = "weak diffusion: a hundred known pairs read it, and published graph matching gets through it"
        yield Finding("warning", at, "weak-diffusion", text, f"diffusion of {STRONG_DIFFUSION} or more, or visible locks")


def _tokens(p: Protocol) -> Findings:
    sent = sendable(p.identifiers)
    yield from (
        _never_sent(f"encoding.tokens.{name}") for name, token in p.encoding.tokens.items() if not sent.issuperset(token.of)
    )


class _Visible(NamedTuple):
    """A copy whose equality the unit can see for any pair of records: one that leaves open, or under a hidden lock.

    Attributes:
        kind: filter or token.
        label: of the copy.
        of: the features that two records must agree on, those of a hidden lock included.
        bare: a filter that nothing hides.
        unshared: permille of a list's records up to which a token is withheld from strangers in it.
    """

    kind: Literal["filter", "token"]
    label: str
    of: tuple[str, ...]
    bare: bool = False
    unshared: int = 0


def _visible(p: Protocol) -> Iterator[_Visible]:
    e, sent = p.encoding, sendable(p.identifiers)
    for copy in e.filter_copies:
        spec, lock = e.filters[copy.name], _lock_of(copy.lock, e)
        of = tuple(part.of for part in _sent_parts(p, spec))
        if lock is not None and of and sent.issuperset(lock):
            yield _Visible("filter", copy.label, (*of, *lock), bare=not spec.locks and not spec.diffusion)
    for copy in e.token_copies:
        token, lock = e.tokens[copy.name], _lock_of(copy.lock, e)
        if lock is not None and sent.issuperset((*token.of, *lock)):
            yield _Visible("token", copy.label, (*token.of, *lock), unshared=token.unshared)


def _lock_of(lock: str | None, e: Encoding) -> tuple[str, ...] | None:
    """Features of a hidden lock, none without a lock; None where the lock is shown and so does the work."""
    if lock is None:
        return ()
    return e.tokens[lock].of if e.tokens[lock].hidden else None


def _visible_values(p: Protocol) -> Findings:
    for one in _visible(p):
        at, bits, shared = f"encoding.{one.kind}s.{one.label.partition('@')[0]}", coincidence(one.of), _strangers_words(one.of)
        if not one.bare and bits < FEW_BITS:
            text = f"too few values ({shared}): equal {one.kind}s show how often each occurs, and frequency alignment reads them"
            text += "; withheld where strangers in a list share it, it shows them between lists" if one.unshared else ""
            severity: Severity = "warning" if one.unshared else "refused"
            yield Finding(severity, at, f"common-{one.kind}", text, "add a rarer feature, or put it behind locks")
        elif not one.bare and bits < MODEST_BITS:
            where = "between long lists (within one they are withheld)" if one.unshared else "in long lists"
            text = f"only modestly rare ({shared}): {where} the unit sees strangers that share it"
            yield Finding("warning", at, f"shared-{one.kind}", text, "add a feature, or keep to short lists")
        if one.unshared:
            yield from _withheld(at, one.of, one.unshared)


def _withheld(at: str, of: tuple[str, ...], most: int) -> Findings:
    """Whether an unshared token is shown in a long list all the same, or left to few of its records.

    Source: Poisson, a share 1 − e^−s of the records has a stranger with its value, if a record has s of them on average.
    """
    share = 1.0 - math.exp(-strangers(of, LARGE))
    if 1000 * share > most:
        text = f"unshared, but shown in one list of {LARGE:,}: about {share:.0%} of the records would lose it, "
        text += f"more than {most} permille"
        yield Finding("note", f"{at}.unshared", "not-withheld", text)
    elif share > _MOSTLY:
        text = f"unshared, and so withheld from about {share:.0%} of the records in one list of {LARGE:,}: it finds few of them"
        yield Finding("warning", f"{at}.unshared", "mostly-withheld", text, "add a feature, or see that other tokens find them")


def _strangers_words(of: tuple[str, ...]) -> str:
    few, many = (_about(strangers(of, records)) for records in (SMALL, LARGE))
    return f"a record shares its value with {few} strangers in {SMALL:,} records, {many} in {LARGE:,}"


def _about(number: float) -> str:
    """The number in two digits, or whole."""
    return f"{number:,.0f}" if number >= 10 else f"{float(f'{number:.2g}'):g}"


def _equality_graph(p: Protocol) -> Findings:
    seen = tuple(_visible(p))
    few, many = (sum(strangers(one.of, records) for one in seen) for records in (SMALL, LARGE))
    text = f"{len(seen)} visible values tie a record to {_about(few)} strangers in {SMALL:,} records, {_about(many)} in {LARGE:,}"
    unshared = sum(one.unshared > 0 for one in seen)
    text += f" ({unshared} of them unshared: mainly between lists)" if unshared else ""
    if few <= _NEARLY_CONNECTED:
        yield Finding("note", "encoding", "equality-graph", text)
        return
    connects = "connects" if few > _CONNECTED else "nearly connects"
    text += f": the graph of equal values {connects}, and colour refinement re-identifies records by their neighbours"
    within = sum(strangers(one.of, SMALL) for one in seen if not one.unshared)  # what no list withholds
    severity: Severity = "refused" if within > _CONNECTED else "warning"
    yield Finding(severity, "encoding", "equality-graph", text, "fewer visible tokens and filters, or rarer ones")


def _locks(p: Protocol) -> Findings:
    e = p.encoding
    used = sorted({copy.lock for copy in (*e.filter_copies, *e.token_copies) if copy.lock})
    yield from (finding for lock in used if e.tokens[lock].hidden for finding in _hidden_lock(lock, e))
    if used and not e.fill:
        text = "what is missing leaves as zeros: which fields and locks a record lacks is a fingerprint"
        yield Finding("warning", "encoding.fill", "open-gaps", text, "fill = true")
    yield from (finding for name, spec in e.filters.items() for finding in _nothing_left(f"encoding.filters.{name}", spec, e))
    yield from (finding for name, token in e.tokens.items() for finding in _nothing_left(f"encoding.tokens.{name}", token, e))


def _nothing_left(at: str, spec: Filter | Token, e: Encoding) -> Findings:
    if spec.locks and all(_features(spec).issubset(e.tokens[lock].of) for lock in spec.locks):
        text = "nothing to compare: whoever shares one of its locks has the same value"
        yield Finding("note", at, "nothing-to-compare", text, "add a lock without this feature, or compare the lock instead")


def _features(spec: Filter | Token) -> frozenset[str]:
    return frozenset(part.of for part in spec.parts) if isinstance(spec, Filter) else frozenset(spec.of)


def _hidden_lock(name: str, e: Encoding) -> Findings:
    of = e.tokens[name].of
    if coincidence(of) >= FEW_BITS:
        return
    bare = any(name in spec.locks and _masked(spec) for spec in e.filters.values())
    text = f"few values ({_strangers_words(of)}): a class of records has one mask, which cancels within it, and known pairs add up"
    if bare:
        text += "; a filter under it is not diffused, so graph matching works in each class"
    hint = "add a feature to the lock" + (f", or diffusion of {STRONG_DIFFUSION} or more to the filter" if bare else "")
    yield Finding("refused" if bare else "warning", f"encoding.tokens.{name}", "common-lock", text, hint)


def _comparisons(p: Protocol) -> Findings:
    for number, comparison in enumerate(p.comparisons):
        at = f"comparisons.{number}"
        if comparison.needs and p.encoding.fill:
            text = f"who lacks {', '.join(comparison.needs)} is visible: what a comparison needs is not filled"
            yield Finding("note", f"{at}.needs", "visible-gaps", text, "compare behind locks, if a gap may give somebody away")
        if comparison.observed_from is not None:
            yield from _observed_from(f"{at}.observed_from", comparison, comparison.observed_from, p)
        for place, level in enumerate(comparison.levels):
            yield from _level(f"{at}.levels.{place}", level, p)


def _observed_from(at: str, comparison: Comparison, permille: int, p: Protocol) -> Findings:
    read = [(name, p.encoding.filters[name]) for name in sorted(comparison.reads & p.encoding.filters.keys())]
    chance = _beyond_chance(_UNSEEN, min(p.encoding.bits_of(name) for name, _ in read))
    if permille < chance:
        text = "within chance: pairs of which one lacks the value, or has another lock, count as seen to differ"
        yield Finding("warning", at, "observed-by-chance", text, f"{chance} permille or more")
    different = max((_different(p, spec) for _, spec in read if _masked(spec)), default=1000)
    if permille > different:
        text = f"above the {different} permille at which different values stand: pairs that differ count as not observed"
        yield Finding("warning", at, "never-different", text, f"{different} permille or less; fewer positions give room")


def _beyond_chance(deviations: int, bits: int, joined: int = 1) -> int:
    """Likeness in permille that unrelated diffused filters, so many of them ORed, reach only beyond so many deviations.

    Source: binomial, mean p and standard deviation sqrt(p(1 − p)/L) for L bits of which p = 1 − 2^−k are ones.
    """
    ones = 1.0 - 0.5**joined
    return math.ceil(1000.0 * (ones + deviations * math.sqrt(ones * (1.0 - ones) / bits)))


def _different(p: Protocol, spec: Filter) -> int:
    """Likeness in permille of two unrelated values behind one mask.

    Source: two random filters of fill f differ in 2f(1 − f) of their bits; a mask leaves that as it is.
    """
    share = _filled(p, spec)
    return round(1000.0 * (1.0 - 2.0 * share * (1.0 - share)))


def _level(at: str, level: Level, p: Protocol) -> Findings:
    specs = [p.encoding.filters[name] for name in level.filters]
    if level.dice is None:
        return
    if level.crossed_filters and any(spec.diffusion for spec in specs):
        text = "never holds but by chance: diffused filters have bits of their own each, and cannot be compared crosswise"
        yield Finding("warning", at, "crossed-diffused", text, "one filter of both features, in one domain")
    noise = _beyond_chance(_NOISE, min(p.encoding.bits_of(name) for name in level.filters))
    if any(spec.diffusion for spec in specs) and level.dice < noise:
        text = "within the noise of diffusion: strangers reach it by chance"
        yield Finding("warning", f"{at}.dice", "chance-level", text, f"{noise} permille or more, or longer filters")
    different = max((_different(p, spec) for spec in specs if _masked(spec)), default=0)
    if level.dice <= different:
        text = f"not above the {different} permille at which different values stand behind a common mask"
        yield Finding("warning", f"{at}.dice", "chance-level", text, f"more than {different} permille, or fewer positions")


def _blocking(p: Protocol) -> Findings:
    of = {one.label: one.of for one in _visible(p) if one.kind == "token"}
    for number, name in enumerate(p.blocking.passes):
        size = 1.0 + strangers(of[name], LARGE) if name in of else 0.0
        if size > p.blocking.max_block:
            text = f"unworkable in long lists: of {LARGE:,} records about {_about(size)} are one block, and max_block leaves it out"
            yield Finding("warning", f"blocking.passes.{number}", "large-blocks", text, "a rarer token, or a higher max_block")
    yield from (finding for number, join in enumerate(p.blocking.joins) for finding in _join(f"blocking.joins.{number}", join, p))
    if not p.blocking.passes:
        most = max((join.max_records for join in p.blocking.joins), default=0)
        text = f"joins only: in more than {most:,} records no pair is proposed at all"
        yield Finding("note", "blocking.passes", "joins-only", text, "link by period, or add a pass")


def _join(at: str, join: Join, p: Protocol) -> Findings:
    diffused = [copy for copy in p.encoding.filter_copies if p.encoding.filters[copy.name].diffusion]
    bits = min((p.encoding.bits_of(copy.name) for copy in diffused if copy.label in join.filters), default=p.encoding.bits)
    noise = _beyond_chance(_NOISE, bits, len(join.filters))
    if {copy.label for copy in diffused}.issuperset(join.filters) and join.dice < noise:
        text = "within the noise of diffusion: strangers become candidates by chance"
        yield Finding("warning", f"{at}.dice", "chance-level", text, f"{noise} permille or more, or longer filters")


def _release(p: Protocol) -> Findings:
    for role, threshold in p.release.thresholds.items():
        if threshold < SMALLEST_THRESHOLD:
            text = "counts of one or two would be published: each of two knows the other"
            yield Finding("warning", f"release.thresholds.{role}", "small-threshold", text, f"{SMALLEST_THRESHOLD} or more")
