# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elements of DER, as certificates are written in (RFC 5280, 4.1)."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, NamedTuple

_UTC_TIME, _BMP_STRING = 0x17, 0x1E
_VERSION, _EXTENSIONS = 0xA0, 0xA3
_DNS_NAME, _IP_ADDRESS = 0x82, 0x87
_SUBJECT_ALT_NAME = bytes([0x55, 0x1D, 0x11])  # 2.5.29.17
# The attributes of names that RFC 4514, 3 abbreviates, by their object identifiers.
_ATTRIBUTE_NAMES = {
    bytes([0x55, 0x04, last]): name
    for last, name in ((3, "CN"), (6, "C"), (7, "L"), (8, "ST"), (10, "O"), (11, "OU"))
}
# domainComponent (RFC 4519, 2.4), with which Microsoft's authorities are named.
_ATTRIBUTE_NAMES[bytes([0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 0x01, 0x19])] = "DC"

_CHANNEL_BINDING_PREFIX = b"tls-server-end-point:"
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


@dataclass(frozen=True)
class Certificate:
    """A certificate, as far as an administrator asks for it.

    :ivar subject: whose it is, for instance ``CN=dc1.corp.example``.
    :ivar issuer: who issued it.
    :ivar names: the host names and addresses that it is for (subjectAltName).
    :ivar not_before: since when it is valid.
    :ivar not_after: until when.
    """

    subject: str
    issuer: str
    names: Sequence[str]
    not_before: datetime
    not_after: datetime

    def days_left(self, now: datetime) -> int:
        """Whole days until it ends; negative when it has ended.

        :param now: an aware moment.
        """
        return (self.not_after - now).days

    def result(self, now: datetime) -> dict[str, Any]:
        """What a module returns of it."""
        return {
            "subject": self.subject,
            "issuer": self.issuer,
            "names": list(self.names),
            "not_before": self.not_before.isoformat(),
            "not_after": self.not_after.isoformat(),
            "days_left": self.days_left(now),
        }


def parse_certificate(der: bytes) -> Certificate | None:
    """Read a certificate.

    :returns: None when it has another structure than RFC 5280 gives it.
    """
    try:
        return _read_certificate(der)
    except (ValueError, IndexError):
        return None


def _read_certificate(der: bytes) -> Certificate:
    outer = parse_elements(der)[0]
    fields = parse_elements(parse_elements(outer.content)[0].content)
    if fields[0].tag == _VERSION:
        fields = fields[1:]
    # Of a version 3 certificate now: serial number, signature, issuer, validity, subject, key, ...
    begin, end = parse_elements(fields[3].content)
    names = [
        name
        for field in fields[6:]
        if field.tag == _EXTENSIONS
        for name in _alternative_names(field)
    ]
    return Certificate(
        subject=_format_name(fields[4]),
        issuer=_format_name(fields[2]),
        names=names,
        not_before=_parse_time(begin),
        not_after=_parse_time(end),
    )


def _format_name(field: Element) -> str:
    """A distinguished name, the most special part first, as RFC 4514 writes it."""
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
    """A time in UTC; the years of two digits are those from 1950 to 2049 (RFC 5280, 4.1.2.5.1)."""
    text = field.content.decode("ascii", errors="replace")
    if field.tag == _UTC_TIME:
        text = ("19" if text >= "5" else "20") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=timezone.utc)


def _alternative_names(extensions: Element) -> Iterator[str]:
    for extension in parse_elements(parse_elements(extensions.content)[0].content):
        oid, *_critical, value = parse_elements(extension.content)
        if oid.content == _SUBJECT_ALT_NAME:
            for name in parse_elements(parse_elements(value.content)[0].content):
                if name.tag == _DNS_NAME:
                    yield _decode_text(name)
                elif name.tag == _IP_ADDRESS:
                    yield str(ipaddress.ip_address(name.content))


def tls_server_end_point(certificate: bytes) -> bytes | None:
    """The channel binding ``tls-server-end-point`` of a server's certificate (RFC 5929, 4).

    :param certificate: in DER.
    :returns: what both sides must put into their part of the bind; None when the signature has no single
        hash, for which the binding is not defined.
    :raises ValueError: when it is cut.
    :raises IndexError: when it has another structure than RFC 5280 gives it.
    """
    _to_be_signed, algorithm, *_signature = parse_elements(parse_elements(certificate)[0].content)
    algorithm_id, *parameters = parse_elements(algorithm.content)
    name = _HASHES.get(algorithm_id.content)
    if algorithm_id.content == _PSS:
        hash_parameters = [
            part for part in parse_elements(parameters[0].content) if part.tag == 0xA0
        ]
        name = (
            _PSS_HASHES.get(_parse_algorithm(hash_parameters[0].content))
            if hash_parameters
            else "sha256"
        )
    return _CHANNEL_BINDING_PREFIX + hashlib.new(name, certificate).digest() if name else None


def _parse_algorithm(encoded: bytes) -> bytes:
    """The object identifier of an AlgorithmIdentifier (RFC 5280, 4.1.1.2)."""
    return parse_elements(parse_elements(encoded)[0].content)[0].content


class Element(NamedTuple):
    """A part of a certificate.

    :ivar tag: its identifier, of one byte.
    :ivar content: what it holds.
    """

    tag: int
    content: bytes


def parse_elements(data: bytes) -> list[Element]:
    """The elements that follow one another (X.690, 8.1); all tags of a certificate take one byte.

    :raises ValueError: when the last one is cut.
    :raises IndexError: when its head is.
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
            raise ValueError("an element is cut")
        elements.append(Element(tag, data[offset : offset + length]))
        offset += length
    return elements
