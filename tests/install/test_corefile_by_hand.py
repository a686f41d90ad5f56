"""Corefiles that people changed, before our edit or after it: what is theirs stays."""

import pytest

from cloudmap_mcs.install.corefile import disable, enable, is_enabled
from cloudmap_mcs.install.corefile_refusals import CorefileError
from tests.install.corefile_texts import COREFILES, STOCK_EKS_ENABLED


@pytest.mark.parametrize(
    "corefile",
    [
        pytest.param("}", id="plain"),
        pytest.param(STOCK_EKS_ENABLED.replace(" # added by cloudmap-mcs", "\n}"), id="enabled-by-hand"),
    ],
)
def test_disabling_does_not_read_what_it_never_changed(corefile: str) -> None:
    assert disable(corefile) == corefile


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
