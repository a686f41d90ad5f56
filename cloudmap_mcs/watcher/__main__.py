"""Composition root of the watcher: settings from the environment, adapters, signals."""

import logging
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TextIO

import boto3
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from botocore.config import Config

from cloudmap_mcs import VERSION
from cloudmap_mcs.clock import SystemClock
from cloudmap_mcs.cloudmap.client import build
from cloudmap_mcs.cloudmap.identity import Identity as RegistryIdentity
from cloudmap_mcs.cloudmap.instances import FORMAT
from cloudmap_mcs.cloudmap.registry import CloudMapRegistry
from cloudmap_mcs.domain.model import ServiceKey
from cloudmap_mcs.errors import PermanentError
from cloudmap_mcs.eventbridge.announcer import EventBridgeAnnouncer
from cloudmap_mcs.kube.access import FolderServer, FolderToken, in_cluster_url
from cloudmap_mcs.kube.client import Identity, KubeClient
from cloudmap_mcs.kube.home import HomeCluster
from cloudmap_mcs.kube.reflector import Chance
from cloudmap_mcs.settings import WatcherSettings
from cloudmap_mcs.watcher.appearing import Appearances
from cloudmap_mcs.watcher.health import HealthServer
from cloudmap_mcs.watcher.identity import ClusterIdentity
from cloudmap_mcs.watcher.leading import Leadership
from cloudmap_mcs.watcher.running import Watcher, World
from cloudmap_mcs.watcher.sources import Listeners, ReflectedCluster
from cloudmap_mcs.watcher.working import WORKERS
from cloudmap_mcs.watcher.workqueue import WorkQueue

CONNECTIONS: Final = WORKERS + 8
"""To the API server: workers, watches, the Lease."""


def main(variables: Mapping[str, str]) -> int:
    """Run one life of the watcher; returns the exit status."""
    try:
        settings = WatcherSettings.from_env(variables)
    except PermanentError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    log_to(sys.stderr, settings.log_level)
    try:
        watcher = build_watcher(settings)
    except OSError as error:
        sys.stderr.write(f"MCS_KUBE_CREDENTIALS={settings.credentials!r}: {error}; is the ServiceAccount mounted?\n")
        return 2
    health = HealthServer(settings.health_host, settings.health_port, live=watcher.liveness, ready=watcher.readiness)
    health.start()
    for number in (signal.SIGTERM, signal.SIGINT):
        # On a thread, because a handler that interrupts a wait for this very event would wait for itself.
        signal.signal(number, lambda *_: threading.Thread(target=watcher.stop).start())
    try:
        return watcher.run()
    finally:
        health.stop()


def log_to(stream: TextIO, level: str) -> None:
    """Send our log lines to a stream, one JSON object each, in the shape of the functions' lines."""
    lines = logging.StreamHandler(stream)
    lines.setFormatter(LambdaPowertoolsFormatter(service="watcher", version=VERSION))
    ours = logging.getLogger("cloudmap_mcs")
    ours.addHandler(lines)
    ours.setLevel(level)


def build_watcher(settings: WatcherSettings) -> Watcher:
    """Put the watcher together; touches no network."""
    folder = Path(settings.credentials)
    identity = Identity("watcher", tokens=FolderToken(folder, monotonic=time.monotonic))
    server = FolderServer(in_cluster_url(settings.api_host, str(settings.api_port)), folder)
    client = KubeClient(server, identity, connections=CONNECTIONS)
    chance = random.SystemRandom().random
    queue: WorkQueue[ServiceKey] = WorkQueue(monotonic=time.monotonic, random=chance)
    home = HomeCluster(client)
    identity_changed = threading.Event()
    appearances = Appearances(kept=settings.resync_seconds, monotonic=time.monotonic)
    listeners = Listeners(key=queue.add, identity=identity_changed.set, namespace=appearances.add)
    clock = SystemClock()
    namespace = (folder / "namespace").read_text(encoding="utf-8").strip()
    leadership = Leadership(home, namespace, settings.pod, clock=clock, monotonic=time.monotonic)
    world = World(
        settings=settings,
        home=home,
        cluster=ReflectedCluster(client, home, listeners, Chance(chance, time.monotonic)),
        identity_changed=identity_changed,
        appearances=appearances,
        leadership=leadership,
        registry=lambda who: registry(settings, who, leadership.is_held),
        announcer=EventBridgeAnnouncer(_events(settings), settings.bus_arn, settings.clusterset, clock),
        formats=(FORMAT,),
        clock=clock,
        monotonic=time.monotonic,
    )
    return Watcher(world, queue)


def registry(settings: WatcherSettings, who: ClusterIdentity, may_write: Callable[[], bool]) -> CloudMapRegistry:
    """Connect to the clusterset's namespace as one member, who writes only while `may_write` says so."""
    return CloudMapRegistry(
        build(settings.hub_region),
        namespace=settings.namespace_id,
        accepted=settings.members,
        identity=RegistryIdentity(who.cluster, who.owner),
        may_write=may_write,
    )


def _events(settings: WatcherSettings) -> Any:
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 3},
        connect_timeout=2,
        read_timeout=5,
        user_agent_extra=f"cloudmap-mcs/{VERSION}",
    )
    return boto3.Session().client("events", region_name=settings.hub_region, config=config)


if __name__ == "__main__":
    sys.exit(main(os.environ))  # noqa: TID251  # the door: here the environment comes in
