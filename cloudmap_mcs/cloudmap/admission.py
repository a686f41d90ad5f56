"""What an API server would refuse in a Service or an EndpointSlice, so that no record may carry it.

One record that cannot be written as objects would otherwise keep a whole key from every importing cluster. The rules
are those of Kubernetes 1.35 (`pkg/apis/core/validation`, `pkg/apis/discovery/validation`), or narrower where no
controller writes what they allow beyond.
"""

import re
from collections.abc import Iterator, Sequence
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

from cloudmap_mcs.cloudmap.text import quoted
from cloudmap_mcs.domain.model import Affinity, Endpoint, Export, Family, Port, ServiceType, Slice

ENDPOINTS_LIMIT: Final = 1_000
"""Endpoints of one EndpointSlice."""

AFFINITY_LIMIT: Final = 86_400
"""Seconds that a client may be remembered."""

_PORT_LIMIT: Final = 65_535
_SUBDOMAIN_LIMIT: Final = 253
_POLICIES: Final = frozenset({None, "Cluster", "Local"})
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_SUBDOMAIN: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?", re.ASCII)
"""A label's value that is not empty, and the name in a qualified name."""


def problem(export: Export) -> str:
    """Say what an API server would refuse first in the objects made of an Export; empty if nothing."""
    return next(_problems(export), "")


def is_label(text: str) -> bool:
    return bool(_LABEL.fullmatch(text))


def is_subdomain(text: str) -> bool:
    return len(text) <= _SUBDOMAIN_LIMIT and bool(_SUBDOMAIN.fullmatch(text))


def is_qualified(text: str) -> bool:
    """Tell whether a text is a name as of labels, with or without a DNS subdomain and a slash before it."""
    prefix, slash, name = text.rpartition("/")
    return bool(_NAME.fullmatch(name)) and (not slash or is_subdomain(prefix))


def is_address(text: str, family: Family) -> bool:
    """Tell whether an endpoint may have this address: of a host, and written as an API server would write it."""
    parsed: IPv4Address | IPv6Address
    try:
        parsed = IPv4Address(text) if family is Family.IPV4 else IPv6Address(text)
    except AddressValueError:
        return False
    is_mapped = isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None
    is_special = parsed.is_loopback or parsed.is_link_local or parsed.is_multicast or parsed.is_unspecified
    return text == str(parsed) and not is_special and not is_mapped


def _problems(export: Export) -> Iterator[str]:
    yield from _of_service_ports(export)
    yield from _of_traffic(export)
    for item in export.slices:
        yield from (f"slice {quoted(item.name)}: {found}" for found in _of_slice(item))


def _of_service_ports(export: Export) -> Iterator[str]:
    ports = export.ports
    yield from _of_ports(ports)
    if len({port.transport for port in ports}) < len(ports):
        yield "two ports have the same number and protocol"
    if len(ports) > 1 and not all(port.name for port in ports):
        yield "one of several ports has no name"
    if not ports and export.type is ServiceType.CLUSTER_SET_IP:
        yield "it has no ports and is not headless"


def _of_ports(ports: Sequence[Port]) -> Iterator[str]:
    if len({port.name for port in ports}) < len(ports):
        yield "two ports have the same name"
    for port in ports:
        if port.name and not is_label(port.name):
            yield f"port name {quoted(port.name)} is not a DNS label"
        if not 1 <= port.number <= _PORT_LIMIT:
            yield f"port {port.number} is not a number from 1 to {_PORT_LIMIT}"
        if port.app_protocol is not None and not is_qualified(port.app_protocol):
            yield f"appProtocol {quoted(port.app_protocol)} is not a qualified name"


def _of_traffic(export: Export) -> Iterator[str]:
    timeout = export.affinity_timeout
    if export.internal_traffic_policy not in _POLICIES:
        yield f"internal traffic policy {quoted(export.internal_traffic_policy or '')} is neither Cluster nor Local"
    # Newer API servers may know other values, so only the shape counts; for older ones the importer does without.
    if export.traffic_distribution is not None and not is_qualified(export.traffic_distribution):
        yield f"traffic distribution {quoted(export.traffic_distribution)} is not a qualified name"
    if timeout is not None and not 1 <= timeout <= AFFINITY_LIMIT:
        yield f"affinity timeout {timeout} is not a number from 1 to {AFFINITY_LIMIT}"
    if (timeout is not None) is not (export.affinity is Affinity.CLIENT_IP):
        yield "an affinity by client IP and a timeout go together"


def _of_slice(item: Slice) -> Iterator[str]:
    if not is_subdomain(item.name):
        yield "its name is not a DNS subdomain"
    yield from _of_ports(item.ports)
    if len(item.endpoints) > ENDPOINTS_LIMIT:
        yield f"{len(item.endpoints):,} endpoints are more than {ENDPOINTS_LIMIT:,}"
    for endpoint in item.endpoints:
        yield from _of_endpoint(endpoint, item.family)
    # Thousands of endpoints are on a few nodes: each name is looked at once.
    for node in {endpoint.node for endpoint in item.endpoints} - {None}:
        if not is_subdomain(node or ""):
            yield f"node {quoted(node or '')} is not a DNS subdomain"
    for zone in {endpoint.zone for endpoint in item.endpoints} - {None}:
        if not _NAME.fullmatch(zone or ""):
            yield f"zone {quoted(zone or '')} is not a label's value"


def _of_endpoint(endpoint: Endpoint, family: Family) -> Iterator[str]:
    if not is_address(endpoint.address, family):
        yield f"{quoted(endpoint.address)} is not an {family} address that an endpoint may have"
    if endpoint.hostname is not None and not is_label(endpoint.hostname):
        yield f"hostname {quoted(endpoint.hostname)} is not a DNS label"
