"""Whether a CustomResourceDefinition that a cluster has already is created, kept, upgraded or in our way.

Several tools install the same definitions. mcs-api gives them two labels for this, `release-version` and
`crd-schema-revision` (config/crd in kubernetes-sigs/mcs-api); one that has none is older than both.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType
from typing import Any, Final

from cloudmap_mcs.domain.installation import Manifest

LABEL_RELEASE: Final = "multicluster.x-k8s.io/release-version"
LABEL_REVISION: Final = "multicluster.x-k8s.io/crd-schema-revision"

_RELEASE: Final = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(-.+)?", re.ASCII)
_OLDEST: Final = ((0, 0, 0, False), 0)

NEEDS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "about.k8s.io": frozenset({"v1beta1"}),
        "multicluster.x-k8s.io": frozenset({"v1alpha1", "v1beta1", "v1beta1/status"}),
    }
)
"""What has to be served: we write v1beta1 and its status, CoreDNS reads v1alpha1."""


class Age(Enum):
    """Of the definition that is there, compared with ours."""

    OLDER = auto()
    SAME = auto()
    NEWER = auto()
    UNKNOWN = auto()


class Step(Enum):
    """What the installer does about a definition."""

    CREATE = auto()
    KEEP = auto()
    UPGRADE = auto()
    REFUSE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A definition as far as two of them are compared.

    `serves` has each served version, and `<version>/status` where it has the status subresource.
    """

    name: str
    group: str
    release: str | None = None
    revision: str | None = None
    versions: frozenset[str] = frozenset()
    serves: frozenset[str] = frozenset()

    @property
    def lacks(self) -> tuple[str, ...]:
        """What we need and it does not serve."""
        return tuple(sorted(NEEDS[self.group] - self.serves))


def definition(manifest: Mapping[str, Any]) -> Definition:
    """Read a CustomResourceDefinition of apiextensions.k8s.io/v1."""
    metadata, spec = manifest["metadata"], manifest["spec"]
    labels = metadata.get("labels") or {}
    served = [version for version in spec["versions"] if version.get("served")]
    with_status = [f"{version['name']}/status" for version in served if "status" in (version.get("subresources") or {})]
    return Definition(
        name=metadata["name"],
        group=spec["group"],
        release=labels.get(LABEL_RELEASE),
        revision=labels.get(LABEL_REVISION),
        versions=frozenset(version["name"] for version in spec["versions"]),
        serves=frozenset([*(version["name"] for version in served), *with_status]),
    )


def age(found: Definition, ours: Definition) -> Age:
    """Compare release, then revision. A version that ours does not have is news, whatever the labels say."""
    theirs, own = _order(found), _order(ours)
    if theirs is None or own is None:
        return Age.UNKNOWN
    if found.versions - ours.versions or theirs > own:
        return Age.NEWER
    return Age.SAME if theirs == own else Age.OLDER


def _order(held: Definition) -> tuple[tuple[int, int, int, bool], int] | None:
    """Give what can be compared; None for labels that say something, but not what."""
    if held.release is None and held.revision is None:
        return _OLDEST
    release = _RELEASE.fullmatch(held.release or "v0.0.0")
    revision = held.revision or "0"
    if release is None or not revision.isdecimal():
        return None
    major, minor, patch, before = release.groups()
    return (int(major), int(minor), int(patch), not before), int(revision)


_STEPS: Final[Mapping[tuple[Age, bool], Step]] = MappingProxyType(
    {
        (Age.OLDER, True): Step.UPGRADE,
        (Age.OLDER, False): Step.UPGRADE,
        (Age.SAME, True): Step.KEEP,
        (Age.SAME, False): Step.UPGRADE,
        (Age.NEWER, True): Step.KEEP,
        (Age.NEWER, False): Step.REFUSE,
        (Age.UNKNOWN, True): Step.KEEP,
        (Age.UNKNOWN, False): Step.REFUSE,
    }
)
"""By age, and by whether everything we need is served. Never a downgrade, and never one that cannot be compared."""


def step(found: Manifest | None, ours: Manifest, *, is_applied: bool = False) -> Step:
    """Say what to do; `is_applied` that an earlier install of ours wrote it, so that it is ours to repair."""
    if found is None:
        return Step.CREATE
    there, wanted = definition(found), definition(ours)
    how_old = age(there, wanted)
    if is_applied and how_old is Age.SAME:
        return Step.UPGRADE
    return _STEPS[how_old, not there.lacks]


def storage_version(manifest: Mapping[str, Any]) -> str:
    """Return the version that objects are stored in when they are written."""
    return str(next(version["name"] for version in manifest["spec"]["versions"] if version.get("storage")))


def old_storage(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the versions other than the storage version in which objects may still be stored."""
    stored = (found.get("status") or {}).get("storedVersions") or ()
    return tuple(version for version in stored if version != storage_version(found))


def is_established(found: Mapping[str, Any]) -> bool:
    """Say whether the API server has taken the definition up and serves its objects."""
    conditions = (found.get("status") or {}).get("conditions") or ()
    return any(item["type"] == "Established" and item["status"] == "True" for item in conditions)
