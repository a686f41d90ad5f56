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


def test_an_unnamed_port_gets_a_name_as_soon_as_it_has_company() -> None:
    """A Service with several ports must name them all, so the union would be refused otherwise."""
    oldest = an_export("a", created=1, ports=(Port("", Protocol.TCP, 80),))
    younger = an_export("b", created=2, ports=(Port("metrics", Protocol.TCP, 9090),))

    merged = merge([oldest, younger])

    assert [port.name for port in merged.ports] == ["tcp-80", "metrics"]
    assert port_names(oldest, merged.ports) == {"": "tcp-80"}
    assert port_names(younger, merged.ports) == {"metrics": "metrics"}


@pytest.mark.parametrize(("taken", "given_name"), [(["tcp-80"], "tcp-80-2"), (["tcp-80", "tcp-80-2", "x"], "tcp-80-3")])
def test_the_name_given_to_an_unnamed_port_is_nobody_elses(taken: list[str], given_name: str) -> None:
    oldest = an_export("a", created=1, ports=(Port("", Protocol.TCP, 80),))
    others = tuple(Port(name, Protocol.TCP, number) for number, name in enumerate(taken, 81))

    names = [port.name for port in merge([oldest, an_export("b", created=2, ports=others)]).ports]

    assert names == [given_name, *taken]


def test_a_single_unnamed_port_stays_unnamed() -> None:
    assert [port.name for port in merge([an_export("a", ports=(Port("", Protocol.TCP, 80),))]).ports] == [""]
