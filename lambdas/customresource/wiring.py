"""The half of a composition root that functions behind custom resources share."""

import functools
import logging
import os
import time

import botocore.session
import urllib3
from aws_lambda_powertools import Logger

from cloudmap_mcs.kube.tokens import dns_suffix
from lambdas.customresource.answering import Answering
from lambdas.customresource.response import Mailbox, Surroundings


def answering(logger: Logger) -> Answering:
    """Build what answers, once per execution environment but for the logger."""
    return Answering(logger, surroundings(), mailbox())


@functools.cache
def surroundings() -> Surroundings:
    """Tell where this function runs, by what Lambda and its SDK have in the environment."""
    variables = os.environ  # noqa: TID251  # the door: here the environment comes in
    region = variables["AWS_REGION"]
    endpoint = variables.get("AWS_ENDPOINT_URL_S3") or variables.get("AWS_ENDPOINT_URL")
    return Surroundings(region, dns_suffix(botocore.session.get_session(), region), endpoint)


@functools.cache
def mailbox() -> Mailbox:
    """Build the mailbox. At DEBUG its client would log the URLs that it calls, and this one is a credential."""
    logging.getLogger("urllib3").setLevel(logging.INFO)
    return Mailbox(urllib3.PoolManager(), time.sleep)
