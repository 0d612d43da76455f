# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ties a bind to the TLS connection below it, so that nobody in between can pass it on (RFC 5929)."""

from __future__ import annotations

import hashlib

from .der import elements

_PREFIX = b"tls-server-end-point:"
# Signature algorithms by the last bytes of their object identifiers, and the hash that each one uses (RFC
# 4055, RFC 5758); RFC 5929, 4.1 replaces MD5 and SHA-1 by SHA-256.
_RSA = bytes.fromhex("2a864886f70d0101")
_ECDSA = bytes.fromhex("2a8648ce3d04")
_HASHES = {
    _RSA + b"\x04": "sha256",  # MD5
    _RSA + b"\x05": "sha256",  # SHA-1
    _RSA + b"\x0b": "sha256",
    _RSA + b"\x0c": "sha384",
    _RSA + b"\x0d": "sha512",
    _RSA + b"\x0e": "sha224",
    _ECDSA + b"\x01": "sha256",  # SHA-1
    _ECDSA + b"\x03\x01": "sha224",
    _ECDSA + b"\x03\x02": "sha256",
    _ECDSA + b"\x03\x03": "sha384",
    _ECDSA + b"\x03\x04": "sha512",
}
# RSASSA-PSS names its hash in its parameters, and SHA-1 by naming none (RFC 4055, 3.1).
_PSS = _RSA + b"\x0a"
_NIST = bytes.fromhex("6086480165030402")
_PSS_HASHES = {
    _NIST + b"\x01": "sha256",
    _NIST + b"\x02": "sha384",
    _NIST + b"\x03": "sha512",
    _NIST + b"\x04": "sha224",
}


def end_point_of(certificate: bytes) -> bytes | None:
    """The channel binding ``tls-server-end-point`` of a server's certificate (RFC 5929, 4).

    :param certificate: in DER.
    :returns: what both sides must put into their part of the bind; None when the signature has no single
        hash, for which the binding is not defined.
    :raises ValueError: when it is cut.
    :raises IndexError: when it has another structure than RFC 5280 gives it.
    """
    _to_be_signed, algorithm, *_signature = elements(elements(certificate)[0].content)
    identifier, *parameters = elements(algorithm.content)
    name = _HASHES.get(identifier.content)
    if identifier.content == _PSS:
        named = [part for part in elements(parameters[0].content) if part.tag == 0xA0]
        name = _PSS_HASHES.get(_first_identifier(named[0].content)) if named else "sha256"
    return _PREFIX + hashlib.new(name, certificate).digest() if name else None


def _first_identifier(encoded: bytes) -> bytes:
    """The object identifier of an AlgorithmIdentifier (RFC 5280, 4.1.1.2)."""
    return elements(elements(encoded)[0].content)[0].content
