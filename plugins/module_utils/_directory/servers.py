# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A directory's servers: given or named by DNS, and read in order until one gives everything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from .._errors import Diagnosis
from .causes import DnsFailure
from .connection import LdapSession, open_resolver, open_session
from .diagnosis import DirectoryError, ServerError, explain_dns
from .domain import (
    DnsError,
    SrvRecord,
    domain_srv_names,
    is_in_domain,
    order_srv_records,
    site_srv_name,
)
from .settings import Address, ConnectionSettings, check_access
from .tls import directory_context

_T = TypeVar("_T")


class _Left(NamedTuple):
    """A server that was left, and the parts of its error: the error itself would hold all that was read."""

    uri: str
    action: str
    answer: str
    remedy: str

    @property
    def error(self) -> ServerError:
        return ServerError(self.action, self.answer, self.remedy)


def read_from_first(
    access: ConnectionSettings, read: Callable[[LdapSession], _T]
) -> tuple[_T, list[str]]:
    """Read from the first server that gives everything.

    A server that cannot be reached, is lost on the way or runs into a limit of its own is left for the
    next one, where all is read again from the beginning: what comes out is one server's. One that refuses
    the account is not left: trying a wrong password on every server would lock the account.

    :param read: reads everything by a session; what it made of a server that is left is dropped.
    :returns: what `read` made, and warnings: which server was left and why.
    :raises InputError: for settings that cannot work.
    :raises LibraryError: when DNS is to be asked, and dnspython is missing or too old.
    :raises DirectoryError: when no server gave everything, or one said what another would say too.
    """
    context = directory_context(access)
    addresses, notes = find_servers(access)
    warnings = [f"{note.cause}. {note.remedy}." for note in notes]
    left: list[_Left] = []
    for address in addresses:
        try:
            with open_session(access, address, context) as session:
                made = read(session)
            warnings += [f"Left {each.uri} for the next server. {each.error}" for each in left]
            return made, warnings
        except ServerError as error:
            left.append(_Left(address.uri, error.action, error.cause, error.remedy))
    raise left[0].error if len(left) == 1 else _all_failed_error(left)


def _all_failed_error(left: Sequence[_Left]) -> DirectoryError:
    return DirectoryError(
        f"None of {len(left)} servers gave everything",
        "; ".join(f"{each.action}: {each.answer}" for each in left),
        ". ".join(dict.fromkeys(each.remedy.rstrip(".") for each in left)),
    )


def find_servers(access: ConnectionSettings) -> tuple[list[Address], list[Diagnosis]]:
    """The servers in the order in which they are to be tried, and what was odd about how they were found.

    :raises InputError: for settings that cannot work.
    :raises LibraryError: when DNS is to be asked, and dnspython is missing or too old.
    :raises DirectoryError: when DNS names no server.
    """
    addresses = check_access(access)
    return (addresses, []) if addresses else _named_by_dns(access)


def _named_by_dns(access: ConnectionSettings) -> tuple[list[Address], list[Diagnosis]]:
    domain = access.domain
    services, notes = _services(access)
    action = f"Cannot find the servers of {domain.name}"
    if not services:
        raise DirectoryError(
            action,
            *explain_dns(
                DnsFailure.NO_RECORDS, f"no SRV record {' or '.join(domain_srv_names(domain))}"
            ),
        )
    # Whoever forges an answer of DNS can have a good certificate for another name.
    outside = {
        service.target for service in services if not is_in_domain(service.target, domain.name)
    }
    inside = [service for service in services if service.target not in outside]
    if not inside:
        raise DirectoryError(
            action, *explain_dns(DnsFailure.OUTSIDE_DOMAIN, ", ".join(sorted(outside)))
        )
    notes += [
        Diagnosis(
            f"Left out {target}, which DNS names for {domain.name}: it is outside of that domain",
            "If it is right, name it in server_uri",
        )
        for target in sorted(outside)
    ]
    return list(dict.fromkeys(_address(service, access.start_tls) for service in inside)), notes


def _services(access: ConnectionSettings) -> tuple[list[SrvRecord], list[Diagnosis]]:
    domain = access.domain
    try:
        resolver = open_resolver(domain, access.connection_timeout)
        near = resolver.services(site_srv_name(domain)) if domain.site else []
        found = next(filter(None, map(resolver.services, domain_srv_names(domain))), [])
    except DnsError as error:
        raise DirectoryError(
            f"Cannot find the servers of {domain.name}", *error.diagnosis
        ) from None
    notes = []
    if domain.site and not near:
        unknown = f"DNS knows no server of the site {domain.site} in {domain.name}"
        notes.append(
            Diagnosis(
                f"{unknown}: those of the whole domain were taken", "Correct site, or leave it out"
            )
        )
    return [*order_srv_records(near), *order_srv_records(found)], notes


def _address(service: SrvRecord, start_tls: bool) -> Address:
    """Where a service listens, with TLS: what DNS names is the port without it."""
    scheme, standard = ("ldap", 389) if start_tls else ("ldaps", 636)
    host, port = service.target.lower(), service.port
    if port == 389:
        port = standard
    uri = f"{scheme}://{host}" if port == standard else f"{scheme}://{host}:{port}"
    return Address(uri, host, port, not start_tls)
