"""CoreDNS's kubernetes plugin as it stands in a Corefile: its zones and options, read as the plugin reads them."""

import re
from dataclasses import dataclass

from cloudmap_mcs.install.caddyfile import Block, Caddyfile, CaddyfileError, Directive, Token, lines_of

Option = tuple[Token, ...]
"""One line within the plugin's braces."""

_CLUSTER_DOMAIN = "cluster.local"
_PORT = re.compile(r":\d+\Z")
_REVERSE = (".in-addr.arpa", ".ip6.arpa")


@dataclass(frozen=True, slots=True)
class KubernetesPlugin:
    """One `kubernetes` directive; `opening` and `closing` are both there or both None."""

    block: Block
    name: Token
    zones: tuple[Token, ...]
    opening: Token | None = None
    options: tuple[Option, ...] = ()
    closing: Token | None = None

    @property
    def zone_names(self) -> tuple[str, ...]:
        """Its zones as CoreDNS compares them; without any it takes the names of its server."""
        return tuple(zone_name(token.text) for token in self.zones or self.block.keys)

    @property
    def own_zones(self) -> tuple[Token, ...]:
        """The zones that are not for reverse lookups; the first is the cluster's own."""
        return tuple(token for token in self.zones if not is_reverse(zone_name(token.text)))

    @property
    def multicluster(self) -> tuple[Option, ...]:
        return tuple(option for option in self.options if option[0].text == "multicluster")

    def is_enabled(self, zone: str) -> bool:
        """Say whether it serves the zone from ServiceImports; CoreDNS heeds the last `multicluster` line only."""
        last = self.multicluster[-1:]
        return zone in self.zone_names and any(zone_name(token.text) == zone for option in last for token in option[1:])


def zone_name(key: str) -> str:
    """Return the bare name in a server's name or a zone: no scheme, port or last dot, lower case; the root is empty."""
    return split_key(key)[1]


def split_key(key: str) -> tuple[str, str, str]:
    """Return scheme, bare name and port, the first and the last with their punctuation or empty."""
    scheme, mark, rest = key.removesuffix(",").rpartition("://")
    name = _PORT.sub("", rest)
    return scheme + mark, name.lower().removesuffix("."), rest[len(name) :]


def is_reverse(name: str) -> bool:
    """Say whether the zone is for reverse lookups; CoreDNS also lets a network be written, as `10.0.0.0/16`."""
    return f".{name}".endswith(_REVERSE) or "/" in name


def is_within(name: str, zone: str) -> bool:
    """Say whether the name is the zone or below it."""
    return f".{name}".endswith(f".{zone}") or not zone


def kubernetes_plugins(file: Caddyfile) -> tuple[KubernetesPlugin, ...]:
    """Return all that the file shows, in snippets too; CaddyfileError if one is not what CoreDNS can read."""
    return tuple(
        _read(block, directive)
        for block in file.blocks
        for directive in block.directives
        if directive.name.text == "kubernetes"
    )


def serving_cluster(plugins: tuple[KubernetesPlugin, ...]) -> tuple[KubernetesPlugin, ...]:
    """Return those that serve the cluster's own names: the ones with cluster.local, or without any such, all.

    A plugin whose zones cannot be seen counts as one with cluster.local.
    """
    return tuple(plugin for plugin in plugins if _may_serve_cluster_domain(plugin)) or plugins


def _may_serve_cluster_domain(plugin: KubernetesPlugin) -> bool:
    unknown = not plugin.zones or any(token.is_variable for token in plugin.zones)
    return unknown or _CLUSTER_DOMAIN in plugin.zone_names


def _read(block: Block, directive: Directive) -> KubernetesPlugin:
    words = (directive.name, *directive.rest)
    braces = [index for index, token in enumerate(words) if token.text in {"{", "}"}]
    if not braces:
        return KubernetesPlugin(block, directive.name, directive.rest)
    first, *inner, last = braces
    opening, closing = words[first], words[last]
    if words[first - 1].last_line < opening.line:
        raise CaddyfileError(opening.line, "the opening brace belongs into the line of the kubernetes plugin")
    if inner:
        raise CaddyfileError(words[inner[0]].line, "the kubernetes plugin has no option with braces")
    if last + 1 < len(words):
        raise CaddyfileError(
            words[last + 1].line, "something follows the kubernetes plugin's closing brace in its line"
        )
    if words[last - 1].last_line == closing.line:
        # CoreDNS reads it as a word of the option before it. Only `{ }` would do, and is not worth a way of its own.
        raise CaddyfileError(closing.line, "the kubernetes plugin's closing brace needs a line of its own")
    options = lines_of(words[first + 1 : last])
    return KubernetesPlugin(block, directive.name, words[1:first], opening, options, closing)
