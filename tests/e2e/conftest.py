"""One real control plane for all end-to-end tests that need none of their own; each works in its own namespace."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom

import pytest
from rich.console import Console

from sandbox.binaries.building import build
from sandbox.binaries.progress import Progress
from sandbox.controlplane.cluster import PROGRAMS, ControlPlane
from sandbox.controlplane.spec import ClusterSpec, Ports
from sandbox.process import Processes, free_ports


@pytest.fixture(scope="session")
def binaries() -> dict[str, Path]:
    return build(PROGRAMS, environ=os.environ, progress=Progress(Console()))  # noqa: TID251 - a door


@pytest.fixture(scope="session")
def call_logs() -> list[Path]:
    """The folders of sandboxes that have ended: what they asked of AWS and of their clusters is written there."""
    return []


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory, binaries: dict[str, Path]) -> Iterator[ControlPlane]:
    folder = tmp_path_factory.mktemp("control-plane")
    spec = ClusterSpec("east", folder / "east", ("10.201.0.0/16",), ("10.101.0.0/16",))
    with Processes(folder) as processes:
        plane = ControlPlane(spec, Ports(*free_ports(6, SystemRandom())), binaries=binaries, processes=processes)
        plane.start(datetime.now(UTC))  # noqa: TID251 - a door
        yield plane
