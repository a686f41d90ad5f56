"""What is granted is what is used: every right of every role turns up in the logs, and nothing else does.

These tests come last. They read what the sandboxes of this folder and of `tests/e2e/deploys` were asked from their
first deploy on: the local AWS and Cloud Map by roles, the API servers by watchers and importers.
"""

from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest

from cloudmap_mcs.clusterset import parse
from tests.e2e.whole.lab import Lab
from tests.e2e.whole.rights import asked, granted_in, requests
from tests.infra.conftest import synthesize
from tests.permissions.everything import EVERYTHING
from tests.permissions.granted import Right, granted

pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class Unexercised:
    """Rights whose use cannot be shown here: kinds of roles and policies, a service, its actions, and why not."""

    kinds: tuple[str, ...]
    service: str
    actions: tuple[str, ...]
    why: str

    @property
    def rights(self) -> set[Right]:
        return {(kind, f"{self.service}:{action}") for kind, action in product(self.kinds, self.actions)}


INTERFACES = (
    "AssignPrivateIpAddresses",
    "CreateNetworkInterface",
    "DeleteNetworkInterface",
    "DescribeNetworkInterfaces",
    "DescribeSubnets",
    "UnassignPrivateIpAddresses",
)
UNEXERCISED = (
    Unexercised(
        ("emptier", "finder", "importer", "installer"),
        "logs",
        ("CreateLogStream", "PutLogEvents"),
        "Lambda writes a function's log with these; the local one keeps it without asking",
    ),
    Unexercised(
        ("importer", "installer"),
        "ec2",
        INTERFACES,
        "Lambda connects a function to its subnets with these (network); here is no VPC",
    ),
    Unexercised(
        ("importer",),
        "lambda",
        ("InvokeFunction",),
        "a resync that takes longer than an invocation; it would take thousands of services",
    ),
    Unexercised(
        ("watcher",),
        "servicediscovery",
        ("DeleteService",),
        "a service that was found empty twice, an hour apart",
    ),
    Unexercised(
        ("installer-access",),
        "eks",
        ("DescribeAddon", "DescribeUpdate", "UpdateAddon"),
        "an add-on CoreDNS in a cluster whose functions run in another account; in their own account it is exercised",
    ),
    Unexercised(
        ("policy of a queue",),
        "sqs",
        ("SendMessage",),
        "EventBridge; the local one decides by the policy and does not note it, and without it no event would arrive",
    ),
    Unexercised(("policy of a bus",), "events", ("PutEvents",), "the same"),
)


@pytest.fixture(scope="module")
def folders(request: pytest.FixtureRequest, lab: Lab, call_logs: list[Path]) -> list[Path]:
    """Return the folders of all sandboxes of this session, if everything ran that fills their logs."""
    ran = {Path(item.path) for item in request.session.items}
    here = Path(__file__).parent
    if not call_logs or not ran.issuperset([*here.glob("test_*.py"), *(here.parent / "deploys").glob("test_*.py")]):
        pytest.skip("what is used shows only when all of tests/e2e/deploys and tests/e2e/whole runs, and starts")
    return [*call_logs, lab.site.folder]


@pytest.fixture(scope="module")
def deployable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Synthesize what the sandboxes have no use for, too."""
    folder = tmp_path_factory.mktemp("everything")
    synthesize(parse(EVERYTHING, source="everything"), folder)
    return folder / "out"


def test_every_action_of_every_role_is_used_and_no_other(folders: list[Path], deployable: Path) -> None:
    given = granted(deployable).union(*(granted(folder / "cdk.out") for folder in folders))
    used = {call.right for folder in folders for call in asked(folder) if call.is_allowed}
    excused = set[Right]().union(*(row.rights for row in UNEXERCISED))

    assert used - given == set(), "used, but no template grants it"
    assert given - used - excused == set(), "granted, but never used: take it away, or say in UNEXERCISED why not"
    assert excused & used == set(), "used after all: out of UNEXERCISED with it"
    assert excused - given == set(), "in UNEXERCISED, but granted to nobody"


def test_no_role_was_refused_anything(folders: list[Path]) -> None:
    assert {call for folder in folders for call in asked(folder) if not call.is_allowed} == set()


def test_every_right_in_a_cluster_is_used_and_no_other(lab: Lab, folders: list[Path]) -> None:
    made = {request for folder in folders for request in requests(folder)}
    used = {(request.subject, request.row) for request in made if request.decision == "allow"}
    for cluster in lab.clusters:
        given = granted_in(cluster.client)
        assert used - given == set(), f"used, but no role of ours in {cluster.id} grants it"
        assert given - used == set(), f"granted in {cluster.id}, but never used"


def test_no_watcher_and_no_importer_was_refused_anything_by_an_api_server(folders: list[Path]) -> None:
    made = {request for folder in folders for request in requests(folder)}

    assert {request for request in made if request.decision != "allow"} == set()
