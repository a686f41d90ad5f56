"""How the watcher's code gets into its pod: as a zip from S3 on a public base image, or in the user's own image."""

from dataclasses import dataclass

from cloudmap_mcs.errors import PermanentError
from cloudmap_mcs.install.names import Manifest

LAMBDA_PYTHON_IMAGE = "public.ecr.aws/lambda/python:3.13"
"""AWS's public base image; it brings Python and boto3 for both architectures."""

APP_PATH = "/app"
# The base image keeps boto3 where only Lambda's own start-up looks for it.
PYTHON_PATH = f"{APP_PATH}:/var/runtime"

FETCH_SCRIPT = """\
import hashlib, io, os, platform, sys, zipfile
import boto3

env, machine = os.environ, platform.machine()
key = env.get(f"BUNDLE_KEY_{machine}")
if key is None:
    sys.exit(f"there is no bundle for nodes of architecture {machine}")
place = f"s3://{env['BUNDLE_BUCKET']}/{key}"
s3 = boto3.client("s3", region_name=env["BUNDLE_REGION"])
content = s3.get_object(Bucket=env["BUNDLE_BUCKET"], Key=key)["Body"].read()
found, wanted = hashlib.sha256(content).hexdigest(), env[f"BUNDLE_SHA256_{machine}"]
if found != wanted:
    sys.exit(f"{place} has SHA-256 {found}, not {wanted}: it is not the bundle that was deployed")
zipfile.ZipFile(io.BytesIO(content)).extractall(env["BUNDLE_TARGET"])
print(f"unpacked {place}, {len(content)} bytes")
"""
"""Runs before any of our code is there: standard library and boto3 only. A failure is retried by the kubelet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """One architecture's zip: its S3 key and the SHA-256 of its bytes, in hexadecimal."""

    key: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """The zips that the deploy published, one for each architecture that was built, and the image that runs them.

    A Pod on a node of the other architecture says so and goes on trying. PermanentError without any zip.
    """

    region: str
    bucket: str
    arm64: Archive | None = None
    amd64: Archive | None = None
    image: str = LAMBDA_PYTHON_IMAGE

    def __post_init__(self) -> None:
        if self.arm64 is None and self.amd64 is None:
            raise PermanentError(f"bundle in {self.bucket}: there must be a zip for arm64, amd64 or both")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnImage:
    """An image that already holds the code and what it needs."""

    image: str


def fetching(bundle: Bundle) -> Manifest:
    """Return the environment and command of the container that fills the volume at APP_PATH.

    It picks the node's architecture, refuses a zip whose SHA-256 differs, and may run again over its own leftovers.
    The names of the architectures are those of `platform.machine()`.
    """
    variables = {"BUNDLE_REGION": bundle.region, "BUNDLE_BUCKET": bundle.bucket, "BUNDLE_TARGET": APP_PATH}
    for machine, archive in (("aarch64", bundle.arm64), ("x86_64", bundle.amd64)):
        if archive is not None:
            variables[f"BUNDLE_KEY_{machine}"] = archive.key
            variables[f"BUNDLE_SHA256_{machine}"] = archive.sha256
    variables["PYTHONPATH"] = PYTHON_PATH
    return {
        "name": "fetch",
        "image": bundle.image,
        "command": ["python3", "-c", FETCH_SCRIPT],
        "env": [{"name": name, "value": value} for name, value in variables.items()],
    }
