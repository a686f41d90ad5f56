"""Our own CoreDNS answers before anything is forwarded to it, and the Corefile follows its address."""

from typing import Any

import pytest

from cloudmap_mcs.domain.installation import DnsMode, Manifest
from cloudmap_mcs.domain.preflight import PreflightError
from cloudmap_mcs.errors import PermanentError
from cloudmap_mcs.install.corefile_stub import stub
from cloudmap_mcs.kube.client import Call
from cloudmap_mcs.reconcile.installing.patience import OutOfTimeError
from cloudmap_mcs.reconcile.installing.surveying import Wanted
from tests.fakes.controllers import ADDRESS, at_once
from tests.install.corefile_texts import COREFILES
from tests.reconcile.installing.modes import (
    MANAGED,
    MANUAL,
    OLD,
    RIGHTS,
    STUB,
    STUBBED,
    with_old_coredns,
)
from tests.reconcile.installing.rig import InstallRig, coredns
from tests.reconcile.installing.test_dns_in_order import with_addon


@pytest.fixture
def rig() -> InstallRig:
    return with_old_coredns()


def written(rig: InstallRig) -> list[str]:
    return ["/".join(action.split("/")[-2:]) for action in rig.api.writes]


def test_an_old_coredns_forwards_to_ours_once_that_is_there(rig: InstallRig) -> None:
    done = rig.install(STUB)

    assert (done.done[-1], done.told) == ("dns", ())
    assert written(rig)[-8:] == [
        "serviceaccounts/clusterset-dns",
        "clusterroles/cloudmap-mcs%3Aclusterset-dns",
        "clusterrolebindings/cloudmap-mcs%3Aclusterset-dns",
        "configmaps/clusterset-dns",
        "poddisruptionbudgets/clusterset-dns",
        "services/clusterset-dns",
        "deployments/clusterset-dns",
        "configmaps/coredns",
    ]
    assert rig.corefile == STUBBED
    assert not RIGHTS & rig.api.names()


def test_a_second_install_changes_nothing(rig: InstallRig) -> None:
    rig.install(STUB)
    before = rig.api.state()

    rig.install(STUB)

    assert rig.api.state() == before


def test_every_right_of_ours_is_confirmed_before_it_is_relied_on(rig: InstallRig) -> None:
    rig.api.reviews_denied = 100

    with pytest.raises(OutOfTimeError, match=r"let our CoreDNS \(cloudmap-mcs-system/clusterset-dns\) list service"):
        rig.install(STUB)
    assert rig.corefile == COREFILES["eks"]
    rig.api.reviews_denied = 0
    rig.install(STUB)

    reviews = [call.body["spec"] for call in rig.api.calls if call.body and call.path.endswith("accessreviews")]
    assert {review["user"] for review in reviews} == {"system:serviceaccount:cloudmap-mcs-system:clusterset-dns"}
    asked = [review["resourceAttributes"] for review in reviews]
    assert [f"{each['verb']} {each['resource']}" for each in asked] == [
        f"{verb} {resource}"
        for resource in ("serviceimports", "endpointslices", "services", "namespaces")
        for verb in ("list", "watch")
    ]


def with_pods(*, ready: int, condition: Manifest | None = None) -> Any:
    def control(raw: Manifest) -> None:
        at_once(raw)
        if raw["kind"] == "Deployment" and raw["metadata"]["name"] == "clusterset-dns":
            raw["status"] |= {"availableReplicas": ready, "conditions": [condition] if condition else []}

    return control


def test_nothing_is_forwarded_before_every_pod_is_ready(rig: InstallRig) -> None:
    rig.api.controllers = with_pods(ready=1)

    with pytest.raises(OutOfTimeError, match=r"1 of 2 Pods are ready; see kubectl -n cloudmap-mcs-system describe pod"):
        rig.install(STUB)
    assert rig.corefile == COREFILES["eks"]
    rig.api.controllers = at_once
    rig.install(STUB)

    assert rig.corefile == STUBBED


def test_pods_that_kubernetes_gave_up_are_not_waited_for(rig: InstallRig) -> None:
    begun = rig.clock.ms
    told = "ReplicaSet has timed out progressing."
    rig.api.controllers = with_pods(ready=0, condition={"type": "Progressing", "status": "False", "message": told})

    with pytest.raises(PermanentError, match=r"Deployment .*/clusterset-dns does not become ready: .*progressing; see"):
        rig.install(STUB)

    assert rig.corefile == COREFILES["eks"]
    assert rig.clock.ms == begun


def test_pods_that_somebody_removed_meanwhile_are_missed(rig: InstallRig) -> None:
    def remove(call: Call) -> None:
        if call.verb == "GET" and call.path.endswith("/deployments/clusterset-dns") and "PATCH" in str(rig.api.writes):
            rig.api.objects.pop(("apps", "deployments", "cloudmap-mcs-system", "clusterset-dns"), None)

    rig.api.before = remove

    with pytest.raises(OutOfTimeError, match="Deployment cloudmap-mcs-system/clusterset-dns: it is not there"):
        rig.install(STUB)


def test_a_service_without_an_address_is_told(rig: InstallRig) -> None:
    def headless(raw: Manifest) -> None:
        if raw["kind"] == "Service":
            raw["spec"]["clusterIP"] = "None"
        at_once({**raw, "kind": ""} if raw["kind"] == "Service" else raw)

    rig.api.controllers = headless

    with pytest.raises(PermanentError, match="Service cloudmap-mcs-system/clusterset-dns has no cluster IP"):
        rig.install(STUB)


def test_both_addresses_of_a_dual_stack_service_are_forwarded_to(rig: InstallRig) -> None:
    def dual(raw: Manifest) -> None:
        if raw["kind"] == "Service":
            raw["spec"]["clusterIPs"] = [ADDRESS, "fd00:10::53"]
        at_once(raw)

    rig.api.controllers = dual
    rig.install(STUB)

    assert rig.corefile == stub(COREFILES["eks"], [ADDRESS, "fd00:10::53"])


def test_the_corefile_follows_when_the_service_has_another_address(rig: InstallRig) -> None:
    rig.install(STUB)
    rig.seen("Service", "clusterset-dns", "cloudmap-mcs-system")["spec"] |= {
        "clusterIP": "10.100.7.7",
        "clusterIPs": ["10.100.7.7"],
    }

    rig.install(STUB)

    assert rig.corefile == stub(COREFILES["eks"], ["10.100.7.7"])


def test_a_managed_addon_is_told(rig: InstallRig) -> None:
    rig, addon = with_addon()

    rig.install(STUB)
    rig.install(STUB)

    assert addon.written == [STUBBED]
    assert not any("configmaps/coredns" in action for action in rig.api.writes)
    rig.uninstall(STUB)
    assert (addon.text, rig.corefile) == (COREFILES["eks"], COREFILES["eks"])


def test_where_eks_keeps_an_edit_by_hand_the_configmap_forwards_too() -> None:
    rig, addon = with_addon()
    addon.is_edited_by_hand = True

    rig.install(STUB)

    assert (addon.text, rig.corefile) == (STUBBED, STUBBED)


@pytest.mark.parametrize("left", [STUB, MANAGED, MANUAL], ids=lambda wanted: str(wanted.dns))
def test_nothing_is_left_whatever_the_mode_at_the_end_is_said_to_be(rig: InstallRig, left: Wanted) -> None:
    before = rig.api.names()
    rig.install(STUB)

    done = rig.uninstall(left)

    assert done.told == ()
    assert rig.corefile == COREFILES["eks"]
    assert {name for name in rig.api.names() - before if not name.startswith("CustomResourceDefinition")} == set()


def test_the_zone_is_no_longer_forwarded_when_ours_goes(rig: InstallRig) -> None:
    rig.install(STUB)

    rig.uninstall(STUB)

    went = [action.rpartition("/")[2] for action in rig.api.writes if "clusterset-dns" in action or "coredns" in action]
    assert went[:2] == ["coredns", "clusterset-dns"]
    assert rig.api.writes[1].endswith("deployments/clusterset-dns")
    assert rig.api.writes[2].endswith("services/clusterset-dns")


def test_a_service_of_somebody_else_with_the_name_of_ours_stands_in_the_way_and_stays(rig: InstallRig) -> None:
    rig.api.add({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "cloudmap-mcs-system"}})
    metadata = {"name": "clusterset-dns", "namespace": "cloudmap-mcs-system"}
    rig.api.add({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": 53}]}})

    with pytest.raises(PreflightError, match="Service cloudmap-mcs-system/clusterset-dns: it exists and bears no mark"):
        rig.install(STUB)
    rig.installer().dns.turn_on(DnsMode.MANUAL)
    rig.installer().dns.turn_off()

    assert "Service clusterset-dns" in rig.api.names()


def test_another_service_that_appears_after_the_preflight_is_not_changed(rig: InstallRig) -> None:
    def appear(call: Call) -> None:
        if call.verb == "PATCH" and call.path.endswith("/deployments/watcher"):
            metadata = {"name": "clusterset-dns", "namespace": "cloudmap-mcs-system"}
            rig.api.add({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": []}})

    rig.api.before = appear

    with pytest.raises(PermanentError, match="exists and bears no mark of ours: delete or rename it"):
        rig.install(STUB)

    assert rig.corefile == COREFILES["eks"]


def test_a_corefile_that_cannot_forward_is_refused_before_anything_is_changed(rig: InstallRig) -> None:
    rig.api.add(*coredns(OLD, text=COREFILES["both-names"]))

    with pytest.raises(PreflightError, match=r"(?s)the server clusterset\.local:53 answers for .*Or set dns: manual"):
        rig.install(STUB)

    assert rig.api.writes == []


def test_without_any_coredns_nothing_can_be_forwarded(rig: InstallRig) -> None:
    rig.api.objects.pop(("apps", "deployments", "kube-system", "coredns"))

    with pytest.raises(PreflightError, match="no CoreDNS was found"):
        rig.install(STUB)
    assert rig.installer().dns.turn_on(DnsMode.STUB_ZONE) == rig.installer().dns.turn_on(DnsMode.MANAGED) == ()
