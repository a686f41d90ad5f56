"""Where the watcher's code is, when the deploy's outputs say it."""

import json
from pathlib import Path
from typing import Any

import pytest

from cloudmap_mcs.install.bundle import Bundle, OwnImage
from cloudmap_mcs.install.dns import rights
from tests.cli.rendered import BUNDLE, ROLE, WITH_BUNDLE, clusterset, installed, printed, refused
from tests.install.settings import A_BUNDLE

MEMBERS = "cloudmap-mcs-prod-member-123456789012-eu-west-1"
TOLD = ("--outputs", "outputs.json")


@pytest.fixture(autouse=True)
def _outputs_with_bundle(folder: Path) -> None:
    write(WITH_BUNDLE, folder)


def write(outputs: dict[str, Any], folder: Path = Path()) -> None:
    (folder / "outputs.json").write_text(json.dumps(outputs), encoding="utf-8")


def told_of_east(bundle: object) -> None:
    """Have the outputs say something else about the zips of east's watcher."""
    write(WITH_BUNDLE | {MEMBERS: {"eastFacts": json.dumps({"cluster": "east", "bundle": bundle})}})


def test_the_outputs_suffice() -> None:
    assert printed(*TOLD) == [*installed(code=A_BUNDLE), *rights()]


def test_with_irsa_they_name_the_role_too() -> None:
    clusterset(east="identity: irsa, oidc_issuer: 'https://oidc.eks.eu-west-1.amazonaws.com/id/0123ABCD'")

    assert printed(*TOLD, "--no-dns") == installed(code=A_BUNDLE, role=ROLE)


def test_the_base_image_is_the_clustersets_and_one_architecture_may_be_missing() -> None:
    clusterset(watcher="{replicas: 3, log_level: DEBUG, base_image: mirror.example/python:3.13}")
    told_of_east({name: BUNDLE[name] for name in ("region", "bucket", "arm64")})

    code = Bundle(
        region=A_BUNDLE.region, bucket=A_BUNDLE.bucket, arm64=A_BUNDLE.arm64, image="mirror.example/python:3.13"
    )
    assert printed(*TOLD, "--no-dns") == installed(code=code)


def test_an_image_goes_before_them() -> None:
    said = OwnImage(image="registry.example/watcher:1")
    assert printed(*TOLD, "--image", said.image, "--no-dns") == installed(code=said)

    clusterset(watcher="{replicas: 3, log_level: DEBUG, image: 'mirror.example/watcher:2'}")
    assert printed(*TOLD, "--no-dns") == installed(code=OwnImage(image="mirror.example/watcher:2"))


def test_another_bundle_goes_before_them() -> None:
    Path("bundle.json").write_text(json.dumps({**BUNDLE, "arm64": None}), encoding="utf-8")

    code = Bundle(region=A_BUNDLE.region, bucket=A_BUNDLE.bucket, amd64=A_BUNDLE.amd64)
    assert printed(*TOLD, "--bundle", "bundle.json", "--no-dns") == installed(code=code)


def test_outputs_without_zips_for_this_cluster_do_not_suffice() -> None:
    write(WITH_BUNDLE | {MEMBERS: {"westFacts": json.dumps({"cluster": "west", "bundle": BUNDLE})}})

    assert "either --image or --bundle" in refused(*TOLD, status=2)


@pytest.mark.parametrize(
    ("bundle", "mistake"),
    [
        (BUNDLE | {"arm64": {"key": "arm.zip", "sha256": "abc"}}, "  arm64.sha256: "),
        ("zips", "  the whole: "),
    ],
)
def test_what_is_no_bundle_is_told_with_where_it_is_from(bundle: object, mistake: str) -> None:
    told_of_east(bundle)

    told = refused(*TOLD, status=1)

    assert mistake in told
    assert "outputs.json: the output about cluster east" in told


def test_a_bundle_without_any_zip_is_refused() -> None:
    told_of_east({"region": "eu-west-1", "bucket": "assets"})

    assert "there must be a zip" in refused(*TOLD, status=1)
