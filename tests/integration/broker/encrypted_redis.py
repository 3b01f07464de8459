"""A Redis that speaks TLS alone and knows the users of production, and the authority that signed its certificate."""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import random
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from missing import go_without

from stack.ports import find_ports
from stack.readiness import NotReadyError, wait_until_ready

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
DAYS = dt.timedelta(days=2)


@dataclass(frozen=True)
class Authority:
    """Signs certificates; `path` is its own."""

    name: x509.Name
    key: ec.EllipticCurvePrivateKey
    path: Path


@dataclass(frozen=True)
class EncryptedRedis:
    """One server on one port."""

    port: int
    authority: Authority
    secrets: Path

    def url(self, role: str, *, trusted: Path | None = None, password: str | None = None) -> str:
        """As a process of that role names it."""
        password = password or (self.secrets / f"redis_{role}_password").read_text().strip()
        trusted = trusted or self.authority.path
        return f"rediss://{role}:{password}@127.0.0.1:{self.port}/0?ssl_ca_certs={trusted}"

    def check(self) -> None:
        """NotReadyError unless it answers."""
        try:
            with redis.Redis.from_url(self.url("worker"), socket_timeout=2) as client:
                client.ping()
        except redis.RedisError as exc:
            raise NotReadyError(str(exc)) from None


def new_authority(folder: Path, name: str) -> Authority:
    """One that nobody knows yet."""
    key, subject = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    constraints, usage = x509.BasicConstraints(ca=True, path_length=0), _usage(signs_certificates=True)
    draft = _draft(subject, subject, key).add_extension(constraints, critical=True).add_extension(usage, critical=True)
    path = folder / f"{name}.pem"
    path.write_bytes(draft.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return Authority(subject, key, path)


@contextmanager
def encrypted_redis(folder: Path) -> Iterator[EncryptedRedis]:
    """Running, with the users that deploy/secrets.sh makes; skips where no redis-server is installed."""
    # Debian's redis-tools holds the server too, which is told what to be by its name; it starts no service.
    program = shutil.which("redis-server") or shutil.which("redis-check-rdb")
    if program is None:
        go_without("no redis-server that speaks TLS: apt-get install redis-tools")
    env = {**os.environ, "SECRETS": str(folder / "secrets")}
    subprocess.run([ROOT / "deploy" / "secrets.sh", "demo"], env=env, check=True, capture_output=True)
    port, authority = find_ports(1, choice=random.SystemRandom())[0], new_authority(folder, "ours")
    certificate, key = _certificate(authority, folder)
    command = ["redis-server", "--bind", "127.0.0.1", "--port", "0", "--tls-port", str(port), "--dir", str(folder)]
    command += ["--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", str(authority.path)]
    command += ["--tls-auth-clients", "no", "--aclfile", str(folder / "secrets" / "redis_acl"), "--appendonly", "yes"]
    server = EncryptedRedis(port, authority, folder / "secrets")
    with (folder / "redis.log").open("wb") as output:
        process = subprocess.Popen(command, executable=program, stdout=output, stderr=output)
    try:
        wait_until_ready(server.check, what="redis", deadline_s=30, is_alive=lambda: process.poll() is None)
        yield server
    finally:
        process.kill()
        process.wait(timeout=10)


def _certificate(authority: Authority, folder: Path) -> tuple[str, str]:
    key, subject = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "redis")]),
    )
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    draft = _draft(subject, authority.name, key).add_extension(names, critical=False)
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    paths = folder / "redis.pem", folder / "redis.key"
    paths[0].write_bytes(draft.sign(authority.key, hashes.SHA256()).public_bytes(pem))
    paths[1].write_bytes(key.private_bytes(pem, form, serialization.NoEncryption()))
    return str(paths[0]), str(paths[1])


def _draft(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    return made.serial_number(x509.random_serial_number()).not_valid_before(now - DAYS).not_valid_after(now + DAYS)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    others = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    return x509.KeyUsage(
        **dict.fromkeys((*others, "encipher_only", "decipher_only"), False),
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
    )
