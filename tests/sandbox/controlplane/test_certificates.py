import ssl
import stat
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.controlplane.certificates import write_certificates

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def pki(tmp_path: Path) -> Path:
    write_certificates(tmp_path / "pki", "10.101.0.0/16", NOW)
    return tmp_path / "pki"


def load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_every_certificate_is_signed_by_the_clusters_own_authority(pki: Path) -> None:
    authority = load(pki / "ca.crt")

    for path in pki.glob("*.crt"):
        load(path).verify_directly_issued_by(authority)
        assert isinstance(load(path).public_key(), ec.EllipticCurvePublicKey)


def test_the_server_is_known_on_loopback_and_by_the_first_service_address(pki: Path) -> None:
    names = load(pki / "server.crt").extensions.get_extension_for_class(x509.SubjectAlternativeName).value

    assert names.get_values_for_type(x509.IPAddress) == [ip_address("127.0.0.1"), ip_address("10.101.0.1")]
    assert {"localhost", "kubernetes.default.svc.cluster.local"} <= set(names.get_values_for_type(x509.DNSName))


def test_clients_carry_the_users_and_groups_of_kubernetes_own_roles(pki: Path) -> None:
    subjects = {path.stem: load(path).subject.rfc4514_string() for path in pki.glob("*.crt")}

    assert subjects["admin"] == "O=system:masters,CN=admin"
    assert subjects["kube-scheduler"] == "CN=system:kube-scheduler"


def test_a_clients_certificate_cannot_serve(pki: Path) -> None:
    uses = load(pki / "admin.crt").extensions.get_extension_for_class(x509.ExtendedKeyUsage).value

    assert list(uses) == [x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH]


def test_only_the_owner_reads_the_keys(pki: Path) -> None:
    assert {stat.S_IMODE(path.stat().st_mode) for path in pki.glob("*.key")} == {0o600}


def test_each_pair_fits_together(pki: Path) -> None:
    for path in pki.glob("*.crt"):
        ssl.create_default_context().load_cert_chain(path, path.with_suffix(".key"))


def test_a_second_start_keeps_the_certificates(pki: Path) -> None:
    before = (pki / "ca.crt").read_bytes()

    write_certificates(pki, "10.101.0.0/16", NOW)

    assert (pki / "ca.crt").read_bytes() == before
