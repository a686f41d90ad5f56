"""Bring the whole sandbox up: simulator, local AWS, clusters, the real deploy, manifests, watchers."""

from __future__ import annotations

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from random import SystemRandom
from typing import TYPE_CHECKING, Any, Final, TypeVar

from infra.cache import cache_folder
from sandbox.attached.attaching import Attaching
from sandbox.attached.contexts import kubeconfig_of
from sandbox.attached.telling import announce_install, installed, removal_commands, write_installed
from sandbox.aws.deploy import Cdk
from sandbox.aws.node import find_node, install_cdk
from sandbox.aws.server import LocalAws
from sandbox.aws.venv import ministack_python
from sandbox.binaries.building import build
from sandbox.cloudmap.client import SimulatorAdmin
from sandbox.cloudmaps import CloudMapPlace
from sandbox.clusters import Ground, member, start_clusters
from sandbox.controlplane.cluster import PROGRAMS, WITHOUT_NODES
from sandbox.controlplane.spec import LOOPBACK
from sandbox.deploying import Deploying
from sandbox.errors import SandboxError
from sandbox.gateway.endpoint import parse
from sandbox.nodes.entering import leave
from sandbox.process import free_ports, stop_recorded
from sandbox.sandbox import ACCOUNT, CLUSTERSET, REGION, Member, OwnCluster, Sandbox
from sandbox.watchers import Beside

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from sandbox.binaries.progress import Progress
    from sandbox.nodes.clusters import RealNodes
    from sandbox.process import Processes

_READY_SECONDS: Final = 30.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Site:
    """Where and how a sandbox is made.

    `clusters` are those of its own by their ids. `operation_delay` is how long the simulator's operations take;
    `cloudmap_endpoint` puts another Cloud Map in its place. With `contexts` of the user's kubeconfig there are no
    clusters of the sandbox's own; `fresh_namespaces` are those that must not be in them yet. With real `nodes` the
    caller runs in their network already.
    """

    root: Path
    folder: Path
    environ: Mapping[str, str]
    processes: Processes
    progress: Progress
    clusters: Mapping[str, OwnCluster] = field(default_factory=lambda: dict.fromkeys(("east", "west"), OwnCluster()))
    operation_delay: str = "100ms"
    contexts: Sequence[str] = ()
    fresh_namespaces: tuple[str, ...] = ()
    cloudmap_endpoint: str = ""
    nodes: RealNodes | None = None

    @property
    def programs(self) -> tuple[str, ...]:
        """What must be built: kubectl, and what clusters of the sandbox's own consist of."""
        if self.contexts:
            return ("kubectl",)
        return ("kubectl", *(WITHOUT_NODES if self.nodes else PROGRAMS))

    def say(self, text: str) -> None:
        self.progress.say(text)


@dataclass(frozen=True, slots=True)
class Begun:
    """Clusters and a local AWS that know each other, and a deploy that is ready to begin; nothing is installed."""

    aws: LocalAws
    members: Mapping[str, Member]
    deploying: Deploying
    kubectl: Path
    attaching: Attaching | None


def start(site: Site) -> Sandbox:
    """Start everything and return when every watcher is at work; what an earlier run left is stopped first.

    SandboxError says what a person must do; whatever was started by then is up to the caller's `processes`.
    """
    return complete(site, begin(site))


def begin(site: Site) -> Begun:
    """Start all that is there before a deploy; what an earlier run left is stopped first."""
    stop_recorded(site.folder)
    if site.nodes is None:
        for told in leave(site.folder):
            site.say(told)
    site.folder.mkdir(parents=True, exist_ok=True)
    site.folder.chmod(0o700)
    attaching = _read_contexts(site)
    clusters = dict.fromkeys(attaching.ids, OwnCluster()) if attaching else site.clusters
    binaries = build(site.programs, environ=site.environ, progress=site.progress)
    node = find_node(site.environ)
    cdk_program = install_cdk(site.root, node, environ=site.environ, say=site.say)
    python = ministack_python(site.root, cache=cache_folder(site.environ), say=site.say)
    aws = start_aws(site, python)
    attached = _attach(site, attaching, aws) if attaching else {}
    deploying = Deploying(site, Cdk(site.root, site.folder, node, cdk_program, aws, site.environ), clusters)
    with ThreadPoolExecutor(1) as pool:
        preparing = pool.submit(deploying.prepare)
        members = attached or _timed(
            site, f"clusters {', '.join(clusters)}", lambda: _own_clusters(site, aws, binaries)
        )
        preparing.result()
    return Begun(aws, members, deploying, binaries["kubectl"], attaching)


def complete(site: Site, begun: Begun) -> Sandbox:
    """Deploy, which installs into the clusters, and return when every watcher is at work."""
    members, attaching = begun.members, begun.attaching
    if attaching:
        announce_install(attaching.kubeconfig, attaching.contexts, site.say)
    deployed = _timed(site, "the deploy, which installs into the clusters", begun.deploying.deploy)
    sandbox = Sandbox(site.folder, begun.aws, members, deployed, begun.kubectl, site.cloudmap_endpoint)
    if attaching:
        _tell_removal(site, sandbox, attaching)
    if site.nodes:
        _timed(site, "nodes and DNS", partial(site.nodes.finish, members, site.processes))
    _timed(site, "watchers", lambda: _start_watchers(site, sandbox))
    _timed(site, "a first resync of every cluster", lambda: _resync(sandbox))
    sandbox.write()
    return sandbox


def _timed(site: Site, what: str, work: Callable[[], T]) -> T:
    began = time.monotonic()
    result = work()
    site.say(f"  {what}: ready after {time.monotonic() - began:.1f} s")
    return result


def start_aws(site: Site, python: Path) -> LocalAws:
    """Start Cloud Map, unless there is another one, and the local AWS in front of it."""
    inside = site.nodes.host if site.nodes else LOOPBACK
    place = CloudMapPlace(site.root, site.folder, site.environ, site.processes, host=inside)
    if site.cloudmap_endpoint:
        cloudmap_url = place.elsewhere(parse(site.cloudmap_endpoint))
    else:
        cloudmap_url = place.simulator(site.operation_delay)
    port, host = free_ports(1, SystemRandom())[0], site.nodes.host if site.nodes else "localhost"
    aws = LocalAws(ACCOUNT, REGION, port, cloudmap_url, host)
    state = site.folder / "aws"
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    local = site.processes.start(aws.command(python, folder=state, base=site.environ))
    local.wait_until(aws.is_up, timeout=_READY_SECONDS)
    if not site.cloudmap_endpoint:
        SimulatorAdmin(cloudmap_url).change(authority=aws.endpoint)
    return aws


def _read_contexts(site: Site) -> Attaching | None:
    if not site.contexts:
        return None
    return Attaching.read(kubeconfig_of(site.environ), site.contexts, site.folder / "attached")


def _attach(site: Site, attaching: Attaching, aws: LocalAws) -> dict[str, Member]:
    members = attaching.start(aws, root=site.root, environ=site.environ, processes=site.processes)
    attaching.check(members, clusterset=CLUSTERSET, namespaces=site.fresh_namespaces)
    return members


def _own_clusters(site: Site, aws: LocalAws, binaries: Mapping[str, Path]) -> dict[str, Member]:
    on = Ground(site.folder, aws, binaries, site.processes)
    planes = start_clusters({name: its.place for name, its in site.clusters.items()}, on, nodes=site.nodes)
    members = {name: member(name, plane, site.clusters[name]) for name, plane in planes.items()}
    if site.nodes:
        site.nodes.prepare(members, aws, site.processes)
    return members


def _tell_removal(site: Site, sandbox: Sandbox, attaching: Attaching) -> None:
    """Note what the installer made in the user's clusters, and say how it comes out again."""
    for name in sandbox.members:
        write_installed(attaching.folder / name, installed(site.folder, name))
    site.say("  what takes it out again, when the sandbox has ended:")
    for command in removal_commands(list(sandbox.members.values()), attaching.folder, sandbox.kubectl):
        site.say(f"    {command}")


def _start_watchers(site: Site, sandbox: Sandbox) -> None:
    if site.nodes:
        site.nodes.wait_for_watchers(sandbox.members, site.processes)
        return
    beside = Beside(sandbox.aws, site.root, site.folder, site.processes)
    for item in sandbox.members.values():
        identity, health = free_ports(2, SystemRandom())
        beside.start_identity(item, identity)
        beside.start_watcher(item, health_port=health)


def _resync(sandbox: Sandbox) -> None:
    """Have every importer resync once: proves tokens, access entries and rights, and leaves the functions warm."""
    members = sandbox.deployed.members
    with ThreadPoolExecutor(len(members)) as pool:
        list(pool.map(lambda name: _resync_one(sandbox.aws_of(name), members[name].importer), members))


def _resync_one(aws: LocalAws, function: str) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not (report := invoke(aws, function)).get("complete"):
        if time.monotonic() > deadline:  # an API server needs a moment before it serves a new kind
            raise SandboxError(f"the first resync by {function} failed: {json.dumps(report)[:1000]}")
        time.sleep(1.0)


def invoke(aws: LocalAws, function: str) -> dict[str, Any]:
    """Invoke an importer as a person would, for a resync of everything; returns its report."""
    answer = aws.client("lambda").invoke(FunctionName=function, Payload=json.dumps({"resync": "all"}))
    report: dict[str, Any] = json.loads(answer["Payload"].read())
    return report
