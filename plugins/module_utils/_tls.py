# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TLS as both ways out of this host use it: verified by OpenSSL, TLS 1.2 as the floor.

This is private to the collection: its interface may change in any release.
"""

from __future__ import annotations

import ssl

from ._errors import Finding, InputError


def tls_context(ca_path: str | None, validate_certs: bool) -> ssl.SSLContext:
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


# Codes of OpenSSL's certificate verification (X509_V_ERR_*).
_CERTIFICATE_CODES = {
    9: Finding("its certificate is not yet valid", "Check the clocks of both hosts"),
    10: Finding("its certificate has expired", "Renew the server's certificate"),
    18: Finding(
        "its certificate is self-signed and not trusted", "Give the certificate in ca_path"
    ),
    19: Finding(
        "its certificate was issued by an unknown CA",
        "Give the issuing CA's certificate in ca_path",
    ),
    20: Finding(
        "its certificate was issued by an unknown CA",
        "Give the issuing CA's certificate in ca_path",
    ),
    62: Finding(
        "its certificate was issued for another name",
        "Use the name in the certificate in {option}",
    ),
    64: Finding(
        "its certificate was issued for another address",
        "Use the name in the certificate in {option}",
    ),
}


def finding_of_certificate(error: ssl.SSLCertVerificationError, option: str) -> Finding:
    """What a certificate that does not verify means.

    :param option: the option that names the server.
    """
    found = _CERTIFICATE_CODES.get(
        error.verify_code,
        Finding("its certificate does not verify", "Check its certificate and ca_path"),
    )
    return Finding(
        f"{found.meaning} ({error.verify_message.rstrip('.')})",
        found.remedy.format(option=option),
    )
