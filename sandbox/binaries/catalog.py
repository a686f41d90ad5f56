"""What can be built: from which module, at which version, under which name in the cache."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sandbox.errors import SandboxError

MODULES: Final = Path(__file__).with_name("modules")

# No debug information: it doubles the size and nobody debugs these here.
_LINK_FLAGS: Final = ("-s", "-w")
# Without these kubectl and the API server call themselves v0.0.0-master.
_STAMP: Final = "k8s.io/component-base/version"


@dataclass(frozen=True, slots=True)
class Tool:
    """One program, the Go package of its main function and the module that package belongs to.

    `minutes` is how long a first build takes on two cores, in this order of building.
    """

    name: str
    module_set: str
    module: str
    package: str
    minutes: float

    @property
    def folder(self) -> Path:
        return MODULES / self.module_set

    @property
    def version(self) -> str:
        return module_version((self.folder / "go.mod").read_text(), self.module)

    @property
    def build_arguments(self) -> tuple[str, ...]:
        """Arguments of `go build` that decide what comes out."""
        return ("-trimpath", "-ldflags", " ".join((*_LINK_FLAGS, *self._stamps())))

    @property
    def digest(self) -> str:
        """Changes with anything that changes the program: module files, a main of our own, the build's arguments."""
        content = hashlib.sha256()
        for part in (
            *(file.read_bytes() for file in sorted(self.folder.iterdir())),
            "\0".join((self.package, *self.build_arguments)).encode(),
        ):
            content.update(hashlib.sha256(part).digest())
        return content.hexdigest()[:12]

    def _stamps(self) -> tuple[str, ...]:
        if self.module_set != "kubernetes":
            return ()
        major, minor, _ = self.version.removeprefix("v").split(".", 2)
        values = {"gitVersion": self.version, "gitMajor": major, "gitMinor": minor}
        return tuple(f"-X {_STAMP}.{key}={value}" for key, value in values.items())


def module_version(go_mod: str, module: str) -> str:
    """Version at which a go.mod requires a module; SandboxError if it does not."""
    for line in go_mod.splitlines():
        words = line.removeprefix("require").split()
        if len(words) >= 2 and words[0] == module and words[1].startswith("v"):  # noqa: PLR2004 - module and version
            return words[1]
    raise SandboxError(f"{module} is not required by its go.mod: the catalogue and the module files disagree")


def _kubernetes(name: str, minutes: float) -> Tool:
    return Tool(name, "kubernetes", "k8s.io/kubernetes", f"k8s.io/kubernetes/cmd/{name}", minutes)


# In the order of building: the API server fills Go's own cache for those that follow.
TOOLS: Final = (
    Tool("etcd", "etcd", "go.etcd.io/etcd/server/v3", "go.etcd.io/etcd/server/v3", 1.5),
    _kubernetes("kube-apiserver", 5),
    _kubernetes("kube-controller-manager", 1),
    _kubernetes("kube-scheduler", 0.2),
    _kubernetes("kubectl", 0.5),
    _kubernetes("kube-proxy", 0.2),
    _kubernetes("kubelet", 0.5),
    Tool("kwok", "kwok", "sigs.k8s.io/kwok", "sigs.k8s.io/kwok/cmd/kwok", 3),
    Tool("coredns", "coredns", "github.com/coredns/coredns", ".", 2),
)
