"""The shell script in the pods behind the service, run with a socat that tells how it was called."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from tests.conformance.objects import hello_deployment

TELLING_SOCAT = """#!/bin/sh
printf '%s\\n' "$1"
eval "$(printf '%s' "${2#SYSTEM:}")"
"""


@pytest.mark.parametrize(
    ("addresses", "listens", "answers"),
    [
        pytest.param("10.201.0.5", "4-LISTEN:42,reuseaddr,fork", "10.201.0.5", id="ipv4"),
        pytest.param("fd66:201::5", "6-LISTEN:42,ipv6only=0,reuseaddr,fork", "fd66:201::5", id="ipv6"),
        pytest.param("10.201.0.5,fd66:201::5", "6-LISTEN:42,ipv6only=0,reuseaddr,fork", "10.201.0.5", id="dual-stack"),
        pytest.param("fd66:201::5,10.201.0.5", "6-LISTEN:42,ipv6only=0,reuseaddr,fork", "fd66:201::5", id="ipv6-first"),
    ],
)
def test_a_pod_listens_in_all_its_families_and_answers_with_its_first_address(
    tmp_path: Path, addresses: str, listens: str, answers: str
) -> None:
    socat = tmp_path / "socat"
    socat.write_text(TELLING_SOCAT)
    socat.chmod(socat.stat().st_mode | stat.S_IXUSR)
    environment = {"PATH": f"{tmp_path}{os.pathsep}{os.defpath}", "MY_POD_IPS": addresses}

    told = {
        container["name"]: subprocess.run(
            container["command"], env=environment, capture_output=True, text=True, check=True
        ).stdout.splitlines()
        for container in hello_deployment()["spec"]["template"]["spec"]["containers"]
    }

    assert told == {
        "hello-tcp": [f"TCP{listens}", f"pod ip {answers}"],
        "hello-udp": [f"UDP{listens}", f"pod ip {answers}"],
    }
