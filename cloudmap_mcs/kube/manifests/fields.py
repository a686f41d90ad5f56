"""Fields that several kinds share, in both directions."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from cloudmap_mcs.domain.conditions import Condition
from cloudmap_mcs.domain.imports import Traffic
from cloudmap_mcs.domain.model import Affinity, Endpoint, Port, Protocol
from cloudmap_mcs.domain.wellknown import LABEL_MANAGED_BY, MANAGED_BY, ConditionType

Raw = dict[str, Any]

_STATUS: Final = {"True": True, "False": False}
_STATUS_TEXT: Final = {True: "True", False: "False", None: "Unknown"}
_CONDITION_TYPES: Final = frozenset(ConditionType)


def labels_of(raw: Mapping[str, Any]) -> dict[str, str]:
    return raw["metadata"].get("labels") or {}


def annotations_of(raw: Mapping[str, Any]) -> dict[str, str]:
    return raw["metadata"].get("annotations") or {}


def is_ours(raw: Mapping[str, Any]) -> bool:
    """Say whether a ServiceImport or Service carries our mark; an EndpointSlice has a label of its own."""
    return labels_of(raw).get(LABEL_MANAGED_BY) == MANAGED_BY


def encode_ports(ports: Iterable[Port], *, number: str = "port") -> list[Raw]:
    return [
        {
            **({"name": port.name} if port.name else {}),
            "protocol": str(port.protocol),
            number: port.number,
            **({"appProtocol": port.app_protocol} if port.app_protocol is not None else {}),
        }
        for port in ports
    ]


def decode_ports(raw: Sequence[Mapping[str, Any]] | None) -> tuple[Port, ...]:
    """Read ports. An EndpointSlice's port without a number stands for all ports and cannot be offered: left out."""
    return tuple(
        Port(port.get("name") or "", Protocol(port.get("protocol") or "TCP"), port["port"], port.get("appProtocol"))
        for port in raw or ()
        if port.get("port") is not None
    )


def decode_endpoint(raw: Mapping[str, Any]) -> Endpoint:
    """Read an endpoint: its first address (consumers use no other); unset `ready` is ready, `serving` follows it."""
    conditions = raw.get("conditions") or {}
    ready = conditions.get("ready") is not False
    serving = conditions.get("serving")
    return Endpoint(
        address=(raw.get("addresses") or [""])[0],
        ready=ready,
        serving=ready if serving is None else serving,
        terminating=bool(conditions.get("terminating")),
        hostname=raw.get("hostname") or None,
        node=_shared(raw.get("nodeName")),
        zone=_shared(raw.get("zone")),
    )


def _shared(name: str | None) -> str | None:
    """Thousands of endpoints name the same few nodes and zones: keep each name once."""
    return sys.intern(name) if name else None


def encode_traffic(traffic: Traffic) -> Raw:
    fields: Raw = {"sessionAffinity": str(traffic.affinity), "internalTrafficPolicy": traffic.internal_policy}
    if traffic.affinity is Affinity.CLIENT_IP:
        fields["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": traffic.affinity_timeout}}
    if traffic.distribution is not None:
        fields["trafficDistribution"] = traffic.distribution
    return fields


def decode_traffic(spec: Mapping[str, Any]) -> Traffic:
    return Traffic(
        Affinity(spec.get("sessionAffinity") or Affinity.NONE),
        affinity_timeout(spec),
        spec.get("internalTrafficPolicy"),
        spec.get("trafficDistribution"),
    )


def affinity_timeout(spec: Mapping[str, Any]) -> int | None:
    timeout: int | None = ((spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}).get("timeoutSeconds")
    return timeout


def encode_condition(condition: Condition) -> Raw:
    return {
        "type": str(condition.type),
        "status": _STATUS_TEXT[condition.status],
        "reason": condition.reason,
        "message": condition.message,
        "observedGeneration": condition.observed_generation,
        "lastTransitionTime": condition.since,
    }


def decode_conditions(raw: Mapping[str, Any]) -> tuple[Condition, ...]:
    """Read the conditions that the API defines; those of other types are somebody else's and stay as they are."""
    return tuple(
        Condition(
            ConditionType(item["type"]),
            _STATUS.get(item["status"]),
            item["reason"],
            item["message"],
            item.get("observedGeneration") or 0,
            item["lastTransitionTime"],
        )
        for item in (raw.get("status") or {}).get("conditions") or ()
        if item["type"] in _CONDITION_TYPES
    )


def condition_of(raw: Mapping[str, Any], kind: ConditionType) -> Condition | None:
    return next((condition for condition in decode_conditions(raw) if condition.type is kind), None)


def epoch_seconds(timestamp: str) -> int:
    """Read an API server's time, `2026-01-31T12:00:00Z`."""
    return int(datetime.fromisoformat(timestamp).timestamp())
