"""The whole install: its order, what a second run does, what interrupts it and what it never touches."""

from collections.abc import Callable

import pytest

from cloudmap_mcs.errors import HeldFieldsError, IdentityError, PermanentError, UnreachableError
from cloudmap_mcs.install.rendering import parts
from cloudmap_mcs.kube.client import Call
from cloudmap_mcs.reconcile.installing.patience import OutOfTimeError
from tests.install.corefile_texts import STOCK_EKS_ENABLED
from tests.install.settings import an_install
from tests.reconcile.installing.rig import InstallRig, a_wanted

STEPS = ("namespace", "definitions", "rights", "properties", "watcher", "dns")


@pytest.fixture
def rig() -> InstallRig:
    return InstallRig()


def written(rig: InstallRig) -> list[str]:
    """Writes in their order, without the group and the namespace of the object."""
    return ["/".join(action.split("/")[-2:]) for action in rig.api.writes]


def test_everything_goes_in_in_the_one_safe_order(rig: InstallRig) -> None:
    done = rig.install()

    assert done.done == STEPS
    assert done.told == ()
    assert written(rig) == [
        "namespaces/cloudmap-mcs-system",
        "customresourcedefinitions/clusterproperties.about.k8s.io",
        "customresourcedefinitions/serviceexports.multicluster.x-k8s.io",
        "customresourcedefinitions/serviceimports.multicluster.x-k8s.io",
        "clusterroles/cloudmap-mcs%3Aimporter",
        "clusterrolebindings/cloudmap-mcs%3Aimporter",
        "serviceaccounts/watcher",
        "clusterroles/cloudmap-mcs%3Awatcher",
        "clusterrolebindings/cloudmap-mcs%3Awatcher",
        "roles/watcher",
        "rolebindings/watcher",
        "clusterroles/cloudmap-mcs%3Aview",
        "clusterroles/cloudmap-mcs%3Aedit",
        "clusterproperties/cluster.clusterset.k8s.io",
        "clusterproperties/clusterset.k8s.io",
        "poddisruptionbudgets/watcher",
        "deployments/watcher",
        "clusterroles/cloudmap-mcs%3Acoredns",
        "clusterrolebindings/cloudmap-mcs%3Acoredns",
        "configmaps/coredns",
    ]
    assert rig.corefile == STOCK_EKS_ENABLED


def test_a_second_install_changes_nothing(rig: InstallRig) -> None:
    rig.install()
    before = rig.api.state()

    assert rig.install().done == STEPS

    assert rig.api.state() == before


def test_a_change_of_settings_reaches_the_watcher_and_nothing_else(rig: InstallRig) -> None:
    rig.install()
    before = rig.api.state()

    rig.install(a_wanted(parts=parts(an_install(log_level="DEBUG"))))

    changed = {place[1] for place, version in rig.api.state().items() if before[place] != version}
    assert changed == {"deployments"}


def test_an_install_goes_on_wherever_the_last_one_was_interrupted() -> None:
    """Every write of an install fails once, and the next run comes to the same end."""
    whole = InstallRig()
    whole.install()
    total = len(whole.api.writes)

    for number in range(total):
        rig = InstallRig()
        rig.api.before = failing_at(rig, number)
        with pytest.raises(UnreachableError):
            rig.install()
        rig.api.before = lambda _: None

        assert rig.install().done == STEPS
        assert rig.api.names() == whole.api.names()
        assert rig.corefile == STOCK_EKS_ENABLED


def failing_at(rig: InstallRig, number: int) -> Callable[[Call], None]:
    def fail(_: Call) -> None:
        if len(rig.api.writes) > number:
            raise UnreachableError("the network is gone")

    return fail


def test_properties_wait_until_their_definition_is_served(rig: InstallRig) -> None:
    rig.api.slow = {"clusterproperties.about.k8s.io": 4}

    rig.install()

    assert rig.seen("ClusterProperty", "cluster.clusterset.k8s.io")["spec"] == {"value": "east"}
    assert rig.clock.ms > 1_700_000_000_000 + 3_000


def test_a_definition_is_not_relied_on_before_discovery_has_it(rig: InstallRig) -> None:
    def lag(call: Call) -> None:
        if call.verb == "PATCH" and call.path.endswith("clusterproperties.about.k8s.io"):
            rig.api.unlisted = {"about.k8s.io/v1beta1": 40}

    rig.api.before = lag

    assert rig.install().done == STEPS


def test_a_definition_that_is_not_established_in_time_is_named_and_the_next_run_goes_on(rig: InstallRig) -> None:
    rig.api.slow = {"serviceimports.multicluster.x-k8s.io": 30}

    with pytest.raises(OutOfTimeError, match=r"serviceimports\.multicluster\.x-k8s\.io is not established yet"):
        rig.install(seconds=20)

    assert "Deployment watcher" not in rig.api.names()
    assert rig.install(seconds=20).done == STEPS


def test_without_time_nothing_is_begun(rig: InstallRig) -> None:
    with pytest.raises(OutOfTimeError, match="namespace is due, done is nothing"):
        rig.install(seconds=0)

    assert rig.api.writes == []


def test_an_access_entry_that_is_not_known_yet_is_waited_for(rig: InstallRig) -> None:
    rig.api.unknown = 5

    assert rig.install().done == STEPS


def test_a_namespace_still_being_deleted_is_waited_for_and_made_anew(rig: InstallRig) -> None:
    rig.install()
    rig.api.slow = {"cloudmap-mcs-system": 5}
    with pytest.raises(OutOfTimeError, match="Namespace cloudmap-mcs-system is still there"):
        rig.uninstall(seconds=2)
    first = rig.seen("Namespace", "cloudmap-mcs-system")["metadata"]["uid"]

    rig.install()

    assert rig.seen("Namespace", "cloudmap-mcs-system")["metadata"]["uid"] != first


def test_fields_that_somebody_else_holds_are_named_and_not_overwritten(rig: InstallRig) -> None:
    rig.install()
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "watcher", "namespace": "cloudmap-mcs-system"},
        "spec": {"replicas": 7},
    }
    rig.api.add(deployment)

    with pytest.raises(HeldFieldsError, match=r'conflict with "kubectl": \.spec\.replicas.*\. Set the field back'):
        rig.install()

    assert rig.seen("Deployment", "watcher", "cloudmap-mcs-system")["spec"]["replicas"] == 7


def test_an_object_that_appears_after_the_preflight_without_our_mark_is_not_changed(rig: InstallRig) -> None:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "rules": []}

    def appear(call: Call) -> None:
        if call.verb == "PATCH" and call.path.endswith("/namespaces/cloudmap-mcs-system"):
            rig.api.before = lambda _: None
            rig.api.add({**role, "metadata": {"name": "cloudmap-mcs:watcher"}})

    rig.api.before = appear

    with pytest.raises(PermanentError, match="ClusterRole cloudmap-mcs:watcher exists and bears no mark of ours"):
        rig.install()

    assert rig.seen("ClusterRole", "cloudmap-mcs:watcher")["rules"] == []


def test_a_property_that_a_person_made_with_the_same_value_stays_theirs(rig: InstallRig) -> None:
    rig.install()
    rig.uninstall()
    own = {
        "apiVersion": "about.k8s.io/v1beta1",
        "kind": "ClusterProperty",
        "metadata": {"name": "clusterset.k8s.io"},
        "spec": {"value": "example"},
    }
    rig.api.add(own)

    rig.install()
    rig.uninstall()

    assert "labels" not in rig.seen("ClusterProperty", "clusterset.k8s.io")["metadata"]
    assert rig.api.raw("ClusterProperty", "cluster.clusterset.k8s.io") is None


def test_a_property_that_got_another_value_after_the_preflight_is_refused(rig: InstallRig) -> None:
    rig.install()

    def change(call: Call) -> None:
        if call.verb == "PATCH" and call.path.endswith("cloudmap-mcs%3Aedit"):
            rig.seen("ClusterProperty", "cluster.clusterset.k8s.io")["spec"]["value"] = "west"

    rig.api.before = change

    with pytest.raises(IdentityError, match=r"ClusterProperty cluster\.clusterset\.k8s\.io is 'west' and not 'east'"):
        rig.install()

    assert rig.seen("ClusterProperty", "cluster.clusterset.k8s.io")["spec"] == {"value": "west"}
