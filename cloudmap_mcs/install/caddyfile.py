"""Caddyfile syntax as CoreDNS reads it, with the place of every word, so that an edit leaves all other bytes alone.

Words are cut exactly as package caddyfile of github.com/coredns/caddy cuts them, quirks included.
Braces are taken more strictly: what CoreDNS lets pass but nobody means (`}` as a server's name) is an error here.
Nothing is imported and no variable is replaced; whoever reads the result must expect both.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from cloudmap_mcs.errors import PermanentError

# White space is Go's unicode.IsSpace. A carriage return is skipped rather than a separator, even within a word.
_SPACE = r"\t\n\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_BREAK = _SPACE.replace(r"\r", "")
# A comment that touches a word ends at the next white space; any other ends with its line.
_LEXEME = re.compile(
    rf'[{_SPACE}]+|\#[^\n]*|(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<unclosed>")'
    rf'|(?P<word>[^{_SPACE}"\#][^{_BREAK}\#]*)(?:\#[^{_BREAK}]*)?',
    re.DOTALL,
)
_ESCAPED_QUOTE = re.compile(r"\\(.)", re.DOTALL)
_BYTE_ORDER_MARK = "\ufeff"


class CaddyfileError(PermanentError):
    """The text is not what CoreDNS could read, or not as it was meant; the message names the line."""

    reason = "Corefile"

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}")


@dataclass(frozen=True, slots=True)
class Token:
    """A word: its meaning, where it stands in the text (`end` is behind it), and the line it starts in, from 1."""

    text: str
    start: int
    end: int
    line: int
    quoted: bool = False

    @property
    def last_line(self) -> int:
        return self.line + self.text.count("\n")

    @property
    def is_variable(self) -> bool:
        """Whether CoreDNS puts the value of an environment variable into it: `{$NAME}` or `{%NAME%}`."""
        return "{$" in self.text or "{%" in self.text

    @property
    def written(self) -> str:
        """The word as somebody would type it."""
        return '"' + self.text.replace('"', '\\"') + '"' if self.quoted else self.text


@dataclass(frozen=True, slots=True)
class Directive:
    """A plugin or an import: its name and everything up to the end of its line or of its braces."""

    name: Token
    rest: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """The names of a server, or of a snippet, and what is in its braces, which the last server may do without."""

    keys: tuple[Token, ...]
    directives: tuple[Directive, ...]
    opening: Token | None = None
    closing: Token | None = None

    @property
    def is_snippet(self) -> bool:
        return len(self.keys) == 1 and self.keys[0].text.startswith("(") and self.keys[0].text.endswith(")")


@dataclass(frozen=True, slots=True)
class Caddyfile:
    """Servers and snippets in their order, and the imports outside of them."""

    blocks: tuple[Block, ...]
    imports: tuple[Directive, ...]


def parse(text: str) -> Caddyfile:
    """Return the structure of the text; raise CaddyfileError where braces, quotes, names or imports are malformed."""
    return _Parser(tokens(text)).file()


def tokens(text: str) -> Iterator[Token]:
    """Yield the words; raise CaddyfileError at a quote that is never closed."""
    line = 1
    for match in _LEXEME.finditer(text, 1 if text.startswith(_BYTE_ORDER_MARK) else 0):
        if match["unclosed"]:
            raise CaddyfileError(line, "a quote is never closed")
        if match["quoted"] is not None:
            yield Token(_unescaped(match["quoted"]), match.start(), match.end(), line, quoted=True)
        elif match["word"]:
            word = match["word"].rstrip("\r")
            yield Token(word.replace("\r", ""), match.start(), match.start() + len(word), line)
        line += match[0].count("\n")


def lines_of(words: tuple[Token, ...]) -> tuple[tuple[Token, ...], ...]:
    """Return the words line by line; a word with line breaks in its quotes belongs to the line it ends in, too."""
    starts = [i for i, token in enumerate(words) if i == 0 or words[i - 1].last_line < token.line]
    return tuple(words[start:end] for start, end in pairwise([*starts, len(words)]))


def _unescaped(quoted: str) -> str:
    return _ESCAPED_QUOTE.sub(lambda escape: '"' if escape[1] == '"' else escape[0], quoted[1:-1])


class _Parser:
    def __init__(self, words: Iterable[Token]) -> None:
        self._tokens = tuple(words)
        self._next = 0

    def file(self) -> Caddyfile:
        blocks: list[Block] = []
        imports: list[Directive] = []
        while token := self._peek():
            if token.text == "import" and self._starts_line(token):
                imports.append(self._import())
            else:
                blocks.append(self._block())
        return Caddyfile(tuple(blocks), tuple(imports))

    def _peek(self) -> Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self) -> Token:
        self._next += 1
        return self._tokens[self._next - 1]

    def _starts_line(self, token: Token) -> bool:
        return self._next == 0 or self._tokens[self._next - 1].last_line < token.line

    def _block(self) -> Block:
        keys = self._keys()
        opening = self._peek()
        if opening is None or opening.text != "{":
            # A file of one server needs no braces: the rest of it is that server's.
            block = Block(keys, self._directives(None))
            if block.is_snippet:
                raise CaddyfileError(keys[0].line, f"the snippet {keys[0].text} has no braces")
            return block
        self._take()
        if Block(keys, ()).is_snippet:
            directives = _Parser(self._braced(opening)).directives()
        else:
            directives = self._directives(opening)
        return Block(keys, directives, opening, self._tokens[self._next - 1])

    def _keys(self) -> tuple[Token, ...]:
        keys: list[Token] = []
        another = False
        while token := self._peek():
            if token.text == "{" or (keys and not another and self._starts_line(token)):
                break
            if token.text == "}":
                raise CaddyfileError(token.line, "a closing brace has no opening brace")
            if token.text == "import" and self._starts_line(token):
                raise CaddyfileError(token.line, "names of a server are imported, and what they are cannot be seen")
            keys.append(self._take())
            another = token.text.endswith(",")
        if another or not keys:
            raise CaddyfileError((self._peek() or keys[-1]).line, "the name of a server is missing")
        return tuple(keys)

    def directives(self) -> tuple[Directive, ...]:
        """Read all there is as directives."""
        return self._directives(None)

    def _directives(self, opening: Token | None) -> tuple[Directive, ...]:
        found: list[Directive] = []
        while token := self._peek():
            if token.text == "}":
                if opening is None:
                    raise CaddyfileError(token.line, "a closing brace has no opening brace")
                self._take()
                return tuple(found)
            if token.text == "{":
                raise CaddyfileError(token.line, "an opening brace has no name before it")
            found.append(self._import() if token.text == "import" else self._directive())
        if opening is not None:
            raise CaddyfileError(opening.line, "a brace is opened and never closed")
        return tuple(found)

    def _directive(self) -> Directive:
        name, rest, opened = self._take(), list[Token](), list[Token]()
        while token := self._peek():
            if token.text == "{":
                opened.append(token)
            elif not opened and self._starts_line(token):
                break
            elif token.text == "}":
                if not opened:
                    raise CaddyfileError(token.line, f"a closing brace must not stand in the line of {name.written}")
                opened.pop()
            rest.append(self._take())
        if opened:
            raise CaddyfileError(opened[-1].line, "a brace is opened and never closed")
        return Directive(name, tuple(rest))

    def _import(self) -> Directive:
        found = self._directive()
        if len(found.rest) != 1:
            raise CaddyfileError(found.name.line, "an import names one file, pattern or snippet")
        return found

    def _braced(self, opening: Token) -> tuple[Token, ...]:
        """Take everything up to the brace that closes this one."""
        first, depth = self._next, 1
        while token := self._peek():
            depth += {"{": 1, "}": -1}.get(token.text, 0)
            self._take()
            if depth == 0:
                return self._tokens[first : self._next - 1]
        raise CaddyfileError(opening.line, "a brace is opened and never closed")
