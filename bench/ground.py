"""What every measure stands on: the running sandbox, the two clusters it goes between, and how much to measure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.changes import Change, Route, take
from bench.streams import Streams
from bench.workload import NAMESPACE, WATCHED, Source
from sandbox.cloudmap.client import SimulatorAdmin
from sandbox.errors import SandboxError
from sandbox.pids import ProcessRecord
from sandbox.sandbox import Sandbox

PAUSE_SECONDS: Final = 0.15
"""Between two changes, so that what the first leaves to do is done; changes of one key are announced 250 ms apart."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured. Delays are those of Cloud Map's operations, in milliseconds."""

    samples: int = 50
    rounds: int = 10
    delays: tuple[int, ...] = (100, 300, 1000)
    idle_seconds: float = 300.0
    exports: int = 500
    starts: int = 10


@dataclass(frozen=True, slots=True)
class Ground:
    """A started sandbox. `say` is told how far a measure is."""

    root: Path
    environ: Mapping[str, str]
    sandbox: Sandbox
    route: Route
    effort: Effort
    say: Callable[[str], None]

    @property
    def simulator(self) -> SimulatorAdmin:
        return SimulatorAdmin(self.sandbox.aws.cloudmap_url)

    def set_delay(self, delay: int) -> None:
        self.simulator.change(operation_delay=f"{delay}ms")

    def pid(self, name: str) -> int:
        """Return the number of one of the sandbox's processes."""
        for process in ProcessRecord(self.sandbox.folder).read():
            if process.name == name:
                return process.pid
        raise SandboxError(f"the sandbox runs no {name}")

    def must(self, change: Change) -> None:
        """Make a change that prepares a measure; SandboxError if its result does not come."""
        if take(self.route, change) is None:
            raise SandboxError(f"{self.route.importing} did not show the result of a preparation in time; is it busy?")


@contextmanager
def opened(sandbox: Sandbox) -> Iterator[Route]:
    """Watch the first two clusters, with the namespace of the bench in both."""
    exporting, importing = list(sandbox.members.values())[:2]
    with Streams() as streams:
        for member in (exporting, importing):
            Source.of(member).make_namespace()
            for resource in WATCHED:
                streams.watch(member, resource.within(NAMESPACE))
        yield Route(streams, Source.of(exporting), exporting.id, importing.id)


def pause(seconds: float = PAUSE_SECONDS) -> None:
    """Let the sandbox come to rest."""
    time.sleep(seconds)
