"""Four clusters in two Regions and two accounts, as they were before anything was deployed, and then the deploy."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from sandbox.binaries.progress import Progress
from sandbox.process import Processes
from sandbox.sandbox import OwnCluster
from sandbox.starting import Site, begin, complete
from tests.e2e.deploys.inventory import inventory
from tests.e2e.deploys.life import DNS, FUNCTIONS, PLACES, Life
from tests.e2e.deploys.managed import ManagedCoreDns
from tests.e2e.whole.lab import Cluster

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory, call_logs: list[Path]) -> Iterator[Life]:
    """The tests of this folder go through it together, in their order."""
    folder = tmp_path_factory.mktemp("life")
    with Processes(folder) as processes:
        site = Site(
            ROOT,
            folder,
            dict(os.environ),  # noqa: TID251 - a door
            processes,
            Progress(Console()),
            clusters={
                name: OwnCluster(place=place, dns=DNS.get(name, ""), functions_account=FUNCTIONS.get(name, ""))
                for name, place in PLACES.items()
            },
        )
        begun = begin(site)
        clusters = {name: Cluster.of(member) for name, member in begun.members.items()}
        south = begun.members["south"]
        with ManagedCoreDns(south.client(), begun.aws.at(south.account, south.region).client("eks"), south.eks) as dns:
            before = {name: inventory(cluster.client) for name, cluster in clusters.items()}
            sandbox = complete(site, begun)
            yield Life(site, sandbox, begun.deploying, clusters, before, dns)
        call_logs.append(folder)
