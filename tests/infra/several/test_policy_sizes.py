"""The policies of the largest hub that the limits let through, against AWS's quotas: characters without blanks."""

from __future__ import annotations

import json
from itertools import count, takewhile
from typing import TYPE_CHECKING, Any

import pytest

from cloudmap_mcs.clusterset import ClustersetError
from infra import limits
from tests.infra.conftest import Stack, code
from tests.infra.several.test_limits import LONGEST, clusterset
from tests.infra.several.world import written_out

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cloudmap_mcs.clusterset import Clusterset

TRUST, INLINE, QUEUE, BUS = 2_048, 10_240, 8_192, 10_240
"""IAM's quotas of a role, SQS's of a queue's policy, EventBridge's of a bus's."""

REFERENCE = 100
"""What an ARN that is only known when it is made may be longer than the word that stands for it in a template."""


def is_allowed(value: Clusterset) -> bool:
    try:
        limits.check(value)
    except ClustersetError:
        return False
    return True


def largest(name: str, cloudtrail: str) -> Clusterset:
    sizes = (clusterset(places, places=places, name=name, cloudtrail=cloudtrail) for places in count(2))
    *_, last = takewhile(is_allowed, sizes)
    return last


def hub(value: Clusterset, folder: Path) -> Stack:
    import aws_cdk as cdk  # noqa: PLC0415 -- starts a Node process; only tests that synthesize need it

    from infra.hub import HubStack  # noqa: PLC0415 -- the same

    app = cdk.App(outdir=str(folder / "out"))
    where = cdk.Environment(account=value.hub.account, region=value.hub.region)
    HubStack(app, "hub", clusterset=value, code=code(folder, value), env=where)
    app.synth()
    return Stack(json.loads((folder / "out" / "hub.template.json").read_text()))


def size(stack: Stack, *documents: Any) -> int:
    text = json.dumps([written_out(stack, document) for document in documents], separators=(",", ":"))
    return len(text.replace("arn:aws:", "arn:aws-us-gov:")) - len("[]")


def policies(stack: Stack) -> Iterator[tuple[str, int, int]]:
    for role in stack.of_type("AWS::IAM::Role"):
        yield f"trust of {role['RoleName']}", size(stack, role["AssumeRolePolicyDocument"]), TRUST
        inline = [policy["PolicyDocument"] for policy in role["Policies"]]
        yield f"rights of {role['RoleName']}", size(stack, *inline), INLINE
    for policy in stack.of_type("AWS::SQS::QueuePolicy"):
        yield "queue", size(stack, policy["PolicyDocument"]) + 2 * REFERENCE, QUEUE
    for policy in stack.of_type("AWS::Events::EventBusPolicy"):
        yield "bus", size(stack, policy["Statement"]) + REFERENCE, BUS


@pytest.mark.parametrize("cloudtrail", ["existing", "off"])
@pytest.mark.parametrize("name", ["s", LONGEST])
def test_every_policy_of_the_largest_hub_is_within_awss_quotas(tmp_path: Path, name: str, cloudtrail: str) -> None:
    found = list(policies(hub(largest(name, cloudtrail), tmp_path)))

    assert {what.partition(" ")[0] for what, _, _ in found} == {"trust", "rights", "queue", "bus"}
    assert [(what, characters) for what, characters, quota in found if characters > quota] == []
