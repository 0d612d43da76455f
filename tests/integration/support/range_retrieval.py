# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Range retrieval of attribute values (MS-ADTS 3.1.1.3.1.3.3), simulated by the LDAP proxy.

Active Directory returns long member lists in ranges; the servers of the lab do not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ldap3.protocol.rfc4511 import LDAPMessage
from pyasn1.codec.ber import decoder, encoder

from tests.integration.support.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_VALUES = 1500
"""Maximum number of values of an attribute that Windows Server returns in one response (MaxValRange)."""

_RANGE_REQUEST = re.compile(rb"member;range=(\d+)-\*")


class RangeRetrieval(Fault):
    """A fault that returns at most MAX_VALUES values of `member` per response, starting at the requested index.

    :ivar returned_names: attribute descriptions of the returned ranges, such as ``member;range=0-1499``.
    """

    def __init__(self) -> None:
        self.returned_names: list[str] = []
        self._range_start = 0

    def transform_request(self, request: bytes) -> bytes:
        requested = _RANGE_REQUEST.search(request)
        if requested is None:
            self._range_start = 0
            return request
        self._range_start = int(requested[1])
        message: Any = decoder.decode(request, asn1Spec=LDAPMessage())[0]
        attributes = message["protocolOp"]["searchRequest"]["attributes"]
        for number, name in enumerate(attributes):
            if _RANGE_REQUEST.fullmatch(bytes(name)):
                attributes[number] = "member"
        return bytes(encoder.encode(message))

    def transform_response(self, response: bytes) -> Iterable[bytes]:
        message: Any = decoder.decode(response, asn1Spec=LDAPMessage())[0]
        if message["protocolOp"].getName() != "searchResEntry":
            return [response]
        for attribute in message["protocolOp"]["searchResEntry"]["attributes"]:
            if bytes(attribute["type"]) == b"member" and len(attribute["vals"]) > MAX_VALUES:
                self._return_range(attribute)
        return [bytes(encoder.encode(message))]

    def _return_range(self, attribute: Any) -> None:
        values = list(attribute["vals"])
        returned = values[self._range_start : self._range_start + MAX_VALUES]
        end = self._range_start + len(returned)
        name = f"member;range={self._range_start}-{'*' if end == len(values) else end - 1}"
        self.returned_names.append(name)
        attribute["type"] = name
        attribute["vals"].clear()
        attribute["vals"].extend(returned)
