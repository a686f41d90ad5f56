"""From one way of doing the DNS to another: the traces of the one before go, and no name fails meanwhile."""

import pytest

from cloudmap_mcs.errors import UnreachableError
from cloudmap_mcs.kube.client import Call
from cloudmap_mcs.reconcile.installing.patience import OutOfTimeError
from cloudmap_mcs.reconcile.installing.surveying import Wanted
from tests.install.corefile_texts import COREFILES, STOCK_EKS_ENABLED
from tests.reconcile.installing.modes import LONG, MANAGED, MANUAL, OWN, RIGHTS, STUB, STUBBED
from tests.reconcile.installing.rig import InstallRig

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
