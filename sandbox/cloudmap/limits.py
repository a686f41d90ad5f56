"""Limits and rates of Cloud Map, as data.

Sources: the service model in botocore, the quota page of the Cloud Map developer guide.
Control-plane rates are unpublished; those below are the built-in limits of the public Go MCS controller.
"""

from collections.abc import Mapping
from types import MappingProxyType

MAX_ATTRIBUTES = 30
"""Attributes of one instance, and of one service."""
MAX_ATTRIBUTE_CHARACTERS = 5000
"""Sum of the lengths of all keys and values of one instance."""
MAX_TAGS = 50
"""Tags of one resource."""
LIST_PAGE = 100
"""Default and largest page of the List operations."""
DISCOVER_DEFAULT = 100
"""Instances in one DiscoverInstances answer without MaxResults; there is no next page."""

RATES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "DiscoverInstances": (1000, 2000),
        "DiscoverInstancesRevision": (3000, 6000),
        "ListNamespaces": (0.5, 5),
        "ListServices": (2, 10),
        "ListInstances": (50, 100),
        "CreateService": (5, 50),
        "CreateHttpNamespace": (0.5, 5),
        "RegisterInstance": (50, 100),
        "DeregisterInstance": (50, 100),
        "GetOperation": (100, 200),
    }
)
"""Operation → calls per second and burst, per account and Region; what `throttle: "aws"` means."""

RECORD_SETS: frozenset[frozenset[str]] = frozenset(
    frozenset(types) for types in (("A",), ("AAAA",), ("A", "AAAA"), ("SRV",), ("CNAME",))
)
"""The combinations of DNS record types that one service may have."""

RECORD_ATTRIBUTES: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        "A": (("AWS_INSTANCE_IPV4",),),
        "AAAA": (("AWS_INSTANCE_IPV6",),),
        "SRV": (("AWS_INSTANCE_PORT",), ("AWS_INSTANCE_IPV4", "AWS_INSTANCE_IPV6")),
        "CNAME": (("AWS_INSTANCE_CNAME",),),
    }
)
"""Record type → groups of attributes; an instance must have at least one attribute of each group."""
