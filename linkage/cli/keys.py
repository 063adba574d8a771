"""`headcount keys` and `headcount inspect`: make key folders, share the linkage key, look at what is sealed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from linkage.cli import terminal

if TYPE_CHECKING:
    from linkage.bundle.format import Manifest
    from linkage.bundle.keyring import PublicKey

keys_app = typer.Typer(help="Make key folders, and share and install the linkage key.", no_args_is_help=True)

_ROLES = "custodian, agency, unit, statistics or auditor"
Force = Annotated[bool, typer.Option("--force", help="overwrite what is there")]
Json = Annotated[bool, typer.Option("--json", help="answer in JSON")]


@keys_app.command("new")
def new(
    role: Annotated[str, typer.Argument(help=f"whose keys: {_ROLES}")],
    name: Annotated[str, typer.Argument(help="the holder's name: small letters, digits and _")],
    output: Annotated[Path, typer.Option("-o", "--output", help="the key folder to make")],
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Draw a role's keys into a key folder of its own; hand out public.json and nothing else of it."""
    from linkage.bundle.keyring import new_keys

    _show(new_keys(role, name, output, force=force), as_json)
    terminal.say(f"wrote {output}: hand out public.json, keep everything else")


@keys_app.command("share")
def share(
    *,
    protocol: Annotated[Path, typer.Option("--protocol", help="the protocol whose epoch gets a linkage key")],
    to: Annotated[list[Path], typer.Option("--to", help="an agency's public.json; once for each agency")],
    output: Annotated[Path, typer.Option("-o", "--output", help="folder for one <agency>.share.age each")],
    keys: Annotated[Path | None, typer.Option("--keys", help="the custodian's key folder, to sign the shares")] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Draw the epoch's linkage key and seal it to every agency at once; the key itself is not kept."""
    from linkage.bundle.keyring import open_keys, read_recipient
    from linkage.bundle.share import draw_and_share
    from linkage.files import refuse_overwriting, write_new
    from linkage.protocol import read_protocol

    agencies = [read_recipient(path, "agency") for path in to]
    paths = {agency.name: output / f"{agency.name}.share.age" for agency in agencies}
    refuse_overwriting(list(paths.values()), force=force)
    custodian = open_keys(keys, "custodian") if keys else None
    shares = draw_and_share(read_protocol(protocol), agencies, custodian=custodian)
    for agency, sealed in shares.items():
        write_new(paths[agency], sealed, force=force)
    _answer({agency: str(path) for agency, path in paths.items()}, as_json)
    if custodian is None:
        terminal.say("the shares are unsigned: agencies cannot tell who drew them (see --keys)")


@keys_app.command("install")
def install(
    share_file: Annotated[Path, typer.Argument(metavar="SHARE", help="this agency's <agency>.share.age")],
    keys: Annotated[Path, typer.Option("--keys", help="the agency's key folder")],
    custodian: Annotated[Path | None, typer.Option("--custodian", help="public.json of the custodian who must have signed")] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Put the agency's share of the linkage key into its key folder."""
    from linkage.agency.keys import install_share
    from linkage.bundle.keyring import open_keys, read_recipient

    signer = read_recipient(custodian, "custodian") if custodian else None
    path = install_share(_read(share_file), open_keys(keys, "agency"), custodian=signer, force=force, file=str(share_file))
    _answer({"installed": str(path)}, as_json)
    if signer is None:
        terminal.say("the custodian's signature was not asked for (see --custodian)")


@keys_app.command("show")
def show(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="a key folder or a public.json")],
    as_json: Json = False,
) -> None:
    """Show whose key it is, and the fingerprint to compare by telephone."""
    from linkage.bundle.keyring import read_public

    _show(read_public(path), as_json)


def inspect(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="a bundle or share")],
    keys: Annotated[Path | None, typer.Option("--keys", help="the recipient's key folder, to see the manifest")] = None,
    as_json: Json = False,
) -> None:
    """Show what a sealed file shows: to anyone, or with --keys its signed manifest; never its rows."""
    from linkage.bundle.keyring import open_keys, read_public
    from linkage.bundle.open import read_manifest, read_outer

    data = _read(bundle)
    outer = read_outer(data, file=str(bundle))
    seen: dict[str, Any] = {"recipients": list(outer.stanzas), "file_bytes": outer.file_bytes, "content_bytes": outer.content_bytes}
    if keys is not None:
        folder = open_keys(keys, read_public(keys).role)
        seen |= _manifest_rows(read_manifest(data, folder, file=str(bundle)), as_json)
    _answer(seen, as_json)


def _manifest_rows(manifest: Manifest, as_json: bool) -> dict[str, Any]:
    """The manifest; for people without the protocol, which has its own command."""
    from linkage.schema import plain

    rows: dict[str, Any] = plain(manifest)
    return rows if as_json else {name: value for name, value in rows.items() if name != "protocol"}


def _show(public: PublicKey, as_json: bool) -> None:
    digits = public.fingerprint
    shown = digits if as_json else " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))
    _answer({"role": public.role, "name": public.name, "fingerprint": shown, "signing": public.signing}, as_json)


def _answer(rows: dict[str, Any], as_json: bool) -> None:
    if as_json:
        terminal.answer_json(rows)
        return
    width = max(map(len, rows))
    for name, value in rows.items():
        terminal.answer(f"{name:<{width}}  {', '.join(value) if isinstance(value, list) else value}")


def _read(path: Path) -> bytes:
    from linkage.errors import UsageError

    try:
        return path.read_bytes()
    except OSError:
        raise UsageError("the file cannot be read", file=str(path), hint="check the path") from None
