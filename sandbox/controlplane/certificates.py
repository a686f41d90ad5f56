"""One certificate authority per cluster, and what it signs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox.controlplane.spec import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sandbox.controlplane.spec import ClusterSpec

_VALIDITY: Final = timedelta(days=3650)
# A clock that is a little behind must not make a new certificate "not yet valid".
_BACKDATED: Final = timedelta(hours=1)

# User and groups of each client. Kubernetes' built-in roles cover all but KWOK, which acts for every node.
_CLIENTS: Final = {
    "admin": ("admin", "system:masters"),
    "kwok": ("kwok", "system:masters"),
    "kube-controller-manager": ("system:kube-controller-manager", ""),
    "kube-scheduler": ("system:kube-scheduler", ""),
    "kube-proxy": ("system:kube-proxy", ""),
    "etcd-client": ("kube-apiserver", ""),
}
_NAMES: Final = (
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
)


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA that signs for one cluster."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    now: datetime


def write_certificates(folder: Path, spec: ClusterSpec, now: datetime) -> None:
    """Fill a folder with the pairs `ca`, `server` and one per client, and with the token key (`sa.key`, `sa.pub`).

    A real node gets the pair `kubelet`, good for serving too. A folder that is filled already is left as it is, so
    that kubeconfigs and tokens outlive a restart.
    """
    complete = folder / "complete"
    if complete.exists():
        return
    addresses = {LOOPBACK, spec.address, *(str(ip_network(cidr)[1]) for cidr in spec.service_cidrs)}
    clients = dict(_CLIENTS)
    if spec.machine is not None:
        addresses.add(spec.machine.advertised)
        clients["kubelet"] = (f"system:node:{spec.machine.node}", "system:nodes")
    write_pairs(folder, now, addresses=tuple(sorted(addresses)), clients=clients, serving=("kubelet",))
    signing = ec.generate_private_key(ec.SECP256R1())
    _write_private(folder / "sa.key", signing)
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    (folder / "sa.pub").write_bytes(signing.public_key().public_bytes(serialization.Encoding.PEM, public))
    complete.touch()


def write_pairs(
    folder: Path,
    now: datetime,
    *,
    addresses: tuple[str, ...],
    clients: Mapping[str, tuple[str, str]],
    serving: tuple[str, ...] = (),
) -> None:
    """Write a new `ca` and what it signs: `server` for the addresses, and each client's pair for its user and group.

    The pairs of clients that are `serving` are for the addresses, too.
    """
    folder.mkdir(parents=True, exist_ok=True)
    authority = _authority(now)
    _write(folder, "ca", authority.certificate, authority.key)
    _issue(authority, folder, "server", subject=("kube-apiserver", ""), addresses=addresses)
    for name, subject in clients.items():
        _issue(authority, folder, name, subject=subject, addresses=addresses if name in serving else ())


def _authority(now: datetime) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("sandbox CA", "")
    certificate = (
        _begun(name, name, key, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key, now)


def _issue(
    authority: Authority, folder: Path, file: str, *, subject: tuple[str, str], addresses: tuple[str, ...]
) -> None:
    """Sign a pair that serves at the given addresses, or merely identifies a client if there are none.

    Serving pairs also identify: etcd checks its own as a client's when it talks to itself.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    uses = [ExtendedKeyUsageOID.CLIENT_AUTH, *([ExtendedKeyUsageOID.SERVER_AUTH] if addresses else [])]
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    builder = (
        _begun(_name(*subject), authority.certificate.subject, key, authority.now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        .add_extension(issuer, critical=False)
    )
    if addresses:
        names = [*map(x509.DNSName, _NAMES), *(x509.IPAddress(ip_address(address)) for address in addresses)]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    _write(folder, file, builder.sign(authority.key, hashes.SHA256()), key)


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + _VALIDITY)
    )


def _name(common_name: str, organization: str) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organization:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(parts)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write(folder: Path, file: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    (folder / f"{file}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    _write_private(folder / f"{file}.key", key)


def _write_private(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    plain = serialization.NoEncryption()
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
