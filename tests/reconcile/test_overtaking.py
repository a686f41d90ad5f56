"""Every way in which one pass can be overtaken by one change: a small world, gone through completely.

A pass stands still before one of its calls; a change arrives and its own pass runs to the end, with or without its
check message; then the first one goes on, from then on with reads that know of the change or do not. Whatever the
contents, the cluster must end at the newest record. Random runs (test_convergence.py) rarely get here: in these
worlds leaving out the second look, or the check message, goes wrong in hundreds of ways.
"""

from dataclasses import dataclass, field
from itertools import count, product

import pytest

from cloudmap_mcs.domain.imports import ImportedSlice, ServiceImport
from cloudmap_mcs.domain.model import ClusterId, Gap, Record
from cloudmap_mcs.reconcile.importing import Ask, Importer
from cloudmap_mcs.reconcile.reading import Patience
from tests.builders import KEY, MEMBERS, a_record, a_slice, an_export
from tests.fakes.clock import FixedClock
from tests.fakes.cluster import InMemoryCluster
from tests.fakes.registry import InMemoryRegistry
from tests.rig import OWN

A, B = ClusterId("a"), ClusterId("b")
CONTENTS: dict[str, tuple[str, ...] | None] = {
    "tombstone": None,
    "no-endpoints": (),
    "one": ("10.1.0.1",),
    "other": ("10.1.0.2",),
    "two": ("10.1.0.1", "10.1.0.2"),
}
"""One address each per slice."""

HISTORIES = [
    pytest.param(first, second, third, id=f"{first}-{second}-{third}")
    for first in ("nothing", "no-endpoints", "one")
    for second, third in product(CONTENTS, repeat=2)
    if second != third
]


@dataclass
class Overtaking:
    """`at` is the number of the call before which the first pass stands still; `is_behind` its later reads."""

    third: str
    at: int
    is_behind: bool
    is_checked_meanwhile: bool
    checks: int = 0
    calls: int | None = None
    was_overtaken: bool = False
    lag: int = 0
    registry: InMemoryRegistry = field(init=False)
    cluster: InMemoryCluster = field(init=False)

    def __post_init__(self) -> None:
        self.registry = InMemoryRegistry(lambda: self.lag, self.before)
        self.cluster = InMemoryCluster(before=self.before)
        self.importer = Importer(OWN, self.cluster, self.registry, FixedClock(), MEMBERS)

    def before(self, _: str) -> None:
        if self.calls is None:
            return
        self.calls += 1
        if self.calls == self.at:
            self.calls = None
            self.was_overtaken = True
            self.overtake()

    def overtake(self) -> None:
        self.change(self.third, 3)
        self.work({A: 3})
        if self.is_checked_meanwhile:
            self.look_again()
        self.lag = int(self.is_behind)

    def change(self, content: str, generation: int) -> None:
        self.registry.write(KEY, A, _record(CONTENTS[content], generation))

    def work(self, wanted: dict[ClusterId, int]) -> None:
        outcome = self.importer.reconcile(KEY, Ask(wanted))
        self.checks += outcome.check
        if outcome.retry:
            self.lag = 0
            self.checks += self.importer.reconcile(KEY, Ask(wanted, Patience.DECIDE)).check

    def look_again(self) -> None:
        while self.checks:
            self.checks -= 1
            self.work({})

    def run(self, first: str, second: str, *, has_other: bool) -> None:
        if has_other:
            self.registry.write(KEY, B, a_record(an_export("b"), 1))
        if first != "nothing":
            self.change(first, 1)
        self.work({})
        self.checks = 0
        self.change(second, 2)
        self.calls = 0
        self.work({A: 2})
        self.calls = None
        self.lag = 0
        self.look_again()

    def holds_the_newest(self, *, has_other: bool) -> bool:
        addresses = CONTENTS[self.third]
        held = {endpoint.address for item in self.cluster.of_kind(ImportedSlice, KEY) for endpoint in item.endpoints}
        is_imported = bool(self.cluster.of_kind(ServiceImport, KEY))
        return held == set(addresses or ()) and is_imported == (has_other or addresses is not None)


def _record(addresses: tuple[str, ...] | None, generation: int) -> Record:
    if addresses is None:
        return a_record(Gap.UNEXPORTED, generation, cluster="a")
    # The slice of a lone address keeps its name: its address changes in place.
    slices = [a_slice(address, name=f"s{number}") for number, address in enumerate(addresses)]
    return a_record(an_export("a", slices=slices), generation)


@pytest.mark.parametrize("has_other", [False, True], ids=["alone", "with-another-exporter"])
@pytest.mark.parametrize(("first", "second", "third"), HISTORIES)
def test_a_pass_that_was_overtaken_anywhere_leaves_nothing_behind(
    first: str, second: str, third: str, has_other: bool
) -> None:
    """Invariant 3, with the second look and the check message that it needs."""
    for is_behind, is_checked_meanwhile in product([False, True], repeat=2):
        for at in count(1):
            case = Overtaking(third, at, is_behind, is_checked_meanwhile)

            case.run(first, second, has_other=has_other)

            if not case.was_overtaken:
                break
            assert case.holds_the_newest(has_other=has_other), (at, is_behind, is_checked_meanwhile)
