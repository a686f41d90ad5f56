"""What a Pod looks like after the webhook's patch has been applied."""

from typing import Any

from sandbox.identity.injecting import FOLDER, VOLUME, Injection

INJECTION = Injection("http://169.254.170.23/v1/credentials", {"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "x"})


def injected(spec: dict[str, Any]) -> dict[str, Any]:
    """Apply the patch, which knows only `add` of whole members of the spec (RFC 6902, 4.1: it may replace one)."""
    patched = dict(spec)
    for step in INJECTION.patch({"spec": spec}):
        assert step["op"] == "add"
        patched[step["path"].removeprefix("/spec/")] = step["value"]
    return patched


def variables(container: dict[str, Any]) -> dict[str, str]:
    names = [item["name"] for item in container["env"]]
    assert len(names) == len(set(names))
    return {item["name"]: item.get("value", "") for item in container["env"]}


def test_every_container_and_init_container_gets_agent_token_and_variables() -> None:
    spec = injected({"initContainers": [{"name": "fetch"}], "containers": [{"name": "a"}, {"name": "b"}]})

    for container in (*spec["initContainers"], *spec["containers"]):
        assert variables(container) == {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": f"{FOLDER}/{VOLUME}",
            "AWS_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL": "x",
        }
        assert container["volumeMounts"] == [{"name": VOLUME, "mountPath": FOLDER, "readOnly": True}]
    (source,) = spec["volumes"][0]["projected"]["sources"]
    assert source["serviceAccountToken"]["audience"] == "pods.eks.amazonaws.com"
    assert f"{FOLDER}/{source['serviceAccountToken']['path']}" == f"{FOLDER}/{VOLUME}"


def test_what_a_pod_has_already_stays() -> None:
    container = {
        "name": "a",
        "image": "i",
        "env": [{"name": "AWS_REGION", "value": "us-west-2"}, {"name": "POD", "valueFrom": {"fieldRef": {}}}],
        "volumeMounts": [{"name": "tmp", "mountPath": "/t"}],
    }
    spec = injected({"containers": [container], "volumes": [{"name": "tmp", "emptyDir": {}}]})

    (changed,) = spec["containers"]
    assert variables(changed)["AWS_REGION"] == "us-west-2"
    assert changed["env"][:2] == container["env"]
    assert changed["image"] == "i"
    assert [mount["name"] for mount in changed["volumeMounts"]] == ["tmp", VOLUME]
    assert [volume["name"] for volume in spec["volumes"]] == ["tmp", VOLUME]


def test_a_pod_that_was_changed_before_is_not_changed_twice() -> None:
    once = injected({"containers": [{"name": "a"}]})

    assert injected(once) == once
