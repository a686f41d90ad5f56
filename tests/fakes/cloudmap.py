"""Not a double: the client that production builds, pointed at a running simulator."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from cloudmap_mcs.cloudmap import client as clients
from sandbox.cloudmap.server import RunningSimulator


@contextmanager
def connected(simulator: RunningSimulator) -> Iterator[Any]:
    """Build the client by botocore's own variables, as a watcher does."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL_SERVICEDISCOVERY", simulator.url)
        environment.setenv("AWS_DISABLE_HOST_PREFIX_INJECTION", "true")
        environment.setenv("AWS_ACCESS_KEY_ID", "123456789012")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "test")
        built = clients.build("eu-west-1")
        yield built
        built.close()
