"""Whatever text there is: it is refused, or edited so that the edit can be taken back."""

from hypothesis import given
from hypothesis import strategies as st

from cloudmap_mcs.install.caddyfile import parse
from cloudmap_mcs.install.corefile import disable, enable, is_enabled
from cloudmap_mcs.install.corefile_refusals import CorefileError

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
