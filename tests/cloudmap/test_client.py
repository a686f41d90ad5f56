import pytest

from cloudmap_mcs import VERSION
from cloudmap_mcs.cloudmap import client


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return monkeypatch


def test_retries_timeouts_and_user_agent_are_explicit(credentials: pytest.MonkeyPatch) -> None:
    credentials.setenv("AWS_RETRY_MODE", "legacy")

    config = client.build("eu-west-1").meta.config

    assert config.retries == {"mode": "standard", "total_max_attempts": 3}
    assert (config.connect_timeout, config.read_timeout) == (2, 5)
    assert f"cloudmap-mcs/{VERSION}" in config.user_agent


def test_endpoint_and_host_prefix_are_left_to_the_environment(credentials: pytest.MonkeyPatch) -> None:
    on_aws = client.build("eu-west-1").meta
    assert on_aws.endpoint_url == "https://servicediscovery.eu-west-1.amazonaws.com"
    assert on_aws.config.inject_host_prefix is True

    credentials.setenv("AWS_ENDPOINT_URL_SERVICEDISCOVERY", "http://127.0.0.1:9")
    credentials.setenv("AWS_DISABLE_HOST_PREFIX_INJECTION", "true")
    local = client.build("eu-west-1").meta
    assert local.endpoint_url == "http://127.0.0.1:9"
    assert local.config.inject_host_prefix is False
