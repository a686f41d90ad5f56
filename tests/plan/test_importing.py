"""The two steps of an import's plan: what they are and in which order (make before break)."""

from dataclasses import replace

import pytest

from cloudmap_mcs.domain import names
from cloudmap_mcs.domain.imports import DerivedService, ImportedSlice, Managed, Seen, ServiceImport
from cloudmap_mcs.domain.model import ClusterId, Family, Gap, Port, Protocol, Record, ServiceType
from cloudmap_mcs.plan.actions import Action, Create, Delete, Replace
from cloudmap_mcs.plan.importing import derived, prepare, publish
from tests.builders import HTTP, KEY, POD_HTTP, a_record, a_slice, an_export
from tests.rig import Rig

A, B = ClusterId("a"), ClusterId("b")
WEB, POD_WEB = Port("web", Protocol.TCP, 80), Port("web", Protocol.TCP, 8080)
V4, V6 = Family.IPV4, Family.IPV6


def offered(generation: int = 1, *addresses: str, cluster: str = "a", name: str = "s1") -> Record:
    slices = [a_slice(*addresses, name=name)] if addresses else []
    return a_record(an_export(cluster, slices=slices), generation)


def steps(rig: Rig, *records: Record) -> tuple[tuple[Action[Managed], ...], tuple[Action[Managed], ...]]:
    goal = rig.goal(records)
    return prepare(goal, rig.observed), publish(goal, rig.observed)


def shape(actions: tuple[Action[Managed], ...]) -> list[str]:
    return [
        f"{type(item).__name__} {type(item.seen.value if isinstance(item, Delete) else item.value).__name__}"
        for item in actions
    ]


def test_a_new_import_begins_with_the_derived_service_and_ends_with_the_service_import() -> None:
    first, second = steps(Rig(), offered(1, "10.1.0.1"))

    assert shape(first) == ["Create DerivedService"]
    assert shape(second) == ["Create ImportedSlice", "Create ServiceImport"]


def test_the_derived_service_asks_for_what_was_merged() -> None:
    (action,), _ = steps(Rig(), offered())

    assert isinstance(action, Create)
    assert action.value == DerivedService(
        KEY, names.derived_service(KEY), ServiceType.CLUSTER_SET_IP, (HTTP,), frozenset({V4})
    )


def test_the_import_carries_addresses_and_families_of_the_derived_service() -> None:
    rig = Rig(families=(V6, V4))
    rig.bring([a_record(an_export(families=(V4, V6)))])

    assert rig.imports[0].ips == rig.services[0].ips != ()
    assert rig.imports[0].families == rig.services[0].families == (V6, V4)


def test_a_headless_import_has_families_but_no_address() -> None:
    rig = Rig()
    rig.bring([a_record(an_export(type=ServiceType.HEADLESS))])

    assert (rig.imports[0].ips, rig.imports[0].families) == ((), (V4,))


def test_a_derived_service_deleted_by_hand_is_asked_for_with_its_addresses() -> None:
    rig = Rig().holding(offered())
    held = rig.imports[0].ips

    want = derived(rig.imports[0], replace(rig.observed, derived=None))

    assert want.ips == held != ()


@pytest.mark.parametrize(
    ("type_", "families", "kept"),
    [
        pytest.param(ServiceType.HEADLESS, (V4, V6), (), id="other-type"),
        pytest.param(ServiceType.CLUSTER_SET_IP, (V6,), ("fd00::9",), id="one-family-left"),
        pytest.param(ServiceType.CLUSTER_SET_IP, (V4, V6), ("10.0.0.9", "fd00::9"), id="same"),
    ],
)
def test_only_addresses_that_still_fit_are_asked_for(
    type_: ServiceType, families: tuple[Family, ...], kept: tuple[str, ...]
) -> None:
    held = ServiceImport(KEY, ServiceType.CLUSTER_SET_IP, (), ("10.0.0.9", "fd00::9"), (V4, V6))
    observed = Rig().observed.holding(Seen(held, "uid", "1"))

    assert derived(replace(held, type=type_, families=families), observed).ips == kept


def test_nothing_is_asked_for_where_nothing_was() -> None:
    want = Rig().goal([offered()]).service
    assert want is not None

    assert derived(want, Rig().observed).ips == ()


def test_a_port_rename_widens_the_slices_first_then_narrows_them() -> None:
    rig = Rig().holding(offered(1, "10.1.0.1"))
    renamed = an_export(ports=(WEB,), slices=[a_slice("10.1.0.1", name="s1", ports=(POD_WEB,))])

    first, _ = steps(rig, a_record(renamed, 2))

    assert shape(first) == ["Replace ImportedSlice", "Replace DerivedService"]
    assert isinstance(first[0], Replace)
    assert isinstance(first[0].value, ImportedSlice)
    assert first[0].value.ports == (POD_HTTP, POD_WEB)


def test_a_rename_begun_by_somebody_else_is_not_widened_again() -> None:
    rig = Rig().holding(offered(1, "10.1.0.1"))
    renamed = an_export(ports=(WEB,), slices=[a_slice("10.1.0.1", name="s1", ports=(POD_WEB,))])
    first, _ = steps(rig, a_record(renamed, 2))
    assert isinstance(first[0], Replace)
    rig.cluster.replace(first[0].seen, first[0].value)

    first, second = steps(rig, a_record(renamed, 2))

    assert shape(first) == ["Replace DerivedService"]
    assert shape(second) == ["Replace ImportedSlice", "Replace ServiceImport"]


def test_slices_that_do_not_have_the_leaving_port_are_not_widened() -> None:
    metrics = Port("metrics", Protocol.TCP, 9090)
    rig = Rig().holding(a_record(an_export(ports=(HTTP, metrics), slices=[a_slice("10.1.0.1", name="s1")])))

    first, _ = steps(rig, offered(2, "10.1.0.1"))

    assert shape(first) == ["Replace DerivedService"]


@pytest.mark.parametrize("field", ["type", "primary-family"])
def test_what_cannot_be_changed_in_place_is_made_anew(field: str) -> None:
    """The API server holds clusterIP None and the first IP family to be immutable."""
    rig = Rig(families=(V4, V6)).holding(offered())
    changed = an_export(type=ServiceType.HEADLESS) if field == "type" else an_export(families=(V6,))

    first, second = steps(rig, a_record(changed, 2))

    assert shape(first) == ["Delete DerivedService", "Create DerivedService"]
    assert shape(second) == ["Replace ServiceImport"]


def test_a_second_family_is_added_in_place() -> None:
    rig = Rig(families=(V4, V6)).holding(offered())

    first, _ = steps(rig, a_record(an_export(families=(V6, V4)), 2))

    assert shape(first) == ["Replace DerivedService"]


def test_a_removal_goes_from_the_import_to_the_derived_service() -> None:
    rig = Rig().holding(
        a_record(an_export("a", slices=[a_slice("10.1.0.2", name="s2"), a_slice("10.1.0.1", name="s1")]))
    )

    first, second = steps(rig, a_record(Gap.UNEXPORTED, 2))

    assert first == ()
    assert shape(second) == [
        "Delete ServiceImport",
        "Delete ImportedSlice",
        "Delete ImportedSlice",
        "Delete DerivedService",
    ]


def test_a_removal_takes_what_is_left_of_one() -> None:
    rig = Rig().holding(offered(1, "10.1.0.1"))
    seen = rig.observed.service_import
    assert seen is not None
    rig.cluster.delete(seen)

    _, second = steps(rig, a_record(Gap.UNEXPORTED, 2))

    assert shape(second) == ["Delete ImportedSlice", "Delete DerivedService"]


def test_unknown_records_plan_nothing() -> None:
    rig = Rig().holding(offered(1, "10.1.0.1"))
    seen = rig.observed.service_import
    assert seen is not None
    rig.cluster.delete(seen)

    assert steps(rig, a_record(Gap.INCOMPLETE, 2)) == ((), ())


def test_the_slices_of_an_incomplete_record_stay_as_they_are() -> None:
    rig = Rig().holding(offered(1, "10.1.0.1"), offered(1, "10.2.0.1", cluster="b"))

    first, second = steps(rig, a_record(Gap.INCOMPLETE, 2), offered(2, cluster="b"))

    assert first == ()
    gone = [item.seen.value for item in second if isinstance(item, Delete)]
    assert [value.source for value in gone if isinstance(value, ImportedSlice)] == [B]
    assert shape(second) == ["Delete ImportedSlice", "Replace ServiceImport"]


NOTES = [
    pytest.param([offered(1, "10.1.0.1")], ["none"], id="nothing-new"),
    pytest.param([offered(2, "10.1.0.1")], ["Replace ServiceImport"], id="a-generation-rose-alone"),
    pytest.param([offered(2, "10.1.0.2")], ["Replace ImportedSlice"], id="a-slice-remembers"),
    pytest.param([offered(2)], ["Delete ImportedSlice", "Replace ServiceImport"], id="nothing-left-to-remember"),
    pytest.param(
        [offered(1, "10.1.0.1"), a_record(Gap.UNEXPORTED, 1, cluster="b")],
        ["Replace ServiceImport"],
        id="a-tombstone-is-remembered",
    ),
    pytest.param(
        [offered(1, "10.2.0.1", cluster="b")],
        ["Create ImportedSlice", "Delete ImportedSlice", "Replace ServiceImport"],
        id="a-source-went",
    ),
]


@pytest.mark.parametrize(("records", "planned"), NOTES)
def test_the_import_is_written_for_its_notes_only_if_nothing_else_remembers(
    records: list[Record], planned: list[str]
) -> None:
    rig = Rig().holding(offered(1, "10.1.0.1"))

    _, second = steps(rig, *records)

    assert (shape(second) or ["none"]) == planned


def test_a_lower_generation_that_the_control_plane_insists_on_is_noted_everywhere() -> None:
    """Else every later read of a rebuilt exporter would count as stale until its generation had passed the old one."""
    rig = Rig().holding(offered(5, "10.1.0.1"))

    _, second = steps(rig, offered(3, "10.1.0.1"))

    written = [action.value for action in second if isinstance(action, Replace)]
    assert len(written) == len(second) == 2
    assert {item.generation for item in written if isinstance(item, ImportedSlice)} == {3}
    assert [note.generation for item in written if isinstance(item, ServiceImport) for note in item.notes] == [3]


def test_without_a_derived_service_the_import_has_no_address() -> None:
    goal = Rig().goal([offered()])

    (action,) = publish(goal, Rig().observed)

    assert isinstance(action, Create)
    assert isinstance(action.value, ServiceImport)
    assert (action.value.ips, action.value.families) == ((), (V4,))
