"""Every AWS name, made from the clusterset and cluster ids alone, so that nobody needs a stack's output to find it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

PREFIX = "cloudmap-mcs"
_LIMIT = 64
_HASH = 8


def cut(name: str, suffix: str = "", *, limit: int = _LIMIT) -> str:
    """Return `name` + `suffix` within `limit` characters: a name that is too long ends in a hash of all of it."""
    if len(name) + len(suffix) <= limit:
        return name + suffix
    digest = hashlib.sha256(name.encode()).hexdigest()[:_HASH]
    return f"{name[: _uncut(suffix, limit)]}-{digest}{suffix}"


def _uncut(suffix: str, limit: int) -> int:
    """Tell how many characters a name that is too long keeps."""
    return limit - len(suffix) - _HASH - 1


def _role_suffix(what: str, region: str) -> str:
    return f"-{what}-{region}"


def namespace(clusterset: str) -> str:
    """Return the name of the Cloud Map namespace."""
    return f"mcs.{clusterset}"


def bus(clusterset: str) -> str:
    """Return the name of the hub's event bus."""
    return f"{PREFIX}-{clusterset}"


def namespace_parameter(clusterset: str) -> str:
    """Return the SSM parameter in which HubStack leaves the namespace's id to the MemberStacks."""
    return f"/{PREFIX}/{clusterset}/namespace-id"


def watcher_roles(clusterset: str, region: str) -> str:
    """Return a wildcard that the names of all watcher roles of a clusterset match, the cut ones too.

    It is wider than these: it also matches those of a clusterset whose id begins like this one's.
    """
    suffix = _role_suffix("watcher", region)
    return f"{f'{PREFIX}-{clusterset}-'[: _uncut(suffix, _LIMIT)]}*{suffix}"


def hub_stack(clusterset: str) -> str:
    return f"{PREFIX}-{clusterset}-hub"


def member_stack(clusterset: str, account: str, region: str) -> str:
    return f"{PREFIX}-{clusterset}-member-{account}-{region}"


@dataclass(frozen=True, slots=True)
class ClusterNames:
    """The names of one member cluster's resources; those of roles are global, so they carry the Region."""

    clusterset: str
    cluster: str
    region: str

    def _named(self, suffix: str = "") -> str:
        return cut(f"{PREFIX}-{self.clusterset}-{self.cluster}", suffix)

    def _role(self, what: str) -> str:
        return self._named(_role_suffix(what, self.region))

    @property
    def queue(self) -> str:
        return self._named()

    @property
    def dead_letters(self) -> str:
        return self._named("-dlq")

    @property
    def rule(self) -> str:
        return self._named()

    @property
    def cloudtrail_rule(self) -> str:
        return self._named("-cloudtrail")

    @property
    def schedule(self) -> str:
        return self._named()

    @property
    def importer(self) -> str:
        return self._named("-importer")

    @property
    def importer_role(self) -> str:
        return self._role("importer")

    @property
    def scheduler_role(self) -> str:
        return self._role("scheduler")

    @property
    def watcher_role(self) -> str:
        return self._role("watcher")

    def alarm(self, what: str) -> str:
        """Return the name of an alarm; CloudWatch allows 255 characters, so nothing is cut."""
        return f"{PREFIX}-{self.clusterset}-{self.cluster}-{what}"
