"""Invariants 2, 3 and 4 on the real reconcile: stale reads, lost, doubled and late events, passes interleaved at every call.

The question after every random run: does the cluster hold what the newest records say, without a resync if no event
was lost, and after one resync in any case?
"""

import random
from dataclasses import dataclass, field, replace

import pytest

from cloudmap_mcs.domain.imports import ImportedSlice, ServiceImport
from cloudmap_mcs.domain.model import ClusterId, Gap, ServiceKey
from cloudmap_mcs.reconcile.importing import Ask, Importer
from cloudmap_mcs.reconcile.reading import Patience
from tests.builders import KEY, a_record, a_slice, an_export
from tests.fakes.clock import FixedClock
from tests.fakes.cluster import InMemoryCluster
from tests.fakes.interleaving import Interleaver
from tests.fakes.registry import InMemoryRegistry

RUNS = 250
SOURCES = (ClusterId("a"), ClusterId("b"))


@dataclass
class World:
    """One key, two exporters, one importing cluster, a queue of hints; `seed` decides everything."""

    seed: int
    loses_events: bool
    rng: random.Random = field(init=False)
    weaver: Interleaver = field(default_factory=Interleaver)
    queue: list[Ask] = field(default_factory=list)
    late: list[int] = field(default_factory=list)
    generation: int = 0
    clocks: int = 0

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        reach = self.rng.choice([0, 5, 20, 40])
        self.registry = InMemoryRegistry(lambda: self.rng.randint(0, reach), self.tick)
        self.cluster = InMemoryCluster(before=self.tick)
        self.importer = Importer(ClusterId("b"), self.cluster, self.registry, FixedClock(before=self.tick))

    def tick(self, name: str) -> None:
        self.registry.now += 1
        self.weaver.checkpoint(name)

    def change(self) -> None:
        source = self.rng.choice(SOURCES)
        self.generation += 1
        held = next((record for record in self.registry.truth(KEY) if record.cluster == source), None)
        gone = held is not None and held.is_exporter and self.rng.random() < 0.3
        self.registry.write(KEY, source, self.tombstone(source) if gone else self.offer(source))
        for _ in range(self.rng.choice([0, 1, 1, 1, 2] if self.loses_events else [1, 1, 1, 2])):
            hint = Ask({source: self.generation}, self.rng.choice([Patience.REREAD, Patience.DECIDE]))
            self.queue.insert(self.rng.randint(0, len(self.queue)), hint)

    def tombstone(self, source: ClusterId):
        return a_record(Gap.UNEXPORTED, self.generation, cluster=source)

    def offer(self, source: ClusterId):
        names = self.rng.sample(["s1", "s2", "s3"], self.rng.randint(0, 3))
        slices = [a_slice(f"10.0.0.{self.rng.randint(1, 3)}", name=f"{source}-{name}") for name in names]
        return a_record(an_export(source, slices=slices), self.generation)

    def work(self, ask: Ask) -> None:
        outcome = self.importer.reconcile(KEY, ask)
        if outcome.retry:
            self.queue.append(replace(ask, patience=Patience.DECIDE))
        if outcome.check:
            self.late.append(self.registry.now + 400)

    def run(self) -> None:
        changes = self.rng.randint(2, 9)
        pace = self.rng.choice([0.01, 0.05, 0.2])
        while changes or self.queue or self.weaver.running or self.late:
            self.registry.now += 1
            for due in [at for at in self.late if at <= self.registry.now]:
                self.late.remove(due)
                self.queue.append(Ask({}))
            dice = self.rng.random()
            if changes and dice < pace:
                changes -= 1
                self.change()
            elif self.queue and len(self.weaver.running) < 3 and dice < 0.5:
                ask = self.queue.pop(0)
                self.weaver.start(lambda ask=ask: self.work(ask))
            elif self.weaver.running:
                self.weaver.step(self.rng.randrange(len(self.weaver.running)))

    def differs(self) -> str:
        truth = [record for record in self.registry.truth(KEY) if record.is_exporter]
        imports = self.cluster.of_kind(ServiceImport, KEY)
        if bool(truth) != bool(imports):
            return f"import exists: {bool(imports)}, exporters: {[record.cluster for record in truth]}"
        want = {
            (record.cluster, item.name, item.endpoints[0].address) for record in truth for item in record.offer.slices
        }
        have = {
            (item.source, item.source_slice, item.endpoints[0].address)
            for item in self.cluster.of_kind(ImportedSlice, KEY)
        }
        return "" if want == have else f"want {sorted(want)}, have {sorted(have)}"


def settle(world: World) -> None:
    world.registry.now += 1_000
    world.importer.reconcile(KEY, Ask({}, Patience.RESYNC))


@pytest.mark.parametrize("block", range(10))
def test_events_in_any_order_with_stale_reads_converge_without_a_resync(block: int) -> None:
    for seed in range(block * RUNS // 10, (block + 1) * RUNS // 10):
        world = World(seed, loses_events=False)

        world.run()

        assert world.differs() == "", f"seed {seed}"


@pytest.mark.parametrize("block", range(10))
def test_what_lost_events_leave_is_repaired_by_one_resync(block: int) -> None:
    for seed in range(block * RUNS // 10, (block + 1) * RUNS // 10):
        world = World(seed, loses_events=True)
        world.run()

        settle(world)

        assert world.differs() == "", f"seed {seed}"


def test_the_clusterset_ip_stays_from_the_first_export_to_the_last_unexport() -> None:
    for seed in range(60):
        world = World(seed, loses_events=False)
        ips: list[tuple[str, ...]] = []
        world.cluster.before = lambda name, world=world, ips=ips: (
            ips.extend(item.ips for item in world.cluster.of_kind(ServiceImport, KEY)),
            World.tick(world, name),
        )
        first = a_record(an_export("keeper", slices=[a_slice("10.9.9.9", name="k")]), 1)
        world.registry.write(KEY, ClusterId("keeper"), first)
        settle(world)

        world.run()

        assert len(set(ips)) == 1, f"seed {seed}"


def test_other_keys_are_not_touched() -> None:
    world = World(1, loses_events=False)
    other = ServiceKey("shop", "other")
    world.registry.write(other, ClusterId("a"), a_record(an_export("a", key=other), 1))
    world.registry.now += 1_000
    world.importer.reconcile(other, Ask({}))

    world.run()

    assert len(world.cluster.of_kind(ServiceImport, other)) == 1
