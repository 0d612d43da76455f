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
      - V(kerberos) shows the server a ticket, got with O(bind_pw) or with O(keytab), or taken from O(ccache) or from
        where the system has tickets. With C(ldaps://) or O(start_tls=true) the bind is tied to the TLS connection
        (channel binding), and with C(ldap://) alone Kerberos itself encrypts all that follows. The name in
        O(server_uri) must be one under which the realm knows the server, so a full host name and no address. It needs
        the Python library C(gssapi), and the system's Kerberos (C(krb5.conf), or DNS) must know the realm.
      - V(ntlm) answers a challenge with O(bind_pw), over TLS alone, tied to the TLS connection where ldap3 is 2.10 or
        newer. Domains that forbid NTLM refuse it, and without that channel binding so do those that require it. Take
        V(kerberos) where you can. Against a real server it has not been tested, for Samba does not take it as ldap3
        speaks it.
      - V(external) has TLS show O(client_cert), and the directory says whose it is (SASL EXTERNAL). Active Directory
        takes the certificate at C(ldaps://) without a bind; it must be mapped to an account there.
      - V(anonymous) has no account, so O(bind_dn) and O(bind_pw) must not be given; their environment variables are
        not looked at. The directory must let anonymous clients read, which Active Directory does not unless changed.
        C(ldap://) is permitted without O(start_tls), for there is no password to read on the way. People's data can
        be read and altered there, so there is a warning unless the server is on the same host.
    type: str
    choices: [simple, kerberos, ntlm, external, anonymous]
    default: simple
  bind_dn:
    description:
      - The account that reads the directory, as a distinguished name, a user principal name or C(DOMAIN\user).
      - It needs no right but to read the people.
      - With O(auth_protocol=kerberos) it is a principal, C(NAME@REALM) with the realm in capitals and, in Active
        Directory, its C(sAMAccountName) as the name, required with O(bind_pw) alone. Of a keytab or ticket cache it
        then says whose key or ticket to take.
      - With O(auth_protocol=ntlm) it is C(DOMAIN\user).
      - Required with V(simple) and V(ntlm) as O(auth_protocol). Not together with V(external) and V(anonymous).
      - If not set, the environment variable E(FRONTDESK_BIND_DN) is used. An empty variable counts as unset.
    type: str
  bind_pw:
    description:
      - The account's password.
      - Required with V(simple) and V(ntlm) as O(auth_protocol). Not together with V(external) and V(anonymous).
      - With O(auth_protocol=kerberos) it gets a ticket, which is kept in memory alone and goes with the module.
      - If not set, the environment variable E(FRONTDESK_BIND_PW) is used. An empty variable counts as unset, and the
        variable is not looked at where the option would contradict others.
    type: str
  keytab:
    description:
      - A file with the account's Kerberos keys, in place of O(bind_pw). The ticket that it gives is kept in memory
        alone.
      - If not set, and there is no E(KRB5CCNAME) either, the environment variable E(KRB5_CLIENT_KTNAME) is used.
      - Only with O(auth_protocol=kerberos).
    type: path
  ccache:
    description:
      - Where the account's Kerberos tickets are, as a file or C(TYPE:NAME), for instance V(/tmp/krb5cc_1000) or
        V(KCM:1000). Somebody must have got them (C(kinit)), and must renew them.
      - If not set, and there is neither O(bind_pw) nor O(keytab), it is where E(KRB5CCNAME) or C(krb5.conf) says.
      - Only with O(auth_protocol=kerberos).
    type: str
  client_cert:
    description:
      - A file in PEM format with the certificate to show when the server asks for one. It may hold the key as well.
      - Required with O(auth_protocol=external). With the others it is shown beside what they do.
    type: path
  client_key:
    description:
      - A file in PEM format with the key of O(client_cert), in clear.
    type: path
  start_tls:
    description:
      - Encrypt a connection to C(ldap://) before the bind. Without this, C(ldap://) is refused but with V(kerberos)
        and V(anonymous) as O(auth_protocol).
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
  - gssapi >= 1.6.9 (for O(auth_protocol=kerberos) alone)
  - pycryptodome >= 3.10.1 (for O(auth_protocol=ntlm) alone, with ldap3 older than 2.10)
  - cryptography >= 3.4.4 (for O(auth_protocol=ntlm) alone, with ldap3 2.10 and newer)
  - dnspython >= 2.1.0 (for O(domain) alone)
"""
