"""Comparing the ports of a ServiceImport with those of Services."""

from collections.abc import Sequence
from typing import Final

from tests.conformance.objects import Manifest
from tests.conformance.verdicts import demand

_FIELDS: Final[tuple[str, ...]] = ("name", "protocol", "port", "appProtocol")


def same_ports(service_import: Manifest, expected: Sequence[Manifest]) -> None:
    """Demand exactly these ports, in any order (KEP-1645, Service Port)."""
    there, wanted = _compared(service_import["spec"].get("ports") or ()), _compared(expected)
    demand(there == wanted, f"the ports of the ServiceImport are {there}, not {wanted}")


def _compared(ports: Sequence[Manifest]) -> list[Manifest]:
    kept: list[Manifest] = [{field: port[field] for field in _FIELDS if field in port} for port in ports]
    return sorted(kept, key=lambda port: str(port.get("name", "")))
