"""What the answers of nslookup and nc mean. Lines end as a terminal ends them."""

import pytest

from tests.conformance.asking import (
    ServiceRecord,
    addresses,
    answering_pod,
    connect,
    lookup,
    same_addresses,
    service_records,
)

HEAD = "Server:\t\t10.101.0.10\r\nAddress:\t10.101.0.10#53\r\n\r\n"
NAME = "hello.shop.svc.clusterset.local"


def answer(*found: str) -> str:
    return HEAD + "".join(f"Name:\t{NAME}\r\nAddress: {one}\r\n" for one in found) + "\r\n"


def srv(port: int, target: str) -> str:
    return f"{NAME}\tservice = 0 50 {port} {target}.\r\n"


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        pytest.param(answer("10.201.0.9", "10.201.0.11"), ("10.201.0.11", "10.201.0.9"), id="two-addresses"),
        pytest.param(answer("fd66:201:0:0::5"), ("fd66:201::5",), id="ipv6-in-any-form"),
        pytest.param(HEAD + f"*** Can't find {NAME}: No answer\r\n", (), id="only-the-name-servers-own"),
        pytest.param(HEAD + f"** server can't find {NAME}: NXDOMAIN\r\n", (), id="no-such-name"),
        pytest.param(";; connection timed out; no servers could be reached\r\n", (), id="no-server"),
        pytest.param("", (), id="command-failed"),
    ],
)
def test_addresses_are_those_after_the_first_name(output: str, expected: tuple[str, ...]) -> None:
    assert addresses(output) == expected


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        pytest.param(HEAD + srv(42, NAME), (ServiceRecord(NAME, 42),), id="one-record-without-its-final-dot"),
        pytest.param(
            HEAD + srv(42, f"b.east.{NAME}") + srv(42, f"a.east.{NAME}"),
            (ServiceRecord(f"a.east.{NAME}", 42), ServiceRecord(f"b.east.{NAME}", 42)),
            id="sorted",
        ),
        pytest.param(
            HEAD + srv(4242, NAME) + f"\r\nName:\t{NAME}\r\nAddress: 10.101.7.7\r\n",
            (ServiceRecord(NAME, 4242),),
            id="addresses-beside-it",
        ),
        pytest.param(HEAD + f"*** Can't find {NAME}: No answer\r\n", (), id="none"),
        pytest.param(HEAD + f"{NAME}\tcanonical name = other.\r\n", (), id="another-kind-of-record"),
    ],
)
def test_service_records_are_ports_and_targets(output: str, expected: tuple[ServiceRecord, ...]) -> None:
    assert service_records(output) == expected


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        pytest.param("Connection to hello 42 port [tcp/*] succeeded!\r\npod ip 10.201.0.1\r\n", "10.201.0.1", id="v4"),
        pytest.param("pod ip fd66:201:0::5\r\n", "fd66:201::5", id="v6"),
        pytest.param("nc: connect to hello port 42 (tcp) failed: Connection refused\r\n", None, id="refused"),
        pytest.param("", None, id="command-failed"),
    ],
)
def test_the_answering_pod_says_its_address(output: str, expected: str | None) -> None:
    assert answering_pod(output) == expected


@pytest.mark.parametrize(
    ("found", "expected", "are_same"),
    [
        pytest.param(("10.0.0.1", "10.0.0.2"), ["10.0.0.2", "10.0.0.1"], True, id="other-order"),
        pytest.param(("fd66::5",), ["fd66:0:0::5"], True, id="other-writing"),
        pytest.param(("10.0.0.12",), ["10.0.0.1"], False, id="a-beginning-is-not-enough"),
        pytest.param(("10.0.0.1", "10.0.0.1"), ["10.0.0.1"], False, id="twice"),
        pytest.param((), ["10.0.0.1"], False, id="nothing"),
    ],
)
def test_answers_are_compared_as_whole_sets(found: tuple[str, ...], expected: list[str], are_same: bool) -> None:
    assert same_addresses(found, expected) is are_same


def test_names_are_asked_for_without_search_domains() -> None:
    assert lookup("AAAA", NAME) == f"nslookup -type=AAAA {NAME}."


def test_a_connection_is_made_in_the_family_asked_for() -> None:
    assert connect("IPv6", "fd66::5", 42) == "echo hi | nc -v -w 2 -6 fd66::5 42 2>&1"
