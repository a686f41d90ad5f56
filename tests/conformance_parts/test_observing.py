"""What specs look at, in clusters that hold just that: what is right is given, and what is wrong is judged."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.conformance.objects import HELLO, Manifest
from tests.conformance.observing import (
    OWN_SERVICE_NAME,
    SERVICE_NAME,
    SOURCE_CLUSTER,
    OwnEndpoint,
    condition,
    families_of,
    in_conflict,
    own_endpoints,
    pod_address,
    slices_of,
    stays,
    stays_away,
)
from tests.conformance.trial import Trial
from tests.conformance.verdicts import NonConformantError, UnmetError
from tests.conformance_parts.clock import Clock
from tests.conformance_parts.small_cluster import small_cluster

IMPORT = {
    "kind": "ServiceImport",
    "metadata": {"name": HELLO},
    "spec": {"ipFamilies": ["IPv6", "IPv4"]},
    "status": {"endpointSliceObjects": "Present"},
}
IMPORTED = {SERVICE_NAME: HELLO, SOURCE_CLUSTER: "x"}
OWN = {OWN_SERVICE_NAME: HELLO}


def holding(*manifests: Manifest) -> Trial:
    """The same in both clusters."""
    clusters = (small_cluster("first"), small_cluster("second"))
    for cluster in clusters:
        for manifest in manifests:
            cluster.put(manifest)
    return Trial(clusters, "shop", "clusterset.local", Clock().waiting())


def export(**conditions: str) -> Manifest:
    found = [{"type": kind, "status": status, "reason": "Because"} for kind, status in conditions.items()]
    return {"kind": "ServiceExport", "metadata": {"name": HELLO}, "status": {"conditions": found}}


def endpoint_slice(labels: dict[str, str], *points: Manifest, family: str = "IPv4", name: str = "a") -> Manifest:
    metadata = {"name": name, "labels": labels}
    return {"kind": "EndpointSlice", "metadata": metadata, "addressType": family, "endpoints": list(points)}


def point(address: str, **fields: Any) -> Manifest:
    return {"addresses": [address], **fields}


def test_a_condition_is_given_as_it_is() -> None:
    trial = holding(export(Ready="True", Valid="False"))

    assert condition(trial, trial.first, "Valid", "False")["reason"] == "Because"


@pytest.mark.parametrize(
    ("held", "error", "told"),
    [
        pytest.param((), UnmetError, "there is no ServiceExport in cluster first", id="no-export"),
        pytest.param((export(),), NonConformantError, "Valid in cluster first is not set, not True", id="not-set"),
        pytest.param((export(Ready="True"),), NonConformantError, "is not set, not True", id="another-condition"),
        pytest.param((export(Valid="False"),), NonConformantError, r"is False \(Because\), not", id="other-status"),
    ],
)
def test_a_condition_is_judged_by_type_and_status(
    held: tuple[Manifest, ...], error: type[Exception], told: str
) -> None:
    trial = holding(*held)

    with pytest.raises(UnmetError, match=told) as raised:
        condition(trial, trial.first, "Valid", "True")
    assert type(raised.value) is error


@pytest.mark.parametrize("unaware", [0, 1])
def test_a_conflict_is_demanded_of_every_cluster(unaware: int) -> None:
    trial = holding(export(Conflict="True"))
    in_conflict(trial, trial.clusters)
    trial.clusters[unaware].delete("ServiceExport", HELLO)
    trial.clusters[unaware].create(export(Conflict="False"))

    with pytest.raises(NonConformantError, match=f"Conflict in cluster {trial.clusters[unaware].name} is False"):
        in_conflict(trial, trial.clusters)


def test_families_are_the_imports_in_its_order() -> None:
    trial = holding(IMPORT)

    assert families_of(trial, trial.first) == ("IPv6", "IPv4")


SLICES = [
    pytest.param((endpoint_slice(IMPORTED, point("10.0.0.1")),), ["a"], id="one"),
    pytest.param(
        (endpoint_slice(IMPORTED, point("10.0.0.1")), endpoint_slice(IMPORTED, name="b")), ["a", "b"], id="one-is-empty"
    ),
    pytest.param((endpoint_slice(IMPORTED),), None, id="only-an-empty-one"),
    pytest.param((endpoint_slice(OWN, point("10.0.0.1")),), None, id="only-the-clusters-own"),
    pytest.param((endpoint_slice({SERVICE_NAME: HELLO}, point("10.0.0.1")),), None, id="no-source"),
    pytest.param((endpoint_slice({SOURCE_CLUSTER: "x"}, point("10.0.0.1")),), None, id="no-service"),
    pytest.param((endpoint_slice(IMPORTED, point("fd66::1"), family="IPv6"),), None, id="other-family"),
]


@pytest.mark.parametrize(("held", "names"), SLICES)
def test_slices_are_those_of_the_import_in_a_family(held: tuple[Manifest, ...], names: list[str] | None) -> None:
    trial = holding(IMPORT, *held)

    if names is None:
        with pytest.raises(NonConformantError, match="cluster first has no IPv4 EndpointSlice"):
            slices_of(trial, trial.first, "IPv4")
    else:
        assert [one["metadata"]["name"] for one in slices_of(trial, trial.first, "IPv4")] == names


def test_every_slice_must_pass_the_check() -> None:
    held = (endpoint_slice(IMPORTED, point("10.0.0.1")), endpoint_slice(IMPORTED, name="bad"))
    trial = holding(IMPORT, *held)

    def check(found: Manifest) -> None:
        if found["metadata"]["name"] == "bad":
            raise NonConformantError("no")

    with pytest.raises(NonConformantError, match="no"):
        slices_of(trial, trial.first, "IPv4", check)


def test_own_endpoints_have_the_names_that_dns_gives_them() -> None:
    points = (point("10.0.0.1", conditions={"ready": True}), point("10.0.0.2", hostname="hello-0"))
    trial = holding(endpoint_slice(OWN, *points), endpoint_slice(OWN, point("fd66::1"), family="IPv6", name="b"))

    assert own_endpoints(trial, trial.first, "IPv4", 2) == [
        OwnEndpoint("10.0.0.1", "10-0-0-1"),
        OwnEndpoint("10.0.0.2", "hello-0"),
    ]
    assert own_endpoints(trial, trial.first, "IPv6", 1) == [OwnEndpoint("fd66::1", "fd66--1")]


NOT_THERE: list[Any] = [
    pytest.param(lambda trial: own_endpoints(trial, trial.first, "IPv4", 2), "1 IPv4 endpoints, not 2", id="too-few"),
    pytest.param(lambda trial: own_endpoints(trial, trial.first, "IPv6", 1), "is not ready", id="not-ready"),
    pytest.param(lambda trial: pod_address(trial, trial.first), "has no address", id="pod-without-address"),
]


@pytest.mark.parametrize(("look", "told"), NOT_THERE)
def test_what_a_spec_rests_on_is_waited_for_and_no_finding(look: Callable[[Trial], object], told: str) -> None:
    trial = holding(
        endpoint_slice(OWN, point("10.0.0.1")),
        endpoint_slice(OWN, point("fd66::1", conditions={"ready": False}), family="IPv6", name="b"),
        {"kind": "Pod", "metadata": {"name": "p", "labels": {"app": HELLO}}, "status": {}},
        {"kind": "Pod", "metadata": {"name": "q", "labels": {"app": "other"}}, "status": {"podIP": "10.0.0.9"}},
    )

    with pytest.raises(UnmetError, match=told) as raised:
        look(trial)
    assert not isinstance(raised.value, NonConformantError)


def test_what_stays_is_looked_at_in_the_cluster_it_is_about() -> None:
    trial = holding(IMPORT)
    trial.second.delete("ServiceImport", HELLO)

    stays(trial, trial.first, "now")
    stays_away(trial, trial.second, "now")
    with pytest.raises(NonConformantError, match="is not in cluster second now"):
        stays(trial, trial.second, "now")
    with pytest.raises(NonConformantError, match="in cluster first now"):
        stays_away(trial, trial.first, "now")
