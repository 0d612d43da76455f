# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


from __future__ import annotations


class ModuleDocFragment:
    """Options for connecting to a directory, which must match directory_spec in _module/directory_spec.py."""

    DOCUMENTATION = r"""
options:
  server_uri:
    description:
      - URIs of the directory servers, in the form C(ldaps://HOST) or C(ldap://HOST), with C(:PORT) after the host if
        the server uses another port. O(start_tls) describes the restrictions of C(ldap://).
      - Either this option or O(domain) is required.
      - M(frontdesk.contacts.ad_contacts_export) tries the servers in order until one returns a complete result. If a
        server is unreachable, times out, drops the connection or hits a server-side limit, the module warns and starts
        over with the next one. A result therefore always comes from a single server.
        M(frontdesk.contacts.ad_contacts_info) checks all servers.
      - If a server rejects the account, the account is not tried on the remaining servers, because repeated failures
        could lock it.
    type: list
    elements: str
  domain:
    description:
      - DNS name of an Active Directory domain, or of another domain with SRV records for its LDAP servers. Can be used
        instead of O(server_uri).
      - The servers are looked up in the SRV records of C(_ldap._tcp.dc._msdcs.DOMAIN) or, if there are none, of
        C(_ldap._tcp.DOMAIN).
      - Servers are tried in order of priority, and in weighted random order within the same priority (RFC 2782).
        Failover works as described for O(server_uri).
      - SRV records contain the port for connections without TLS. For port 389, LDAPS connects to port 636 of the same
        host, and O(start_tls=true) to port 389. Any other port is used unchanged.
      - Servers outside the domain are skipped with a warning. DNS responses can be forged, and a certificate proves
        only the name that DNS returned.
    type: str
  site:
    description:
      - Name of the Active Directory site whose servers are tried first, as listed in
        C(_ldap._tcp.SITE._sites.dc._msdcs.DOMAIN). The other servers of O(domain) are tried after them.
    type: str
  dns_servers:
    description:
      - DNS servers used to look up the servers of O(domain) and their addresses, in the form C(ADDRESS) or
        C(ADDRESS:PORT). Use this option on hosts that cannot resolve the domain.
      - If not set, the resolver of the host is used.
    type: list
    elements: str
  auth_protocol:
    description:
      - Authentication protocol of the bind.
      - V(simple) sends O(bind_dn) and O(bind_pw). It requires TLS.
      - V(kerberos) presents a Kerberos ticket, which is obtained with O(bind_pw) or O(keytab), or taken from O(ccache)
        or the system's default location. With C(ldaps://) or O(start_tls=true), the bind is tied to the TLS connection
        (channel binding). With plain C(ldap://), Kerberos encrypts all traffic after the bind. The host in
        O(server_uri) must be a name under which the server is registered in the realm, that is, a fully qualified host
        name and not an IP address. This protocol requires the Python library C(gssapi), and the realm must be known to
        the system's Kerberos configuration (C(krb5.conf) or DNS).
      - V(ntlm) uses O(bind_pw) to respond to a challenge from the server. It requires TLS. With ldap3 2.10 or newer,
        the bind is tied to the TLS connection (channel binding). Domains that forbid NTLM reject it. With older
        releases of ldap3, domains that require channel binding also reject it. Use V(kerberos) if possible. V(ntlm) has
        not been tested with a real server, because Samba does not accept the NTLM binds of ldap3.
      - V(external) authenticates with the TLS client certificate O(client_cert) (SASL EXTERNAL). Active Directory
        accepts the certificate of an C(ldaps://) connection without a bind; the certificate must be mapped to an
        account there.
      - V(anonymous) does not use an account. O(bind_dn) and O(bind_pw) must not be set, and their environment variables
        are ignored. The directory must allow anonymous reads; by default, Active Directory does not allow them.
        C(ldap://) is accepted without O(start_tls), because no password is sent. Personal data can then be read and
        altered in transit, so the module warns unless the server is on the same host.
    type: str
    choices: [simple, kerberos, ntlm, external, anonymous]
    default: simple
  bind_dn:
    description:
      - Account that reads the directory, as a distinguished name or, in Active Directory, also as a user principal name
        or C(DOMAIN\user). Whitespace around it is ignored.
      - The account only needs permission to read the people, the OUs and groups that select or exclude people, and the
        entries that C(of_entry) reads.
      - With O(auth_protocol=kerberos), this is a principal in the form C(NAME@REALM), with the realm in uppercase. In
        Active Directory, C(NAME) is the C(sAMAccountName) of the account. The principal is required only with
        O(bind_pw). With a keytab or a ticket cache, it selects the key or ticket to use.
      - With O(auth_protocol=ntlm), this must be in the form C(DOMAIN\user).
      - Required with O(auth_protocol=simple) and O(auth_protocol=ntlm). Cannot be combined with
        O(auth_protocol=external) or O(auth_protocol=anonymous).
      - If not set, the environment variable E(FRONTDESK_BIND_DN) is used. An empty variable is treated as unset. The
        variable is ignored with O(auth_protocol=external) and O(auth_protocol=anonymous).
    type: str
  bind_pw:
    description:
      - Password of the account.
      - Required with O(auth_protocol=simple) and O(auth_protocol=ntlm). Cannot be combined with
        O(auth_protocol=external) or O(auth_protocol=anonymous).
      - With O(auth_protocol=kerberos), it is used to obtain a ticket, which is kept in memory only and discarded when
        the module ends.
      - If not set, the environment variable E(FRONTDESK_BIND_PW) is used. An empty variable is treated as unset. The
        environment variable is ignored if a password would conflict with other options.
    type: str
  keytab:
    description:
      - Path to a keytab with the Kerberos keys of the account. Can be used instead of O(bind_pw). The ticket
        obtained with the keytab is kept in memory only.
      - If neither this option nor O(bind_pw), O(ccache) or E(KRB5CCNAME) is set, the environment variable
        E(KRB5_CLIENT_KTNAME) is used.
      - Can only be used with O(auth_protocol=kerberos).
    type: path
  ccache:
    description:
      - Ticket cache with the Kerberos tickets of the account, as a path or in the form C(TYPE:NAME), for example
        V(/tmp/krb5cc_1000) or V(KCM:1000). The tickets must be obtained (C(kinit)) and renewed outside of this module.
      - If neither this option nor O(bind_pw) or O(keytab) is set, the ticket cache of E(KRB5CCNAME) is used. If neither
        E(KRB5CCNAME) nor E(KRB5_CLIENT_KTNAME) is set, the ticket cache of C(krb5.conf) is used.
      - Can only be used with O(auth_protocol=kerberos).
    type: str
  client_cert:
    description:
      - Path to a PEM file with the client certificate to present if the server requests one. The file can also contain
        the private key.
      - Required with O(auth_protocol=external). With other protocols, the certificate is presented in addition to the
        credentials of the protocol.
    type: path
  client_key:
    description:
      - Path to a PEM file with the unencrypted private key of O(client_cert).
    type: path
  start_tls:
    description:
      - Whether to encrypt a C(ldap://) connection with StartTLS before the bind. Without StartTLS, C(ldap://) is
        accepted only with O(auth_protocol=kerberos) or O(auth_protocol=anonymous).
    type: bool
    default: false
  validate_certs:
    description:
      - Whether to verify the certificate of the server and the host name in it.
      - If V(false), an attacker on the network can alter the list of contacts and, with O(auth_protocol=simple), read
        the password.
    type: bool
    default: true
  ca_path:
    description:
      - Path to a PEM file with the CA certificates to trust. If not set, the CA certificates of the system are used.
      - The host name must be in the subject alternative names of the certificate. Its common name is not used.
      - Cannot be combined with O(validate_certs=false).
    type: path
    aliases: [ca_cert]
  connection_timeout:
    description:
      - Timeout in seconds. It applies separately to establishing a TCP connection, to the TLS handshake, and to each
        DNS response. Must be between 1 and 86400.
    type: int
    default: 10
  receive_timeout:
    description:
      - Timeout in seconds for each response, from sending the request to receiving the last byte. Must be between 1 and
        86400.
      - A busy server can take ten seconds to return the first page of a search that matches 100,000 people.
    type: int
    default: 120
  page_size:
    description:
      - Number of entries requested per page. Must be between 1 and 100000. By default, Active Directory returns at
        most 1000 entries per page.
    type: int
    default: 1000
requirements:
  - ldap3 >= 2.9.1
  - gssapi >= 1.6.9 (only for O(auth_protocol=kerberos))
  - pycryptodome >= 3.10.1 (only for O(auth_protocol=ntlm) with ldap3 older than 2.10)
  - cryptography >= 3.4.4 (only for O(auth_protocol=ntlm) with ldap3 2.10 or newer)
  - dnspython >= 2.1.0 (only for O(domain))
"""
