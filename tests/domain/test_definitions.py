from typing import Any

import pytest

from cloudmap_mcs.domain.definitions import (
    LABEL_RELEASE,
    LABEL_REVISION,
    Age,
    Step,
    age,
    definition,
    is_established,
    old_storage,
    step,
    storage_version,
)
from cloudmap_mcs.install import crds

MCS, ABOUT = "multicluster.x-k8s.io", "about.k8s.io"


def a_crd(
    release: str | None = "v0.5.2",
    revision: str | None = "0",
    *,
    versions: tuple[str, ...] = ("v1alpha1", "v1beta1"),
    unserved: tuple[str, ...] = (),
    status: bool = True,
) -> dict[str, Any]:
    labels = {LABEL_RELEASE: release, LABEL_REVISION: revision}
    subresources: dict[str, Any] = {"subresources": {"status": {}}} if status else {}
    return {
        "metadata": {"name": f"things.{MCS}", "labels": {key: value for key, value in labels.items() if value}},
        "spec": {
            "group": MCS,
            "versions": [
                {"name": name, "served": name not in unserved, "storage": name == versions[-1], **subresources}
                for name in versions
            ],
        },
    }


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(a_crd(), Age.SAME, id="same"),
        pytest.param(a_crd("v0.5.1", "7"), Age.OLDER, id="older-release-newer-revision"),
        pytest.param(a_crd("v0.5.10"), Age.NEWER, id="numbers-not-letters"),
        pytest.param(a_crd("0.6.0"), Age.NEWER, id="without-v"),
        pytest.param(a_crd("v0.5.2", "1"), Age.NEWER, id="newer-revision"),
        pytest.param(a_crd("v0.5.2", None), Age.SAME, id="no-revision-is-the-first"),
        pytest.param(a_crd("v0.5.2-rc.1"), Age.OLDER, id="before-the-release"),
        pytest.param(a_crd("v0.6.0-rc.1"), Age.NEWER, id="before-the-next-release"),
        pytest.param(a_crd(None, None), Age.OLDER, id="no-labels"),
        pytest.param(a_crd(None, "1"), Age.OLDER, id="a-revision-of-nothing"),
        pytest.param(a_crd("main"), Age.UNKNOWN, id="a-branch"),
        pytest.param(a_crd("v0.6"), Age.UNKNOWN, id="two-numbers"),
        pytest.param(a_crd("v0.5.2", "x"), Age.UNKNOWN, id="a-revision-that-is-no-number"),
        pytest.param(a_crd(None, None, versions=("v1alpha1", "v1")), Age.NEWER, id="a-version-unknown-to-us"),
    ],
)
def test_labels_tell_which_of_two_definitions_is_newer(found: dict[str, Any], expected: Age) -> None:
    """mcs-api, config/crd: release-version, then crd-schema-revision."""
    assert age(definition(found), definition(a_crd())) is expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(None, Step.CREATE, id="none"),
        pytest.param(a_crd(), Step.KEEP, id="same"),
        pytest.param(a_crd(status=False), Step.UPGRADE, id="same-without-status"),
        pytest.param(a_crd("v0.5.0"), Step.UPGRADE, id="older"),
        pytest.param(a_crd(None, None, versions=("v1alpha1",), status=False), Step.UPGRADE, id="go-controller"),
        pytest.param(a_crd("v0.6.0"), Step.KEEP, id="newer"),
        pytest.param(a_crd("v0.6.0", unserved=("v1alpha1",)), Step.REFUSE, id="newer-without-v1alpha1"),
        pytest.param(a_crd("v0.6.0", status=False), Step.REFUSE, id="newer-without-status"),
        pytest.param(a_crd("main"), Step.KEEP, id="unknown"),
        pytest.param(a_crd("main", versions=("v1alpha1",)), Step.REFUSE, id="unknown-without-v1beta1"),
    ],
)
def test_a_definition_is_never_downgraded(found: dict[str, Any] | None, expected: Step) -> None:
    assert step(found, a_crd()) is expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(a_crd(), Step.UPGRADE, id="same"),
        pytest.param(a_crd("v0.6.0"), Step.KEEP, id="upgraded-by-somebody-since"),
        pytest.param(a_crd("v0.5.0"), Step.UPGRADE, id="older"),
    ],
)
def test_what_we_have_applied_is_ours_to_repair(found: dict[str, Any], expected: Step) -> None:
    assert step(found, a_crd(), is_applied=True) is expected


def test_of_clusterproperties_only_the_version_that_we_write_is_needed() -> None:
    ours, without_status, old = (
        crd | {"spec": crd["spec"] | {"group": ABOUT}}
        for crd in (
            a_crd(None, None),
            a_crd(None, None, versions=("v1beta1",), status=False),
            a_crd(None, None, versions=("v1alpha1",)),
        )
    )

    assert step(without_status, ours) is Step.KEEP
    assert step(old, ours) is Step.UPGRADE


def test_what_a_definition_lacks_is_named() -> None:
    found = definition(a_crd(unserved=("v1beta1",)))

    assert found.lacks == ("v1beta1", "v1beta1/status")


def test_our_own_definitions_are_what_we_need_and_carry_the_labels_that_are_compared() -> None:
    for crd in crds.custom_resource_definitions():
        assert definition(crd).lacks == ()
        assert age(definition(crd), definition(crd)) is Age.SAME


def test_versions_that_objects_may_still_be_stored_in() -> None:
    found = a_crd() | {"status": {"storedVersions": ["v1alpha1", "v1beta1"]}}

    assert storage_version(found) == "v1beta1"
    assert old_storage(found) == ("v1alpha1",)
    assert old_storage(a_crd()) == ()


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param({}, False, id="nothing-yet"),
        pytest.param({"conditions": [{"type": "Established", "status": "False"}]}, False, id="not-yet"),
        pytest.param({"conditions": [{"type": "NamesAccepted", "status": "True"}]}, False, id="names-only"),
        pytest.param({"conditions": [{"type": "Established", "status": "True"}]}, True, id="established"),
    ],
)
def test_a_definition_is_established_when_it_says_so(status: dict[str, Any], expected: bool) -> None:
    assert is_established(a_crd() | {"status": status}) is expected
