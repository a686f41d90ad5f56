"""The clusterset.yaml of a sandbox, and its deploy: what needs no cluster first, the rest when the clusters are up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from sandbox.aws.deploy import deploy, prepare
from sandbox.clusters import eks_name
from sandbox.sandbox import ACCOUNT, CLUSTERSET, REGION, RESYNC_MINUTES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sandbox.aws.deploy import Cdk
    from sandbox.aws.outputs import Deployed
    from sandbox.sandbox import OwnCluster
    from sandbox.starting import Site


@dataclass(frozen=True, slots=True)
class Deploying:
    """One sandbox's deploy; `clusters` are its members by their ids."""

    site: Site
    cdk: Cdk
    clusters: Mapping[str, OwnCluster]
    leaving: tuple[str, ...] = ()

    def prepare(self) -> None:
        """Write the file, bootstrap and synthesize."""
        self._file.write_text(yaml.safe_dump(self._content(), sort_keys=False), encoding="utf-8")
        prepare(self.cdk, self._file, processes=self.site.processes, say=self._say)

    def deploy(self) -> Deployed:
        """Deploy, and install into the clusters by it."""
        return deploy(self.cdk, self._file, processes=self.site.processes, say=self._say)

    @property
    def _file(self) -> Path:
        return self.site.folder / "clusterset.yaml"

    def _say(self, text: str) -> None:
        self.site.say(f"  {text}")

    def _content(self) -> dict[str, Any]:
        content = {
            "clusterset": CLUSTERSET,
            "hub": {"account": ACCOUNT, "region": REGION},
            "resync_minutes": RESYNC_MINUTES,
            "cloudtrail": "existing",
            "importer": {"architecture": "x86_64", "log_level": "INFO"},
            "watcher": self._watcher(),
            "clusters": [self._entry(name, cluster) for name, cluster in self.clusters.items()],
        }
        if self.site.nodes:
            content["stub_zone"] = {"image": self.site.nodes.parts.coredns}
        return content

    def _entry(self, name: str, cluster: OwnCluster) -> dict[str, Any]:
        # Where nothing runs in pods there is no DNS to change, and a cluster of the user's keeps its own.
        return {
            "id": name,
            "eks": eks_name(name),
            "account": cluster.place.account,
            "region": cluster.place.region,
            "functions_account": cluster.of_functions.account,
            "state": "leaving" if name in self.leaving else "member",
            "dns": cluster.dns or ("managed" if self.site.nodes else "manual"),
        }

    def _watcher(self) -> dict[str, Any]:
        if self.site.contexts:
            return {"replicas": 0}  # the one at work is a process of this machine
        return {"base_image": self.site.nodes.base_image} if self.site.nodes else {}
