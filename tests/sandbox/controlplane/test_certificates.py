import ssl
import stat
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.controlplane.certificates import write_certificates
from sandbox.controlplane.spec import ClusterSpec, Machine

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SPEC = ClusterSpec("a", Path("/state/a"), pod_cidrs=("10.201.0.0/16",), service_cidrs=("10.101.0.0/16",))
ON_A_MACHINE = ClusterSpec(
    "b",
    Path("/state/b"),
    pod_cidrs=("fd66:202::/64", "10.202.0.0/16"),
    service_cidrs=("fd66:102::/112", "10.102.0.0/16"),
    machine=Machine("b-node", address="10.66.0.12", advertised="fd66::12", enter=()),
)


@pytest.fixture
def pki(tmp_path: Path) -> Path:
    write_certificates(tmp_path / "pki", SPEC, NOW)
    return tmp_path / "pki"


@pytest.fixture
def machine_pki(tmp_path: Path) -> Path:
    write_certificates(tmp_path / "machine", ON_A_MACHINE, NOW)
    return tmp_path / "machine"


def load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_every_certificate_is_signed_by_the_clusters_own_authority(pki: Path) -> None:
    authority = load(pki / "ca.crt")

    for path in pki.glob("*.crt"):
        load(path).verify_directly_issued_by(authority)
        assert isinstance(load(path).public_key(), ec.EllipticCurvePublicKey)


def names_of(path: Path) -> x509.SubjectAlternativeName:
    return load(path).extensions.get_extension_for_class(x509.SubjectAlternativeName).value


def uses_of(path: Path) -> set[x509.ObjectIdentifier]:
    return set(load(path).extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)


def test_the_server_is_known_on_loopback_and_by_the_first_service_address(pki: Path) -> None:
    names = names_of(pki / "server.crt")

    assert set(names.get_values_for_type(x509.IPAddress)) == {ip_address("127.0.0.1"), ip_address("10.101.0.1")}
    assert {"localhost", "kubernetes.default.svc.cluster.local"} <= set(names.get_values_for_type(x509.DNSName))


@pytest.mark.parametrize("pair", ["server", "kubelet"])
def test_what_serves_on_a_machine_is_known_by_every_address_it_is_reached_at(machine_pki: Path, pair: str) -> None:
    found = {str(address) for address in names_of(machine_pki / f"{pair}.crt").get_values_for_type(x509.IPAddress)}

    assert found == {"127.0.0.1", "10.66.0.12", "fd66::12", "10.102.0.1", "fd66:102::1"}


def test_a_kubelet_serves_and_is_known_as_its_node(machine_pki: Path) -> None:
    assert load(machine_pki / "kubelet.crt").subject.rfc4514_string() == "O=system:nodes,CN=system:node:b-node"
    assert uses_of(machine_pki / "kubelet.crt") == {
        x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH,
        x509.oid.ExtendedKeyUsageOID.SERVER_AUTH,
    }


def test_without_a_machine_there_is_no_kubelet(pki: Path) -> None:
    assert not (pki / "kubelet.crt").exists()


def test_clients_carry_the_users_and_groups_of_kubernetes_own_roles(pki: Path) -> None:
    subjects = {path.stem: load(path).subject.rfc4514_string() for path in pki.glob("*.crt")}

    assert subjects["admin"] == "O=system:masters,CN=admin"
    assert subjects["kube-scheduler"] == "CN=system:kube-scheduler"


@pytest.mark.parametrize("user", ["admin", "kube-proxy"])
def test_a_clients_certificate_cannot_serve(machine_pki: Path, user: str) -> None:
    assert uses_of(machine_pki / f"{user}.crt") == {x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH}


def test_only_the_owner_reads_the_keys(pki: Path) -> None:
    assert {stat.S_IMODE(path.stat().st_mode) for path in pki.glob("*.key")} == {0o600}


def test_each_pair_fits_together(pki: Path) -> None:
    for path in pki.glob("*.crt"):
        ssl.create_default_context().load_cert_chain(path, path.with_suffix(".key"))


def test_a_second_start_keeps_the_certificates(pki: Path) -> None:
    before = (pki / "ca.crt").read_bytes()

    write_certificates(pki, SPEC, NOW)

    assert (pki / "ca.crt").read_bytes() == before
