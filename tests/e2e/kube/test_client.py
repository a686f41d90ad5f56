"""The client on a real API server: who it is, what it does when told no, and when the connection goes bad."""

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import urllib3

from cloudmap_mcs.errors import PermanentError, RetryableError, UnreachableError
from cloudmap_mcs.kube.access import (
    ApiServer,
    ClientCertificate,
    FixedServer,
    FixedToken,
    FolderServer,
    FolderToken,
)
from cloudmap_mcs.kube.client import Call, Identity, KubeClient, Timeouts
from cloudmap_mcs.kube.failures import GoneError, NotFoundError, TokenRefusedError
from sandbox.controlplane.client import KubeClient as Bystander
from sandbox.controlplane.cluster import ControlPlane
from sandbox.controlplane.credentials import Grant, mount_credentials, request_token
from tests.e2e.kube.lab import MCS, an_export_in
from tests.e2e.kube.wire import Wire

pytestmark = pytest.mark.e2e

SELF = Call(
    "POST",
    "/apis/authentication.k8s.io/v1/selfsubjectreviews",
    body={"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"},
)
SHORT = Timeouts(connect=10, read=2)


class Tokens:
    """Gives the tokens of a list, the next one at each renewal."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)

    def current(self) -> str:
        return self.tokens[0]

    def renew(self, refused: str) -> str:
        assert refused == self.tokens[0]
        if len(self.tokens) > 1:
            self.tokens.pop(0)
        return self.tokens[0]


class Moving:
    """A server source that knows a second address once the first has failed."""

    def __init__(self, *servers: ApiServer) -> None:
        self.servers = list(servers)

    def current(self) -> ApiServer:
        return self.servers[0]

    def renew(self, failed: ApiServer) -> ApiServer:
        assert failed == self.servers[0]
        if len(self.servers) > 1:
            self.servers.pop(0)
        return self.servers[0]


@pytest.fixture
def account(bystander: Bystander, namespace: str) -> str:
    bystander.create(f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": "reader"}})
    return f"system:serviceaccount:{namespace}:reader"


@pytest.fixture
def token(bystander: Bystander, namespace: str, account: str) -> str:
    del account
    return request_token(bystander, Grant(namespace, "reader")).value


def whoami(client: KubeClient) -> str:
    name: str = client.request(SELF)["status"]["userInfo"]["username"]
    return name


def test_a_refused_token_is_renewed_once(server: ApiServer, token: str, account: str) -> None:
    tokens = Tokens("nonsense", token)

    assert whoami(KubeClient(FixedServer(server), Identity("test", tokens))) == account

    with pytest.raises(TokenRefusedError, match="401") as refused:
        KubeClient(FixedServer(server), Identity("test", Tokens("nonsense", "more", token))).get("/version/x")
    assert isinstance(refused.value, PermanentError)
    assert "nonsense" not in str(refused.value)


def test_a_watch_renews_its_token_too(server: ApiServer, token: str) -> None:
    client = KubeClient(FixedServer(server), Identity("test", Tokens("nonsense", token)))

    with pytest.raises(PermanentError, match="403"):
        client.watch("/api/v1/namespaces", query=(), silence=5)


def test_the_mounted_folder_of_a_pod_is_enough(
    control_plane: ControlPlane, bystander: Bystander, namespace: str, account: str, tmp_path: Path
) -> None:
    now = datetime.now(UTC)  # noqa: TID251 - a door
    mount_credentials(bystander, Grant(namespace, "reader"), tmp_path, ca_file=control_plane.ca_file, now=now)
    good = (tmp_path / "token").read_text()
    (tmp_path / "token").write_text("replaced soon")
    tokens = FolderToken(tmp_path, monotonic=time.monotonic)
    client = KubeClient(FolderServer(control_plane.server, tmp_path), Identity("watcher", tokens))

    assert tokens.current() == "replaced soon"
    (tmp_path / "token").write_text(good)

    assert whoami(client) == account


def test_rights_that_are_missing_are_permanent_and_missing_apis_are_not(
    server: ApiServer, token: str, client: KubeClient
) -> None:
    with pytest.raises(PermanentError, match=r"403 .*cannot list resource"):
        KubeClient(FixedServer(server), Identity("test", FixedToken(token))).items("/api/v1/namespaces")
    for path in ("/apis/not.there/v1/things", "/apis/multicluster.x-k8s.io/v1beta1/nothings", "/api/v1/nothings"):
        with pytest.raises(RetryableError, match="does not serve") as refused:
            client.items(path)
        assert not isinstance(refused.value, NotFoundError)


def test_a_server_of_another_ca_is_not_spoken_to(control_plane: ControlPlane, tmp_path: Path, token: str) -> None:
    del tmp_path
    other = control_plane.ca_file.with_name("server.crt").read_text()
    client = KubeClient(FixedServer(ApiServer(control_plane.server, other)), Identity("test", FixedToken(token)))

    with pytest.raises(UnreachableError, match=r"(?i)certificate verify failed") as refused:
        client.request(SELF)

    assert token not in str(refused.value)


def test_a_cluster_that_moved_is_found_again(server: ApiServer, certificate: ClientCertificate) -> None:
    gone = ApiServer("https://nowhere.invalid", server.ca)
    moving = KubeClient(Moving(gone, server), Identity("test", certificate=certificate), timeouts=SHORT)
    lost = KubeClient(Moving(gone), Identity("test", certificate=certificate), timeouts=SHORT)

    assert whoami(moving) == "admin"
    with pytest.raises(UnreachableError, match="resolve"):
        whoami(lost)


def test_a_connection_that_was_cut_while_it_idled_is_replaced(
    server: ApiServer, certificate: ClientCertificate
) -> None:
    with Wire(server.url) as wire:
        client = KubeClient(FixedServer(replace(server, url=wire.url)), Identity("test", certificate=certificate))
        client.get("/version")
        for connections, call in ((2, Call("GET", "/version")), (3, SELF)):
            wire.cut()

            assert client.request(call)
            assert wire.connections == connections
        client.close()


@pytest.mark.parametrize("call", [Call("GET", "/version"), SELF], ids=["get", "post"])
def test_a_connection_that_hangs_is_given_up_after_one_timeout_and_not_used_again(
    server: ApiServer, certificate: ClientCertificate, call: Call
) -> None:
    with Wire(server.url) as wire:
        source = FixedServer(replace(server, url=wire.url))
        client = KubeClient(source, Identity("test", certificate=certificate), timeouts=SHORT)
        client.get("/version")
        wire.freeze()

        with pytest.raises(UnreachableError, match="ReadTimeoutError"):
            client.request(call)

        assert wire.connections == 1
        assert client.get("/version")["major"] == "1"
        assert wire.connections == 2
        client.close()


def test_connections_that_idled_long_are_not_used_again(server: ApiServer, certificate: ClientCertificate) -> None:
    now = [0.0]
    with Wire(server.url) as wire:
        source = FixedServer(replace(server, url=wire.url))
        client = KubeClient(source, Identity("test", certificate=certificate), monotonic=lambda: now[0])
        for _ in range(3):
            client.get("/version")
        assert wire.connections == 1

        wire.freeze()
        now[0] += 61
        client.request(SELF)

        assert wire.connections == 2
        client.close()


def test_lists_of_many_pages_are_whole_and_begin_again_when_they_expire(
    client: KubeClient, control_plane: ControlPlane, bystander: Bystander, namespace: str
) -> None:
    path = f"{MCS}/namespaces/{namespace}/serviceexports"
    for number in range(501):
        bystander.create(path, an_export_in(namespace, f"web-{number}"))
    forget_history(control_plane, bystander)
    calls: list[str] = []
    ask = client.request

    def slow(call: Call) -> dict[str, Any]:
        """Be as late with the second page of the first list as if the server had forgotten the first."""
        query = dict(call.query)
        calls.append("continued" if "continue" in query else "begun")
        if calls == ["begun", "continued"]:
            query["continue"] = aged(query["continue"])
        return ask(replace(call, query=tuple(query.items())))

    client.request = slow  # type: ignore[method-assign]  # to get between two pages

    names = {item["metadata"]["name"] for item in client.items(path)}

    assert names == {f"web-{number}" for number in range(501)}
    assert calls == ["begun", "continued", "begun", "continued"]


def aged(token: str) -> str:
    """Make a continue token one of the cluster's first moments."""
    content = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    return base64.urlsafe_b64encode(json.dumps(content | {"rv": 1}).encode()).decode().rstrip("=")


def test_a_watch_from_a_forgotten_version_is_told_to_list_again(client: KubeClient) -> None:
    with pytest.raises(GoneError, match="too old resource version"):
        list(client.watch(f"{MCS}/serviceexports", query=(("resourceVersion", "1"),), silence=5))


def test_bookmarks_keep_a_watch_young_while_only_others_change(
    client: KubeClient, bystander: Bystander, namespace: str
) -> None:
    path = f"{MCS}/namespaces/{namespace}/serviceexports"
    version = client.get(path)["metadata"]["resourceVersion"]
    query = (("resourceVersion", version), ("allowWatchBookmarks", "true"), ("timeoutSeconds", "5"))
    stream = client.watch(path, query=query, silence=10)
    body = {**an_export_in("default", ""), "metadata": {"generateName": "other-"}}
    bystander.create(f"{MCS}/namespaces/default/serviceexports", body)

    events = list(stream)

    assert {event["type"] for event in events} == {"BOOKMARK"}
    assert int(events[-1]["object"]["metadata"]["resourceVersion"]) > int(version)


def test_a_watch_may_be_silent_for_as_long_as_it_says_and_no_longer(
    server: ApiServer, certificate: ClientCertificate, namespace: str
) -> None:
    client = KubeClient(FixedServer(server), Identity("test", certificate=certificate), timeouts=SHORT)
    path = f"/api/v1/namespaces/{namespace}/services"

    assert list(client.watch(path, query=(("timeoutSeconds", "3"),), silence=20)) == []
    with pytest.raises(UnreachableError, match="the watch broke: ReadTimeoutError"):
        list(client.watch(path, query=(("timeoutSeconds", "20"),), silence=0.5))


def test_a_watch_can_be_closed_from_another_thread_at_once(client: KubeClient, namespace: str) -> None:
    stream = client.watch(f"/api/v1/namespaces/{namespace}/services", query=(), silence=600)
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(list, stream)

        stream.close()

        assert reading.result(timeout=60) == []


def forget_history(plane: ControlPlane, bystander: Bystander) -> None:
    """Compact etcd up to now, as the API server does every five minutes."""
    pki = plane.ca_file.parent
    pool = urllib3.PoolManager(
        ca_certs=str(plane.ca_file), cert_file=str(pki / "etcd-client.crt"), key_file=str(pki / "etcd-client.key")
    )
    touched = bystander.create("/api/v1/namespaces/default/configmaps", {"metadata": {"generateName": "x-"}})
    revision = touched["metadata"]["resourceVersion"]
    url = f"https://127.0.0.1:{plane.ports.etcd}/v3/kv/compaction"
    answer = pool.request("POST", url, body=json.dumps({"revision": revision, "physical": True}))
    assert answer.status == 200, base64.b64encode(answer.data)
    pool.clear()
