"""The adapter with exactly the rights that we ship; it uses every one of them."""

import random
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import astuple, replace
from itertools import product
from typing import Any

import pytest
from urllib3 import HTTPResponse

from cloudmap_mcs.domain.conditions import Condition
from cloudmap_mcs.domain.imports import ImportStatus, OwnExport
from cloudmap_mcs.domain.model import ServiceKey
from cloudmap_mcs.domain.wellknown import ConditionType, Reason
from cloudmap_mcs.errors import PermanentError
from cloudmap_mcs.install.names import SYSTEM_NAMESPACE, WATCHER
from cloudmap_mcs.install.rbac import importer_rbac, watcher_rbac
from cloudmap_mcs.kube.access import ApiServer, FixedServer, FixedToken
from cloudmap_mcs.kube.client import Call, Identity, KubeClient
from cloudmap_mcs.kube.cluster import KubeCluster
from cloudmap_mcs.kube.exports import export_seen
from cloudmap_mcs.kube.home import HomeCluster, Lease
from cloudmap_mcs.kube.reflector import Chance
from cloudmap_mcs.kube.resources import CLUSTER_PROPERTIES, NAMESPACES, SERVICE_EXPORTS
from cloudmap_mcs.ports import Offered
from cloudmap_mcs.watcher.sources import Listeners, ReflectedCluster
from sandbox.controlplane.applying import apply
from sandbox.controlplane.client import KubeClient as Bystander
from sandbox.controlplane.credentials import Grant, request_token
from tests.e2e.kube.lab import (
    MCS,
    a_derived_service,
    an_export_in,
    an_import,
    an_imported_slice,
    services,
    slices,
)
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

Right = tuple[str, str, str]

CHANCE = Chance(random=random.SystemRandom().random, monotonic=time.monotonic)
CONDITION = Condition(ConditionType.VALID, True, Reason.VALID, "", 1, "2026-01-02T03:04:05Z")  # noqa: FBT003


VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
PATH = re.compile(
    r"/(api|apis/(?P<group>[^/]+))/[^/]+(/namespaces/[^/]+(?=/))?"
    r"/(?P<kind>[^/]+)(/(?P<name>[^/]+)(?P<part>/status)?)?"
)


class Recording(KubeClient):
    """A client that remembers which rights it used: verb, group and resource, as roles name them."""

    def __init__(self, server: ApiServer, identity: Identity) -> None:
        super().__init__(FixedServer(server), identity)
        self.used: set[Right] = set()

    def _open(self, call: Call) -> HTTPResponse:
        path = PATH.fullmatch(call.path)
        assert path is not None
        is_watch = ("watch", "true") in call.query
        reading = "watch" if is_watch else "get" if path["name"] else "list"
        self.used.add((VERBS.get(call.verb, reading), path["group"] or "", path["kind"] + (path["part"] or "")))
        return super()._open(call)


def granted(manifests: Iterable[dict[str, Any]]) -> set[Right]:
    return {
        right
        for manifest in manifests
        for rule in manifest.get("rules", ())
        for right in product(rule["verbs"], rule["apiGroups"], rule["resources"])
    }


@pytest.fixture
def caller(server: ApiServer, bystander: Bystander, namespace: str) -> Recording:
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "importer", "namespace": namespace}}
    subject = {"kind": "ServiceAccount", "name": "importer", "namespace": namespace}
    role, binding = importer_rbac()
    binding |= {"metadata": {"name": f"importer-{namespace}"}, "subjects": [subject]}
    apply(bystander, [account, role, binding])
    token = FixedToken(request_token(bystander, Grant(namespace, "importer")).value)
    return Recording(server, Identity("importer", token))


@pytest.fixture
def watcher(server: ApiServer, bystander: Bystander) -> Iterator[Recording]:
    system: dict[str, Any] = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM_NAMESPACE}}
    apply(bystander, [system, *watcher_rbac()])
    token = FixedToken(request_token(bystander, Grant(SYSTEM_NAMESPACE, WATCHER)).value)
    client = Recording(server, Identity("watcher", token))
    yield client
    client.close()


def test_an_importer_can_do_all_its_work(caller: Recording, bystander: Bystander, namespace: str) -> None:
    importer = KubeCluster(caller)
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
    assert caller.used == granted(importer_rbac())
    importer.close()


def test_a_watcher_can_do_all_its_work(watcher: Recording, bystander: Bystander, namespace: str) -> None:
    key = ServiceKey(namespace, "web")
    home = HomeCluster(watcher)
    appeared: list[str] = []
    reflected = ReflectedCluster(watcher, home, Listeners(lambda _: None, lambda: None, appeared.append), CHANCE)
    reflected.start()
    eventually("all kinds are listed", lambda: not reflected.unsynced)

    seen = export_seen(offer(bystander, key))
    eventually("all kinds are watched", lambda: is_whole(reflected.offered(key)))
    eventually("properties are watched", lambda: reflected.identity().get(namespace) == "v")
    bystander.create(NAMESPACES.everywhere, {"metadata": {"name": f"{namespace}-later"}})
    eventually("namespaces are watched", lambda: appeared == [f"{namespace}-later"])
    reflected.stop()
    bystander.delete(CLUSTER_PROPERTIES.path(namespace))
    assert seen is not None
    reflected.write_conditions(seen, (CONDITION,))
    assert home.owner()
    lease = Lease("me", 15, 1_700_000_000_000, 1_700_000_000_000)
    name = f"lease-{namespace}"
    home.update_lease(home.create_lease(SYSTEM_NAMESPACE, name, lease), lease)
    assert home.read_lease(SYSTEM_NAMESPACE, name) is not None

    assert watcher.used == granted(watcher_rbac())
    with pytest.raises(PermanentError, match="403"):
        home.read_lease(namespace, name)


def offer(bystander: Bystander, key: ServiceKey) -> dict[str, Any]:
    """Make one object of each kind that a watcher watches, and give the ServiceExport."""
    about = {"apiVersion": CLUSTER_PROPERTIES.version, "kind": CLUSTER_PROPERTIES.kind}
    fact = about | {"metadata": {"name": key.namespace}, "spec": {"value": "v"}}
    bystander.create(CLUSTER_PROPERTIES.everywhere, fact)
    bystander.create(services(key), {"metadata": {"name": key.name}, "spec": {"ports": [{"port": 80}]}})
    metadata = {"name": "web-1", "labels": {"kubernetes.io/service-name": key.name}}
    bystander.create(slices(key), {"metadata": metadata, "addressType": "IPv4", "endpoints": []})
    export: dict[str, Any] = bystander.create(SERVICE_EXPORTS.within(key.namespace), an_export_in(*astuple(key)))
    return export


def is_whole(offered: Offered) -> bool:
    return bool(offered.export and offered.service and offered.slices)
