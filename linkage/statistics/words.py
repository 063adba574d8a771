"""Every word of the outputs, in three languages, apart from the code that sets them.

A language is one file, `words/<language>.toml`: `[text]` holds sentences and headings, with `{places}` to be filled;
`[codes.<kind>]` says what each code of a kind is called. The three files have the same keys and places, so that a
table says the same in each language.

A code means what the protocol says. Where the protocol calls a code by another name than `en.toml` does, it means
something of its own by it: then the protocol's word stands, in each language. Where it says the same, or nothing, ours
is printed; where neither has a word, the code itself.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from typing import Any

from linkage.errors import UsageError
from linkage.protocol import Protocol

LANGUAGES = ("en", "ru", "tg")

Labels = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Words:
    """The words of one language.

    Attributes:
        language: ISO 639-1 code, one of `LANGUAGES`.
        texts: key to text with places.
        codes: kind (`role`, `stage`, `sex`, `age_group`, `region`, …) to code to label.
        own: the protocol's own labels, which stand before ours.
    """

    language: str
    texts: Mapping[str, str]
    codes: Labels
    own: Labels = field(default_factory=dict)

    def text(self, key: str, **values: object) -> str:
        """The text of a key with its places filled.

        Raises:
            KeyError: there is no such key, or a place got no value.
        """
        return self.texts[key].format(**values)

    def code(self, kind: str, code: str) -> str:
        """What a code is called: the protocol's own word, ours, or the code itself."""
        return self.own.get(kind, {}).get(code) or self.codes.get(kind, {}).get(code, code)


def read_words(language: str) -> Words:
    """The words of a language.

    Raises:
        UsageError: there are none.
    """
    if language not in LANGUAGES:
        raise UsageError("there are no words in this language", hint=f"one of: {', '.join(LANGUAGES)}")
    read = _read(language)
    return Words(language, read["text"], read["codes"])


def under(words: Words, protocol: Protocol) -> Words:
    """The same words, with the protocol's own labels before them where it means something of its own by a code."""
    ours: Labels = _read("en")["codes"]
    own = {
        kind: {code: label for code, label in content.labels.items() if label != ours.get(kind, {}).get(code)}
        for kind, content in protocol.content.items()
    }
    return replace(words, own=own)


def capitalised(text: str) -> str:
    """The text with a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]


def _read(language: str) -> dict[str, Any]:
    file = resources.files("linkage.statistics") / "words" / f"{language}.toml"
    return tomllib.loads(file.read_text("utf-8"))
