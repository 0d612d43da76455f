# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A substitute for gssapi with configurable results.

The integration tests use real tickets.
"""

from __future__ import annotations

import enum
import sys
from types import SimpleNamespace
from typing import Any

import pytest

KRB5 = -1765328384
"""Base of the krb5 error table of MIT Kerberos, to which the error numbers are added."""


class GSSError(Exception):
    """A GSSAPI error with a minor and a major status code."""

    def __init__(self, minor: int, major: int = 0) -> None:
        super().__init__(minor)
        # gssapi reports the minor code, a signed 32-bit number, as an unsigned number.
        self.min_code, self.maj_code = minor % (1 << 32), major

    def get_all_statuses(self, code: int, is_major: bool) -> list[str]:
        assert code == (self.maj_code if is_major else self.min_code)
        return ["message from GSSAPI" if is_major else "message from Kerberos"]


class _Flag(enum.IntFlag):
    mutual_authentication = 2
    out_of_sequence_detection = 8
    confidentiality = 16
    integrity = 32


class Gssapi:
    """A substitute for the part of the gssapi API that the collection uses.

    :ivar calls: name and arguments of each call that creates or inspects credentials, or creates a context.
    :ivar received_tokens: tokens from the server that were passed to the context; None for the first step.
    :ivar failures: errors to raise, by name of the call.
    :ivar is_encrypted: whether unwrapped messages are reported as encrypted.
    :ivar complete: whether the context is established.
    """

    RequirementFlag = _Flag
    NameType = SimpleNamespace(kerberos_principal="principal")
    MechType = SimpleNamespace(kerberos="kerberos")
    exceptions = SimpleNamespace(GSSError=GSSError)

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.received_tokens: list[bytes | None] = []
        self.failures: dict[str, GSSError] = {}
        self.is_encrypted = True
        self.complete = False
        self.Name = self._create_name
        self.Credentials = self._credentials
        self.SecurityContext = self._create_context
        self.raw = SimpleNamespace(
            acquire_cred_with_password=self._with_password,
            ChannelBindings=lambda application_data: ("bindings", application_data),
        )
        monkeypatch.setitem(sys.modules, "gssapi", self)

    @staticmethod
    def _create_name(text: str, kind: str) -> tuple[str, str]:
        return text, kind

    def _with_password(self, name: object, password: bytes, **options: Any) -> Any:
        self._record_call("password", name=name, password=password, **options)
        return SimpleNamespace(creds="tickets")

    def _credentials(self, **options: Any) -> Any:
        self._record_call("credentials", **options)
        return SimpleNamespace(inquire=lambda **options: self._record_call("inquire", **options))

    def _create_context(self, **options: Any) -> Gssapi:
        self._record_call("context", **options)
        return self

    def _record_call(self, function: str, **options: Any) -> None:
        self.calls.append((function, options))
        if function in self.failures:
            raise self.failures[function]

    def step(self, token: bytes | None) -> bytes | None:
        """Return a token, or complete the context if the server has responded with a token."""
        self.received_tokens.append(token)
        if "step" in self.failures:
            raise self.failures["step"]
        if token == b"":
            # An empty token does not authenticate the server.
            raise GSSError(0)
        self.complete = token is not None
        return None if self.complete else b"the token"

    def wrap(self, message: bytes, encrypt: bool) -> Any:
        if "wrap" in self.failures:
            raise self.failures["wrap"]
        kind = b"sealed:" if encrypt else b"signed:"
        return SimpleNamespace(message=kind + message)

    def unwrap(self, message: bytes) -> Any:
        if "unwrap" in self.failures:
            raise self.failures["unwrap"]
        return SimpleNamespace(message=message[len(b"sealed:") :], encrypted=self.is_encrypted)

    def get_wrap_size_limit(self, largest: int) -> int:
        return largest - 60
