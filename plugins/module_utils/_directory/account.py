# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who reads a directory, and how that is proved: checked before anything is sent."""

from __future__ import annotations

from typing import NamedTuple

from .._errors import InputError

PROTOCOLS = ("simple", "anonymous")
"""What auth_protocol can be."""


class Account(NamedTuple):
    r"""Who reads a directory, and how that is proved.

    :ivar auth_protocol: one of `PROTOCOLS`.
    :ivar bind_dn: distinguished name, user principal name or DOMAIN\user; empty for none.
    :ivar bind_pw: its password; never printed; empty for none.
    """

    auth_protocol: str
    bind_dn: str = ""
    bind_pw: str = ""

    def __str__(self) -> str:
        """Who it is, as errors say it: what follows ``Cannot bind to ldaps://dc1``."""
        return "anonymously" if self.auth_protocol == "anonymous" else f"as {self.bind_dn}"

    def __repr__(self) -> str:
        # The password must not get out by way of a traceback or a log.
        return f"Account({self})"


class _Protocol(NamedTuple):
    """What a protocol asks of the options.

    :ivar needed: options without which it cannot be.
    :ivar unused: options that would contradict it, and why.
    :ivar in_clear: what it would do on a connection without TLS; empty when that is no secret's matter.
    """

    needed: tuple[str, ...]
    unused: tuple[str, ...]
    why_unused: str
    in_clear: tuple[str, str] | None


_PROTOCOLS = {
    "simple": _Protocol(
        needed=("bind_dn", "bind_pw"),
        unused=(),
        why_unused="",
        in_clear=("with a password", "it would cross the network in clear"),
    ),
    "anonymous": _Protocol(
        needed=(),
        unused=("bind_dn", "bind_pw"),
        why_unused="who reads anonymously has no account",
        in_clear=None,
    ),
}


def unused_options(auth_protocol: str) -> tuple[str, ...]:
    """The options of an account that have no place in a protocol."""
    return _PROTOCOLS[auth_protocol].unused


def check_account(account: Account) -> None:
    """Check that the options of one account belong together.

    :raises InputError: for one that is missing, or that contradicts the protocol.
    """
    protocol = _PROTOCOLS[account.auth_protocol]
    for option in protocol.needed:
        if not getattr(account, option):
            # A name without a password is an anonymous bind that succeeds (RFC 4513, 5.1.2).
            raise InputError(
                "Cannot bind",
                f"{option} is empty",
                f"Set {option}, or FRONTDESK_{option.upper()} in the environment",
            )
    for option in protocol.unused:
        if getattr(account, option):
            raise InputError(
                f"Cannot use {option} with auth_protocol {account.auth_protocol}",
                protocol.why_unused,
                f"Leave out {option}, or choose another auth_protocol",
            )


def check_clear(account: Account, uri: str) -> None:
    """Check that nothing secret crosses a connection that has no TLS.

    :param uri: of a server that is spoken to without TLS.
    :raises InputError: when the protocol must not be used there.
    """
    in_clear = _PROTOCOLS[account.auth_protocol].in_clear
    if in_clear:
        how, why = in_clear
        raise InputError(f"Cannot bind to {uri} {how}", why, "Use ldaps://, or start_tls: true")
