"""The edit of the cluster's DNS: only with its rights proven, where the Corefile lives, and against other writers."""

from dataclasses import dataclass, field

import pytest

from cloudmap_mcs.domain.installation import DnsMode
from cloudmap_mcs.domain.preflight import PreflightError
from cloudmap_mcs.errors import PermanentError, StaleError
from cloudmap_mcs.kube.client import Call
from cloudmap_mcs.reconcile.installing.patience import OutOfTimeError
from tests.fakes.api_server import InMemoryApiServer
from tests.install.corefile_texts import COREFILES, STOCK_EKS_ENABLED
from tests.reconcile.installing.rig import InstallRig, a_wanted, coredns


@pytest.fixture
def rig() -> InstallRig:
    return InstallRig()


def test_the_corefile_is_not_touched_before_the_api_server_confirms_the_rights(rig: InstallRig) -> None:
    rig.api.reviews_denied = 100

    with pytest.raises(OutOfTimeError, match=r"let CoreDNS \(kube-system/coredns\) list serviceimports"):
        rig.install()

    assert rig.corefile == COREFILES["eks"]


def test_rights_that_take_a_moment_are_waited_for(rig: InstallRig) -> None:
    rig.api.reviews_denied = 3

    rig.install()

    assert rig.corefile == STOCK_EKS_ENABLED


def test_coredns_under_another_account_gets_the_rights(rig: InstallRig) -> None:
    deployment = rig.seen("Deployment", "coredns", "kube-system")
    deployment["spec"]["template"]["spec"]["serviceAccountName"] = "dns"

    rig.install()

    (subject,) = rig.seen("ClusterRoleBinding", "cloudmap-mcs:coredns")["subjects"]
    assert subject == {"kind": "ServiceAccount", "name": "dns", "namespace": "kube-system"}
    reviews = [call.body["spec"] for call in rig.api.calls if call.body and call.path.endswith("accessreviews")]
    assert [review["user"] for review in reviews] == ["system:serviceaccount:kube-system:dns"] * 2
    assert [review["resourceAttributes"]["verb"] for review in reviews] == ["list", "watch"]
    assert rig.corefile == STOCK_EKS_ENABLED


def test_a_change_by_somebody_else_meanwhile_is_kept(rig: InstallRig) -> None:
    def change(call: Call) -> None:
        if call.verb == "PUT" and call.path.endswith("/configmaps/coredns"):
            rig.api.before = lambda _: None
            rig.api.add(*coredns(text=COREFILES["eks"].replace("cache 30", "cache 10")))

    rig.api.before = change

    rig.install()

    assert rig.corefile == STOCK_EKS_ENABLED.replace("cache 30", "cache 10")


def test_somebody_who_changes_it_all_the_time_wins(rig: InstallRig) -> None:
    def change(call: Call) -> None:
        if call.verb == "PUT" and call.path.endswith("/configmaps/coredns"):
            raise StaleError("changed")

    rig.api.before = change

    with pytest.raises(StaleError):
        rig.install()
    assert len([action for action in rig.api.writes if action.startswith("PUT")]) == 3


def test_by_hand_coredns_gets_its_rights_and_a_person_the_lines(rig: InstallRig) -> None:
    done = rig.install(a_wanted(dns=DnsMode.MANUAL))

    assert rig.corefile == COREFILES["eks"]
    assert "ClusterRoleBinding cloudmap-mcs:coredns" in rig.api.names()
    (told,) = done.told
    assert told == (
        "prod-east: its CoreDNS does not serve clusterset.local yet. These lines of its Corefile have to become: "
        "kubernetes cluster.local clusterset.local in-addr.arpa ip6.arpa { | "
        "multicluster clusterset.local."
    )


@pytest.mark.parametrize(
    ("image", "text", "told"),
    [
        pytest.param("eks/coredns:v1.11.4-eksbuild.2", COREFILES["eks"], "CoreDNS is v1.11.4-eksbuild.2", id="old"),
        pytest.param("eks/coredns@sha256:abc", COREFILES["eks"], "CoreDNS version ''", id="no-tag"),
        pytest.param("coredns:v1.13.2", "{", "the Corefile is left as it is", id="not-understood"),
    ],
)
def test_a_coredns_that_cannot_be_edited_is_refused_or_left_to_a_person(
    rig: InstallRig, image: str, text: str, told: str
) -> None:
    rig.api.add(*coredns(image, text=text))

    with pytest.raises(PreflightError, match=told):
        rig.install()
    done = rig.install(a_wanted(dns=DnsMode.MANUAL))

    assert told in done.told[0]
    assert rig.corefile == text


def test_two_coredns_are_refused_or_left_to_a_person(rig: InstallRig) -> None:
    _, deployment = coredns()
    rig.api.add({**deployment, "metadata": {**deployment["metadata"], "name": "coredns-2"}})

    with pytest.raises(PreflightError, match="several Deployments of CoreDNS"):
        rig.install()
    done = rig.install(a_wanted(dns=DnsMode.MANUAL))

    assert done.done[-1] == "dns"
    assert "ClusterRole cloudmap-mcs:coredns" not in rig.api.names()


def test_a_coredns_that_appears_beside_the_one_after_the_preflight_stops_the_edit(rig: InstallRig) -> None:
    def appear(call: Call) -> None:
        if call.verb == "PATCH" and call.path.endswith("/deployments/watcher"):
            _, deployment = coredns()
            rig.api.add({**deployment, "metadata": {**deployment["metadata"], "name": "coredns-2"}})

    rig.api.before = appear

    with pytest.raises(PermanentError, match="several Deployments of CoreDNS"):
        rig.install()

    assert rig.corefile == COREFILES["eks"]


def test_a_configmap_without_a_corefile_is_named(rig: InstallRig) -> None:
    rig.seen("ConfigMap", "coredns", "kube-system")["data"] = {"other": ""}

    with pytest.raises(
        PreflightError, match="no ConfigMap of CoreDNS in kube-system has a Corefile; looked at: coredns"
    ):
        rig.install()


@pytest.mark.parametrize("mode", [DnsMode.MANAGED, DnsMode.MANUAL])
def test_without_any_coredns_a_person_sees_to_it_or_nobody(rig: InstallRig, mode: DnsMode) -> None:
    rig.seen("Deployment", "coredns", "kube-system")["spec"]["template"]["spec"]["containers"][0]["image"] = "dnsmasq:1"

    if mode is DnsMode.MANAGED:
        with pytest.raises(PreflightError, match="no CoreDNS was found"):
            rig.install()
    else:
        assert rig.install(a_wanted(dns=mode)).done[-1] == "dns"
        assert rig.uninstall().told == ()


@dataclass
class AddonInMemory:
    """The managed add-on: what it is set to becomes the ConfigMap's text, unless that was edited by hand."""

    api: InMemoryApiServer
    text: str | None = None
    written: list[str] = field(default_factory=list)
    is_edited_by_hand: bool = False

    def corefile(self) -> str | None:
        return self.text

    def write(self, corefile: str) -> None:
        self.text = corefile
        self.written.append(corefile)
        if not self.is_edited_by_hand:
            self.api.add(*coredns(text=corefile), manager="eks")


def with_addon() -> tuple[InstallRig, AddonInMemory]:
    rig = InstallRig()
    rig.addon = addon = AddonInMemory(rig.api)
    return rig, addon


def test_a_managed_addon_is_told_and_its_configmap_left_to_it() -> None:
    rig, addon = with_addon()

    rig.install()
    rig.install()

    assert addon.written == [STOCK_EKS_ENABLED]
    assert rig.corefile == STOCK_EKS_ENABLED
    assert not any("configmaps" in action for action in rig.api.writes)
    rig.uninstall()
    assert (addon.text, rig.corefile) == (COREFILES["eks"], COREFILES["eks"])


def test_what_the_addon_is_set_to_counts_and_not_what_it_has_not_written_yet() -> None:
    rig, addon = with_addon()
    addon.text = COREFILES["stub-domains"]

    rig.install()

    assert "clusterset.local" in addon.written[0]
    assert addon.written[0].count("forward") == COREFILES["stub-domains"].count("forward")


def test_where_eks_keeps_an_edit_by_hand_the_configmap_is_edited_too() -> None:
    rig, addon = with_addon()
    addon.is_edited_by_hand = True
    addon.text = COREFILES["eks"]
    rig.api.add(*coredns(text=COREFILES["eks"].replace("cache 30", "cache 10")))

    rig.install()

    assert addon.text == STOCK_EKS_ENABLED
    assert rig.corefile == STOCK_EKS_ENABLED.replace("cache 30", "cache 10")


def test_coredns_keeps_its_rights_until_the_corefile_in_the_cluster_is_without_the_option() -> None:
    """A person edits the ConfigMap after the install, and so EKS leaves it as it is when the add-on is set back."""
    rig, addon = with_addon()
    rig.install()
    by_hand = STOCK_EKS_ENABLED.replace("cache 30", "cache 10")
    rig.api.add(*coredns(text=by_hand))
    addon.is_edited_by_hand = True
    seen = list[str]()

    def look(call: Call) -> None:
        if call.verb == "DELETE" and call.path.endswith("coredns"):
            seen.append(rig.corefile)

    rig.api.before = look
    rig.uninstall()

    assert seen == [COREFILES["eks"].replace("cache 30", "cache 10")] * 2
    assert addon.text == COREFILES["eks"]


def test_somebody_who_takes_the_edit_out_again_is_told(rig: InstallRig) -> None:
    def revert(call: Call) -> None:
        if call.verb == "GET" and call.path.endswith("/configmaps/coredns"):
            rig.seen("ConfigMap", "coredns", "kube-system")["data"]["Corefile"] = COREFILES["eks"]

    rig.api.before = revert

    with pytest.raises(OutOfTimeError, match="have them make the same edit, or set dns: manual"):
        rig.install()


@dataclass
class UnreadableAddon(AddonInMemory):
    def corefile(self) -> str | None:
        raise PermanentError("the configuration of the add-on coredns is no JSON object")


def test_settings_of_the_addon_that_cannot_be_read_are_a_finding_and_no_matter_where_a_person_sees_to_it() -> None:
    rig = InstallRig()
    rig.addon = UnreadableAddon(rig.api)

    with pytest.raises(PreflightError, match=r"is no JSON object\. Or set dns: manual\."):
        rig.install()
    done = rig.install(a_wanted(dns=DnsMode.MANUAL))

    assert done.done[-1] == "dns"
    assert "is no JSON object" in done.told[0]


def test_a_role_of_somebody_else_with_the_name_of_ours_is_not_changed(rig: InstallRig) -> None:
    rig.api.add(
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": "cloudmap-mcs:coredns"},
            "rules": [],
        }
    )

    with pytest.raises(PermanentError, match="ClusterRole cloudmap-mcs:coredns exists and bears no mark of ours"):
        rig.install()

    assert rig.corefile == COREFILES["eks"]
