"""The edit of CoreDNS's Corefile that makes the cluster's DNS answer for the clusterset's zone (KEP-1645, "DNS").

CoreDNS must be able to (`supports_multicluster`) and must have its rights and the CRDs first (`dns.rights`):
with the option on and ServiceImports out of reach it never becomes ready, and unknown names of the cluster fail too.
"""

import re

from cloudmap_mcs.errors import PermanentError
from cloudmap_mcs.install.caddyfile import Caddyfile, CaddyfileError, parse
from cloudmap_mcs.install.corefile_refusals import (
    CorefileError,
    general_steps,
    missing,
    refuse_unclear,
    refuse_unreachable,
)
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
from cloudmap_mcs.install.kubernetes_plugin import KubernetesPlugin, kubernetes_plugins, serving_cluster, zone_name

_MARK_WITH_BRACES = f"{MARK} with these braces"

_FIRST_VERSION = (1, 12, 2)
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(?:[-+].*)?")


def supports_multicluster(version: str) -> bool:
    """Say whether this CoreDNS has the option, which came with 1.12.2 (coredns/coredns#7266).

    The version is an image's tag, as `v1.12.4-eksbuild.1`; PermanentError if it is none.
    """
    found = _VERSION.fullmatch(version)
    if found is None:
        raise PermanentError(f"CoreDNS version {version!r}: allowed is a release, as v1.12.4 or v1.12.4-eksbuild.1")
    return tuple(map(int, found.groups())) >= _FIRST_VERSION


def is_enabled(corefile: str, zone: str = CLUSTERSET_ZONE) -> bool:
    """Say whether a kubernetes plugin serves the zone from ServiceImports, by our edit or by hand.

    What the file imports is not looked at. CorefileError: the file cannot be read.
    """
    _, plugins = _read(corefile, general_steps(checked_zone(zone)))
    return any(plugin.is_enabled(zone) for plugin in plugins)


def enable(corefile: str, zone: str = CLUSTERSET_ZONE) -> str:
    """Return the text with the zone behind the cluster's own, and with the option `multicluster` for it.

    Nothing else changes, and `disable` takes exactly this out again. A file that has both already is returned as it is.
    CorefileError: the file is not understood well enough; the message has the lines that a person should write.
    """
    file, found = _read(corefile, general_steps(checked_zone(zone)))
    plugins = serving_cluster(found)
    if not plugins:
        raise missing(file, zone)
    refuse_unreachable(file, plugins, zone)
    if all(plugin.is_enabled(zone) for plugin in plugins):
        return corefile
    return changed(corefile, _additions(corefile, refuse_unclear(file, plugins, zone), zone))


def disable(corefile: str, zone: str = CLUSTERSET_ZONE) -> str:
    """Return the text without what `enable` put in; what bears no mark of ours was written by a person and stays.

    CorefileError: the file has our mark, but is not understood well enough to take it out.
    """
    line = f"multicluster {checked_zone(zone)} {MARK}"
    if line not in corefile:
        return corefile
    steps = (f"take out the line: {line}", f"take {zone} out of the kubernetes plugin's line")
    _, plugins = _read(corefile, steps)
    changes: list[Change] = []
    for plugin in plugins:
        if option := _our_option(corefile, plugin, zone):
            changes += (option, *_our_zone(corefile, plugin, zone))
    return changed(corefile, changes)


def _read(corefile: str, steps: tuple[str, ...]) -> tuple[Caddyfile, tuple[KubernetesPlugin, ...]]:
    try:
        file = parse(corefile)
        return file, kubernetes_plugins(file)
    except CaddyfileError as error:
        raise CorefileError(str(error), ("mend that line", *steps)) from error


def _additions(text: str, plugin: KubernetesPlugin, zone: str) -> tuple[Change, Change]:
    own, option = plugin.own_zones[0], f"multicluster {zone}"
    line_break, outer = newline(text, plugin.name), indent(text, plugin.name)
    deeper = outer + ("\t" if "\t" in outer else "    ")
    if plugin.closing is None:
        braced = f" {{{line_break}{deeper}{option} {_MARK_WITH_BRACES}{line_break}{outer}}}"
        at, added = plugin.zones[-1].end, braced
    else:
        beside = [line[0] for line in plugin.options if line[0].line > plugin.name.line]
        at = line_start(text, plugin.closing)
        added = f"{indent(text, beside[0]) if beside else deeper}{option} {MARK}{line_break}"
    return (own.end, own.end, f" {zone}"), (at, at, added)


def _our_option(text: str, plugin: KubernetesPlugin, zone: str) -> Change | None:
    """Return the change that takes our line out, with the braces if they are ours and nothing else is in them."""
    ours = rf"[ \t]*multicluster {re.escape(zone)} {MARK}( with these braces)?\r?\n"
    for option in plugin.multicluster:
        start = line_start(text, option[0])
        if found := re.compile(ours).match(text, start):
            braces = re.compile(rf" \{{\r?\n{ours}[ \t]*\}}").match(text, (plugin.name, *plugin.zones)[-1].end)
            return (*(braces.span() if found[1] and braces else found.span()), "")
    return None


def _our_zone(text: str, plugin: KubernetesPlugin, zone: str) -> tuple[Change, ...]:
    """Return the changes that take the zone out of the plugin's line, unless no zone would be left."""
    kept = [token for token in plugin.own_zones if zone_name(token.text) != zone]
    ours = [token for token in plugin.own_zones if zone_name(token.text) == zone]
    return tuple((len(text[: token.start].rstrip(" \t")), token.end, "") for token in ours if kept)
