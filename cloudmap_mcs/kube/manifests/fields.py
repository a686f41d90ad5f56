"""Fields that several kinds share, in both directions."""

import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from cloudmap_mcs.domain.conditions import Condition
from cloudmap_mcs.domain.imports import Traffic
from cloudmap_mcs.domain.model import Affinity, Endpoint, Family, Port, Protocol
from cloudmap_mcs.domain.wellknown import LABEL_MANAGED_BY, MANAGED_BY, ConditionType
from cloudmap_mcs.kube.manifests.reading import Reading, flag, listed, mapped, number, text, texts

Raw = dict[str, Any]

_STATUS: Final = {"True": True, "False": False, "Unknown": None}
_STATUS_TEXT: Final = {True: "True", False: "False", None: "Unknown"}


def labels_of(raw: Mapping[str, Any]) -> dict[str, str]:
    return texts_in(raw["metadata"].get("labels"))


def annotations_of(raw: Mapping[str, Any]) -> dict[str, str]:
    return texts_in(raw["metadata"].get("annotations"))


def texts_in(mapping: Any) -> dict[str, str]:
    """Give the pairs of a string map that are strings; of anything else there are none."""
    if not isinstance(mapping, dict):
        return {}
    return {key: value for key, value in mapping.items() if isinstance(value, str)}


def spec_of(raw: Mapping[str, Any], reading: Reading) -> dict[str, Any]:
    """Give an object's spec, empty where there is none."""
    return reading.read(mapped, raw.get("spec"), {})


def is_ours(raw: Mapping[str, Any]) -> bool:
    """Say whether a ServiceImport or Service carries our mark; an EndpointSlice has a label of its own."""
    return labels_of(raw).get(LABEL_MANAGED_BY) == MANAGED_BY


def encode_ports(ports: Iterable[Port]) -> list[Raw]:
    return [
        {
            **({"name": port.name} if port.name else {}),
            "protocol": str(port.protocol),
            "port": port.number,
            **({"appProtocol": port.app_protocol} if port.app_protocol is not None else {}),
        }
        for port in ports
    ]


def decode_ports(raw: Any) -> tuple[Port, ...]:
    """Read ports. An EndpointSlice's port without a number stands for all ports and cannot be offered: left out."""
    return tuple(_decode_port(port) for port in map(mapped, listed(raw)) if port.get("port") is not None)


def _decode_port(raw: Mapping[str, Any]) -> Port:
    return Port(
        text(raw.get("name"), ""),
        Protocol(text(raw.get("protocol"), Protocol.TCP)),
        number(raw["port"], 0),
        text(raw.get("appProtocol"), None),
    )


def decode_families(raw: Any) -> tuple[Family, ...]:
    return tuple(Family(family) for family in texts(raw))


def decode_endpoint(raw: Any) -> Endpoint:
    """Read an endpoint: its first address (consumers use no other); unset `ready` is ready, `serving` follows it."""
    fields = mapped(raw)
    conditions = mapped(fields.get("conditions"))
    ready = flag(conditions.get("ready"), absent=True)
    addresses = texts(fields.get("addresses"))
    return Endpoint(
        address=addresses[0] if addresses else "",
        ready=ready,
        serving=flag(conditions.get("serving"), absent=ready),
        terminating=flag(conditions.get("terminating"), absent=False),
        hostname=text(fields.get("hostname"), None) or None,
        node=_shared(text(fields.get("nodeName"), None)),
        zone=_shared(text(fields.get("zone"), None)),
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
        Affinity(text(spec.get("sessionAffinity"), Affinity.NONE)),
        affinity_timeout(spec),
        _filled(spec.get("internalTrafficPolicy")),
        text(spec.get("trafficDistribution"), None),
    )


def affinity_timeout(spec: Mapping[str, Any]) -> int | None:
    client_ip = mapped(mapped(spec.get("sessionAffinityConfig")).get("clientIP"))
    timeout = number(client_ip.get("timeoutSeconds"), None)
    if timeout is not None and timeout < 1:
        raise ValueError(f"a timeout of {timeout} s")
    return timeout


def _filled(value: Any) -> str | None:
    found = text(value, None)
    if found == "":
        raise ValueError("an empty name")
    return found


def encode_condition(condition: Condition) -> Raw:
    return {
        "type": str(condition.type),
        "status": _STATUS_TEXT[condition.status],
        "reason": condition.reason,
        "message": condition.message,
        "observedGeneration": condition.observed_generation,
        "lastTransitionTime": condition.since,
    }


def status_of(raw: Mapping[str, Any]) -> dict[str, Any]:
    return Reading().read(mapped, raw.get("status"), {})


def conditions_of(raw: Mapping[str, Any]) -> list[Raw]:
    """Give an object's conditions as they are, whoever wrote them; what is no object is none."""
    found = Reading().read(listed, status_of(raw).get("conditions"), ())
    return [item for item in found if isinstance(item, dict)]


def decode_conditions(raw: Mapping[str, Any]) -> tuple[Condition, ...]:
    """Read the conditions that the API defines; those of other types are somebody else's and stay as they are.

    One that cannot be read is left out: it is as good as not written, and the next write repairs it.
    """
    found = (Reading().read(_decode_condition, item, None) for item in conditions_of(raw))
    return tuple(condition for condition in found if condition)


def _decode_condition(raw: Mapping[str, Any]) -> Condition:
    return Condition(
        ConditionType(raw["type"]),
        _STATUS[raw["status"]],
        text(raw["reason"], ""),
        text(raw["message"], ""),
        number(raw.get("observedGeneration"), 0),
        text(raw["lastTransitionTime"], ""),
    )


def condition_of(raw: Mapping[str, Any], kind: ConditionType) -> Condition | None:
    return next((condition for condition in decode_conditions(raw) if condition.type is kind), None)


def epoch_seconds(timestamp: str) -> int:
    """Read an API server's time, `2026-01-31T12:00:00Z`."""
    return int(datetime.fromisoformat(timestamp).timestamp())
