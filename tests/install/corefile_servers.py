"""Pieces of Corefiles that are refused, and what every refusal must say."""

import pytest

from cloudmap_mcs.install.corefile import enable
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


def check_refusal(corefile: str, why: str, steps: tuple[str, ...], by_hand: str | None) -> None:
    """See why it is refused and what to do, and that the Corefile is accepted once that is done (None: not seen)."""
    with pytest.raises(CorefileError) as refusal:
        enable(corefile)

    head, *rest = str(refusal.value).split("\n")
    assert head == f"the Corefile is left as it is: {why}. To do it by hand:"
    assert tuple(rest) == tuple(f"- {step}" for step in steps)
    assert by_hand is None or enable(by_hand) == by_hand
