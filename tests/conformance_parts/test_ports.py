import pytest

from tests.conformance.objects import Manifest, port
from tests.conformance.ports import same_ports
from tests.conformance.verdicts import NonConformantError

TCP, UDP = port("tcp"), port("udp", protocol="UDP")


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        pytest.param([TCP, UDP], [UDP, TCP], id="other-order"),
        pytest.param([TCP], [port("tcp", target=8080)], id="an-import-has-no-target"),
        pytest.param([TCP], [{**TCP, "nodePort": 30000}], id="nor-a-node-port"),
        pytest.param([{**TCP, "appProtocol": "h2c"}], [{**TCP, "appProtocol": "h2c"}], id="app-protocol"),
        pytest.param(None, [], id="no-ports"),
    ],
)
def test_ports_are_the_same(there: list[Manifest] | None, expected: list[Manifest]) -> None:
    same_ports({"spec": {"ports": there}}, expected)


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        pytest.param([TCP], [TCP, UDP], id="one-is-missing"),
        pytest.param([TCP, UDP], [TCP], id="one-too-many"),
        pytest.param([TCP, TCP], [TCP, UDP], id="one-twice"),
        pytest.param([port("tcp", 43)], [TCP], id="number"),
        pytest.param([port("tcp", protocol="SCTP")], [TCP], id="protocol"),
        pytest.param([port("http")], [TCP], id="name"),
        pytest.param([TCP], [{**TCP, "appProtocol": "h2c"}], id="app-protocol-is-missing"),
        pytest.param([{**TCP, "appProtocol": "h2c"}], [TCP], id="app-protocol-of-nobody"),
        pytest.param(None, [TCP], id="no-ports"),
    ],
)
def test_ports_are_not_the_same(there: list[Manifest] | None, expected: list[Manifest]) -> None:
    with pytest.raises(NonConformantError, match="the ports of the ServiceImport are"):
        same_ports({"spec": {"ports": there}}, expected)
