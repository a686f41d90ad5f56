from pathlib import Path

import pytest

from cloudmap_mcs.clusterset import Clusterset, parse
from infra import code as module
from infra.bundle import Bundle
from infra.code import AMD64, ARM64, Archive, Code, Published, code
from infra.wheels import BundleError, Target, host_target, lambda_target
from tests.infra.conftest import EXAMPLE, Synthesized

OWN_IMAGE = EXAMPLE + "watcher: {image: registry.example.com/watcher:1}\n"


@pytest.fixture
def bundled(monkeypatch: pytest.MonkeyPatch) -> list[Target]:
    """Stand in for the bundler, which has tests of its own: remember the targets."""
    done: list[Target] = []

    def bundle(_root: Path, target: Target, **_: object) -> Bundle:
        done.append(target)
        return Bundle(Path(target.title), "digest", "sha256")

    monkeypatch.setattr(module, "bundle", bundle)
    return done


def made(text: str = EXAMPLE, bundle_for: str = "lambda") -> Code:
    clusterset: Clusterset = parse(text, source="example")
    return code(Path("root"), clusterset, bundle_for=bundle_for, cache=Path("cache"), say=lambda _line: None)


def test_nodes_of_both_architectures_find_their_zip_and_one_of_them_is_the_functions(bundled: list[Target]) -> None:
    arm, intel = lambda_target("arm64"), lambda_target("x86_64")

    assert made() == Code(of(arm), {AMD64: of(intel), ARM64: of(arm)})
    assert bundled == [arm, intel]


def of(target: Target) -> Bundle:
    return Bundle(Path(target.title), "digest", "sha256")


def test_with_an_image_of_ones_own_only_the_functions_are_bundled(bundled: list[Target]) -> None:
    assert made(OWN_IMAGE).nodes == {}
    assert bundled == [lambda_target("arm64")]


@pytest.mark.parametrize(("machine", "architecture"), [("aarch64", ARM64), ("x86_64", AMD64), ("arm64", ARM64)])
def test_the_hosts_bundle_is_for_functions_and_nodes_like_this_machine(
    bundled: list[Target], monkeypatch: pytest.MonkeyPatch, machine: str, architecture: str
) -> None:
    monkeypatch.setattr("platform.machine", lambda: machine)

    assert made(bundle_for="host").nodes == {architecture: of(host_target())}
    assert bundled == [host_target()]


def test_a_host_that_no_watcher_can_run_on_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")

    with pytest.raises(BundleError, match="riscv64"):
        made(bundle_for="host")


def test_other_targets_are_refused_with_the_list(bundled: list[Target]) -> None:
    with pytest.raises(BundleError, match="allowed are: lambda, host"):
        made(bundle_for="docker")
    assert bundled == []


def test_the_zip_that_functions_and_nodes_share_is_uploaded_once(synthesized: Synthesized) -> None:
    assets = synthesized.assets("cloudmap-mcs-prod-member-123456789012-eu-west-1")

    zips = [file for file in assets["files"].values() if file["source"]["path"].endswith(".zip")]
    assert len(zips) == 2


def test_an_architecture_without_a_zip_is_left_out_of_what_is_told() -> None:
    published = Published("assets", {AMD64: Archive("intel.zip", "b" * 64)})

    assert published.described("eu-west-1") == {
        "region": "eu-west-1",
        "bucket": "assets",
        "amd64": {"key": "intel.zip", "sha256": "b" * 64},
    }
