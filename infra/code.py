"""The zips of the functions' and the watchers' code, and how they become assets of a stack."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3_assets as s3_assets

from infra.bundle import bundle
from infra.wheels import BundleError, host_target, lambda_target

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from constructs import Construct

    from cloudmap_mcs.clusterset import Clusterset
    from infra.bundle import Bundle
    from infra.wheels import Target

ARM64, AMD64 = "Arm64", "Amd64"
"""The architectures of nodes, as the custom resource's properties name them."""

_OF_LAMBDA = {ARM64: "arm64", AMD64: "x86_64"}
_OF_MACHINES = {"aarch64": ARM64, "arm64": ARM64, "x86_64": AMD64, "amd64": AMD64}


@dataclass(frozen=True, slots=True)
class Code:
    """The functions' zip, and the watchers' by their nodes' architecture: none where watchers have their own image."""

    functions: Bundle
    nodes: Mapping[str, Bundle]


@dataclass(frozen=True, slots=True)
class Archive:
    """A zip in the asset bucket: its key, and the SHA-256 of its bytes in hexadecimal."""

    key: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Published:
    """The watchers' zips in the asset bucket of one account and Region, by the nodes' architecture."""

    bucket: str
    archives: Mapping[str, Archive]

    def objects(self, stack: cdk.Stack) -> list[str]:
        """Return the zips' ARNs."""
        keys = sorted(archive.key for archive in self.archives.values())
        return [f"arn:{stack.partition}:s3:::{self.bucket}/{key}" for key in keys]

    def described(self, region: str) -> dict[str, Any]:
        """Return what `mcsctl render` reads of them, for JSON; an architecture without a zip is left out."""
        zips = {name.lower(): {"key": zipped.key, "sha256": zipped.sha256} for name, zipped in self.archives.items()}
        return {"region": region, "bucket": self.bucket, **zips}


def code(root: Path, clusterset: Clusterset, *, bundle_for: str, cache: Path, say: Callable[[str], None]) -> Code:
    """Make the zips of the checkout `root` that a clusterset needs, or take them from the cache.

    `bundle_for` is `lambda`, or `host` for functions and watchers that run under this very interpreter. BundleError:
    it is neither, or a zip cannot be made.
    """
    choices: dict[str, Callable[[], tuple[Target, dict[str, Target]]]] = {
        "lambda": lambda: _targets(clusterset),
        "host": _host,
    }
    if bundle_for not in choices:
        raise BundleError(f"context bundle={bundle_for} is not known; allowed are: {', '.join(choices)}")
    functions, nodes = choices[bundle_for]()
    wanted = {} if clusterset.watcher.image else nodes
    made = {
        target: bundle(root, target, cache=cache, say=say) for target in dict.fromkeys((functions, *wanted.values()))
    }
    return Code(made[functions], {architecture: made[target] for architecture, target in sorted(wanted.items())})


def _targets(clusterset: Clusterset) -> tuple[Target, dict[str, Target]]:
    """Name the target of the functions, and that of each kind of node: any node may get a watcher."""
    nodes = {architecture: lambda_target(name) for architecture, name in _OF_LAMBDA.items()}
    return lambda_target(clusterset.importer.architecture), nodes


def _host() -> tuple[Target, dict[str, Target]]:
    machine = platform.machine()
    if machine not in _OF_MACHINES:
        raise BundleError(f"watchers run on arm64 and amd64, and this machine is {machine}: set watcher.image")
    target = host_target()
    return target, {_OF_MACHINES[machine]: target}


@dataclass(frozen=True, slots=True)
class FunctionCode:
    """The functions' code within one stack, and its hash: another hash is other code."""

    code: lambda_.Code
    digest: str


def function_code(code: Code) -> FunctionCode:
    """Return the functions' code for one stack: the CDK lets no two stacks share one.

    The asset's hash is that of the zip's bytes, so that a key of the asset bucket can never stand for other bytes than
    the SHA-256 that watchers hold against them says, whichever machine made and uploaded them.
    """
    made = code.functions
    asset = lambda_.Code.from_asset(str(made.path), asset_hash=made.sha256, asset_hash_type=cdk.AssetHashType.CUSTOM)
    return FunctionCode(asset, made.sha256)


def publish(scope: Construct, code: Code) -> Published | None:
    """Add the watchers' zips to the assets of the scope's stack; None where watchers have their own image.

    A zip that is the functions' as well is uploaded once. With a customer's KMS key on the asset bucket the watcher
    needs kms:Decrypt on that key, which it is not given here: the bucket is the bootstrap stack's, and by default S3's
    own key encrypts it.
    """
    assets = {
        architecture: s3_assets.Asset(
            scope,
            f"Bundle{architecture}",
            path=str(made.path),
            asset_hash=made.sha256,
            asset_hash_type=cdk.AssetHashType.CUSTOM,
        )
        for architecture, made in code.nodes.items()
    }
    if not assets:
        return None
    bucket = next(iter(assets.values())).s3_bucket_name
    archives = {name: Archive(asset.s3_object_key, code.nodes[name].sha256) for name, asset in assets.items()}
    return Published(bucket, archives)
