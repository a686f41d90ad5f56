import pytest

from cloudmap_mcs.domain.model import (
    Endpoint,
    Family,
    Gap,
    Port,
    Protocol,
    Record,
    ServiceKey,
    Slice,
    cluster_id,
    family_of,
    next_generation,
    pairs,
)
from cloudmap_mcs.errors import PermanentError
from tests.builders import a_record, a_slice, an_export


@pytest.mark.parametrize("text", ["a", "0", "eu-west-1", "a" * 45, "1-2"])
def test_one_dns_label_is_a_cluster_id(text: str) -> None:
    assert cluster_id(text) == text


@pytest.mark.parametrize(
    "text",
    ["", "a" * 46, "A", "a.b", "a_b", "-a", "a-", "a b", "a\n", "ä", "é", "\N{ARABIC-INDIC DIGIT ONE}", "a/b"],
)
def test_anything_else_is_refused_with_what_is_allowed(text: str) -> None:
    """KEP-2149; CoreDNS reads a single label."""
    with pytest.raises(PermanentError, match="one DNS label of at most 45 characters") as refusal:
        cluster_id(text)

    assert repr(text[:80]) in str(refusal.value)


def test_a_hostile_cluster_id_does_not_fill_the_log() -> None:
    with pytest.raises(PermanentError) as refusal:
        cluster_id("x" * 100_000)

    assert len(str(refusal.value)) < 300


def test_a_key_reads_as_people_write_it_and_sorts_by_namespace() -> None:
    assert str(ServiceKey("shop", "web")) == "shop/web"
    assert min(ServiceKey("b", "a"), ServiceKey("a", "b")) == ServiceKey("a", "b")


def test_string_maps_are_equal_whatever_their_order() -> None:
    assert pairs({"b": "2", "a": "1"}) == pairs({"a": "1", "b": "2"}) == (("a", "1"), ("b", "2"))
    assert pairs(None) == ()


def test_slices_are_equal_whatever_the_order_of_ports_and_endpoints() -> None:
    one, two = Port("a", Protocol.TCP, 1), Port("b", Protocol.UDP, 2)
    first, second = Endpoint("10.0.0.1"), Endpoint("10.0.0.2")

    assert Slice.of("s", Family.IPV4, [two, one], [second, first]) == Slice.of(
        "s", Family.IPV4, [one, two], [first, second]
    )


def test_exports_are_equal_whatever_the_order_of_slices() -> None:
    one, two = a_slice("10.0.0.1", name="s1"), a_slice("10.0.0.2", name="s2")

    assert an_export(slices=[two, one]) == an_export(slices=[one, two])


def test_an_endpoint_is_ready_unless_it_says_otherwise() -> None:
    """KEP-752: `ready: null` means ready."""
    endpoint = Endpoint("10.0.0.1")

    assert (endpoint.ready, endpoint.serving, endpoint.terminating) == (True, True, False)


def test_precedence_is_by_age_then_cluster_id() -> None:
    exports = [an_export("b", created=1), an_export("a", created=2), an_export("a", created=1)]

    assert [(export.created, export.cluster) for export in sorted(exports, key=lambda export: export.precedence)] == [
        (1, "a"),
        (1, "b"),
        (2, "a"),
    ]


WHOLE = an_export("a")


@pytest.mark.parametrize(
    ("record", "is_exporter", "has_offer"),
    [
        pytest.param(a_record(WHOLE), True, True, id="whole"),
        pytest.param(a_record(Gap.UNEXPORTED), False, False, id="tombstone"),
        pytest.param(a_record(Gap.INCOMPLETE, head=WHOLE), True, True, id="parts-missing"),
        pytest.param(a_record(Gap.INCOMPLETE), True, False, id="newer-format"),
    ],
)
def test_only_a_tombstone_says_that_a_cluster_does_not_export(
    record: Record, is_exporter: bool, has_offer: bool
) -> None:
    assert record.is_exporter is is_exporter
    assert record.offer == (WHOLE if has_offer else None)


@pytest.mark.parametrize(
    ("now", "last", "following"),
    [
        pytest.param(1_000, 0, 1_000, id="the-time"),
        pytest.param(1_000, 999, 1_000, id="just-after"),
        pytest.param(1_000, 1_000, 1_001, id="same-millisecond"),
        pytest.param(1_000, 5_000, 5_001, id="clock-went-back"),
    ],
)
def test_generations_only_grow(now: int, last: int, following: int) -> None:
    assert next_generation(now, last) == following > last


@pytest.mark.parametrize(("address", "family"), [("10.0.0.1", Family.IPV4), ("fd00::1", Family.IPV6)])
def test_a_colon_makes_an_address_ipv6(address: str, family: Family) -> None:
    assert family_of(address) is family
