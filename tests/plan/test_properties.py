"""Invariants of the plan, on the cluster in memory."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cloudmap_mcs.domain.imports import DerivedService, Hints, ImportedSlice, Managed, Seen, ServiceImport, Traffic
from cloudmap_mcs.domain.model import (
    ClusterId,
    Endpoint,
    Family,
    Gap,
    Pairs,
    Port,
    Protocol,
    Record,
    ServiceKey,
    ServiceType,
)
from cloudmap_mcs.plan.actions import Create, Replace
from cloudmap_mcs.plan.importing import prepare, publish
from tests.builders import KEY, a_record, a_slice, an_export
from tests.fakes.cluster import name_of
from tests.rig import Rig
from tests.strategies import cluster_families, records, whole_records

V4, V6 = Family.IPV4, Family.IPV6
EXOTIC = (Port("exotic", Protocol.SCTP, 999),)


def is_settled(rig: Rig, found: tuple[Record, ...]) -> bool:
    """Nothing is planned any more, but for the derived Service that no family of the cluster fits."""
    goal, observed = rig.goal(found), rig.observed
    first, second = prepare(goal, observed), publish(goal, observed)
    if goal.service and not {*goal.service.families} & {*rig.families}:
        return [type(item) for item in first] == [Create] and observed.derived is None and not second
    return not first and not second


@given(cluster_families(), records())
def test_plan_after_apply_is_empty(families: tuple[Family, ...], found: tuple[Record, ...]) -> None:
    rig = Rig(families=families)

    rig.bring(found)

    assert is_settled(rig, found)


@given(cluster_families(), records(generation=1), records(generation=2))
def test_plan_after_applying_a_change_is_empty(
    families: tuple[Family, ...], before: tuple[Record, ...], after: tuple[Record, ...]
) -> None:
    rig = Rig(families=families)
    rig.bring(before)

    rig.bring(after)

    assert is_settled(rig, after)


@pytest.mark.parametrize("cluster", [(V4,), (V6,)], ids=["ipv4-only", "ipv6-only"])
def test_plan_after_apply_is_empty_where_a_single_stack_cluster_imports_dual_stack(cluster: tuple[Family, ...]) -> None:
    found = (a_record(an_export(families=(V4, V6), slices=[a_slice("10.1.0.1"), a_slice("fd01::1", name="six")])),)
    rig = Rig(families=cluster)

    rig.bring(found)

    assert rig.imports[0].families == cluster
    assert is_settled(rig, found)


@given(whole_records(), records(generation=2))
def test_slices_of_incomplete_records_stay_whatever_the_others_do(
    before: tuple[Record, ...], after: tuple[Record, ...]
) -> None:
    rig = Rig()
    rig.bring(before)
    kept = {record.cluster for record in after if record.content is Gap.INCOMPLETE}
    held = {name: seen for name, seen in rig.state.items() if getattr(seen.value, "source", None) in kept}

    rig.bring(after)

    assert held.items() <= rig.state.items()


@given(whole_records(), st.data())
def test_terms_stay_while_an_exporter_is_of_a_newer_format(before: tuple[Record, ...], data: st.DataObject) -> None:
    rig = Rig(families=(V4, V6))
    rig.bring(before)
    held = rig.imports[0]
    unknown = data.draw(st.sampled_from(before))
    others = data.draw(records(generation=2))

    rig.bring(
        (
            a_record(Gap.INCOMPLETE, 2, cluster=unknown.cluster),
            *(record for record in others if record.cluster != unknown.cluster),
        )
    )

    assert rig.imports == [held]


@given(whole_records(), records(generation=2))
def test_a_record_that_is_not_a_tombstone_keeps_the_import_and_its_address(
    before: tuple[Record, ...], after: tuple[Record, ...]
) -> None:
    """Invariant 4, for as long as type and families allow an address to stay."""
    rig = Rig()
    rig.bring(before)
    held = rig.imports[0]

    rig.bring(after)

    assert bool(rig.imports) == any(record.is_exporter for record in after)
    if not rig.imports:
        return
    now = rig.imports[0]
    if (held.type, held.families) == (now.type, now.families) and held.ips and now.ips:
        assert held.ips == now.ips


@given(whole_records(), st.data())
def test_a_one_endpoint_change_replaces_one_slice_and_nothing_else(
    found: tuple[Record, ...], data: st.DataObject
) -> None:
    """Invariant 7, the importing cluster's part."""
    rig = Rig()
    rig.bring(found)
    assume(rig.slices)
    hit = data.draw(st.sampled_from(rig.slices))
    changed = tuple(_with_one_more(record, hit) if record.cluster == hit.source else record for record in found)

    goal = rig.goal(changed)

    (action,) = publish(goal, rig.observed)
    assert prepare(goal, rig.observed) == () or not {*rig.families} & {*(goal.service or rig.imports[0]).families}
    assert isinstance(action, Replace)
    assert name_of(action.value) == name_of(hit)


def _with_one_more(record: Record, hit: ImportedSlice) -> Record:
    assert record.offer
    address = "10.1.0.200" if hit.family is V4 else "fd01::200"
    slices = [
        replace(item, endpoints=(*item.endpoints, Endpoint(address))) if item.name == hit.source_slice else item
        for item in record.offer.slices
    ]
    return replace(record, generation=record.generation + 1, content=record.offer.with_slices(slices))


DAMAGE: dict[tuple[type, str], Any] = {
    (ServiceImport, "type"): ServiceType.HEADLESS,
    (ServiceImport, "ports"): EXOTIC,
    (ServiceImport, "ips"): ("10.99.99.99",),
    (ServiceImport, "families"): (V6,),
    (ServiceImport, "traffic"): Traffic(internal_policy="Damaged"),
    (ServiceImport, "labels"): (("damaged", "yes"),),
    (ServiceImport, "annotations"): (("damaged", "yes"),),
    (ServiceImport, "notes"): (),
    (DerivedService, "type"): ServiceType.HEADLESS,
    (DerivedService, "ports"): EXOTIC,
    (DerivedService, "asks"): frozenset({V4, V6}),
    (DerivedService, "traffic"): Traffic(distribution="Damaged"),
    (ImportedSlice, "source"): ClusterId("other"),
    (ImportedSlice, "source_slice"): "other",
    (ImportedSlice, "family"): V6,
    (ImportedSlice, "ports"): EXOTIC,
    (ImportedSlice, "endpoints"): (),
    (ImportedSlice, "hints"): Hints.NODE,
}
IDENTITY = {"key", "name"}
GIVEN = {
    (DerivedService, "families"),
    (DerivedService, "ips"),
    (ImportedSlice, "generation"),
    (ImportedSlice, "service_id"),
}
"""Fields that the API server gives, or that only note an origin: nothing depends on them being as they were."""
ODD: Pairs = (("app", "web"),)
FULL = a_record(an_export(slices=[a_slice("10.1.0.1")], labels=ODD, annotations=ODD), 3)


def test_every_managed_field_has_its_damage() -> None:
    everything = {
        (kind, item.name)
        for kind in (ServiceImport, DerivedService, ImportedSlice)
        for item in fields(kind)
        if item.name not in IDENTITY
    }

    assert everything == {*DAMAGE, *GIVEN}


@pytest.mark.parametrize(("kind", "field"), DAMAGE, ids=[f"{kind.__name__}-{field}" for kind, field in DAMAGE])
def test_damage_to_any_managed_field_is_repaired(kind: type[Managed], field: str) -> None:
    rig = Rig().holding(FULL)
    before = {name: seen.value for name, seen in rig.state.items()}
    notes = rig.imports[0].notes
    (name,) = [name for name in rig.state if name[0] is kind]
    rig.cluster.objects[name] = _damaged(rig.state[name], field, DAMAGE[kind, field])

    rig.bring([FULL])

    assert {name: seen.value for name, seen in rig.state.items()} == before
    assert rig.imports[0].notes == notes or field == "notes"
    assert is_settled(rig, (FULL,))


def _damaged(seen: Seen[Managed], field: str, damage: Any) -> Seen[Managed]:
    return Seen(replace(seen.value, **{field: damage}), seen.uid, "damaged")


@pytest.mark.parametrize("kind", [ServiceImport, DerivedService, ImportedSlice])
def test_an_object_deleted_by_hand_comes_back_with_the_same_address(kind: type[Managed]) -> None:
    rig = Rig().holding(FULL)
    before = {name: seen.value for name, seen in rig.state.items()}
    ips = rig.imports[0].ips
    for name in [name for name in rig.state if name[0] is kind]:
        del rig.cluster.objects[name]

    rig.bring([FULL])

    assert {name: seen.value for name, seen in rig.state.items()} == before
    assert rig.imports[0].ips == rig.services[0].ips == ips


@given(records(generation=2))
def test_only_objects_of_the_key_are_touched(found: tuple[Record, ...]) -> None:
    rig = Rig().holding(FULL)
    neighbours = {
        (kind, replace(key, name=key.name + "-2"), name): Seen(
            replace(seen.value, key=ServiceKey(KEY.namespace, KEY.name + "-2")), seen.uid, seen.version
        )
        for (kind, key, name), seen in rig.state.items()
    }
    rig.cluster.objects.update(neighbours)

    rig.bring(found)

    assert neighbours.items() <= rig.state.items()
