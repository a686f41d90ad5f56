"""What only the deploy knows, from the file that `cdk deploy --outputs-file` writes."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloudmap_mcs.domain.wellknown import MANAGED_BY
from cloudmap_mcs.errors import PermanentError

# The stack's and the outputs' names are given by `infra`, which doors do not import; tests/infra/test_seam.py holds
# both sides together.
_NAMESPACE_ID, _BUS_ARN = "NamespaceId", "BusArn"


@dataclass(frozen=True, slots=True)
class HubOutputs:
    """The hub's resources: the id of the Cloud Map namespace and the ARN of the event bus."""

    namespace_id: str
    bus_arn: str


def hub_stack(clusterset: str) -> str:
    """Name the stack that a clusterset's hub is deployed as."""
    return f"{MANAGED_BY}-{clusterset}-hub"


def read_outputs(path: Path, clusterset: str) -> HubOutputs:
    """Read the hub's outputs of a clusterset; those of other stacks do not matter.

    PermanentError: the file cannot be read, or is not that of a deploy of this clusterset's hub.
    """
    try:
        stacks = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PermanentError(f"{path} cannot be read ({error}); {_advice(path)}") from error
    wanted = hub_stack(clusterset)
    if not isinstance(stacks, dict) or wanted not in stacks:
        found = ", ".join(stacks) if isinstance(stacks, dict) else ""
        raise PermanentError(f"{path} has no stack {wanted}, but {found or 'none at all'}; {_advice(path)}")
    return HubOutputs(*(_output(path, stacks[wanted], wanted, name) for name in (_NAMESPACE_ID, _BUS_ARN)))


def _output(path: Path, stack: Any, name: str, output: str) -> str:
    value = stack.get(output) if isinstance(stack, dict) else None
    if not isinstance(value, str):
        raise PermanentError(f"{path}: stack {name} has no output {output}; {_advice(path)}")
    return value


def _advice(path: Path) -> str:
    return f"write it with: npx cdk deploy --all --outputs-file {path}"
