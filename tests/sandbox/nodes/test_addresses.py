from ipaddress import ip_address, ip_network

import pytest

from sandbox.errors import SandboxError
from sandbox.nodes.addresses import FAMILIES, IPV4, IPV6, VPC, VPC_PREFIX, Addresses
from sandbox.nodes.clusters import addresses, zone


@pytest.mark.parametrize(
    ("name", "versions"), [("ipv4", [4]), ("ipv6", [6]), ("dual", [4, 6]), ("dual-ipv6", [6, 4])], ids=str
)
def test_ranges_are_in_the_order_of_the_families(name: str, versions: list[int]) -> None:
    its = Addresses(1, FAMILIES[name])

    assert [ip_network(cidr).version for cidr in its.pods] == versions
    assert [ip_network(cidr).version for cidr in its.services] == versions
    assert [ip_address(address).version for address in its.dns] == versions


def test_the_dns_service_is_the_tenth_address_of_each_service_range() -> None:
    assert Addresses(2, FAMILIES["dual"]).dns == ("10.102.0.10", "fd66:102::a")


@pytest.mark.parametrize("name", FAMILIES)
def test_a_machine_has_both_families_and_is_in_the_vpc(name: str) -> None:
    machine = Addresses(3, FAMILIES[name]).machine

    assert set(machine) == {IPV4, IPV6}
    for family, address in machine.items():
        vpc = ip_network(f"{VPC[family]}/{VPC_PREFIX[family]}", strict=False)
        assert ip_address(address) in vpc
        assert address != VPC[family]


def test_packets_for_pods_go_to_the_machine_in_their_own_family() -> None:
    its = Addresses(1, FAMILIES["dual"])

    assert [its.gateway(cidr) for cidr in its.pods] == [its.machine[IPV4], its.machine[IPV6]]


def test_no_two_clusters_share_an_address() -> None:
    everybody = addresses({f"c{number}": FAMILIES["dual"] for number in range(50)})

    machines = [address for its in everybody.values() for address in its.machine.values()]
    ranges = [ip_network(cidr) for its in everybody.values() for cidr in (*its.pods, *its.services)]
    assert len(set(machines)) == len(machines)
    assert not [
        (one, two)
        for number, one in enumerate(ranges)
        for two in ranges[:number]
        if one.version == two.version and one.overlaps(two)
    ]


@pytest.mark.parametrize("number", [0, 51])
def test_there_is_room_for_fifty_clusters(number: int) -> None:
    with pytest.raises(SandboxError, match=f"room for 50 clusters, not {number}"):
        Addresses(number)


def test_each_of_the_first_six_clusters_has_a_zone_of_its_own() -> None:
    assert [zone(number) for number in (1, 2, 6, 7)] == ["us-east-1a", "us-east-1b", "us-east-1f", "us-east-1a"]
