"""The simulator over HTTP: what it refuses, what can be made to go wrong, and what it tells."""

import http.client
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError

from sandbox.cloudmap.client import SimulatorAdmin
from sandbox.cloudmap.server import RunningSimulator, start
from sandbox.cloudmap.settings import Settings, SettingsError, change
from sandbox.cloudmap.wire import CONTENT_TYPE, TARGET_PREFIX
from tests.contract.cloudmap.backend import REGION, a_client, refused

SIGNED = f"AWS4-HMAC-SHA256 Credential=key/20260101/{REGION}/servicediscovery/aws4_request, Signature=0"
GOOD = {"Content-Type": CONTENT_TYPE, "X-Amz-Target": f"{TARGET_PREFIX}ListNamespaces", "Authorization": SIGNED}


@pytest.fixture
def running() -> Iterator[RunningSimulator]:
    with start(change(Settings(), {"operation_delay": 0})) as simulator:
        yield simulator


@pytest.fixture
def admin(running: RunningSimulator) -> SimulatorAdmin:
    return SimulatorAdmin(running.url)


@pytest.fixture
def client(running: RunningSimulator) -> Iterator[Any]:
    client = a_client(running.url, access_key="AKIAONE")
    yield client
    client.close()


def _post(running: RunningSimulator, body: bytes, **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=10)
    connection.request("POST", "/", body, {**GOOD, **{name.replace("_", "-"): v for name, v in headers.items()}})
    response = connection.getresponse()
    answer = response.status, response.read().decode()
    connection.close()
    return answer


def test_well_formed_call_is_answered(running: RunningSimulator) -> None:
    assert _post(running, b"{}") == (200, '{"Namespaces":[]}')


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        pytest.param({"Content_Type": "application/cbor"}, 400, "UnknownOperationException", id="another-protocol"),
        pytest.param({"Smithy_Protocol": "rpc-v2-cbor"}, 400, "UnknownOperationException", id="smithy"),
        pytest.param({"X_Amz_Target": f"{TARGET_PREFIX}Nonsense"}, 400, "UnknownOperationException", id="operation"),
        pytest.param({"X_Amz_Target": "AWSEvents.PutEvents"}, 400, "UnknownOperationException", id="service"),
        pytest.param({"Authorization": "none"}, 403, "MissingAuthenticationTokenException", id="unsigned"),
        pytest.param(
            {"Authorization": SIGNED.replace("servicediscovery", "s3")}, 403, "SignatureDoesNotMatch", id="scope"
        ),
    ],
)
def test_call_it_cannot_understand_is_refused_and_said_aloud(
    running: RunningSimulator, capfd: pytest.CaptureFixture[str], headers: dict[str, str], status: int, code: str
) -> None:
    found, answer = _post(running, b"{}", **headers)

    assert (found, code in answer) == (status, True)
    assert "cloudmap: refused POST /" in capfd.readouterr().err


def test_body_that_is_not_json_is_refused(running: RunningSimulator) -> None:
    assert _post(running, b"{")[0] == 400
    assert _post(running, b"[]")[0] == 400


def test_answers_are_sent_without_waiting_for_acknowledgements(running: RunningSimulator) -> None:
    assert running.listens_as_tcp


def test_injected_error_comes_as_often_as_asked(admin: SimulatorAdmin, client: Any) -> None:
    admin.change(faults=[{"operation": "ListNamespaces", "error": "ServiceUnavailable", "count": 1}])

    with refused("ServiceUnavailable", 503):
        client.list_namespaces()
    client.list_namespaces()


def test_connection_dropped_before_a_call_leaves_it_undone(admin: SimulatorAdmin, client: Any) -> None:
    admin.change(faults=[{"operation": "CreateHttpNamespace", "drop": "before", "count": 1}])

    with pytest.raises(ConnectionClosedError):
        client.create_http_namespace(Name="mcs.demo")
    assert client.list_namespaces()["Namespaces"] == []


def test_connection_dropped_after_a_call_loses_only_the_answer(admin: SimulatorAdmin, client: Any) -> None:
    admin.change(faults=[{"operation": "CreateHttpNamespace", "drop": "after", "count": 1}])

    with pytest.raises(ConnectionClosedError):
        client.create_http_namespace(Name="mcs.demo")
    assert [n["Name"] for n in client.list_namespaces()["Namespaces"]] == ["mcs.demo"]


def test_throttled_call_is_answered_with_the_services_own_error(admin: SimulatorAdmin, client: Any) -> None:
    admin.change(throttle={"*": {"rate": 0.001, "burst": 1}})
    client.list_namespaces()

    with refused("ThrottlingException", 400):
        client.list_namespaces()
    place = {"NamespaceName": "mcs.demo", "ServiceName": "web"}
    with refused("NamespaceNotFound", 404):
        client.discover_instances(**place)
    with refused("RequestLimitExceeded", 429):
        client.discover_instances(**place)


def test_statistics_tell_access_keys_operations_and_outcomes_apart(
    running: RunningSimulator, admin: SimulatorAdmin, client: Any
) -> None:
    admin.change(faults=[{"operation": "ListServices", "drop": "before"}])
    client.list_namespaces()
    with refused("NamespaceNotFound"):
        client.get_namespace(Id="ns-unknown")
    with pytest.raises(ConnectionClosedError):
        client.list_services()
    other = a_client(running.url, access_key="AKIATWO")
    other.list_namespaces()
    other.close()

    stats = admin.stats()

    assert stats["operations"] == {"ListNamespaces": 2, "GetNamespace": 1, "ListServices": 1}
    assert stats["accessKeys"] == {
        "AKIAONE": {
            "ListNamespaces": {"Success": 1},
            "GetNamespace": {"NamespaceNotFound": 1},
            "ListServices": {"Dropped": 1},
        },
        "AKIATWO": {"ListNamespaces": {"Success": 1}},
    }
    admin.reset_stats()
    assert admin.stats()["total"] == 0


def test_access_key_of_twelve_digits_is_its_own_account(running: RunningSimulator) -> None:
    one, two = (a_client(running.url, access_key=key) for key in ("111111111111", "222222222222"))
    one.create_http_namespace(Name="mcs.demo")

    (namespace,) = one.list_namespaces()["Namespaces"]
    assert namespace["ResourceOwner"] == "111111111111"
    assert two.list_namespaces()["Namespaces"] == []
    one.close()
    two.close()


def test_bad_settings_are_refused_by_name_and_change_nothing(admin: SimulatorAdmin) -> None:
    before = admin.settings()

    with pytest.raises(SettingsError, match=r"lag\.fixed: .*not a duration"):
        admin.change(lag="soon", health_delay=1)
    assert admin.settings() == before


def test_state_shows_everything_and_reset_forgets_it(admin: SimulatorAdmin, client: Any) -> None:
    client.create_http_namespace(Name="mcs.demo")
    (namespace,) = client.list_namespaces()["Namespaces"]
    service = client.create_service(Name="web.shop", NamespaceId=namespace["Id"])["Service"]["Id"]
    client.register_instance(ServiceId=service, InstanceId="a", Attributes={"k": "v"})

    state = admin.state()

    assert state["services"][service]["instances"] == {"a": {"attributes": {"k": "v"}, "health": None}}
    assert state["services"][service]["revision"] == 1
    assert state["operations"] == {"SUCCESS": 2}
    admin.reset()
    assert admin.state()["services"] == {}


def test_unknown_admin_path_says_what_there_is(running: RunningSimulator) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=10)
    connection.request("GET", "/_simulator/nonsense")
    response = connection.getresponse()

    assert response.status == 404
    assert b"GET /_simulator/settings" in response.read()
    connection.close()


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(1000)
    except ConnectionResetError:
        return b""


def test_stopping_cuts_off_calls_in_progress_and_frees_the_port() -> None:
    running = start(change(Settings(), {"latency": {"*": 3600}}))
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as connection:
        head = "".join(f"{name}: {value}\r\n" for name, value in GOOD.items())
        connection.sendall(f"POST / HTTP/1.1\r\nHost: x\r\n{head}Content-Length: 2\r\n\r\n{{}}".encode())
        SimulatorAdmin(running.url).stats()  # answered after the call above has begun

        running.stop()

        assert _received(connection) == b""
    with start(port=running.port) as again:
        assert again.port == running.port
