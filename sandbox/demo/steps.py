"""The steps of the main job: what is typed, what must come of it, and from where to where the time is taken.

The time is from the change being visible in the cluster it was made in (for endpoints: the last of them ready) to its
result being visible in the importing cluster.
"""

from __future__ import annotations

import json
import shlex
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sandbox.demo.view import IMAGE_SECONDS, NAMESPACE, SERVICE, Imported, View, wait_for
from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.demo.typing_in import Terminal
    from sandbox.sandbox import Sandbox

WEB: Final = "examples/web.yaml"
EXPORT: Final = "examples/export.yaml"
INVOKE: Final = "aws lambda invoke --cli-binary-format raw-in-base64-out"
SETTLE_SECONDS: Final = 2.0
_SHOWN: Final = ("serviceimport,service,endpointslice", "--namespace", NAMESPACE)


@dataclass(slots=True)
class MainJob:
    """Two clusters, one Service. Steps run in order; `ip` is the clusterset IP, which must never change."""

    sandbox: Sandbox
    terminal: Terminal
    east: View
    west: View
    ip: str = ""

    def deploy(self) -> None:
        for cluster in (self.east, self.west):
            self.terminal.kubectl(cluster.member.id, "create", "namespace", NAMESPACE)
        self.terminal.kubectl(self.east.member.id, "apply", "--filename", WEB)
        self._two_ready(self.east)

    def export(self) -> float:
        self.terminal.kubectl(self.east.member.id, "apply", "--filename", EXPORT)
        took = self._visible(self.east.has_export, {self.east.member.id: 2})
        self.ip = self._imported().ips[0]
        self.terminal.kubectl(self.west.member.id, "get", *_SHOWN)
        return took

    def scale_up(self) -> float:
        return self._scale(5, {self.east.member.id: 5})

    def export_from_both(self) -> float:
        west = self.west.member.id
        self.terminal.kubectl(west, "apply", "--filename", WEB)
        self._two_ready(self.west)
        self.terminal.kubectl(west, "apply", "--filename", EXPORT)
        took = self._visible(self.west.has_export, {self.east.member.id: 5, west: 2})
        self.terminal.kubectl(west, "get", *_SHOWN)
        return took

    def scale_to_zero(self) -> float:
        return self._scale(0, {self.east.member.id: 0, self.west.member.id: 2})

    def scale_back(self) -> float:
        return self._scale(3, {self.east.member.id: 3, self.west.member.id: 2})

    def repair(self) -> float:
        time.sleep(SETTLE_SECONDS)  # events of the step before would repair it too
        victim = self.west.imported_slices()[0]
        self.terminal.kubectl(self.west.member.id, "delete", "endpointslice", victim, "--namespace", NAMESPACE)
        began = wait_for("the slice is gone", lambda: victim not in self.west.imported_slices())
        function = self.sandbox.deployed.members[self.west.member.id].importer
        payload = json.dumps({"resync": {"namespace": NAMESPACE, "service": SERVICE}})
        self.terminal.type(f"{INVOKE} --function-name {function} --payload {shlex.quote(payload)} report.json")
        answer = (
            self.sandbox.aws_of(self.west.member.id).client("lambda").invoke(FunctionName=function, Payload=payload)
        )
        report = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise SandboxError(f"the importer failed: {report}")
        self.terminal.show(json.dumps(report["keys"], indent=2))
        return wait_for("the slice is back", lambda: victim in self.west.imported_slices()) - began

    def unexport(self) -> float:
        for cluster in (self.east, self.west):
            self.terminal.kubectl(cluster.member.id, "delete", "--filename", EXPORT)
        began = wait_for(
            "the last ServiceExport is gone", lambda: not (self.east.has_export() or self.west.has_export())
        )
        ended = wait_for("nothing is left of the import", lambda: self.west.imported() is self.east.imported() is None)
        self.terminal.kubectl(self.west.member.id, "get", *_SHOWN)
        return ended - began

    def _two_ready(self, cluster: View) -> None:
        what = f"two ready endpoints in {cluster.member.id}"
        wait_for(what, lambda: cluster.own_endpoints() == 2, seconds=IMAGE_SECONDS)  # noqa: PLR2004 - as in the manifest

    def _scale(self, replicas: int, expected: dict[str, int]) -> float:
        scale = ("scale", f"deployment/{SERVICE}", f"--replicas={replicas}", "--namespace", NAMESPACE)
        self.terminal.kubectl(self.east.member.id, *scale)
        took = self._visible(lambda: self.east.own_endpoints() == replicas, expected)
        self.terminal.show(_described(self._imported()))
        return took

    def _visible(self, changed: Callable[[], bool], expected: dict[str, int]) -> float:
        began = wait_for("the change in its own cluster", changed)
        return wait_for(f"{expected} in {self.west.member.id}", lambda: self._shows(expected)) - began

    def _shows(self, expected: dict[str, int]) -> bool:
        found = self.west.imported()
        if found is None or found.by_source != expected or not found.ips:
            return False
        if self.ip and found.ips != (self.ip,):
            raise SandboxError(f"the clusterset IP changed from {self.ip} to {found.ips}")
        return found.derived_ip == found.ips[0]

    def _imported(self) -> Imported:
        found = self.west.imported()
        if found is None or not found.ips:
            raise SandboxError("the import is gone")
        return found


def _described(found: Imported) -> str:
    counts = ", ".join(f"{count} of {source}" for source, count in found.endpoints)
    return f"clusterset IP {found.ips[0]}, ready endpoints: {counts}"
