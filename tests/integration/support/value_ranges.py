# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A line to a directory that gives a long list of members in ranges (MS-ADTS 3.1.1.3.1.3.3).

Active Directory does so, and none of the lab's servers.
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
"""Values that Windows Server gives at a time (MaxValRange)."""

_ASKED = re.compile(rb"member;range=(\d+)-\*")


class ValueRanges(Fault):
    """Of `member` the client hears MAX_VALUES values at most, beginning with the one that it asked for.

    :ivar said: the names under which it heard them.
    """

    def __init__(self) -> None:
        self.said: list[str] = []
        self._first = 0

    def ask(self, request: bytes) -> bytes:
        asked = _ASKED.search(request)
        if asked is None:
            self._first = 0
            return request
        self._first = int(asked[1])
        message: Any = decoder.decode(request, asn1Spec=LDAPMessage())[0]
        attributes = message["protocolOp"]["searchRequest"]["attributes"]
        for number, name in enumerate(attributes):
            if _ASKED.fullmatch(bytes(name)):
                attributes[number] = "member"
        return bytes(encoder.encode(message))

    def say(self, answer: bytes) -> Iterable[bytes]:
        message: Any = decoder.decode(answer, asn1Spec=LDAPMessage())[0]
        if message["protocolOp"].getName() != "searchResEntry":
            return [answer]
        for attribute in message["protocolOp"]["searchResEntry"]["attributes"]:
            if bytes(attribute["type"]) == b"member" and len(attribute["vals"]) > MAX_VALUES:
                self._cut(attribute)
        return [bytes(encoder.encode(message))]

    def _cut(self, attribute: Any) -> None:
        values = list(attribute["vals"])
        part = values[self._first : self._first + MAX_VALUES]
        end = self._first + len(part)
        name = f"member;range={self._first}-{'*' if end == len(values) else end - 1}"
        self.said.append(name)
        attribute["type"] = name
        attribute["vals"].clear()
        attribute["vals"].extend(part)
