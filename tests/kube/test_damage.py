"""Whatever somebody makes of an object of ours: it is read, it differs from what it should be, one write repairs it."""

import copy
from collections.abc import Iterator
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
    NamespaceState,
    Note,
    Observed,
    ServiceImport,
    Traffic,
)
from cloudmap_mcs.domain.model import Affinity, ClusterId, Endpoint, Family, Port, Protocol, ServiceType
from cloudmap_mcs.domain.wellknown import ConditionType
from cloudmap_mcs.kube.manifests import derived_service, imported_slice, service_import
from cloudmap_mcs.kube.manifests.codecs import DERIVED, IMPORTS, SLICES, Codec
from cloudmap_mcs.kube.manifests.fields import condition_of
from cloudmap_mcs.plan.importing import Desired, prepare, publish
from tests.builders import KEY
from tests.kube.serving import served

Raw = dict[str, Any]
Path = tuple[str | int, ...]

A = ClusterId("a")
TRAFFIC = Traffic(Affinity.CLIENT_IP, 60, "Local", "PreferSameNode")
PORTS = (Port("http", Protocol.TCP, 80, "http"), Port("dns", Protocol.UDP, 53))
NOTES = (Note(A, 7, "srv-1"),)
IMPORT = ServiceImport(
    KEY,
    ServiceType.CLUSTER_SET_IP,
    PORTS,
    ips=("10.0.0.1",),
    families=(Family.IPV4,),
    traffic=TRAFFIC,
    labels=(("team", "web"),),
    annotations=(("note", "n"),),
    notes=NOTES,
)
SERVICE = DerivedService(
    KEY, names.derived_service(KEY), ServiceType.CLUSTER_SET_IP, PORTS, frozenset({Family.IPV4}), TRAFFIC
)
SLICE = ImportedSlice(
    KEY,
    "web-a-1",
    A,
    "web-abc",
    Family.IPV4,
    (Port("http", Protocol.TCP, 8080, "http"),),
    (Endpoint("10.1.0.1", ready=False, serving=True, terminating=True, hostname="web-0", node="n", zone="z"),),
    Hints.NODE,
    generation=7,
    service_id="srv-1",
)
GOAL = Desired(KEY, NOTES, replace(IMPORT, ips=(), families=(Family.IPV4,)), (SLICE,), sources=(A,))
READY = Condition(ConditionType.READY, None, "Pending", "m", 1, "2026-01-02T03:04:05Z")
STATUS = ImportStatus((A, ClusterId("b")), READY)

BY_SERVER = frozenset({"apiVersion", "kind", "name", "namespace", "uid", "resourceVersion", "managedFields"})
"""Of an object and its metadata: nobody can spoil these."""

UNCOMPARED = frozenset(
    {
        # Part of no value; without the mark an object is not ours any more.
        "targetPort",
        "lastTransitionTime",
        "app.kubernetes.io/managed-by",
        # Notes of where a value came from cause no write of their own.
        "cloudmap-mcs/generation",
        "cloudmap-mcs/generations",
        "cloudmap-mcs/cloud-map-service",
    }
)
ALLOCATED = frozenset({"clusterIP", "clusterIPs", "ipFamilies"})
"""Of a Service: given by the API server, which lets nobody change them; no part of what is compared."""

junk = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 5) | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def paths(raw: Any, path: Path = ()) -> Iterator[Path]:
    """Name every field of an object, inner and outer ones."""
    if path:
        yield path
    inner = raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list) else ()
    for step, value in inner:
        if step not in BY_SERVER or len(path) > 1:
            yield from paths(value, (*path, step))


def damaged(raw: Raw, path: Path, value: Any) -> Raw:
    spoilt = copy.deepcopy(raw)
    holder: Any = spoilt
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return spoilt


def found(raw: Raw, path: Path) -> Any:
    for step in path:
        raw = raw[step]  # type: ignore[index]  # a path of this very object
    return raw


WHOLE: dict[str, Raw] = {
    "import": served(service_import.encode(IMPORT)),
    "service": served(derived_service.encode(SERVICE)),
    "slice": served(imported_slice.encode(SLICE)),
}
CODECS: dict[str, Codec[Any]] = {"import": IMPORTS, "service": DERIVED, "slice": SLICES}
WANTED: dict[str, Any] = {"import": IMPORT, "service": SERVICE, "slice": SLICE}
FIELDS = [
    pytest.param(kind, path, id=f"{kind}:{'.'.join(map(str, path))}")
    for kind, raw in WHOLE.items()
    for path in paths(raw)
    if path != ("metadata",) and (kind, path) != ("service", ("metadata", "annotations"))
]


def observed(raws: dict[str, Raw]) -> Observed:
    return Observed(
        NamespaceState.PRESENT,
        service_import=IMPORTS.seen(raws["import"]),
        derived=DERIVED.seen(raws["service"]),
        slices=(SLICES.seen(raws["slice"]),),
    )


def test_whole_objects_want_no_write() -> None:
    assert (*prepare(GOAL, observed(WHOLE)), *publish(GOAL, observed(WHOLE))) == ()


@pytest.mark.parametrize(("kind", "path"), FIELDS)
@given(value=junk)
def test_junk_in_any_field_is_read_and_one_write_repairs_it(kind: str, path: Path, value: Any) -> None:
    before = WHOLE[kind]
    spoilt = damaged(before, path, value)
    seen = observed({**WHOLE, kind: spoilt})

    actions = (*prepare(GOAL, seen), *publish(GOAL, seen))

    is_allocated = kind == "service" and bool(ALLOCATED & set(path))
    if not is_allocated and not UNCOMPARED & set(path):
        # Junk that equals the field is none, and null stands for a field's default.
        assert actions or value is None or same(value, found(before, path))
    if not is_allocated:
        again = served(CODECS[kind].encode(WANTED[kind], spoilt), 2)
        assert CODECS[kind].decode(again) == WANTED[kind]
        assert CODECS[kind].is_ours(again)


def same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and one == other


STATUS_RAW = service_import.encode_status(STATUS, WHOLE["import"])


@pytest.mark.parametrize("path", [("status",), *(("status", *path) for path in paths(STATUS_RAW["status"]))])
@given(value=junk)
def test_junk_in_a_status_is_read_and_one_write_repairs_it(path: Path, value: Any) -> None:
    spoilt = damaged(STATUS_RAW, path, value)

    read = service_import.decode_status(spoilt)

    if not UNCOMPARED & set(path):
        assert read != STATUS or value is None or same(value, found(STATUS_RAW, path))
    assert service_import.decode_status(service_import.encode_status(STATUS, spoilt)) == STATUS


@pytest.mark.parametrize("path", [path for path in paths(STATUS_RAW) if path[:2] == ("status", "conditions")])
@given(value=junk)
def test_junk_in_a_condition_is_as_good_as_no_condition(path: Path, value: Any) -> None:
    read = condition_of(damaged(STATUS_RAW, path, value), ConditionType.READY)

    assert read is None or isinstance(read, Condition)
