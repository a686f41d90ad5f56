import pytest

from sandbox.errors import SandboxError
from sandbox.gateway.endpoint import parse


@pytest.mark.parametrize(
    ("url", "region"),
    [
        ("http://127.0.0.1:5000", None),
        ("https://cloudmap.test/", None),
        ("https://servicediscovery.eu-west-1.amazonaws.com", "eu-west-1"),
        ("https://servicediscovery-fips.us-east-1.amazonaws.com", "us-east-1"),
        ("https://servicediscovery.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("https://servicediscovery.eu-west-1.api.aws", "eu-west-1"),
    ],
)
def test_only_aws_has_a_region_and_so_a_gateway(url: str, region: str | None) -> None:
    assert parse(url).region == region
    assert not parse(url).url.endswith("/")


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:5000",
        "ftp://cloudmap.test",
        "http://cloudmap.test/path",
        "http://",
        "http://servicediscovery.eu-west-1.amazonaws.com",
        "https://data-servicediscovery.eu-west-1.amazonaws.com",
        "https://sts.eu-west-1.amazonaws.com",
    ],
)
def test_what_is_no_cloud_map_is_refused(url: str) -> None:
    with pytest.raises(SandboxError, match="--cloudmap-endpoint"):
        parse(url)
