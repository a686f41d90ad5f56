"""Mutating calls as events, and their way to an EventBridge endpoint."""

import json
import queue
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sandbox.cloudmap.client import SimulatorAdmin
from sandbox.cloudmap.cloudtrail import Report, reports_of
from sandbox.cloudmap.errors import ApiError
from sandbox.cloudmap.server import start
from sandbox.cloudmap.settings import Trail
from sandbox.cloudmap.wire import Request, Signed
from tests.contract.cloudmap.backend import a_client
from tests.sandbox.cloudmap.rules import ME

REGISTER = Request(
    "RegisterInstance",
    {"ServiceId": "srv-1", "InstanceId": "a", "Attributes": {"Some_Key": "v"}},
    ME,
    "key",
    "Boto3/1 cloudmap-mcs/0.1",
    Signed("POST", "/", (), b""),
)


def _reports(request: Request, answer: Any, **trail: Any) -> list[Report]:
    settings = Trail("http://bus.invalid", **trail)
    rng = random.Random(1)  # noqa: S311  a seed, so that a failure repeats
    return list(reports_of(request, answer, settings, now=1_700_000_000.0, rng=rng))


def test_accepted_call_is_reported_in_the_shape_of_cloudtrail() -> None:
    (report,) = _reports(REGISTER, {"OperationId": "op-1"})

    assert (report.entry["Source"], report.entry["DetailType"]) == (
        "aws.servicediscovery",
        "AWS API Call via CloudTrail",
    )
    detail = json.loads(report.entry["Detail"])
    assert detail["eventName"] == "RegisterInstance"
    assert detail["eventSource"] == "servicediscovery.amazonaws.com"
    assert detail["eventTime"] == "2023-11-14T22:13:20Z"
    assert detail["userAgent"] == "Boto3/1 cloudmap-mcs/0.1"
    assert detail["userIdentity"]["accessKeyId"] == "key"
    assert detail["requestParameters"] == {"serviceId": "srv-1", "instanceId": "a", "attributes": {"Some_Key": "v"}}
    assert detail["responseElements"] == {"operationId": "op-1"}
    assert "errorCode" not in detail


def test_known_key_is_reported_as_its_role() -> None:
    arn = "arn:aws:sts::111111111111:assumed-role/watcher/pod"

    (report,) = _reports(REGISTER, {}, identities={"key": arn})

    identity = json.loads(report.entry["Detail"])["userIdentity"]
    assert (identity["type"], identity["arn"]) == ("AssumedRole", arn)
    assert identity["sessionContext"]["sessionIssuer"]["arn"] == "arn:aws:iam::111111111111:role/watcher"


def test_refused_call_is_reported_with_its_error() -> None:
    (report,) = _reports(REGISTER, ApiError("ServiceNotFound", "No service."))

    detail = json.loads(report.entry["Detail"])
    assert (detail["errorCode"], detail["responseElements"]) == ("ServiceNotFound", None)


def test_reads_are_not_reported() -> None:
    for operation in ("GetInstance", "ListServices", "DiscoverInstances"):
        assert _reports(replace(REGISTER, operation=operation), {}) == []


def test_reports_can_be_lost_and_doubled() -> None:
    assert _reports(REGISTER, {}, loss=1.0) == []
    first, second = _reports(REGISTER, {}, duplicates=1.0)
    assert first.entry == second.entry


@contextmanager
def an_event_bus() -> Iterator[tuple[str, "queue.Queue[dict[str, Any]]"]]:
    received: queue.Queue[dict[str, Any]] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            received.put(
                {"target": self.headers["X-Amz-Target"], "authorization": self.headers["Authorization"], **body}
            )
            answer = json.dumps({"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", received
        server.shutdown()


def test_events_arrive_at_the_endpoint_as_put_events() -> None:
    with an_event_bus() as (url, received), start() as simulator:
        SimulatorAdmin(simulator.url).change(cloudtrail={"endpoint": url, "access_key": "trail"})
        client = a_client(simulator.url, agent="cloudmap-mcs/0.1")
        client.list_namespaces()
        client.create_http_namespace(Name="mcs.demo")

        call = received.get(timeout=20)

        client.close()
    assert call["target"] == "AWSEvents.PutEvents"
    assert "Credential=trail/" in call["authorization"]
    (entry,) = call["Entries"]
    detail = json.loads(entry["Detail"])
    assert detail["eventName"] == "CreateHttpNamespace"
    assert "cloudmap-mcs/0.1" in detail["userAgent"]
    assert received.empty()
