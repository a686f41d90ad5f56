from typing import Any

import pytest

from cloudmap_mcs.domain.installation import DERIVED_KINDS, Account, Reference, Right, is_ours, may_go, reference
from cloudmap_mcs.domain.others import SIGNS

MARK = {"app.kubernetes.io/managed-by": "cloudmap-mcs"}
SLICE_MARK = {"endpointslice.kubernetes.io/managed-by": "cloudmap-mcs"}


def an_object(kind: str, labels: dict[str, str] | None) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {"name": "x"} | ({} if labels is None else {"labels": labels}),
    }


@pytest.mark.parametrize(
    ("found", "ours", "goes"),
    [
        pytest.param(an_object("Service", MARK), True, True, id="ours"),
        pytest.param(an_object("EndpointSlice", SLICE_MARK), True, True, id="our-slice"),
        pytest.param(an_object("Service", {"app.kubernetes.io/managed-by": "helm"}), False, False, id="helms"),
        pytest.param(
            an_object("Service", {"app.kubernetes.io/name": "cloudmap-mcs"}), False, False, id="only-named-so"
        ),
        pytest.param(an_object("Service", None), False, False, id="without-labels"),
        pytest.param(an_object("CustomResourceDefinition", MARK), True, False, id="a-definition"),
    ],
)
def test_only_what_bears_our_mark_goes_and_never_a_definition(found: dict[str, Any], ours: bool, goes: bool) -> None:
    assert (is_ours(found), may_go(found)) == (ours, goes)


def test_names_stop_before_the_addresses_that_they_stand_for() -> None:
    assert [(kind.kind, kind.selector) for kind in DERIVED_KINDS] == [
        ("ServiceImport", "app.kubernetes.io/managed-by=cloudmap-mcs"),
        ("Service", "app.kubernetes.io/managed-by=cloudmap-mcs"),
        ("EndpointSlice", "endpointslice.kubernetes.io/managed-by=cloudmap-mcs"),
    ]


def test_a_manifest_says_which_object_it_is() -> None:
    manifest = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "namespace": "b"}}

    assert reference(manifest) == Reference("v1", "Service", "a", "b")
    assert [str(reference(manifest)), str(reference(an_object("Role", {})))] == ["Service b/a", "Role x"]
    assert (str(Account("b", "a")), str(Right("list", "g", "r"))) == ("b/a", "list r.g")


@pytest.mark.parametrize(
    ("implementation", "found", "expected"),
    [
        pytest.param("AWS", {"spec": {"replicas": 1}}, True, id="go-controller"),
        pytest.param("AWS", {"spec": {}}, True, id="one-by-default"),
        pytest.param("AWS", {"spec": {"replicas": 0}}, False, id="scaled-to-none"),
        pytest.param("Submariner", {"spec": {"replicas": 2}}, True, id="submariner"),
        pytest.param("Cilium", {"data": {"clustermesh-enable-mcs-api": "true"}}, True, id="cilium-with-it"),
        pytest.param("Cilium", {"data": {"clustermesh-enable-mcs-api": "false"}}, False, id="cilium-without-it"),
        pytest.param("Cilium", {}, False, id="cilium-without-data"),
    ],
)
def test_another_implementation_shows_itself_while_it_is_at_work(
    implementation: str,
    found: dict[str, Any],
    expected: bool,
) -> None:
    (sign,) = [sign for sign in SIGNS if implementation in sign.implementation]

    assert sign.is_at_work(found) is expected
