"""The adapter with exactly the rights that we ship, no more."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from cloudmap_mcs.domain.conditions import Condition
from cloudmap_mcs.domain.imports import ImportStatus, OwnExport
from cloudmap_mcs.domain.model import ServiceKey
from cloudmap_mcs.domain.wellknown import ConditionType, Reason
from cloudmap_mcs.errors import PermanentError
from cloudmap_mcs.install.names import SYSTEM_NAMESPACE, WATCHER
from cloudmap_mcs.install.rbac import importer_rbac, watcher_rbac
from cloudmap_mcs.kube.access import ApiServer, FixedServer, FixedToken
from cloudmap_mcs.kube.client import Identity, KubeClient
from cloudmap_mcs.kube.cluster import KubeCluster
from cloudmap_mcs.kube.exports import export_seen
from cloudmap_mcs.kube.home import HomeCluster, Lease
from cloudmap_mcs.kube.resources import (
    CLUSTER_PROPERTIES,
    ENDPOINT_SLICES,
    NAMESPACES,
    SERVICE_EXPORTS,
    SERVICES,
    Resource,
)
from sandbox.controlplane.applying import apply
from sandbox.controlplane.client import KubeClient as Bystander
from sandbox.controlplane.credentials import Grant, request_token
from tests.e2e.kube.lab import MCS, a_derived_service, an_export_in, an_import, an_imported_slice

pytestmark = pytest.mark.e2e

CONDITION = Condition(ConditionType.VALID, True, Reason.VALID, "", 1, "2026-01-02T03:04:05Z")  # noqa: FBT003


@pytest.fixture
def importer(server: ApiServer, bystander: Bystander, namespace: str) -> Iterator[KubeCluster]:
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "importer", "namespace": namespace}}
    subject = {"kind": "ServiceAccount", "name": "importer", "namespace": namespace}
    role, binding = importer_rbac()
    binding |= {"metadata": {"name": f"importer-{namespace}"}, "subjects": [subject]}
    apply(bystander, [account, role, binding])
    token = FixedToken(request_token(bystander, Grant(namespace, "importer")).value)
    cluster = KubeCluster(KubeClient(FixedServer(server), Identity("importer", token)))
    yield cluster
    cluster.close()


@pytest.fixture
def watcher(server: ApiServer, bystander: Bystander) -> Iterator[KubeClient]:
    system: dict[str, Any] = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM_NAMESPACE}}
    apply(bystander, [system, *watcher_rbac()])
    token = FixedToken(request_token(bystander, Grant(SYSTEM_NAMESPACE, WATCHER)).value)
    client = KubeClient(FixedServer(server), Identity("watcher", token))
    yield client
    client.close()


def test_an_importer_can_do_all_its_work(importer: KubeCluster, bystander: Bystander, namespace: str) -> None:
    key = ServiceKey(namespace, "web")
    export = bystander.create(f"{MCS}/namespaces/{namespace}/serviceexports", an_export_in(namespace, "web"))

    for make in (a_derived_service, an_import, an_imported_slice):
        seen = importer.create(make(key))
        importer.replace(seen, make(key))
    observed = importer.observe(key)
    assert observed.service_import is not None
    assert observed.derived is not None
    importer.write_status(observed.service_import, ImportStatus((), CONDITION))
    conflict = replace(CONDITION, type=ConditionType.CONFLICT)
    importer.write_conflict(key, OwnExport(export["metadata"]["uid"], 1, None), conflict)
    assert key in importer.imports()
    final = importer.observe(key)
    assert final.service_import is not None
    importer.delete(final.service_import)
    importer.delete(final.slices[0])
    importer.delete(observed.derived)

    assert importer.observe(key) == replace(final, service_import=None, status=None, derived=None, slices=())


def test_a_watcher_can_do_all_its_work(watcher: KubeClient, bystander: Bystander, namespace: str) -> None:
    home = HomeCluster(watcher)
    seen = export_seen(bystander.create(f"{MCS}/namespaces/{namespace}/serviceexports", an_export_in(namespace, "web")))
    assert seen is not None

    assert home.owner()
    home.write_conditions(seen, (CONDITION,))
    lease = Lease("me", 15, 1_700_000_000_000, 1_700_000_000_000)
    name = f"lease-{namespace}"
    home.update_lease(home.create_lease(SYSTEM_NAMESPACE, name, lease), lease)
    for resource in (NAMESPACES, SERVICES, ENDPOINT_SLICES, SERVICE_EXPORTS, CLUSTER_PROPERTIES):
        listable_and_watchable(watcher, resource)
    with pytest.raises(PermanentError, match="403"):
        home.read_lease(namespace, name)


def listable_and_watchable(client: KubeClient, resource: Resource) -> None:
    client.items(resource.everywhere)
    client.watch(resource.everywhere, query=(), silence=5).close()
