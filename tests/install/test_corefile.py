"""The edit of Corefiles: what it changes, that it changes nothing else, and that it can be taken back."""

from difflib import ndiff
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudmap_mcs.errors import PermanentError
from cloudmap_mcs.install.caddyfile import parse, tokens
from cloudmap_mcs.install.corefile import disable, enable, is_enabled, supports_multicluster
from cloudmap_mcs.install.corefile_refusals import CorefileError

COREFILES = {path.stem: path.read_text() for path in sorted(Path(__file__).with_name("corefiles").glob("*.corefile"))}
ZONE = "clusterset.local"
OPTION = "multicluster clusterset.local # added by cloudmap-mcs"

any_corefile = pytest.mark.parametrize("corefile", COREFILES.values(), ids=COREFILES.keys())

STOCK_EKS_ENABLED = """\
.:53 {
    errors
    health {
        lameduck 5s
      }
    ready
    kubernetes cluster.local clusterset.local in-addr.arpa ip6.arpa {
      pods insecure
      fallthrough in-addr.arpa ip6.arpa
      multicluster clusterset.local # added by cloudmap-mcs
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
}
"""

PLUGIN_LINES = {
    "both-names": "    kubernetes Cluster.Local clusterset.local in-addr.arpa ip6.arpa {",
    "braces-in-comments": "    kubernetes cluster.local clusterset.local in-addr.arpa ip6.arpa { # pods { and others }",
    "custom-domain": "    kubernetes 172.20.0.0/16 k8s.acme.example clusterset.local in-addr.arpa ip6.arpa {",
    "eks": "    kubernetes cluster.local clusterset.local in-addr.arpa ip6.arpa {",
    "k3s": "    kubernetes cluster.local clusterset.local in-addr.arpa ip6.arpa {",
    "kops": "    kubernetes cluster.local. clusterset.local in-addr.arpa ip6.arpa {",
    "kubeadm": "    kubernetes cluster.local clusterset.local in-addr.arpa ip6.arpa {",
    "no-braces": "    kubernetes cluster.local clusterset.local {",
    "one-server-no-braces": "kubernetes cluster.local clusterset.local {",
    "options-beside-brace": "  kubernetes cluster.local clusterset.local { pods insecure",
    "rewrites-and-templates": "    kubernetes cluster.local clusterset.local in-addr.arpa ip6.arpa {",
    "several-servers": "\tkubernetes cluster.local clusterset.local 10.100.0.0/16 {",
    "stub-domains": "    kubernetes cluster.local clusterset.local in-addr.arpa ip6.arpa {",
}
OPTION_LINES = {
    "eks": f"      {OPTION}",
    "k3s": f"      {OPTION}",
    "kops": f"      {OPTION}",
    "kubeadm": f"       {OPTION}",
    "no-braces": f"        {OPTION} with these braces\n    }} # only Services",
    "one-server-no-braces": f"    {OPTION}",
    "options-beside-brace": f"    {OPTION}",
    "several-servers": f"\t\t{OPTION}",
    "stub-domains": f"      {OPTION}",
}


def test_stock_eks_corefile_gains_zone_and_option() -> None:
    assert enable(COREFILES["eks"]) == STOCK_EKS_ENABLED


@pytest.mark.parametrize("name", COREFILES)
def test_plugin_line_changes_and_option_lines_come_and_nothing_else(name: str) -> None:
    changes = list(ndiff(COREFILES[name].splitlines(), enable(COREFILES[name]).splitlines()))
    lost, gained = ([line[2:] for line in changes if line.startswith(sign)] for sign in ("- ", "+ "))

    assert [line.split()[0] for line in lost] == ["kubernetes"]
    assert gained == [PLUGIN_LINES[name], *OPTION_LINES.get(name, f"        {OPTION}").split("\n")]


@any_corefile
def test_twice_is_as_once_and_back_is_the_same_bytes(corefile: str) -> None:
    for text in variants(corefile):
        enabled = enable(text)

        assert enabled != text
        assert enable(enabled) == enabled
        assert disable(enabled) == text
        assert (is_enabled(text), is_enabled(enabled)) == (False, True)


def variants(corefile: str) -> tuple[str, ...]:
    """The text with other white space; tabs and carriage returns mean nothing to CoreDNS."""
    return (
        corefile,
        corefile.replace("\n", "\r\n"),
        corefile.replace("    ", "\t"),
        corefile.replace("\n", " \t \n"),
        corefile.rstrip("\n"),
        "\ufeff" + corefile + "\n\n",
    )


@any_corefile
def test_line_breaks_are_those_of_the_file(corefile: str) -> None:
    assert enable(corefile.replace("\n", "\r\n")) == enable(corefile).replace("\n", "\r\n")


WHITE_SPACE = [
    pytest.param(
        ".:53 {\n\tkubernetes cluster.local\n}\n",
        f".:53 {{\n\tkubernetes cluster.local {ZONE} {{\n\t\t{OPTION} with these braces\n\t}}\n}}\n",
        id="tabs",
    ),
    pytest.param(
        ".:53\r\nkubernetes cluster.local",
        f".:53\r\nkubernetes cluster.local {ZONE} {{\r\n    {OPTION} with these braces\r\n}}",
        id="last-line-without-a-break",
    ),
    pytest.param(
        ".:53 { kubernetes cluster.local {\n }\n}",
        f".:53 {{ kubernetes cluster.local {ZONE} {{\n    {OPTION}\n }}\n}}",
        id="plugin-beside-the-brace",
    ),
]


@pytest.mark.parametrize(("corefile", "enabled"), WHITE_SPACE)
def test_added_lines_look_like_their_neighbours(corefile: str, enabled: str) -> None:
    assert enable(corefile) == enabled
    assert disable(enabled) == corefile


@any_corefile
def test_no_word_is_lost_or_moved(corefile: str) -> None:
    before, after = words(corefile), words(enable(corefile))

    for word in added_words(corefile):
        after = without(after, word)
    assert after == before


def added_words(corefile: str) -> tuple[str, ...]:
    braces = ("{", "}") if "with these braces" in enable(corefile) else ()
    return ("multicluster", ZONE, ZONE, *braces)


def words(corefile: str) -> list[str]:
    return [token.text for token in tokens(corefile)]


def without(found: list[str], word: str) -> list[str]:
    """Leave out the first that came in: none of these words stands before the plugin in the files that have it."""
    at = next(i for i in range(found.index("kubernetes"), len(found)) if found[i] == word)
    return found[:at] + found[at + 1 :]


@any_corefile
def test_disabling_what_was_never_enabled_changes_nothing(corefile: str) -> None:
    assert disable(corefile) == corefile


@pytest.mark.parametrize(
    "corefile",
    [
        pytest.param("}", id="plain"),
        pytest.param(STOCK_EKS_ENABLED.replace(" # added by cloudmap-mcs", "\n}"), id="enabled-by-hand"),
    ],
)
def test_disabling_does_not_read_what_it_never_changed(corefile: str) -> None:
    assert disable(corefile) == corefile


def test_another_zone_may_be_asked_for() -> None:
    enabled = enable(COREFILES["eks"], "clusterset.example")

    assert enabled == STOCK_EKS_ENABLED.replace(ZONE, "clusterset.example")
    assert disable(enabled) == enabled
    assert disable(enabled, "clusterset.example") == COREFILES["eks"]
    assert not is_enabled(enabled)


BY_HAND = [
    pytest.param("kubernetes cluster.local clusterset.local {\n multicluster clusterset.local\n}", id="plain"),
    pytest.param(
        "kubernetes clusterset.local cluster.local {\n multicluster Clusterset.Local.\n}", id="other-spelling"
    ),
    pytest.param('kubernetes "cluster.local" "clusterset.local" {\n multicluster "clusterset.local"\n}', id="quotes"),
    pytest.param("kubernetes {$DOMAIN} clusterset.local {\n multicluster clusterset.local\n}", id="variable"),
    pytest.param(
        "kubernetes cluster.local a.b clusterset.local {\n multicluster a.b clusterset.local\n}", id="two-zones"
    ),
    pytest.param(
        "kubernetes cluster.local clusterset.local {\n import x\n multicluster clusterset.local\n}", id="import"
    ),
]


@pytest.mark.parametrize("plugin", BY_HAND)
def test_what_was_enabled_by_hand_stays(plugin: str) -> None:
    corefile = f".:53 {{\n{plugin}\nforward . /etc/resolv.conf\n}}\n"

    assert is_enabled(corefile)
    assert enable(corefile) == corefile
    assert disable(corefile) == corefile


def test_every_copy_of_the_plugin_may_be_enabled_by_hand() -> None:
    once = STOCK_EKS_ENABLED.replace(" # added by cloudmap-mcs", "")

    assert enable(once + once.replace(".:53", ".:1053")) == once + once.replace(".:53", ".:1053")


def test_snippet_may_be_enabled_by_hand_wherever_it_is_imported() -> None:
    corefile = """\
(own) {
    kubernetes cluster.local clusterset.local {
        multicluster clusterset.local
    }
}
cluster.local:53 clusterset.local:53 {
    import own
}
"""

    assert enable(corefile) == corefile


TOUCHED = [
    pytest.param(
        (" # added by cloudmap-mcs", ""),
        STOCK_EKS_ENABLED.replace(" # added by cloudmap-mcs", ""),
        id="mark-is-gone-so-it-is-theirs",
    ),
    pytest.param(
        (" clusterset.local in-addr.arpa", "\t clusterset.local   in-addr.arpa"),
        COREFILES["eks"].replace(" in-addr.arpa ip6.arpa {", "   in-addr.arpa ip6.arpa {"),
        id="other-white-space",
    ),
    pytest.param(
        ("cluster.local clusterset.local", "clusterset.local cluster.local"),
        COREFILES["eks"],
        id="zones-changed-places",
    ),
    pytest.param(
        ("cluster.local clusterset.local in-addr.arpa ip6.arpa", "clusterset.local"),
        COREFILES["eks"].replace("cluster.local in-addr.arpa ip6.arpa {", "clusterset.local {"),
        id="no-other-zone-is-left",
    ),
    pytest.param(
        ("      pods insecure\n", "      pods insecure\n      ttl 30\n"),
        COREFILES["eks"].replace("      pods insecure\n", "      pods insecure\n      ttl 30\n"),
        id="an-option-more",
    ),
    pytest.param(
        ("      pods insecure\n", "      pods insecure\n      multicluster a.b\n"),
        COREFILES["eks"].replace("      pods insecure\n", "      pods insecure\n      multicluster a.b\n"),
        id="another-clusterset",
    ),
    pytest.param(
        ("cluster.local clusterset.local in-addr.arpa ip6.arpa ", ""),
        COREFILES["eks"].replace("cluster.local in-addr.arpa ip6.arpa {", "{"),
        id="no-zones-at-all",
    ),
]


@pytest.mark.parametrize(("change", "expected"), TOUCHED)
def test_disabling_leaves_what_people_did_since(change: tuple[str, str], expected: str) -> None:
    assert disable(STOCK_EKS_ENABLED.replace(*change, 1)) == expected


def test_braces_stay_when_people_put_something_into_them() -> None:
    enabled = enable(".:53 {\n  kubernetes cluster.local\n}\n").replace("    multi", "    ttl 9\n    multi")

    assert disable(enabled) == ".:53 {\n  kubernetes cluster.local {\n      ttl 9\n  }\n}\n".replace(
        "      ttl", "      ttl"
    )


def test_disabling_refuses_what_it_cannot_read_and_names_the_lines() -> None:
    with pytest.raises(CorefileError) as refusal:
        disable(STOCK_EKS_ENABLED + "}\n")

    assert str(refusal.value).splitlines() == [
        "the Corefile is left as it is: line 19: a closing brace has no opening brace. To do it by hand:",
        "- mend that line",
        "- take out the line: multicluster clusterset.local # added by cloudmap-mcs",
        "- take clusterset.local out of the kubernetes plugin's line",
    ]


# Pieces of which Corefiles are made; what they make is often wrong, and often not in a way anybody would think of.
PIECES = (
    *(
        "{",
        "}",
        " ",
        "\n",
        "\n",
        "\r\n",
        "\t",
        "# x\n",
        "#",
        '"',
        " {\n",
        "\n}\n",
        ".:53 {\n",
        "a, ",
        "(s) {\n",
        "import s\n",
    ),
    *("kubernetes ", "cluster.local", " cluster.local ", "in-addr.arpa ", "10.0.0.0/8 ", "clusterset.local ", "{$X} "),
    *("pods insecure\n", "multicluster ", "ttl 5", "forward . 1.1.1.1\n", "kubernetes cluster.local {\n ttl 5\n }\n"),
    *(
        "kubernetes cluster.local",
        "cluster.local:53 ",
        "kubernetes cluster.local { # }\n",
        "\n  }",
        "\ufeff",
        "\x0b",
        "\u2003",
    ),
)


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_any_text_is_refused_or_edited_so_that_it_can_be_taken_back(text: str) -> None:
    refused_or_reversible(text)


@given(
    st.lists(st.sampled_from(PIECES), max_size=6).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=6).map("".join),
)
def test_any_text_within_and_beside_the_plugin_keeps_its_bytes(within: str, beside: str) -> None:
    refused_or_reversible(f".:53 {{\n  kubernetes cluster.local ip6.arpa {{\n ttl 5\n{within}\n }}\n{beside}\n}}\n")
    refused_or_reversible(f".:53 {{\n  kubernetes cluster.local {within}\n{beside}\n}}\n")


def refused_or_reversible(text: str) -> None:
    try:
        enabled = enable(text)
    except CorefileError as refusal:
        assert "\n- " in str(refusal)  # noqa: PT017  (refusals are right answers here, and they say what to do)
        return

    assert is_enabled(enabled)
    assert enable(enabled) == enabled
    if enabled != text:
        assert disable(enabled) == text
        assert others(enabled) == others(text)


def others(corefile: str) -> list[list[str]]:
    """The words of all directives but the plugin, directive by directive."""
    return [
        [token.text for token in (directive.name, *directive.rest)]
        for block in parse(corefile).blocks
        for directive in block.directives
        if directive.name.text != "kubernetes"
    ]


@pytest.mark.parametrize(
    "zone", ["", ".", "local", "Clusterset.local", "clusterset.local.", "a.b c.d", "a..b", "-a.b", "{a}.b"]
)
@pytest.mark.parametrize("function", [enable, disable, is_enabled])
def test_zone_that_is_no_domain_is_refused(function: object, zone: str) -> None:
    assert callable(function)
    with pytest.raises(PermanentError, match=r"^zone .*: allowed is a domain in lower case without a last dot"):
        function(COREFILES["eks"], zone)


VERSIONS = [
    ("1.12.2", True),
    ("v1.12.2", True),
    ("v1.12.4-eksbuild.1", True),
    ("v1.13.0", True),
    ("v1.100.0", True),
    ("v2.0.0", True),
    ("v1.12.1", False),
    ("v1.11.4-eksbuild.24", False),
    ("v1.9.9", False),
    ("v0.99.99", False),
]


@pytest.mark.parametrize(("version", "expected"), VERSIONS)
def test_option_came_with_1_12_2(version: str, *, expected: bool) -> None:
    """coredns/coredns#7266."""
    assert supports_multicluster(version) is expected


@pytest.mark.parametrize("version", ["", "latest", "v1.12", "1.12.2.1", "v1.12.2\n", "coredns:v1.12.2", "sha256:1.2.3"])
def test_version_that_is_no_release_is_refused(version: str) -> None:
    with pytest.raises(PermanentError, match=r"^CoreDNS version .*: allowed is a release, as v1\.12\.4"):
        supports_multicluster(version)
