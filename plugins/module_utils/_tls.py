# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TLS settings for connections to the directory and to the service.

The minimum version is TLS 1.2, and certificates are verified by default.

This file is private to the collection: its interface may change in any release.
"""

from __future__ import annotations

import ssl
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from difflib import SequenceMatcher
from typing import Any

from ._certificate import Certificate, parse_certificate
from ._errors import Diagnosis, InputError
from ._text import join_names


def create_tls_context(
    ca_path: str | None, validate_certs: bool, ca_directory: str | None = None
) -> ssl.SSLContext:
    """Create the TLS context of a client connection.

    :param ca_path: file with the trusted certificates; None to trust those in `ca_directory` or, if it is also None,
        the system's certificates.
    :param validate_certs: whether to verify the server's certificate and the host name in it.
    :param ca_directory: directory with the trusted certificates.
    :raises InputError: if the file cannot be used, or if it is given although certificates are not
        verified.
    """
    if ca_path and not validate_certs:
        raise InputError(
            f"Cannot use O(ca_path) {ca_path} with O(validate_certs=false)",
            "certificates are not verified",
            "Set only one of the two options",
        )
    try:
        context = ssl.create_default_context(
            ssl.Purpose.SERVER_AUTH, cafile=ca_path, capath=ca_directory
        )
    except OSError as error:
        raise InputError(
            f"Cannot read the certificates in O(ca_path) {ca_path}",
            explain_file_error(error, "it contains no certificates in PEM format"),
            "Set O(ca_path) to a readable file in PEM format",
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # A common name is not necessarily a host name: a CA might not have checked it (RFC 9525, 2).
    context.hostname_checks_common_name = False
    if not validate_certs:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class _EncryptedKeyError(Exception):
    """The private key requires a passphrase."""


def load_client_certificate(context: ssl.SSLContext, cert: str, key: str | None) -> None:
    """Load the client certificate, for servers that request one during or after the handshake.

    Web servers that require a certificate only for some paths request it after they have read the path of a request. In
    TLS 1.3, this is post-handshake authentication (RFC 8446, 4.6.2). The client must announce its support for this
    during the handshake.

    :param context: the TLS context of the client.
    :param cert: file with the certificate in PEM format.
    :param key: file with its private key; None if `cert` also contains the key.
    :raises InputError: if the files cannot be used, or the key does not match the certificate.
    """

    def reject_encrypted_key() -> str:
        # Without a callback, OpenSSL would prompt for the passphrase on the terminal.
        raise _EncryptedKeyError

    action = f"Cannot use O(client_cert) {cert}"
    if key:
        action += f" with O(client_key) {key}"
    try:
        context.load_cert_chain(cert, key, reject_encrypted_key)
    except _EncryptedKeyError as error:
        raise InputError(
            action,
            "the key is encrypted",
            "Decrypt it into a file with mode 0600 (openssl pkey -in KEY -out NEW), and set O(client_key)"
            " to this file",
        ) from error
    except OSError as error:
        raise InputError(
            action,
            explain_file_error(
                error, "the certificate or the key is not valid, or they do not match"
            ),
            "Provide a certificate and its private key in readable files in PEM format;"
            " without O(client_key), O(client_cert) must also contain the key",
        ) from error
    context.post_handshake_auth = True


def explain_file_error(error: OSError, content_cause: str) -> str:
    """Return the reason why a certificate file or a key file cannot be used.

    The operating system's message is returned unchanged. OpenSSL's messages are replaced, because
    they differ between versions.

    :param error: the exception that was raised when the file was loaded.
    :param content_cause: the reason to return if the file was read, but its content is invalid.
    """
    return content_cause if isinstance(error, ssl.SSLError) else error.strerror or content_cause


@dataclass(frozen=True)
class Verification:
    """The circumstances in which the verification of a server's certificate failed.

    :ivar host: host name or IP address for which the certificate was verified.
    :ivar trust_store: phrase that names the trusted certificates.
    :ivar chain: certificates that the server sent, its own first; empty if they are unknown. Python releases
        before 3.10 reveal only the first one.
    :ivar trusted: names of the trusted CAs.
    :ivar now: current time, with a time zone.
    """

    host: str
    trust_store: str
    chain: Sequence[Certificate]
    trusted: Collection[str]
    now: datetime

    @property
    def description(self) -> str:
        """A clause about the server's certificate and how it was checked."""
        checked = f"checked for {self.host} with {self.trust_store}"
        if not self.chain:
            return f"the certificate was {checked}"
        certificate = self.chain[0]
        names = join_names(_sort_by_similarity(certificate.names, self.host))
        subject = f"is for {names}" if names else f"has the subject {certificate.subject}"
        return (
            f"the certificate {subject}, was issued by {certificate.issuer or 'a CA without a name'}, is valid from"
            f" {certificate.not_before:%Y-%m-%d} to {certificate.not_after:%Y-%m-%d}, and was {checked}"
        )


def _sort_by_similarity(names: Sequence[str], host: str) -> list[str]:
    return sorted(
        names, key=lambda name: -SequenceMatcher(None, name.lower(), host.lower()).ratio()
    )


def name_trust_store(ca_path: str | None) -> str:
    """Return a phrase that names the trusted certificates.

    :param ca_path: file with the trusted certificates; None if those of the system are trusted.
    """
    return f"O(ca_path) {ca_path}" if ca_path else "the CA certificates of this host"


def describe_verification(
    host: str, trust_store: str, context: ssl.SSLContext, tls_socket: Any
) -> Verification:
    """Describe the circumstances in which the verification of a server's certificate failed.

    :param host: host name or IP address for which the certificate was verified.
    :param trust_store: phrase that names the trusted certificates.
    :param context: TLS context that verified the certificate.
    :param tls_socket: TLS connection to the same server without verification; None if there is none.
    """
    trusted = (_parse(der) for der in context.get_ca_certs(binary_form=True))
    chain = _read_chain(tls_socket) if tls_socket is not None else []
    return Verification(
        host=host,
        trust_store=trust_store,
        chain=[certificate for certificate in map(parse_certificate, chain) if certificate],
        trusted={certificate.subject for certificate in trusted if certificate},
        now=datetime.now(timezone.utc),
    )


def _parse(der: object) -> Certificate | None:
    return parse_certificate(der) if isinstance(der, bytes) else None


def _read_chain(tls_socket: Any) -> list[bytes]:
    """Return the DER-encoded certificates that the server sent, its own first.

    The method that returns all of them is public in Python 3.13 and newer, and private in 3.10 to 3.12. In older
    releases, only the server's own certificate is returned.
    """
    leaf = tls_socket.getpeercert(binary_form=True)
    if hasattr(tls_socket, "get_unverified_chain"):
        return list(tls_socket.get_unverified_chain())
    sent = getattr(getattr(tls_socket, "_sslobj", None), "get_unverified_chain", None)
    if sent is None:
        return [leaf]
    return [ssl.PEM_cert_to_DER_cert(certificate.public_bytes()) for certificate in sent()]


_UNKNOWN_CA = Diagnosis(
    "its certificate was issued by an unknown CA",
    "Set O(ca_path) to a file with the issuing CA's certificate",
)
_WEAK = (
    "Issue the certificate with an RSA key of at least 2048 bits or an ECDSA key, and with SHA-256"
)
_NOT_RFC_5280 = Diagnosis(
    "its certificate, or that of its CA, does not conform to RFC 5280",
    "Reissue that certificate; since version 3.13, Python verifies certificates more strictly",
)

# Codes of OpenSSL's certificate verification (X509_V_ERR_*).
_NOT_YET_VALID, _EXPIRED, _UNKNOWN_SIGNATURE = 9, 10, 7
_UNKNOWN_ISSUER = (2, 19, 20, 21)
_WRONG_HOST, _WRONG_ADDRESS = 62, 64
_VERIFICATION_CODES = {
    _UNKNOWN_SIGNATURE: Diagnosis(
        "its certificate was not signed with the key of the trusted CA",
        "Set O(ca_path) to a file with the current certificate of the CA",
    ),
    _NOT_YET_VALID: Diagnosis("its certificate is not yet valid", "Check the clocks of both hosts"),
    _EXPIRED: Diagnosis("its certificate has expired", "Renew the server's certificate"),
    18: Diagnosis(
        "its certificate is self-signed and not trusted",
        "Set O(ca_path) to a file with this certificate",
    ),
    **dict.fromkeys(_UNKNOWN_ISSUER, _UNKNOWN_CA),
    26: Diagnosis(
        "its certificate was not issued for TLS servers",
        "Issue a certificate with the extended key usage serverAuth",
    ),
    **dict.fromkeys(
        (24, 32, 79),
        Diagnosis(
            "a certificate in its chain is used as a CA certificate, but is not one",
            "Set O(ca_path) to a file with the certificate of the CA, not that of a server",
        ),
    ),
    _WRONG_HOST: Diagnosis(
        "its certificate was issued for another name",
        "In O({option}), use a name from the certificate; its common name is ignored",
    ),
    _WRONG_ADDRESS: Diagnosis(
        "its certificate is not valid for this IP address",
        "In O({option}), use a name from the certificate",
    ),
    66: Diagnosis("the key of its certificate is too short", _WEAK),
    67: Diagnosis(
        "the key of its CA is too short",
        _WEAK.replace("the certificate", "the certificates of the CA and the server"),
    ),
    68: Diagnosis("its certificate has a weak signature, such as one with SHA-1", _WEAK),
    **dict.fromkeys(range(80, 95), _NOT_RFC_5280),
}


def explain_certificate(
    error: ssl.SSLCertVerificationError, option: str, verification: Verification | None = None
) -> Diagnosis:
    """Return the cause and the remedy of a failed certificate verification.

    :param error: the exception that reports the failure.
    :param option: the option that names the server.
    :param verification: the circumstances; None if they are unknown.
    """
    diagnosis = _VERIFICATION_CODES.get(
        error.verify_code,
        Diagnosis(
            "its certificate could not be verified", "Check the server's certificate and O(ca_path)"
        ),
    )
    description = ""
    if verification is not None:
        description = f"; {verification.description}"
        if verification.chain:
            diagnosis = _refine(error.verify_code, diagnosis, verification)
    return Diagnosis(
        f"{diagnosis.cause} ({error.verify_message.rstrip('.')}){description}",
        diagnosis.remedy.format(option=option),
    )


def _refine(code: int, diagnosis: Diagnosis, verification: Verification) -> Diagnosis:
    """Make a diagnosis more specific if the server's certificates explain the failure."""
    if code in _UNKNOWN_ISSUER:
        return _explain_unknown_ca(diagnosis, verification)
    if code in (_WRONG_HOST, _WRONG_ADDRESS):
        return _explain_wrong_name(diagnosis, verification)
    certificate = verification.chain[0]
    if code == _EXPIRED and certificate.not_after > verification.now:
        return Diagnosis(
            "a CA certificate in the chain of its certificate has expired",
            f"Renew the certificate of the CA {_braced(certificate.issuer)} or of the CAs above it",
        )
    if code == _NOT_YET_VALID:
        clock = f"the clock of this host shows {verification.now:%Y-%m-%d %H:%M} UTC"
        return Diagnosis(f"{diagnosis.cause}, and {clock}", diagnosis.remedy)
    return diagnosis


def _explain_unknown_ca(diagnosis: Diagnosis, verification: Verification) -> Diagnosis:
    last = verification.chain[-1]
    issuer = _braced(last.issuer)
    if last.issuer in verification.trusted and last.issuer != last.subject:
        return Diagnosis(
            f"{diagnosis.cause}, which has the name of a trusted CA, but a different key",
            f"Set O(ca_path) to a file with the current certificate of the CA {issuer}",
        )
    remedy = f"Set O(ca_path) to a file with the root certificate of the CA {issuer}"
    if last.issuer == last.subject:
        remedy = f"Set O(ca_path) to a file with the certificate of the CA {issuer}"
    elif len(verification.chain) == 1:
        remedy += (
            "; if that is an intermediate CA, also add its certificate to this file, or configure the server"
            " to send it"
        )
    return Diagnosis(diagnosis.cause, remedy)


def _explain_wrong_name(diagnosis: Diagnosis, verification: Verification) -> Diagnosis:
    names = _sort_by_similarity(verification.chain[0].names, verification.host)
    issue = f"issue a certificate whose subjectAltName contains {verification.host}"
    if not names:
        cause = "its certificate contains no host name; its common name is ignored"
        return Diagnosis(cause, f"I{issue[1:]}")
    listed = _braced(join_names(names[:3]).replace(" and ", " or "))
    return Diagnosis(diagnosis.cause, f"In O({{option}}), use {listed}, or {issue}")


def _braced(text: str) -> str:
    """Escape a string from a certificate for `str.format`."""
    return text.replace("{", "{{").replace("}", "}}")
