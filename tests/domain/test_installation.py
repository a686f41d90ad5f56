from typing import Any

import pytest

from cloudmap_mcs.domain.installation import (
    DERIVED_KINDS,
    Account,
    Reference,
    Right,
    given_up,
    is_ours,
    may_go,
    missing_pods,
    reference,
    rights_in,
)
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
    assert str(Right("list", "", "services")) == "list services"


def test_a_role_grants_verb_by_verb() -> None:
    rules = [
        {"apiGroups": ["g"], "resources": ["a", "b"], "verbs": ["list", "watch"]},
        {"apiGroups": [""], "resources": ["c"], "verbs": ["get"]},
    ]

    assert list(map(str, rights_in({"rules": rules}))) == ["list a.g", "watch a.g", "list b.g", "watch b.g", "get c"]


READY = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}


def a_deployment(*, wanted: int = 2, generation: int = 2, **status: Any) -> dict[str, Any]:
    return {"metadata": {"generation": generation}, "spec": {"replicas": wanted}, "status": status}


@pytest.mark.parametrize(
    ("found", "missing"),
    [
        pytest.param(a_deployment(**READY), "", id="ready"),
        pytest.param(a_deployment(wanted=0, observedGeneration=2), "", id="none-wanted"),
        pytest.param(a_deployment(generation=3, **READY), "its newest form was not looked at yet", id="not-seen"),
        pytest.param({"metadata": {}, "spec": {}}, "0 of 1 Pods have its newest form", id="just-made"),
        pytest.param(a_deployment(**READY | {"updatedReplicas": 1}), "1 of 2 Pods have its newest form", id="rolling"),
        pytest.param(a_deployment(**READY | {"replicas": 3}), "Pods of its old form are still there", id="old-ones"),
        pytest.param(a_deployment(**READY | {"availableReplicas": 1}), "1 of 2 Pods are ready", id="not-ready"),
    ],
)
def test_a_deployment_is_there_when_all_its_pods_are_ready_in_their_newest_form(
    found: dict[str, Any], missing: str
) -> None:
    """As `kubectl rollout status` judges."""
    assert missing_pods(found) == missing


@pytest.mark.parametrize(
    ("found", "why"),
    [
        pytest.param(a_deployment(), "", id="no-status"),
        pytest.param({"metadata": {}, "spec": {}}, "", id="just-made"),
        pytest.param(
            a_deployment(observedGeneration=2, conditions=[{"type": "Progressing", "status": "True"}]),
            "",
            id="going-on",
        ),
        pytest.param(
            a_deployment(observedGeneration=2, conditions=[{"type": "Available", "status": "False", "message": "x"}]),
            "",
            id="not-available",
        ),
        pytest.param(
            a_deployment(observedGeneration=2, conditions=[{"type": "Progressing", "status": "False", "message": "x"}]),
            "x",
            id="given-up",
        ),
        pytest.param(
            a_deployment(observedGeneration=2, conditions=[{"type": "Progressing", "status": "False", "reason": "R"}]),
            "R",
            id="given-up-without-a-word",
        ),
        pytest.param(
            a_deployment(observedGeneration=1, conditions=[{"type": "Progressing", "status": "False", "message": "x"}]),
            "",
            id="of-an-older-form",
        ),
    ],
)
def test_kubernetes_says_when_it_expects_no_more_pods(found: dict[str, Any], why: str) -> None:
    assert given_up(found) == why


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
