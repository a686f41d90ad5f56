"""Run some clusters to look at: `python -m sandbox.controlplane --clusters a,b`, until Ctrl-C."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom
from typing import Final

from rich.console import Console

from sandbox.binaries.building import build
from sandbox.binaries.progress import Progress
from sandbox.controlplane.cluster import PROGRAMS, ControlPlane, start_together
from sandbox.controlplane.spec import ClusterSpec, Ports
from sandbox.errors import SandboxError
from sandbox.process import Processes, free_ports, interruptible, stop_recorded

_FOLDER: Final = Path(__file__).parents[2] / ".sandbox" / "controlplane"


def main() -> int:
    options = _options()
    try:
        if options.stop:
            for process in stop_recorded(options.folder):
                print(f"stopped {process.name} ({process.pid})")
            return 0
        with interruptible():
            return _run(options.clusters.split(","), options.folder)
    except SandboxError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.controlplane", description=__doc__)
    parser.add_argument("--clusters", default="a,b", help="names, separated by commas (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=_FOLDER, help="where their state is kept (default: %(default)s)")
    parser.add_argument("--stop", action="store_true", help="stop the clusters that another shell runs in this folder")
    return parser.parse_args()


def _run(names: list[str], folder: Path) -> int:
    binaries = build((*PROGRAMS, "kubectl"), environ=os.environ, progress=Progress(Console()))  # noqa: TID251 - a door
    stop_recorded(folder)
    start = time.monotonic()
    with Processes(folder) as processes:
        planes = [
            ControlPlane(_fresh(index, name, folder), _ports(), binaries=binaries, processes=processes)
            for index, name in enumerate(names, start=1)
        ]
        start_together(planes, processes, datetime.now(UTC))  # noqa: TID251 - a door
        print(f"{len(planes)} clusters in {time.monotonic() - start:.1f} s; Ctrl-C ends them")
        for plane in planes:
            print(f"{binaries['kubectl']} --kubeconfig {plane.kubeconfig} get nodes")
        while not (ended := processes.ended()):
            time.sleep(0.5)
        for child in ended:
            print(f"{child.command.name} ended with status {child.status}; its log is {child.command.log}")
    return 1


def _fresh(index: int, name: str, folder: Path) -> ClusterSpec:
    shutil.rmtree(folder / name, ignore_errors=True)
    return ClusterSpec(
        name=name,
        folder=(folder / name).absolute(),
        pod_cidrs=(f"10.{200 + index}.0.0/16",),
        service_cidrs=(f"10.{100 + index}.0.0/16",),
    )


def _ports() -> Ports:
    return Ports(*free_ports(6, SystemRandom()))


if __name__ == "__main__":
    sys.exit(main())
