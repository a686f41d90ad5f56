"""Calls per second that the Cloud Map simulator answers on one core: `python -m bench.cloudmap_simulator`."""

import http.client
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sandbox.cloudmap.client import SimulatorAdmin
from sandbox.cloudmap.wire import CONTENT_TYPE, TARGET_PREFIX

CALLS = 2000
WARM_UP = 200
INSTANCES = 50
_ATTRIBUTES = {f"attribute-{number:02}": "value-of-some-length" for number in range(11)}
_HEADERS = {
    "Content-Type": CONTENT_TYPE,
    "Authorization": "AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/servicediscovery/aws4_request, "
    "SignedHeaders=host, Signature=0",
}


@dataclass(frozen=True, slots=True)
class Measurement:
    """One kind of call: how many per second of the server's CPU time, and per second of the clock."""

    call: str
    per_cpu_second: float
    per_second: float


class Caller:
    """A client that costs next to nothing: one kept connection, no signing, no parsing of models."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)

    def call(self, operation: str, **params: Any) -> Any:
        """Return the parsed answer; RuntimeError for anything but a success."""
        headers = {**_HEADERS, "X-Amz-Target": TARGET_PREFIX + operation}
        self._connection.request("POST", "/", json.dumps(params), headers)
        response = self._connection.getresponse()
        answer = json.load(response)
        if response.status != http.client.OK:
            raise RuntimeError(f"{operation}: {response.status} {answer}")
        return answer

    def close(self) -> None:
        self._connection.close()


@contextmanager
def a_simulator() -> Iterator[str]:
    """Run a simulator with immediate operations in a process of its own; yields its URL."""
    command = [sys.executable, "-m", "sandbox.cloudmap", "--operation-delay", "0s"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield json.loads(process.stdout.readline() if process.stdout else "")["url"]
        finally:
            process.terminate()


def measure(calls: int = CALLS) -> list[Measurement]:
    """Measure every kind of call, warm, on one connection."""
    with a_simulator() as url:
        caller, admin = Caller(url), SimulatorAdmin(url)
        caller.call("CreateHttpNamespace", Name="bench")
        namespace = caller.call("ListNamespaces")["Namespaces"][0]["Id"]
        service = caller.call("CreateService", Name="web.shop", NamespaceId=namespace)["Service"]["Id"]
        place = {"NamespaceName": "bench", "ServiceName": "web.shop"}
        operations: list[str] = []

        def register(number: int) -> None:
            attributes = {**_ATTRIBUTES, "number": str(number)}
            instance = str(number % INSTANCES)
            answer = caller.call("RegisterInstance", ServiceId=service, InstanceId=instance, Attributes=attributes)
            operations[:] = [answer["OperationId"]]

        kinds: dict[str, Callable[[int], Any]] = {
            f"RegisterInstance, {len(_ATTRIBUTES) + 1} attributes": register,
            "GetOperation": lambda _: caller.call("GetOperation", OperationId=operations[0]),
            "GetInstance": lambda _: caller.call("GetInstance", ServiceId=service, InstanceId="0"),
            "DiscoverInstancesRevision": lambda _: caller.call("DiscoverInstancesRevision", **place),
            "DiscoverInstances, 1 instance": lambda _: caller.call("DiscoverInstances", **place, MaxResults=1),
            f"DiscoverInstances, {INSTANCES} instances": lambda _: caller.call("DiscoverInstances", **place),
        }
        try:
            return [_measured(name, kind, admin, calls) for name, kind in kinds.items()]
        finally:
            caller.close()


def _measured(name: str, kind: Callable[[int], Any], admin: SimulatorAdmin, calls: int) -> Measurement:
    for number in range(WARM_UP):
        kind(number)
    cpu, begin = admin.stats()["cpuSeconds"], time.perf_counter()
    for number in range(calls):
        kind(number)
    elapsed = time.perf_counter() - begin
    return Measurement(name, calls / (admin.stats()["cpuSeconds"] - cpu), calls / elapsed)


def main() -> None:
    """Print the measurements and what they were taken on."""
    print(f"{CALLS} calls of each kind after {WARM_UP}, one kept connection, operations immediate")
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{'call':<34}{'calls per CPU second':>22}{'calls per second':>20}")
    for one in measure():
        print(f"{one.call:<34}{one.per_cpu_second:>22,.0f}{one.per_second:>20,.0f}")


if __name__ == "__main__":
    main()
