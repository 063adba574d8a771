"""A run's model as a file: complete, versioned and exact, so that the next period can be linked with it as it is.

Whole numbers for readers (microbits of weight, probabilities per million), and beside them λ, m, u and the ratios of what
goes together as decimal text, from which the model is read back. Of its digits as few are written as give the same weights
to the microbit, never fewer than nine: the last digits of a floating-point sum differ between processors, and equal runs
should give equal bytes. The digest of these parameters names the model. A file is read against a protocol: comparisons and
levels must be those of the protocol by name and order, and the weights in the file those of its m and u.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linkage.canonical import digest
from linkage.errors import ModelError, SchemaError
from linkage.protocol import Protocol
from linkage.schema import build
from linkage.unit.estimate import Float, Joint, Model, PatternCounts
from linkage.unit.vectors import level_counts
from linkage.unit.weights import Microbits, Weights, weights

FORMAT = "headcount-model/1"
_FAMILY = "headcount-model/"
_MILLION = 1_000_000
_FEWEST_DIGITS, _ALL_DIGITS = 9, 17
_ROUNDING = 1  # microbit, by which another processor's logarithm may differ
_SUM = 1e-6
_LARGEST = 1 << 60
_DECIMAL = re.compile(r"[0-9]+(\.[0-9]+)?(e[+-]?[0-9]{1,3})?")
_MADE_BY = "`headcount export model` writes one"
_OF_COMPARISON, _OF_TOGETHER = ("name", "levels", "silent", "m_exact", "u_exact"), ("first", "second", "ratio_exact")
_FORBID = {"extra": "forbid"}
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Saved:
    """A model and where it comes from.

    Attributes:
        model: as it was estimated, or read.
        protocol_id: of the protocol under which it was written.
        candidates: per comparison, (n_levels + 1,) candidate pairs at each level, the last *not observed*, in its run.
        sha256: digest of the parameters; equal models have equal digests, wherever they are written.
    """

    model: Model
    protocol_id: str
    candidates: tuple[Counts, ...]
    sha256: str


@dataclass(frozen=True)
class _Comparison:
    """One comparison as the file has it; see docs/formats.md."""

    name: str
    levels: tuple[str, ...]
    silent: tuple[str, ...]
    m: tuple[int, ...]
    u: tuple[int, ...]
    m_exact: tuple[str, ...]
    u_exact: tuple[str, ...]
    weights: tuple[int, ...]
    candidates: tuple[int, ...]

    __pydantic_config__ = _FORBID


@dataclass(frozen=True)
class _Together:
    """What two comparisons say by coming together, as the file has it."""

    first: str
    second: str
    ratio_exact: tuple[tuple[str, ...], ...]
    weights: tuple[tuple[int, ...], ...]

    __pydantic_config__ = _FORBID


@dataclass(frozen=True)
class _File:
    """The whole file."""

    format: str
    protocol_id: str
    parameters_sha256: str
    share_of_matches: str
    prior: int
    threshold: int
    iterations: int
    converged: bool
    comparisons: tuple[_Comparison, ...]
    together: tuple[_Together, ...]

    __pydantic_config__ = _FORBID


def saved(protocol: Protocol, model: Model, candidates: PatternCounts) -> Saved:
    """A run's model with its digest and how often its candidates ended at each level."""
    counts = tuple(_per_level(candidates, at, size) for at, size in enumerate(level_counts(protocol)))
    return Saved(model, protocol.id, counts, digest(_parameters(protocol, model)))


def _per_level(table: PatternCounts, column: int, size: int) -> NDArray[np.int64]:
    """(n_levels + 1,) pairs at each level of a comparison, the last *not observed*."""
    out = np.zeros(size + 1, np.int64)
    np.add.at(out, table.patterns[:, column], table.counts.astype(np.int64))  # −1, not observed, is the last
    return out


def described(protocol: Protocol, kept: Saved, threshold: int) -> dict[str, Any]:
    """The file's content, without floating-point numbers.

    Args:
        protocol: names the comparisons and levels.
        kept: the model.
        threshold: microbits at which a pair of the run speaks neither for nor against.
    """
    exact, table = _parameters(protocol, kept.model), weights(kept.model)
    parts = zip(exact["comparisons"], table.levels, kept.candidates, strict=True)
    ratios = zip(exact["together"], table.together, strict=True)
    return {
        "format": FORMAT,
        "protocol_id": kept.protocol_id,
        "parameters_sha256": kept.sha256,
        "share_of_matches": exact["share_of_matches"],
        "prior": table.prior,
        "threshold": threshold,
        "iterations": kept.model.iterations,
        "converged": kept.model.converged,
        "comparisons": [
            {**names, **_per_million(names), "weights": bits[:-1].tolist(), "candidates": counts.tolist()}
            for names, bits, counts in parts
        ],
        "together": [{**names, "weights": both.weights.tolist()} for names, both in ratios],
    }


def _per_million(names: dict[str, Any]) -> dict[str, list[int]]:
    """M and u to read, from the numbers as they are written: what is read back and written again is the same."""
    return {name: [round(_MILLION * float(share)) for share in names[f"{name}_exact"]] for name in ("m", "u")}


def _parameters(protocol: Protocol, model: Model) -> dict[str, Any]:
    """Names and exact numbers: all that makes the model, and nothing that follows from it."""
    digits = _digits(model)
    silent = model.silent or tuple(np.zeros(len(one), np.bool_) for one in model.m)
    parts = zip(protocol.comparisons, model.m, model.u, silent, strict=True)
    names = [comparison.name for comparison in protocol.comparisons]
    return {
        "share_of_matches": _decimal(model.prior, digits),
        "comparisons": [
            {
                "name": comparison.name,
                "levels": list(comparison.level_names),
                "silent": [level for level, still in zip(comparison.level_names, quiet, strict=True) if still],
                "m_exact": [_decimal(share, digits) for share in m],
                "u_exact": [_decimal(share, digits) for share in u],
            }
            for comparison, m, u, quiet in parts
        ],
        "together": [
            {
                "first": names[one.first],
                "second": names[one.second],
                "ratio_exact": [[_decimal(ratio, digits) for ratio in row] for row in one.ratio],
            }
            for one in model.joint
        ],
    }


def _decimal(number: float, digits: int) -> str:
    return f"{float(number):.{digits}g}"


def _digits(model: Model) -> int:
    """How many significant digits give the same weights to the microbit; 17 give the same number to the bit.

    Numbers that have fewer digits keep them: rounded once more, what was read could be written with one less.
    """
    rounded = {digits: _rounded(model, digits) for digits in range(_FEWEST_DIGITS, _ALL_DIGITS)}
    exactly, same = _numbers(model), _whole(weights(model))
    as_read = (digits for digits, one in rounded.items() if np.array_equal(_numbers(one), exactly))
    enough = (digits for digits, one in rounded.items() if np.array_equal(_whole(weights(one)), same))
    return next(as_read, next(enough, _ALL_DIGITS))


def _numbers(model: Model) -> Float:
    """All that is written of a model in decimals, in one row."""
    return np.concatenate([[model.prior], *model.m, *model.u, *(one.ratio.ravel() for one in model.joint)])


def _rounded(model: Model, digits: int) -> Model:
    def rounded(numbers: Float) -> Float:
        return np.array([float(_decimal(number, digits)) for number in numbers.flat]).reshape(numbers.shape)

    return replace(
        model,
        prior=float(_decimal(model.prior, digits)),
        m=tuple(map(rounded, model.m)),
        u=tuple(map(rounded, model.u)),
        joint=tuple(one._replace(ratio=rounded(one.ratio)) for one in model.joint),
    )


def _whole(table: Weights) -> Microbits:
    """All weights in one row."""
    several = (np.array([table.prior]), *table.levels, *(both.weights.ravel() for both in table.together))
    return np.concatenate(several).astype(np.int64)


def read_model(data: bytes, protocol: Protocol, file: str) -> Saved:
    """A saved model, to be used under a protocol.

    Args:
        data: the file's bytes.
        protocol: whose comparisons and levels it must have; its ID may be another, as that of the next epoch is.
        file: name for messages.

    Raises:
        SchemaError: no model file, of a version that this program does not know, or not what was written.
        ModelError: the model is of other comparisons or levels.
    """
    read = build(_File, _plain(data, file), file)
    _refuse_other_comparisons(read, protocol, file)
    _refuse_impossible(list(_problems(read)), file)
    model = _model(read)
    _refuse_impossible(list(_disagreements(read, model)), file)
    counts = tuple(np.array(one.candidates, dtype=np.int64) for one in read.comparisons)
    return Saved(model, read.protocol_id, counts, read.parameters_sha256)


def _plain(data: bytes, file: str) -> dict[str, Any]:
    try:
        plain = json.loads(data)
    except (ValueError, RecursionError):
        plain = None
    said = plain.get("format") if isinstance(plain, dict) else None
    if not isinstance(plain, dict) or not isinstance(said, str) or not said.startswith(_FAMILY):
        raise SchemaError("this is not a model file", file=file, hint=_MADE_BY)
    if said != FORMAT:
        hint = f"this program reads {FORMAT}; use the version of headcount that wrote the file, or estimate anew"
        raise SchemaError("the model is of a format that this version does not know", file=file, field="format", hint=hint)
    return plain


def _refuse_other_comparisons(read: _File, protocol: Protocol, file: str) -> None:
    hint = "a model can be used where comparisons and levels are the same; without --model it is estimated anew"
    wanted = {comparison.name: comparison.level_names for comparison in protocol.comparisons}
    found = {one.name: one.levels for one in read.comparisons}
    if list(found) != list(wanted) or len(found) != len(read.comparisons):
        others = sorted(set(found) ^ set(wanted)) or sorted(wanted)
        raise ModelError(f"the model is of other comparisons: {', '.join(others)}", file=file, hint=hint)
    others = [name for name in wanted if found[name] != wanted[name]]
    if others:
        raise ModelError(f"the model is of other levels of {', '.join(others)}", file=file, hint=hint)


def _refuse_impossible(problems: Sequence[str], file: str) -> None:
    if problems:
        hint = f"the file was changed or damaged: {_MADE_BY}"
        raise SchemaError("\n".join(problems), file=file, hint=hint)


def _problems(read: _File) -> Iterator[str]:
    """What no model can be."""
    if not _possible([read.share_of_matches], 0.5):
        yield "share_of_matches: not a decimal above 0 and up to 0.5"
    for at, one in enumerate(read.comparisons):
        sizes = {len(one.m), len(one.u), len(one.m_exact), len(one.u_exact), len(one.weights), len(one.candidates) - 1}
        if sizes != {len(one.levels)} or not set(one.silent) <= set(one.levels):
            yield f"comparisons.{at}: not one number for each level"
        if not _within(one.candidates, 0) or not _within([*one.weights, read.prior], -_LARGEST):
            yield f"comparisons.{at}: numbers out of range"
        yield from (f"comparisons.{at}.{key}: no shares" for key in ("m_exact", "u_exact") if not _shares(getattr(one, key)))
    sizes_of = {one.name: len(one.levels) for one in read.comparisons}
    for at, both in enumerate(read.together):
        yield from (f"together.{at}: {what}" for what in _problems_together(both, sizes_of))


def _problems_together(both: _Together, sizes: Mapping[str, int]) -> Iterator[str]:
    if both.first == both.second or not {both.first, both.second} <= set(sizes):
        yield "not two comparisons"
        return
    rows, columns = sizes[both.first] + 1, sizes[both.second]
    if not _is_table(both.ratio_exact, rows, columns) or not _is_table(both.weights, rows, columns + 1):
        yield "not one number for each two levels"
    if not all(_possible(row, np.inf) for row in both.ratio_exact) or not all(_within(row, -_LARGEST) for row in both.weights):
        yield "numbers out of range"


def _within(numbers: Sequence[int], least: int) -> bool:
    return all(least <= number <= _LARGEST for number in numbers)


def _possible(texts: Sequence[str], largest: float) -> bool:
    return all(_DECIMAL.fullmatch(text) and 0.0 < float(text) <= largest and np.isfinite(float(text)) for text in texts)


def _shares(texts: Sequence[str]) -> bool:
    return _possible(texts, 1.0) and abs(sum(map(float, texts)) - 1.0) <= _SUM


def _is_table(table: Sequence[Sequence[object]], rows: int, columns: int) -> bool:
    return len(table) == rows and all(len(row) == columns for row in table)


def _model(read: _File) -> Model:
    names = [one.name for one in read.comparisons]
    joints = (
        Joint(names.index(both.first), names.index(both.second), np.array(both.ratio_exact, dtype=np.float64))
        for both in read.together
    )
    return Model(
        prior=float(read.share_of_matches),
        m=tuple(np.array(one.m_exact, dtype=np.float64) for one in read.comparisons),
        u=tuple(np.array(one.u_exact, dtype=np.float64) for one in read.comparisons),
        iterations=read.iterations,
        converged=read.converged,
        silent=tuple(np.isin(one.levels, one.silent) for one in read.comparisons),
        joint=tuple(joints),
    )


def _disagreements(read: _File, model: Model) -> Iterator[str]:
    """Where the file's parts do not say the same."""
    if digest(_read_parameters(read)) != read.parameters_sha256:
        yield "parameters_sha256: not the digest of the parameters"
    levels = tuple(np.array([*one.weights, 0]) for one in read.comparisons)
    written = [np.array([read.prior]), *levels, *(np.array(both.weights).ravel() for both in read.together)]
    if np.abs(np.concatenate(written) - _whole(weights(model))).max() > _ROUNDING:
        yield "weights: not those of share_of_matches, m_exact, u_exact and ratio_exact"


def _read_parameters(read: _File) -> dict[str, Any]:
    """The parameters of a file, in the form of which the digest is taken."""
    return {
        "share_of_matches": read.share_of_matches,
        "comparisons": [{key: getattr(one, key) for key in _OF_COMPARISON} for one in read.comparisons],
        "together": [{key: getattr(one, key) for key in _OF_TOGETHER} for one in read.together],
    }
