# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""X.509 server certificates (RFC 5280): the fields shown to administrators, and TLS channel binding.

This file is private to the collection: its interface may change in any release.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, NamedTuple

# Tags (X.690; RFC 5280, appendix A).
_UTC_TIME, _BMP_STRING = 0x17, 0x1E
_VERSION, _EXTENSIONS = 0xA0, 0xA3
_DNS_NAME, _IP_ADDRESS = 0x82, 0x87
_PSS_HASH_ALGORITHM = 0xA0

_SUBJECT_ALT_NAME = bytes([0x55, 0x1D, 0x11])  # 2.5.29.17
# Short names of attribute types by object identifier (RFC 4514, 3).
_ATTRIBUTE_NAMES = {
    bytes([0x55, 0x04, last]): name
    for last, name in ((3, "CN"), (6, "C"), (7, "L"), (8, "ST"), (10, "O"), (11, "OU"))
}
# domainComponent (RFC 4519, 2.4), used in the names of Active Directory's CAs.
_ATTRIBUTE_NAMES[bytes([0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 0x01, 0x19])] = "DC"

_CHANNEL_BINDING_PREFIX = b"tls-server-end-point:"
# Hash functions by the object identifier of the signature algorithm (RFC 4055, RFC 5758). SHA-256 replaces MD5
# and SHA-1 (RFC 5929, 4.1).
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
# The hash function of RSASSA-PSS is a parameter of the algorithm. The default is SHA-1 (RFC 4055, 3.1),
# which SHA-256 replaces.
_PSS = _RSA + b"\x0a"
_NIST = bytes.fromhex("6086480165030402")
_PSS_HASHES = {
    _NIST + b"\x01": "sha256",
    _NIST + b"\x02": "sha384",
    _NIST + b"\x03": "sha512",
    _NIST + b"\x04": "sha224",
}


@dataclass(frozen=True)
class Certificate:
    """The fields of a certificate that administrators need.

    :ivar subject: name of the subject, such as ``CN=dc1.corp.example``.
    :ivar issuer: name of the issuing CA.
    :ivar names: host names and IP addresses in the extension subjectAltName.
    :ivar not_before: start of the validity period.
    :ivar not_after: end of the validity period.
    """

    subject: str
    issuer: str
    names: Sequence[str]
    not_before: datetime
    not_after: datetime

    def days_left(self, now: datetime) -> int:
        """Return the number of full days until the certificate expires; negative if it has expired.

        :param now: current time, with a time zone.
        """
        return (self.not_after - now).days

    def result(self, now: datetime) -> dict[str, Any]:
        """Return the fields as they appear in the result of a module.

        :param now: current time, with a time zone.
        """
        return {
            "subject": self.subject,
            "issuer": self.issuer,
            "names": list(self.names),
            "not_before": self.not_before.isoformat(),
            "not_after": self.not_after.isoformat(),
            "days_left": self.days_left(now),
        }


def parse_certificate(der: bytes) -> Certificate | None:
    """Parse a DER-encoded certificate.

    :param der: the certificate.
    :returns: the certificate; None if its structure does not conform to RFC 5280.
    """
    try:
        return _parse_certificate(der)
    except (ValueError, IndexError):
        return None


def _parse_certificate(der: bytes) -> Certificate:
    outer = parse_elements(der)[0]
    fields = parse_elements(parse_elements(outer.content)[0].content)
    if fields[0].tag == _VERSION:
        fields = fields[1:]
    # The fields are now: serial number, signature, issuer, validity, subject, key, ...
    begin, end = parse_elements(fields[3].content)
    names = [
        name
        for field in fields[6:]
        if field.tag == _EXTENSIONS
        for name in _parse_alternative_names(field)
    ]
    return Certificate(
        subject=_format_name(fields[4]),
        issuer=_format_name(fields[2]),
        names=names,
        not_before=_parse_time(begin),
        not_after=_parse_time(end),
    )


def _format_name(field: Element) -> str:
    """Format a distinguished name in the order of RFC 4514: the most specific part first."""
    parts = []
    for part in parse_elements(field.content):
        for pair in parse_elements(part.content):
            oid, value = parse_elements(pair.content)
            parts.append(f"{_ATTRIBUTE_NAMES.get(oid.content, 'OID')}={_decode_text(value)}")
    return ",".join(reversed(parts))


def _decode_text(value: Element) -> str:
    encoding = "utf-16-be" if value.tag == _BMP_STRING else "utf-8"
    text = value.content.decode(encoding, errors="replace")
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _parse_time(field: Element) -> datetime:
    """Parse a time in UTC.

    Two-digit years stand for 1950 to 2049 (RFC 5280, 4.1.2.5.1).
    """
    text = field.content.decode("ascii", errors="replace")
    if field.tag == _UTC_TIME:
        text = ("19" if text >= "5" else "20") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=timezone.utc)


def _parse_alternative_names(extensions: Element) -> Iterator[str]:
    for extension in parse_elements(parse_elements(extensions.content)[0].content):
        oid, *_critical, value = parse_elements(extension.content)
        if oid.content == _SUBJECT_ALT_NAME:
            for name in parse_elements(parse_elements(value.content)[0].content):
                if name.tag == _DNS_NAME:
                    yield _decode_text(name)
                elif name.tag == _IP_ADDRESS:
                    yield str(ipaddress.ip_address(name.content))


def tls_server_end_point(certificate: bytes) -> bytes | None:
    """Return the channel binding of type tls-server-end-point for a server's certificate (RFC 5929, 4).

    :param certificate: DER-encoded certificate.
    :returns: the channel binding; None if the signature algorithm is unknown, or does not use a single hash function.
    :raises ValueError: if the structure of the certificate does not conform to RFC 5280.
    :raises IndexError: for the same reason.
    """
    _to_be_signed, algorithm, *_signature = parse_elements(parse_elements(certificate)[0].content)
    algorithm_id, *parameters = parse_elements(algorithm.content)
    hash_name = _HASHES.get(algorithm_id.content)
    if algorithm_id.content == _PSS:
        hash_name = _find_pss_hash(parse_elements(parameters[0].content))
    if hash_name is None:
        return None
    return _CHANNEL_BINDING_PREFIX + hashlib.new(hash_name, certificate).digest()


def _find_pss_hash(parameters: Sequence[Element]) -> str | None:
    """Return the name of the hash function for RSASSA-PSS parameters; None if the function is unknown."""
    for parameter in parameters:
        if parameter.tag == _PSS_HASH_ALGORITHM:
            algorithm = parse_elements(parameter.content)[0]
            return _PSS_HASHES.get(parse_elements(algorithm.content)[0].content)
    return "sha256"


class Element(NamedTuple):
    """A DER element.

    :ivar tag: identifier octet.
    :ivar content: content octets.
    """

    tag: int
    content: bytes


def parse_elements(data: bytes) -> list[Element]:
    """Parse consecutive DER elements (X.690, 8.1).

    Only one-byte tags are supported; certificates use no others.

    :raises ValueError: if the last element is truncated, but has at least two bytes.
    :raises IndexError: if the last element consists of a single byte.
    """
    elements, offset = [], 0
    while offset < len(data):
        tag, length = data[offset], data[offset + 1]
        offset += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[offset : offset + size], "big")
            offset += size
        if offset + length > len(data):
            raise ValueError("truncated element")
        elements.append(Element(tag, data[offset : offset + length]))
        offset += length
    return elements
