"""The edit of CoreDNS's Corefile that forwards the clusterset's zone to a CoreDNS of our own (`stub_zone`).

It adds a server for the zone and changes no other: what the cluster's CoreDNS can, and how it is set, does not matter.
The server bears our mark. What a person sets in it besides (`log`, another `cache`) stays as long as it does.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from cloudmap_mcs.errors import PermanentError
from cloudmap_mcs.install.caddyfile import Block, Caddyfile, CaddyfileError, Directive, Token, parse
from cloudmap_mcs.install.corefile_refusals import CorefileError
from cloudmap_mcs.install.corefile_text import (
    CLUSTERSET_ZONE,
    MARK,
    Change,
    changed,
    checked_zone,
    indent,
    line_start,
    newline,
)
from cloudmap_mcs.install.kubernetes_plugin import is_within, kubernetes_plugins, split_key, zone_name

_PLAIN: Final = ("", "dns://")
_MARKED = re.compile(rf"[ \t]*{re.escape(MARK)}[ \t]*(?:\r?\n|\Z)")
_REST_OF_LINE = re.compile(r"[ \t]*(\r?\n|\Z)")


@dataclass(frozen=True, slots=True)
class _Stub:
    """A Corefile as far as this edit looks at it. `ours` are the servers for the zone that bear our mark."""

    text: str
    zone: str
    file: Caddyfile
    ours: tuple[Block, ...]

    @property
    def others(self) -> tuple[Block, ...]:
        return tuple(block for block in self.file.blocks if block not in self.ours)

    @property
    def mixed(self) -> tuple[Block, ...]:
        """Servers that bear our mark and have been given other names beside the zone's."""
        marked = (block for block in _servers(self.others) if _is_marked(self.text, block))
        return tuple(block for block in marked if self.zone in map(_name, block.keys))


def stub(corefile: str, addresses: Sequence[str], zone: str = CLUSTERSET_ZONE) -> str:
    """Return the text with a server that forwards the zone to these addresses, on the ports that pods ask.

    A server of ours that is there is only brought up to date. A file that forwards the zone there already, by our edit
    or by hand, is returned as it is.
    CorefileError: the file is not understood well enough; the message has the lines that a person should write.
    """
    wanted = _checked_addresses(addresses)
    found = _read(corefile, zone)
    if not found.ours and not found.mixed and _is_forwarded(found, wanted):
        return corefile
    _refuse_rivals(found)
    homes = _homes(found)
    keys = _keys(found, homes)
    _refuse_unclear(found, homes)
    if not found.ours:
        return _with_server(found, homes[0], keys, wanted)
    ours, forward = _own_forward(found)
    return changed(corefile, [*_new_keys(ours, keys), *_new_addresses(forward, wanted)])


def unstub(corefile: str, zone: str = CLUSTERSET_ZONE) -> str:
    """Return the text without the server that `stub` put in; one without our mark was written by a person and stays.

    CorefileError: the file has our mark, but is not understood well enough to take it out.
    """
    if not _MARKED.search(corefile):
        return corefile
    found = _read(corefile, zone)
    for block in found.mixed:
        why = f"line {block.keys[0].line}: our server for {zone} has other names, too"
        raise CorefileError(why, (f"take {zone} out of the names in line {block.keys[0].line}",))
    return changed(corefile, [_removal(corefile, block) for block in found.ours])


def is_stubbed(corefile: str, addresses: Sequence[str], zone: str = CLUSTERSET_ZONE) -> bool:
    """Say whether a server, by our edit or by hand, forwards the zone to these addresses and no others.

    CorefileError: the file cannot be read.
    """
    return _is_forwarded(_read(corefile, zone), _checked_addresses(addresses))


def has_server(corefile: str, zone: str = CLUSTERSET_ZONE) -> bool:
    """Say whether a server of the file is for the zone, whoever wrote it. CorefileError: the file cannot be read."""
    return bool(_for_zone(_read(corefile, zone)))


def _checked_addresses(addresses: Sequence[str]) -> tuple[str, ...]:
    try:
        checked = tuple(dict.fromkeys(str(ip_address(address)) for address in addresses))
    except ValueError as error:
        raise PermanentError(f"addresses of our DNS Service: {error}") from error
    if not checked:
        raise PermanentError("addresses of our DNS Service: there are none")
    return checked


def _read(corefile: str, zone: str) -> _Stub:
    steps = ("mend that line", *_steps(checked_zone(zone), f"{zone}:53"))
    try:
        file = parse(corefile)
        kubernetes_plugins(file)
    except CaddyfileError as error:
        raise CorefileError(str(error), steps) from error
    ours = tuple(block for block in _servers(file.blocks) if _is_ours(corefile, block, zone))
    return _Stub(corefile, zone, file, ours)


def _steps(zone: str, keys: str, *lines: str) -> tuple[str, ...]:
    body = "".join(f"\n      {line}" for line in (*lines, "errors", "cache 30", "forward . ADDRESS"))
    where = "ADDRESS being that of the Service clusterset-dns in the namespace cloudmap-mcs-system"
    return (f"below the last server add one for {zone}, {where}:\n    {keys} {{{body}\n    }}",)


def _servers(blocks: Sequence[Block]) -> tuple[Block, ...]:
    return tuple(block for block in blocks if not block.is_snippet)


def _name(key: Token) -> str:
    return zone_name(key.text)


def _for_zone(found: _Stub) -> list[Block]:
    return [block for block in _servers(found.file.blocks) if found.zone in map(_name, block.keys)]


def _is_marked(text: str, block: Block) -> bool:
    return block.opening is not None and _MARKED.match(text, block.opening.end) is not None


def _is_ours(text: str, block: Block, zone: str) -> bool:
    return _is_marked(text, block) and all(_name(key) == zone for key in block.keys)


def _is_forwarded(found: _Stub, addresses: tuple[str, ...]) -> bool:
    forwards = [forward for server in _for_zone(found) for forward in _forwards(server)]
    return [tuple(token.text for token in _addresses(forward)) for forward in forwards] == [addresses]


def _refuse_rivals(found: _Stub) -> None:
    """Raise CorefileError if something that is not ours answers for the zone, or a part of it, already."""
    zone, steps = found.zone, _steps(found.zone, f"{found.zone}:53")
    for block in _servers(found.others):
        for key in block.keys:
            if key.is_variable:
                why = f"line {key.line}: only the running CoreDNS knows what {key.text} stands for"
                raise CorefileError(why, (f"line {key.line}: make sure that it is no server for {zone}", *steps))
            if is_within(_name(key), zone):
                bare = key.text.removesuffix(",")
                why = f"line {key.line}: the server {bare} answers for {zone}, and is not ours"
                raise CorefileError(why, (f"take out the server {bare} that begins in line {key.line}", *steps))
    for plugin in kubernetes_plugins(found.file):
        if zone in plugin.zone_names:
            why = f"line {plugin.name.line}: the kubernetes plugin serves {zone} already"
            raise CorefileError(why, (f"take {zone} out of the kubernetes plugin", *steps))
    if len(found.ours) > 1:
        lines = " and ".join(f"line {block.keys[0].line}" for block in found.ours)
        raise CorefileError(f"our server is there more than once ({lines})", ("leave only one of them",))


def _homes(found: _Stub) -> tuple[Block, ...]:
    """Return the servers that questions for the zone come to while there is no server for it."""
    homes = tuple(block for block in _servers(found.others) if _ports([block], found.zone))
    if not homes:
        why = f"no server of it answers for {found.zone}, not even for everything, over plain DNS"
        raise CorefileError(why, _steps(found.zone, f"{found.zone}:53"))
    return homes


def _ports(blocks: Sequence[Block], zone: str) -> tuple[str, ...]:
    """Return the ports, with their colons or empty, on which these servers take plain questions for the zone."""
    keys = [split_key(key.text) for block in blocks for key in block.keys]
    return tuple(dict.fromkeys(port for scheme, name, port in keys if scheme in _PLAIN and is_within(zone, name)))


def _keys(found: _Stub, homes: Sequence[Block]) -> tuple[str, ...]:
    ports = _ports(homes, found.zone)
    if "" in ports and len(ports) > 1:
        # Without a port it is the one that CoreDNS was started with, which may be the other one.
        why = f"servers with a port and without one answer for {found.zone}, which may be the same port"
        raise CorefileError(why, ("write the port to each of them", *_steps(found.zone, f"{found.zone}:53")))
    return tuple(found.zone + port for port in ports)


def _refuse_unclear(found: _Stub, homes: Sequence[Block]) -> None:
    """Raise CorefileError if a server of ours beside these would not work, or may not be wanted."""
    keys = " ".join(_keys(found, homes))
    if not kubernetes_plugins(found.file) and not list(_imports(found.file)):
        why = "it has no kubernetes plugin, so it may not be that of the cluster's CoreDNS"
        raise CorefileError(why, _steps(found.zone, keys))
    for home in homes:
        for bind in _of_name(found.file, home, "bind"):
            line = " ".join(token.written for token in (bind.name, *bind.rest))
            why = f"line {bind.name.line}: a server that binds itself to addresses needs one beside it that does, too"
            raise CorefileError(why, _steps(found.zone, keys, line))
    last = found.file.blocks[-1]
    if last.opening is None:
        name = last.keys[0]
        why = f"line {name.line}: the server {name.text} has no braces, and nothing can stand below it"
        braces = "put { behind its names, and } in a line of its own at the end"
        raise CorefileError(why, (braces, *_steps(found.zone, keys)))


def _imports(file: Caddyfile) -> Iterator[Directive]:
    yield from file.imports
    for block in file.blocks:
        yield from (directive for directive in block.directives if directive.name.text == "import")


def _of_name(file: Caddyfile, home: Block, name: str) -> Iterator[Directive]:
    """Yield a server's directives of a name, those in snippets that it imports included."""
    imported = {d.rest[0].text for d in home.directives if d.name.text == "import"}
    snippets = [block for block in file.blocks if block.is_snippet and block.keys[0].text[1:-1] in imported]
    for block in (home, *snippets):
        yield from (directive for directive in block.directives if directive.name.text == name)


def _with_server(found: _Stub, home: Block, keys: tuple[str, ...], addresses: tuple[str, ...]) -> str:
    """Put the server behind all others: of those on one port, the first decides about their socket."""
    text, line_break = found.text, newline(found.text, home.keys[0])
    deeper = "\t" if any("\t" in indent(text, directive.name) for directive in home.directives) else "    "
    body = ("errors", "cache 30", f"forward . {' '.join(addresses)}")
    server = line_break.join((f"{' '.join(keys)} {{ {MARK}", *(deeper + line for line in body), "}"))
    return text + server + line_break if text.endswith("\n") else text + line_break + server


def _own_forward(found: _Stub) -> tuple[Block, Directive]:
    """Return our server and the line by which it forwards."""
    (ours,) = found.ours
    match _forwards(ours):
        case [forward] if _addresses(forward):
            return ours, forward
    why = f"line {ours.keys[0].line}: our server was changed, and has no one line that begins with: forward ."
    raise CorefileError(why, (f"take out the server that begins in line {ours.keys[0].line}; it comes again",))


def _forwards(ours: Block) -> list[Directive]:
    return [directive for directive in ours.directives if directive.name.text == "forward"]


def _addresses(forward: Directive) -> tuple[Token, ...]:
    """Return the words behind `forward .`, up to the end of the line or an opening brace."""
    words = [token.text for token in forward.rest]
    end = words.index("{") if "{" in words else len(words)
    return forward.rest[1:end] if words[:1] == ["."] else ()


def _new_keys(ours: Block, keys: tuple[str, ...]) -> Iterator[Change]:
    if {key.text.removesuffix(",") for key in ours.keys} != set(keys):
        yield ours.keys[0].start, ours.keys[-1].end, " ".join(keys)


def _new_addresses(forward: Directive, addresses: tuple[str, ...]) -> Iterator[Change]:
    there = _addresses(forward)
    if tuple(token.text for token in there) != addresses:
        yield there[0].start, there[-1].end, " ".join(addresses)


def _removal(text: str, block: Block) -> Change:
    """Return the change that takes a server out with its lines, and with the line break that was put before it."""
    first, end = block.keys[0], block.closing.end if block.closing else len(text)
    start = line_start(text, first)
    if text[start : first.start].strip():
        return first.start, end, ""
    rest = _REST_OF_LINE.match(text, end)
    if rest is None:
        return start, end, ""
    if not rest[1]:
        start = len(text[:start].removesuffix("\n").removesuffix("\r"))
    return start, rest.end(), ""
