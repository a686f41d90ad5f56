"""Composition root of the importer: adapters, once per execution environment."""

import functools
import json
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cloudmap_mcs import VERSION
from cloudmap_mcs.clock import SystemClock
from cloudmap_mcs.cloudmap.client import build
from cloudmap_mcs.cloudmap.reader import CloudMapReader
from cloudmap_mcs.errors import RetryableError
from cloudmap_mcs.kube.assuming import AssumedRole, assuming
from cloudmap_mcs.kube.client import Identity, KubeClient, Timeouts
from cloudmap_mcs.kube.cluster import KubeCluster
from cloudmap_mcs.kube.eks import EksServer
from cloudmap_mcs.kube.tokens import EksToken, eks_cluster
from cloudmap_mcs.ports import Clock
from cloudmap_mcs.reconcile.importing import Importer
from cloudmap_mcs.settings import ImporterSettings
from lambdas.importer.batch import Accept
from lambdas.importer.door import Door
from lambdas.importer.pacing import Pace
from lambdas.importer.postponing import OwnQueue, told

COMPONENT: Final = "importer"
KEYS_AT_ONCE: Final = 8
CONNECTIONS: Final = 48
"""To the API server: each key under way reads five things at once."""
PATIENCE: Final = Timeouts(connect=2, read=5)
"""Seconds: short, so that a cluster that hangs is found out well within the function's time."""
KEYS_PER_SECOND: Final = 25.0
"""Of a resync and of namespaces that appear, one or two reads each: the data plane's rate is shared by all members."""
SAFETY_MS: Final = 10_000
"""Left of the function's time when a resync stops and goes on in another invocation."""


@functools.cache
def door() -> Door:
    """Build the door on first use: nothing happens at import."""
    settings = ImporterSettings.from_env(os.environ)  # noqa: TID251  # the door: here the environment comes in
    registry = CloudMapReader(build(settings.hub_region), namespace=settings.namespace_id, accepted=settings.members)
    clock = SystemClock()
    function = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")  # noqa: TID251  # set by Lambda itself
    return Door(
        importer=Importer(settings.cluster, _cluster(settings, clock), registry, clock, settings.members),
        accept=Accept(settings.clusterset, settings.members, registry.key_of),
        queue=OwnQueue(_client("sqs"), settings.queue_url),
        executor=ThreadPoolExecutor(KEYS_AT_ONCE, thread_name_prefix="key"),
        clock=clock,
        pause=Pace(KEYS_PER_SECOND, time.monotonic, time.sleep).take,
        go_on=_go_on(function),
    )


def _cluster(settings: ImporterSettings, clock: Clock) -> KubeCluster:
    own = botocore.session.get_session()
    role = AssumedRole(settings.assume_role_arn, settings.assume_external_id) if settings.assume_role_arn else None
    session = assuming(role, COMPONENT, own) if role else own
    target = eks_cluster(own, settings.eks_cluster, settings.eks_region)
    tokens = EksToken(target, session.get_credentials, now=lambda: clock.now_ms() / 1000)
    eks = _client("eks", settings.eks_region, boto3.Session(botocore_session=session))
    server = EksServer(eks, settings.eks_cluster, monotonic=time.monotonic)
    client = KubeClient(server, Identity(COMPONENT, tokens=tokens), timeouts=PATIENCE, connections=CONNECTIONS)
    return KubeCluster(client)


def _go_on(function: str) -> Callable[[Mapping[str, Any]], None]:
    def invoke(payload: Mapping[str, Any]) -> None:
        try:
            _client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps(payload))
        except (ClientError, BotoCoreError) as error:
            raise RetryableError(f"going on in another invocation of {function}: {told(error)}") from error

    return invoke


def _client(service: str, region: str | None = None, session: Any = boto3) -> Any:
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 3},
        connect_timeout=2,
        read_timeout=10,
        user_agent_extra=f"cloudmap-mcs/{VERSION}",
    )
    return session.client(service, region_name=region, config=config)
