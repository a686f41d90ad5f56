"""From a batch of queue messages to keys, and from outcomes to what becomes of each message."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from cloudmap_mcs.domain.model import ClusterId, ServiceKey
from cloudmap_mcs.errors import McsError, RetryableError, UnreachableError
from cloudmap_mcs.eventbridge.messages import (
    Arrival,
    Delayed,
    ForeignCall,
    Hint,
    LookAgain,
    LookAround,
    Message,
    UnknownMessageError,
    parse,
)
from cloudmap_mcs.reconcile.importing import Ask
from cloudmap_mcs.reconcile.outcome import Outcome
from cloudmap_mcs.reconcile.reading import Patience
from cloudmap_mcs.reconcile.resyncing import within

CHECK_SECONDS: Final = 30
"""After an import came or anything went: longer than any lag of the data plane that was seen."""
INDEX_SECONDS: Final = 5
"""After a namespace came: longer than a watcher takes to write a key that it has just announced into the index.

Such a key's own event may have been here before the namespace was.
"""
UNREACHABLE_SECONDS: Final = 60
LONGEST_SECONDS: Final = 60
MOST_ATTEMPTS: Final = 12
LONGEST_DELAY: Final = 900
"""Of an SQS message (SQS quotas)."""


@dataclass(frozen=True, slots=True)
class Accept:
    """Which hints concern this importer."""

    clusterset: str
    members: frozenset[ClusterId]
    key_of: Callable[[str], ServiceKey | None]


@dataclass(slots=True)
class Work:
    """All messages of one key in a batch, taken together."""

    key: ServiceKey
    wanted: dict[ClusterId, int] = field(default_factory=dict)
    attempt: int = 0
    messages: list[str] = field(default_factory=list)

    def take(self, message: Message, message_id: str, members: frozenset[ClusterId]) -> None:
        """Join a message: the highest generation of each member counts."""
        self.messages.append(message_id)
        promised: Iterable[tuple[ClusterId, int]] = ()
        if isinstance(message, Hint):
            promised = [(message.change.cluster, message.change.generation)]
        elif isinstance(message, LookAgain):
            promised = message.wanted
            self.attempt = max(self.attempt, message.attempt)
        for source, generation in promised:
            if source in members:
                self.wanted[source] = max(generation, self.wanted.get(source, 0))

    @property
    def ask(self) -> Ask:
        """The second look at a stale answer lets the control plane decide."""
        return Ask(dict(self.wanted), Patience.DECIDE if self.attempt else Patience.REREAD)


@dataclass(slots=True)
class NamespaceWork:
    """All messages of one namespace in a batch, taken together. They stand for every key that it lacks."""

    namespace: str
    attempt: int = 0
    messages: list[str] = field(default_factory=list)

    def take(self, message: Message, message_id: str) -> None:
        """Join a message."""
        self.messages.append(message_id)
        if isinstance(message, LookAround):
            self.attempt = max(self.attempt, message.attempt)


@dataclass(frozen=True, slots=True)
class Grouped:
    """A batch by key and by namespace.

    `refused` are messages nobody understands, `ignored` those of no concern to this cluster.
    """

    work: tuple[Work, ...]
    namespaces: tuple[NamespaceWork, ...]
    refused: Mapping[str, McsError]
    ignored: tuple[str, ...]

    def spread(self, keys: Iterable[ServiceKey]) -> tuple[Work, ...]:
        """Give the work for those of some keys that lie in a namespace and have no message of their own."""
        free = frozenset(keys) - {work.key for work in self.work}
        return tuple(
            Work(key, messages=list(around.messages))
            for around in self.namespaces
            for key in within(free, around.namespace)
        )


def grouped(bodies: Mapping[str, str], accept: Accept) -> Grouped:
    """Group message bodies, given by message id, by the key or the namespace that they are about."""
    by_key: dict[ServiceKey, Work] = {}
    by_namespace: dict[str, NamespaceWork] = {}
    refused: dict[str, McsError] = {}
    ignored: list[str] = []
    for message_id, body in bodies.items():
        try:
            message = parse(body)
            subject = _subject(message, accept)
        except McsError as error:
            refused[message_id] = error
            continue
        if subject is None:
            ignored.append(message_id)
        elif isinstance(subject, str):
            by_namespace.setdefault(subject, NamespaceWork(subject)).take(message, message_id)
        else:
            by_key.setdefault(subject, Work(subject)).take(message, message_id, accept.members)
    return Grouped(tuple(by_key.values()), tuple(by_namespace.values()), refused, tuple(ignored))


def _subject(message: Message, accept: Accept) -> ServiceKey | str | None:
    match message:
        case Hint(clusterset, change):
            return change.key if clusterset == accept.clusterset else None
        case Arrival(clusterset, appeared):
            return appeared.namespace if clusterset == accept.clusterset else None
        case ForeignCall(service):
            return accept.key_of(service)
        case LookAgain(key):
            return key
        case LookAround(namespace):
            return namespace


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A delayed message to send."""

    message: Delayed
    seconds: int


def follow_up(work: Work, result: Outcome | Exception) -> FollowUp | None:
    """Decide whether and when to look at a key again. Waiting is a new message, never a spent receive.

    None for a key that is done or was tried often enough, which leaves it to the next resync, and for an error that
    needs a person: then its messages go towards the dead-letter queue.
    """
    again = LookAgain(work.key, tuple(sorted(work.wanted.items())), work.attempt + 1)
    if isinstance(result, Outcome):
        if result.retry and work.attempt < MOST_ATTEMPTS:
            return FollowUp(again, _delay(work.attempt))
        return FollowUp(LookAgain(work.key), CHECK_SECONDS) if result.check and not result.retry else None
    return _after(result, again, LookAgain(work.key, again.wanted, work.attempt))


def look_around(around: NamespaceWork, error: Exception | None) -> FollowUp | None:
    """Decide whether and when to look at a namespace again; `error` is why nobody knows what it lacks.

    Once more where all went well the first time, else as with a key.
    """
    again = LookAround(around.namespace, around.attempt + 1)
    if error is None:
        return None if around.attempt else FollowUp(again, INDEX_SECONDS)
    return _after(error, again, LookAround(around.namespace, around.attempt))


def _after(error: Exception, again: Delayed, same: Delayed) -> FollowUp | None:
    """Wait for what passes: `again` counts an attempt, `same` counts none, as whoever cannot be reached tried none."""
    if isinstance(error, UnreachableError):
        return FollowUp(same, UNREACHABLE_SECONDS)
    if isinstance(error, RetryableError) and same.attempt < MOST_ATTEMPTS:
        return FollowUp(again, max(_delay(same.attempt), min(LONGEST_DELAY, round(error.retry_after or 0))))
    return None


def back_after(error: Exception, receives: int) -> int:
    """Give the seconds until a failed message comes back: longer each time, but 0 if nobody will ever understand it."""
    return 0 if isinstance(error, UnknownMessageError) else _delay(receives)


def _delay(attempt: int) -> int:
    return int(min(LONGEST_SECONDS, 2**attempt))
