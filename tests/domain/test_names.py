import base64
import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudmap_mcs.domain import names
from cloudmap_mcs.domain.model import ClusterId, ServiceKey, cluster_id
from cloudmap_mcs.domain.names import derived_cluster_id

SUBDOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", re.ASCII)
LABELS = st.from_regex(r"\A[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
KEYS = st.builds(ServiceKey, LABELS, LABELS)
EKS_NAME = r"[0-9A-Za-z][0-9A-Za-z_-]{0,99}"
SOURCES = st.from_regex(r"\A[a-z0-9]([a-z0-9-]{0,43}[a-z0-9])?\Z").map(ClusterId)
A = ClusterId("a")


def test_the_derived_service_is_named_as_upstream_does() -> None:
    """The mcs-api reference: ten characters of base32hex of sha256 of namespace/name."""
    digest = base64.b32hexencode(hashlib.sha256(b"shop/web").digest()).decode().lower()

    assert names.derived_service(ServiceKey("shop", "web")) == f"derived-{digest[:10]}" == "derived-isrlchlhrq"


@given(KEYS)
def test_a_derived_service_is_a_dns_label(key: ServiceKey) -> None:
    assert re.fullmatch(r"derived-[0-9a-v]{10}", names.derived_service(key))


@given(KEYS, SOURCES, st.text(), st.integers(0, 100))
def test_an_imported_slice_is_a_dns_subdomain_within_its_limit(
    key: ServiceKey, source: ClusterId, source_slice: str, split: int
) -> None:
    name = names.imported_slice(key, source, source_slice, split)

    assert SUBDOMAIN.fullmatch(name)
    assert len(name) <= 253


@pytest.mark.parametrize("length", range(225, 240))
def test_an_overlong_slice_name_is_cut_where_it_means_least(length: int) -> None:
    """No valid key is that long; wherever the cut falls, the hash and the first letter survive it."""
    name = names.imported_slice(ServiceKey("shop", "w" * length + "-." + "x" * 30), A, "web-abc")

    assert re.fullmatch(r"w{200}.*[^-.]-[0-9a-v]{20}", name)
    assert SUBDOMAIN.fullmatch(name.replace("-.", ""))
    assert len(name) <= 253


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(("shop", "web", "a", "s", 0), ("shop2", "web", "a", "s", 0), id="namespace"),
        pytest.param(("shop", "web", "a", "s", 0), ("shop", "web2", "a", "s", 0), id="name"),
        pytest.param(("shop", "web", "a", "s", 0), ("shop", "web", "b", "s", 0), id="cluster"),
        pytest.param(("shop", "web", "a", "s", 0), ("shop", "web", "a", "t", 0), id="slice"),
        pytest.param(("shop", "web", "a", "s", 0), ("shop", "web", "a", "s", 1), id="split"),
        pytest.param(("shop", "web-a", "b", "s", 0), ("shop", "web", "a-b", "s", 0), id="hyphens-moved"),
        pytest.param(("shop", "web", "a", "s1", 1), ("shop", "web", "a", "s11", 0), id="digits-moved"),
    ],
)
def test_slices_that_differ_have_different_names(
    one: tuple[str, str, str, str, int], other: tuple[str, str, str, str, int]
) -> None:
    def name(identity: tuple[str, str, str, str, int]) -> str:
        namespace, service, cluster, source_slice, split = identity
        return names.imported_slice(ServiceKey(namespace, service), ClusterId(cluster), source_slice, split)

    assert name(one) != name(other)
    assert name(one) == name(one)


@given(KEYS)
def test_a_cloud_map_service_name_reads_back_as_its_key_within_the_limit(key: ServiceKey) -> None:
    name = names.cloud_map_service(key)

    assert names.service_key(name) == key
    assert len(name) <= names.CLOUD_MAP_NAME_LIMIT


@pytest.mark.parametrize(
    "name",
    [
        names.MEMBERS, "", ".", "web.", ".shop", "web.shop.svc", "web..shop", "_http._tcp", "Web.shop", "web.Shop",
        "-web.shop", "web-.shop", "web.-shop", "web.shop\n", "wéb.shop", "w" * 64 + ".shop",
    ],
)  # fmt: skip
def test_a_name_that_is_not_two_dns_labels_is_not_ours(name: str) -> None:
    assert names.service_key(name) is None


def test_the_namespace_carries_the_clusterset() -> None:
    assert names.namespace("prod") == "mcs.prod"


@pytest.mark.parametrize(
    ("eks_name", "expected"),
    [
        pytest.param("east", "east", id="an-id-already"),
        pytest.param("prod-eu-1", "prod-eu-1", id="hyphens"),
        pytest.param("a" * 45, "a" * 45, id="just-within"),
        pytest.param("Prod_EU", r"prod-eu-[0-9a-v]{6}", id="capitals-and-underscores"),
        pytest.param("east_", r"east-[0-9a-v]{6}", id="awkward-end"),
        pytest.param("a--b", "a--b", id="two-hyphens"),
        pytest.param("a" * 46, r"a{38}-[0-9a-v]{6}", id="one-too-long"),
        pytest.param("x" * 37 + "-" + "y" * 62, r"x{37}-[0-9a-v]{6}", id="cut-at-a-hyphen"),
        pytest.param("__", r"[0-9a-v]{6}", id="nothing-left"),
    ],
)
def test_an_id_is_made_of_any_eks_name(eks_name: str, expected: str) -> None:
    """KEP-2149: an id is one DNS label; EKS allows 100 letters, digits, hyphens and underscores."""
    assert re.fullmatch(expected, derived_cluster_id(eks_name))


@given(first=st.from_regex(EKS_NAME, fullmatch=True), second=st.from_regex(EKS_NAME, fullmatch=True))
def test_two_eks_names_never_give_the_same_id(first: str, second: str) -> None:
    ids = {cluster_id(derived_cluster_id(name)) for name in (first, second)}

    assert len(ids) == len({first, second})
