"""Pitfall: kube-proxy matches a slice's port to the Service's by name, so a loser's ports must not keep theirs."""

import pytest
from hypothesis import given

from cloudmap_mcs.domain.merge import merge, port_names
from cloudmap_mcs.domain.model import Export, Port, Protocol
from tests.builders import HTTP, an_export
from tests.strategies import offers


@pytest.mark.parametrize(
    ("ports", "mapping"),
    [
        pytest.param((HTTP,), {"http": "http"}, id="same"),
        pytest.param((Port("web", Protocol.TCP, 80),), {"web": "http"}, id="renamed"),
        pytest.param((Port("", Protocol.TCP, 80),), {"": "http"}, id="unnamed-is-renamed"),
        pytest.param((Port("http", Protocol.TCP, 81),), {}, id="same-name-other-number-dropped"),
        pytest.param((Port("http", Protocol.UDP, 80),), {}, id="same-name-other-protocol-dropped"),
        pytest.param((Port("http", Protocol.TCP, 81), Port("web", Protocol.TCP, 80)), {"web": "http"}, id="swapped"),
        pytest.param((Port("http", Protocol.TCP, 80, "h2c"),), {"http": "http"}, id="app-protocol-keeps-its-traffic"),
        pytest.param((), {}, id="none"),
    ],
)
def test_names_follow_number_and_protocol(ports: tuple[Port, ...], mapping: dict[str, str]) -> None:
    assert port_names(an_export(ports=ports), (HTTP,)) == mapping


@given(offers())
def test_traffic_for_a_port_reaches_only_endpoints_that_expose_it(exports: list[Export]) -> None:
    merged = {port.name: port for port in merge(exports).ports}

    for export in exports:
        names = port_names(export, tuple(merged.values()))
        held = {port.name: port for port in export.ports}
        assert all(held[before].transport == merged[after].transport for before, after in names.items())
        assert len(set(names.values())) == len(names)
