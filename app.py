"""CDK entry: clusterset.yaml → stacks.

Context: `clusterset=PATH` for another file; `bundle=host` to bundle for this very interpreter, as the sandbox does.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_

from cloudmap_mcs.clusterset import Clusterset, ClustersetError, load
from infra.bundle import bundle
from infra.cache import cache_folder
from infra.stacks import build
from infra.wheels import BundleError, host_target, lambda_target

ROOT = Path(__file__).resolve().parent


def main() -> None:
    """Synthesize into CDK's output folder; every mistake in the file ends it before anything is made."""
    app = cdk.App()
    try:
        clusterset = load(Path(app.node.try_get_context("clusterset") or ROOT / "clusterset.yaml"))
        code = _code(clusterset, bundle_for=app.node.try_get_context("bundle") or "lambda")
    except (ClustersetError, BundleError) as error:
        sys.exit(str(error))
    build(app, clusterset, code)
    app.synth()


def _code(clusterset: Clusterset, *, bundle_for: str) -> lambda_.Code:
    targets = {"lambda": lambda: lambda_target(clusterset.importer.architecture), "host": host_target}
    if bundle_for not in targets:
        raise BundleError(f"context bundle={bundle_for} is not known; allowed are: {', '.join(targets)}")
    cache = cache_folder(os.environ)  # noqa: TID251 -- this is a door
    made = bundle(ROOT, targets[bundle_for](), cache=cache, say=lambda line: print(line, file=sys.stderr))  # noqa: T201 -- progress for a person
    return lambda_.Code.from_asset(str(made.path), asset_hash=made.digest, asset_hash_type=cdk.AssetHashType.CUSTOM)


if __name__ == "__main__":
    main()
