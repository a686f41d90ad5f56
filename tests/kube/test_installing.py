"""The objects of a cluster as an installer asks for them: kinds by discovery, apply, and answers that are refusals."""

import json
from typing import Any

import pytest

from cloudmap_mcs.domain.installation import Account, Manifest, Reference, Right
from cloudmap_mcs.errors import HeldFieldsError, PermanentError, StaleError
from cloudmap_mcs.kube.client import Call
from cloudmap_mcs.kube.failures import ForbiddenError, TokenRefusedError
from cloudmap_mcs.kube.installing import INSTALLER, KubeObjects
from tests.fakes.api_server import InMemoryApiServer
from tests.fakes.clock import FixedClock

CONFIG = Reference("v1", "ConfigMap", "settings", "shop")


def a_config(**data: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "settings", "namespace": "shop"},
        "data": data,
    }


@pytest.fixture
def api() -> InMemoryApiServer:
    return InMemoryApiServer()


@pytest.fixture
def objects(api: InMemoryApiServer) -> KubeObjects:
    return KubeObjects(api, FixedClock())


def test_what_is_applied_is_found_and_known_as_ours(objects: KubeObjects) -> None:
    assert objects.find(CONFIG) is None
    objects.apply(a_config(a="1"))

    found = objects.find(CONFIG)

    assert found is not None
    assert found["data"] == {"a": "1"}
    assert objects.has_applied(found)


def test_fields_of_others_stay_and_what_we_leave_out_goes(objects: KubeObjects, api: InMemoryApiServer) -> None:
    objects.apply(a_config(a="1", b="1"))
    api.add(a_config(c="1"))

    applied = objects.apply(a_config(a="2"))

    assert applied["data"] == {"a": "2", "c": "1"}


def test_a_field_that_another_manager_holds_is_taken_over_only_on_purpose(
    objects: KubeObjects, api: InMemoryApiServer
) -> None:
    objects.apply(a_config(a="1"))
    api.add(a_config(a="2"))

    with pytest.raises(HeldFieldsError, match=r'PATCH .*settings: 409 .*conflict with "kubectl": \.data\.a'):
        objects.apply(a_config(a="1"))

    assert objects.apply(a_config(a="1"), take_over=True)["data"] == {"a": "1"}


def test_an_object_that_only_others_wrote_is_not_ours(objects: KubeObjects, api: InMemoryApiServer) -> None:
    api.add(a_config(a="1"))
    found = objects.find(CONFIG)
    assert found is not None
    assert not objects.has_applied(found)

    replaced = objects.replace({**found, "data": {"a": "2"}})

    assert replaced["data"] == {"a": "2"}
    assert not objects.has_applied(replaced)
    assert {entry["manager"] for entry in replaced["metadata"]["managedFields"]} == {"kubectl", INSTALLER}


def test_only_the_object_that_was_seen_is_replaced_and_removed(objects: KubeObjects, api: InMemoryApiServer) -> None:
    seen = objects.apply(a_config(a="1"))
    api.add(a_config(b="1"))
    with pytest.raises(StaleError):
        objects.replace(seen)
    del api.objects["", "configmaps", "shop", "settings"]
    api.add(a_config(b="1"))

    with pytest.raises(StaleError):
        objects.remove(seen)

    assert objects.find(CONFIG) is not None


def test_what_is_gone_already_is_removed(objects: KubeObjects, api: InMemoryApiServer) -> None:
    seen = objects.apply(a_config(a="1"))

    objects.remove(seen)
    objects.remove(seen)
    objects.remove(seen, alone=True)

    assert objects.find(CONFIG) is None
    assert [call.body["propagationPolicy"] for call in api.calls if call.body and call.verb == "DELETE"] == [
        "Foreground",
        "Foreground",
        "Background",
    ]


def test_items_of_a_list_say_what_they_are(objects: KubeObjects, api: InMemoryApiServer) -> None:
    api.add(a_config(a="1"))
    api.add({**a_config(), "metadata": {"name": "marked", "namespace": "kube-system", "labels": {"x": "y"}}})

    assert [item["kind"] for item in objects.all_of("v1", "ConfigMap")] == ["ConfigMap", "ConfigMap"]
    (marked,) = objects.all_of("v1", "ConfigMap", selector="x=y")
    objects.remove(marked)
    assert [item["metadata"]["name"] for item in objects.all_of("v1", "ConfigMap")] == ["settings"]


def test_a_kind_that_is_not_served_has_no_objects_and_takes_none(objects: KubeObjects) -> None:
    thing = {"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "x"}}

    assert objects.find(Reference("example.org/v1", "Thing", "x")) is None
    assert objects.all_of("example.org/v1", "Thing") == ()
    assert not objects.serves("apps/v1", "Thing")
    with pytest.raises(PermanentError, match="Thing x: the API server serves no Thing in "):
        objects.apply(thing)


def test_a_kind_is_looked_up_again_until_it_is_served_and_then_no_more(
    objects: KubeObjects, api: InMemoryApiServer
) -> None:
    assert not objects.serves("example.org/v1", "Thing")
    api.add(a_definition())

    assert objects.serves("example.org/v1", "Thing")
    asked = len(api.calls)
    assert objects.serves("example.org/v1", "Thing")
    assert len(api.calls) == asked


def a_definition() -> dict[str, Any]:
    names = {"plural": "things", "kind": "Thing"}
    version = {"name": "v1", "served": True, "storage": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.example.org"},
        "spec": {"group": "example.org", "scope": "Cluster", "names": names, "versions": [version]},
        "status": {"conditions": [{"type": "Established", "status": "True"}]},
    }


def test_rights_of_an_account_are_asked_as_the_account_itself_would_have_them(
    objects: KubeObjects, api: InMemoryApiServer
) -> None:
    group = "rbac.authorization.k8s.io"
    rule = {"apiGroups": ["g"], "resources": ["things"], "verbs": ["list"]}
    subject = {"kind": "ServiceAccount", "namespace": "shop", "name": "dns"}
    api.add(
        {"apiVersion": f"{group}/v1", "kind": "ClusterRole", "metadata": {"name": "r"}, "rules": [rule]},
        {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "r"},
            "roleRef": {"name": "r"},
            "subjects": [subject],
        },
    )

    assert objects.may(Account("shop", "dns"), Right("list", "g", "things"))
    assert not objects.may(Account("shop", "dns"), Right("watch", "g", "things"))
    assert not objects.may(Account("shop", "other"), Right("list", "g", "things"))
    review = api.calls[-1].body
    assert review is not None
    assert review["spec"]["groups"] == [
        "system:serviceaccounts",
        "system:serviceaccounts:shop",
        "system:authenticated",
    ]


def test_a_bearer_unknown_at_first_is_tried_again_for_a_minute(api: InMemoryApiServer) -> None:
    clock = FixedClock()
    begun, api.unknown = clock.ms, 20

    KubeObjects(api, clock).find(CONFIG)
    assert clock.ms - begun == 40_000
    api.unknown = 1_000
    with pytest.raises(TokenRefusedError):
        KubeObjects(api, clock).find(CONFIG)

    assert clock.ms - begun == 100_000


def test_rights_that_are_unknown_at_first_are_tried_again_for_a_minute_and_then_believed(
    api: InMemoryApiServer,
) -> None:
    clock = FixedClock()
    begun, objects = clock.ms, KubeObjects(api, clock)

    def forbid(call: Call) -> None:
        if clock.ms - begun < 40_000:
            raise ForbiddenError(f"{call.action}: 403 forbidden")

    api.before = forbid
    assert objects.find(CONFIG) is None

    def forbid_for_good(call: Call) -> None:
        raise ForbiddenError(f"{call.action}: 403 forbidden")

    api.before = forbid_for_good
    for _ in range(2):
        with pytest.raises(ForbiddenError, match="403"):
            objects.find(CONFIG)
    assert clock.ms - begun == 60_000


def test_another_refusal_is_not_tried_again(objects: KubeObjects, api: InMemoryApiServer) -> None:
    def refuse(_: Call) -> None:
        raise PermanentError("GET /api/v1: 400 bad request")

    api.before = refuse

    with pytest.raises(PermanentError, match="400"):
        objects.find(CONFIG)
    assert len(api.calls) == 1


def test_manifests_are_sent_as_they_are(objects: KubeObjects, api: InMemoryApiServer) -> None:
    objects.apply(a_config(a="1"))

    (patch,) = [call for call in api.calls if call.verb == "PATCH"]
    assert patch.path == "/api/v1/namespaces/shop/configmaps/settings"
    assert patch.media == "application/apply-patch+yaml"
    assert json.dumps(patch.body) == json.dumps(a_config(a="1"))
