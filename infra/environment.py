"""What the functions find in their environment; `tests/infra/test_seam.py` holds it against the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.alarms import METRICS_NAMESPACE, SERVICE

if TYPE_CHECKING:
    from cloudmap_mcs.clusterset import Cluster
    from infra.reaching import AccessRole
    from infra.shared import Shared


def environment(shared: Shared, cluster: Cluster, *, queue_url: str, role: AccessRole | None) -> dict[str, str]:
    """Return the variables of one cluster's importer; MCS_ ones are ours, POWERTOOLS_ ones the library's.

    `role` is the one that it becomes where the cluster is in another account.
    """
    assumed = {"MCS_ASSUME_ROLE_ARN": role.arn, "MCS_ASSUME_EXTERNAL_ID": role.external_id} if role else {}
    return {
        "MCS_CLUSTERSET": shared.clusterset.clusterset,
        "MCS_CLUSTER": cluster.id,
        "MCS_MEMBERS": ",".join(shared.clusterset.members),
        "MCS_NAMESPACE_ID": shared.namespace_id,
        "MCS_HUB_REGION": shared.clusterset.hub.region,
        "MCS_EKS_CLUSTER": cluster.eks,
        "MCS_EKS_REGION": cluster.region,
        "MCS_QUEUE_URL": queue_url,
        "MCS_RESYNC_SECONDS": str(shared.resync_seconds),
        **assumed,
        **_powertools(shared, SERVICE),
    }


def installer_environment(shared: Shared) -> dict[str, str]:
    """Return the variables of an installer; all that concerns one cluster is in the custom resource's properties."""
    return {
        "MCS_CLUSTERSET": shared.clusterset.clusterset,
        "MCS_HUB_REGION": shared.clusterset.hub.region,
        **_powertools(shared, "installer"),
    }


def _powertools(shared: Shared, service: str) -> dict[str, str]:
    return {
        "POWERTOOLS_SERVICE_NAME": service,
        "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
        "POWERTOOLS_LOG_LEVEL": shared.clusterset.importer.log_level,
    }
