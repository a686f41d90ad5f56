"""One key, two exporters and one importing cluster under an unkind scheduler: what the convergence tests run.

Passes are laid to sleep at any port call, for long enough to be overtaken by changes, other passes and even check
messages; each read of the registry comes from a fresh replica or from the oldest one. `seed` decides everything.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from cloudmap_mcs.domain.imports import ImportedSlice, ServiceImport
from cloudmap_mcs.domain.model import ClusterId, Gap, Record
from cloudmap_mcs.reconcile.importing import Ask, Importer
from cloudmap_mcs.reconcile.reading import Patience
from tests.builders import KEY, MEMBERS, a_record, a_slice, an_export
from tests.fakes.clock import FixedClock
from tests.fakes.cluster import InMemoryCluster
from tests.fakes.interleaving import Interleaver, Pass
from tests.fakes.registry import InMemoryRegistry

SOURCES = (ClusterId("a"), ClusterId("b"))
LARGEST_LAG = 40
CHECK_DELAY = 120
"""Ticks until a check message is due; longer than any lag, shorter than the longest sleep of a pass."""

CONTENTS: tuple[Mapping[str, int], ...] = ({}, {"s1": 1}, {"s1": 1}, {"s1": 2}, {"s1": 1, "s2": 1}, {"s2": 2})
"""Slices and the last number of their one address. Few, so that a service often returns to what it was."""


@dataclass
class World:
    """A tick passes with every port call; what sleeps until a tick is in `asleep`."""

    seed: int
    loses_events: bool = False
    weaver: Interleaver = field(default_factory=Interleaver)
    queue: list[Ask] = field(default_factory=list)
    checks: list[int] = field(default_factory=list)
    asleep: dict[int, int] = field(default_factory=dict)
    generation: int = 0

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)  # noqa: S311  # a simulation, not a secret
        reach = self.rng.choice([0, 20, LARGEST_LAG])
        self.registry = InMemoryRegistry(lambda: reach if self.rng.random() < 0.4 else 0, self.tick)
        self.cluster = InMemoryCluster(before=self.tick)
        self.importer = Importer(ClusterId("b"), self.cluster, self.registry, FixedClock(before=self.tick), MEMBERS)

    def tick(self, name: str) -> None:
        self.registry.now += 1
        self.weaver.checkpoint(name)

    def run(self) -> None:
        """Let everything happen until no event, check message or pass is left."""
        changes = self.rng.randint(2, 5)
        pace = self.rng.choice([0.03, 0.1, 0.3])
        while changes or self.queue or self.weaver.running or self.checks:
            self.registry.now += 1
            self.queue.extend(Ask() for due in self.checks if due <= self.registry.now)
            self.checks = [due for due in self.checks if due > self.registry.now]
            dice = self.rng.random()
            if changes and dice < pace:
                changes -= 1
                self.change()
            elif self.queue and len(self.weaver.running) < 3 and dice < 0.5:
                self.weaver.start(partial(self.work, self.queue.pop(0)))
            elif awake := [item for item in self.weaver.running if self.asleep.get(id(item), 0) <= self.registry.now]:
                self.advance(awake[-1])

    def advance(self, item: Pass) -> None:
        self.weaver.step(self.weaver.running.index(item))
        if self.rng.random() < 0.15:
            self.asleep[id(item)] = self.registry.now + self.rng.choice([15, 40, 40, 2 * CHECK_DELAY])

    def change(self) -> None:
        source = self.rng.choice(SOURCES)
        self.generation += 1
        held = next((record for record in self.registry.truth(KEY) if record.cluster == source), None)
        goes = held is not None and held.is_exporter and self.rng.random() < 0.4
        self.registry.write(KEY, source, self.tombstone(source) if goes else self.offer(source))
        for _ in range(self.rng.choice([0, 1, 1, 1, 2] if self.loses_events else [1, 1, 1, 2])):
            hint = Ask({source: self.generation}, self.rng.choice([Patience.REREAD, Patience.DECIDE]))
            self.queue.insert(self.rng.randint(0, len(self.queue)), hint)

    def tombstone(self, source: ClusterId) -> Record:
        return a_record(Gap.UNEXPORTED, self.generation, cluster=source)

    def offer(self, source: ClusterId) -> Record:
        content = self.rng.choice(CONTENTS)
        slices = [a_slice(f"10.0.0.{number}", name=name) for name, number in content.items()]
        return a_record(an_export(source, slices=slices), self.generation)

    def work(self, ask: Ask) -> None:
        outcome = self.importer.reconcile(KEY, ask)
        if outcome.retry:
            self.queue.append(replace(ask, patience=Patience.DECIDE))
        if outcome.check:
            self.checks.append(self.registry.now + CHECK_DELAY)

    def resync(self) -> None:
        self.registry.now += 2 * LARGEST_LAG
        self.importer.reconcile(KEY, Ask(patience=Patience.RESYNC))

    def differs(self) -> str:
        """Say how the cluster differs from what the newest records want; empty if it does not."""
        truth = [record for record in self.registry.truth(KEY) if record.is_exporter]
        imports = self.cluster.of_kind(ServiceImport, KEY)
        if bool(truth) != bool(imports):
            return f"import exists: {bool(imports)}, exporters: {[record.cluster for record in truth]}"
        want = {
            (record.cluster, item.name, item.endpoints[0].address)
            for record in truth
            for item in (record.offer.slices if record.offer else ())
        }
        have = {
            (item.source, item.source_slice, item.endpoints[0].address)
            for item in self.cluster.of_kind(ImportedSlice, KEY)
        }
        return "" if want == have else f"want {sorted(want)}, have {sorted(have)}"
