import os

import pytest

from bench.programs import parsed, usage
from sandbox.errors import SandboxError

STAT = "4711 (a (strange) name) S 1 4711 4711 0 -1 4194304 100 0 0 0 150 50 7 7 20 0 5 0 100 1000 2000"
STATUS = "Name:\ta\nVmPeak:\t 999 kB\nVmHWM:\t  2000 kB\nVmRSS:\t  1000 kB\nGroups:\t\nThreads:\t5\n"


def test_cpu_is_user_and_system_time_whatever_the_name_of_the_process() -> None:
    found = parsed(STAT, STATUS, ticks=100)

    assert found.cpu_seconds == 2.0
    assert (found.resident, found.peak) == (1.024, 2.048)


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="CPU and memory are read from /proc")  # noqa: PTH110 - as short
def test_this_very_process_has_memory() -> None:
    found = usage(os.getpid())

    assert 1 < found.resident <= found.peak


def test_a_process_that_is_gone_is_a_sentence() -> None:
    with pytest.raises(SandboxError, match="process 0 is not there"):
        usage(0)
