"""The two ClusterProperties that make a cluster a member of a clusterset (KEP-2149, "Well known properties")."""

from cloudmap_mcs.domain.wellknown import PROPERTY_CLUSTER, PROPERTY_CLUSTERSET
from cloudmap_mcs.install.names import ABOUT_GROUP, Manifest, cluster_wide


def cluster_properties(*, cluster: str, clusterset: str) -> tuple[Manifest, ...]:
    """Return the properties that say which cluster this is and which clusterset it belongs to."""
    return (_property(PROPERTY_CLUSTER, cluster), _property(PROPERTY_CLUSTERSET, clusterset))


def _property(name: str, value: str) -> Manifest:
    return {
        "apiVersion": f"{ABOUT_GROUP}/v1beta1",
        "kind": "ClusterProperty",
        "metadata": cluster_wide(name, "identity"),
        "spec": {"value": value},
    }
