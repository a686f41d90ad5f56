"""Composition root of the installer. What differs from cluster to cluster comes with each request."""

import functools
import os
import time
from typing import Any, Final

import boto3
import botocore.session
from botocore.config import Config

from cloudmap_mcs import VERSION
from cloudmap_mcs.clock import SystemClock
from cloudmap_mcs.cloudmap.clearing import CloudMapClearer
from cloudmap_mcs.cloudmap.client import build
from cloudmap_mcs.domain.model import ClusterId
from cloudmap_mcs.install import dns
from cloudmap_mcs.kube.assuming import assuming
from cloudmap_mcs.kube.client import Identity, KubeClient, Timeouts
from cloudmap_mcs.kube.coredns_addon import CoreDnsAddon
from cloudmap_mcs.kube.eks import EksHosting, EksServer
from cloudmap_mcs.kube.installing import KubeObjects
from cloudmap_mcs.kube.tokens import EksToken, eks_cluster
from cloudmap_mcs.reconcile.installing.patience import Patience, PatientClock
from cloudmap_mcs.settings import InstallerSettings
from lambdas.installer.door import Door
from lambdas.installer.properties import Order

MARGIN_MS: Final = 15_000
"""Left of the function's time when nothing new is begun any more: a call that was begun before has time to end."""
COMPONENT: Final = "installer"
CONNECTIONS: Final = 4
PATIENCE: Final = Timeouts(connect=5, read=30)
"""Seconds: an API server that is asked for a definition or a big list may take its time."""


@functools.cache
def settings() -> InstallerSettings:
    return InstallerSettings.from_env(os.environ)  # noqa: TID251  # the door: here the environment comes in


def patience(left_ms: int) -> Patience:
    """Give what is left of the function's time, but for a margin; `left_ms` is in milliseconds."""
    clock = SystemClock()
    return Patience(clock, clock.now_ms() + left_ms - MARGIN_MS)


def door(order: Order, patience: Patience) -> Door:
    """Build the door to one cluster. Nothing is called yet, and nothing of it outlives the request."""
    own = botocore.session.get_session()
    session = assuming(order.target.role, COMPONENT, own) if order.target.role else own
    eks = _client(session, "eks", order.target.region)
    name, waiting = order.target.eks, PatientClock(patience)
    tokens = EksToken(
        eks_cluster(own, name, order.target.region), session.get_credentials, now=lambda: waiting.now_ms() / 1000
    )
    server = EksServer(eks, name, monotonic=time.monotonic)
    client = KubeClient(server, Identity(COMPONENT, tokens=tokens), timeouts=PATIENCE, connections=CONNECTIONS)
    watcher = order.settings.watcher
    registry = CloudMapClearer(
        build(watcher.hub_region),
        namespace=watcher.namespace_id,
        accepted=[ClusterId(member) for member in watcher.members],
    )
    return Door(
        eks=EksHosting(eks, name),
        objects=KubeObjects(client, waiting),
        registry=registry,
        rules=dns,
        addon=CoreDnsAddon(eks, name, waiting),
        patience=patience,
    )


def _client(session: Any, service: str, region: str) -> Any:
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 4},
        connect_timeout=5,
        read_timeout=15,
        user_agent_extra=f"cloudmap-mcs/{VERSION}",
    )
    return boto3.Session(botocore_session=session).client(service, region_name=region, config=config)
