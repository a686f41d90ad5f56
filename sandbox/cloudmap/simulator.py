"""One running Cloud Map: the rules, the disturbances, the statistics and the trail, behind one call."""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.cloudmap.authority import Authority
from sandbox.cloudmap.cloudtrail import reports_of
from sandbox.cloudmap.disturbance import Disturbance
from sandbox.cloudmap.errors import ApiError
from sandbox.cloudmap.registry import Registry
from sandbox.cloudmap.settings import Settings, change
from sandbox.cloudmap.sharing import Share
from sandbox.cloudmap.stats import SUCCESS, Stats
from sandbox.cloudmap.trail_sender import TrailSender
from sandbox.cloudmap.wire import Request

Clock = Callable[[], float]
"""Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """No answer: the connection is to be closed."""


class Simulator:
    """Answers requests, one at a time, on one event loop."""

    def __init__(self, settings: Settings, rng: random.Random, clock: Clock) -> None:
        self.settings = settings
        self.stats = Stats()
        self._rng = rng
        self._clock = clock
        self._disturbance = Disturbance(settings, rng)
        self._sender = TrailSender()
        self._authority = _authority(settings, None)
        self.reset()

    def reset(self) -> None:
        """Forget every resource and operation and all statistics; the settings stay."""
        self._registry = Registry(self.settings, self._rng)
        self.stats.reset()

    def change_settings(self, changes: Any) -> Settings:
        """Replace some settings from the next call on; SettingsError changes nothing."""
        self.settings = change(self.settings, changes)
        self._registry.configure(self.settings)
        self._disturbance.configure(self.settings)
        self._authority = _authority(self.settings, self._authority)
        return self.settings

    def share(self, share: Share) -> None:
        self._registry.share(share)

    def unshare(self, name: str) -> bool:
        return self._registry.unshare(name)

    def dump(self) -> dict[str, Any]:
        return self._registry.dump(self._clock())

    def close(self) -> None:
        """Drop what was to be reported later."""
        self._sender.close()

    async def answer(self, request: Request) -> Mapping[str, Any] | ApiError | Dropped:
        """Answer one request after its latency, and count it; without the right to it, with a refusal at once."""
        # While CloudFormation waits for us, the local AWS that it is part of answers no question.
        if self._authority is not None and not request.is_from_cloudformation:
            try:
                request = await self._authority.admit(request, self._registry, self._clock())
            except ApiError as error:
                self.stats.count(request.access_key, request.operation, error.code)
                return error
        latency = self._disturbance.latency(request.operation)
        if latency:
            await asyncio.sleep(latency)
        verdict = self._disturbance.judge(request.operation, request.caller, request.access_key, self._clock())
        if verdict.drop == "before":
            outcome: Mapping[str, Any] | ApiError | Dropped = Dropped()
        elif verdict.error is not None:
            outcome = verdict.error
        else:
            outcome = self._perform(request)
            if verdict.drop == "after":
                outcome = Dropped()
        self.stats.count(request.access_key, request.operation, _name(outcome))
        return outcome

    def _perform(self, request: Request) -> Mapping[str, Any] | ApiError:
        now = self._clock()
        answer: Mapping[str, Any] | ApiError
        try:
            answer = self._registry.call(request.operation, request.params, request.caller, now)
        except ApiError as error:
            answer = error
        trail = self.settings.cloudtrail
        if trail is not None:
            for report in reports_of(request, answer, trail, now=now, rng=self._rng):
                self._sender.schedule(report, trail, request.caller.region)
        return answer


def _authority(settings: Settings, present: Authority | None) -> Authority | None:
    if settings.authority is None or (present is not None and present.endpoint == settings.authority):
        return present if settings.authority else None
    return Authority(settings.authority)


def _name(outcome: Mapping[str, Any] | ApiError | Dropped) -> str:
    if isinstance(outcome, ApiError):
        return outcome.code
    return "Dropped" if isinstance(outcome, Dropped) else SUCCESS
