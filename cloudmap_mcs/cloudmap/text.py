"""Text as a Cloud Map attribute can hold it: printable ASCII in values of at most 1,024 characters.

Anything else is percent-escaped, byte by byte of its UTF-8, so that ordinary text stays readable in the AWS console.
Every function here that reads raises nothing but MalformedRecordError.
"""

import re
from collections.abc import Mapping, MutableMapping
from typing import Final
from urllib.parse import unquote_to_bytes

from cloudmap_mcs.errors import MalformedRecordError

VALUE_LIMIT: Final = 1_024
"""Characters of one attribute value (Cloud Map API reference, RegisterInstance)."""

_ABSENT: Final = "-"
_ESCAPED: Final = re.compile(r"(?:[\x20-\x24\x26-\x7e]|%[0-9A-F]{2})*")
_NUMBER: Final = re.compile(r"[0-9]{1,13}", re.ASCII)
_QUOTE_LENGTH: Final = 60


def quoted(text: str) -> str:
    """Show foreign text in a message: cut, and without control characters."""
    return ascii(text[:_QUOTE_LENGTH])


def escape(text: str, reserved: str) -> str:
    """Percent-escape what is not printable ASCII, the percent sign and the `reserved` characters."""
    if text.isascii() and text.isprintable() and not any(char in text for char in "%" + reserved):
        return text
    return "".join(_escape_char(char, reserved) for char in text)


def _escape_char(char: str, reserved: str) -> str:
    if " " <= char <= "~" and char != "%" and char not in reserved:
        return char
    # Lone surrogates are not text, but a Python string read from JSON can hold them.
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogatepass"))


def unescape(text: str) -> str:
    if not _ESCAPED.fullmatch(text):
        raise MalformedRecordError(f"{quoted(text)} is not percent-escaped printable ASCII")
    if "%" not in text:
        return text
    try:
        return unquote_to_bytes(text).decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise MalformedRecordError(f"{quoted(text)} is not UTF-8") from error


def escape_optional(text: str | None, reserved: str) -> str:
    """Like `escape`; None becomes a lone hyphen, and a lone hyphen is escaped."""
    if text is None:
        return _ABSENT
    return "%2D" if text == _ABSENT else escape(text, reserved)


def unescape_optional(text: str) -> str | None:
    return None if text == _ABSENT else unescape(text)


def number(text: str, what: str, *, low: int = 0, high: int = 9_999_999_999_999) -> int:
    """Read a decimal number within bounds; at most 13 digits, so that milliseconds since the epoch fit until 2286."""
    if not _NUMBER.fullmatch(text) or not low <= int(text) <= high:
        raise MalformedRecordError(f"{what} {quoted(text)} is not a number from {low} to {high}")
    return int(text)


def write_text(attributes: MutableMapping[str, str], name: str, text: str) -> None:
    """Put escaped text into `name`, `name.2`, `name.3`, …; empty text into none.

    No value starts or ends with a space, which Cloud Map does not take: such a space is escaped. So a space may be part
    of what is written, never a separator in it.
    """
    rest, count = text, 0
    if text.endswith(" "):
        rest = text[:-1] + "%20"
    while rest:
        if rest[0] == " ":
            rest = "%20" + rest[1:]
        piece = rest[:VALUE_LIMIT].rstrip(" ")
        rest = rest[len(piece) :]
        count += 1
        attributes[name if count == 1 else f"{name}.{count}"] = piece


def read_text(attributes: Mapping[str, str], name: str) -> str:
    """Join what `write_text` has cut; empty if there is none."""
    pieces = [attributes.get(name, "")]
    while (following := attributes.get(f"{name}.{len(pieces) + 1}")) is not None:
        pieces.append(following)
    return "".join(pieces)
