"""One namespace: resynced alone, or looked at because it appeared."""

from cloudmap_mcs.domain.model import ClusterId, ServiceKey
from cloudmap_mcs.reconcile.importing import Importer
from cloudmap_mcs.reconcile.resyncing import Resyncer, indexed, lacking
from tests.builders import MEMBERS
from tests.reconcile.test_resyncing import LATER, Rig, keys


def test_a_namespace_can_be_resynced_alone() -> None:
    rig = Rig()
    elsewhere = ServiceKey("bank", "web")
    rig.offer([*keys(2), elsewhere], imported=True)
    rig.withdraw([keys(1)[0], elsewhere])
    importer = Importer(ClusterId("z"), rig.cluster, rig.registry, rig.clock, MEMBERS)
    resyncer = Resyncer(importer, rig.clock, map, rig._pause, "shop")
    resynced = resyncer.resync(until_ms=rig.clock.ms + LATER)

    assert [item.key for item in resynced.outcomes] == [keys(2)[1], keys(2)[0]]
    assert rig.imported == {keys(2)[1], elsewhere}


def test_namespaces_lack_what_the_index_has_and_the_cluster_holds_nothing_of() -> None:
    rig = Rig()
    rig.offer(keys(2), imported=True)
    bank, elsewhere = ServiceKey("bank", "web"), ServiceKey("elsewhere", "web")
    rig.index([*keys(4), bank, elsewhere])
    importer = Importer(ClusterId("z"), rig.cluster, rig.registry, rig.clock, MEMBERS)

    assert indexed(importer, ["shop", "bank"]) == {*keys(4), bank}
    assert lacking(importer, frozenset([*keys(4), bank])) == {*keys(4)[2:], bank}


def test_the_cluster_is_not_listed_for_a_namespace_that_the_index_does_not_name() -> None:
    rig = Rig()
    rig.offer(keys(2))
    importer = Importer(ClusterId("z"), rig.cluster, rig.registry, rig.clock, MEMBERS)

    assert lacking(importer, indexed(importer, ["bank"])) == frozenset()
    assert rig.troubles.calls == ["index"]
