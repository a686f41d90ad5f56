"""Runs passes in threads of which exactly one moves at a time, from port call to port call, in an order of choice."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(eq=False)
class Pass:
    """One call under way; `gate` lets it go on, `turned` tells that it stands still again."""

    work: Callable[[], None]
    gate: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    turned: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    is_over: bool = False
    failure: BaseException | None = None


@dataclass
class Interleaver:
    """Give `checkpoint` to the doubles as `before`; then `start` passes and `step` them."""

    running: list[Pass] = field(default_factory=list)
    by_thread: dict[int, Pass] = field(default_factory=dict)

    def checkpoint(self, _: str) -> None:
        current = self.by_thread.get(threading.get_ident())
        if current:
            current.turned.release()
            current.gate.acquire()

    def start(self, work: Callable[[], None]) -> None:
        started = Pass(work)
        thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self.running.append(started)
        thread.start()

    def step(self, index: int) -> None:
        current = self.running[index]
        current.gate.release()
        current.turned.acquire()
        if current.is_over:
            self.running.remove(current)
        if current.failure:
            raise current.failure

    def _run(self, started: Pass) -> None:
        self.by_thread[threading.get_ident()] = started
        started.gate.acquire()
        try:
            started.work()
        except BaseException as error:  # noqa: BLE001  # handed to the test's own thread by step()
            started.failure = error
        started.is_over = True
        del self.by_thread[threading.get_ident()]
        started.turned.release()
