# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Conversion of attribute values, including binary values, to text."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence

from .._text import normalize

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


class AttributeValueError(ValueError):
    """A value cannot be converted to text. The message does not contain the value."""


def _format_guid(octets: bytes) -> str:
    """Return the text of a GUID, whose first three fields are little-endian (MS-DTYP 2.3.4.2)."""
    if len(octets) != 16:
        raise AttributeValueError("is not a valid GUID")
    return str(uuid.UUID(bytes_le=octets))


def _format_sid(octets: bytes) -> str:
    """Return the text of a security identifier (MS-DTYP 2.4.2)."""
    if len(octets) < 8 or octets[0] != 1 or len(octets) != 8 + 4 * octets[1]:
        raise AttributeValueError("is not a valid SID")
    authority = int.from_bytes(octets[2:8], "big")
    subauthorities = (octets[start : start + 4] for start in range(8, len(octets), 4))
    numbers = (int.from_bytes(subauthority, "little") for subauthority in subauthorities)
    return "-".join(map(str, ("S", 1, authority, *numbers)))


def _decode_utf8(octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        raise AttributeValueError("is not valid UTF-8") from None


TEXT_FORMS: dict[str, Callable[[bytes], str]] = {
    **dict.fromkeys(
        ("objectguid", "ms-ds-consistencyguid", "msexcharchiveguid", "msexchmailboxguid"),
        _format_guid,
    ),
    **dict.fromkeys(("objectsid", "sidhistory", "msexchmasteraccountsid"), _format_sid),
}
"""Functions that return the text form of a value, by lowercase name of the attribute. Other attributes are text."""


def decode_values(name: str, values: bytes | Sequence[bytes]) -> list[str]:
    """Return the normalized values of an attribute, sorted by code point, without blank values.

    :param name: lowercase name of the attribute.
    :param values: one value, or an unordered list of several values (RFC 4511, 4.1.7).
    :raises AttributeValueError: if a value has no text form; the message names the attribute.
    """
    decode = TEXT_FORMS.get(name, _decode_utf8)
    try:
        if isinstance(values, bytes):
            text = normalize(decode(values))
            return [text] if text else []
        texts = {normalize(decode(value)) for value in values}
    except AttributeValueError as error:
        raise AttributeValueError(f"the attribute {name} {error}") from None
    return sorted(texts - {""})
