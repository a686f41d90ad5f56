"""The edit of Corefiles: what it changes, that it changes nothing else, and that it can be taken back."""

from difflib import ndiff

import pytest

from cloudmap_mcs.errors import PermanentError
from cloudmap_mcs.install.caddyfile import tokens
from cloudmap_mcs.install.corefile import disable, enable, is_enabled, supports_multicluster
from tests.install.corefile_texts import COREFILES, STOCK_EKS_ENABLED

ZONE = "clusterset.local"
OPTION = "multicluster clusterset.local # added by cloudmap-mcs"

any_corefile = pytest.mark.parametrize("corefile", COREFILES.values(), ids=COREFILES.keys())

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


def test_another_zone_may_be_asked_for() -> None:
    enabled = enable(COREFILES["eks"], "clusterset.example")

    assert enabled == STOCK_EKS_ENABLED.replace(ZONE, "clusterset.example")
    assert disable(enabled) == enabled
    assert disable(enabled, "clusterset.example") == COREFILES["eks"]
    assert not is_enabled(enabled)


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
