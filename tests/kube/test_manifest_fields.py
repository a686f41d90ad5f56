"""Single fields of the manifests, and what people may do to them."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudmap_mcs.domain import names
from cloudmap_mcs.domain.conditions import Condition
from cloudmap_mcs.domain.imports import (
    DerivedService,
    Hints,
    ImportedSlice,
    ImportStatus,
    Note,
    ServiceImport,
)
from cloudmap_mcs.domain.model import (
    ClusterId,
    Endpoint,
    Family,
    ServiceKey,
    ServiceType,
)
from cloudmap_mcs.domain.wellknown import ConditionType
from cloudmap_mcs.kube.manifests import carried, derived_service, imported_slice, service_import
from cloudmap_mcs.kube.manifests.codecs import DERIVED, IMPORTS, SLICES
from tests.builders import HTTP, KEY, POD_HTTP
from tests.kube.serving import served

SINCE = "2026-01-02T03:04:05Z"
READY = Condition(ConditionType.READY, None, "Pending", "m", 1, SINCE)


def test_hints_by_node_are_local_for_own_endpoints_and_nowhere_for_others() -> None:
    points = (Endpoint("10.0.0.1", node="n1", zone="z1"), Endpoint("10.0.0.2", zone="z2"), Endpoint("10.0.0.3"))
    value = ImportedSlice(KEY, "n", ClusterId("a"), "s", Family.IPV4, (POD_HTTP,), points, Hints.NODE)

    by_node = [item.get("hints") for item in imported_slice.encode(value)["endpoints"]]
    by_zone = [item.get("hints") for item in imported_slice.encode(replace(value, hints=Hints.ZONE))["endpoints"]]

    foreign = [{"name": "in-another-cluster.invalid"}]
    assert by_node == [
        {"forNodes": [{"name": "n1"}], "forZones": [{"name": "z1"}]},
        {"forNodes": foreign, "forZones": [{"name": "z2"}]},
        {"forNodes": foreign},
    ]
    assert by_zone == [{"forZones": [{"name": "z1"}]}, {"forZones": [{"name": "z2"}]}, None]


def test_an_imported_slice_is_found_by_kube_proxy_dns_and_us() -> None:
    value = ImportedSlice(KEY, "n", ClusterId("a"), "s", Family.IPV6, (), ())

    manifest = imported_slice.encode(value)

    assert manifest["addressType"] == "IPv6"
    assert manifest["metadata"]["labels"] == {
        "multicluster.kubernetes.io/service-name": "web",
        "multicluster.kubernetes.io/source-cluster": "a",
        "endpointslice.kubernetes.io/managed-by": "cloudmap-mcs",
        "kubernetes.io/service-name": names.derived_service(KEY),
    }


ADDRESSES: list[Any] = [
    pytest.param({"asks": {Family.IPV4}}, {"ipFamilyPolicy": "SingleStack", "ipFamilies": ["IPv4"]}, id="one"),
    pytest.param({"asks": set(Family)}, {"ipFamilyPolicy": "PreferDualStack"}, id="both"),
    pytest.param(
        {"asks": {Family.IPV4}, "ips": ("fd00::1", "10.0.0.1")},
        {
            "ipFamilyPolicy": "SingleStack",
            "ipFamilies": ["IPv4"],
            "clusterIP": "10.0.0.1",
            "clusterIPs": ["10.0.0.1"],
        },
        id="one-of-two-addresses",
    ),
    pytest.param(
        {"asks": set(Family), "ips": ("fd00::1", "10.0.0.1")},
        {"ipFamilyPolicy": "PreferDualStack", "clusterIP": "fd00::1", "clusterIPs": ["fd00::1", "10.0.0.1"]},
        id="two-addresses",
    ),
    pytest.param(
        {"asks": set(Family), "type": ServiceType.HEADLESS, "ips": ("10.0.0.1",)},
        {"ipFamilyPolicy": "PreferDualStack", "clusterIP": "None"},
        id="headless",
    ),
]


@pytest.mark.parametrize(("fields", "expected"), ADDRESSES)
def test_families_and_addresses_are_asked_for(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    defaults: dict[str, Any] = {"key": KEY, "name": "d", "type": ServiceType.CLUSTER_SET_IP, "ports": (HTTP,)}

    spec = derived_service.encode(DerivedService(**(defaults | fields)))["spec"]

    asked = {field: spec[field] for field in spec if "ip" in field.lower() and field != "type"}
    assert asked == expected
    assert "selector" not in spec


def test_giving_up_a_family_names_one_address_only() -> None:
    both = DerivedService(KEY, "d", ServiceType.CLUSTER_SET_IP, (HTTP,), frozenset(Family))
    before = served(derived_service.encode(both))
    before["spec"] |= {"ipFamilies": ["IPv4", "IPv6"], "clusterIPs": ["10.0.0.1", "fd00::1"]}

    spec = derived_service.encode(replace(both, asks=frozenset({Family.IPV4})), before)["spec"]

    assert (spec["clusterIPs"], spec["ipFamilies"]) == (["10.0.0.1"], ["IPv4"])


SPOILT: list[Any] = [
    "",
    pytest.param("[" * 100_000, id="deep"),
    "{",
    "[]",
    "null",
    '{"labels": []}',
    '{"labels": [1], "annotations": []}',
]


@pytest.mark.parametrize("text", SPOILT)
def test_a_spoilt_memory_of_exported_keys_remembers_nothing(text: str) -> None:
    metadata = {"labels": {"team": "web"}, "annotations": {"cloudmap-mcs/exported": text}}

    assert carried.read(metadata) == ((), ())
    carried.write(metadata, (("team", "api"),), ())
    assert carried.read(metadata) == ((("team", "api"),), ())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[" * 100_000, id="deep"),
        "{",
        "[]",
        '{"a": 1}',
        '{"a": [1]}',
        '{"a": ["1", "s"]}',
        '{"a": [true, "s"]}',
        '{"a": [1, null]}',
    ],
)
def test_spoilt_notes_are_no_notes(text: str) -> None:
    value = ServiceImport(KEY, ServiceType.HEADLESS, (), (), ())
    raw = served(service_import.encode(value))
    raw["metadata"]["annotations"]["cloudmap-mcs/generations"] = text

    assert service_import.decode(raw) == value
    assert service_import.decode(raw).notes == ()


def test_notes_are_readable_for_people() -> None:
    note = Note(ClusterId("a"), 7, "srv-1")
    value = ServiceImport(KEY, ServiceType.HEADLESS, (), (), (), notes=(note,))

    annotations = service_import.encode(value)["metadata"]["annotations"]

    assert annotations["cloudmap-mcs/generations"] == '{"a":[7,"srv-1"]}'
    assert annotations["multicluster.kubernetes.io/derived-service"] == names.derived_service(KEY)


@pytest.mark.parametrize("generation", ["", "-1", "x", "²", pytest.param("9" * 5_000, id="too-long")])
def test_a_spoilt_generation_of_a_slice_is_none(generation: str) -> None:
    value = ImportedSlice(KEY, "n", ClusterId("a"), "s", Family.IPV4, (), (), generation=7)
    raw = served(imported_slice.encode(value))
    raw["metadata"]["annotations"]["cloudmap-mcs/generation"] = generation

    assert imported_slice.decode(raw).generation == 0


def test_objects_stripped_of_all_our_marks_are_read_as_different() -> None:
    slice_ = ImportedSlice(KEY, "n", ClusterId("a"), "s", Family.IPV4, (), (), Hints.ZONE)
    service = DerivedService(KEY, "d", ServiceType.CLUSTER_SET_IP, (HTTP,), frozenset(Family))
    for encoded, codec in ((imported_slice.encode(slice_), SLICES), (derived_service.encode(service), DERIVED)):
        raw = served(encoded)
        raw["metadata"]["labels"] = raw["metadata"]["annotations"] = None

        assert codec.decode(raw) not in (slice_, service)
        assert not codec.is_ours(raw)


@given(st.lists(st.sampled_from("abc"), unique=True), st.sampled_from([None, READY]))
def test_status_is_read_as_written_and_foreign_conditions_stay(clusters: list[str], ready: Condition | None) -> None:
    status = ImportStatus(tuple(map(ClusterId, clusters)), ready)
    foreign = {"type": "Their", "status": "True"}
    before = served({"kind": "ServiceImport", "metadata": {}, "spec": {"type": "Headless"}})
    before["status"] = {"conditions": [foreign, {"type": "Ready", "status": "True"}]}

    after = service_import.encode_status(status, before)

    assert service_import.decode_status(after) == status
    assert foreign in after["status"]["conditions"]
    assert after["status"]["endpointSliceObjects"] == "Present"
    assert (after["metadata"]["resourceVersion"], after["spec"]) == ("1", {"type": "Headless"})


def test_paths_are_those_of_the_api() -> None:
    key = ServiceKey("shop", "web")
    paths = [
        IMPORTS.path(ServiceImport(key, ServiceType.HEADLESS, (), (), ())),
        DERIVED.path(DerivedService(key, "d", ServiceType.HEADLESS, (), frozenset())),
        SLICES.path(ImportedSlice(key, "a/b", ClusterId("a"), "s", Family.IPV4, (), ())),
    ]

    assert paths == [
        "/apis/multicluster.x-k8s.io/v1beta1/namespaces/shop/serviceimports/web",
        "/api/v1/namespaces/shop/services/d",
        "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices/a%2Fb",
    ]
