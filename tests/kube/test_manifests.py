"""What is written is what is read: over everything that a server adds, and over what was there before.

The same is shown on a real API server in tests/e2e/kube; here any value at all goes through.
"""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cloudmap_mcs.domain import names
from cloudmap_mcs.domain.imports import (
    DerivedService,
    Hints,
    ImportedSlice,
    Note,
    ServiceImport,
    Traffic,
)
from cloudmap_mcs.domain.model import (
    Affinity,
    ClusterId,
    Endpoint,
    Family,
    Port,
    Protocol,
    ServiceType,
)
from cloudmap_mcs.kube.manifests import derived_service, imported_slice, service_import
from cloudmap_mcs.kube.manifests.codecs import DERIVED, IMPORTS, SLICES
from tests.builders import KEY
from tests.kube.serving import served

FAMILIES: tuple[tuple[Family, ...], ...] = ((Family.IPV4,), (Family.IPV6,), (Family.IPV6, Family.IPV4))

texts = st.text(max_size=8)
maybe = st.sampled_from([None, "one", "two"])
ports = st.lists(
    st.builds(Port, st.sampled_from(["", "http", "web"]), st.sampled_from(Protocol), st.integers(1, 65_535), maybe),
    max_size=3,
).map(tuple)
endpoints = st.lists(
    st.builds(
        Endpoint,
        st.sampled_from(["10.1.0.1", "10.1.0.2", "fd01::1"]),
        ready=st.booleans(),
        serving=st.booleans(),
        terminating=st.booleans(),
        hostname=maybe,
        node=maybe,
        zone=maybe,
    ),
    max_size=3,
).map(tuple)
any_pairs = st.dictionaries(
    st.sampled_from(["team", "x.io/team", "tier", "note"]),
    st.one_of(texts, st.sampled_from(["web", "a b", ""])),
    max_size=4,
).map(lambda found: tuple(sorted(found.items())))
traffics = st.builds(
    Traffic,
    st.sampled_from(Affinity),
    st.sampled_from([None, 1, 10_800]),
    st.sampled_from([None, "Cluster", "Local"]),
    st.sampled_from([None, "PreferClose", "PreferSameNode"]),
)
notes = st.dictionaries(st.sampled_from("abc"), st.tuples(st.integers(0), texts)).map(
    lambda found: tuple(Note(ClusterId(source), *note) for source, note in sorted(found.items()))
)


@st.composite
def imports(draw: st.DrawFn) -> ServiceImport:
    return ServiceImport(
        KEY,
        draw(st.sampled_from(ServiceType)),
        draw(ports),
        draw(st.sampled_from([(), ("10.0.0.1",), ("fd00::1", "10.0.0.1")])),
        draw(st.sampled_from([(), *FAMILIES])),
        draw(traffics),
        draw(any_pairs),
        draw(any_pairs),
        draw(notes),
    )


@st.composite
def derived(draw: st.DrawFn) -> DerivedService:
    asks = frozenset(draw(st.sampled_from(FAMILIES)))
    kind = draw(st.sampled_from(ServiceType))
    return DerivedService(KEY, names.derived_service(KEY), kind, draw(ports), asks, draw(traffics))


@st.composite
def imported(draw: st.DrawFn) -> ImportedSlice:
    family = draw(st.sampled_from(Family))
    return ImportedSlice(
        KEY,
        "web-a-1",
        ClusterId("a"),
        "web-abc",
        family,
        draw(ports),
        draw(endpoints),
        draw(st.sampled_from(Hints)),
        draw(st.integers(0)),
        draw(st.sampled_from(["", "srv-1"])),
    )


@given(imports(), imports())
def test_any_service_import_is_read_as_written_over_nothing_and_over_any_other(
    value: ServiceImport, other: ServiceImport
) -> None:
    first = served(service_import.encode(other))
    second = served(service_import.encode(value, first), 2)

    for seen, wanted in ((IMPORTS.seen(first), other), (IMPORTS.seen(second), value)):
        assert seen.value == wanted
        assert seen.value.notes == wanted.notes


@given(imports(), imports())
def test_nothing_of_an_earlier_export_stays_on_a_service_import(value: ServiceImport, other: ServiceImport) -> None:
    over = service_import.encode(value, served(service_import.encode(other)))

    fresh = service_import.encode(value)
    for field in ("labels", "annotations"):
        assert over["metadata"][field] == fresh["metadata"][field]
    assert over["spec"] == fresh["spec"]


@given(derived(), derived())
def test_any_derived_service_is_read_as_written_over_nothing_and_over_any_other(
    value: DerivedService, other: DerivedService
) -> None:
    value = replace(value, asks=other.asks, type=other.type)
    first = served(derived_service.encode(other))
    second = served(derived_service.encode(value, first), 2)

    assert DERIVED.seen(first).value == other
    assert DERIVED.seen(second).value == value
    assert DERIVED.seen(second).value.ips == DERIVED.seen(first).value.ips


@given(derived())
def test_a_distribution_that_was_refused_is_noted_and_read_as_if_it_were_written(value: DerivedService) -> None:
    manifest = derived_service.encode(value, is_distribution_refused=True)

    assert "trafficDistribution" not in manifest["spec"]
    assert derived_service.decode(served(manifest)) == value
    again = served(derived_service.encode(value, served(manifest)))
    assert derived_service.decode(again) == value
    assert not [key for key in again["metadata"]["annotations"] if "refused" in key]


@given(imported(), imported())
def test_any_imported_slice_is_read_as_written_over_nothing_and_over_any_other(
    value: ImportedSlice, other: ImportedSlice
) -> None:
    value = replace(value, family=other.family, endpoints=other.endpoints)
    first = served(imported_slice.encode(other))
    second = served(imported_slice.encode(value, first), 2)

    for seen, wanted in ((SLICES.seen(first), other), (SLICES.seen(second), value)):
        assert seen.value == wanted
        assert (seen.value.generation, seen.value.service_id) == (wanted.generation, wanted.service_id)


@given(imported())
def test_a_server_that_drops_node_hints_causes_no_second_write(value: ImportedSlice) -> None:
    raw = served(imported_slice.encode(value))
    for item in raw["endpoints"]:
        item.get("hints", {}).pop("forNodes", None)

    assert imported_slice.decode(raw) == value


@given(imports())
def test_uid_version_and_what_others_own_stay_and_managed_fields_go(value: ServiceImport) -> None:
    others = {"finalizers": ["f"], "labels": {"theirs": "1"}, "annotations": {"their": "2"}, "ownerReferences": [{}]}
    before = served({"kind": "ServiceImport", "metadata": others})

    after = service_import.encode(value, before)["metadata"]

    assert (after["uid"], after["resourceVersion"]) == ("uid-1", "1")
    assert (after["finalizers"], after["ownerReferences"]) == (["f"], [{}])
    assert (after["labels"]["theirs"], after["annotations"]["their"]) == ("1", "2")
    assert "managedFields" not in after
    assert before == served({"kind": "ServiceImport", "metadata": others})
