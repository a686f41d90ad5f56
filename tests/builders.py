"""Values with good defaults: a test names only what it is about."""

from collections.abc import Iterable
from typing import Any

from cloudmap_mcs.domain.model import (
    ClusterId,
    Endpoint,
    Export,
    Family,
    Gap,
    Port,
    Protocol,
    Record,
    ServiceKey,
    ServiceType,
    Slice,
    family_of,
)

KEY = ServiceKey("shop", "web")
MEMBERS = frozenset(ClusterId(name) for name in ("a", "b", "c", "d", "e", "keeper", "z"))
"""The clusterset of the tests."""
HTTP = Port("http", Protocol.TCP, 80)
POD_HTTP = Port("http", Protocol.TCP, 8080)


def a_slice(*addresses: str, name: str = "web-abc", ports: Iterable[Port] = (POD_HTTP,), **endpoint: Any) -> Slice:
    family = family_of(addresses[0]) if addresses else Family.IPV4
    return Slice.of(name, family, ports, [Endpoint(address, **endpoint) for address in addresses])


def an_export(cluster: str = "a", *, created: int = 1_000, slices: Iterable[Slice] = (), **fields: Any) -> Export:
    values: dict[str, Any] = {
        "type": ServiceType.CLUSTER_SET_IP,
        "ports": (HTTP,),
        "families": (Family.IPV4,),
        **fields,
    }
    return Export(key=values.pop("key", KEY), cluster=ClusterId(cluster), created=created, **values).with_slices(slices)


def a_record(content: Export | Gap, generation: int = 1, *, cluster: str = "a", head: Export | None = None) -> Record:
    source = content.cluster if isinstance(content, Export) else ClusterId(cluster)
    return Record(source, generation, content, head, owner=f"uid-{source}", service_id="srv-1")
