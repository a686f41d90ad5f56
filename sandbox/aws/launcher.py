"""Starts ministack with what the sandbox needs on top of it; run by the interpreter of ministack's own environment.

It reaches into private names, so it insists on one version and on every name it replaces. What comes on top is in
`inside`. Where its log of decisions goes is in SANDBOX_CALLS.
"""

from __future__ import annotations

import importlib.metadata
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

VERSION = "1.5.33"


def main() -> None:
    """Check the version, put everything in place, serve until SIGTERM."""
    installed = importlib.metadata.version("ministack")
    if installed != VERSION:
        sys.exit(f"this launcher is made for ministack {VERSION}, installed is {installed}")
    sys.path.append(str(Path(__file__).resolve().parents[2]))
    # Functions inherit the environment; this is none of theirs.
    calls_file = Path(os.environ.pop("SANDBOX_CALLS"))  # noqa: TID251 -- this is a door
    install(os.environ["AWS_ENDPOINT_URL_SERVICEDISCOVERY"], calls_file)  # noqa: TID251 -- the same
    from ministack import app  # noqa: PLC0415 -- only after the check

    app.main()


def install(cloudmap_url: str, calls_file: Path) -> None:
    """Put everything in place."""
    from ministack import app  # noqa: PLC0415 -- there is none where this module is only imported
    from ministack.core import iam_actions, iam_evaluator, responses  # noqa: PLC0415 -- the same
    from ministack.services import eks, eventbridge, iam, lambda_svc, scheduler, sqs  # noqa: PLC0415 -- the same
    from ministack.services.cloudformation import custom_resource, provisioners  # noqa: PLC0415 -- the same

    from sandbox.aws.inside import authorizing, cloudformation, clusters, doors  # noqa: PLC0415 -- needs the path
    from sandbox.aws.inside.buses import Buses  # noqa: PLC0415 -- the same
    from sandbox.aws.inside.calls import Calls  # noqa: PLC0415 -- the same
    from sandbox.aws.inside.custom_resources import CustomResources  # noqa: PLC0415 -- the same
    from sandbox.aws.inside.eks_api import EksApi, resource_of  # noqa: PLC0415 -- the same
    from sandbox.aws.inside.functions import MAPPING, Mappings  # noqa: PLC0415 -- the same
    from sandbox.aws.inside.permits import Permits  # noqa: PLC0415 -- the same
    from sandbox.aws.inside.schedules import Scheduling  # noqa: PLC0415 -- the same

    handlers = provisioners._RESOURCE_HANDLERS  # noqa: SLF001 -- there is no public way
    cloudformation.register(
        handlers, cloudformation.Inside(eks, eventbridge, responses, scheduler, lambda_svc, cloudmap_url)
    )
    CustomResources(custom_resource).install(replace)
    EksApi(eks, time.monotonic).install(replace, responses)
    replace(iam_actions, "extract_resource_arn", resource_of(eks, iam_actions.extract_resource_arn))
    calls = Calls(iam_evaluator, responses, calls_file, time.time)  # noqa: TID251 -- the one clock of the log
    calls.install(replace)
    permits = Permits(iam_evaluator, iam, responses, calls)
    permits.install(replace)
    Scheduling(scheduler, eventbridge, permits).install(replace)
    handlers[MAPPING] = Mappings(handlers[MAPPING], lambda_svc, permits).handler()
    Buses(eventbridge, sqs, responses, permits).install(replace)
    ours = {
        ("PUT", clusters.PATH): clusters.door(eks, responses),
        ("POST", authorizing.PATH): authorizing.Authorizing(app, iam_actions, iam_evaluator, responses).answer,
    }
    replace(app, "app", doors.as_tls(doors.with_doors(app.app, ours)))


def replace(module: ModuleType, name: str, value: object) -> None:
    """Put something in the place of a function, which must be there."""
    if not callable(getattr(module, name, None)):
        sys.exit(f"this ministack has no {module.__name__}.{name}, unlike the pinned one")
    setattr(module, name, value)


if __name__ == "__main__":
    main()
