"""DerivedService ↔ the selector-less Service that carries the clusterset IP."""

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from cloudmap_mcs.domain.imports import DerivedService, Traffic
from cloudmap_mcs.domain.model import Family, Port, Protocol, ServiceKey, ServiceType
from cloudmap_mcs.domain.wellknown import (
    ANNOTATION_REFUSED_DISTRIBUTION,
    LABEL_MANAGED_BY,
    LABEL_SERVICE_NAME,
    MANAGED_BY,
)
from cloudmap_mcs.errors import InvalidError
from cloudmap_mcs.kube.manifests.fields import (
    Raw,
    annotations_of,
    decode_families,
    decode_ports,
    decode_traffic,
    encode_ports,
    encode_traffic,
    labels_of,
    spec_of,
    texts_in,
)
from cloudmap_mcs.kube.manifests.reading import Reading, texts
from cloudmap_mcs.kube.resources import SERVICE_IMPORTS, SERVICES

HEADLESS: Final = "None"
_MCS_GROUP: Final = SERVICE_IMPORTS.version.partition("/")[0]
_SINGLE: Final = "SingleStack"
_DUAL: Final = "PreferDualStack"
_POLICIES: Final = (_SINGLE, _DUAL)
_BOTH: Final = frozenset(Family)

_DAMAGED: Final = (Port("?", Protocol.TCP, 0),)
"""Ports that no Service can have; those of a headless one may well be none at all."""

# Whatever somebody adds beside these (a selector, another type, external addresses) goes with our next write.
_KEPT_SPEC: Final = ("clusterIP", "clusterIPs", "ipFamilies")


def encode(
    value: DerivedService, observed: Mapping[str, Any] | None = None, *, is_distribution_refused: bool = False
) -> Raw:
    """Make the manifest to POST, or the one to PUT over `observed`, whose addresses stay.

    `is_distribution_refused`: this API server does not know the trafficDistribution (older than the exporter's). It is
    only noted then; kube-proxy goes by the endpoints' hints anyway.
    """
    before = observed["metadata"] if observed else {}
    metadata: Raw = {**copy.deepcopy(dict(before)), "name": value.name, "namespace": value.key.namespace}
    metadata.pop("managedFields", None)
    ours = {LABEL_MANAGED_BY: MANAGED_BY, LABEL_SERVICE_NAME: value.key.name}
    metadata["labels"] = {**texts_in(metadata.get("labels")), **ours}
    annotations = metadata["annotations"] = texts_in(metadata.get("annotations"))
    annotations.pop(ANNOTATION_REFUSED_DISTRIBUTION, None)
    spec = {
        "type": "ClusterIP",
        "ports": encode_ports(value.ports),
        **encode_traffic(value.traffic),
        **(_addresses_kept(value, spec_of(observed, Reading())) if observed else _addresses_asked(value)),
    }
    if is_distribution_refused and (distribution := spec.pop("trafficDistribution", None)):
        annotations[ANNOTATION_REFUSED_DISTRIBUTION] = distribution
    return {"apiVersion": SERVICES.version, "kind": SERVICES.kind, "metadata": metadata, "spec": spec}


def decode(raw: Mapping[str, Any]) -> DerivedService:
    """Read a derived Service, whatever somebody made of it.

    One with a selector, another type or a field that cannot be read has ports that no Service can have: it differs
    from any desired one, so it is repaired.
    """
    metadata, reading = raw["metadata"], Reading()
    spec = spec_of(raw, reading)
    families = reading.read(decode_families, spec.get("ipFamilies"), ())
    ports = reading.read(decode_ports, spec.get("ports"), ())
    traffic = reading.read(decode_traffic, spec, Traffic())
    if traffic.distribution is None:
        traffic = replace(traffic, distribution=annotations_of(raw).get(ANNOTATION_REFUSED_DISTRIBUTION))
    is_usable = not spec.get("selector") and spec.get("type") == "ClusterIP" and spec.get("ipFamilyPolicy") in _POLICIES
    return DerivedService(
        key=ServiceKey(metadata["namespace"], labels_of(raw).get(LABEL_SERVICE_NAME, "")),
        name=metadata["name"],
        type=ServiceType.HEADLESS if spec.get("clusterIP") == HEADLESS else ServiceType.CLUSTER_SET_IP,
        ports=ports if is_usable and reading.is_whole else _DAMAGED,
        asks=frozenset(families[:1]) if spec.get("ipFamilyPolicy") == _SINGLE else _BOTH,
        traffic=traffic,
        families=families,
        ips=tuple(ip for ip in Reading().read(texts, spec.get("clusterIPs"), ()) if ip and ip != HEADLESS),
    )


def is_derived(raw: Mapping[str, Any]) -> bool:
    """Say whether any implementation made this Service for a ServiceImport; what is imported is not exported again."""
    owners = raw["metadata"].get("ownerReferences") or ()
    return LABEL_SERVICE_NAME in labels_of(raw) or any(map(_is_import, owners))


def _is_import(owner: Mapping[str, Any]) -> bool:
    """Go by group and kind: other implementations write other versions, and other groups mean other things by it."""
    group = str(owner.get("apiVersion")).partition("/")[0]
    return (group, owner.get("kind")) == (_MCS_GROUP, SERVICE_IMPORTS.kind)


def _policy(asks: frozenset[Family]) -> Raw:
    """Ask for families so that one answer fits every cluster: two are a wish, one is a demand."""
    if len(asks) == 1:
        return {"ipFamilyPolicy": _SINGLE, "ipFamilies": [str(family) for family in asks]}
    return {"ipFamilyPolicy": _DUAL}


def _addresses_asked(value: DerivedService) -> Raw:
    if value.type is ServiceType.HEADLESS:
        return {**_policy(value.asks), "clusterIP": HEADLESS}
    wanted = [ip for ip in value.ips if _family(ip) in value.asks]
    return {**_policy(value.asks), **({"clusterIP": wanted[0], "clusterIPs": wanted} if wanted else {})}


def _addresses_kept(value: DerivedService, spec: Mapping[str, Any]) -> Raw:
    if (spec.get("clusterIP") == HEADLESS) is not (value.type is ServiceType.HEADLESS):
        # The API server refuses one direction and silently ignores the other.
        raise InvalidError(f"Service {value.key.namespace}/{value.name} cannot become {value.type} in place")
    kept = {field: spec[field] for field in _KEPT_SPEC if field in spec}
    policy = _policy(value.asks)
    if policy["ipFamilyPolicy"] == _SINGLE and isinstance(kept.get("clusterIPs"), list):
        # The API server gives the second address back only if it is no longer named.
        kept["clusterIPs"] = kept["clusterIPs"][:1]
    return kept | policy


def _family(ip: str) -> Family:
    return Family.IPV6 if ":" in ip else Family.IPV4
