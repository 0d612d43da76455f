# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The TLS context for connections to the service, and the certificates that it trusts."""

from __future__ import annotations

import os
import socket
import ssl
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

from .._errors import InputError
from .._tls import (
    Verification,
    create_tls_context,
    describe_verification,
    explain_file_error,
    load_client_certificate,
    name_trust_store,
)
from .endpoint import Endpoint, TlsSettings

_TLS_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def create_service_context(tls: TlsSettings) -> ssl.SSLContext:
    """Create the TLS context for all connections to the service.

    :raises InputError: if a certificate file or a key file cannot be used, or as for `create_tls_context`.
    """
    bundle = find_ca_bundle(tls)
    is_directory = bundle is not None and os.path.isdir(bundle)
    context = create_tls_context(
        tls.ca_path or (None if is_directory else bundle),
        tls.validate_certs,
        bundle if is_directory else None,
    )
    context.minimum_version = _TLS_VERSIONS[tls.minimum_version]
    if tls.client_cert:
        load_client_certificate(context, tls.client_cert, tls.client_key)
    return context


def inspect_certificate(endpoint: Endpoint, context: ssl.SSLContext) -> Verification:
    """Describe a failed verification of the service's certificate.

    Python does not reveal a certificate that it rejects. Therefore another connection is made, directly and without
    verification, and is closed after the TLS handshake.

    :param endpoint: the endpoint of the service.
    :param context: the TLS context that rejected the certificate.
    """
    parts = urlsplit(endpoint.url)
    host = parts.hostname or ""
    bundle = find_ca_bundle(endpoint.tls)
    trust_store = (
        f"the CA certificates in {bundle}" if bundle else name_trust_store(endpoint.tls.ca_path)
    )
    unverified = create_tls_context(None, validate_certs=False)
    with ExitStack() as stack:
        tls_socket = None
        with suppress(OSError):
            address = (host, parts.port or 443)
            tcp_socket = stack.enter_context(socket.create_connection(address, endpoint.timeout))
            # The timeout of the socket also limits the duration of the whole handshake.
            tls_socket = unverified.wrap_socket(tcp_socket, server_hostname=host)
            stack.enter_context(tls_socket)
        return describe_verification(host, trust_store, context, tls_socket)


def check_tls_files(tls: TlsSettings) -> None:
    """Check that the certificate files and the key file can be used.

    :raises InputError: as for `create_service_context`. The message contains the path of the file.
    """
    create_service_context(tls)


def find_ca_bundle(tls: TlsSettings) -> str | None:
    """Return the path of the CA certificates that the environment defines as a replacement for those of the system.

    :returns: the path; None if the environment does not define it, or if options take precedence.
    :raises InputError: if the certificates cannot be used.
    """
    if tls.ca_path or not tls.validate_certs:
        return None
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        if path := os.environ.get(name):
            _check_ca_bundle(name, path)
            return path
    return None


def _check_ca_bundle(name: str, path: str) -> None:
    """Check that the certificates at a path can be loaded.

    Without this check, urllib3 would report the failure as a TLS error of the service.
    """
    is_directory = os.path.isdir(path)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(
            None if is_directory else path, path if is_directory else None
        )
    except OSError as error:
        raise InputError(
            f"Cannot use the certificates in {path}, set by {name} in the environment",
            explain_file_error(error, "it contains no certificates in PEM format"),
            f"Correct {name}, or set O(ca_path)",
        ) from error
