"""An estimate in words and as plain data: the number never stands without model, interval, rivals and caution."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from linkage.statistics.estimation.closed_forms import EXACT
from linkage.statistics.estimation.estimate import Candidate, Estimate

CAUTION = (
    "experimental. The estimate takes it that nobody entered or left the population during these years, that every link is "
    "right, and that all persons are as easily found, but for the interactions named. Errors of linkage come out about ten times "
    "as large: one link in ten missed raises it by about 11 %, one record in a hundred falsely joined lowers it by 10 to 14 %. "
    "Lists that pass persons on, as police to prosecutor to court, are no separate chances of being found: the estimate can then "
    "be far too low and its interval far too narrow; such lists belong together (--merge). "
    "Do not quote the number without its model and its interval"
)
_TWO_LISTS = "two lists cannot show whether being on one changes the chance of being on the other; it is taken not to"
_RATES = "the shares of true and false links are taken as known exactly; the interval does not hold their errors"
_OPEN = "the interval has no upper end: too many of the drawn tables have no estimate"
_AVERAGED = "links between records that were never compared are guessed from the links that were found"
_EQUALLY_GOOD = 2.0  # of BIC: "not worth more than a bare mention", Kass & Raftery 1995


def cautions(found: Estimate) -> Iterator[str]:
    """What must be read beside the number."""
    yield CAUTION
    if not found.models:
        yield _TWO_LISTS
    rivals = [model.total for model in found.models if model.bic <= found.models[0].bic + _EQUALLY_GOOD]
    if len(rivals) > 1:
        said = f"{_persons(min(rivals))} to {_persons(max(rivals))} persons"
        yield f"{len(rivals)} models fit equally well (BIC within 2); they say {said}"
    if found.models and found.models[0].infinite:
        yield f"no person is on all lists of: {', '.join(found.models[0].infinite)}"
    if found.how.rates != EXACT:
        yield _RATES
    if found.tables > 1:
        yield _AVERAGED
    if math.isinf(found.interval.high):
        yield _OPEN


def lines(found: Estimate) -> Iterator[str]:
    """The estimate as it is printed."""
    yield _line("estimated persons", _with_interval(found.total, *found.interval))
    yield _line("model", _model(found))
    yield _line("interval", _interval(found))
    yield _line("observed", f"{found.persons} persons, {found.overlap} of them on two lists or more")
    yield _line("lists", ", ".join(f"{name} {size}" for name, size in found.lists.items()))
    yield _line("at least", f"{_with_interval(*found.bound)} (Chao's lower bound)")
    if found.models:
        yield from ("", f"{'persons':>9} {'if this model holds':>22} {'deviance':>10} {'BIC':>10}  interactions")
        yield from (_row(model) for model in found.models)
    yield from (f"\ncaution: {caution}" for caution in cautions(found))


def plain(found: Estimate) -> dict[str, Any]:
    """The estimate as JSON-ready data; numbers of persons to a thousandth, None where there is no upper end."""
    return {
        "experimental": True,
        "cautions": list(cautions(found)),
        "estimated": _plain_interval(found.total, *found.interval),
        "method": found.method,
        "model": list(found.models[0].interactions) if found.models else [],
        "interval": {"kind": "linkage averaging" if found.tables > 1 else "BCa", "draws": found.how.number, "seed": found.how.seed},
        "partitions": found.tables,
        "share_of_linkage": round(found.share_of_linkage, 3),
        "link_rates": {"true": found.how.rates.true_links, "false": found.how.rates.false_links},
        "observed": {"persons": found.persons, "on_two_lists_or_more": found.overlap, "lists": dict(found.lists)},
        "lower_bound": _plain_interval(*found.bound),
        "models_compared": found.compared,
        "models": [_plain_model(model) for model in found.models],
    }


def _plain_interval(total: float, low: float, high: float) -> dict[str, float | None]:
    return {"persons": _plain(total), "low": _plain(low), "high": _plain(high)}


def _plain_model(model: Candidate) -> dict[str, Any]:
    named = {"interactions": list(model.interactions), "infinite": list(model.infinite)}
    fitted = {"deviance": _plain(model.deviance), "bic": _plain(model.bic)}
    return {**named, **_plain_interval(model.total, model.low, model.high), **fitted}


def _plain(value: float) -> float | None:
    return round(value, 3) if math.isfinite(value) else None


def _line(name: str, text: str) -> str:
    return f"{name:<19}{text}"


def _model(found: Estimate) -> str:
    if not found.models:
        rates = found.how.rates
        corrected = f", true links {rates.true_links:g}, false links {rates.false_links:g}" if rates != EXACT else ""
        return f"{found.method}, two independent lists{corrected}"
    interactions = ", ".join(found.models[0].interactions) or "independent lists"
    return f"{found.method}: {interactions} (smallest BIC of {found.compared} models)"


def _interval(found: Estimate) -> str:
    if found.tables == 1:
        return f"BCa bootstrap of {found.how.number} tables, the model chosen anew in each; seed {found.how.seed}"
    drawn = f"{max(found.how.number, found.tables)} tables over {found.tables} partitions"
    return f"bootstrap of {drawn}, {100 * found.share_of_linkage:.0f} % of the variance from linkage; seed {found.how.seed}"


def _row(model: Candidate) -> str:
    given = f"{_persons(model.low)} to {_persons(model.high)}"
    named = ", ".join(f"{name} (-inf)" if name in model.infinite else name for name in model.interactions) or "independent lists"
    return f"{_persons(model.total):>9} {given:>22} {model.deviance:>10.3f} {model.bic:>10.3f}  {named}"


def _with_interval(total: float, low: float, high: float) -> str:
    return f"{_persons(total)}, 95 % interval {_persons(low)} to {_persons(high)}"


def _persons(value: float) -> str:
    return f"{value:.0f}" if math.isfinite(value) else "no end"
