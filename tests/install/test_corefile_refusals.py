"""Plugins that are not edited: each refusal says why, and what it says to write by hand is then accepted."""

import pytest

from cloudmap_mcs.install.corefile import enable
from cloudmap_mcs.install.corefile_refusals import CorefileError
from tests.install.corefile_servers import ENABLED, GENERAL, STOCK, a_server, check_refusal, stock_steps

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


@pytest.mark.parametrize(("corefile", "why", "steps", "by_hand"), REFUSALS)
def test_refusal_says_why_and_what_to_do_and_accepts_it(
    corefile: str, why: str, steps: tuple[str, ...], by_hand: str | None
) -> None:
    check_refusal(corefile, why, steps, by_hand)


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
