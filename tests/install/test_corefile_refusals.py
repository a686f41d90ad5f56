"""What is not edited: every refusal says why, and what it says to write by hand is then accepted."""

import pytest

from cloudmap_mcs.install.corefile import disable, enable
from cloudmap_mcs.install.corefile_refusals import CorefileError

GENERAL = (
    "the kubernetes plugin's line becomes: kubernetes cluster.local clusterset.local in-addr.arpa ip6.arpa {",
    "within its braces add the line: multicluster clusterset.local",
)
ENABLED = (
    "kubernetes cluster.local clusterset.local in-addr.arpa ip6.arpa {\npods insecure\nmulticluster clusterset.local\n}"
)
STOCK = "kubernetes cluster.local in-addr.arpa ip6.arpa {\npods insecure\n}"


def a_server(*lines: str, name: str = ".:53") -> str:
    return "\n".join((f"{name} {{", *lines, "}", ""))


def stock_steps(line: int) -> tuple[str, ...]:
    return (
        f"line {line} becomes: kubernetes cluster.local clusterset.local in-addr.arpa ip6.arpa {{",
        f"below line {line} add the line: multicluster clusterset.local",
    )


NODE_LOCAL = """\
cluster.local:53 {
    errors
    cache {
        success 9984 30
        denial 9984 5
    }
    reload
    loop
    bind 169.254.20.10 10.96.0.10
    forward . __PILLAR__CLUSTER__DNS__ {
        force_tcp
    }
    prometheus :9253
    health 169.254.20.10:8080
}
.:53 {
    errors
    cache 30
    forward . __PILLAR__UPSTREAM__SERVERS__
}
"""

# The Corefile, why it is refused, what to do, and the Corefile once that is done (None: it cannot be seen there).
REFUSALS = [
    pytest.param(
        NODE_LOCAL,
        "it has no kubernetes plugin, so it may not be that of the cluster's CoreDNS",
        GENERAL,
        None,
        id="node-local-cache-has-no-plugin",
    ),
    pytest.param(
        a_server("import custom/*.override") + 'import "more/*.server"\n',
        "it shows no kubernetes plugin, which may be imported (line 2: import custom/*.override, line 4: "
        'import "more/*.server")',
        GENERAL,
        None,
        id="plugin-may-be-imported",
    ),
    pytest.param(
        a_server(STOCK) + a_server(STOCK, name=".:1053"),
        "several kubernetes plugins serve the cluster's names (line 2 and line 7)",
        (*stock_steps(2), *stock_steps(7)),
        a_server(ENABLED) + a_server(ENABLED, name=".:1053"),
        id="plugin-in-two-servers",
    ),
    pytest.param(
        a_server(STOCK) + a_server(ENABLED, name=".:1053"),
        "several kubernetes plugins serve the cluster's names (line 2 and line 7)",
        stock_steps(2),
        a_server(ENABLED) + a_server(ENABLED, name=".:1053"),
        id="one-of-two-is-done",
    ),
    pytest.param(
        a_server("kubernetes {", "}") + a_server(STOCK, name=".:1053"),
        "several kubernetes plugins serve the cluster's names (line 2 and line 6)",
        (*stock_steps(2), *stock_steps(6)),
        a_server(ENABLED) + a_server(ENABLED, name=".:1053"),
        id="one-of-two-without-zones",
    ),
    pytest.param(
        a_server("kubernetes a.example", "kubernetes b.example"),
        "several kubernetes plugins serve the cluster's names (line 2 and line 3)",
        (
            "line 2 becomes: kubernetes a.example clusterset.local {",
            "below line 2 add the line: multicluster clusterset.local",
            "and below that a line with the closing brace: }",
            "line 3 becomes: kubernetes b.example clusterset.local {",
            "below line 3 add the line: multicluster clusterset.local",
            "and below that a line with the closing brace: }",
        ),
        None,
        id="two-and-none-for-cluster-local",
    ),
    pytest.param(
        "(own) {\n" + STOCK + "\n}\n" + a_server("import own"),
        "line 2: the kubernetes plugin is in the snippet (own), which any server may import",
        stock_steps(2),
        "(own) {\n" + ENABLED + "\n}\n" + a_server("import own"),
        id="plugin-in-a-snippet",
    ),
    pytest.param(
        a_server("kubernetes {", "pods insecure", "}", name="cluster.local:53 ip6.arpa:53 .:53"),
        "line 2: the kubernetes plugin names no zones, so it takes the names of its server",
        stock_steps(2),
        a_server(ENABLED, name="cluster.local:53 ip6.arpa:53 .:53"),
        id="no-zones",
    ),
    pytest.param(
        a_server("kubernetes {$DOMAIN} in-addr.arpa { # as deployed", "}"),
        "line 2: the kubernetes plugin has a zone that only the running CoreDNS knows: {$DOMAIN}",
        (
            "line 2 becomes: kubernetes {$DOMAIN} clusterset.local in-addr.arpa {",
            "below line 2 add the line: multicluster clusterset.local",
        ),
        a_server("kubernetes {$DOMAIN} clusterset.local in-addr.arpa {\nmulticluster clusterset.local", "}"),
        id="zone-from-a-variable",
    ),
    pytest.param(
        a_server('kubernetes "cluster.local" ip6.arpa { pods "insecure"', 'ttl "5"', "}"),
        'line 2: the kubernetes plugin has words in quotes: "cluster.local" "insecure" "5"',
        (
            'line 2 becomes: kubernetes "cluster.local" clusterset.local ip6.arpa { pods "insecure"',
            "below line 2 add the line: multicluster clusterset.local",
        ),
        a_server(
            'kubernetes "cluster.local" clusterset.local ip6.arpa { pods "insecure"',
            "multicluster clusterset.local",
            'ttl "5"',
            "}",
        ),
        id="quotes",
    ),
    pytest.param(
        a_server("kubernetes in-addr.arpa 10.0.0.0/8"),
        "line 2: the kubernetes plugin names no zone of the cluster's own",
        (
            "line 2 becomes: kubernetes cluster.local clusterset.local in-addr.arpa 10.0.0.0/8 {",
            "below line 2 add the line: multicluster clusterset.local",
            "and below that a line with the closing brace: }",
        ),
        a_server(
            "kubernetes cluster.local clusterset.local in-addr.arpa 10.0.0.0/8 {\nmulticluster clusterset.local\n}"
        ),
        id="only-reverse-zones",
    ),
    pytest.param(
        a_server("kubernetes cluster.local {", "import options", "}"),
        "line 2: the kubernetes plugin imports options, which cannot be seen",
        (
            "line 2 becomes: kubernetes cluster.local clusterset.local {",
            "below line 2 add the line: multicluster clusterset.local",
        ),
        a_server("kubernetes cluster.local clusterset.local {\nmulticluster clusterset.local", "import options", "}"),
        id="imported-options",
    ),
    pytest.param(
        a_server("kubernetes cluster.local other.example {", "multicluster other.example", "}"),
        "line 2: the kubernetes plugin has the option multicluster for something else",
        (
            "line 2 becomes: kubernetes cluster.local clusterset.local other.example {",
            "line 3 becomes: multicluster other.example clusterset.local",
        ),
        a_server(
            "kubernetes cluster.local clusterset.local other.example {",
            "multicluster other.example clusterset.local",
            "}",
        ),
        id="another-clusterset",
    ),
    pytest.param(
        a_server("kubernetes cluster.local {", "multicluster clusterset.local", "}"),
        "line 2: the kubernetes plugin has the option multicluster for something else",
        (
            "line 2 becomes: kubernetes cluster.local clusterset.local {",
            "line 3 becomes: multicluster clusterset.local",
        ),
        a_server("kubernetes cluster.local clusterset.local {", "multicluster clusterset.local", "}"),
        id="option-without-the-zone",
    ),
    pytest.param(
        a_server(
            "kubernetes cluster.local clusterset.local {", "multicluster clusterset.local", "multicluster a.b", "}"
        ),
        "line 2: the kubernetes plugin has the option multicluster for something else",
        (
            "line 2 becomes: kubernetes cluster.local clusterset.local {",
            "line 4 becomes: multicluster a.b clusterset.local",
        ),
        a_server(
            "kubernetes cluster.local clusterset.local {",
            "multicluster clusterset.local",
            "multicluster a.b clusterset.local",
            "}",
        ),
        id="last-of-two-options-counts",
    ),
    pytest.param(
        a_server("kubernetes cluster.local clusterset.local {", "}"),
        "line 2: the kubernetes plugin already serves clusterset.local, as another name of the cluster",
        (
            "line 2 becomes: kubernetes cluster.local clusterset.local {",
            "below line 2 add the line: multicluster clusterset.local",
        ),
        a_server("kubernetes cluster.local clusterset.local {", "multicluster clusterset.local", "}"),
        id="zone-is-an-alias",
    ),
    pytest.param(
        a_server("{$OURS} 5", STOCK),
        "line 2: only the running CoreDNS knows what {$OURS} stands for",
        (
            "line 2: make sure that {$OURS} is neither a plugin for clusterset.local nor a server for it",
            *stock_steps(3),
        ),
        a_server("{$OURS} 5", ENABLED),
        id="plugin-from-a-variable",
    ),
    pytest.param(
        a_server("log", name="{%STUB%}:53") + a_server(STOCK),
        "line 1: only the running CoreDNS knows what {%STUB%}:53 stands for",
        (
            "line 1: make sure that {%STUB%}:53 is neither a plugin for clusterset.local nor a server for it",
            *stock_steps(5),
        ),
        a_server("log", name="{%STUB%}:53") + a_server(ENABLED),
        id="other-server-from-a-variable",
    ),
    pytest.param(
        a_server(STOCK, name="{$NAME}:53"),
        "line 1: only the running CoreDNS knows what {$NAME}:53 stands for",
        (
            "line 1: make sure that {$NAME}:53 is neither a plugin for clusterset.local nor a server for it",
            *stock_steps(2),
        ),
        a_server(ENABLED, name="{$NAME}:53"),
        id="own-server-from-a-variable",
    ),
]

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


@pytest.mark.parametrize(("corefile", "why", "steps", "by_hand"), [*REFUSALS, *UNREACHABLE])
def test_refusal_says_why_and_what_to_do_and_accepts_it(
    corefile: str, why: str, steps: tuple[str, ...], by_hand: str | None
) -> None:
    with pytest.raises(CorefileError) as refusal:
        enable(corefile)

    head, *rest = str(refusal.value).split("\n")
    assert head == f"the Corefile is left as it is: {why}. To do it by hand:"
    assert tuple(rest) == tuple(f"- {step}" for step in steps)
    assert by_hand is None or enable(by_hand) == by_hand


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


MALFORMED = [
    pytest.param(a_server(STOCK) + "}", "line 6: a closing brace has no opening brace", id="one-too-many"),
    pytest.param(a_server(STOCK)[:-2], "line 1: a brace is opened and never closed", id="one-too-few"),
    pytest.param(
        a_server("kubernetes cluster.local", "{", "ttl 5", "}"),
        "line 3: the opening brace belongs into the line of the kubernetes plugin",
        id="brace-in-the-next-line",
    ),
    pytest.param(
        a_server("kubernetes cluster.local { pods insecure }"),
        "line 2: the kubernetes plugin's closing brace needs a line of its own",
        id="all-in-one-line",
    ),
    pytest.param(
        a_server("kubernetes cluster.local {", "ttl 5 }"),
        "line 3: the kubernetes plugin's closing brace needs a line of its own",
        id="brace-behind-an-option",
    ),
    pytest.param(
        a_server("kubernetes cluster.local {", "} ttl 5"),
        "line 3: something follows the kubernetes plugin's closing brace in its line",
        id="words-behind-the-brace",
    ),
    pytest.param(
        a_server("kubernetes cluster.local {", "ttl {", "}", "}"),
        "line 3: the kubernetes plugin has no option with braces",
        id="braces-within",
    ),
]


@pytest.mark.parametrize(("corefile", "why"), MALFORMED)
def test_what_coredns_could_not_read_is_not_edited(corefile: str, why: str) -> None:
    with pytest.raises(CorefileError) as refusal:
        enable(corefile)

    head, *rest = str(refusal.value).split("\n- ")
    assert head == f"the Corefile is left as it is: {why}. To do it by hand:"
    assert rest == ["mend that line", *GENERAL]
