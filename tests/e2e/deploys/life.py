"""The life of a clusterset from its first deploy to its destruction: what the tests do and see."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sandbox.deploying import Deploying
from sandbox.sandbox import ACCOUNT, Place, Sandbox
from sandbox.starting import Site
from tests.e2e.deploys.inventory import Inventory, differences, inventory
from tests.e2e.deploys.managed import ManagedCoreDns
from tests.e2e.whole.lab import Cluster

ELSEWHERE = {"west": Place(region="eu-west-1"), "north": Place(account="210987654321")}
VAULT = Place(account="210987654322")
"""A cluster whose account has no functions: those of the hub's account reach it."""
PLACES = {"east": Place(), "south": Place(), **ELSEWHERE, "vault": VAULT}
FUNCTIONS = {"vault": ACCOUNT}
DNS = {"south": "managed"}
"""Who sees to it; elsewhere nobody."""

KEPT = ("CustomResourceDefinition ", "APIService ")
"""What an uninstall leaves: definitions, and the API services that an API server makes of them by itself."""


@dataclass
class Life:
    """The running sandbox, what was in its clusters before the first deploy, and the one CoreDNS."""

    site: Site
    sandbox: Sandbox
    deploying: Deploying
    clusters: Mapping[str, Cluster]
    before: Mapping[str, Inventory]
    dns: ManagedCoreDns

    def deploy(self) -> None:
        """Synthesize and deploy anew."""
        self.deploying.prepare()
        self.deploying.deploy()

    def leave(self, cluster: str) -> None:
        """Mark a cluster as leaving."""
        self.deploying = replace(self.deploying, leaving=(*self.deploying.leaving, cluster))

    def forget(self, cluster: str) -> None:
        """Take a cluster's entry out of the file."""
        clusters = {name: place for name, place in self.deploying.clusters.items() if name != cluster}
        leaving = tuple(name for name in self.deploying.leaving if name != cluster)
        self.deploying = replace(self.deploying, clusters=clusters, leaving=leaving)

    def left(self, cluster: str) -> dict[str, str]:
        """Compare a cluster with what it was before the first deploy, but for what is kept."""
        found = differences(self.before[cluster], inventory(self.clusters[cluster].client))
        return {name: what for name, what in found.items() if not name.startswith(KEPT)}

    def stacks(self) -> dict[str, str]:
        """Return when each stack that is there, of every place, was last changed; by account, Region and name."""
        found = {}
        for place in set(PLACES.values()):
            formation = self.sandbox.aws.at(place.account, place.region).client("cloudformation")
            for stack in formation.describe_stacks()["Stacks"]:
                if stack["StackName"] != "CDKToolkit" and stack["StackStatus"] != "DELETE_COMPLETE":
                    changed = stack.get("LastUpdatedTime", stack["CreationTime"])
                    found[f"{place.account} {place.region} {stack['StackName']}"] = changed.isoformat()
        return found
