# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TLS settings for connections to the directory and to the service.

The minimum version is TLS 1.2, and certificates are verified by default.

This file is private to the collection: its interface may change in any release.
"""

from __future__ import annotations

import ssl

from ._errors import Diagnosis, InputError


def create_tls_context(
    ca_path: str | None, validate_certs: bool, ca_directory: str | None = None
) -> ssl.SSLContext:
    """Create the TLS context of a client connection.

    :param ca_path: file with the trusted certificates; None to trust the system's certificates.
    :param validate_certs: whether to verify the server's certificate and the host name in it.
    :param ca_directory: directory with the trusted certificates, instead of `ca_path`.
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
            str(error),
            "Provide a file in PEM format",
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
    """Load the certificate that the client presents to servers that request one.

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
            "Decrypt it into a file with mode 0600: openssl pkey -in KEY -out NEW",
        ) from error
    except OSError as error:
        raise InputError(
            action,
            explain_file_error(
                error, "the certificate or the key is not valid, or they do not match"
            ),
            "Provide files in PEM format;"
            " without O(client_key), O(client_cert) must also contain the key",
        ) from error


def explain_file_error(error: OSError, content_cause: str) -> str:
    """Return the reason why a certificate file or a key file cannot be used.

    The operating system's message is returned unchanged. OpenSSL's messages are replaced, because
    they differ between versions.

    :param error: the exception that was raised when the file was loaded.
    :param content_cause: the reason to return if the file was read, but its content is invalid.
    """
    return content_cause if isinstance(error, ssl.SSLError) else error.strerror or content_cause


_UNKNOWN_CA = Diagnosis(
    "its certificate was issued by an unknown CA",
    "Set O(ca_path) to a file with the issuing CA's certificate",
)

# Codes of OpenSSL's certificate verification (X509_V_ERR_*).
_VERIFICATION_CODES = {
    9: Diagnosis("its certificate is not yet valid", "Check the clocks of both hosts"),
    10: Diagnosis("its certificate has expired", "Renew the server's certificate"),
    18: Diagnosis(
        "its certificate is self-signed and not trusted",
        "Set O(ca_path) to a file with this certificate",
    ),
    19: _UNKNOWN_CA,
    20: _UNKNOWN_CA,
    62: Diagnosis(
        "its certificate was issued for another name",
        "In O({option}), use a name from the certificate; its common name is ignored",
    ),
    64: Diagnosis(
        "its certificate is not valid for this IP address",
        "In O({option}), use a name from the certificate",
    ),
}


def explain_certificate(error: ssl.SSLCertVerificationError, option: str) -> Diagnosis:
    """Return the cause and the remedy of a failed certificate verification.

    :param error: the exception that reports the failure.
    :param option: the option that names the server.
    """
    diagnosis = _VERIFICATION_CODES.get(
        error.verify_code,
        Diagnosis(
            "its certificate could not be verified", "Check the server's certificate and O(ca_path)"
        ),
    )
    return Diagnosis(
        f"{diagnosis.cause} ({error.verify_message.rstrip('.')})",
        diagnosis.remedy.format(option=option),
    )
