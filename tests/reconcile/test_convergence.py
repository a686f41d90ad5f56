"""Invariants 2, 3 and 4 on the real reconcile, at random: stale reads, lost, doubled, late events, interleaved passes.

The question after every run: does the cluster hold what the newest records say, without a resync if no event was lost,
and after one resync in any case? That the second look and the check message are needed is shown completely for small
worlds by test_overtaking.py, and by directed tests in test_importing.py: without the check message about one random
run in 600 goes wrong, without the second look hardly any.
"""

import pytest

from cloudmap_mcs.domain.imports import ServiceImport
from cloudmap_mcs.domain.model import ClusterId, ServiceKey
from cloudmap_mcs.reconcile.importing import Ask
from tests.builders import KEY, a_record, a_slice, an_export
from tests.reconcile.world import World

BLOCKS = 10
RUNS_PER_BLOCK = 20


def seeds(block: int) -> range:
    return range(block * RUNS_PER_BLOCK, (block + 1) * RUNS_PER_BLOCK)


@pytest.mark.parametrize("block", range(BLOCKS))
def test_events_in_any_order_with_stale_reads_converge_without_a_resync(block: int) -> None:
    for seed in seeds(block):
        world = World(seed)

        world.run()

        assert world.differs() == "", f"seed {seed}"


@pytest.mark.parametrize("block", range(BLOCKS))
def test_what_lost_events_leave_is_repaired_by_one_resync(block: int) -> None:
    for seed in seeds(block):
        world = World(seed, loses_events=True)
        world.run()

        world.resync()

        assert world.differs() == "", f"seed {seed}"


def test_the_clusterset_ip_stays_from_the_first_export_to_the_last_unexport() -> None:
    for seed in range(60):
        world = World(seed)
        ips: list[tuple[str, ...]] = []

        def look(name: str, world: World = world, ips: list[tuple[str, ...]] = ips) -> None:
            ips.extend(item.ips for item in world.cluster.of_kind(ServiceImport, KEY))
            world.tick(name)

        world.cluster.before = look
        first = a_record(an_export("keeper", slices=[a_slice("10.9.9.9", name="k")]), 1)
        world.registry.write(KEY, ClusterId("keeper"), first)
        world.resync()

        world.run()

        assert len(set(ips)) == 1, f"seed {seed}"


def test_other_keys_are_not_touched() -> None:
    world = World(1)
    other = ServiceKey("shop", "other")
    world.registry.write(other, ClusterId("a"), a_record(an_export("a", key=other), 1))
    world.registry.now += 1_000
    world.importer.reconcile(other, Ask({}))

    world.run()

    assert len(world.cluster.of_kind(ServiceImport, other)) == 1
