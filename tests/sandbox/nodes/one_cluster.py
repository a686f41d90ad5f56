"""`python -m tests.sandbox.nodes.one_cluster FOLDER`: a cluster with a real node, until the standard input ends.

It runs in the network that a test made for it. Once everything is up it prints how to get there.
"""

import json
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom

from rich.console import Console

from cloudmap_mcs.install.crds import custom_resource_definitions
from sandbox.binaries.progress import Progress
from sandbox.clusters import member
from sandbox.controlplane.applying import apply
from sandbox.controlplane.cluster import ControlPlane
from sandbox.controlplane.spec import Ports, TokenWebhook
from sandbox.nodes import coredns
from sandbox.nodes.addresses import FAMILIES
from sandbox.nodes.clusters import addresses
from sandbox.nodes.entering import real_nodes
from sandbox.process import Processes, free_ports, interruptible

ROOT = Path(__file__).resolve().parents[3]
CLUSTER = "solo"
FAMILY = FAMILIES["dual"]


def main(folder: Path) -> None:
    environ = dict(os.environ)  # noqa: TID251 - a door
    nodes = real_nodes(ROOT, folder, {CLUSTER: FAMILY}, environ=environ, progress=Progress(Console(stderr=True)))
    spec = replace(nodes.spec(CLUSTER, folder / CLUSTER, TokenWebhook("")), token_webhook=None)
    with interruptible(), Processes(folder) as processes:
        ports = Ports(*free_ports(6, SystemRandom()))
        plane = ControlPlane(spec, ports, binaries=nodes.parts.binaries, processes=processes)
        plane.start(datetime.now(UTC))  # noqa: TID251 - a door
        nodes.boot(plane, processes)
        apply(plane.client(), custom_resource_definitions())
        apply(plane.client(), coredns.installed(addresses({CLUSTER: FAMILY})[CLUSTER], image=nodes.parts.coredns))
        nodes.finish({CLUSTER: member(CLUSTER, plane)}, processes)
        told = {"kubectl": str(nodes.parts.binaries["kubectl"]), "kubeconfig": str(plane.kubeconfig)}
        print(json.dumps(told), flush=True)  # noqa: T201 - to whoever started it
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
