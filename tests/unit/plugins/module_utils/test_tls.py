# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of TLS settings, client certificates and messages about certificates."""

from __future__ import annotations

import ssl
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import trustme
from ansible_collections.frontdesk.contacts.plugins.module_utils._certificate import Certificate
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import (
    Diagnosis,
    InputError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._tls import (
    Verification,
    create_tls_context,
    explain_certificate,
    load_client_certificate,
)
from cryptography.hazmat.primitives import serialization


@pytest.mark.parametrize("validate_certs", [True, False])
def test_context_verifies_certificates_unless_verification_is_disabled(
    validate_certs: bool,
) -> None:
    context = create_tls_context(None, validate_certs)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.check_hostname is validate_certs
    assert context.hostname_checks_common_name is False
    assert context.verify_mode == (ssl.CERT_REQUIRED if validate_certs else ssl.CERT_NONE)


def test_tls_1_2_is_the_minimum_even_if_openssl_allows_less(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lax = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    lax.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    monkeypatch.setattr(ssl, "create_default_context", lambda *_args, **_options: lax)
    assert create_tls_context(None, validate_certs=True).minimum_version == ssl.TLSVersion.TLSv1_2


def test_unusable_ca_file_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    with pytest.raises(InputError) as caught:
        create_tls_context(str(path), validate_certs=True)
    assert str(caught.value) == (
        f"Cannot read the certificates in ca_path {path}: No such file or directory. "
        "Set ca_path to a readable file in PEM format."
    )
    path.write_text("not a certificate")
    with pytest.raises(InputError, match="Cannot read the certificates in ca_path"):
        create_tls_context(str(path), validate_certs=True)


TRUST = "Set O(ca_path) to a file with the issuing CA's certificate"
NAME = "In O(url), use a name from the certificate"


@pytest.mark.parametrize(
    ("code", "cause", "remedy"),
    [
        (9, "its certificate is not yet valid", "Check the clocks of both hosts"),
        (10, "its certificate has expired", "Renew the server's certificate"),
        (
            *(18, "its certificate is self-signed and not trusted"),
            "Set O(ca_path) to a file with this certificate",
        ),
        (19, "its certificate was issued by an unknown CA", TRUST),
        (20, "its certificate was issued by an unknown CA", TRUST),
        (
            *(62, "its certificate was issued for another name"),
            f"{NAME}; its common name is ignored",
        ),
        (64, "its certificate is not valid for this IP address", NAME),
        (
            23,
            "its certificate could not be verified",
            "Check the server's certificate and O(ca_path)",
        ),
    ],
)
def test_failed_verification_is_explained(code: int, cause: str, remedy: str) -> None:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed: timed out")
    error.verify_code, error.verify_message = code, "OpenSSL's message"
    assert explain_certificate(error, "url") == Diagnosis(f"{cause} (OpenSSL's message)", remedy)


NOW = datetime(2026, 6, 1, 12, 30, tzinfo=timezone.utc)
LEAF = Certificate(
    subject="CN=dc1",
    issuer="CN=Issuing {CA}",
    names=["dc1.corp.example", "corp.example"],
    not_before=datetime(2026, 1, 1, tzinfo=timezone.utc),
    not_after=datetime(2026, 12, 31, tzinfo=timezone.utc),
)
INTERMEDIATE = replace(LEAF, subject="CN=Issuing {CA}", issuer="CN=Root", names=[])
ROOT = replace(INTERMEDIATE, subject="CN=Root")
VERIFICATION = Verification(
    host="dc1", trust_store="O(ca_path) /ca.pem", chain=[LEAF], trusted={"CN=Root"}, now=NOW
)
DESCRIPTION = (
    "; the certificate is for dc1.corp.example and corp.example, was issued by CN=Issuing {CA}, is valid from"
    " 2026-01-01 to 2026-12-31, and was checked for dc1 with O(ca_path) /ca.pem"
)


def _explain(code: int, verification: Verification) -> Diagnosis:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, "reason."
    return explain_certificate(error, "server_uri", verification)


@pytest.mark.parametrize(
    ("code", "changes", "cause", "remedy"),
    [
        (
            *(20, {}, "its certificate was issued by an unknown CA"),
            (
                "Set O(ca_path) to a file with the root certificate of the CA CN=Issuing {CA};"
                " if that is an intermediate CA, also add its certificate to this file, or configure"
                " the server to send it"
            ),
        ),
        (
            *(20, {"chain": [LEAF, INTERMEDIATE], "trusted": ()}),
            "its certificate was issued by an unknown CA",
            "Set O(ca_path) to a file with the root certificate of the CA CN=Root",
        ),
        (
            *(19, {"chain": [LEAF, INTERMEDIATE, ROOT], "trusted": ()}),
            "its certificate was issued by an unknown CA",
            "Set O(ca_path) to a file with the certificate of the CA CN=Root",
        ),
        (
            *(20, {"chain": [LEAF, INTERMEDIATE]}),
            (
                "its certificate was issued by an unknown CA, which has the name of a trusted CA, but a"
                " different key"
            ),
            "Set O(ca_path) to a file with the current certificate of the CA CN=Root",
        ),
        (
            *(62, {}, "its certificate was issued for another name"),
            (
                "In O(server_uri), use dc1.corp.example or corp.example, or issue a certificate whose subjectAltName"
                " contains dc1"
            ),
        ),
        (10, {}, "a CA certificate in the chain of its certificate has expired", None),
        (
            *(10, {"now": LEAF.not_after.replace(year=2027)}, "its certificate has expired"),
            "Renew the server's certificate",
        ),
        (
            *(
                9,
                {},
                "its certificate is not yet valid, and the clock of this host shows 2026-06-01 12:30 UTC",
            ),
            "Check the clocks of both hosts",
        ),
        (26, {}, "its certificate was not issued for TLS servers", None),
        (66, {}, "the key of its certificate is too short", None),
        (85, {}, "its certificate, or that of its CA, does not conform to RFC 5280", None),
    ],
)
def test_the_certificate_and_its_verification_are_described(
    code: int, changes: dict[str, Any], cause: str, remedy: str | None
) -> None:
    diagnosis = _explain(code, replace(VERIFICATION, **changes))
    assert diagnosis.cause == f"{cause} (reason){DESCRIPTION}"
    assert remedy in (None, diagnosis.remedy)


def test_a_certificate_without_host_names_is_described_by_its_subject() -> None:
    verification = replace(
        VERIFICATION,
        chain=[replace(LEAF, names=[])],
        trust_store="the CA certificates of this host",
    )
    assert _explain(62, verification) == (
        (
            "its certificate contains no host name; its common name is ignored (reason); the certificate has the"
            " subject CN=dc1, was issued by CN=Issuing {CA}, is valid from 2026-01-01 to 2026-12-31, and was"
            " checked for dc1 with the CA certificates of this host"
        ),
        "Issue a certificate whose subjectAltName contains dc1",
    )


def test_the_most_similar_names_are_listed_first() -> None:
    names = [*(f"host{number}.example" for number in range(9)), "dc1.example"]
    verification = replace(VERIFICATION, chain=[replace(LEAF, names=names)])
    cause, remedy = _explain(62, verification)
    assert "is for dc1.example, host1.example, " in cause
    assert " and 5 more, was issued" in cause
    assert "use dc1.example, host1.example or host" in remedy


def test_the_verification_is_described_even_if_the_certificate_is_unknown() -> None:
    assert _explain(62, replace(VERIFICATION, chain=[])) == (
        (
            "its certificate was issued for another name (reason); the certificate was checked for dc1 with"
            " O(ca_path) /ca.pem"
        ),
        "In O(server_uri), use a name from the certificate; its common name is ignored",
    )


def test_ca_file_without_verification_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        create_tls_context(str(tmp_path / "ca.pem"), validate_certs=False)
    assert str(caught.value) == (
        f"Cannot use ca_path {tmp_path}/ca.pem with validate_certs: false: certificates are"
        " not verified. Set only one of the two options."
    )


@pytest.fixture(name="pair")
def _pair(tmp_path: Path) -> tuple[Path, Path]:
    """Return the paths of a client certificate and of its private key."""
    issued = trustme.CA().issue_cert("client")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    issued.cert_chain_pems[0].write_to_path(cert)
    issued.private_key_pem.write_to_path(key)
    return cert, key


def test_client_certificate_is_loaded_from_one_file_or_two(
    pair: tuple[Path, Path], tmp_path: Path
) -> None:
    cert, key = pair
    load_client_certificate(create_tls_context(None, validate_certs=True), str(cert), str(key))
    both = tmp_path / "both.pem"
    both.write_bytes(cert.read_bytes() + key.read_bytes())
    load_client_certificate(create_tls_context(None, validate_certs=True), str(both), None)


def test_unusable_client_certificate_is_reported(pair: tuple[Path, Path], tmp_path: Path) -> None:
    cert, key = pair
    other = trustme.CA().issue_cert("other").private_key_pem
    other.write_to_path(tmp_path / "other.pem")
    encrypted = tmp_path / "encrypted.pem"
    encrypted.write_bytes(
        serialization.load_pem_private_key(key.read_bytes(), None).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"pw"),
        )
    )
    for (cert_file, key_file), cause in (
        ((cert, None), "the certificate or the key is not valid, or they do not match"),
        (
            (cert, tmp_path / "other.pem"),
            "the certificate or the key is not valid, or they do not match",
        ),
        ((key, cert), "the certificate or the key is not valid, or they do not match"),
        ((tmp_path / "none.pem", key), "No such file or directory"),
        ((cert, encrypted), "the key is encrypted"),
    ):
        context = create_tls_context(None, validate_certs=True)
        with pytest.raises(InputError) as caught:
            load_client_certificate(context, str(cert_file), str(key_file) if key_file else None)
        assert caught.value.cause == cause
