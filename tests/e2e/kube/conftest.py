"""Our adapter against a real API server, with our CRDs and RBAC as we ship them."""

import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from cloudmap_mcs.domain.model import ServiceKey
from cloudmap_mcs.install.crds import custom_resource_definitions
from cloudmap_mcs.kube.access import ApiServer, ClientCertificate, FixedServer
from cloudmap_mcs.kube.client import Identity, KubeClient
from cloudmap_mcs.kube.cluster import KubeCluster
from sandbox.controlplane.applying import apply
from sandbox.controlplane.client import KubeClient as Bystander
from sandbox.controlplane.cluster import ControlPlane
from tests.e2e.kube.lab import an_export_in

_NAMESPACES = (f"kube-{number}" for number in count())


@pytest.fixture(scope="session")
def bystander(control_plane: ControlPlane) -> Bystander:
    """Somebody else with a client of another make, so that the adapter's mistakes do not hide themselves."""
    client = control_plane.client()
    crds = custom_resource_definitions()
    apply(client, crds)
    apply(client, [an_export_in("default", "established")])
    return client


@pytest.fixture(scope="session")
def server(control_plane: ControlPlane, bystander: Bystander) -> ApiServer:
    del bystander
    return ApiServer(control_plane.server, control_plane.ca_file.read_text())


@pytest.fixture(scope="session")
def certificate(control_plane: ControlPlane) -> ClientCertificate:
    pki: Path = control_plane.ca_file.parent
    return ClientCertificate(pki / "admin.crt", pki / "admin.key")


@pytest.fixture
def client(server: ApiServer, certificate: ClientCertificate) -> Iterator[KubeClient]:
    client = KubeClient(FixedServer(server), Identity("test", certificate=certificate), monotonic=time.monotonic)
    yield client
    client.close()


@pytest.fixture
def cluster(client: KubeClient) -> Iterator[KubeCluster]:
    cluster = KubeCluster(client)
    yield cluster
    cluster.close()


@pytest.fixture
def namespace(bystander: Bystander) -> str:
    name = next(_NAMESPACES)
    bystander.create("/api/v1/namespaces", {"metadata": {"name": name}})
    return name


@pytest.fixture
def key(namespace: str) -> ServiceKey:
    return ServiceKey(namespace, "web")
