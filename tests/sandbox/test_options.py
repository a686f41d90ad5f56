from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.nodes.addresses import IPV4, IPV6
from sandbox.options import read
from sandbox.sandbox import OwnCluster, Place

FOLDER = Path("/state")


def test_without_options_there_are_two_simulated_clusters() -> None:
    wanted = read(["up"], FOLDER)

    assert wanted.clusters == (("east", OwnCluster()), ("west", OwnCluster()))
    assert (wanted.folder, wanted.operation_delay, wanted.real_nodes) == (FOLDER, "100ms", False)


def test_the_demo_may_be_shown_on_other_clusters() -> None:
    wanted = read(["demo", "--nodes", "simulated", "--cluster", "a", "--cluster", "b"], FOLDER)

    assert (wanted.clusters, wanted.real_nodes) == ((("a", OwnCluster()), ("b", OwnCluster())), False)


def test_clusters_with_real_nodes_have_the_families_they_are_given_and_ipv4_otherwise() -> None:
    clusters = ["--cluster", "one", "--cluster=two=ipv6", "--cluster=three=dual", "--cluster=four=dual-ipv6"]

    wanted = read(["up", "--nodes", "real", *clusters], FOLDER)

    assert wanted.real_nodes
    families = {name: cluster.families for name, cluster in wanted.clusters}
    assert families == {"one": (IPV4,), "two": (IPV6,), "three": (IPV4, IPV6), "four": (IPV6, IPV4)}


@pytest.mark.parametrize(
    ("traits", "families", "dns"),
    [
        ("ipv6,stub-zone", (IPV6,), "stub-zone"),
        ("manual", (IPV4,), "manual"),
        ("managed,dual", (IPV4, IPV6), "managed"),
    ],
)
def test_with_real_nodes_a_clusters_dns_can_be_chosen(traits: str, families: tuple[str, ...], dns: str) -> None:
    (_, cluster), _ = read(["up", "--nodes=real", f"--cluster=a={traits}", "--cluster=b"], FOLDER).clusters

    assert (cluster.families, cluster.dns) == (families, dns)


@pytest.mark.parametrize(
    ("where", "place"),
    [
        ("eu-west-1", Place(region="eu-west-1")),
        ("210987654321", Place(account="210987654321")),
        ("210987654321/eu-west-1", Place("210987654321", "eu-west-1")),
    ],
)
def test_a_cluster_may_be_in_another_account_and_region(where: str, place: Place) -> None:
    (_, cluster), (_, other) = read(["up", f"--cluster=a@{where}", "--cluster=b"], FOLDER).clusters

    assert (cluster.place, other.place) == (place, Place())


def test_a_folder_is_taken_from_where_the_person_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert read(["down", "--folder", "elsewhere"], FOLDER).folder == tmp_path / "elsewhere"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ("demo --context a", "name another --context"),
        ("demo --cluster a", "name another --cluster"),
        ("demo --nodes real", "the demo has simulated nodes; real ones are for make sandbox NODES=real"),
        ("demo --nodes real --cluster a=dual --cluster b=dual", "the demo has simulated nodes"),
        ("up --context a --cluster b", "give one of the two"),
        ("up --nodes real --context a", "neither a --context nor another Cloud Map"),
        ("up --nodes real --cloudmap-endpoint http://h:1", "neither a --context nor another Cloud Map"),
        ("up --cluster East", "--cluster East: the id must be a DNS label in lower case"),
        (f"up --cluster {'e' * 46}", "at most 45 characters"),
        ("up --cluster =dual", "the id must be a DNS label"),
        ("up --cluster east=dual", "only real nodes have IP families"),
        ("up --cluster east@21098", "twelve digits, a Region, or both"),
        ("up --cluster east@", "twelve digits, a Region, or both"),
        ("up --cluster east@Virginia", "twelve digits, a Region, or both"),
        ("up --nodes real --cluster east=ipv5", "one of ipv4, ipv6, dual, dual-ipv6"),
        ("up --nodes real --cluster east=", "one of ipv4, ipv6, dual, dual-ipv6"),
        ("up --cluster east --cluster east", "the same cluster twice"),
        ("up --nodes real --cluster east=ipv6 --cluster east=dual", "the same cluster twice"),
    ],
)
def test_what_cannot_be_is_refused_with_the_option(arguments: str, reason: str) -> None:
    with pytest.raises(SandboxError, match=reason):
        read(arguments.split(), FOLDER)


@pytest.mark.parametrize("arguments", [[], ["sideways"], ["up", "--nodes", "half"], ["down", "--nodes", "real"]])
def test_what_is_no_option_is_refused_with_the_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read(arguments, FOLDER)

    assert "usage: python -m sandbox" in capsys.readouterr().err
