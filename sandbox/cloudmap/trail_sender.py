"""Sends CloudTrail-shaped events to an EventBridge endpoint, off the simulator's own loop."""

import asyncio
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sandbox.cloudmap.cloudtrail import Report
from sandbox.cloudmap.settings import Trail


class TrailSender:
    """Sends each report when it is due; what the endpoint refuses is said on standard error and lost."""

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="cloudtrail")
        self._clients: dict[tuple[str, ...], Any] = {}
        self._waiting: set[asyncio.TimerHandle] = set()

    def schedule(self, report: Report, trail: Trail, region: str) -> None:
        """Send `report` after its delay; must be called on the running loop."""

        def due() -> None:
            self._waiting.discard(handle)
            self._worker.submit(self._send, report.entry, trail, region)

        handle = asyncio.get_running_loop().call_later(report.delay, due)
        self._waiting.add(handle)

    def close(self) -> None:
        """Forget what is waiting."""
        for handle in self._waiting:
            handle.cancel()
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _send(self, entry: Mapping[str, Any], trail: Trail, region: str) -> None:
        try:
            answer = self._client(trail, region).put_events(Entries=[entry])
        except (BotoCoreError, ClientError) as error:
            print(f"cloudtrail: PutEvents at {trail.endpoint} failed: {error}", file=sys.stderr, flush=True)
            return
        if answer["FailedEntryCount"]:
            print(f"cloudtrail: {trail.endpoint} refused: {answer['Entries']}", file=sys.stderr, flush=True)

    def _client(self, trail: Trail, region: str) -> Any:
        key = (trail.endpoint, trail.access_key, trail.secret_key, region)
        if key not in self._clients:
            self._clients[key] = boto3.client(
                "events",
                endpoint_url=trail.endpoint,
                region_name=region,
                aws_access_key_id=trail.access_key,
                aws_secret_access_key=trail.secret_key,
                config=Config(connect_timeout=2, read_timeout=10, retries={"mode": "standard", "max_attempts": 2}),
            )
        return self._clients[key]
