"""The whole import of a key on real API servers: addresses, families, types and statuses as they answer them."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom
from typing import Any

import pytest

from cloudmap_mcs.domain import names
from cloudmap_mcs.domain.model import ClusterId, Family, Gap, Port, Protocol, ServiceKey, ServiceType, family_of
from cloudmap_mcs.install.crds import custom_resource_definitions
from cloudmap_mcs.kube.access import ApiServer, ClientCertificate, FixedServer
from cloudmap_mcs.kube.client import Identity, KubeClient
from cloudmap_mcs.kube.cluster import KubeCluster
from cloudmap_mcs.reconcile.importing import Ask, Importer
from cloudmap_mcs.reconcile.outcome import Outcome
from sandbox.controlplane.applying import apply
from sandbox.controlplane.client import KubeClient as Bystander
from sandbox.controlplane.cluster import ControlPlane
from sandbox.controlplane.spec import ClusterSpec, Ports
from sandbox.process import Processes, free_ports
from tests.builders import MEMBERS, a_record, a_slice, an_export
from tests.e2e.kube.lab import an_export_in, imports, services, slices
from tests.fakes.clock import FixedClock
from tests.fakes.registry import InMemoryRegistry

pytestmark = pytest.mark.e2e

V4, V6 = Family.IPV4, Family.IPV6
OWN = ClusterId("z")


@dataclass
class Side:
    """One importing cluster, the registry it reads, and one key in a namespace of its own."""

    cluster: KubeCluster
    bystander: Bystander
    key: ServiceKey
    registry: InMemoryRegistry = field(default_factory=InMemoryRegistry)
    generation: int = 0

    def exports(self, cluster: str = "a", **fields: Any) -> Outcome:
        """Have a cluster export the key as said, and import it."""
        self.generation += 1
        record = a_record(an_export(cluster, key=self.key, **fields), self.generation)
        self.registry.write(self.key, record.cluster, record)
        return self.reconcile()

    def reconcile(self) -> Outcome:
        importer = Importer(OWN, self.cluster, self.registry, FixedClock(), MEMBERS)
        return importer.reconcile(self.key, Ask())

    @property
    def its_import(self) -> dict[str, Any]:
        return self.bystander.get(f"{imports(self.key)}/{self.key.name}")

    @property
    def service_path(self) -> str:
        return f"{services(self.key)}/{names.derived_service(self.key)}"

    @property
    def addresses(self) -> tuple[list[str], list[str]]:
        """Addresses and families of the ServiceImport; they are those of the derived Service, in the same order."""
        spec, service = self.its_import["spec"], self.bystander.get(self.service_path)["spec"]
        given = [ip for ip in service["clusterIPs"] if ip != "None"]
        assert (spec["ips"], spec["ipFamilies"]) == (given, service["ipFamilies"])
        assert not given or [str(family_of(ip)) for ip in given] == spec["ipFamilies"]
        return spec["ips"], spec["ipFamilies"]

    @property
    def ready(self) -> dict[str, Any]:
        (condition,) = self.its_import["status"]["conditions"]
        return condition  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def dual_stack(tmp_path_factory: pytest.TempPathFactory, binaries: dict[str, Path]) -> Iterator[ControlPlane]:
    folder = tmp_path_factory.mktemp("dual-stack")
    cidrs = ("10.204.0.0/16", "fd00:204::/64"), ("10.104.0.0/16", "fd00:104::/112")
    with Processes(folder) as processes:
        ports = Ports(*free_ports(6, SystemRandom()))
        plane = ControlPlane(
            ClusterSpec("dual", folder / "dual", *cidrs), ports, binaries=binaries, processes=processes
        )
        plane.start(datetime.now(UTC))  # noqa: TID251 - a door
        apply(plane.client(), custom_resource_definitions())
        apply(plane.client(), [an_export_in("default", "established")])
        yield plane


@pytest.fixture
def dual(dual_stack: ControlPlane, request: pytest.FixtureRequest) -> Iterator[Side]:
    """One key in a cluster with both families, IPv4 first."""
    bystander, pki = dual_stack.client(), dual_stack.ca_file.parent
    namespace = f"dual-{abs(hash(request.node.name)) % 10**9}"
    bystander.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
    certificate = ClientCertificate(pki / "admin.crt", pki / "admin.key")
    server = FixedServer(ApiServer(dual_stack.server, dual_stack.ca_file.read_text()))
    client = KubeClient(server, Identity("test", certificate=certificate), monotonic=time.monotonic)
    cluster = KubeCluster(client)
    yield Side(cluster, bystander, ServiceKey(namespace, "web"))
    cluster.close()
    client.close()


@pytest.fixture
def single(cluster: KubeCluster, bystander: Bystander, key: ServiceKey) -> Side:
    """One key in a cluster that has IPv4 only."""
    return Side(cluster, bystander, key)


def test_an_address_stays_while_the_second_family_comes_and_goes(dual: Side) -> None:
    dual.exports(families=(V4,))
    first, families = dual.addresses
    assert families == ["IPv4"]

    dual.exports(families=(V6, V4))
    both, families = dual.addresses
    assert (both[:1], families) == (first, ["IPv4", "IPv6"])

    dual.exports(families=(V4,))
    assert dual.addresses == (first, ["IPv4"])


def test_a_second_family_that_is_left_alone_keeps_its_address(dual: Side) -> None:
    dual.exports(families=(V4, V6))
    both, _ = dual.addresses

    dual.exports(families=(V6,))

    assert dual.addresses == (both[1:], ["IPv6"])


def test_an_import_is_settled_after_one_reconcile_whatever_it_was_before(dual: Side) -> None:
    for fields in (
        {"families": (V4,)},
        {"families": (V4, V6)},
        {"families": (V6,)},
        {"families": (V4, V6), "type": ServiceType.HEADLESS},
        {"families": (V6,), "type": ServiceType.HEADLESS},
        {"families": (V6, V4)},
    ):
        outcome = dual.exports(**fields)

        assert (outcome.retry, outcome.unsettled) == (False, "")
        assert dual.reconcile().changes == ()
        assert dual.ready["observedGeneration"] == dual.its_import["metadata"]["generation"]


def test_a_derived_service_deleted_by_hand_comes_back_with_both_addresses(dual: Side) -> None:
    dual.exports(families=(V4, V6), slices=[a_slice("10.1.0.1")])
    held = dual.addresses

    dual.bystander.delete(dual.service_path)
    dual.reconcile()

    assert dual.addresses == held


@pytest.mark.parametrize("taken", [0, 1], ids=["primary", "second"])
def test_of_two_addresses_one_that_was_taken_meanwhile_is_replaced(dual: Side, taken: int) -> None:
    """The other comes back if the API server lets it: it may still hold what the first, refused attempt got."""
    dual.exports(families=(V4, V6))
    held, _ = dual.addresses
    dual.bystander.delete(dual.service_path)
    thief = {"clusterIP": held[taken], "ports": [{"port": 1}], "type": "ClusterIP"}
    dual.bystander.create(services(dual.key), {"metadata": {"name": "thief"}, "spec": thief})

    dual.reconcile()

    now, families = dual.addresses
    assert set(families) == {"IPv4", "IPv6"}
    assert set(now) & set(held) <= {held[1 - taken]}
    assert dual.ready["status"] == "True"


def test_a_type_flip_goes_there_and_back(dual: Side) -> None:
    pod = a_slice("10.1.0.1")
    dual.exports(families=(V4, V6), slices=[pod])

    dual.exports(families=(V4, V6), slices=[pod], type=ServiceType.HEADLESS)
    assert (dual.its_import["spec"]["type"], dual.addresses) == ("Headless", ([], ["IPv4", "IPv6"]))

    dual.exports(families=(V4, V6), slices=[pod])
    assert dual.its_import["spec"]["type"] == "ClusterSetIP"
    assert len(dual.addresses[0]) == 2
    (found,) = dual.bystander.get(slices(dual.key))["items"]
    assert found["metadata"]["labels"]["kubernetes.io/service-name"] == names.derived_service(dual.key)


def test_a_dual_stack_export_gives_a_single_stack_cluster_one_address(single: Side) -> None:
    pods = [a_slice("10.1.0.1", name="four"), a_slice("fd01::1", name="six")]
    single.exports(families=(V6, V4), slices=pods)

    ips, families = single.addresses
    assert (len(ips), families) == (1, ["IPv4"])
    assert single.ready["status"] == "True"
    assert single.reconcile().changes == ()


def test_an_export_of_another_family_only_is_imported_without_an_address_until_it_has_one(single: Side) -> None:
    single.exports(families=(V6,), slices=[a_slice("fd01::1")])

    assert single.its_import["spec"]["ips"] == []
    assert (single.ready["status"], single.ready["reason"]) == ("False", "IPFamilyNotSupported")
    assert single.reconcile().changes == ()

    single.exports(families=(V6, V4))
    assert single.addresses[1] == ["IPv4"]
    assert single.ready["status"] == "True"


def test_a_headless_import_has_families_and_never_an_address(single: Side) -> None:
    single.exports(families=(V4,), type=ServiceType.HEADLESS, slices=[a_slice("10.1.0.1", hostname="web-0")])

    assert single.addresses == ([], ["IPv4"])


def test_an_unnamed_port_gets_company_without_ever_losing_its_endpoints(single: Side) -> None:
    """A slice holds the old name, which is none, beside the new one while the Service changes."""
    bare, pod = Port("", Protocol.TCP, 80), Port("", Protocol.TCP, 8080)
    metrics = Port("metrics", Protocol.SCTP, 90)
    single.exports(ports=(bare,), slices=[a_slice("10.1.0.1", ports=(pod,))])

    single.exports("b", created=2_000, ports=(metrics,), slices=[a_slice("10.2.0.1", name="s2", ports=(metrics,))])

    assert [port["name"] for port in single.its_import["spec"]["ports"]] == ["tcp-80", "metrics"]
    held = single.bystander.get(slices(single.key))["items"]
    assert {port["name"]: port["port"] for item in held for port in item["ports"]} == {"tcp-80": 8080, "metrics": 90}


def test_a_conflict_is_said_and_goes_with_the_export(single: Side) -> None:
    path = f"{imports(single.key).replace('imports', 'exports')}/web"
    single.bystander.create(path.removesuffix("/web"), an_export_in(single.key.namespace, "web"))
    single.exports()

    single.exports(OWN, created=2_000, ports=(Port("http", Protocol.TCP, 81),), labels=(("team", "web"),))
    (condition,) = single.bystander.get(path)["status"]["conditions"]
    assert (condition["type"], condition["status"]) == ("Conflict", "True")
    assert condition["reason"] == "PortConflict,LabelsConflict"

    single.registry.write(single.key, OWN, a_record(Gap.UNEXPORTED, 99, cluster=OWN))
    single.reconcile()
    assert "conditions" not in single.bystander.get(path).get("status", {})
