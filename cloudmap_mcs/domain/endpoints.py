"""Which AWS services each program calls, and so which VPC endpoints subnets without a way out need.

One table for messages and for docs/private-clusters.md; the IAM policies in `infra/grants` say what is called there.
Logs and metrics are not in it: Lambda sends a function's logs by itself, and Pods write theirs to their output.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Program(StrEnum):
    """A program of ours that may run in subnets of the user's."""

    IMPORTER = "importer"
    INSTALLER = "installer"
    WATCHER = "watcher"


@dataclass(frozen=True, slots=True)
class Use:
    """Who needs an endpoint, what for, and in which case if not always."""

    program: Program
    purpose: str
    only: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One VPC endpoint service, `com.amazonaws.REGION.SERVICE`; `is_hubs`: it is called in the hub's Region."""

    service: str
    uses: tuple[Use, ...]
    kind: str = "interface"
    is_hubs: bool = False


_ASSUMES: Final = "with functions_account"
_MIRRORED: Final = "for images in Amazon ECR"

ENDPOINTS: Final = (
    Endpoint(
        "servicediscovery",
        (
            Use(Program.IMPORTER, "asks the control plane of Cloud Map in doubt"),
            Use(Program.INSTALLER, "looks whose the cluster's id is, and removes its records"),
            Use(Program.WATCHER, "registers exports"),
        ),
        is_hubs=True,
    ),
    Endpoint(
        "data-servicediscovery",
        (
            Use(Program.IMPORTER, "discovers instances, and with them every import"),
            Use(Program.WATCHER, "discovers instances"),
        ),
        is_hubs=True,
    ),
    Endpoint("events", (Use(Program.WATCHER, "announces changes"),), is_hubs=True),
    Endpoint("sqs", (Use(Program.IMPORTER, "puts a message back for later"),)),
    Endpoint("lambda", (Use(Program.IMPORTER, "goes on with a long resync in another invocation"),)),
    Endpoint(
        "eks",
        (
            Use(Program.IMPORTER, "asks for the address of the API server"),
            Use(Program.INSTALLER, "asks for the cluster and its add-ons, and sets CoreDNS's Corefile"),
        ),
    ),
    Endpoint(
        "sts",
        (
            Use(Program.IMPORTER, "assumes the role in the cluster's account", only=_ASSUMES),
            Use(Program.INSTALLER, "assumes the role in the cluster's account", only=_ASSUMES),
            Use(Program.WATCHER, "gets its credentials", only="with identity: irsa"),
        ),
    ),
    Endpoint(
        "eks-auth",
        (
            Use(
                Program.WATCHER,
                "gets its credentials, through the agent on the node",
                only="with identity: pod-identity",
            ),
        ),
    ),
    Endpoint("ecr.api", (Use(Program.WATCHER, "has its image pulled", only=_MIRRORED),)),
    Endpoint("ecr.dkr", (Use(Program.WATCHER, "has its image pulled", only=_MIRRORED),)),
    Endpoint(
        "s3",
        (
            Use(Program.INSTALLER, "answers CloudFormation, whose answers go to a bucket"),
            Use(Program.WATCHER, "fetches its code, and has layers of images in Amazon ECR pulled"),
        ),
        kind="gateway",
    ),
)


def advice(program: Program) -> str:
    """Say what subnets need for a program to reach AWS, as a sentence without its full stop."""
    needed = ", ".join(
        _named(endpoint, use) for endpoint in ENDPOINTS for use in endpoint.uses if use.program == program
    )
    return f"Subnets without a NAT gateway need VPC endpoints for the {program}: {needed} (docs/private-clusters.md)"


def _named(endpoint: Endpoint, use: Use) -> str:
    notes = [
        *(["gateway"] if endpoint.kind == "gateway" else []),
        *(["of the hub's Region"] if endpoint.is_hubs else []),
        *([f"only {use.only}"] if use.only else []),
    ]
    return f"{endpoint.service} ({', '.join(notes)})" if notes else endpoint.service
