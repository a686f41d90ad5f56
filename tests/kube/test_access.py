"""Where tokens, addresses and CAs come from."""

import base64
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import ClientError, CredentialRetrievalError, EndpointConnectionError
from botocore.session import Session

from cloudmap_mcs.errors import McsError, PermanentError, RetryableError, UnreachableError
from cloudmap_mcs.kube.access import (
    ApiServer,
    FixedServer,
    FixedToken,
    FolderServer,
    FolderToken,
    in_cluster_url,
)
from cloudmap_mcs.kube.eks import ClusterGoneError, ClusterLeavingError, EksDeniedError, EksServer
from cloudmap_mcs.kube.tokens import EksCluster, EksToken, eks_cluster, mint

PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
CLUSTER = EksCluster("Prod_East", "eu-west-1")
DESCRIBED = {
    "status": "ACTIVE",
    "endpoint": "https://abc.gr7.eu-west-1.eks.amazonaws.com",
    "certificateAuthority": {"data": base64.b64encode(PEM.encode()).decode()},
}


class Now:
    def __init__(self) -> None:
        self.seconds = 1_700_000_000.0

    def __call__(self) -> float:
        return self.seconds


def signed_url(token: str) -> str:
    body = token.removeprefix("k8s-aws-v1.")
    return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()


def test_a_token_is_a_presigned_call_to_the_regional_sts_that_signs_the_cluster_name() -> None:
    token = mint(ReadOnlyCredentials("AKID", "secret", "session"), CLUSTER)

    url = urlsplit(signed_url(token))
    query = parse_qs(url.query)
    assert token.startswith("k8s-aws-v1.")
    assert "=" not in token
    assert (url.scheme, url.netloc, url.path) == ("https", "sts.eu-west-1.amazonaws.com", "/")
    assert query["Action"] == ["GetCallerIdentity"]
    assert query["Version"] == ["2011-06-15"]
    assert query["X-Amz-Expires"] == ["60"]
    assert query["X-Amz-SignedHeaders"] == ["host;x-k8s-aws-id"]
    assert query["X-Amz-Security-Token"] == ["session"]
    assert "/eu-west-1/sts/aws4_request" in query["X-Amz-Credential"][0]
    assert "secret" not in signed_url(token)


@pytest.mark.parametrize(
    ("region", "suffix"),
    [("eu-west-1", "amazonaws.com"), ("cn-north-1", "amazonaws.com.cn"), ("us-gov-west-1", "amazonaws.com")],
)
def test_the_sts_host_is_that_of_the_regions_partition(region: str, suffix: str) -> None:
    cluster = eks_cluster(Session(), "east", region)

    token = mint(ReadOnlyCredentials("AKID", "secret", None), cluster)

    assert urlsplit(signed_url(token)).netloc == f"sts.{region}.{suffix}"


def test_a_token_is_used_for_ten_minutes() -> None:
    now = Now()
    source = EksToken(CLUSTER, lambda: Credentials("AKID", "secret", "one"), now=now)
    first = source.current()

    now.seconds += 599
    assert source.current() is first
    now.seconds += 1
    assert source.current() is not first


def test_a_token_does_not_outlive_the_credentials_that_signed_it() -> None:
    credentials = [Credentials("AKID", "secret", "one")]
    source = EksToken(CLUSTER, lambda: credentials[0], now=Now())
    first = source.current()

    credentials[0] = Credentials("AKID", "secret", "two")

    assert parse_qs(urlsplit(signed_url(source.current())).query)["X-Amz-Security-Token"] == ["two"]
    assert source.current() != first


def test_a_refused_token_is_minted_anew_but_only_once_for_several_threads() -> None:
    credentials = [Credentials("AKID", "secret", "one")]
    source = EksToken(CLUSTER, lambda: credentials[0], now=Now())
    first = source.current()
    credentials[0] = Credentials("AKID", "secret", "two")

    second = source.renew(first)

    assert second != first
    assert source.renew(first) is second


def no_credentials() -> None:
    return None


def failing_credentials() -> None:
    raise CredentialRetrievalError(provider="container-role", error_msg="connection refused")


@pytest.mark.parametrize("source", [no_credentials, failing_credentials])
def test_credentials_that_are_not_there_yet_are_waited_for(source: Any) -> None:
    with pytest.raises(RetryableError, match="EKS cluster Prod_East: no AWS credentials"):
        EksToken(CLUSTER, source, now=Now()).current()


def test_a_mounted_token_is_read_again_each_minute_and_when_it_was_refused(tmp_path: Path) -> None:
    now = Now()
    file = tmp_path / "token"
    file.write_text("one\n")
    source = FolderToken(tmp_path, monotonic=now)
    assert source.current() == "one"
    file.write_text("two\n")

    now.seconds += 59
    assert source.current() == "one"
    assert source.renew("one") == "two"
    file.write_text("three\n")
    now.seconds += 60
    assert source.current() == "three"


def test_a_folder_that_is_not_mounted_yet_is_waited_for(tmp_path: Path) -> None:
    with pytest.raises(RetryableError, match=r"cannot read .*token: No such file"):
        FolderToken(tmp_path, monotonic=Now()).current()
    with pytest.raises(RetryableError, match=r"cannot read .*ca\.crt"):
        FolderServer("https://10.0.0.1", tmp_path).current()


def test_a_replaced_ca_file_is_taken_up_after_a_tls_failure(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text(PEM)
    source = FolderServer("https://10.0.0.1", tmp_path)
    before = source.current()
    (tmp_path / "ca.crt").write_text(PEM + PEM)

    assert source.renew(before) == ApiServer("https://10.0.0.1", PEM + PEM)


def test_fixed_sources_have_nothing_else_to_offer() -> None:
    server = ApiServer("https://10.0.0.1", PEM)

    assert FixedServer(server).renew(server) is FixedServer(server).current() is server
    assert FixedToken("t").renew("t") == FixedToken("t").current() == "t"


@pytest.mark.parametrize("ca", ["", "  \n", "not a certificate"])
def test_no_server_is_trusted_without_a_ca(ca: str) -> None:
    with pytest.raises(PermanentError, match=r"https://10\.0\.0\.1: no CA"):
        ApiServer("https://10.0.0.1", ca)


def test_addresses_of_pods_of_both_families_are_spelt() -> None:
    assert in_cluster_url("10.0.0.1", "443") == "https://10.0.0.1:443"
    assert in_cluster_url("fd00::1", "443") == "https://[fd00::1]:443"


class Eks:
    """The one call of the EKS client that we use."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def describe_cluster(self, *, name: str) -> dict[str, Any]:
        self.asked.append(name)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return {"cluster": answer}


def test_a_cluster_is_described_once_and_again_after_a_failure_but_not_all_the_time() -> None:
    now, moved = Now(), DESCRIBED | {"endpoint": "https://new.example"}
    eks = Eks(DESCRIBED, moved)
    source = EksServer(eks, "Prod_East", monotonic=now)
    first = source.current()
    assert first == source.current() == ApiServer(str(DESCRIBED["endpoint"]), PEM)

    assert source.renew(first) is first
    now.seconds += 30
    second = source.renew(first)
    assert second.url == "https://new.example"
    assert source.renew(first) is second
    assert eks.asked == ["Prod_East", "Prod_East"]


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeCluster")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(refused("ThrottlingException"), id="throttled"),
        pytest.param(refused("AccessDeniedException"), id="denied"),
        pytest.param({"status": "CREATING"}, id="being-created"),
    ],
)
def test_a_description_that_failed_is_not_asked_for_again_at_once(answer: Any) -> None:
    now, eks = Now(), Eks(answer, DESCRIBED)
    source = EksServer(eks, "Prod_East", monotonic=now)
    with pytest.raises(McsError) as first:
        source.current()

    now.seconds += 4
    with pytest.raises(McsError) as second:
        source.current()
    assert (type(second.value), str(second.value)) == (type(first.value), str(first.value))
    assert eks.asked == ["Prod_East"]
    now.seconds += 1
    assert source.current().url == DESCRIBED["endpoint"]


def test_an_address_that_cannot_be_looked_up_anew_is_not_asked_for_at_once_either() -> None:
    now, eks = Now(), Eks(DESCRIBED, refused("ThrottlingException"))
    source = EksServer(eks, "Prod_East", monotonic=now)
    known = source.current()
    now.seconds += 30

    for _ in range(3):
        with pytest.raises(RetryableError, match="Throttling"):
            source.renew(known)

    assert eks.asked == ["Prod_East"] * 2
    assert source.current() is known


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        pytest.param(DESCRIBED | {"certificateAuthority": {}}, PermanentError, "no CA", id="no-ca"),
        pytest.param(DESCRIBED | {"certificateAuthority": {"data": "%"}}, PermanentError, "no PEM", id="ca-is-noise"),
        pytest.param(DESCRIBED | {"endpoint": None}, PermanentError, "no https endpoint", id="no-endpoint"),
        pytest.param(DESCRIBED | {"endpoint": "http://x"}, PermanentError, "no https endpoint", id="plain-http"),
        pytest.param({"status": "CREATING"}, UnreachableError, "is CREATING", id="being-created"),
        pytest.param({"status": "DELETING"}, ClusterLeavingError, "is DELETING", id="being-deleted"),
        pytest.param(refused("AccessDeniedException"), EksDeniedError, "AccessDenied", id="denied"),
        pytest.param(refused("ResourceNotFoundException"), ClusterGoneError, "NotFound", id="unknown"),
        pytest.param(refused("ThrottlingException"), RetryableError, "Throttling", id="throttled"),
        pytest.param(EndpointConnectionError(endpoint_url="https://eks"), RetryableError, "connect", id="no-network"),
    ],
)
def test_a_cluster_that_cannot_be_found_or_trusted_says_why(answer: Any, kind: type[McsError], said: str) -> None:
    with pytest.raises(kind, match=said) as failed:
        EksServer(Eks(answer), "Prod_East", monotonic=Now()).current()

    assert type(failed.value) is kind
