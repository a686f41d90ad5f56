from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given

from cloudmap_mcs.domain.imports import Hints, NamespaceState, Note, Observed
from cloudmap_mcs.domain.model import ClusterId, Endpoint, Family, Gap, Port, Protocol, Record, ServiceType, Slice
from cloudmap_mcs.domain.wellknown import Reason
from cloudmap_mcs.plan.importing import Desired, desired
from tests.builders import HTTP, KEY, POD_HTTP, a_record, a_slice, an_export
from tests.rig import OWN, Rig
from tests.strategies import records, whole_records

A, B = ClusterId("a"), ClusterId("b")
EMPTY = Observed(NamespaceState.PRESENT)
OLD = a_record(an_export("a", created=1, slices=[a_slice("10.1.0.1")]), 5)
YOUNG = a_record(an_export("b", created=2, slices=[a_slice("10.2.0.1")], labels=(("app", "web"),)), 6)
GONE = a_record(Gap.UNEXPORTED, 7, cluster="a")
NEWER = a_record(Gap.INCOMPLETE, 7, cluster="a")
PARTS = a_record(Gap.INCOMPLETE, 7, cluster="a", head=an_export("a", created=1))


def goal(*found: Record, observed: Observed = EMPTY) -> Desired:
    return desired(OWN, KEY, found, observed)


@pytest.mark.parametrize("found", [(), (GONE,), (GONE, a_record(Gap.UNEXPORTED, 1, cluster="b"))])
def test_without_an_exporter_everything_goes(found: tuple[Record, ...]) -> None:
    want = goal(*found)

    assert want.is_removal
    assert (want.service, want.slices, want.sources, want.conflicts) == (None, (), (), None)


def test_an_export_without_endpoints_is_an_import_all_the_same() -> None:
    want = goal(a_record(an_export("a")))

    assert want.service is not None
    assert (want.slices, want.sources) == ((), (A,))


def test_every_record_is_noted_a_tombstone_too() -> None:
    want = goal(YOUNG, GONE)

    assert want.notes == (Note(A, 7, "srv-1"), Note(B, 6, "srv-1"))
    assert want.service is not None
    assert want.service.notes == want.notes
    assert want.sources == (B,)


def test_conflicts_are_those_of_all_whole_exports() -> None:
    want = goal(OLD, YOUNG)

    assert [item.reason for item in want.conflicts or ()] == [Reason.LABELS_CONFLICT]
    assert want.sources == (A, B)


def test_a_slice_is_made_from_each_exported_slice_and_knows_where_it_is_from() -> None:
    (item,) = goal(OLD).slices

    assert (item.source, item.source_slice, item.family) == (A, "web-abc", Family.IPV4)
    assert (item.ports, item.endpoints) == ((POD_HTTP,), a_slice("10.1.0.1").endpoints)
    assert (item.generation, item.service_id) == (5, "srv-1")


@pytest.mark.parametrize(("source", "node"), [(OWN, "node-1"), (A, None)], ids=["own", "foreign"])
def test_only_own_endpoints_name_their_node(source: ClusterId, node: str | None) -> None:
    """A foreign node's name could equal one of ours, and kube-proxy would take its endpoints for local ones."""
    (item,) = goal(a_record(an_export(source, slices=[a_slice("10.1.0.1", node="node-1", zone="z")]))).slices

    assert [(endpoint.node, endpoint.zone) for endpoint in item.endpoints] == [(node, "z")]


@pytest.mark.parametrize(
    ("distribution", "hints"),
    [
        (None, Hints.NONE), ("Elsewhere", Hints.NONE), ("PreferClose", Hints.ZONE), ("PreferSameZone", Hints.ZONE),
        ("PreferSameNode", Hints.NODE),
    ],
)  # fmt: skip
def test_hints_follow_the_traffic_distribution_of_the_oldest(distribution: str | None, hints: Hints) -> None:
    """Pitfall: kube-proxy uses hints only if every ready endpoint has them, so all slices are alike."""
    old, young = an_export("a", created=1, traffic_distribution=distribution), YOUNG.content
    assert not isinstance(young, Gap)

    slices = goal(a_record(old.with_slices([a_slice("10.1.0.1")])), a_record(young)).slices

    assert [item.hints for item in slices] == [hints, hints]


def test_a_losers_ports_are_renamed_and_dropped_and_a_slice_without_any_left_is_not_published() -> None:
    """Pitfall: an empty list of ports would mean all ports."""
    named, same_name = Port("web", Protocol.TCP, 80), Port("http", Protocol.TCP, 81)
    target, lost = Port("web", Protocol.TCP, 9080), Port("http", Protocol.TCP, 9081)
    young = an_export(
        "b",
        created=2,
        ports=(named, same_name),
        slices=[a_slice("10.2.0.1", name="s1", ports=(target, lost)), a_slice("10.2.0.2", name="s2", ports=(lost,))],
    )

    slices = goal(OLD, a_record(young)).slices

    assert [(item.source, item.source_slice, item.ports) for item in slices if item.source == B] == [
        (B, "s1", (Port("http", Protocol.TCP, 9080),))
    ]


@pytest.mark.parametrize("held", [(), (POD_HTTP,)], ids=["as-kubernetes-makes-it", "made-by-hand"])
def test_the_slices_of_a_headless_service_without_ports_are_kept_without_ports(held: tuple[Port, ...]) -> None:
    headless = an_export("a", type=ServiceType.HEADLESS, ports=(), slices=[a_slice("10.1.0.1", ports=held)])

    assert [item.ports for item in goal(a_record(headless)).slices] == [()]


def test_named_target_ports_that_differ_between_pods_stay_different() -> None:
    """One Service, one port name, other numbers in each slice: kube-proxy goes by the name."""
    numbers = {"s1": 8080, "s2": 9090}
    slices = [
        a_slice(f"10.1.0.{at}", name=name, ports=(Port("http", Protocol.TCP, number),))
        for at, (name, number) in enumerate(numbers.items(), 1)
    ]

    found = goal(a_record(an_export("a", slices=slices))).slices

    assert {item.source_slice: [port.number for port in item.ports] for item in found} == {"s1": [8080], "s2": [9090]}


def test_a_losers_slices_carry_the_application_protocol_that_won() -> None:
    http2, pod_http2 = Port("web", Protocol.TCP, 80, "h2c"), Port("web", Protocol.TCP, 8080, "h2c")
    young = an_export("b", created=2, ports=(http2,), slices=[a_slice("10.2.0.1", ports=(pod_http2,))])

    slices = goal(OLD, a_record(young)).slices

    assert [item.ports for item in slices if item.source == B] == [(POD_HTTP,)]


def test_endpoints_are_carried_whole_in_the_slice_they_were_in() -> None:
    """Two pods of a StatefulSet in one slice, with host names and all conditions (conformance specs 25 and 26)."""
    endpoints = (
        Endpoint("10.1.0.1", hostname="web-0", zone="z1"),
        Endpoint("10.1.0.2", ready=False, serving=True, terminating=True, hostname="web-1", zone="z2"),
    )
    held = Slice.of("web-abc", Family.IPV4, (Port("raw", Protocol.SCTP, 9_000),), endpoints)
    ports = (Port("raw", Protocol.SCTP, 90),)
    headless = an_export("a", type=ServiceType.HEADLESS, ports=ports, slices=[held])

    (item,) = goal(a_record(headless)).slices

    assert (item.endpoints, item.ports) == (endpoints, held.ports)


def test_slices_of_a_family_that_not_all_clusters_have_are_left_out() -> None:
    both = [a_slice("10.1.0.1", name="four"), a_slice("fd01::1", name="six")]
    dual = an_export("a", created=1, families=(Family.IPV4, Family.IPV6), slices=both)

    assert {item.source_slice for item in goal(a_record(dual)).slices} == {"four", "six"}
    assert {item.source_slice for item in goal(a_record(dual), a_record(an_export("b"))).slices} == {"four"}


def test_only_unknown_records_and_no_import_leave_everything_as_it_is() -> None:
    want = goal(NEWER)

    assert want.is_unknown
    assert not want.is_removal


def test_a_head_is_enough_to_import_by_and_to_know_the_conflicts() -> None:
    want = goal(PARTS, YOUNG)

    assert want.service is not None
    assert want.sources == (A, B)
    assert want.kept == {A}
    assert [item.reason for item in want.conflicts or ()] == [Reason.LABELS_CONFLICT]
    assert [item.source for item in want.slices] == [B]


@pytest.mark.parametrize("known", [(YOUNG,), ()], ids=["with-others", "alone"])
def test_an_import_keeps_its_terms_while_an_exporters_cannot_be_read(known: tuple[Record, ...]) -> None:
    dual = an_export("a", created=1, families=(Family.IPV4, Family.IPV6), ports=(HTTP,), annotations=(("x", "y"),))
    rig = Rig().holding(a_record(dual, 5))

    want = goal(NEWER, *known, observed=rig.observed)

    assert want.service == replace(rig.imports[0], families=(Family.IPV4, Family.IPV6))
    assert want.kept == {A}
    assert want.conflicts is None


def test_an_import_that_lost_its_derived_service_keeps_its_own_families_then() -> None:
    rig = Rig().holding(OLD)

    want = goal(NEWER, observed=replace(rig.observed, derived=None))

    assert want.service == rig.imports[0]


@given(records())
def test_the_order_of_records_means_nothing(found: tuple[Record, ...]) -> None:
    wants = [goal(*order) for order in permutations(found)]

    assert all(replace(want, slices=()) == replace(wants[0], slices=()) for want in wants)
    assert all(set(want.slices) == set(wants[0].slices) for want in wants)


@given(whole_records())
def test_slices_partition_the_endpoints_that_have_a_port_and_a_family_in_common(found: tuple[Record, ...]) -> None:
    want = goal(*found)

    assert want.service is not None
    expected = [
        (record.cluster, item.name, endpoint.address)
        for record in found
        if record.offer
        for item in record.offer.slices
        if item.family in want.service.families and _has_traffic(record, item.ports, want.service.ports)
        for endpoint in item.endpoints
    ]
    have = [(item.source, item.source_slice, endpoint.address) for item in want.slices for endpoint in item.endpoints]
    assert sorted(have) == sorted(expected)
    assert len({item.name for item in want.slices}) == len(want.slices)


def _has_traffic(record: Record, held: tuple[Port, ...], merged: tuple[Port, ...]) -> bool:
    """State the rule once more: a slice matters if it has no ports, or one whose Service port won or was renamed."""
    won = {(port.number, port.protocol) for port in merged}
    ports = record.offer.ports if record.offer else ()
    return not held or any((port.number, port.protocol) in won for port in ports)
