"""Prints docs/cli.md from the program itself, so that the reference cannot drift."""

import typer.main

from linkage.cli.main import app


def section(words, command):
    lines = [f"## headcount {' '.join(words)}", "", command.help.strip(), ""]
    lines += ["| argument or option | meaning |", "|---|---|"]
    for parameter in command.params:
        if parameter.name == "help":
            continue
        is_argument = parameter.param_type_name == "argument"
        name = (
            parameter.metavar or parameter.name.upper() if is_argument else ", ".join((*parameter.opts, *parameter.secondary_opts))
        )
        need = " (required)" if parameter.required and not is_argument else ""
        lines.append(f"| `{name}`{need} | {parameter.help} |")
    return [*lines, ""]


def walk(command, words=()):
    if hasattr(command, "commands"):
        for name, sub in command.commands.items():
            yield from walk(sub, (*words, name))
    else:
        yield from section(words, command)


def main():
    print("# Command reference\n")
    print("Made by `python -m tests.house.cli_reference > docs/cli.md`; a test holds that it is up to date.")
    print("Answers go to stdout, talk to stderr; exit codes are in [errors.md](errors.md).\n")
    print("\n".join(walk(typer.main.get_command(app))).rstrip("\n"))


if __name__ == "__main__":
    main()
