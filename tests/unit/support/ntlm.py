# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A directory server that speaks NTLM, as far as a client can tell."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.account import Account
from ansible_collections.frontdesk.contacts.tests.unit.support.directories import Directory
from ansible_collections.frontdesk.contacts.tests.unit.support.ldap import BIND, Message, ber

# A server's challenge (MS-NLMP, 2.2.1.2) with all that ldap3 looks for in it: NTLMv2 with the domain's name.
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
    """Speaks Microsoft's own bind (MS-ADTS 5.1.1.1.3): what it can do, a challenge, and a verdict."""

    def __init__(self, verdict: Message) -> None:
        super().__init__()
        self.responses = [_sicily_response(b"NTLM"), _sicily_response(_CHALLENGE), verdict]

    def __call__(self, request: int, content: bytes) -> Sequence[Message] | None:
        responses = super().__call__(request, content)
        return [self.responses.pop(0)] if request == BIND else responses


def _sicily_response(data: bytes) -> Message:
    """An answer that tells something where others name an entry."""
    return ber(0x61, ber(0x0A, b"\0"), ber(0x04, data), ber(0x04)), b""


NTLM = Account("ntlm", bind_dn=r"X\svc", bind_pw="s3cret")
