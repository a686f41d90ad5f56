"""The watcher's code comes to its Pod by the watcher's own rights."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.whole.lab import Lab

pytestmark = pytest.mark.e2e

DEPLOYMENT = "/apis/apps/v1/namespaces/cloudmap-mcs-system/deployments/watcher"


def test_the_init_container_unpacks_the_bundle_that_was_deployed(lab: Lab, tmp_path: Path) -> None:
    """Nothing runs in these clusters' Pods, so its command runs here, with what a Pod would be given."""
    pod = lab.east.client.get(DEPLOYMENT)["spec"]["template"]["spec"]
    (fetch,) = pod["initContainers"]
    _python, *arguments = fetch["command"]
    home = lab.site.folder / "watchers" / lab.east.id
    variables = {item["name"]: item["value"] for item in fetch["env"]}
    variables |= lab.beside._variables(lab.east.member, home, home / "pod-identity-token")
    # botocore would put the bucket's name before that of a host.
    variables |= {"BUNDLE_TARGET": str(tmp_path), "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{lab.sandbox.aws.port}"}

    told = subprocess.run([sys.executable, *arguments], env=variables, capture_output=True, text=True, check=False)

    assert told.returncode == 0, told.stderr
    assert (tmp_path / "cloudmap_mcs" / "watcher" / "__main__.py").exists()
