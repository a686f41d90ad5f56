"""The two Cloud Maps that the contract is checked against."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from moto import mock_aws

from sandbox.cloudmap.client import SimulatorAdmin
from sandbox.cloudmap.server import RunningSimulator, start
from tests.contract.cloudmap.backend import CloudMap, Moment, a_client


@pytest.fixture(scope="session")
def moment() -> Moment:
    return Moment()


@pytest.fixture(scope="session")
def running(moment: Moment) -> Iterator[RunningSimulator]:
    with start(seed=7, clock=moment) as simulator:
        yield simulator


@pytest.fixture(scope="session")
def simulator_client(running: RunningSimulator) -> Iterator[Any]:
    client = a_client(running.url)
    yield client
    client.close()


@pytest.fixture(params=["simulator", "moto"])
def cloudmap(request: pytest.FixtureRequest) -> Iterator[CloudMap]:
    if request.param == "moto":
        with mock_aws():
            yield CloudMap(partial(a_client, None), lambda _seconds: None, a_client(None))
        return
    running: RunningSimulator = request.getfixturevalue("running")
    moment: Moment = request.getfixturevalue("moment")
    SimulatorAdmin(running.url).reset()
    yield CloudMap(partial(a_client, running.url), moment.pass_, request.getfixturevalue("simulator_client"))
