"""What a Delete takes out of a cluster and of the registry, and what it leaves alone."""

import pytest

from cloudmap_mcs.domain.model import ClusterId, ServiceKey
from cloudmap_mcs.errors import PermanentError, UnreachableError
from cloudmap_mcs.kube.client import Call
from cloudmap_mcs.kube.failures import TokenRefusedError
from cloudmap_mcs.reconcile.installing.patience import OutOfTimeError
from tests.lambdas.installer.rig import Rig
from tests.lambdas.installer.test_door import CART, EAST, INSTALLED, SHOP, failed


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_a_delete_uninstalls_and_clears_the_registry(rig: Rig) -> None:
    before = rig.api.names()
    rig.attend()
    rig.register(CART, SHOP)
    rig.registry.records.add((CART, ClusterId("west")))

    answer = rig.attend("Delete", physical_id=INSTALLED)

    assert (answer.is_success, answer.physical_id) == (True, INSTALLED)
    assert answer.data["Done"] == "dns, watcher, rights, derived objects, properties, namespace, 2 records"
    assert {name.partition(" ")[0] for name in rig.api.names() - before} == {"CustomResourceDefinition"}
    assert rig.registry.records == {(CART, ClusterId("west"))}
    assert rig.registry.services == {CART}
    assert EAST not in rig.registry.members


def test_a_delete_goes_on_where_the_last_one_ran_out_of_time(rig: Rig) -> None:
    rig.attend()
    keys = [ServiceKey("shop", f"s{number:02}") for number in range(50)]
    rig.register(*keys)
    rig.registry.before = lambda call: rig.clock.sleep(10) if call == "clear" else None

    failed(rig, "Delete", OutOfTimeError, "east in 10 Cloud Map services", seconds=20, physical_id=INSTALLED)

    assert EAST in rig.registry.members
    assert rig.attend("Delete", physical_id=INSTALLED).data["Done"].endswith("10 records")
    assert rig.registry.services == set()


def test_of_a_cluster_that_is_gone_the_records_go(rig: Rig) -> None:
    rig.register(CART, owner="uid-of-before")
    rig.eks.statuses = ["DELETING", "DELETING", "GONE"]

    answer = rig.attend("Delete", physical_id=INSTALLED)

    assert answer.data == {"Done": "1 records", "Told": "the cluster does not exist any more"}
    assert rig.registry.records == set()
    assert rig.api.calls == []


def test_a_cluster_that_takes_too_long_to_go_fails_the_delete(rig: Rig) -> None:
    rig.eks.statuses = ["DELETING"] * 100

    failed(rig, "Delete", OutOfTimeError, "EKS is still deleting", seconds=30, physical_id=INSTALLED)


def test_a_cluster_that_is_another_one_by_now_is_left_alone_and_so_are_its_records(rig: Rig) -> None:
    rig.attend()
    rig.cluster.seen("ClusterProperty", "cluster.clusterset.k8s.io")["spec"]["value"] = "west"
    rig.register(CART, owner="uid-of-another")

    answer = rig.attend("Delete", physical_id=INSTALLED)

    assert answer.is_success
    assert "left alone, as it is another one by now: cluster.clusterset.k8s.io is 'west'" in answer.data["Told"]
    assert "belongs to the cluster with kube-system UID uid-of-another" in answer.data["Told"]
    assert rig.api.writes == []
    assert rig.registry.records == {(CART, EAST)}


def test_without_a_hub_a_delete_is_success(rig: Rig) -> None:
    rig.attend()
    rig.registry.is_there = False

    assert "the namespace is gone" in rig.attend("Delete", physical_id=INSTALLED).data["Told"]


def test_a_cluster_that_may_not_be_described_fails_the_delete(rig: Rig) -> None:
    rig.eks.refusals = ["AccessDeniedException"]

    assert failed(rig, "Delete", PermanentError, "AccessDenied", physical_id=INSTALLED) == INSTALLED


def test_a_cluster_that_cannot_be_reached_fails_the_delete_with_the_ways_out(rig: Rig) -> None:
    rig.attend()
    rig.register(CART)

    def fail(_: Call) -> None:
        raise UnreachableError("GET /apis: ConnectTimeoutError")

    rig.api.before = fail

    told = r"GET /apis: ConnectTimeoutError\. See that the function reaches .* --retain-resources"
    assert failed(rig, "Delete", PermanentError, told, physical_id=INSTALLED) == INSTALLED
    assert rig.registry.records == {(CART, EAST)}


def test_a_cluster_that_does_not_know_the_installer_any_more_says_so(rig: Rig) -> None:
    """It was made anew under the same name: the access entry went with the old one."""

    def fail(_: Call) -> None:
        raise TokenRefusedError("GET /apis: 401 Unauthorized")

    rig.api.before = fail

    failed(rig, "Delete", PermanentError, "401 Unauthorized. See that .* has its access entry", physical_id=INSTALLED)


def test_an_id_that_cloudformation_made_up_is_uninstalled_by_the_properties(rig: Rig) -> None:
    rig.attend()

    answer = rig.attend("Delete", physical_id="cloudmap-mcs-prod-Member0east-1ABC")

    assert answer.physical_id == "cloudmap-mcs-prod-Member0east-1ABC"
    assert rig.api.raw("Deployment", "watcher", "cloudmap-mcs-system") is None


def test_with_a_made_up_id_and_bad_properties_nothing_was_ever_done(rig: Rig) -> None:
    answer = rig.attend("Delete", physical_id="made-up", Eks=None)

    assert "nothing was ever installed: bad properties: Eks is missing" in answer.data["Told"]
    assert failed(rig, "Delete", PermanentError, "Eks is missing", physical_id=INSTALLED, Eks=None) == INSTALLED
