"""What the preflight says about DNS in each mode, and what it says nothing about."""

import pytest

from cloudmap_mcs.domain.installation import DnsMode
from cloudmap_mcs.domain.preflight import Kind
from tests.fakes.controllers import ADDRESS
from tests.install.corefile_servers import STOCK, a_server
from tests.install.corefile_texts import COREFILES, STOCK_EKS_ENABLED
from tests.reconcile.installing.modes import OLD, STUB, STUBBED, in_mode, with_old_coredns
from tests.reconcile.installing.rig import EKS, InstallRig, coredns


@pytest.fixture
def rig() -> InstallRig:
    return with_old_coredns()


def test_a_server_by_hand_that_forwards_to_ours_is_fine_and_one_that_forwards_elsewhere_is_not(rig: InstallRig) -> None:
    rig.install(STUB)
    by_hand = STUBBED.replace(" # added by cloudmap-mcs", "")

    rig.api.add(*coredns(OLD, text=by_hand))
    assert told_of(rig, DnsMode.STUB_ZONE) == ""
    rig.install(STUB)
    assert rig.corefile == by_hand
    rig.api.add(*coredns(OLD, text=by_hand.replace(ADDRESS, "10.0.0.9")))
    assert "is not ours" in told_of(rig, DnsMode.STUB_ZONE)


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
