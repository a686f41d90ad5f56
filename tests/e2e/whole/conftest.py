"""One whole sandbox for all tests of this folder; each works in namespaces of its own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from sandbox.binaries.progress import Progress
from sandbox.process import Processes
from sandbox.starting import Site, start
from tests.e2e.whole.lab import Cluster, Lab

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Start it, and look at the audit logs when all tests are through, in whatever order they ran."""
    folder = tmp_path_factory.mktemp("sandbox")
    with Processes(folder) as processes:
        site = Site(ROOT, folder, dict(os.environ), processes, Progress(Console()))  # noqa: TID251 - a door
        sandbox = start(site)
        east, west = (Cluster.of(member) for member in sandbox.members.values())
        lab = Lab(site, sandbox, east, west)
        yield lab
        lab.check_rights()


@pytest.fixture(autouse=True)
def undisturbed(lab: Lab) -> Iterator[None]:
    """Take back whatever a test did to Cloud Map."""
    yield
    lab.simulator.change(faults=[], lag="0ms")
