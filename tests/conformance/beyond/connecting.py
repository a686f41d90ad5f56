"""Many connections at once from a pod, and which pods answer them."""

import re
from collections.abc import Collection
from ipaddress import ip_address
from typing import Final

from tests.conformance.asking import Family
from tests.conformance.clusters import Cluster
from tests.conformance.objects import PORT
from tests.conformance.trial import Trial
from tests.conformance.verdicts import demand

TIMES: Final = 20
_POD: Final = re.compile(r"pod ip (\S+)")


def connect_often(family: Family, host: str, number: int = PORT, times: int = TIMES) -> str:
    """Give the command that opens so many connections to a host at the same time and prints every answer."""
    there = f"[{host}]" if ":" in host else host
    # No `timeout` before it: that leaves the terminal's foreground group, and socat is stopped when it looks at it.
    once = f"socat -T 2 -u TCP{family[-1]}:{there}:{number},connect-timeout=2 STDOUT 2>&1"
    return f"for i in $(seq {times}); do {once} & done; wait"


def pods_that_answer(output: str) -> list[str]:
    """Give the address by which each answering pod calls itself, one for each answer."""
    return [str(ip_address(found)) for found in _POD.findall(output)]


def answers(trial: Trial, cluster: Cluster, family: Family, host: str | None = None, number: int = PORT) -> list[str]:
    """Connect twenty times from a pod of the cluster, by default to the service's name in the clusterset."""
    return pods_that_answer(trial.run(cluster, connect_often(family, host or f"{trial.service_name}.", number)))


def reaches(trial: Trial, cluster: Cluster, family: Family, expected: Collection[str], name: str | None = None) -> None:
    """Demand that each of twenty connections is answered, by these pods and no others, each of them at least once."""
    found = answers(trial, cluster, family, name and f"{name}.")
    there = f"to {name or trial.service_name} over {family} in cluster {cluster.name}"
    demand(len(found) == TIMES, f"{len(found)} of {TIMES} connections {there} are answered")
    wanted = {str(ip_address(one)) for one in expected}
    demand(set(found) == wanted, f"connections {there} are answered by {sorted(set(found))}, not {sorted(wanted)}")
