"""The keys of clusterset.yaml, their defaults, and in words what each may hold."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

REGION = r"^[a-z]{2}(-[a-z]+)+-[1-9]$"
_LABEL = r"^[a-z0-9]([a-z0-9-]{0,43}[a-z0-9])?$"
_EKS = r"^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$"
_IMAGE = r"^[a-z0-9][a-zA-Z0-9._:/-]*(@sha256:[0-9a-f]{64})?$"
_ISSUER = r"^https://[a-z0-9.-]+/id/[0-9A-Za-z]+$"
_PRIORITY = r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$"

BASE_IMAGE = "public.ecr.aws/lambda/python:3.13"

ResyncMinutes = Literal[1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60]
Retention = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


def _account_text(value: object) -> object:
    """Take an unquoted account too: twelve digits are a YAML integer, but a leading zero makes it octal."""
    return str(value) if isinstance(value, int) and len(str(value)) == 12 else value  # noqa: PLR2004 -- an AWS account


def _switch(value: object) -> object:
    """Undo YAML 1.1, which reads an unquoted `off` as false and an unquoted `on` as true."""
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else value


def _not_a_truth(value: object) -> object:
    """Refuse YAML's yes and true, which a list of numbers with a 1 in it would let in."""
    if isinstance(value, bool):
        raise ValueError("not a number")  # noqa: TRY004 -- pydantic reports a ValueError, a TypeError ends it
    return value


Account = Annotated[str, BeforeValidator(_account_text), StringConstraints(pattern=r"^[0-9]{12}$")]
Label = Annotated[str, StringConstraints(pattern=_LABEL)]
Region = Annotated[str, StringConstraints(pattern=REGION)]
EksName = Annotated[str, StringConstraints(pattern=_EKS)]
Image = Annotated[str, StringConstraints(pattern=_IMAGE)]
PriorityClass = Annotated[str, StringConstraints(pattern=_PRIORITY)]
Issuer = Annotated[str, StringConstraints(pattern=_ISSUER)]
Subnet = Annotated[str, StringConstraints(pattern=r"^subnet-[0-9a-f]+$")]
SecurityGroup = Annotated[str, StringConstraints(pattern=r"^sg-[0-9a-f]+$")]

_ACCOUNT = "an AWS account: twelve digits in quotes"
_REGION_SAYS = "a Region such as us-east-1"
_IMAGE_SAYS = "a container image such as registry.example.com/name:tag"


class Part(BaseModel):
    """A mapping of the file: unknown keys and other types are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Hub(Part):
    """Where the Cloud Map namespace and the event bus live."""

    account: Account = Field(description=_ACCOUNT)
    region: Region = Field(description=_REGION_SAYS)


class Watcher(Part):
    """The Deployment that exports from each cluster."""

    replicas: int = Field(default=2, ge=0, le=5, description="0 to 5; one is active, the others stand by")
    log_level: LogLevel = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR")
    image: Image | None = Field(default=None, description=f"{_IMAGE_SAYS}, which holds the watcher's code")
    base_image: Image = Field(default=BASE_IMAGE, description=f"{_IMAGE_SAYS}, a mirror of AWS's Lambda Python image")
    priority_class: PriorityClass = Field(
        default="system-cluster-critical", description="the name of a PriorityClass of the clusters"
    )


class StubZone(Part):
    """The CoreDNS of our own in clusters with `dns: stub-zone`."""

    image: Image = Field(
        default="registry.k8s.io/coredns/coredns:v1.13.1", description=f"{_IMAGE_SAYS}, a CoreDNS 1.12.2 or newer"
    )
    replicas: int = Field(default=2, ge=1, le=5, description="1 to 5")


class Importer(Part):
    """The Lambda function that imports into a cluster; one per cluster, all alike."""

    architecture: Literal["arm64", "x86_64"] = Field(default="arm64", description="arm64 or x86_64")
    memory_mib: int = Field(default=512, ge=256, le=10240, description="256 to 10240 MiB; CPU grows with it")
    timeout_seconds: int = Field(default=30, ge=20, le=120, description="20 to 120 seconds")
    concurrency: int = Field(default=5, ge=2, le=100, description="2 to 100 invocations at a time from the queue")
    log_level: LogLevel = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR")
    log_retention_days: Annotated[Retention, BeforeValidator(_not_a_truth)] = Field(
        default=30,
        description=f"a number of days that CloudWatch Logs knows: {', '.join(map(str, get_args(Retention)))}",
    )


class Network(Part):
    """Where in a VPC the functions of a cluster run, so that they reach an API server without a public endpoint."""

    subnets: tuple[Subnet, ...] = Field(
        min_length=1, max_length=16, strict=False, description="a list of subnets such as subnet-0123abcd"
    )
    security_groups: tuple[SecurityGroup, ...] = Field(
        min_length=1, max_length=5, strict=False, description="a list of security groups such as sg-0123abcd"
    )


class Cluster(Part):
    """One EKS cluster of the clusterset.

    `functions_account` is where its functions run: its own account, unless the file says otherwise.
    """

    id: Label = Field(description="one DNS label of at most 45 characters (quote it if YAML reads it otherwise)")
    eks: EksName = Field(description="the name of an EKS cluster: letters, digits, - and _, at most 100")
    account: Account = Field(description=_ACCOUNT)
    region: Region = Field(description=_REGION_SAYS)
    functions_account: Account = Field(description=_ACCOUNT)
    state: Literal["member", "leaving"] = Field(default="member", description="member or leaving")
    dns: Literal["managed", "stub-zone", "manual"] = Field(
        default="managed", description="managed, stub-zone or manual"
    )
    identity: Literal["pod-identity", "irsa"] = Field(default="pod-identity", description="pod-identity or irsa")
    oidc_issuer: Issuer | None = Field(
        default=None, description="an issuer URL such as https://oidc.eks.us-east-1.amazonaws.com/id/0123ABCD"
    )
    network: Network | None = Field(default=None, description="a mapping with subnets and security_groups")


class Clusterset(Part):
    """The whole file; `clusters` have what they leave out filled in: account and Region from the hub."""

    clusterset: Label = Field(description="one DNS label of at most 45 characters")
    hub: Hub = Field(description="a mapping with account and region")
    installer: Annotated[Literal["on", "off"], BeforeValidator(_switch)] = Field(
        default="on", description="on, or off (you bring the manifests of `mcsctl render` into the clusters yourself)"
    )
    resync_minutes: Annotated[ResyncMinutes, BeforeValidator(_not_a_truth)] = Field(
        default=5,
        description=f"a number of minutes that divides an hour: {', '.join(map(str, get_args(ResyncMinutes)))}",
    )
    cloudtrail: Annotated[Literal["existing", "create", "off"], BeforeValidator(_switch)] = Field(
        default="existing", description="existing (you have a trail of write events), create or off"
    )
    watcher: Watcher = Field(default=Watcher(), description="a mapping")
    stub_zone: StubZone = Field(default=StubZone(), description="a mapping")
    importer: Importer = Field(default=Importer(), description="a mapping")
    clusters: tuple[Cluster, ...] = Field(min_length=1, strict=False, description="a list of at least one cluster")

    @property
    def members(self) -> tuple[str, ...]:
        """The ids whose exports importers accept, sorted; a leaving cluster still imports but offers nothing."""
        return tuple(sorted(cluster.id for cluster in self.clusters if cluster.state == "member"))
