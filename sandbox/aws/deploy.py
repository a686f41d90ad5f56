"""The real `cdk bootstrap` and `cdk deploy` against the local AWS, and what the stacks say afterwards."""

from __future__ import annotations

import json
import re
import shlex
import sys
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from cloudmap_mcs.clusterset import load
from sandbox.aws.node import OLDEST
from sandbox.aws.outputs import Deployed, deployed
from sandbox.errors import SandboxError
from sandbox.process import Command, last_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from cloudmap_mcs.clusterset import Clusterset
    from sandbox.aws.node import Node
    from sandbox.aws.server import LocalAws
    from sandbox.process import Processes

_EXECUTION_POLICY: Final = "arn:aws:iam::aws:policy/AdministratorAccess"
_BOOTSTRAP_SECONDS: Final = 180
_SYNTH_SECONDS: Final = 300
_DEPLOY_SECONDS: Final = 600
_SIGN_OF_LIFE_SECONDS: Final = 15
_POLL_SECONDS: Final = 0.1
_LOOKED_AT: Final = 200
_SHOWN: Final = 100
# What the CDK itself tells of its work; Node and jsii write their warnings into the same log.
_RESOURCE: Final = re.compile(r"\| *[\d/]+ *\|[^|]*\| ([A-Z_]+) *\| (\S+) *\| (\S.*)")
_STEP: Final = re.compile(r"[✨✅] +(.*)|([\w-]+: (?:start|success|deploying|creating|updating).*)")
_PASSED: Final = ("PATH", "HOME", "XDG_CACHE_HOME", "TMPDIR", "LANG", "SSL_CERT_FILE")


@dataclass(frozen=True, slots=True)
class Cdk:
    """The CDK's command line on one local AWS: what it runs, where it writes, whose environment it starts from."""

    root: Path
    folder: Path
    node: Node
    program: Path
    aws: LocalAws
    base: Mapping[str, str]

    def bootstrap(self, account: str, regions: Sequence[str]) -> Command:
        """Return the call that prepares an account's Regions, with that account's keys as a person would.

        Another account trusts this one, so that one deploy can go to both. Run where there is no cdk.json, it needs no
        stacks.
        """
        there = self.aws.at(account, regions[0])
        arguments = [f"aws://{account}/{region}" for region in regions]
        if account != self.aws.account:
            arguments += ["--trust", self.aws.account, "--cloudformation-execution-policies", _EXECUTION_POLICY]
        name = "cdk-bootstrap" if account == self.aws.account else f"cdk-bootstrap-{account}"
        return replace(self, aws=there)._command(name, "bootstrap", *arguments, where=self.folder)  # noqa: SLF001 -- its own

    def synth(self, clusterset: Path) -> Command:
        """Return the call that makes the stacks' templates and a bundle for this very interpreter."""
        app = f"{shlex.quote(sys.executable)} {shlex.quote(str(self.root / 'app.py'))}"
        arguments = ["synth", "--quiet", "--app", app, "--output", str(self._assembly)]
        arguments += ["--context", f"clusterset={clusterset}", "--context", "bundle=host"]
        return self._command("cdk-synth", *arguments, where=self.root)

    def deploy(self, *, outputs: Path) -> Command:
        """Return the call that deploys all stacks of the last synthesis."""
        arguments = ["deploy", "--all", "--require-approval", "never", "--method", "direct", "--progress", "events"]
        arguments += ["--app", str(self._assembly), "--outputs-file", str(outputs)]
        return self._command("cdk-deploy", *arguments, where=self.root)

    def destroy(self) -> Command:
        """Return the call that destroys all stacks of the last synthesis."""
        arguments = ["destroy", "--all", "--force", "--progress", "events", "--app", str(self._assembly)]
        return self._command("cdk-destroy", *arguments, where=self.root)

    @property
    def _assembly(self) -> Path:
        return self.folder / "cdk.out"

    def _command(self, name: str, *arguments: str, where: Path) -> Command:
        environment = {
            **self.node.on_path({name: self.base[name] for name in _PASSED if name in self.base}),
            **self.aws.client_environment(),
            "CDK_DISABLE_VERSION_CHECK": "true",
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": str(OLDEST),
        }
        call = (self.node.program, str(self.program), *arguments, "--no-notices", "--ci", "--no-color")
        return Command(name, call, where, self.folder / f"{name}.log", environment)


def prepare(cdk: Cdk, clusterset: Path, *, processes: Processes, say: Callable[[str], None]) -> None:
    """Bootstrap what is not bootstrapped yet, and synthesize: all of a deploy that needs no clusters."""
    for account, regions in environments(load(clusterset)).items():
        missing = [region for region in regions if not _is_bootstrapped(cdk.aws.at(account, region))]
        if missing:
            run_to_end(processes, cdk.bootstrap(account, missing), limit=_BOOTSTRAP_SECONDS, say=say)
    run_to_end(processes, cdk.synth(clusterset), limit=_SYNTH_SECONDS, say=say)


def environments(clusterset: Clusterset) -> dict[str, list[str]]:
    """Return the Regions of each account that stacks can go to, the hub's first."""
    found = {clusterset.hub.account: [clusterset.hub.region]}
    for cluster in clusterset.clusters:
        for account in (cluster.account, cluster.functions_account):
            regions = found.setdefault(account, [])
            if cluster.region not in regions:
                regions.append(cluster.region)
    return found


def deploy(cdk: Cdk, clusterset: Path, *, processes: Processes, say: Callable[[str], None]) -> Deployed:
    """Deploy what was prepared, into clusters that are up, and return what the stacks say."""
    outputs = cdk.folder / "outputs.json"
    run_to_end(processes, cdk.deploy(outputs=outputs), limit=_DEPLOY_SECONDS, say=say)
    return deployed(load(clusterset).clusterset, json.loads(outputs.read_text(encoding="utf-8")))


def destroy(cdk: Cdk, *, processes: Processes, say: Callable[[str], None]) -> None:
    """Destroy what was deployed; the clusters are uninstalled by it."""
    run_to_end(processes, cdk.destroy(), limit=_DEPLOY_SECONDS, say=say)


def run_to_end(processes: Processes, command: Command, *, limit: float, say: Callable[[str], None]) -> None:
    """Run a command with a time limit; says that it lives now and then, and shows the end of its log if it fails."""
    start = time.monotonic()
    child = processes.start(command)
    said = start
    try:
        while child.status is None:
            now = time.monotonic()
            if now - start > limit:
                raise SandboxError(_told(command, f"took longer than {limit:g} s"))
            if now - said > _SIGN_OF_LIFE_SECONDS:
                said = now
                say(f"{command.name}: {now - start:.0f} s, {last_event(last_lines(command.log, _LOOKED_AT))}")
            time.sleep(_POLL_SECONDS)
    finally:
        processes.stop(child)
    if child.status:
        raise SandboxError(_told(command, f"failed with status {child.status}"))
    say(f"{command.name}: done in {time.monotonic() - start:.1f} s")


def last_event(lines: Sequence[str]) -> str:
    """Return the last thing that the CDK tells of its work in these lines of its log, shortened."""
    for line in reversed(lines):
        found = _RESOURCE.search(line) or _STEP.match(line)
        if found:
            return " ".join(part.strip() for part in found.groups() if part)[:_SHOWN]
    return "at work"


def _told(command: Command, what: str) -> str:
    lines = "\n".join(f"    {line}" for line in last_lines(command.log))
    return f"{command.name} {what}; the end of {command.log}:\n{lines}"


def _is_bootstrapped(aws: LocalAws) -> bool:
    formation = aws.client("cloudformation")
    try:
        stacks = formation.describe_stacks(StackName="CDKToolkit")["Stacks"]
    except ClientError:
        return False
    return bool(stacks[0]["StackStatus"].endswith("_COMPLETE"))
