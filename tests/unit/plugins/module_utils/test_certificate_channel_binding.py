# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of channel bindings for several signature algorithms (RFC 5929)."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._certificate import (
    tls_server_end_point,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "dc1.x.no")])
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
PREFIX = b"tls-server-end-point:"


def _certificate(key, hash_, **options) -> bytes:  # type: ignore[no-untyped-def]  # keys of different types
    now = datetime.now(timezone.utc)
    builder = x509.CertificateBuilder(NAME, NAME, key.public_key(), 1, now, now + timedelta(days=1))
    der: bytes = builder.sign(key, hash_, **options).public_bytes(Encoding.DER)
    return der


@pytest.mark.parametrize("key", [RSA, EC])
@pytest.mark.parametrize("name", ["sha224", "sha256", "sha384", "sha512"])
def test_the_hash_function_of_the_signature_is_used(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, name: str
) -> None:
    certificate = _certificate(key, getattr(hashes, name.upper())())
    assert tls_server_end_point(certificate) == PREFIX + hashlib.new(name, certificate).digest()


@pytest.mark.parametrize("name", ["sha256", "sha384", "sha512"])
def test_the_hash_function_can_be_a_parameter_of_the_algorithm(name: str) -> None:
    hash_ = getattr(hashes, name.upper())()
    pss = padding.PSS(padding.MGF1(hash_), padding.PSS.DIGEST_LENGTH)
    certificate = _certificate(RSA, hash_, rsa_padding=pss)
    assert tls_server_end_point(certificate) == PREFIX + hashlib.new(name, certificate).digest()


def test_a_signature_without_a_hash_function_has_no_channel_binding() -> None:
    assert tls_server_end_point(_certificate(ED, None)) is None


@pytest.mark.parametrize("algorithm", ["300d06092a864886f70d0101050500", "300906072a8648ce3d0401"])
def test_sha_1_is_replaced_with_sha_256(algorithm: str) -> None:
    # Only the relevant parts of a certificate are built, because current libraries do not sign with SHA-1.
    certificate = (
        b"\x30" + bytes([4 + len(algorithm) // 2]) + b"\x30\x00" + bytes.fromhex(algorithm)
    )
    certificate += b"\x03\x00"
    assert tls_server_end_point(certificate) == PREFIX + hashlib.sha256(certificate).digest()
