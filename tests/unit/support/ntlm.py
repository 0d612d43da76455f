# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A directory server that responds to NTLM binds without verifying them."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.account import Account
from ansible_collections.frontdesk.contacts.tests.unit.support.directories import Directory
from ansible_collections.frontdesk.contacts.tests.unit.support.ldap import BIND, Message, ber

# A CHALLENGE_MESSAGE (MS-NLMP, 2.2.1.2) with the target information that ldap3 requires for NTLMv2: the domain name.
_TARGET = "X".encode("utf-16-le")
_TARGET_INFO = b"\x02\0\x02\0" + _TARGET + b"\0\0\0\0"
_CHALLENGE = (
    b"NTLMSSP\0\x02\0\0\0"
    + struct.pack("<HHI", len(_TARGET), len(_TARGET), 56)
    + bytes.fromhex("05828aa2")
    + b"8 bytes!"
    + bytes(8)
    + struct.pack("<HHI", len(_TARGET_INFO), len(_TARGET_INFO), 56 + len(_TARGET))
    + bytes(8)
    + _TARGET
    + _TARGET_INFO
)


class NtlmDirectory(Directory):
    """A server that responds to a Sicily bind (MS-ADTS 5.1.1.1.3) with its packages, a challenge, and a result.

    :param bind_result: response to the last bind request.
    """

    def __init__(self, bind_result: Message) -> None:
        super().__init__()
        self.responses = [_sicily_response(b"NTLM"), _sicily_response(_CHALLENGE), bind_result]

    def __call__(self, request: int, content: bytes) -> Sequence[Message] | None:
        responses = super().__call__(request, content)
        return [self.responses.pop(0)] if request == BIND else responses


def _sicily_response(data: bytes) -> Message:
    """Return a bind response with data in the matchedDN field."""
    return ber(0x61, ber(0x0A, b"\0"), ber(0x04, data), ber(0x04)), b""


NTLM = Account("ntlm", bind_dn=r"X\svc", bind_pw="s3cret")
