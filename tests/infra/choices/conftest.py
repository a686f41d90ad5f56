"""A clusterset in which every cluster has chosen something else than the defaults, and one without installer."""

from __future__ import annotations

import re

import pytest

from tests.infra.conftest import Stack, Synthesized
from tests.infra.several.conftest import synthesized_once

HOME, GUESTS = "111111111111", "222222222222"
REGION = "us-east-1"
ISSUER = "oidc.eks.us-east-1.amazonaws.com/id/0123ABCD"

EXAMPLE = f"""
clusterset: shop
hub: {{account: "{HOME}", region: {REGION}}}
cloudtrail: "off"
clusters:
  - {{id: open, eks: shop-open, dns: manual}}
  - {{id: signed, eks: shop-signed, identity: irsa, oidc_issuer: "https://{ISSUER}"}}
  - id: closed
    eks: shop-closed
    network: {{subnets: [subnet-00000001, subnet-00000002], security_groups: [sg-00000001]}}
  - id: beside
    eks: shop-beside
    network: {{subnets: [subnet-00000002, subnet-00000001], security_groups: [sg-00000001]}}
  - id: apart
    eks: shop-apart
    network: {{subnets: [subnet-00000003], security_groups: [sg-00000001, sg-00000002]}}
  - id: guest
    eks: guests-shop
    account: "{GUESTS}"
    functions_account: "{HOME}"
    dns: stub-zone
    network: {{subnets: [subnet-00000001, subnet-00000002], security_groups: [sg-00000001]}}
"""

IMAGE = EXAMPLE + "watcher: {image: registry.example.com/watcher:1}\n"
WITHOUT = EXAMPLE + "installer: off\n"


@pytest.fixture(scope="session")
def chosen(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Synthesized:
    return synthesized_once(tmp_path_factory, worker_id, "chosen", EXAMPLE)


@pytest.fixture(scope="session")
def without(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Synthesized:
    return synthesized_once(tmp_path_factory, worker_id, "without", WITHOUT)


@pytest.fixture(scope="session")
def home(chosen: Synthesized) -> Stack:
    """Return the stack of all functions."""
    return Stack(chosen.template(f"cloudmap-mcs-shop-member-{HOME}-{REGION}"))


@pytest.fixture(scope="session")
def access(chosen: Synthesized) -> Stack:
    """Return the stack in the account of the cluster that functions of another one reach."""
    return Stack(chosen.template("cloudmap-mcs-shop-access-guest"))


@pytest.fixture(scope="session")
def own_image(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Synthesized:
    """Synthesize it with watchers that have an image of the user's own."""
    return synthesized_once(tmp_path_factory, worker_id, "image", IMAGE)


@pytest.fixture(scope="session")
def image(own_image: Synthesized) -> Stack:
    """Return the stack of all functions where watchers have an image of the user's own."""
    return Stack(own_image.template(f"cloudmap-mcs-shop-member-{HOME}-{REGION}"))


@pytest.fixture(scope="session")
def without_network(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Stack:
    """Return the stack of all functions before any cluster had a network."""
    text = re.sub(r"^    network: .*\n", "", EXAMPLE, flags=re.MULTILINE)
    made = synthesized_once(tmp_path_factory, worker_id, "without-network", text)
    return Stack(made.template(f"cloudmap-mcs-shop-member-{HOME}-{REGION}"))
