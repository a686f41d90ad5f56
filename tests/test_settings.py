import pytest

from cloudmap_mcs.domain.model import ClusterId
from cloudmap_mcs.errors import PermanentError
from cloudmap_mcs.settings import ImporterSettings, InstallerSettings, WatcherSettings

SHARED = {
    "MCS_CLUSTERSET": "prod",
    "MCS_MEMBERS": "east, west",
    "MCS_NAMESPACE_ID": "ns-1",
    "MCS_HUB_REGION": "eu-west-1",
}
IMPORTER = {
    **SHARED,
    "MCS_CLUSTER": "east",
    "MCS_EKS_CLUSTER": "prod-east",
    "MCS_EKS_REGION": "eu-west-1",
    "MCS_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/q",
}
WATCHER = {
    **SHARED,
    "MCS_BUS_ARN": "arn:aws:events:eu-west-1:123456789012:event-bus/bus",
    "KUBERNETES_SERVICE_HOST": "10.0.0.1",
    "POD_NAME": "watcher-1",
}


def problems(settings: type[ImporterSettings | WatcherSettings], variables: dict[str, str]) -> str:
    with pytest.raises(PermanentError) as caught:
        settings.from_env(variables)
    return str(caught.value)


def test_an_importers_settings_come_from_its_environment() -> None:
    settings = ImporterSettings.from_env({**IMPORTER, "MCS_RESYNC_SECONDS": "600", "PATH": "/bin"})

    assert (settings.clusterset, settings.members) == ("prod", frozenset(map(ClusterId, ("east", "west"))))
    assert (settings.cluster, settings.eks_cluster, settings.resync_seconds) == ("east", "prod-east", 600)


def test_a_watcher_has_defaults_for_all_that_kubernetes_or_we_can_know() -> None:
    settings = WatcherSettings.from_env(WATCHER)

    assert (settings.api_port, settings.health_host, settings.health_port) == (443, "", 8080)
    assert (settings.resync_seconds, settings.log_level) == (300, "INFO")
    assert settings.credentials == "/var/run/secrets/kubernetes.io/serviceaccount"


@pytest.mark.parametrize(("settings", "complete"), [(ImporterSettings, IMPORTER), (WatcherSettings, WATCHER)])
def test_every_missing_variable_is_named_at_once(
    settings: type[ImporterSettings | WatcherSettings], complete: dict[str, str]
) -> None:
    told = problems(settings, {})

    assert all(f"{name} is not set" in told for name in complete)


def test_an_empty_variable_is_a_missing_one() -> None:
    assert "MCS_CLUSTERSET is not set" in problems(WatcherSettings, {**WATCHER, "MCS_CLUSTERSET": ""})


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("MCS_MEMBERS", "east,", "one DNS label"),
        ("MCS_MEMBERS", "East", "one DNS label"),
        ("MCS_RESYNC_SECONDS", "5m", "from 60 on"),
        ("MCS_RESYNC_SECONDS", "59", "from 60 on"),
        ("MCS_RESYNC_SECONDS", "-60", "from 60 on"),
        ("MCS_HEALTH_PORT", "65536", "a port number"),
        ("MCS_HEALTH_PORT", "http", "a port number"),
        ("MCS_LOG_LEVEL", "LOUD", "DEBUG, INFO, WARNING, ERROR"),
    ],
)
def test_a_bad_value_is_told_with_what_is_allowed(name: str, value: str, allowed: str) -> None:
    told = problems(WatcherSettings, {**WATCHER, name: value})

    assert f"{name}={value!r}" in told
    assert allowed in told


def test_all_mistakes_are_told_together() -> None:
    told = problems(WatcherSettings, {**WATCHER, "MCS_HEALTH_PORT": "x", "MCS_LOG_LEVEL": "y", "POD_NAME": ""})

    assert all(name in told for name in ("MCS_HEALTH_PORT", "MCS_LOG_LEVEL", "POD_NAME"))


def test_a_level_may_be_written_small() -> None:
    assert WatcherSettings.from_env({**WATCHER, "MCS_LOG_LEVEL": "debug"}).log_level == "DEBUG"


def test_an_installer_needs_only_what_all_its_clusters_share() -> None:
    settings = InstallerSettings.from_env(SHARED)

    assert (settings.clusterset, settings.hub_region) == ("prod", "eu-west-1")


@pytest.mark.parametrize("name", ["MCS_ASSUME_ROLE_ARN", "MCS_ASSUME_EXTERNAL_ID"])
def test_a_role_and_its_external_id_go_together(name: str) -> None:
    assert "go together: set both or none" in problems(ImporterSettings, {**IMPORTER, name: "x"})

    both = {"MCS_ASSUME_ROLE_ARN": "arn", "MCS_ASSUME_EXTERNAL_ID": "prod/east"}
    settings = ImporterSettings.from_env({**IMPORTER, **both})
    assert (settings.assume_role_arn, settings.assume_external_id) == ("arn", "prod/east")
