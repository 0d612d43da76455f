# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Conversion of attribute values, including binary values, to text."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from functools import cache

from .._attribute_description import has_option, split_description
from .._text import MAX_MARKS, MAX_TEXT_LENGTH, has_many_marks, normalize

_OIDS = {
    "0.9.2342.19200300.100.1.60": "jpegphoto",
    "0.9.2342.19200300.100.1.7": "photo",
    "1.2.840.113556.1.2.281": "ntsecuritydescriptor",
    "1.2.840.113556.1.4.125": "supplementalcredentials",
    "1.2.840.113556.1.4.1360": "ms-ds-consistencyguid",
    "1.2.840.113556.1.4.146": "objectsid",
    "1.2.840.113556.1.4.160": "lmpwdhistory",
    "1.2.840.113556.1.4.2": "objectguid",
    "1.2.840.113556.1.4.3": "replpropertymetadata",
    "1.2.840.113556.1.4.55": "dbcspwd",
    "1.2.840.113556.1.4.609": "sidhistory",
    "1.2.840.113556.1.4.64": "logonhours",
    "1.2.840.113556.1.4.90": "unicodepwd",
    "1.2.840.113556.1.4.94": "ntpwdhistory",
    "2.16.840.1.113730.3.1.216": "userpkcs12",
    "2.16.840.1.113730.3.1.35": "thumbnailphoto",
    "2.16.840.1.113730.3.1.36": "thumbnaillogo",
    "2.16.840.1.113730.3.1.40": "usersmimecertificate",
    "2.16.840.1.113730.3.140": "usersmimecertificate",  # in Active Directory
    "2.5.4.36": "usercertificate",
    "2.5.4.37": "cacertificate",
    "2.5.4.38": "authorityrevocationlist",
    "2.5.4.39": "certificaterevocationlist",
    "2.5.4.40": "crosscertificatepair",
    "2.5.4.53": "deltarevocationlist",
}
"""Lowercase names of attributes with binary values by OID (RFC 4523, RFC 2798, MS-ADA1 to MS-ADA3)."""

UNREADABLE_ATTRIBUTES = frozenset(
    {
        *("jpegphoto", "photo", "thumbnaillogo", "thumbnailphoto"),
        *("cacertificate", "crosscertificatepair", "usercertificate", "usersmimecertificate"),
        *("authorityrevocationlist", "certificaterevocationlist", "deltarevocationlist"),
        *("userpkcs12", "logonhours", "ntsecuritydescriptor", "replpropertymetadata"),
        *("dbcspwd", "lmpwdhistory", "ntpwdhistory", "supplementalcredentials", "unicodepwd"),
        *("msexchblockedsendershash", "msexchsaferecipientshash", "msexchsafesendershash"),
    }
)
"""Lowercase names of attributes with binary values that have no text form: images, certificates, keys and others."""


def is_binary(description: str) -> bool:
    """Return whether the values of an attribute are binary and cannot be shown as text.

    :param description: normalized description. With the option ``binary``, values are in BER (RFC 4522).
    """
    return _name_type(description) in UNREADABLE_ATTRIBUTES or has_option(description, "binary")


def has_text_form(description: str) -> bool:
    """Return whether the values of an attribute are binary and can be shown as text.

    :param description: normalized description.
    """
    return _name_type(description) in TEXT_FORMS


def _name_type(description: str) -> str:
    """Return the attribute type of a description, with the name of a binary attribute instead of its OID."""
    name = split_description(description)[0]
    return _OIDS.get(name, name)


class AttributeValueError(ValueError):
    """A value cannot be converted to text. The message does not contain the value."""


def _format_guid(octets: bytes) -> str:
    """Return the text form of a GUID, whose first three fields are little-endian (MS-DTYP 2.3.4.2)."""
    if len(octets) != 16:
        raise AttributeValueError("is not a valid GUID")
    return str(uuid.UUID(bytes_le=octets))


def _format_sid(octets: bytes) -> str:
    """Return the text form of a security identifier (MS-DTYP 2.4.2)."""
    if len(octets) < 8 or octets[0] != 1 or len(octets) != 8 + 4 * octets[1]:
        raise AttributeValueError("is not a valid SID")
    authority = int.from_bytes(octets[2:8], "big")
    subauthorities = (octets[start : start + 4] for start in range(8, len(octets), 4))
    numbers = (int.from_bytes(subauthority, "little") for subauthority in subauthorities)
    return "-".join(map(str, ("S", 1, authority, *numbers)))


def _decode_utf8(octets: bytes) -> str:
    if len(octets) > MAX_TEXT_LENGTH:
        # This includes values that the LDAP client has cut off, possibly within a character, and the placeholder for
        # attributes of which the server returned only some values.
        raise AttributeValueError(
            f"has too many values, or a value of more than {MAX_TEXT_LENGTH} bytes"
        )
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        raise AttributeValueError("is not valid UTF-8") from None
    if has_many_marks(text):
        raise AttributeValueError(
            f"has a value with more than {MAX_MARKS} consecutive combining characters"
        )
    return text


TEXT_FORMS: dict[str, Callable[[bytes], str]] = {
    **dict.fromkeys(
        ("objectguid", "ms-ds-consistencyguid", "msexcharchiveguid", "msexchmailboxguid"),
        _format_guid,
    ),
    **dict.fromkeys(
        (
            *("objectsid", "sidhistory", "msexchmasteraccountsid"),
            *("tokengroups", "tokengroupsglobalanduniversal", "tokengroupsnogcacceptable"),
        ),
        _format_sid,
    ),
}
"""Functions that return the text form of a binary value, by lowercase name of the attribute."""


@cache
def _find_decoder(description: str) -> Callable[[bytes], str]:
    return TEXT_FORMS.get(_name_type(description), _decode_utf8)


def decode_values(name: str, values: bytes | Sequence[bytes]) -> list[str]:
    """Return the normalized values of an attribute, sorted by code point, without blank and duplicate values.

    :param name: normalized description of the attribute.
    :param values: one value, or an unordered list of several values (RFC 4511, 4.1.7).
    :raises AttributeValueError: if a value cannot be converted to text; the message names the attribute.
    """
    decode = _find_decoder(name)
    try:
        if isinstance(values, bytes):
            text = normalize(decode(values))
            return [text] if text else []
        texts = {normalize(decode(value)) for value in values}
    except AttributeValueError as error:
        raise AttributeValueError(f"the attribute {name} {error}") from None
    return sorted(texts - {""})
