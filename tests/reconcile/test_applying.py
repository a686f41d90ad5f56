"""What is true after a plan was performed: addresses and statuses."""

from dataclasses import replace

import pytest

from cloudmap_mcs.domain.imports import DerivedService, ImportStatus
from cloudmap_mcs.domain.model import ClusterId, Family, Port, Protocol, ServiceType, family_of
from cloudmap_mcs.errors import AddressTakenError, InvalidError
from cloudmap_mcs.reconcile.outcome import Verb, came_or_went
from tests.builders import HTTP, KEY, a_record, a_slice, an_export
from tests.rig import OWN, Rig

A = ClusterId("a")
V4, V6 = Family.IPV4, Family.IPV6
OLD = a_record(an_export("a", slices=[a_slice("10.1.0.1")]), 5)
MINE = a_record(an_export(OWN, created=2_000, labels=(("app", "web"),)), 5)
AGREEING = a_record(an_export(OWN, created=2_000), 6)


def test_the_status_names_the_exporters_and_that_the_import_is_ready() -> None:
    rig = Rig().holding(MINE, OLD)

    status = rig.cluster.statuses[KEY]

    assert status.clusters == ("a", "z")
    assert status.ready is not None
    assert (status.ready.status, status.ready.reason) == (True, "Ready")
    assert status.ready.since == "2023-11-14T22:13:20Z"


def test_a_status_that_says_it_already_is_not_written() -> None:
    rig = Rig().holding(OLD)

    rig.bring([OLD])

    assert not rig.writes


def test_a_status_that_was_damaged_or_lost_is_written_again() -> None:
    rig = Rig().holding(OLD)
    good = rig.cluster.statuses[KEY]

    silent = replace(good, says_slices=False)
    for damaged in (ImportStatus((), good.ready), ImportStatus(good.clusters, None), silent, None):
        if damaged:
            rig.cluster.statuses[KEY] = damaged
        else:
            del rig.cluster.statuses[KEY]
        rig.bring([OLD])
        assert rig.cluster.statuses[KEY] == good


def test_another_exporter_changes_the_clusters_but_not_the_time() -> None:
    rig = Rig().holding(OLD)
    before = rig.cluster.statuses[KEY]
    rig.clock.ms += 60_000

    rig.bring([OLD, MINE])

    after = rig.cluster.statuses[KEY]
    assert after.clusters == ("a", "z")
    assert before.ready is not None
    assert after.ready is not None
    assert after.ready.since == before.ready.since


def test_ready_was_said_of_the_generation_that_is_there() -> None:
    """Labels and notes are no part of a generation, ports are."""
    rig = Rig().holding(OLD)
    more = an_export("a", labels=(("app", "web"),), slices=[a_slice("10.1.0.1")])

    said = []
    for record in (OLD, a_record(more, 6), a_record(an_export("a", ports=(Port("web", Protocol.TCP, 80),)), 7)):
        rig.bring([record])
        ready = rig.cluster.statuses[KEY].ready
        assert ready is not None
        said.append((ready.observed_generation, ready.since))

    assert said == [(1, "2023-11-14T22:13:20Z"), (1, "2023-11-14T22:13:20Z"), (2, "2023-11-14T22:13:20Z")]


def test_without_a_family_in_common_the_import_says_so_and_nothing_fails() -> None:
    rig = Rig(families=(V4,)).holding(a_record(an_export("a", families=(V6,), slices=[a_slice("fd01::1")])))

    status = rig.cluster.statuses[KEY]

    assert (rig.imports[0].ips, rig.services) == ((), [])
    assert status.ready is not None
    assert (status.ready.status, status.ready.reason) == (False, "IPFamilyNotSupported")


def test_a_family_lost_later_takes_the_derived_service_and_its_address_with_it() -> None:
    rig = Rig(families=(V4,)).holding(OLD)
    rig.clock.ms += 60_000

    written = rig.bring([a_record(an_export("a", families=(V6,)), 6)])

    assert rig.services == []
    assert rig.imports[0].ips == ()
    assert any(map(came_or_went, written))
    assert (Verb.DELETED, "Service") in [(change.verb, change.kind) for change in written]
    ready = rig.cluster.statuses[KEY].ready
    assert ready is not None
    assert (ready.status, ready.since) == (False, "2023-11-14T22:14:20Z")


def test_a_family_that_fits_again_brings_the_import_back() -> None:
    rig = Rig(families=(V4,)).holding(a_record(an_export("a", families=(V6,))))

    rig.bring([a_record(an_export("a"), 6)])

    ready = rig.cluster.statuses[KEY].ready
    assert rig.imports[0].ips == rig.services[0].ips != ()
    assert ready is not None
    assert ready.status is True


def test_a_change_that_is_refused_for_its_families_is_not_taken_for_a_lack_of_family() -> None:
    rig = Rig().holding(OLD)
    rig.then["replace 1"] = _bad_family

    with pytest.raises(InvalidError):
        rig.bring([a_record(an_export("a", ports=(Port("web", Protocol.TCP, 80),)), 6)])


def test_a_service_that_is_refused_for_another_reason_fails_before_anything_is_published() -> None:
    rig = Rig()
    rig.then["create 1"] = _invalid

    with pytest.raises(InvalidError):
        rig.bring([OLD])

    assert rig.state == {}


def _invalid() -> None:
    raise InvalidError("spec.ports: too many")


def test_a_slice_refused_for_its_family_is_not_taken_for_a_lack_of_family() -> None:
    rig = Rig()
    rig.then["create 2"] = _bad_family

    with pytest.raises(InvalidError):
        rig.bring([OLD])


def _bad_family() -> None:
    raise InvalidError("addressType", families=True)


@pytest.mark.parametrize("is_taken", [False, True], ids=["free", "taken"])
def test_a_lost_service_gets_its_address_back_or_any_other(is_taken: bool) -> None:
    rig = Rig().holding(OLD)
    held = rig.imports[0].ips
    for name in [name for name in rig.state if name[0] is DerivedService]:
        del rig.cluster.objects[name]
    if is_taken:
        rig.cluster.taken.update(held)

    rig.bring([OLD])

    assert rig.imports[0].ips == rig.services[0].ips != ()
    assert (rig.imports[0].ips == held) is not is_taken


@pytest.mark.parametrize("taken", [0, 1])
def test_of_two_addresses_the_one_that_is_still_free_is_kept(taken: int) -> None:
    rig = Rig(families=(V4, V6)).holding(a_record(an_export("a", families=(V4, V6)), 5))
    held = rig.imports[0].ips
    for name in [name for name in rig.state if name[0] is DerivedService]:
        del rig.cluster.objects[name]
    rig.cluster.taken.add(held[taken])

    rig.bring([a_record(an_export("a", families=(V4, V6)), 5)])

    assert rig.imports[0].ips == rig.services[0].ips
    assert set(rig.imports[0].ips) & set(held) == {held[1 - taken]}
    assert tuple(map(family_of, rig.imports[0].ips)) == rig.imports[0].families


@pytest.mark.parametrize("back", [(V4,), (V6,)], ids=["primary-left", "primary-went"])
def test_an_address_stays_when_a_family_comes_and_when_it_goes_again(back: tuple[Family, ...]) -> None:
    rig = Rig(families=(V4, V6)).holding(OLD)
    first = rig.imports[0].ips

    rig.bring([a_record(an_export("a", families=(V6, V4)), 6)])
    both = rig.imports[0].ips
    rig.bring([a_record(an_export("a", families=back), 7)])

    assert both[:1] == first
    assert rig.imports[0].ips == tuple(ip for ip in both if family_of(ip) in back) == rig.services[0].ips
    assert rig.imports[0].families == back


def test_an_address_outlives_endpoints_and_exporters() -> None:
    rig = Rig().holding(OLD, MINE)
    held = rig.imports[0].ips

    for records in ([a_record(an_export("a"), 6), MINE], [MINE], [a_record(an_export(OWN, created=2_000), 6)]):
        rig.bring(records)
        assert rig.imports[0].ips == rig.services[0].ips == held


def test_only_a_service_can_ask_for_another_address() -> None:
    rig = Rig()
    rig.then["create 2"] = _taken

    with pytest.raises(AddressTakenError):
        rig.bring([OLD])


def _taken() -> None:
    raise AddressTakenError("provided IP is already allocated")


def test_a_type_flip_makes_the_service_anew_in_the_same_place() -> None:
    rig = Rig().holding(OLD)
    before = {seen.uid for name, seen in rig.state.items() if name[0] is DerivedService}

    written = rig.bring([a_record(an_export("a", type=ServiceType.HEADLESS), 6)])

    after = {seen.uid for name, seen in rig.state.items() if name[0] is DerivedService}
    assert [(change.verb, change.kind) for change in written][:2] == [
        (Verb.DELETED, "Service"),
        (Verb.CREATED, "Service"),
    ]
    assert any(map(came_or_went, written))
    assert before.isdisjoint(after)
    assert (rig.services[0].type, rig.imports[0].type, rig.imports[0].ips) == (
        ServiceType.HEADLESS,
        ServiceType.HEADLESS,
        (),
    )


def test_a_port_rename_never_leaves_the_service_without_a_port_that_its_slices_have() -> None:
    """Make before break: at each write, every slice has the name of some port of the derived Service."""
    rig = Rig().holding(OLD)
    web, pod_web = Port("web", Protocol.TCP, 80), Port("web", Protocol.TCP, 8080)
    seen: list[tuple[set[str], set[str]]] = []

    def look(_: str) -> None:
        service = {port.name for item in rig.services for port in item.ports}
        seen.append((service, {port.name for item in rig.slices for port in item.ports}))

    rig.cluster.before = look
    rig.bring([a_record(an_export("a", ports=(web,), slices=[a_slice("10.1.0.1", ports=(pod_web,))]), 6)])
    look("afterwards")

    assert all(service <= ports for service, ports in seen)
    assert seen[0] == ({"http"}, {"http"})
    assert seen[-1] == ({"web"}, {"web"})


def test_objects_that_were_not_written_are_counted_however_often_the_others_were() -> None:
    metrics = Port("metrics", Protocol.TCP, 90)
    web, pod_web = Port("web", Protocol.TCP, 80), Port("web", Protocol.TCP, 8080)
    idle = a_slice("10.1.0.2", name="s2", ports=(metrics,))
    rig = Rig().holding(a_record(an_export("a", ports=(HTTP, metrics), slices=[a_slice("10.1.0.1"), idle])))
    renamed = an_export("a", ports=(web, metrics), slices=[a_slice("10.1.0.1", ports=(pod_web,)), idle])
    rig.register(a_record(renamed, 2))

    outcome = rig.reconcile()

    assert [change.kind for change in outcome.changes] == [
        "EndpointSlice",
        "Service",
        "EndpointSlice",
        "ServiceImport",
        "ServiceImport/status",
    ]
    assert outcome.unchanged == 1


def test_an_import_of_which_only_the_status_was_written_is_not_unchanged() -> None:
    rig = Rig().holding(OLD)
    rig.cluster.statuses.clear()

    outcome = rig.reconcile()

    assert [change.kind for change in outcome.changes] == ["ServiceImport/status"]
    assert outcome.unchanged == 2
