"""A Corefile as text: the zone that edits are about, the mark they leave, and how pieces of it are exchanged."""

import re
from collections.abc import Sequence
from typing import Final

from cloudmap_mcs.errors import PermanentError
from cloudmap_mcs.install.caddyfile import Token

CLUSTERSET_ZONE: Final = "clusterset.local"
MARK: Final = "# added by cloudmap-mcs"

_DOMAIN = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)+")
_INDENT = re.compile(r"[ \t]*")

Change = tuple[int, int, str]
"""Start and end of a piece of the text, and what stands there afterwards."""


def checked_zone(zone: str) -> str:
    """Return the zone; PermanentError if it is no domain as edits write it."""
    if not _DOMAIN.fullmatch(zone):
        raise PermanentError(
            f"zone {zone!r}: allowed is a domain in lower case without a last dot, as {CLUSTERSET_ZONE}"
        )
    return zone


def changed(text: str, changes: Sequence[Change]) -> str:
    """Return the text with all changes made; they must not overlap."""
    pieces, done = list[str](), 0
    for start, end, new in sorted(changes, key=lambda change: change[:2]):
        pieces += (text[done:start], new)
        done = end
    return "".join((*pieces, text[done:]))


def line_start(text: str, token: Token) -> int:
    return text.rfind("\n", 0, token.start) + 1


def indent(text: str, token: Token) -> str:
    """Return the white space that the token's line begins with."""
    found = _INDENT.match(text, line_start(text, token))
    return found[0] if found else ""


def newline(text: str, token: Token) -> str:
    """Return the line break that the token's line has, or in a last line without one, the line before it."""
    at = text.find("\n", token.start)
    at = text.rfind("\n") if at < 0 else at
    return "\r\n" if at > 0 and text[at - 1] == "\r" else "\n"
