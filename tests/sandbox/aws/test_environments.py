"""One `cdk deploy` with one account's keys into several accounts and Regions, after `cdk bootstrap --trust`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from cloudmap_mcs.clusterset import load
from sandbox.aws.deploy import Cdk, environments, run_to_end
from sandbox.aws.node import find_node, install_cdk
from sandbox.aws.server import LocalAws
from sandbox.process import Processes
from tests.sandbox.aws.process import ACCOUNT, ENVIRON, REGION, ROOT, local_aws

OTHER, THIRD, FAR = "210987654321", "333333333333", "eu-west-1"
PLACES = [(ACCOUNT, REGION), (OTHER, REGION), (OTHER, FAR)]
FILE = f"""
clusterset: test
hub: {{account: "{ACCOUNT}", region: {REGION}}}
clusters:
  - {{id: here, eks: here}}
  - {{id: there, eks: there, account: "{OTHER}", region: {FAR}}}
  - {{id: served, eks: served, account: "{OTHER}", functions_account: "{THIRD}"}}
"""
APP = """
import sys, aws_cdk as cdk
from aws_cdk import aws_s3_assets as assets, aws_sqs as sqs
app = cdk.App(outdir=sys.argv[1])
for account, region in (place.split("/") for place in sys.argv[2:]):
    stack = cdk.Stack(app, f"s{account}-{region}", env=cdk.Environment(account=account, region=region))
    asset = assets.Asset(stack, "Asset", path=__file__)
    queue = sqs.Queue(stack, "Queue")
    cdk.CfnOutput(stack, "Queue-Arn", key="Arn", value=queue.queue_arn)
    cdk.CfnOutput(stack, "Asset-Bucket", key="Bucket", value=asset.s3_bucket_name)
    cdk.CfnOutput(stack, "Asset-Key", key="Key", value=asset.s3_object_key)
app.synth()
"""


def test_environments_are_the_hub_and_wherever_a_cluster_or_its_functions_are(tmp_path: Path) -> None:
    file = tmp_path / "clusterset.yaml"
    file.write_text(FILE)

    assert environments(load(file)) == {ACCOUNT: [REGION], OTHER: [FAR, REGION], THIRD: [REGION]}


def synthesize(folder: Path) -> None:
    app = folder / "app.py"
    app.write_text(APP)
    places = [f"{account}/{region}" for account, region in PLACES]
    subprocess.run([sys.executable, str(app), str(folder / "cdk.out"), *places], check=True, capture_output=True)


def deploying_as(aws: LocalAws, account: str) -> str:
    """Tell what STS says to an account's root user who wants the deploy role of the other one."""
    role = f"arn:aws:iam::{OTHER}:role/cdk-hnb659fds-deploy-role-{OTHER}-{FAR}"
    try:
        aws.at(account, REGION).client("sts").assume_role(RoleArn=role, RoleSessionName="test")
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "assumed"


@pytest.mark.e2e
def test_one_deploy_goes_to_every_environment_that_trusts_its_account(tmp_path: Path) -> None:
    node = find_node(ENVIRON)
    synthesize(tmp_path)
    with local_aws(tmp_path) as aws, Processes(tmp_path / "cdk") as processes:
        cdk = Cdk(ROOT, tmp_path, node, install_cdk(ROOT, node, environ=ENVIRON, say=print), aws, ENVIRON)
        for account, regions in ((ACCOUNT, [REGION]), (OTHER, [REGION, FAR])):
            run_to_end(processes, cdk.bootstrap(account, regions), limit=120, say=print)
        run_to_end(processes, cdk.deploy(outputs=tmp_path / "outputs.json"), limit=120, say=print)
        outputs = json.loads((tmp_path / "outputs.json").read_text())
        found = {name: told["Arn"].split(":")[3:5] for name, told in outputs.items()}
        stored = [
            aws.at(account, region)
            .client("s3")
            .head_object(Bucket=outputs[f"s{account}-{region}"]["Bucket"], Key=outputs[f"s{account}-{region}"]["Key"])
            for account, region in PLACES
        ]

        assert found == {f"s{account}-{region}": [region, account] for account, region in PLACES}
        assert {item["ContentLength"] for item in stored} == {len(APP)}
        assert (deploying_as(aws, ACCOUNT), deploying_as(aws, THIRD)) == ("assumed", "AccessDenied")
