"""Names of derived objects, with every length limit; injective for distinct keys (up to the hash)."""

import base64
import hashlib
import re
from typing import Final

from cloudmap_mcs.domain.model import CLUSTER_ID_LIMIT, ClusterId, ServiceKey

MEMBERS: Final = "members"
"""The reserved Cloud Map service. It has no dot, so it cannot collide with `<service>.<namespace>`."""

CLOUD_MAP_NAME_LIMIT: Final = 127
_SLICE_NAME_LIMIT: Final = 253
_HASH_LENGTH: Final = 20
_ID_HASH_LENGTH: Final = 6
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)


def _digest(text: str, length: int) -> str:
    return base64.b32hexencode(hashlib.sha256(text.encode()).digest()).decode().lower().rstrip("=")[:length]


def derived_service(key: ServiceKey) -> str:
    """Name the derived Service as upstream's reference and Cilium do, so that tools find it."""
    return "derived-" + _digest(f"{key.namespace}/{key.name}", 10)


def imported_slice(key: ServiceKey, source: ClusterId, source_slice: str, split: int = 0) -> str:
    """Name an imported EndpointSlice: readable start, then a hash of all that tells it apart."""
    identity = "\0".join((key.namespace, key.name, source, source_slice, str(split)))
    readable = f"{key.name}-{source}"[: _SLICE_NAME_LIMIT - _HASH_LENGTH - 1].rstrip("-.")
    return f"{readable}-{_digest(identity, _HASH_LENGTH)}"


def derived_cluster_id(eks_name: str) -> ClusterId:
    """Make a cluster id of an EKS name, which may be longer and have capitals and underscores.

    A name that is an id already stays as it is; one that has to be changed gets a hash of the whole, so that two names
    never give the same id (up to the hash).
    """
    readable = re.sub(r"[^a-z0-9-]", "-", eks_name.lower()).strip("-")
    if eks_name == readable and len(eks_name) <= CLUSTER_ID_LIMIT:
        return ClusterId(eks_name)
    kept = readable[: CLUSTER_ID_LIMIT - _ID_HASH_LENGTH - 1].rstrip("-")
    return ClusterId("-".join(filter(None, (kept, _digest(eks_name, _ID_HASH_LENGTH)))))


def namespace(clusterset: str) -> str:
    """Name the clusterset's Cloud Map namespace."""
    return f"mcs.{clusterset}"


def cloud_map_service(key: ServiceKey) -> str:
    """Name a key's Cloud Map service. A Service name of 63 and a namespace of 63 are just within its 127."""
    return f"{key.name}.{key.namespace}"


def service_key(cloud_map_name: str) -> ServiceKey | None:
    """Read a key back from a Cloud Map service name; None for a name that is not one of ours: not two DNS labels."""
    name, _, namespace_name = cloud_map_name.partition(".")
    if not (_LABEL.fullmatch(name) and _LABEL.fullmatch(namespace_name)):
        return None
    return ServiceKey(namespace_name, name)
