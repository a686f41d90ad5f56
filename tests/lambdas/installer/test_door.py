"""What a request brings about in a cluster and in the registry, and which id the answer has."""

import json
from typing import Any

import pytest

from cloudmap_mcs.cloudmap.translation import DeniedError
from cloudmap_mcs.domain.model import ClusterId, ServiceKey
from cloudmap_mcs.domain.preflight import PreflightError
from cloudmap_mcs.errors import McsError, PermanentError, UnreachableError
from cloudmap_mcs.kube.client import Call
from cloudmap_mcs.kube.eks import ClusterGoneError
from cloudmap_mcs.reconcile.installing.patience import OutOfTimeError
from tests.install.corefile_texts import STOCK_EKS_ENABLED
from tests.lambdas.installer.requests import ARN, STACK, an_event
from tests.lambdas.installer.rig import Rig

INSTALLED, REFUSED = f"{ARN}/cloudmap-mcs", f"{ARN}/refused"
CART, SHOP = ServiceKey("shop", "cart"), ServiceKey("shop", "web")
EAST = ClusterId("east")


@pytest.fixture
def rig() -> Rig:
    return Rig()


def failed(rig: Rig, kind: str, error: type[McsError], told: str, *, seconds: float = 600, **more: Any) -> str:
    """Attend to a request that fails; return the physical id that its answer will have."""
    attendance = rig.attendance(an_event(kind, **more), seconds=seconds)
    with pytest.raises(error, match=told) as refused:
        attendance.attend()
    assert "the last failure was: no time" not in str(refused.value)
    return attendance.physical_id


def test_a_create_installs_and_says_what_was_done(rig: Rig) -> None:
    answer = rig.attend()

    assert (answer.is_success, answer.physical_id) == (True, INSTALLED)
    assert answer.data == {"Done": "namespace, definitions, rights, properties, watcher, dns", "Told": ""}
    assert rig.cluster.corefile == STOCK_EKS_ENABLED
    assert rig.cluster.seen("ClusterProperty", "clusterset.k8s.io")["spec"] == {"value": "prod"}


def test_an_update_changes_what_differs_and_keeps_the_id(rig: Rig) -> None:
    rig.attend()
    before = rig.api.state()

    assert rig.attend("Update", physical_id=INSTALLED, WatcherLogLevel="DEBUG").physical_id == INSTALLED

    assert {place[1] for place, version in rig.api.state().items() if before[place] != version} == {"deployments"}


def test_a_cluster_that_another_stack_has_installed_since_is_left_alone(rig: Rig) -> None:
    """Its functions moved to another account or Region, and the old stack is deployed after the new one."""
    rig.attend(stack=STACK)
    rig.attend(stack=f"{STACK}-new")
    before = rig.api.state()

    told = rig.attend("Delete", physical_id=INSTALLED, stack=STACK).data

    assert told["Done"] == "nothing"
    assert f"{STACK}-new has installed it since" in told["Told"]
    assert rig.api.state() == before
    assert rig.attend("Delete", physical_id=INSTALLED, stack=f"{STACK}-new").data["Done"].startswith("dns, watcher")


def test_a_cluster_that_was_handed_over_to_gitops_is_left_alone(rig: Rig) -> None:
    """As the README says to do before `installer: off`."""
    rig.attend()
    rig.register(CART)
    annotations = rig.cluster.seen("Namespace", "cloudmap-mcs-system")["metadata"]["annotations"]
    assert list(annotations) == ["cloudmap-mcs/stack"]
    annotations["cloudmap-mcs/stack"] = "gitops"
    before = rig.api.state()

    told = rig.attend("Delete", physical_id=INSTALLED).data

    assert told == {"Done": "nothing", "Told": "cluster and records were left alone: gitops has installed it since"}
    assert (rig.api.state(), rig.registry.records) == (before, {(CART, EAST)})


def test_an_update_to_another_eks_cluster_is_another_resource(rig: Rig) -> None:
    answer = rig.attend("Update", physical_id=ARN.replace("prod-east", "old") + "/cloudmap-mcs")

    assert answer.physical_id == INSTALLED


def test_what_stands_in_nobodys_way_is_told(rig: Rig) -> None:
    assert "does not serve clusterset.local yet" in rig.attend(Dns="manual").data["Told"]


def test_where_eks_manages_coredns_its_corefile_is_set_in_the_add_on(rig: Rig) -> None:
    rig.eks.addons.append("coredns")

    # The add-on's update never reaches the ConfigMap here, as after an edit by hand on EKS.
    assert rig.attend().is_success

    assert json.loads(rig.eks.corefile) == {"corefile": STOCK_EKS_ENABLED}
    assert rig.cluster.corefile == STOCK_EKS_ENABLED


def test_a_create_that_the_preflight_refuses_leaves_nothing_to_delete(rig: Rig) -> None:
    rig.eks.described["accessConfig"] = {"authenticationMode": "CONFIG_MAP"}
    rig.eks.addons.clear()

    assert failed(rig, "Create", PreflightError, "2 findings, nothing was changed") == REFUSED

    assert rig.api.writes == []
    assert rig.attend("Delete", physical_id=REFUSED).data["Told"] == "nothing was ever installed"
    assert rig.opened == 1


def test_a_cluster_in_auto_mode_needs_no_agent(rig: Rig) -> None:
    rig.eks.addons.clear()
    rig.eks.described["computeConfig"] = {"enabled": True}

    assert rig.attend().is_success


def test_a_create_for_a_cluster_that_is_not_there_says_so(rig: Rig) -> None:
    rig.eks.refusals = ["ResourceNotFoundException"]

    assert failed(rig, "Create", ClusterGoneError, "EKS cluster prod-east: DescribeCluster failed") == REFUSED


def test_bad_properties_leave_nothing_to_delete(rig: Rig) -> None:
    assert failed(rig, "Create", PermanentError, "Eks is missing", Eks=None) == "Member0east/refused"
    assert rig.opened == 0


def test_a_create_that_fails_half_way_has_something_to_delete(rig: Rig) -> None:
    rig.api.slow = {"serviceimports.multicluster.x-k8s.io": 30}

    assert failed(rig, "Create", OutOfTimeError, "is not established yet", seconds=20) == INSTALLED


def test_an_update_that_is_refused_keeps_the_id_that_there_is(rig: Rig) -> None:
    rig.eks.described["version"] = "1.21"

    assert failed(rig, "Update", PreflightError, "1.21", physical_id="old/cloudmap-mcs") == "old/cloudmap-mcs"


def test_a_failure_that_passes_is_tried_again(rig: Rig) -> None:
    rig.eks.refusals = ["ThrottlingException"]

    def recover(_: str) -> None:
        if rig.clock.ms > 1_700_000_000_000 + 1_000:
            rig.eks.refusals = []

    rig.clock.before = recover

    assert rig.attend().is_success


def test_a_role_that_is_seconds_old_is_given_a_minute_to_be_let_in(rig: Rig) -> None:
    rig.eks.refusals = ["AccessDeniedException"]

    def allow(_: str) -> None:
        if rig.clock.ms > 1_700_000_000_000 + 50_000:
            rig.eks.refusals = []

    rig.clock.before = allow

    assert rig.attend().is_success


def test_a_role_that_cloud_map_does_not_know_yet_is_given_the_same_time(rig: Rig) -> None:
    def refuse(call: str) -> None:
        if call == "read_member" and rig.clock.ms < 1_700_000_000_000 + 50_000:
            raise DeniedError("ListServices: AccessDeniedException")

    rig.registry.before = refuse

    assert rig.attend().is_success


def test_a_role_that_is_never_let_in_is_told_with_the_words_of_eks(rig: Rig) -> None:
    rig.eks.refusals = ["AccessDeniedException"]

    assert failed(rig, "Create", PermanentError, "DescribeCluster failed") == REFUSED


def test_a_conflict_in_the_middle_is_tried_again(rig: Rig) -> None:
    def break_once(call: Call) -> None:
        if call.verb == "PATCH" and call.path.endswith("deployments/watcher"):
            rig.api.before = lambda _: None
            raise UnreachableError("the network is gone")

    rig.api.before = break_once

    assert rig.attend().is_success


def test_a_failure_that_stays_is_told_in_the_end(rig: Rig) -> None:
    rig.eks.refusals = ["ThrottlingException"]

    failed(rig, "Create", McsError, "ThrottlingException")

    assert rig.clock.ms - 1_700_000_000_000 == 30_000
