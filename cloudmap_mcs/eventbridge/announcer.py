"""PutEvents on the hub bus, ten at a time, each entry's answer checked."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from cloudmap_mcs.domain.conditions import timestamp
from cloudmap_mcs.errors import McsError, PermanentError, RetryableError, UnreachableError
from cloudmap_mcs.eventbridge import messages
from cloudmap_mcs.ports import Clock, News

ENTRIES: Final = 10
"""Most entries of one PutEvents call (EventBridge quotas)."""
_PERMANENT: Final = frozenset({"AccessDeniedException", "NotAuthorizedForSourceException", "InvalidArgument"})


class RefusedError(RetryableError):
    """The bus did not accept everything: `news` are still to be announced."""

    def __init__(self, message: str, news: Collection[News]) -> None:
        super().__init__(message)
        self.news = news


@dataclass(frozen=True, slots=True)
class EventBridgeAnnouncer:
    """Announces on one bus, by its ARN, so that buses of other accounts work alike."""

    client: Any
    bus_arn: str
    clusterset: str
    clock: Clock

    def announce(self, news: Collection[News]) -> None:
        """Announce everything. Raises RefusedError with what was not accepted."""
        ordered = sorted(news, key=lambda item: item.topic)
        for start in range(0, len(ordered), ENTRIES):
            chunk = ordered[start : start + ENTRIES]
            if refused := self._put(chunk):
                codes = ", ".join(sorted(set(refused.values())))
                left = [*refused, *ordered[start + ENTRIES :]]
                raise RefusedError(f"the bus refused {len(refused)} of {len(chunk)} events: {codes}", left)

    def _put(self, chunk: Sequence[News]) -> dict[News, str]:
        """Send a chunk; returns the error code of each item that was not accepted."""
        time = timestamp(self.clock.now_ms())
        entries = [
            {
                "EventBusName": self.bus_arn,
                "Source": messages.SOURCE,
                "DetailType": messages.detail_type(item),
                "Detail": messages.event_detail(self.clusterset, item, time=time),
            }
            for item in chunk
        ]
        try:
            answer = self.client.put_events(Entries=entries)
        except (ClientError, BotoCoreError) as error:
            raise translated(error) from error
        if not answer["FailedEntryCount"]:
            return {}
        told = zip(chunk, answer["Entries"], strict=True)
        return {item: entry["ErrorCode"] for item, entry in told if "ErrorCode" in entry}


def translated(error: ClientError | BotoCoreError) -> McsError:
    """Translate an SDK error of EventBridge to one of our kinds."""
    if isinstance(error, BotoCoreError):
        return UnreachableError(f"announcing on the event bus: {type(error).__name__}")
    code = error.response.get("Error", {}).get("Code", "Unknown")
    kind = PermanentError if code in _PERMANENT else RetryableError
    return kind(f"announcing on the event bus: {code}")
