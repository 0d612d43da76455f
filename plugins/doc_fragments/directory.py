# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


from __future__ import annotations


class ModuleDocFragment:
    """How to get into a directory: the twin of directory_spec in module_utils/_module/arguments.py."""

    DOCUMENTATION = r"""
options:
  server_uri:
    description:
      - The directory's servers, as C(ldaps://HOST), C(ldaps://HOST:PORT) or, with O(start_tls=true), C(ldap://HOST).
      - Either this or O(domain) is required.
      - They are tried in order until one gives everything. One that cannot be reached, falls silent, breaks off or runs
        into a limit of its own is left for the next one, with a warning, and there all is read again from the
        beginning, so that what comes out is one server's.
      - If one refuses the account, the others are not tried, for that could lock it.
    type: list
    elements: str
  domain:
    description:
      - The DNS name of an Active Directory domain, or of another one whose LDAP servers DNS names, in the place of
        O(server_uri). It is asked for the SRV records C(_ldap._tcp.dc._msdcs.DOMAIN), and if there are none for
        C(_ldap._tcp.DOMAIN).
      - The servers are tried in the order of their priority and, by chance, of their weight (RFC 2782), and left for
        the next one as in O(server_uri).
      - DNS names the port without TLS. For V(389) LDAPS goes to 636 of the same host, and O(start_tls=true) to 389; any
        other port is taken as it stands.
      - A server that is not within the domain is left out, with a warning. The answers of DNS can be forged, and a
        certificate proves no more than the name that DNS gave.
    type: str
  site:
    description:
      - The Active Directory site whose servers are tried first, those of C(_ldap._tcp.SITE._sites.dc._msdcs.DOMAIN).
        The others of O(domain) come after them.
    type: str
  dns_servers:
    description:
      - The DNS servers that are asked for the servers of O(domain) and for their addresses, as C(ADDRESS) or
        C(ADDRESS:PORT), for hosts that cannot resolve the domain.
      - If not set, the resolver of the host is used.
    type: list
    elements: str
  auth_protocol:
    description:
      - How the account that reads the directory proves who it is.
      - V(simple) sends O(bind_dn) and O(bind_pw), over TLS alone.
      - V(anonymous) has no account, so O(bind_dn) and O(bind_pw) must not be given; their environment variables are
        not looked at. The directory must let anonymous clients read, which Active Directory does not unless changed.
        C(ldap://) is permitted without O(start_tls), for there is no password to read on the way. People's data can
        be read and altered there, so there is a warning unless the server is on the same host.
    type: str
    choices: [simple, anonymous]
    default: simple
  bind_dn:
    description:
      - The account that reads the directory, as a distinguished name, a user principal name or C(DOMAIN\\user).
      - It needs no right but to read the people.
      - Required unless O(auth_protocol=anonymous).
      - If not set, the environment variable E(FRONTDESK_BIND_DN) is used. An empty variable counts as unset.
    type: str
  bind_pw:
    description:
      - The account's password.
      - Required unless O(auth_protocol=anonymous).
      - If not set, the environment variable E(FRONTDESK_BIND_PW) is used. An empty variable counts as unset.
    type: str
  start_tls:
    description:
      - Encrypt a connection to C(ldap://) before the bind. Without this, C(ldap://) is refused unless
        O(auth_protocol=anonymous).
    type: bool
    default: false
  validate_certs:
    description:
      - Whether the server's certificate and the name in it are verified.
      - Without this, whoever is on the network can read the password and alter who the contacts are.
    type: bool
    default: true
  ca_path:
    description:
      - A file in PEM format with the certificates to trust. If not set, those of the system are used.
      - With O(validate_certs=false) nothing would be held against them, and that is an error.
    type: path
    aliases: [ca_cert]
  connection_timeout:
    description:
      - Seconds that a TCP connection may take, and then again the TLS handshake. Each answer of DNS has as long, too.
    type: int
    default: 10
  receive_timeout:
    description:
      - Seconds that any one answer may take from the question to its last byte, the first page of a search included.
      - A busy server can need ten seconds for the first page of a hundred thousand people.
    type: int
    default: 120
  page_size:
    description:
      - Number of entries asked for at a time, from 1 to 100000. Active Directory gives at most 1000 by default.
    type: int
    default: 1000
requirements:
  - ldap3 >= 2.9.1
  - dnspython >= 2.1.0 (for O(domain) alone)
"""
