"""`headcount names`: how names are brought to one form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from linkage.cli import terminal

names_app = typer.Typer(help="how names are brought to one form", no_args_is_help=True)


@names_app.callback()
def _names() -> None:
    """How names are brought to one form."""


@names_app.command("explain")
def explain(
    name: Annotated[str, typer.Argument(help='a full name in quotes, such as "Раҳмонов Ҷамшед"')],
    as_json: Annotated[bool, typer.Option("--json", help="answer in JSON")] = False,
) -> None:
    """Show what each step makes of a name that you type; nothing is read, stored or sent."""
    from linkage.agency.names.explain import explain as steps

    shown = steps(name)
    terminal.answer_json(shown) if as_json else terminal.answer("\n".join(_lines(shown)))


def _lines(shown: Mapping[str, Any]) -> Iterator[str]:
    for step in ("mojibake", "legacy font", "unicode"):
        yield f"{step:<12}  {shown[step]}"
    if shown["placeholder"]:
        yield "placeholder   stands for nothing known: missing"
    for step in ("tokens", "one script", "skeletons"):
        yield f"{step:<12}  {' · '.join(shown[step])}"
    for token in shown["roles"]:
        yield f"{'role':<12}  {', '.join(_token_words(token))}"
    for role, forms in shown["names"].items():
        yield f"{role:<12}  {', '.join(_form_words(forms)) or 'missing'}"
    for step in ("joined", "sex pair"):
        if shown[step]:
            yield f"{step:<12}  {shown[step]}"


def _token_words(token: Mapping[str, Any]) -> Iterator[str]:
    yield f"{token['token']}: {token['role']}" + (" by its form" if token["certain"] else "")
    if token["stem"] != token["token"]:
        yield f"stem {token['stem']}"
    yield from (f"{scheme}: {reading}" for scheme, reading in token.get("other schemes", {}).items())
    if token.get("damaged"):
        yield "damaged: not hashed"


def _form_words(forms: Mapping[str, Any]) -> Iterator[str]:
    for form in ("key", "base", "initial"):
        if form in forms:
            yield f"{form} {forms[form]}"
    yield from (f"or {other}" for other in forms.get("other keys", ()))
    if forms.get("damaged"):
        yield "damaged"
