"""What else in a Corefile acts on the clusterset's zone: it has to go first, and what only mentions it may stay."""

import pytest

from cloudmap_mcs.install.corefile import disable, enable
from cloudmap_mcs.install.corefile_refusals import CorefileError
from tests.install.corefile_servers import ENABLED, STOCK, a_server, check_refusal, stock_steps

UNREACHABLE = [
    pytest.param(
        a_server(STOCK) + a_server("forward . 10.0.0.9", name="clusterset.local:53"),
        "line 6: the server clusterset.local:53 answers for clusterset.local instead of the cluster's own",
        ("take out the server clusterset.local:53 that begins in line 6", *stock_steps(2)),
        a_server(ENABLED),
        id="stub-server",
    ),
    pytest.param(
        a_server("multicluster clusterset.local", name="a.b, dns://Clusterset.Local.") + a_server(STOCK),
        "line 1: the server dns://Clusterset.Local. answers for clusterset.local instead of the cluster's own",
        ("take out the server dns://Clusterset.Local. that begins in line 1", *stock_steps(5)),
        a_server("log", name="a.b") + a_server(ENABLED),
        id="stub-server-in-another-spelling",
    ),
    pytest.param(
        a_server(ENABLED) + a_server("forward . 10.0.0.9", name="svc.clusterset.local"),
        "line 7: the server svc.clusterset.local answers for clusterset.local instead of the cluster's own",
        ("take out the server svc.clusterset.local that begins in line 7",),
        a_server(ENABLED) + a_server("forward . 10.0.0.9", name="svc.clusterset.example"),
        id="stub-server-for-a-part",
    ),
    pytest.param(
        a_server(STOCK) + a_server("forward . 10.0.0.9", name="local:53"),
        "line 6: the server local:53 answers for clusterset.local instead of the cluster's own",
        ("take out the server local:53 that begins in line 6", *stock_steps(2)),
        a_server(ENABLED) + a_server("forward . 10.0.0.9", name="set.local:53"),
        id="server-for-a-parent",
    ),
    pytest.param(
        a_server(STOCK, name="dns://Cluster.Local:1053,\n  cluster.local:53, in-addr.arpa:53, other.example"),
        "line 1: the server with the kubernetes plugin answers for dns://Cluster.Local:1053 cluster.local:53 "
        "in-addr.arpa:53 other.example only, not for clusterset.local",
        (
            "line 2: between other.example and the opening brace add: dns://clusterset.local:1053 clusterset.local:53",
            *stock_steps(3),
        ),
        a_server(
            ENABLED,
            name="dns://Cluster.Local:1053,\n  cluster.local:53, in-addr.arpa:53, other.example "
            "dns://clusterset.local:1053 clusterset.local:53",
        ),
        id="own-server-does-not-cover-the-zone",
    ),
    pytest.param(
        a_server(STOCK, name="example:53"),
        "line 1: the server with the kubernetes plugin answers for example:53 only, not for clusterset.local",
        ("line 1: between example:53 and the opening brace add: clusterset.local:53", *stock_steps(2)),
        a_server(ENABLED, name="example:53 clusterset.local:53"),
        id="own-server-covers-neither",
    ),
    pytest.param(
        a_server(ENABLED, name="cluster.local"),
        "line 1: the server with the kubernetes plugin answers for cluster.local only, not for clusterset.local",
        ("line 1: between cluster.local and the opening brace add: clusterset.local",),
        a_server(ENABLED, name="cluster.local clusterset.local"),
        id="enabled-by-hand-but-out-of-reach",
    ),
    pytest.param(
        "(own) {\n" + STOCK + "\n}\n" + a_server("import own") + a_server("log", name="clusterset.local"),
        "line 9: the server clusterset.local answers for clusterset.local instead of the cluster's own",
        ("take out the server clusterset.local that begins in line 9", *stock_steps(2)),
        "(own) {\n" + ENABLED + "\n}\n" + a_server("import own"),
        id="stub-server-beside-a-snippet",
    ),
]


@pytest.mark.parametrize(("corefile", "why", "steps", "by_hand"), UNREACHABLE)
def test_what_is_in_the_way_is_named_with_what_to_do(
    corefile: str, why: str, steps: tuple[str, ...], by_hand: str | None
) -> None:
    check_refusal(corefile, why, steps, by_hand)


RIVALS = [
    pytest.param(
        (
            "multicluster clusterset.local {",
            "}",
        ),
        id="the-external-plugin",
    ),
    pytest.param(("multicluster",), id="the-external-plugin-without-zones"),
    pytest.param(("forward clusterset.local 10.0.0.9",), id="forward"),
    pytest.param(("rewrite name suffix .clusterset.local. .svc.cluster.local.",), id="rewrite"),
    pytest.param((r"rewrite name regex (.*)\.CLUSTERSET\.local$ {1}.cluster.local",), id="rewrite-by-expression"),
    pytest.param(("file zones.db my.clusterset.local",), id="file-for-a-part"),
    pytest.param(
        (
            'template IN A "clusterset.local" {',
            'answer "{{ .Name }} A 10.0.0.9"',
            "}",
        ),
        id="template",
    ),
]
HARMLESS = [
    pytest.param(("cache 30 clusterset.local",), id="cache"),
    pytest.param(("log clusterset.local",), id="log"),
    pytest.param(
        (
            "forward . 10.0.0.9 {",
            "except clusterset.local",
            "}",
        ),
        id="not-forwarded",
    ),
    pytest.param(("forward my-clusterset.local 10.0.0.9",), id="longer-name"),
    pytest.param(("forward clusterset.local.example 10.0.0.9",), id="longer-domain"),
    pytest.param(("forward . 10.0.0.9 # clusterset.local",), id="comment"),
]


@pytest.mark.parametrize("lines", RIVALS)
def test_what_already_acts_on_the_zone_has_to_go_first(lines: tuple[str, ...]) -> None:
    corefile = a_server(STOCK, *lines)

    with pytest.raises(CorefileError) as refusal:
        enable(corefile)

    assert f": line 5 already does something with clusterset.local: {lines[0]}. To do" in str(refusal.value)
    assert "\n- take that out of line 5\n- line 2 becomes: " in str(refusal.value)


def test_snippets_may_act_on_the_zone_too() -> None:
    corefile = "(ours) {\nrewrite name a.clusterset.local b\n}\n" + a_server(STOCK, "import ours")

    with pytest.raises(CorefileError, match=r"line 2 already does .*: rewrite name a\."):
        enable(corefile)


@pytest.mark.parametrize("lines", HARMLESS)
def test_what_only_mentions_the_zone_may_stay(lines: tuple[str, ...]) -> None:
    corefile = a_server(STOCK, *lines)

    assert disable(enable(corefile)) == corefile != enable(corefile)


OTHER_SERVERS = [
    pytest.param(a_server(STOCK) + a_server("rewrite name a.clusterset.local b", name="corp.example"), id="rewrite"),
    pytest.param(a_server(STOCK, name="clusterset.local, cluster.local") + a_server("log", name="local"), id="parent"),
    pytest.param(a_server(STOCK) + a_server("log", name="set.local") + a_server("log", name="."), id="neighbours"),
    pytest.param(a_server(STOCK) + a_server("kubernetes b.example", name="b.example"), id="another-cluster"),
]


@pytest.mark.parametrize("corefile", OTHER_SERVERS)
def test_other_servers_may_do_as_they_like(corefile: str) -> None:
    assert disable(enable(corefile)) == corefile != enable(corefile)
