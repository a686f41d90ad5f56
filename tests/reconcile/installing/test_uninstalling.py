"""What goes when a cluster leaves, and what stays."""

import copy
from typing import Any

import pytest

from cloudmap_mcs.errors import UnreachableError
from cloudmap_mcs.kube.client import Call
from cloudmap_mcs.reconcile.installing.patience import OutOfTimeError
from tests.install.corefile_texts import COREFILES, STOCK_EKS_ENABLED
from tests.reconcile.installing.rig import InstallRig

OURS = {"app.kubernetes.io/managed-by": "cloudmap-mcs"}
MCS = "multicluster.x-k8s.io/v1beta1"


@pytest.fixture
def rig() -> InstallRig:
    return InstallRig()


def an_object(version: str, kind: str, name: str, labels: dict[str, str]) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "shop", "labels": labels}}


def derived() -> list[dict[str, Any]]:
    ours = {"endpointslice.kubernetes.io/managed-by": "cloudmap-mcs"}
    return [
        an_object(MCS, "ServiceImport", "cart", OURS),
        an_object("v1", "Service", "derived-abc", OURS),
        an_object("discovery.k8s.io/v1", "EndpointSlice", "cart-west-1", ours),
    ]


def of_users() -> list[dict[str, Any]]:
    theirs = {"app.kubernetes.io/managed-by": "helm", "endpointslice.kubernetes.io/managed-by": "other"}
    return [
        an_object(MCS, "ServiceExport", "cart", {}),
        an_object(MCS, "ServiceImport", "theirs", theirs),
        an_object("v1", "Service", "cart", theirs),
        an_object("discovery.k8s.io/v1", "EndpointSlice", "cart-1", theirs),
    ]


def test_a_cluster_is_as_before_except_for_the_definitions(rig: InstallRig) -> None:
    before, corefile = rig.api.names(), rig.corefile
    rig.install()
    rig.api.add(*derived(), *of_users())

    done = rig.uninstall()

    assert done.done == ("dns", "watcher", "rights", "derived objects", "properties", "namespace")
    assert done.told == ()
    assert rig.corefile == corefile
    assert rig.api.names() - before == {
        "CustomResourceDefinition clusterproperties.about.k8s.io",
        "CustomResourceDefinition serviceexports.multicluster.x-k8s.io",
        "CustomResourceDefinition serviceimports.multicluster.x-k8s.io",
        *(f"{item['kind']} {item['metadata']['name']}" for item in of_users()),
    }


def test_dns_goes_first_and_names_before_addresses(rig: InstallRig) -> None:
    rig.install()
    rig.api.add(*derived())

    rig.uninstall()

    went = [action.rpartition("/")[2] for action in rig.api.writes]
    places = [went.index(name) for name in ("coredns", "cart", "derived-abc", "cart-west-1", "cloudmap-mcs-system")]
    assert places == sorted(places)
    assert [action.partition("/apis/")[2] for action in rig.api.writes[1:3]] == [
        "rbac.authorization.k8s.io/v1/clusterrolebindings/cloudmap-mcs%3Acoredns",
        "rbac.authorization.k8s.io/v1/clusterroles/cloudmap-mcs%3Acoredns",
    ]
    assert went.index("coredns") == 0
    assert rig.api.writes[3].endswith("deployments/watcher")


def test_derived_objects_are_asked_for_by_our_mark_and_looked_at_again(rig: InstallRig) -> None:
    rig.install()
    rig.api.add(*derived(), *of_users())
    rig.api.ignores_selectors = True

    rig.uninstall()

    lists = [
        call
        for call in rig.api.calls
        if call.path.rpartition("/")[2] in {"services", "serviceimports", "endpointslices"}
    ]
    assert [dict(call.query)["labelSelector"].rpartition("=")[2] for call in lists] == ["cloudmap-mcs"] * 3
    assert {f"{item['kind']} {item['metadata']['name']}" for item in of_users()} <= rig.api.names()


def test_time_may_run_out_among_the_derived_objects(rig: InstallRig) -> None:
    rig.install()
    rig.api.add(*(an_object("v1", "Service", f"derived-{number}", OURS) for number in range(5)))

    def take_long(call: Call) -> None:
        if call.verb == "DELETE" and "/services/derived-" in call.path:
            rig.clock.sleep(20)

    rig.api.before = take_long

    with pytest.raises(OutOfTimeError, match="next is Service shop/derived-3"):
        rig.uninstall()
    assert rig.uninstall().done[-1] == "namespace"


def test_a_role_with_the_name_of_ours_that_lost_its_mark_stays_too(rig: InstallRig) -> None:
    rig.install()
    del rig.seen("ClusterRole", "cloudmap-mcs:coredns")["metadata"]["labels"]["app.kubernetes.io/managed-by"]

    rig.uninstall()

    assert "ClusterRole cloudmap-mcs:coredns" in rig.api.names()


def test_uninstalling_twice_or_without_an_install_is_success(rig: InstallRig) -> None:
    rig.uninstall()
    rig.install()
    rig.uninstall()
    before = rig.api.state()

    rig.uninstall()

    assert rig.api.state() == before
    assert rig.api.writes == []


def test_an_uninstall_goes_on_wherever_the_last_one_was_interrupted() -> None:
    whole = InstallRig()
    whole.install()
    whole.api.add(*derived())
    whole.uninstall()

    for number in range(len(whole.api.writes)):
        rig = InstallRig()
        rig.install()
        rig.api.add(*derived())
        rig.api.calls.clear()

        def fail(_: Call, rig: InstallRig = rig, number: int = number) -> None:
            if len(rig.api.writes) > number:
                raise UnreachableError("the network is gone")

        rig.api.before = fail
        with pytest.raises(UnreachableError):
            rig.uninstall()
        rig.api.before = lambda _: None
        rig.uninstall()

        assert rig.api.names() == whole.api.names()
        assert rig.corefile == COREFILES["eks"]


def test_the_watcher_is_gone_before_anything_it_needs(rig: InstallRig) -> None:
    rig.install()
    rig.api.slow = {"watcher": 100}

    with pytest.raises(OutOfTimeError, match="Deployment cloudmap-mcs-system/watcher is still there"):
        rig.uninstall(seconds=5)

    assert {"ServiceAccount watcher", "ClusterRole cloudmap-mcs:watcher"} <= rig.api.names()


def test_an_object_of_ours_that_lost_its_mark_stays(rig: InstallRig) -> None:
    rig.install()
    del rig.seen("ClusterRole", "cloudmap-mcs:view")["metadata"]["labels"]["app.kubernetes.io/managed-by"]

    rig.uninstall()

    assert "ClusterRole cloudmap-mcs:view" in rig.api.names()


def test_coredns_keeps_its_rights_while_a_person_has_the_option_on(rig: InstallRig) -> None:
    rig.api.add(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "coredns", "namespace": "kube-system"},
            "data": {"Corefile": STOCK_EKS_ENABLED.replace(" # added by cloudmap-mcs", "")},
        }
    )
    by_hand = copy.deepcopy(rig.corefile)
    rig.install()

    done = rig.uninstall()

    assert rig.corefile == by_hand
    assert "ClusterRole cloudmap-mcs:coredns" in rig.api.names()
    assert done.told == ("CoreDNS keeps its rights: a person has put the option multicluster into the Corefile",)


def test_a_corefile_that_is_not_understood_any_more_does_not_stop_the_rest(rig: InstallRig) -> None:
    rig.install()
    config = rig.seen("ConfigMap", "coredns", "kube-system")
    config["data"]["Corefile"] += "\n}"

    done = rig.uninstall()

    assert done.done[-1] == "namespace"
    assert done.told[0].startswith("CoreDNS keeps its rights: the Corefile is left as it is")
    assert "ClusterRoleBinding cloudmap-mcs:coredns" in rig.api.names()
