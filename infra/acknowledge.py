"""Acknowledged findings of cdk-nag: each one stands beside the construct it is about, with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs import IConstruct


def acknowledge(construct: IConstruct, reasons: Mapping[str, str]) -> None:
    """Record why each rule (its id) does not apply to this construct and what is below it."""
    cdk.Validations.of(construct).acknowledge(
        *(cdk.Acknowledgment(id=rule, reason=reason) for rule, reason in reasons.items())
    )


def acknowledge_wildcards(role: IConstruct, reasons: Mapping[str, str]) -> None:
    """Record why a role's policy has these ARNs with a wildcard; any other one is still a finding."""
    partition = cdk.Stack.of(role).partition
    findings = {arn.replace(partition, "<AWS::Partition>"): reason for arn, reason in reasons.items()}
    acknowledge(role, {f"AwsSolutions-IAM5[Resource::{arn}]": reason for arn, reason in findings.items()})
