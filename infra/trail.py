"""A CloudTrail trail of write management events, for accounts that have none: without one the default bus is silent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.acknowledge import acknowledge

if TYPE_CHECKING:
    from collections.abc import Mapping

_REASONS: Mapping[str, str] = {
    "AwsSolutions-S1": "the bucket holds CloudTrail's own log; access logs of a log would need a third bucket",
}


class WriteTrail(Construct):
    """Management events of this Region only; nobody reads the files, so they go after a week."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            lifecycle_rules=[s3.LifecycleRule(expiration=cdk.Duration.days(7))],
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        acknowledge(bucket, _REASONS)
        cloudtrail.Trail(
            self,
            "Trail",
            bucket=bucket,
            is_multi_region_trail=False,
            include_global_service_events=False,
            management_events=cloudtrail.ReadWriteType.WRITE_ONLY,
            enable_file_validation=True,
        )
