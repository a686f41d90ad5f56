"""The leave to write, asked before each write: a Lease can be lost while a record with parts is under way."""

from collections.abc import Callable

import pytest

from cloudmap_mcs.domain.model import Gap
from cloudmap_mcs.errors import RetryableError
from cloudmap_mcs.ports import Discovery
from sandbox.cloudmap.client import SimulatorAdmin
from tests.builders import KEY, a_record, an_export
from tests.contract.registry.setting import A, Connect, a_member, big, calls


class Leave:
    """Permits so many writes and then no more."""

    def __init__(self) -> None:
        self.left = 1_000

    def __call__(self) -> bool:
        self.left -= 1
        return self.left >= 0


def test_a_lease_lost_between_parts_and_head_leaves_the_old_record(connect: Connect, admin: SimulatorAdmin) -> None:
    leave = Leave()
    registry = connect(may_write=leave)
    old = registry.put(KEY, a_record(an_export(), 1))
    admin.reset_stats()

    leave.left = 2
    with pytest.raises(RetryableError, match=r"RegisterInstance of a in srv-.*may not write"):
        registry.put(KEY, a_record(an_export(slices=[big(600)]), 2))

    assert calls(admin)["RegisterInstance"] == 2
    assert registry.discover(KEY) == Discovery((old,))
    leave.left = 1_000
    assert registry.put(KEY, a_record(an_export(), 2)).generation == 3


def test_without_leave_nothing_is_registered_or_deregistered(connect: Connect, admin: SimulatorAdmin) -> None:
    leave = Leave()
    registry = connect(may_write=leave)
    put = registry.put(KEY, a_record(Gap.UNEXPORTED, 1))
    admin.reset_stats()
    leave.left = 0

    writes: list[Callable[[], object]] = [
        lambda: registry.put(KEY, a_record(an_export(), 2)),
        lambda: registry.remove(KEY, put),
        lambda: registry.put_member(a_member(A, "uid-a")),
    ]
    for write in writes:
        with pytest.raises(RetryableError, match="may not write"):
            write()

    assert not {"RegisterInstance", "DeregisterInstance"} & calls(admin).keys()
    assert registry.discover(KEY) == Discovery((put,))


def test_reads_need_no_leave(connect: Connect) -> None:
    leave = Leave()
    registry = connect(may_write=leave)
    put = registry.put(KEY, a_record(an_export(), 1))
    leave.left = 0

    assert registry.read(KEY, A, None) == put
    assert registry.confirm()
