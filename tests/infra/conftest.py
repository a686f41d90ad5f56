"""One synth, with cdk-nag on it, for all tests of this folder: each takes seconds."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cloudmap_mcs.clusterset import Clusterset, parse
from infra.bundle import Bundle
from infra.cache import made_once
from infra.code import AMD64, ARM64, Code

EXAMPLE = """
clusterset: prod
hub: {account: "123456789012", region: eu-west-1}
resync_minutes: 6
cloudtrail: create
importer: {memory_mib: 640, timeout_seconds: 20, concurrency: 4, log_level: DEBUG, log_retention_days: 14}
clusters:
  - {id: east, eks: prod-east}
  - {id: west, eks: prod-west}
  - {id: old, eks: prod-old, state: leaving}
"""

CANARY = "canary"


@dataclass(frozen=True)
class Synthesized:
    """What a synth left in its folder."""

    folder: Path
    report: dict[str, Any]

    def template(self, stack: str) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.folder / f"{stack}.template.json").read_text())
        return loaded

    def assets(self, stack: str) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.folder / f"{stack}.assets.json").read_text())
        return loaded


@dataclass(frozen=True)
class Stack:
    """A template with the questions that the tests ask."""

    template: dict[str, Any]

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """Return the properties of all resources of a type."""
        return [r.get("Properties", {}) for r in self.template["Resources"].values() if r["Type"] == kind]

    def one(self, kind: str, **wanted: object) -> dict[str, Any]:
        """Return the properties of the only resource of a type that has the wanted ones."""
        found = [p for p in self.of_type(kind) if all(p.get(key) == value for key, value in wanted.items())]
        assert len(found) == 1, f"{len(found)} of {kind} with {wanted}"
        return found[0]

    def text(self, value: Any) -> str:
        """Write an intrinsic function out as far as it can be: a reference becomes <logical id>."""
        match value:
            case str():
                return value
            case {"Ref": name}:
                return f"<{name}>".replace("<AWS::Partition>", "aws")
            case {"Fn::GetAtt": [name, attribute]}:
                return f"<{name}.{attribute}>"
            case {"Fn::Join": [separator, parts]}:
                return str(separator).join(self.text(part) for part in parts)
        raise AssertionError(value)


def code(folder: Path, clusterset: Clusterset) -> Code:
    """Return two zips that stand for the bundles: the functions' is the one for arm64 nodes, too."""
    zips = {}
    for architecture in (ARM64, AMD64):
        path = folder / f"{architecture}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(zipfile.ZipInfo("empty.py"), architecture)
        zips[architecture] = Bundle(path, architecture, hashlib.sha256(path.read_bytes()).hexdigest())
    return Code(zips[ARM64], {} if clusterset.watcher.image else zips)


def synthesize(clusterset: Clusterset, folder: Path) -> None:
    """Synthesize without bundling, with cdk-nag; its findings are in the report, not raised."""
    import aws_cdk as cdk  # noqa: PLC0415 -- starts a Node process; only tests that synthesize need it
    from aws_cdk import aws_s3 as s3  # noqa: PLC0415 -- the same
    from aws_cdk import aws_sqs as sqs  # noqa: PLC0415 -- the same
    from cdk_nag import AwsSolutionsChecks, ServerlessChecks  # noqa: PLC0415 -- the same

    from infra.stacks import build  # noqa: PLC0415 -- the same

    app = cdk.App(outdir=str(folder / "out"))
    build(app, clusterset, code(folder, clusterset))
    # Bad on purpose: a report without it would mean that cdk-nag did not look.
    canary = cdk.Stack(app, CANARY)
    s3.CfnBucket(canary, "Bucket")
    sqs.CfnQueue(canary, "Queue")
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))
    try:
        app.synth()
    except RuntimeError as error:
        if not str(error).startswith("ValidationFailed"):
            raise


@pytest.fixture(scope="session")
def synthesized(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Synthesized:
    """Synthesize once, also for all workers of a parallel run."""
    base = tmp_path_factory.getbasetemp()
    finished = (base if worker_id == "master" else base.parent) / "synth"
    with made_once(finished) as folder:
        if folder is not None:
            synthesize(parse(EXAMPLE, source="example"), folder)
    report = json.loads((finished / "out" / "validation-report.json").read_text())
    return Synthesized(finished / "out", report)


@pytest.fixture(scope="session")
def hub(synthesized: Synthesized) -> Stack:
    return Stack(synthesized.template("cloudmap-mcs-prod-hub"))


@pytest.fixture(scope="session")
def members(synthesized: Synthesized) -> Stack:
    return Stack(synthesized.template("cloudmap-mcs-prod-member-123456789012-eu-west-1"))
