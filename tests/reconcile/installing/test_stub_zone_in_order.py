"""Our own CoreDNS: it answers before anything is forwarded to it, it follows its address, and other modes clear it."""

from typing import Any

import pytest

from cloudmap_mcs.domain.installation import DnsMode, Manifest
from cloudmap_mcs.domain.preflight import Kind, PreflightError
from cloudmap_mcs.errors import PermanentError, UnreachableError
from cloudmap_mcs.install.corefile_stub import stub
from cloudmap_mcs.install.rendering import parts
from cloudmap_mcs.kube.client import Call
from cloudmap_mcs.reconcile.installing.patience import OutOfTimeError
from cloudmap_mcs.reconcile.installing.surveying import Wanted
from tests.fakes.controllers import ADDRESS, at_once
from tests.install.corefile_servers import STOCK, a_server
from tests.install.corefile_texts import COREFILES, STOCK_EKS_ENABLED
from tests.install.settings import an_install
from tests.reconcile.installing.rig import EKS, InstallRig, a_wanted, coredns
from tests.reconcile.installing.test_dns_in_order import with_addon

OLD = "eks/coredns:v1.11.4-eksbuild.24"
STUBBED = stub(COREFILES["eks"], [ADDRESS])
OWN = {
    "ServiceAccount clusterset-dns",
    "ClusterRole cloudmap-mcs:clusterset-dns",
    "ClusterRoleBinding cloudmap-mcs:clusterset-dns",
    "ConfigMap clusterset-dns",
    "PodDisruptionBudget clusterset-dns",
    "Service clusterset-dns",
    "Deployment clusterset-dns",
}
RIGHTS = {"ClusterRole cloudmap-mcs:coredns", "ClusterRoleBinding cloudmap-mcs:coredns"}
LONG = 1000.0


def in_mode(mode: DnsMode) -> Wanted:
    return a_wanted(dns=mode, parts=parts(an_install(dns=mode)))


STUB, MANAGED, MANUAL = map(in_mode, (DnsMode.STUB_ZONE, DnsMode.MANAGED, DnsMode.MANUAL))


@pytest.fixture
def rig() -> InstallRig:
    """Make a cluster with a CoreDNS that is too old to serve the zone itself."""
    rig = InstallRig()
    rig.api.add(*coredns(OLD))
    return rig


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


def test_an_edit_by_hand_that_keeps_the_addon_out_is_told() -> None:
    rig, addon = with_addon()
    addon.is_edited_by_hand = True

    with pytest.raises(OutOfTimeError, match="an edit of the ConfigMap by hand keeps it out"):
        rig.install(STUB)


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


CHANGES = [
    pytest.param(MANAGED, STUB, STUBBED, OWN, id="managed-to-stub-zone"),
    pytest.param(STUB, MANAGED, STOCK_EKS_ENABLED, RIGHTS, id="stub-zone-to-managed"),
    pytest.param(STUB, MANUAL, COREFILES["eks"], RIGHTS, id="stub-zone-to-manual"),
    pytest.param(MANAGED, MANUAL, COREFILES["eks"], RIGHTS, id="managed-to-manual"),
    pytest.param(MANUAL, STUB, STUBBED, OWN, id="manual-to-stub-zone"),
    pytest.param(MANUAL, MANAGED, STOCK_EKS_ENABLED, RIGHTS, id="manual-to-managed"),
]


@pytest.mark.parametrize(("first", "then", "corefile", "there"), CHANGES)
def test_another_mode_clears_the_traces_of_the_one_before(
    first: Wanted, then: Wanted, corefile: str, there: set[str]
) -> None:
    rig = InstallRig()
    rig.install(first, seconds=LONG)

    done = rig.install(then, seconds=LONG)

    assert rig.corefile == corefile
    assert (OWN | RIGHTS) & rig.api.names() == there
    assert len([action for action in rig.api.writes if action.endswith("configmaps/coredns")]) <= 1
    assert bool(done.told) is (then is MANUAL)


@pytest.mark.parametrize(("first", "then", "corefile", "there"), CHANGES)
def test_a_change_of_mode_goes_on_wherever_it_was_interrupted(
    first: Wanted, then: Wanted, corefile: str, there: set[str]
) -> None:
    whole = InstallRig()
    whole.install(first, seconds=LONG)
    whole.install(then, seconds=LONG)

    for number in range(len(whole.api.writes)):
        rig = InstallRig()
        rig.install(first, seconds=LONG)
        rig.api.calls.clear()

        def fail(_: Call, rig: InstallRig = rig, number: int = number) -> None:
            if len(rig.api.writes) > number:
                raise UnreachableError("the network is gone")

        rig.api.before = fail
        with pytest.raises(UnreachableError):
            rig.install(then, seconds=LONG)
        rig.api.before = lambda _: None
        rig.install(then, seconds=LONG)

        assert rig.corefile == corefile
        assert (OWN | RIGHTS) & rig.api.names() == there


def test_ours_goes_only_when_the_clusters_coredns_had_time_to_take_its_new_corefile() -> None:
    rig = InstallRig()
    rig.install(STUB)
    before = rig.clock.ms

    with pytest.raises(OutOfTimeError, match="removed when the cluster's does not forward to it any more"):
        rig.install(MANAGED, seconds=100)
    assert (rig.corefile, OWN - rig.api.names()) == (STOCK_EKS_ENABLED, set())
    rig.install(MANAGED, seconds=LONG)

    assert rig.clock.ms - before >= 120_000
    assert not OWN & rig.api.names()


def test_by_hand_a_corefile_with_our_edit_that_is_not_understood_any_more_is_told_and_ours_stays() -> None:
    rig = InstallRig()
    rig.install(STUB)
    rig.seen("ConfigMap", "coredns", "kube-system")["data"]["Corefile"] += "}\n"

    told = rig.install(MANUAL, seconds=LONG).told

    assert any(text.startswith("the Corefile is left as it is") for text in told)
    assert rig.api.names() >= OWN


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


def test_a_server_that_is_served_by_hand_but_out_of_reach_is_told_in_either_mode() -> None:
    rig = InstallRig()
    by_hand = STOCK_EKS_ENABLED.replace(" # added by cloudmap-mcs", "")
    rig.api.add(*coredns(text=by_hand + a_server("forward . 10.0.0.9", name="svc.clusterset.local")))

    for mode in (DnsMode.MANAGED, DnsMode.MANUAL):
        assert "answers for clusterset.local instead of the cluster's own" in told_of(rig, mode)


def told_of(rig: InstallRig, mode: DnsMode) -> str:
    """What the preflight says about DNS in a mode; empty if nothing."""
    found = rig.installer().check(in_mode(mode), EKS)
    return "\n".join(str(finding) for finding in found if finding.kind is Kind.DNS)


def test_an_old_coredns_is_told_of_the_stub_zone(rig: InstallRig) -> None:
    assert "set dns: stub-zone, which leaves it as it is" in told_of(rig, DnsMode.MANAGED)
    assert "set dns: stub-zone, which leaves it as it is" in told_of(rig, DnsMode.MANUAL)
    assert told_of(rig, DnsMode.STUB_ZONE) == ""


def test_a_version_that_says_nothing_is_no_matter_where_the_zone_is_forwarded(rig: InstallRig) -> None:
    rig.api.add(*coredns("eks/coredns@sha256:abc"))

    assert "Or set dns: stub-zone" in told_of(rig, DnsMode.MANAGED)
    assert told_of(rig, DnsMode.STUB_ZONE) == ""


def test_the_stub_zone_is_not_advised_where_it_would_not_work_either(rig: InstallRig) -> None:
    rig.api.add(*coredns(OLD, text=COREFILES["one-server-no-braces"]))

    assert "stub-zone" not in told_of(rig, DnsMode.MANAGED)
    assert "or set dns: manual" in told_of(rig, DnsMode.MANAGED)


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        pytest.param(COREFILES["eks"], True, id="untouched"),
        pytest.param(STOCK_EKS_ENABLED.replace(" # added by cloudmap-mcs", ""), False, id="served-by-hand"),
        pytest.param(COREFILES["both-names"], False, id="forwarded-by-hand"),
        pytest.param(STOCK_EKS_ENABLED, True, id="served-by-our-edit-which-goes"),
        pytest.param(STUBBED, True, id="forwarded-by-our-edit-which-goes"),
    ],
)
def test_by_hand_a_person_is_told_of_lines_while_there_are_none(text: str, *, is_told: bool) -> None:
    rig = InstallRig()
    rig.api.add(*coredns(text=text))

    assert ("does not serve clusterset.local yet" in told_of(rig, DnsMode.MANUAL)) is is_told


NODE_CACHE = a_server("forward . 10.100.0.10", name="cluster.local:53") + a_server("forward . 10.0.0.2")


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        pytest.param(NODE_CACHE, True, id="as-shipped"),
        pytest.param(NODE_CACHE + a_server("forward . 10.100.0.10", name="clusterset.local:53"), False, id="done"),
        pytest.param("}", True, id="not-understood"),
        pytest.param(None, True, id="not-found"),
    ],
)
@pytest.mark.parametrize("mode", list(DnsMode))
def test_a_cache_on_the_nodes_that_does_not_know_the_zone_is_told(
    text: str | None, mode: DnsMode, *, is_told: bool
) -> None:
    rig = InstallRig()
    metadata = {"name": "node-local-dns", "namespace": "kube-system"}
    pod = {"volumes": [{"name": "lock", "hostPath": {}}, {"name": "config", "configMap": {"name": "node-local-dns"}}]}
    spec = {"template": {"spec": pod}}
    rig.api.add({"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": metadata, "spec": spec})
    if text is not None:
        data = {"Corefile": text}
        rig.api.add({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})

    assert ("NodeLocal DNSCache" in told_of(rig, mode)) is is_told
    assert rig.install(in_mode(mode)).done[-1] == "dns"


def test_nodes_without_a_cache_need_nothing() -> None:
    rig = InstallRig()
    rig.api.add(*coredns(text=a_server(STOCK)))

    assert told_of(rig, DnsMode.MANAGED) == ""
