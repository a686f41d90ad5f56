"""Why a Corefile is not edited, and what a person should write in which line instead.

After an edit by hand as told here, `corefile.enable` finds the zone served and leaves the file alone.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from cloudmap_mcs.errors import PermanentError
from cloudmap_mcs.install.caddyfile import Block, Caddyfile, Token, lines_of
from cloudmap_mcs.install.kubernetes_plugin import KubernetesPlugin, is_reverse, is_within, split_key, zone_name

# These look at questions and answers, or keep them; they neither answer a question nor change it.
_ONLOOKERS = frozenset({"cache", "debug", "dnstap", "errors", "log", "loadbalance", "minimal", "prometheus"})


class CorefileError(PermanentError):
    """The Corefile cannot be edited safely; the message says why, and which lines a person should write where."""

    reason = "Corefile"

    def __init__(self, why: str, steps: Sequence[str]) -> None:
        super().__init__("\n- ".join((f"the Corefile is left as it is: {why}. To do it by hand:", *steps)))


def general_steps(zone: str) -> tuple[str, ...]:
    """Return what to write where there is no line to show."""
    return (
        f"the kubernetes plugin's line becomes: kubernetes cluster.local {zone} in-addr.arpa ip6.arpa {{",
        f"within its braces add the line: multicluster {zone}",
    )


def steps_for(plugin: KubernetesPlugin, zone: str) -> tuple[str, ...]:
    """Return what this plugin's lines have to become; nothing if it serves the zone already."""
    if plugin.is_enabled(zone):
        return ()
    opening = plugin.opening or plugin.name
    beside = [token.written for option in plugin.options for token in option if token.line == opening.line]
    steps = [f"line {plugin.name.line} becomes: {' '.join((*_plugin_line(plugin, zone), '{', *beside))}"]
    if plugin.multicluster:
        option = plugin.multicluster[-1]
        words = [token.written for token in option if zone_name(token.text) != zone]
        steps.append(f"line {option[0].line} becomes: {' '.join((*words, zone))}")
    else:
        steps.append(f"below line {opening.line} add the line: multicluster {zone}")
    if plugin.opening is None:
        steps.append("and below that a line with the closing brace: }")
    return tuple(steps)


def _plugin_line(plugin: KubernetesPlugin, zone: str) -> tuple[str, ...]:
    zones = [token.written for token in plugin.zones]
    if zone not in plugin.zone_names:
        own = [token.written for token in plugin.own_zones] or ["cluster.local"]
        rest = [written for written in zones if written not in own] if zones else ["in-addr.arpa", "ip6.arpa"]
        zones = [own[0], zone, *own[1:], *rest]
    return (plugin.name.written, *zones)


def missing(file: Caddyfile, zone: str) -> CorefileError:
    """Return the error for a file that shows no kubernetes plugin."""
    imports = [*file.imports, *(d for block in file.blocks for d in block.directives if d.name.text == "import")]
    if not imports:
        return CorefileError(
            "it has no kubernetes plugin, so it may not be that of the cluster's CoreDNS", general_steps(zone)
        )
    imports.sort(key=lambda found: found.name.line)
    places = ", ".join(f"line {found.name.line}: import {found.rest[0].written}" for found in imports)
    return CorefileError(f"it shows no kubernetes plugin, which may be imported ({places})", general_steps(zone))


def refuse_unreachable(file: Caddyfile, plugins: Sequence[KubernetesPlugin], zone: str) -> None:
    """Raise CorefileError if questions for the zone do not come to these plugins.

    CoreDNS hands a question to the server whose name is the longest that fits.
    What variables stand for and imports bring cannot be judged here.
    """
    reach = len(zone)
    for plugin in plugins:
        covers = [name for name in map(_key_name, plugin.block.keys) if is_within(zone, name)]
        if not covers and not _is_hidden(plugin.block):
            raise _uncovered(plugin, zone)
        reach = min(reach, max(map(len, covers), default=0))
    for key in _keys_elsewhere(file, plugins):
        name = _key_name(key)
        if is_within(name, zone) or (is_within(zone, name) and len(name) > reach):
            why = f"line {key.line}: the server {_bare(key)} answers for {zone} instead of the cluster's own"
            remove = f"take out the server {_bare(key)} that begins in line {key.line}"
            raise CorefileError(why, (remove, *_all_steps(plugins, zone)))


def _keys_elsewhere(file: Caddyfile, plugins: Sequence[KubernetesPlugin]) -> Iterator[Token]:
    """Yield the names of servers that have none of these plugins, not even through a snippet."""
    homes = [plugin.block for plugin in plugins]
    snippets = {home.keys[0].text[1:-1] for home in homes if home.is_snippet}
    for block in file.blocks:
        imported = {d.rest[0].text for d in block.directives if d.name.text == "import"}
        if block not in homes and not block.is_snippet and not imported & snippets:
            yield from block.keys


def _uncovered(plugin: KubernetesPlugin, zone: str) -> CorefileError:
    keys = plugin.block.keys
    own = [key for key in keys if _key_name(key) in plugin.zone_names and not is_reverse(_key_name(key))]
    split = [split_key(key.text) for key in own or keys[:1]]
    added = " ".join(dict.fromkeys(scheme + zone + port for scheme, _, port in split))
    names, last = " ".join(map(_bare, keys)), keys[-1]
    why = f"line {keys[0].line}: the server with the kubernetes plugin answers for {names} only, not for {zone}"
    step = f"line {last.line}: between {_bare(last)} and the opening brace add: {added}"
    return CorefileError(why, (step, *steps_for(plugin, zone)))


def refuse_unclear(file: Caddyfile, plugins: Sequence[KubernetesPlugin], zone: str) -> KubernetesPlugin:
    """Return the one plugin that can be edited; raise CorefileError if there are more, or it is not plain."""
    if len(plugins) > 1:
        lines = " and ".join(f"line {plugin.name.line}" for plugin in plugins)
        raise CorefileError(
            f"several kubernetes plugins serve the cluster's names ({lines})", _all_steps(plugins, zone)
        )
    (plugin,) = plugins
    for objection in _OBJECTIONS:
        if why := objection(plugin, zone):
            raise CorefileError(f"line {plugin.name.line}: the kubernetes plugin {why}", steps_for(plugin, zone))
    for name in _unknown(file):
        why = f"line {name.line}: only the running CoreDNS knows what {name.text} stands for"
        check = f"line {name.line}: make sure that {name.text} is neither a plugin for {zone} nor a server for it"
        raise CorefileError(why, (check, *steps_for(plugin, zone)))
    for line in _rivals(file, plugin.block, zone):
        written = " ".join(token.written for token in line)
        why = f"line {line[0].line} already does something with {zone}: {written}"
        raise CorefileError(why, (f"take that out of line {line[0].line}", *steps_for(plugin, zone)))
    return plugin


def _all_steps(plugins: Sequence[KubernetesPlugin], zone: str) -> tuple[str, ...]:
    return tuple(step for plugin in plugins for step in steps_for(plugin, zone))


def _key_name(key: Token) -> str:
    return zone_name(key.text)


def _bare(key: Token) -> str:
    return key.text.removesuffix(",")


def _is_hidden(block: Block) -> bool:
    return block.is_snippet or any(key.is_variable for key in block.keys)


def _in_a_snippet(plugin: KubernetesPlugin, _: str) -> str | None:
    block = plugin.block
    return f"is in the snippet {block.keys[0].text}, which any server may import" if block.is_snippet else None


def _without_zones(plugin: KubernetesPlugin, _: str) -> str | None:
    return None if plugin.zones else "names no zones, so it takes the names of its server"


def _from_variables(plugin: KubernetesPlugin, _: str) -> str | None:
    found = " ".join(token.text for token in plugin.zones if token.is_variable)
    return f"has a zone that only the running CoreDNS knows: {found}" if found else None


def _quoted(plugin: KubernetesPlugin, _: str) -> str | None:
    words = (plugin.name, *plugin.zones, *(token for option in plugin.options for token in option))
    found = " ".join(token.written for token in words if token.quoted)
    return f"has words in quotes: {found}" if found else None


def _only_reverse(plugin: KubernetesPlugin, _: str) -> str | None:
    return None if plugin.own_zones else "names no zone of the cluster's own"


def _imported(plugin: KubernetesPlugin, _: str) -> str | None:
    found = any(option[0].text == "import" for option in plugin.options)
    return "imports options, which cannot be seen" if found else None


def _other_multicluster(plugin: KubernetesPlugin, _: str) -> str | None:
    # CoreDNS heeds only the last such line, so a line of our own would switch the other zone off.
    return "has the option multicluster for something else" if plugin.multicluster else None


def _alias(plugin: KubernetesPlugin, zone: str) -> str | None:
    return f"already serves {zone}, as another name of the cluster" if zone in plugin.zone_names else None


_OBJECTIONS: tuple[Callable[[KubernetesPlugin, str], str | None], ...] = (
    _in_a_snippet,
    _without_zones,
    _from_variables,
    _quoted,
    _only_reverse,
    _imported,
    _other_multicluster,
    _alias,
)


def _unknown(file: Caddyfile) -> Iterator[Token]:
    """Yield the names of servers and plugins that come from variables."""
    for block in file.blocks:
        words = (*block.keys, *(directive.name for directive in block.directives))
        yield from (token for token in words if token.is_variable)


def _rivals(file: Caddyfile, home: Block, zone: str) -> Iterator[tuple[Token, ...]]:
    """Yield the lines in the plugin's server, or in a snippet it may import, that could act on the zone."""
    mention = re.compile(rf"(?<![a-z0-9-]){re.escape(zone)}(?!\.?[a-z0-9-])", re.IGNORECASE)
    places = [block for block in file.blocks if block == home or block.is_snippet]
    for directive in (directive for block in places for directive in block.directives):
        name = directive.name.text
        for line in lines_of((directive.name, *directive.rest)):
            named = any(mention.search(token.text.replace("\\", "")) for token in line)
            idle = name in _ONLOOKERS or name == "kubernetes" or line[0].text == "except"
            # The plugin named multicluster is the older way to the same zone, from outside of CoreDNS.
            if (named and not idle) or line[0].text == name == "multicluster":
                yield line
