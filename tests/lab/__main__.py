# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the lab's servers until Ctrl-C is pressed.

    python -m tests.lab [--only SERVER]...

The connection settings of the servers are printed as YAML. Each start generates new passwords.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import yaml

from tests.lab.authority import authority
from tests.lab.company import build_company
from tests.lab.dirsrv import dirsrv
from tests.lab.openldap import openldap
from tests.lab.receiver import receiver
from tests.lab.samba import samba

if TYPE_CHECKING:
    from types import FrameType

    from tests.lab.authority import Authority
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory
    from tests.lab.receiver import Receiver

_DIRECTORIES = {"samba": samba, "openldap": openldap, "dirsrv": dirsrv}
_SERVERS = (*_DIRECTORIES, "receiver")


def directory_facts(directory: RunningDirectory) -> dict[str, Any]:
    """Return the connection settings of a directory."""
    facts = {
        "server_uri": directory.uri_ldaps,
        "server_uri_start_tls": directory.uri_ldap,
        "ca_path": str(directory.ca_file),
        "bind_dn": directory.bind_dn,
        "bind_upn": directory.bind_upn,
        "bind_down_level": directory.bind_down_level,
        "bind_pw": directory.bind_pw,
        "filter": directory.people_filter,
        "locations": {
            site.location: directory.company.site_dn(site) for site in directory.company.sites
        },
    }
    return {name: value for name, value in facts.items() if value is not None}


def receiver_facts(service: Receiver) -> dict[str, Any]:
    """Return the connection settings of the front-desk service."""
    return {
        "url": service.url,
        "ca_path": str(service.ca_file),
        "token": service.token,
        "token_header": service.token_header,
        "token_prefix": service.token_prefix,
        "log_file": str(service.log_file),
    }


def start_servers(
    names: list[str], company: Company, issuer: Authority, stack: contextlib.ExitStack
) -> dict[str, Any]:
    """Start servers, and return the connection settings of each.

    :param names: names of the servers, from `_SERVERS`.
    :param stack: exit stack that stops the servers.
    """
    facts: dict[str, Any] = {}
    for name, run in _DIRECTORIES.items():
        if name in names:
            facts[name] = directory_facts(stack.enter_context(run(company, issuer)))
    if "receiver" in names:
        locations = [site.location for site in company.sites]
        service = stack.enter_context(receiver(issuer, locations=locations))
        facts["receiver"] = receiver_facts(service)
    return facts


def main() -> None:
    """Start the servers given on the command line, print their connection settings, and wait."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.lab", description="Run the lab's servers."
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=_SERVERS,
        help="start only this server; can be repeated (default: all servers)",
    )
    names = parser.parse_args().only or list(_SERVERS)
    signal.signal(signal.SIGTERM, _interrupt_on_signal)
    with contextlib.ExitStack() as stack, contextlib.suppress(KeyboardInterrupt):
        issuer = stack.enter_context(authority())
        facts = start_servers(names, build_company(), issuer, stack)
        yaml.safe_dump(facts, sys.stdout, allow_unicode=True, sort_keys=False)
        print("# Ready. Press Ctrl-C to stop.", flush=True)
        signal.pause()


def _interrupt_on_signal(signum: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
