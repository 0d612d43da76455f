# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TLS of both ways out: what is verified, nothing older than TLS 1.2, and what a refusal means."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import (
    Diagnosis,
    InputError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._tls import (
    create_tls_context,
    explain_certificate,
    load_client_certificate,
)
from cryptography.hazmat.primitives import serialization


@pytest.mark.parametrize("validate_certs", [True, False])
def test_what_a_connection_must_satisfy(validate_certs: bool) -> None:
    context = create_tls_context(None, validate_certs)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.check_hostname is validate_certs
    assert context.verify_mode == (ssl.CERT_REQUIRED if validate_certs else ssl.CERT_NONE)


def test_tls_1_2_is_the_floor_whatever_the_system_permits(monkeypatch: pytest.MonkeyPatch) -> None:
    lax = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    lax.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    monkeypatch.setattr(ssl, "create_default_context", lambda *_args, **_options: lax)
    assert create_tls_context(None, validate_certs=True).minimum_version == ssl.TLSVersion.TLSv1_2


def test_certificates_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    with pytest.raises(InputError) as caught:
        create_tls_context(str(path), validate_certs=True)
    assert str(caught.value) == (
        f"Cannot read the certificates in ca_path {path}: [Errno 2] No such file or directory. "
        "Give a file in PEM format."
    )
    path.write_text("no certificate")
    with pytest.raises(InputError, match="Cannot read the certificates in ca_path"):
        create_tls_context(str(path), validate_certs=True)


TRUST = "Give the issuing CA's certificate in ca_path"
NAME = "Use the name in the certificate in url"


@pytest.mark.parametrize(
    ("code", "meaning", "remedy"),
    [
        (9, "its certificate is not yet valid", "Check the clocks of both hosts"),
        (10, "its certificate has expired", "Renew the server's certificate"),
        (
            *(18, "its certificate is self-signed and not trusted"),
            "Give the certificate in ca_path",
        ),
        (19, "its certificate was issued by an unknown CA", TRUST),
        (20, "its certificate was issued by an unknown CA", TRUST),
        (62, "its certificate was issued for another name", NAME),
        (64, "its certificate was issued for another address", NAME),
        (23, "its certificate does not verify", "Check its certificate and ca_path"),
    ],
)
def test_what_a_failed_verification_means(code: int, meaning: str, remedy: str) -> None:
    failure = ssl.SSLCertVerificationError(1, "certificate verify failed: timed out")
    failure.verify_code, failure.verify_message = code, "OpenSSL's words"
    assert explain_certificate(failure, "url") == Diagnosis(f"{meaning} (OpenSSL's words)", remedy)


def test_certificates_that_nothing_is_verified_against(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        create_tls_context(str(tmp_path / "ca.pem"), validate_certs=False)
    assert str(caught.value) == (
        f"Cannot use ca_path {tmp_path}/ca.pem with validate_certs: false: nothing is verified"
        " against these certificates. Give one of the two."
    )


@pytest.fixture(name="pair")
def _pair(tmp_path: Path) -> tuple[Path, Path]:
    made = trustme.CA().issue_cert("client")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    made.cert_chain_pems[0].write_to_path(cert)
    made.private_key_pem.write_to_path(key)
    return cert, key


def test_a_client_certificate_is_loaded(pair: tuple[Path, Path], tmp_path: Path) -> None:
    cert, key = pair
    load_client_certificate(create_tls_context(None, validate_certs=True), str(cert), str(key))
    both = tmp_path / "both.pem"
    both.write_bytes(cert.read_bytes() + key.read_bytes())
    load_client_certificate(create_tls_context(None, validate_certs=True), str(both), None)


def test_client_certificates_that_cannot_be_used_are_told(
    pair: tuple[Path, Path], tmp_path: Path
) -> None:
    cert, key = pair
    other = trustme.CA().issue_cert("other").private_key_pem
    other.write_to_path(tmp_path / "other.pem")
    locked = tmp_path / "locked.pem"
    locked.write_bytes(
        serialization.load_pem_private_key(key.read_bytes(), None).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"pw"),
        )
    )
    for given, problem in (
        ((cert, None), "they are no certificate and its key"),
        ((cert, tmp_path / "other.pem"), "they are no certificate and its key"),
        ((key, cert), "they are no certificate and its key"),
        ((tmp_path / "none.pem", key), "No such file or directory"),
        ((cert, locked), "the key is encrypted"),
    ):
        key_file = None if given[1] is None else str(given[1])
        with pytest.raises(InputError) as caught:
            load_client_certificate(
                create_tls_context(None, validate_certs=True), str(given[0]), key_file
            )
        assert caught.value.cause == problem
