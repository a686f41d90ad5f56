"""CDK entry: clusterset.yaml → stacks.

Context: `clusterset=PATH` for another file; `bundle=host` to bundle for this very interpreter, as the sandbox does.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import aws_cdk as cdk

from cloudmap_mcs.clusterset import ClustersetError, load
from infra import limits
from infra.cache import cache_folder
from infra.code import code
from infra.stacks import build
from infra.wheels import BundleError

ROOT = Path(__file__).resolve().parent


def main() -> None:
    """Synthesize into CDK's output folder; every mistake in the file ends it before anything is made."""
    app = cdk.App()
    try:
        file = Path(app.node.try_get_context("clusterset") or ROOT / "clusterset.yaml")
        clusterset = load(file)
        limits.check(clusterset, source=str(file))
        made = code(
            ROOT,
            clusterset,
            bundle_for=app.node.try_get_context("bundle") or "lambda",
            cache=cache_folder(os.environ),  # noqa: TID251 -- this is a door
            say=lambda line: print(line, file=sys.stderr),  # noqa: T201 -- progress for a person
        )
        build(app, clusterset, made)
    except (ClustersetError, BundleError) as error:
        sys.exit(str(error))
    app.synth()


if __name__ == "__main__":
    main()
