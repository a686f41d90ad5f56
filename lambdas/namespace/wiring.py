"""Composition root of the function that looks after the namespace."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import boto3
from botocore.config import Config

from cloudmap_mcs import VERSION
from cloudmap_mcs.cloudmap.client import build
from cloudmap_mcs.cloudmap.emptying import Emptied, Emptier
from cloudmap_mcs.cloudmap.finding import Found, find_namespace
from cloudmap_mcs.cloudmap.timing import MonotonicTimer
from lambdas.namespace.attending import Tools
from lambdas.namespace.properties import Content, Lookup
from lambdas.namespace.stacks import state_of

SERVICES_AT_ONCE: Final = 16
"""Waiting for a deregistration takes longer than starting one; the account's rates are the limit, not this."""
MARGIN_SECONDS: Final = 45.0
"""Left of the function's time when nothing new is begun: an operation is waited for 30 s at most."""


def tools(remaining_ms: int) -> Tools:
    """Build what a request with so much of the function's time may need; nothing is called yet."""
    timer = MonotonicTimer()
    until = timer.seconds() + remaining_ms / 1000 - MARGIN_SECONDS

    def empty(content: Content) -> Emptied:
        executor = ThreadPoolExecutor(SERVICES_AT_ONCE, thread_name_prefix="service")
        try:
            emptier = Emptier(build(content.region), namespace=content.namespace_id, executor=executor, timer=timer)
            return emptier.run(seconds=until - timer.seconds())
        finally:
            # Without waiting: when the time is up, the answer matters more than a call that hangs.
            executor.shutdown(wait=False, cancel_futures=True)

    return Tools(find=_find(timer), empty=empty, stack_state=stack_state, sleep=time.sleep)


def _find(timer: MonotonicTimer) -> Callable[[Lookup], Found | None]:
    def find(lookup: Lookup) -> Found | None:
        return find_namespace(build(lookup.region), lookup.name, owner=lookup.account, timer=timer)

    return find


def stack_state(stack_id: str) -> str:
    """Ask CloudFormation in the function's own Region, where the stack is."""
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 4},
        connect_timeout=2,
        read_timeout=10,
        user_agent_extra=f"cloudmap-mcs/{VERSION}",
    )
    region = os.environ["AWS_REGION"]  # noqa: TID251  # the door: here the environment comes in
    return state_of(boto3.client("cloudformation", region_name=region, config=config), stack_id)
