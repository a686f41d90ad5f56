"""Which cluster this is: two ClusterProperties (KEP-2149) and the UID of kube-system."""

from collections.abc import Mapping
from dataclasses import dataclass

from cloudmap_mcs.domain.model import ClusterId, cluster_id
from cloudmap_mcs.domain.wellknown import PROPERTY_CLUSTER, PROPERTY_CLUSTERSET
from cloudmap_mcs.errors import IdentityError, PermanentError


@dataclass(frozen=True, slots=True)
class ClusterIdentity:
    """A member cluster: its id in the clusterset, and the UID that tells it from any other that claims this id."""

    cluster: ClusterId
    owner: str


def identify(
    properties: Mapping[str, str], owner: str, *, clusterset: str, members: frozenset[ClusterId]
) -> ClusterIdentity:
    """Read the identity; raises IdentityError with a sentence that says what to create or change."""
    cluster, held = properties.get(PROPERTY_CLUSTER), properties.get(PROPERTY_CLUSTERSET)
    if cluster is None or held is None:
        missing = PROPERTY_CLUSTER if cluster is None else PROPERTY_CLUSTERSET
        raise IdentityError(f"ClusterProperty {missing} is missing; deploy the clusterset or create it")
    if held != clusterset:
        raise IdentityError(
            f"ClusterProperty {PROPERTY_CLUSTERSET} is {held!r}, but this watcher was deployed for {clusterset!r}"
        )
    try:
        known = cluster_id(cluster)
    except PermanentError as error:
        raise IdentityError(f"ClusterProperty {PROPERTY_CLUSTER}: {error}") from error
    if known not in members:
        raise IdentityError(
            f"ClusterProperty {PROPERTY_CLUSTER} is {cluster!r}, which clusterset.yaml does not list; "
            f"members are {', '.join(sorted(members))}"
        )
    return ClusterIdentity(known, owner)
