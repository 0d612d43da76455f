# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TLS as both ways out of this host use it: verified by OpenSSL, TLS 1.2 as the floor.

This is private to the collection: its interface may change in any release.
"""

from __future__ import annotations

import ssl

from ._errors import Diagnosis, InputError


def create_tls_context(ca_path: str | None, validate_certs: bool) -> ssl.SSLContext:
    """What every TLS connection must satisfy.

    :param ca_path: file with the certificates to trust; None for those of the system.
    :param validate_certs: whether the certificate and the name in it are verified.
    :raises InputError: when the file cannot be used, or nothing would be verified against it.
    """
    if ca_path and not validate_certs:
        raise InputError(
            f"Cannot use ca_path {ca_path} with validate_certs: false",
            "nothing is verified against these certificates",
            "Give one of the two",
        )
    try:
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=ca_path)
    except OSError as error:
        raise InputError(
            f"Cannot read the certificates in ca_path {ca_path}",
            str(error),
            "Give a file in PEM format",
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not validate_certs:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class _EncryptedKeyError(Exception):
    """The key needs a pass phrase."""


def load_client_certificate(context: ssl.SSLContext, cert: str, key: str | None) -> None:
    """Have a certificate shown to every server that asks for one.

    :param cert: file with the certificate, in PEM format.
    :param key: file with its private key; None when that stands in `cert`, too.
    :raises InputError: when they cannot be used, or do not belong together.
    """

    def reject_encrypted_key() -> str:
        # Without this OpenSSL would ask at the terminal.
        raise _EncryptedKeyError

    action = f"Cannot use client_cert {cert}"
    if key:
        action += f" with client_key {key}"
    try:
        context.load_cert_chain(cert, key, reject_encrypted_key)
    except _EncryptedKeyError as error:
        raise InputError(
            action,
            "the key is encrypted",
            "Give a file with the key in clear, mode 0600: openssl pkey -in KEY -out NEW",
        ) from error
    except OSError as error:
        raise InputError(
            action,
            explain_file_error(error, "they are no certificate and its key"),
            "Give files in PEM format; without client_key the key stands in client_cert, too",
        ) from error


def explain_file_error(error: OSError, content_cause: str) -> str:
    """Why a file cannot be used, by the system's words; OpenSSL's differ from one version to the next.

    :param content_cause: what to say of a file that can be read.
    """
    return content_cause if isinstance(error, ssl.SSLError) else error.strerror or content_cause


# Codes of OpenSSL's certificate verification (X509_V_ERR_*).
_VERIFICATION_CODES = {
    9: Diagnosis("its certificate is not yet valid", "Check the clocks of both hosts"),
    10: Diagnosis("its certificate has expired", "Renew the server's certificate"),
    18: Diagnosis(
        "its certificate is self-signed and not trusted", "Give the certificate in ca_path"
    ),
    19: Diagnosis(
        "its certificate was issued by an unknown CA",
        "Give the issuing CA's certificate in ca_path",
    ),
    20: Diagnosis(
        "its certificate was issued by an unknown CA",
        "Give the issuing CA's certificate in ca_path",
    ),
    62: Diagnosis(
        "its certificate was issued for another name",
        "Use the name in the certificate in {option}",
    ),
    64: Diagnosis(
        "its certificate was issued for another address",
        "Use the name in the certificate in {option}",
    ),
}


def explain_certificate(error: ssl.SSLCertVerificationError, option: str) -> Diagnosis:
    """What a certificate that does not verify means.

    :param option: the option that names the server.
    """
    diagnosis = _VERIFICATION_CODES.get(
        error.verify_code,
        Diagnosis("its certificate does not verify", "Check its certificate and ca_path"),
    )
    return Diagnosis(
        f"{diagnosis.cause} ({error.verify_message.rstrip('.')})",
        diagnosis.remedy.format(option=option),
    )
