"""EKS tokens and what the local AWS says to an API server that has one reviewed."""

import base64
import json
import urllib.request
from typing import Any

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sandbox.aws.server import LocalAws


def eks_token(credentials: Credentials, cluster: str, region: str = "us-east-1") -> str:
    url = f"https://sts.{region}.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15"
    request = AWSRequest("GET", url, headers={"x-k8s-aws-id": cluster})
    SigV4QueryAuth(credentials, "sts", region, expires=60).add_auth(request)
    return "k8s-aws-v1." + base64.urlsafe_b64encode(request.url.encode()).decode().rstrip("=")


def assumed(aws: LocalAws, role: str, **more: Any) -> Credentials:
    """Assume a role as root, whom the local AWS takes for the service in a trust policy."""
    answer = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="test", **more)["Credentials"]
    return Credentials(answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"])


def review(aws: LocalAws, cluster: str, credentials: Credentials, secret: str) -> dict[str, Any]:
    """Post a TokenReview with an EKS token of these credentials, as the API server of `cluster` would."""
    token = eks_token(credentials, cluster, aws.region)
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token}}
    request = urllib.request.Request(aws.webhook_url(cluster, secret), json.dumps(body).encode())  # noqa: S310 -- ours
    with urllib.request.urlopen(request) as answer:  # noqa: S310 -- the same
        status: dict[str, Any] = json.load(answer)["status"]
        return status
