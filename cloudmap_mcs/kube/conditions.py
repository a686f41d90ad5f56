"""Conditions on ServiceExports: the one place of server-side apply, so that several writers own one list by type.

Each manager sends all of its own conditions every time; a condition it leaves out goes, others' stay.
"""

from collections.abc import Iterable
from enum import StrEnum

from cloudmap_mcs.domain.conditions import Condition
from cloudmap_mcs.domain.model import ServiceKey
from cloudmap_mcs.errors import StaleError
from cloudmap_mcs.kube.client import APPLY, Call, KubeClient, Raw
from cloudmap_mcs.kube.manifests.fields import encode_condition
from cloudmap_mcs.kube.resources import SERVICE_EXPORTS


class FieldManager(StrEnum):
    """Who owns which conditions: the importer Conflict, the watcher Valid and Ready."""

    IMPORTER = "cloudmap-mcs-importer"
    WATCHER = "cloudmap-mcs-watcher"


def apply_conditions(
    client: KubeClient, manager: FieldManager, key: ServiceKey, *, uid: str, conditions: Iterable[Condition]
) -> None:
    """Make these the manager's conditions on the ServiceExport with this uid, and on no other.

    Raises StaleError if it is gone or was created anew since.
    """
    path = SERVICE_EXPORTS.of(key)
    query = (("fieldManager", str(manager)), ("force", "true"))
    status = {"conditions": [encode_condition(condition) for condition in conditions]}
    for is_last in (False, False, True):
        # On the status of a custom resource the API server compares resourceVersion and ignores a uid.
        metadata = client.get(path)["metadata"]
        if metadata["uid"] != uid:
            raise StaleError(f"ServiceExport {key} was created anew")
        body = _body(key, metadata["resourceVersion"], status)
        try:
            client.request(Call("PATCH", f"{path}/status", query=query, body=body, media=APPLY))
        except StaleError:
            if is_last:
                raise
        else:
            return


def _body(key: ServiceKey, version: str, status: Raw) -> Raw:
    return {
        "apiVersion": SERVICE_EXPORTS.version,
        "kind": SERVICE_EXPORTS.kind,
        "metadata": {"name": key.name, "namespace": key.namespace, "resourceVersion": version},
        "status": status,
    }
