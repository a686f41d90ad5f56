"""Corefiles to which no server is added: each refusal says why, and what it says to write by hand is then accepted."""

import pytest

from cloudmap_mcs.install.corefile_refusals import CorefileError
from cloudmap_mcs.install.corefile_stub import has_server, is_stubbed, stub, unstub
from tests.install.corefile_servers import STOCK, a_server
from tests.install.corefile_texts import COREFILES
from tests.install.test_corefile_stub import ADDED, EKS, IP

BY_HAND = """\
below the last server add one for clusterset.local, ADDRESS being that of the Service clusterset-dns in the namespace \
cloudmap-mcs-system:
    {keys} {{{more}
      errors
      cache 30
      forward . ADDRESS
    }}"""


def by_hand(keys: str = "clusterset.local:53", *, more: str = "") -> str:
    return BY_HAND.format(keys=keys, more=f"\n      {more}" if more else "")


# The Corefile, why it is refused, what to do first, the lines to add, and where they can be seen, the file after that.
REFUSALS = [
    pytest.param(
        COREFILES["both-names"],
        "line 1: the server clusterset.local:53 answers for clusterset.local, and is not ours",
        ("take out the server clusterset.local:53 that begins in line 1",),
        by_hand(),
        id="somebody-elses-server",
    ),
    pytest.param(
        a_server(STOCK) + a_server("forward . 10.0.0.9", name="a.b, svc.Clusterset.local."),
        "line 6: the server svc.Clusterset.local. answers for clusterset.local, and is not ours",
        ("take out the server svc.Clusterset.local. that begins in line 6",),
        by_hand(),
        id="server-for-a-part",
    ),
    pytest.param(
        a_server(STOCK) + ADDED.replace(":53", ":53 other.example:53"),
        "line 6: the server clusterset.local:53 answers for clusterset.local, and is not ours",
        ("take out the server clusterset.local:53 that begins in line 6",),
        by_hand(),
        id="ours-with-another-name",
    ),
    pytest.param(
        a_server(STOCK) + a_server("log", name="{$STUB}:53"),
        "line 6: only the running CoreDNS knows what {$STUB}:53 stands for",
        ("line 6: make sure that it is no server for clusterset.local",),
        by_hand(),
        id="server-from-a-variable",
    ),
    pytest.param(
        a_server("kubernetes cluster.local clusterset.local {", "multicluster clusterset.local", "}"),
        "line 2: the kubernetes plugin serves clusterset.local already",
        ("take clusterset.local out of the kubernetes plugin",),
        by_hand(),
        id="served-by-hand",
    ),
    pytest.param(
        a_server(STOCK, name="cluster.local:53 tls://."),
        "no server of it answers for clusterset.local, not even for everything, over plain DNS",
        (),
        by_hand(),
        id="nothing-asks",
    ),
    pytest.param(
        a_server(STOCK) + a_server("log", name="local"),
        "servers with a port and without one answer for clusterset.local, which may be the same port",
        ("write the port to each of them",),
        by_hand(),
        id="ports-unclear",
    ),
    pytest.param(
        a_server("errors", "forward . /etc/resolv.conf"),
        "it has no kubernetes plugin, so it may not be that of the cluster's CoreDNS",
        (),
        by_hand(),
        id="no-plugin",
    ),
    pytest.param(
        a_server("bind 169.254.20.10 10.96.0.10", STOCK, name=".:5353"),
        "line 2: a server that binds itself to addresses needs one beside it that does, too",
        (),
        by_hand("clusterset.local:5353", more="bind 169.254.20.10 10.96.0.10"),
        id="bound-to-addresses",
    ),
    pytest.param(
        "(net) {\n  bind 10.0.0.1\n}\n" + a_server(STOCK, "import net"),
        "line 2: a server that binds itself to addresses needs one beside it that does, too",
        (),
        by_hand(more="bind 10.0.0.1"),
        id="bound-in-a-snippet",
    ),
    pytest.param(
        COREFILES["one-server-no-braces"],
        "line 1: the server .:1053 has no braces, and nothing can stand below it",
        ("put { behind its names, and } in a line of its own at the end",),
        by_hand("clusterset.local:1053"),
        id="no-braces",
    ),
]


@pytest.mark.parametrize(("corefile", "why", "first", "lines"), REFUSALS)
def test_refusal_says_why_and_what_to_do(corefile: str, why: str, first: tuple[str, ...], lines: str) -> None:
    with pytest.raises(CorefileError) as refusal:
        stub(corefile, [IP])

    head, *rest = str(refusal.value).split("\n- ")
    assert head == f"the Corefile is left as it is: {why}. To do it by hand:"
    assert tuple(rest) == (*first, lines)


@pytest.mark.parametrize(
    ("corefile", "keys", "more"),
    [
        pytest.param(a_server("bind 10.0.0.1", STOCK), "clusterset.local:53", "bind 10.0.0.1", id="bound"),
        pytest.param(a_server(STOCK) + a_server("log", name="{$STUB}:53"), "clusterset.local:53", "", id="variable"),
        pytest.param(a_server(STOCK, name="cluster.local tls://."), "clusterset.local:53", "", id="nothing-asks"),
    ],
)
def test_what_is_written_by_hand_as_told_is_accepted(corefile: str, keys: str, more: str) -> None:
    with pytest.raises(CorefileError):
        stub(corefile, [IP])
    _, _, told = by_hand(keys, more=more).partition(":\n")
    done = corefile + told.replace("ADDRESS", IP) + "\n"

    assert stub(done, [IP]) == done


CHANGED = [
    pytest.param(ADDED.replace(f"    forward . {IP}\n", ""), id="no-forward"),
    pytest.param(ADDED.replace(f"forward . {IP}", "forward corp.example 10.0.0.1"), id="for-another-zone"),
    pytest.param(ADDED.replace(f"forward . {IP}", "forward ."), id="no-address"),
    pytest.param(ADDED.replace("errors", "forward . 10.0.0.1"), id="two"),
]


@pytest.mark.parametrize("changed", CHANGED)
def test_our_server_that_does_not_forward_any_more_is_left_and_can_be_taken_out(changed: str) -> None:
    with pytest.raises(CorefileError, match=r"line 18: our server was changed, and has no one line .*forward \."):
        stub(EKS + changed, [IP])

    assert not is_stubbed(EKS + changed, [IP])
    assert unstub(EKS + changed) == EKS


def test_our_server_twice_is_told_of() -> None:
    with pytest.raises(CorefileError, match=r"our server is there more than once \(line 1 and line 23\)"):
        stub(ADDED + EKS + ADDED, [IP])


def test_our_server_for_another_name_too_is_not_taken_out() -> None:
    with pytest.raises(CorefileError, match=r"line 18: our server for clusterset\.local has other names, too"):
        unstub(EKS + ADDED.replace(":53", ":53 other.example:53"))


@pytest.mark.parametrize("function", [lambda text: stub(text, [IP]), unstub, has_server])
@pytest.mark.parametrize("broken", ["}\n", ". {\nkubernetes a.b {\nttl {\n}\n}\n}\n"])
def test_what_coredns_could_not_read_is_not_edited(function: object, broken: str) -> None:
    assert callable(function)
    with pytest.raises(CorefileError, match=r"line 2\d: .*\n- mend that line\n- below the last server"):
        function(EKS + ADDED + broken)
