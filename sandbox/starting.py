"""Bring the whole sandbox up: simulator, local AWS, clusters, the real deploy, manifests, watchers."""

from __future__ import annotations

import json
import shutil
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from random import SystemRandom
from typing import TYPE_CHECKING, Any, Final, TypeVar

import yaml

from cloudmap_mcs.install.bundle import OwnImage
from cloudmap_mcs.install.rendering import InstallSettings, render
from cloudmap_mcs.install.watcher import WatcherDeployment
from infra.cache import cache_folder
from sandbox.aws.deploy import Cdk, deploy
from sandbox.aws.node import find_node, install_cdk
from sandbox.aws.server import LocalAws
from sandbox.aws.venv import ministack_python
from sandbox.binaries.building import build
from sandbox.clusters import eks_name, member, start_clusters
from sandbox.controlplane.applying import apply
from sandbox.controlplane.cluster import PROGRAMS
from sandbox.errors import SandboxError
from sandbox.process import Command, free_ports, stop_recorded
from sandbox.sandbox import ACCOUNT, CLUSTERSET, REGION, RESYNC_MINUTES, Sandbox
from sandbox.watchers import Beside

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from sandbox.aws.outputs import Deployed
    from sandbox.binaries.progress import Progress
    from sandbox.controlplane.cluster import ControlPlane
    from sandbox.process import Processes

_READY_SECONDS: Final = 30.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Site:
    """Where and how a sandbox is made; `operation_delay` is how long the simulator's operations take."""

    root: Path
    folder: Path
    environ: Mapping[str, str]
    processes: Processes
    progress: Progress
    cluster_ids: Sequence[str] = ("east", "west")
    operation_delay: str = "100ms"

    def say(self, text: str) -> None:
        self.progress.say(text)


def start(site: Site) -> Sandbox:
    """Start everything and return when every watcher is at work; what an earlier run left is stopped first.

    SandboxError says what a person must do; whatever was started by then is up to the caller's `processes`.
    """
    stop_recorded(site.folder)
    site.folder.mkdir(parents=True, exist_ok=True)
    binaries = build((*PROGRAMS, "kubectl"), environ=site.environ, progress=site.progress)
    node = find_node(site.environ)
    cdk_program = install_cdk(site.root, node, environ=site.environ, say=site.say)
    python = ministack_python(site.root, cache=cache_folder(site.environ), say=site.say)
    aws = start_aws(site, python)
    cdk = Cdk(site.root, site.folder, node, cdk_program, aws, site.environ)
    with ThreadPoolExecutor(1) as pool:
        deploying = pool.submit(_deploy, site, cdk)
        planes = _timed(site, f"clusters {', '.join(site.cluster_ids)}", lambda: _clusters(site, aws, binaries))
        deployed = deploying.result()
    members = {name: member(name, plane) for name, plane in planes.items()}
    sandbox = Sandbox(site.folder, aws, members, deployed, binaries["kubectl"])
    _timed(site, "manifests and watchers", lambda: _populate(site, sandbox, planes))
    _timed(site, "a first resync of every cluster", lambda: _resync(sandbox))
    sandbox.write()
    return sandbox


def _timed(site: Site, what: str, work: Callable[[], T]) -> T:
    began = time.monotonic()
    result = work()
    site.say(f"  {what}: ready after {time.monotonic() - began:.1f} s")
    return result


def start_aws(site: Site, python: Path) -> LocalAws:
    """Start the Cloud Map simulator and the local AWS in front of it."""
    cloudmap_port, aws_port = free_ports(2, SystemRandom())
    aws = LocalAws(ACCOUNT, REGION, aws_port, f"http://127.0.0.1:{cloudmap_port}")
    arguments = ("--port", str(cloudmap_port), "--operation-delay", site.operation_delay, "--default-account", ACCOUNT)
    simulator = site.processes.start(
        Command(
            "cloud-map",
            (sys.executable, "-m", "sandbox.cloudmap", *arguments),
            site.root,
            site.folder / "cloud-map.log",
            {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(site.root)},
        )
    )
    state = site.folder / "aws"
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    local = site.processes.start(aws.command(python, folder=state, base=site.environ))
    simulator.wait_until(lambda: listens(cloudmap_port), timeout=_READY_SECONDS)
    local.wait_until(aws.is_up, timeout=_READY_SECONDS)
    return aws


def listens(port: int) -> bool:
    """Tell whether something accepts connections on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _clusters(site: Site, aws: LocalAws, binaries: Mapping[str, Path]) -> dict[str, ControlPlane]:
    return start_clusters(site.cluster_ids, site.folder, aws, binaries=binaries, processes=site.processes)


def _deploy(site: Site, cdk: Cdk) -> Deployed:
    file = site.folder / "clusterset.yaml"
    content = {
        "clusterset": CLUSTERSET,
        "hub": {"account": ACCOUNT, "region": REGION},
        "resync_minutes": RESYNC_MINUTES,
        "cloudtrail": "existing",
        "importer": {"architecture": "x86_64", "log_level": "INFO"},
        "clusters": [{"id": name, "eks": eks_name(name)} for name in site.cluster_ids],
    }
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return deploy(cdk, file, processes=site.processes, say=lambda text: site.say(f"  {text}"))


def _populate(site: Site, sandbox: Sandbox, planes: Mapping[str, ControlPlane]) -> None:
    watcher = WatcherDeployment(
        clusterset=CLUSTERSET,
        members=tuple(planes),
        namespace_id=sandbox.deployed.namespace_id,
        bus_arn=sandbox.deployed.bus_arn,
        hub_region=REGION,
        resync_seconds=RESYNC_MINUTES * 60,
        code=OwnImage(image="cloudmap-mcs-watcher:sandbox"),
    )
    for name, plane in planes.items():
        apply(plane.client(), render(InstallSettings(cluster=name, watcher=watcher)))
    identity, *health = free_ports(1 + len(planes), SystemRandom())
    beside = Beside(sandbox.aws, site.root, site.folder, site.processes, identity)
    beside.start_identity(sandbox.members)
    for item, port in zip(sandbox.members.values(), health, strict=True):
        beside.start_watcher(item, replace(watcher, health_port=port))


def _resync(sandbox: Sandbox) -> None:
    """Invoke every importer once: proves tokens, access entries and rights, and leaves the functions warm."""
    functions = [member.importer for member in sandbox.deployed.members.values()]
    with ThreadPoolExecutor(len(functions)) as pool:
        for name, report in zip(functions, pool.map(lambda name: invoke(sandbox.aws, name), functions), strict=True):
            if not report.get("complete"):
                raise SandboxError(f"the first resync by {name} failed: {json.dumps(report)[:1000]}")


def invoke(aws: LocalAws, function: str) -> dict[str, Any]:
    """Invoke an importer as a person would, for a resync of everything; returns its report."""
    answer = aws.client("lambda").invoke(FunctionName=function, Payload=json.dumps({"resync": "all"}))
    report: dict[str, Any] = json.loads(answer["Payload"].read())
    return report
