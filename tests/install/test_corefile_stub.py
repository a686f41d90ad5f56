"""The edit that forwards the zone: what it adds, that it changes nothing else, and that it can be taken back."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudmap_mcs.errors import PermanentError
from cloudmap_mcs.install.caddyfile import parse
from cloudmap_mcs.install.corefile import disable, enable
from cloudmap_mcs.install.corefile_refusals import CorefileError
from cloudmap_mcs.install.corefile_stub import has_server, is_stubbed, stub, unstub
from cloudmap_mcs.install.dns import forwarded, served, untouched
from tests.install.corefile_servers import STOCK, a_server
from tests.install.corefile_texts import COREFILES
from tests.install.test_corefile import variants
from tests.install.test_corefile_any_text import PIECES

IP, OTHER_IP, IP6 = "10.100.0.53", "172.20.5.6", "fd00:10::53"
EKS = COREFILES["eks"]
REFUSED = {"both-names", "one-server-no-braces"}
ADDED = f"""\
clusterset.local:53 {{ # added by cloudmap-mcs
    errors
    cache 30
    forward . {IP}
}}
"""

any_corefile = pytest.mark.parametrize("name", sorted(COREFILES.keys() - REFUSED))


def test_stock_eks_corefile_gains_one_server_at_its_end() -> None:
    assert stub(EKS, [IP]) == EKS + ADDED


@any_corefile
def test_twice_is_as_once_and_back_is_the_same_bytes(name: str) -> None:
    for text in variants(COREFILES[name]):
        stubbed = stub(text, [IP])

        assert stubbed.startswith(text)
        assert stub(stubbed, [IP]) == stubbed
        assert unstub(stubbed) == text
        assert (is_stubbed(text, [IP]), is_stubbed(stubbed, [IP])) == (False, True)
        assert (has_server(text), has_server(stubbed)) == (False, True)


@any_corefile
def test_other_addresses_change_one_line_and_nothing_else(name: str) -> None:
    once = stub(COREFILES[name], [IP])

    twice = stub(once, [OTHER_IP, IP6])

    assert twice == once.replace(f"forward . {IP}", f"forward . {OTHER_IP} {IP6}")
    assert (is_stubbed(twice, [IP]), is_stubbed(twice, [OTHER_IP, IP6])) == (False, True)
    assert stub(twice, [IP]) == once
    assert unstub(twice) == COREFILES[name]


@any_corefile
def test_other_servers_keep_every_word(name: str) -> None:
    before, after = parse(COREFILES[name]).blocks, parse(stub(COREFILES[name], [IP])).blocks

    assert after[:-1] == before
    assert [key.text.partition(":")[0] for key in after[-1].keys] == ["clusterset.local"]


@any_corefile
def test_line_breaks_are_those_of_the_file(name: str) -> None:
    text = COREFILES[name]

    assert stub(text.replace("\n", "\r\n"), [IP]) == stub(text, [IP]).replace("\n", "\r\n")


@any_corefile
def test_one_edit_takes_the_other_out(name: str) -> None:
    text = COREFILES[name]
    is_served, is_forwarded = enable(text), stub(text, [IP])

    assert forwarded(is_served, [IP]) == is_forwarded
    assert served(is_forwarded) == is_served
    assert untouched(is_forwarded) == untouched(is_served) == untouched(text) == text
    assert disable(is_forwarded) == is_forwarded
    assert unstub(is_served) == is_served


PORTS = [
    pytest.param(".:53", "clusterset.local:53", id="usual"),
    pytest.param(".", "clusterset.local", id="as-started"),
    pytest.param(".:1053", "clusterset.local:1053", id="unprivileged"),
    pytest.param("dns://.:5353", "clusterset.local:5353", id="with-scheme"),
    pytest.param(".:53, .:1053", "clusterset.local:53 clusterset.local:1053", id="two-ports"),
    pytest.param("cluster.local:53 local:54", "clusterset.local:54", id="parent-zone"),
    pytest.param(".:53 tls://.:853 https://.:443", "clusterset.local:53", id="plain-ones-only"),
]


@pytest.mark.parametrize(("names", "keys"), PORTS)
def test_it_listens_where_pods_ask(names: str, keys: str) -> None:
    stubbed = stub(a_server(STOCK, name=names), [IP])

    assert f"\n{keys} {{ # added by cloudmap-mcs\n" in stubbed
    assert stub(stubbed, [IP]) == stubbed


def test_it_follows_when_the_cluster_listens_elsewhere() -> None:
    stubbed = stub(EKS, [IP])

    assert stub(stubbed.replace(".:53 {", ".:1053 {"), [IP]) == stubbed.replace(":53 {", ":1053 {")


def test_two_servers_on_two_ports_get_one_beside_them() -> None:
    text = a_server(STOCK) + a_server(STOCK, name=".:1053")

    assert "clusterset.local:53 clusterset.local:1053 { # added" in stub(text, [IP])


def test_what_a_person_sets_in_it_stays_while_it_does() -> None:
    own = stub(EKS, [IP]).replace("    cache 30\n    forward . 10", "    cache 5\n    log\n    forward . 10")
    braced = own.replace(f"forward . {IP}\n", f"forward . {IP} {{\n        force_tcp\n    }}\n")

    assert stub(own, [IP]) == own
    assert stub(braced, [IP6]) == braced.replace(IP, IP6)
    assert unstub(braced) == unstub(own) == EKS


def test_it_is_found_and_taken_out_wherever_it_was_moved_to() -> None:
    moved = ADDED + EKS
    squeezed = EKS.removesuffix("}\n") + "} " + ADDED.rstrip("\n") + " # the end\n"

    assert stub(moved, [IP]) == moved
    assert unstub(moved) == EKS
    assert unstub(squeezed) == EKS.removesuffix("\n") + "  # the end\n"
    assert unstub(ADDED.removesuffix("\n") + " # the end\n" + EKS) == " # the end\n" + EKS


def test_a_server_by_hand_that_forwards_to_the_same_place_is_left_alone() -> None:
    by_hand = EKS + ADDED.replace(" # added by cloudmap-mcs", "")

    assert stub(by_hand, [IP]) == by_hand
    assert is_stubbed(by_hand, [IP])
    assert unstub(by_hand) == by_hand


def test_several_servers_of_ours_all_go() -> None:
    assert unstub(ADDED + EKS + ADDED) == EKS


@pytest.mark.parametrize("addresses", [[], ["clusterset-dns"], [f"{IP}:53"], ["10.0.0.0/8"], [""]])
@pytest.mark.parametrize("function", [stub, is_stubbed])
def test_only_addresses_are_forwarded_to(function: object, addresses: Sequence[str]) -> None:
    assert callable(function)
    with pytest.raises(PermanentError, match=r"^addresses of our DNS Service: "):
        function(EKS, addresses)


def test_an_address_is_written_once_and_in_its_short_form() -> None:
    assert f"forward . {IP6}\n" in stub(EKS, ["FD00:0010:0::53", IP6])


@pytest.mark.parametrize("zone", ["", ".", "local", "Clusterset.local", "a.b c.d"])
def test_zone_that_is_no_domain_is_refused(zone: str) -> None:
    with pytest.raises(PermanentError, match=r"^zone .*: allowed is a domain in lower case"):
        stub(EKS, [IP], zone)


def test_another_zone_may_be_asked_for() -> None:
    stubbed = stub(EKS, [IP], "clusterset.example")

    assert stubbed == EKS + ADDED.replace("clusterset.local", "clusterset.example")
    assert unstub(stubbed) == stubbed
    assert unstub(stubbed, "clusterset.example") == EKS


@given(
    st.lists(st.sampled_from((*PIECES, ADDED, "clusterset.local:53 {\n", "bind 1.1.1.1\n")), max_size=10).map("".join),
    st.sampled_from(("", EKS, "\n" + EKS, ".:53 {\n" + STOCK + "\n}")),
)
def test_any_text_is_refused_or_edited_so_that_it_can_be_taken_back(text: str, stock: str) -> None:
    for whole in (text + stock, stock + text):
        try:
            stubbed = stub(whole, [IP])
        except CorefileError as refusal:
            assert "To do it by hand:\n- " in str(refusal)  # noqa: PT017  (refusals are right answers here)
            continue
        assert is_stubbed(stubbed, [IP])
        assert stub(stubbed, [IP]) == stubbed
        if not has_server(whole):
            assert stubbed.startswith(whole)
            assert unstub(stubbed) == whole
