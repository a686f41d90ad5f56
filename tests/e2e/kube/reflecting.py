"""A reflector under test: what it tells, what it asks for, and its time."""

import queue
import random
import time
from dataclasses import replace
from typing import Any, Self

from cloudmap_mcs.domain.model import ServiceKey
from cloudmap_mcs.kube.client import KubeClient
from cloudmap_mcs.kube.reflector import Chance, Interest, Pace, Reflector
from tests.e2e.waiting import eventually

CHANCE = Chance(random=random.SystemRandom().random, monotonic=time.monotonic)


class Reflecting:
    """A reflector, and the keys that it said changed."""

    def __init__(
        self, client: KubeClient, namespace: str, interest: Interest[Any, Any], pace: Pace, *, chance: Chance = CHANCE
    ) -> None:
        self.keys: queue.Queue[ServiceKey] = queue.Queue()
        within = replace(interest, path=interest.path.replace("/v1beta1/", f"/v1beta1/namespaces/{namespace}/"))
        self.reflector = Reflector(client, within, changed=self.keys.put, chance=chance, pace=pace)

    def __enter__(self) -> Self:
        self.reflector.start()
        assert self.reflector.wait_synced(30)
        return self

    def __exit__(self, *_: object) -> None:
        self.reflector.stop()
        assert not self.reflector.is_alive

    def wait_watching(self) -> None:
        eventually("a watch is open", lambda: self.reflector._stream is not None)

    def next_key(self) -> str:
        return self.keys.get(timeout=30).name


class Calls:
    """Counts what a client is asked for by a reflector."""

    def __init__(self, client: KubeClient) -> None:
        self.lists = self.watches = 0
        self._pages, self._watch = client.pages, client.watch
        client.pages = self._list  # type: ignore[method-assign]  # to count
        client.watch = self._follow  # type: ignore[method-assign]  # to count

    def _list(self, *args: Any, **kwargs: Any) -> Any:
        self.lists += 1
        return self._pages(*args, **kwargs)

    def _follow(self, *args: Any, **kwargs: Any) -> Any:
        self.watches += 1
        return self._watch(*args, **kwargs)


class Later:
    """Real time that can be put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.chance = Chance(CHANCE.random, lambda: time.monotonic() + self.ahead)
