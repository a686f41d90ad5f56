"""What programs in a pod are asked and what their answers mean: BIND's nslookup, and nc."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, Literal

from tests.conformance.clusters import Cluster
from tests.conformance.trial import Trial

Family = Literal["IPv4", "IPv6"]
RECORD: Final[dict[Family, str]] = {"IPv4": "A", "IPv6": "AAAA"}

_ADDRESS: Final = re.compile(r"Address:\s*(\S+)")
_SERVICE: Final = re.compile(r"=\s*\d+\s+\d+\s+(?P<port>\d+)\s+(?P<target>\S+?)\.?\s*$")
_POD: Final = re.compile(r"pod ip (\S+)")


@dataclass(frozen=True, slots=True, order=True)
class ServiceRecord:
    """An SRV answer; priority and weight mean nothing here, and the target has no final dot."""

    target: str
    port: int


def lookup(record: str, name: str) -> str:
    """Give the command that asks for one type of record; the final dot keeps search domains out."""
    return f"nslookup -type={record} {name}."


def connect(family: Family, host: str, port: int) -> str:
    """Give the command that sends a line and prints the answer, at most two seconds later."""
    return f"echo hi | nc -v -w 2 -{family[-1]} {host} {port} 2>&1"


def addresses(output: str) -> tuple[str, ...]:
    """Give the addresses in an A or AAAA answer, sorted; the name server's own stands before the first name."""
    _, _, answers = output.partition("\nName:")
    return tuple(sorted(_normal(found) for found in _ADDRESS.findall(answers)))


def service_records(output: str) -> tuple[ServiceRecord, ...]:
    """Give the records in an SRV answer, sorted."""
    found = (_SERVICE.search(line) for line in output.splitlines())
    return tuple(sorted(ServiceRecord(one["target"], int(one["port"])) for one in found if one))


def answering_pod(output: str) -> str | None:
    """Give the address by which the pod behind a connection calls itself, None when none answered."""
    found = _POD.search(output)
    return _normal(found[1]) if found else None


def same_addresses(found: tuple[str, ...], expected: list[str] | tuple[str, ...]) -> bool:
    """Say whether an answer holds exactly these addresses, however they are written."""
    return found == tuple(sorted(_normal(one) for one in expected))


def _normal(address: str) -> str:
    """Give an address in its shortest form; what is none stays as it is, and equals no address."""
    try:
        return str(ip_address(address))
    except ValueError:
        return address


def addresses_in(trial: Trial, cluster: Cluster, family: Family, name: str) -> tuple[str, ...]:
    """Ask once for a name's addresses from a pod of the cluster; nothing when there are none."""
    return addresses(trial.run(cluster, lookup(RECORD[family], name)))


def reach(trial: Trial, cluster: Cluster, family: Family, name: str, port: int) -> str | None:
    """Connect once from a pod of the cluster and give the pod that answers.

    nc is handed the name in IPv4 and, as its IPv6 resolving differs between versions, the first address in IPv6.
    """
    if family == "IPv4":
        return answering_pod(trial.run(cluster, connect(family, name, port)))
    found = addresses_in(trial, cluster, family, name)
    return answering_pod(trial.run(cluster, connect(family, found[0], port))) if found else None
