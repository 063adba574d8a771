"""One value, one sequence of bytes: what digests and signatures are taken of.

Canonical JSON as in RFC 8785, restricted to what we write: text, whole numbers, booleans, null, lists and objects.
Floating-point numbers are refused, because their text is where implementations differ; we write such quantities as
whole numbers of a small unit (permille, microbits).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, is_dataclass
from typing import Any


def canonical_json(value: Any) -> bytes:
    """The canonical UTF-8 bytes of a JSON value or frozen dataclass.

    Raises:
        TypeError: a float or an unknown type is in it.

    Source: RFC 8785 (keys of ASCII letters sort alike by code point and by UTF-16 unit).
    """
    plain = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
    _refuse_floats(plain)
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON, as 64 hexadecimal digits."""
    return digest_of_bytes(canonical_json(value))


def digest_of_bytes(data: bytes) -> str:
    """SHA-256 of bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError("canonical JSON holds no floating-point numbers")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise TypeError("canonical JSON keys are ASCII text")
            _refuse_floats(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_floats(item)
