"""What CDK tells the installer and `mcsctl` of a cluster: both are to make the same of it."""

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from cloudmap_mcs.cli.installing import Deployed, install_settings
from cloudmap_mcs.cli.outputs import read_outputs
from cloudmap_mcs.cli.watchercode import told_bundle
from cloudmap_mcs.clusterset import Cluster, parse
from cloudmap_mcs.install.bundle import Archive, Bundle, OwnImage
from cloudmap_mcs.settings import InstallerSettings
from infra.installation import LOOK_TYPE, RESOURCE_TYPE
from infra.installer import HANDLER
from lambdas.installer import looking
from lambdas.installer.properties import Order, order
from tests.infra.choices.conftest import EXAMPLE, GUESTS, HOME, REGION
from tests.infra.conftest import EXAMPLE as LEAVING
from tests.infra.conftest import Stack, Synthesized
from tests.infra.test_seam import Watched

CLUSTERSET = parse(EXAMPLE, source="example")
NAMESPACE = "ns-abc123"
BUCKET = "cdk-hnb659fds-assets"


def resolved(stack: Stack, value: Any) -> str:
    """Write a property out as CloudFormation would hand it over; the only parameter is the namespace's id."""
    parameters = {name: NAMESPACE for name in stack.template["Parameters"] if "namespaceid" in name.lower()}
    text = stack.text(value)
    for name, meant in parameters.items():
        text = text.replace(f"<{name}>", meant)
    return text


def read(stack: Stack, cluster: str, example: str = "shop") -> Order:
    """Return what the installer makes of a cluster's properties."""
    properties = stack.one(RESOURCE_TYPE, Cluster=cluster)
    token = properties["ServiceToken"]["Fn::GetAtt"][0]
    variables = stack.template["Resources"][token]["Properties"]["Environment"]["Variables"]
    settings = InstallerSettings.from_env(variables)
    assert settings.clusterset == example
    return order({name: resolved(stack, value) for name, value in properties.items()}, settings)


def bundle(stack: Stack, cluster: Cluster) -> Bundle:
    told = stack.one(RESOURCE_TYPE, Cluster=cluster.id)
    return Bundle(
        region=REGION,
        bucket=f"{BUCKET}-{cluster.account}-{REGION}",
        arm64=Archive(key=told["BundleArm64Key"], sha256=told["BundleArm64Sha256"]),
        amd64=Archive(key=told["BundleAmd64Key"], sha256=told["BundleAmd64Sha256"]),
        image=CLUSTERSET.watcher.base_image,
    )


@pytest.mark.parametrize("cluster", CLUSTERSET.clusters, ids=lambda cluster: str(cluster.id))
def test_the_installer_makes_the_same_of_its_properties_as_mcsctl_of_the_file_and_the_deploy(
    home: Stack, cluster: Cluster
) -> None:
    arn = f"arn:aws:servicediscovery:{REGION}:{HOME}:namespace/{NAMESPACE}"
    deployed = Deployed(
        namespace_id=arn if cluster.account == GUESTS else NAMESPACE,
        bus_arn=f"arn:aws:events:{REGION}:{HOME}:event-bus/cloudmap-mcs-shop",
        code=bundle(home, cluster),
        watcher_role_arn=f"arn:aws:iam::{cluster.account}:role/cloudmap-mcs-shop-{cluster.id}-watcher-{REGION}",
    )

    assert read(home, cluster.id).settings == install_settings(CLUSTERSET, cluster, deployed)


@pytest.mark.parametrize("cluster", CLUSTERSET.clusters, ids=lambda cluster: str(cluster.id))
def test_the_installer_goes_to_the_cluster_that_is_meant(home: Stack, cluster: Cluster) -> None:
    target = read(home, cluster.id).target

    assert target.arn("aws") == f"arn:aws:eks:{REGION}:{cluster.account}:cluster/{cluster.eks}"
    assert (target.role is not None) == (cluster.account == GUESTS)


def test_an_image_of_ones_own_is_what_the_installer_is_told(image: Stack) -> None:
    assert read(image, "open").settings.watcher.code == OwnImage(image="registry.example.com/watcher:1")


def test_a_cluster_that_leaves_is_still_an_order(members: Stack) -> None:
    assert "leaving" in LEAVING
    assert read(members, "old", "prod").settings.watcher.members == ("east", "west")


def test_every_property_is_one_that_the_installer_reads(home: Stack) -> None:
    found: set[str] = set()
    asked: set[str] = set()
    settings = InstallerSettings("shop", REGION)
    for told in home.of_type(RESOURCE_TYPE):
        properties = Watched({name: resolved(home, value) for name, value in told.items()})
        order(properties, settings)
        found |= set(told)
        asked |= properties.asked

    # CloudFormation's own, and one that is there to change with the code.
    assert found - asked <= {"ServiceToken", "ServiceTimeout", "Code"}


def test_the_installer_knows_a_look_and_reads_the_same_of_it(home: Stack) -> None:
    assert looking.RESOURCE_TYPE == LOOK_TYPE
    assert home.of_type(LOOK_TYPE) == home.of_type(RESOURCE_TYPE)


def test_the_handler_string_leads_to_a_function() -> None:
    module, _, name = HANDLER.rpartition(".")

    assert callable(getattr(importlib.import_module(module), name))


def test_the_command_line_finds_the_outputs_under_their_names(chosen: Synthesized, tmp_path: Path) -> None:
    file = tmp_path / "outputs.json"
    hub = Stack(chosen.template("cloudmap-mcs-shop-hub")).template["Outputs"]
    members = Stack(chosen.template(f"cloudmap-mcs-shop-member-{HOME}-{REGION}"))
    outputs = members.template["Outputs"]
    written = {
        "cloudmap-mcs-shop-hub": {name: f"the {name}" for name in hub},
        f"cloudmap-mcs-shop-member-{HOME}-{REGION}": {k: members.text(v["Value"]) for k, v in outputs.items()},
    }
    file.write_text(json.dumps(written))
    read_back = read_outputs(file, "shop")

    assert read_back.hub().namespace_id == "the NamespaceId"
    assert read_back.hub().namespace_arn == "the NamespaceArn"
    assert read_back.hub().bus_arn == "the BusArn"
    for cluster in CLUSTERSET.clusters:
        role = f"arn:aws:iam::{cluster.account}:role/cloudmap-mcs-shop-{cluster.id}-watcher-{REGION}"
        assert read_back.watcher_role(cluster.id) == role
        told = read_back.bundle(cluster.id)
        assert told_bundle(told, source="outputs", image=CLUSTERSET.watcher.base_image) == bundle(members, cluster)
