"""What only the deploy knows, from the file that `cdk deploy --outputs-file` writes."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloudmap_mcs.domain.wellknown import MANAGED_BY
from cloudmap_mcs.errors import PermanentError

# The names of stacks and outputs are given by `infra`, which doors do not import; tests/infra/test_seam.py holds both
# sides together.
_NAMESPACE_ID, _NAMESPACE_ARN, _BUS_ARN = "NamespaceId", "NamespaceArn", "BusArn"
_CLUSTER, _WATCHER_ROLE, _BUNDLE = "cluster", "watcherRoleArn", "bundle"


@dataclass(frozen=True, slots=True)
class HubOutputs:
    """The hub's resources: id and ARN of the Cloud Map namespace, and the ARN of the event bus."""

    namespace_id: str
    namespace_arn: str
    bus_arn: str


@dataclass(frozen=True, slots=True)
class Outputs:
    """The outputs of all stacks in a file. What is not there is a PermanentError that says how to get it."""

    path: Path
    clusterset: str
    stacks: Mapping[str, Any]

    def hub(self) -> HubOutputs:
        """Return the outputs of this clusterset's hub; those of other clustersets do not matter."""
        wanted = hub_stack(self.clusterset)
        if wanted not in self.stacks:
            raise self._error(f"has no stack {wanted}, but {', '.join(self.stacks) or 'none at all'}")
        names = (_NAMESPACE_ID, _NAMESPACE_ARN, _BUS_ARN)
        return HubOutputs(*(self._output(wanted, name) for name in names))

    def watcher_role(self, cluster: str) -> str:
        """Return the ARN of the IAM role of a cluster's watcher."""
        for facts in self._facts():
            if facts.get(_CLUSTER) == cluster and isinstance(facts.get(_WATCHER_ROLE), str):
                return str(facts[_WATCHER_ROLE])
        raise self._error(f"has no output of a member stack about the cluster {cluster}")

    def bundle(self, cluster: str) -> Any:
        """Return where the zips for a cluster's watcher are, in the words of the deploy; None if it says nothing."""
        return next(
            (facts[_BUNDLE] for facts in self._facts() if facts.get(_CLUSTER) == cluster and _BUNDLE in facts), None
        )

    def _facts(self) -> Iterator[Mapping[str, Any]]:
        """Yield the outputs of member stacks that are JSON objects: one for each cluster."""
        for name, outputs in self.stacks.items():
            if name.startswith(member_stacks(self.clusterset)) and isinstance(outputs, dict):
                yield from filter(None, map(_object, outputs.values()))

    def _output(self, name: str, output: str) -> str:
        stack = self.stacks[name]
        value = stack.get(output) if isinstance(stack, dict) else None
        if not isinstance(value, str):
            raise self._error(f"has no output {output} in the stack {name}")
        return value

    def _error(self, says: str) -> PermanentError:
        return PermanentError(f"{self.path} {says}; {_advice(self.path)}")


def hub_stack(clusterset: str) -> str:
    """Name the stack that a clusterset's hub is deployed as."""
    return f"{MANAGED_BY}-{clusterset}-hub"


def member_stacks(clusterset: str) -> str:
    """Return what the names of the stacks of a clusterset's members begin with."""
    return f"{MANAGED_BY}-{clusterset}-member-"


def read_outputs(path: Path, clusterset: str) -> Outputs:
    """Read the outputs of a deploy; PermanentError if the file cannot be read."""
    try:
        stacks = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PermanentError(f"{path} cannot be read ({error}); {_advice(path)}") from error
    return Outputs(path, clusterset, stacks if isinstance(stacks, dict) else {})


def _object(value: Any) -> Mapping[str, Any] | None:
    try:
        found = json.loads(value)
    except (TypeError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _advice(path: Path) -> str:
    return f"write it with: npx cdk deploy --all --outputs-file {path}"
