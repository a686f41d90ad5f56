import base64
import stat
from datetime import UTC, datetime
from pathlib import Path

import yaml

from sandbox.controlplane.certificates import write_certificates
from sandbox.controlplane.kubeconfigs import write_kubeconfig, write_webhook_config
from sandbox.controlplane.spec import ClusterSpec, TokenWebhook

SERVER = "https://127.0.0.1:20001"


def test_a_kubeconfig_holds_all_it_needs_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    spec = ClusterSpec("a", tmp_path, pod_cidrs=("10.201.0.0/16",), service_cidrs=("10.101.0.0/16",))
    write_certificates(tmp_path, spec, datetime(2026, 3, 1, tzinfo=UTC))
    path = tmp_path / "admin.kubeconfig"

    write_kubeconfig(path, cluster="a", server=SERVER, pki=tmp_path, user="admin")

    config = yaml.safe_load(path.read_text())
    (cluster,), (user,) = config["clusters"], config["users"]
    assert config["current-context"] == "a"
    assert cluster["cluster"]["server"] == SERVER
    assert base64.b64decode(cluster["cluster"]["certificate-authority-data"]) == (tmp_path / "ca.crt").read_bytes()
    assert base64.b64decode(user["user"]["client-key-data"]) == (tmp_path / "admin.key").read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_webhook_config_names_the_url_and_its_authority(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("ca")

    write_webhook_config(tmp_path / "plain", TokenWebhook("http://127.0.0.1:20002/review"))
    write_webhook_config(tmp_path / "tls", TokenWebhook("https://127.0.0.1:20002/review", tmp_path / "ca.crt"))

    plain, tls = (yaml.safe_load((tmp_path / name).read_text())["clusters"][0]["cluster"] for name in ("plain", "tls"))
    assert plain == {"server": "http://127.0.0.1:20002/review"}
    assert base64.b64decode(tls["certificate-authority-data"]) == b"ca"
