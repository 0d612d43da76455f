# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a roster is sent, and how: what the administrator decided, in parts."""

from __future__ import annotations

from typing import NamedTuple


class Credential(NamedTuple):
    """What the service knows the sender by; never printed.

    :ivar token: the credential itself.
    :ivar token_header: header that carries it.
    :ivar token_prefix: what stands before it in the header, such as ``Bearer``; empty for nothing.
    """

    token: str = ""
    token_header: str = ""
    token_prefix: str = ""

    def __repr__(self) -> str:
        # Neither a traceback nor a log may show it.
        return "Credential(...)"


class BodyFormat(NamedTuple):
    """How the roster is put into the request.

    :ivar field_name: form field that holds the file.
    """

    field_name: str = "file"


class Tls(NamedTuple):
    """What the connection must satisfy.

    :ivar ca_path: file with the certificates to trust; None for those of the system.
    :ivar validate_certs: whether the service's certificate is verified.
    """

    ca_path: str | None = None
    validate_certs: bool = True


class Endpoint(NamedTuple):
    """Where a roster is sent, and how.

    :ivar url: https, or http to this host itself.
    :ivar timeout: seconds to connect, and seconds that any part of the answer may take.
    """

    url: str
    credential: Credential = Credential()
    body: BodyFormat = BodyFormat()
    tls: Tls = Tls()
    timeout: int = 60

    def __repr__(self) -> str:
        # Its query may hold a secret.
        return f"Endpoint({self.shown})"

    @property
    def shown(self) -> str:
        """The URL without its query."""
        return self.url.partition("?")[0]
