"""What can be said on the command line: which clusters, how they name things, and what the report says of them."""

from pathlib import Path
from typing import Final

import pytest

from cloudmap_mcs import VERSION
from tests.conformance.clusters import Cluster, open_cluster
from tests.conformance.report import Implementation
from tests.conformance.verdicts import SuiteError

CONTEXTS: Final = "--contexts"
KUBECONFIG: Final = "--kubeconfig"
DNS_DOMAIN: Final = "--dns-domain"
REPORT_FOLDER: Final = "--report-folder"
MAY_BE_KUBERNETES: Final = "--skip-verify-eps-managed-by"
ORGANIZATION: Final = "--organization"
PROJECT: Final = "--project"
IMPLEMENTATION_VERSION: Final = "--implementation-version"
IMPLEMENTATION_URL: Final = "--implementation-url"

LEFT_OUT: Final = f"left out: no clusters were given ({CONTEXTS}=a,b, with make conformance CONTEXTS=a,b)"


def add_options(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance", "MCS API conformance")
    group.addoption(CONTEXTS, metavar="A,B", help="contexts of the clusters; the first one is the first to export")
    group.addoption(KUBECONFIG, metavar="FILE", help="where the contexts are (default: as kubectl)")
    group.addoption(DNS_DOMAIN, default="clusterset.local", help="the clusterset's zone (%(default)s)")
    group.addoption(
        REPORT_FOLDER, type=Path, metavar="DIR", help="write report.html, report.yaml, run.yaml and timings.md"
    )
    group.addoption(
        MAY_BE_KUBERNETES, action="store_true", help="imported EndpointSlices may be managed by Kubernetes itself"
    )
    ours = ours_by_default()
    group.addoption(ORGANIZATION, default=ours.organization, help="of the implementation (%(default)s)")
    group.addoption(PROJECT, default=ours.project, help="the implementation (%(default)s)")
    group.addoption(IMPLEMENTATION_VERSION, default=ours.version, help="(%(default)s)")
    group.addoption(IMPLEMENTATION_URL, default=ours.url, help="(%(default)s)")


def ours_by_default() -> Implementation:
    return Implementation("cloudmap-mcs", "cloudmap-mcs", f"v{VERSION}", "")


def are_given(config: pytest.Config) -> bool:
    """Say whether there are clusters to look at; options of a folder that is reached late do not exist."""
    return bool(config.getoption(CONTEXTS, default=None))


def opened_clusters(config: pytest.Config) -> tuple[Cluster, ...]:
    """Give the clusters in the order given; a SuiteError names what is wrong with the list or one of them."""
    given: str = config.getoption(CONTEXTS)
    names = given.split(",")
    if "" in names or len(set(names)) < len(names):
        raise SuiteError(f"{CONTEXTS}={given}: write different contexts with single commas between them")
    return tuple(open_cluster(name, config.getoption(KUBECONFIG)) for name in names)


def implementation(config: pytest.Config) -> Implementation:
    asked = (ORGANIZATION, PROJECT, IMPLEMENTATION_VERSION, IMPLEMENTATION_URL)
    return Implementation(*(config.getoption(option) for option in asked))
