from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.binaries.catalog import TOOLS, Tool, module_version
from sandbox.errors import SandboxError


def a_tool(folder: Path, *, go_sum: str = "sum", package: str = "example.test/tool/cmd") -> Tool:
    folder.mkdir(exist_ok=True)
    (folder / "go.mod").write_text("module x\n\nrequire (\n\texample.test/tool v1.2.3 // indirect\n)\n")
    (folder / "go.sum").write_text(go_sum)
    return Tool("tool", str(folder), "example.test/tool", package, 1)


def test_every_tool_has_the_version_its_go_mod_requires() -> None:
    versions = {tool.name: tool.version for tool in TOOLS}

    assert versions["kubectl"] == versions["kube-apiserver"]
    assert all(version.startswith("v") for version in versions.values())


def test_every_package_is_a_tool_of_its_go_mod_or_the_module_itself_or_a_main_of_our_own() -> None:
    for tool in TOOLS:
        assert tool.package in (tool.folder / "go.mod").read_text() or (tool.folder / tool.package / "main.go").exists()


def test_kubernetes_programs_carry_their_version() -> None:
    (kubectl,) = [tool for tool in TOOLS if tool.name == "kubectl"]

    assert f"gitVersion={kubectl.version}" in " ".join(kubectl.build_arguments)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("require example.test/tool v1.2.3", id="single-line"),
        pytest.param("\texample.test/tool v1.2.3 // indirect", id="in-a-block"),
    ],
)
def test_a_required_version_is_found(line: str) -> None:
    text = f"module x\n\treplace example.test/tool => ../elsewhere\n\texample.test/tool/v2 v2.0.0\n{line}\n"

    assert module_version(text, "example.test/tool") == "v1.2.3"


def test_a_module_that_is_not_required_is_refused() -> None:
    with pytest.raises(SandboxError, match=r"example\.test/other is not required"):
        module_version("require example.test/tool v1.2.3", "example.test/other")


def test_the_digest_changes_with_whatever_changes_the_program(tmp_path: Path) -> None:
    first = a_tool(tmp_path).digest
    other_package = replace(a_tool(tmp_path), package="example.test/tool/cmd/other").digest
    other_sums = a_tool(tmp_path, go_sum="other").digest

    (tmp_path / "main.go").write_text("package main\n")
    own_main = a_tool(tmp_path).digest

    assert len({first, other_package, other_sums, own_main}) == 4
    (tmp_path / "main.go").unlink()
    assert a_tool(tmp_path).digest == first
