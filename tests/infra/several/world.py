"""The clusterset of these tests: its stacks, and what can be asked about all of them together."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.infra.conftest import CANARY, Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.infra.conftest import Synthesized

HUB, OTHER, THIRD = "111111111111", "222222222222", "333333333333"
HERE, FAR = "eu-west-1", "us-east-1"
BUS = "cloudmap-mcs-prod"

EXAMPLE = f"""
clusterset: prod
hub: {{account: "{HUB}", region: {HERE}}}
cloudtrail: existing
clusters:
  - {{id: east, eks: prod-east}}
  - {{id: far, eks: prod-far, region: {FAR}}}
  - {{id: other, eks: prod-other, account: "{OTHER}"}}
  - {{id: both, eks: prod-both, account: "{OTHER}", region: {FAR}, state: leaving}}
  - {{id: visited, eks: prod-visited, account: "{THIRD}", functions_account: "{OTHER}"}}
"""

REMOTE = {(HUB, FAR): ["far"], (OTHER, HERE): ["other", "visited"], (OTHER, FAR): ["both"]}
"""Places of functions beside the hub's, with their clusters."""

EventBus = tuple[str, str, str]
"""Account, Region and name."""


@dataclass(frozen=True)
class Rule:
    """A rule of any stack; `targets` are the properties of its targets, ARNs written out."""

    bus: EventBus
    name: str
    pattern: dict[str, Any]
    targets: list[dict[str, Any]]

    @property
    def buses(self) -> list[EventBus]:
        """The buses that it sends to."""
        found = [target["Arn"].split(":", 5) for target in self.targets]
        return [(arn[4], arn[3], arn[5].partition("/")[2]) for arn in found if arn[5:6] and arn[2] == "events"]


@dataclass(frozen=True)
class World:
    """All stacks."""

    synthesized: Synthesized

    def hub(self) -> Stack:
        return self.stack("cloudmap-mcs-prod-hub")

    def access(self, cluster: str) -> Stack:
        return self.stack(f"cloudmap-mcs-prod-access-{cluster}")

    def member(self, account: str, region: str) -> Stack:
        return self.stack(f"cloudmap-mcs-prod-member-{account}-{region}")

    def stack(self, name: str) -> Stack:
        return Stack(self.synthesized.template(name))

    def artifacts(self) -> dict[str, dict[str, Any]]:
        """Return the stacks as the CDK's command line sees them."""
        manifest = json.loads((self.synthesized.folder / "manifest.json").read_text())
        stacks = {key: a for key, a in manifest["artifacts"].items() if a["type"] == "aws:cloudformation:stack"}
        return {key: artifact for key, artifact in stacks.items() if key != CANARY}

    def rules(self) -> Iterator[Rule]:
        """Return every rule of every stack."""
        for name, artifact in self.artifacts().items():
            account, region = artifact["environment"].removeprefix("aws://").split("/")
            stack = self.stack(name)
            for properties in stack.of_type("AWS::Events::Rule"):
                bus = self.bus_name(stack, properties["EventBusName"])
                targets = [{**target, "Arn": stack.text(target["Arn"])} for target in properties["Targets"]]
                pattern = written_out(stack, properties["EventPattern"])
                yield Rule((account, region, bus), properties["Name"], pattern, targets)

    @staticmethod
    def bus_name(stack: Stack, value: Any) -> str:
        if isinstance(value, str):
            return value
        return str(stack.template["Resources"][value["Ref"]]["Properties"]["Name"])


def written_out(stack: Stack, value: Any) -> Any:
    """Write out the ARNs in a pattern."""
    match value:
        case {"Fn::Join": _}:
            return stack.text(value)
        case dict():
            return {key: written_out(stack, item) for key, item in value.items()}
        case list():
            return [written_out(stack, item) for item in value]
    return value
