# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Invalid options of ad_contacts_export, which cause an error before any connection is opened."""

from __future__ import annotations

import socket
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.modules import run_module
from tests.integration.support.options import CHECK_MODE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.support.workspace import Workspace

BASE = "OU=Oslo,DC=corp,DC=example"
FILTERS = (
    "default, e164, first, join, last, lower, map_value, of_entry, primary_address, regex_replace,"
    " regex_search, replace, title, trim, upper"
)
ALLOWED = f"Correct the expression. It can contain attribute names, string literals and the filters {FILTERS}."
WRITE_DN = "Write it as in OU=Sales,DC=corp,DC=example, and escape commas within names as \\,."
WRITE_FILTER = "Enclose every condition in parentheses, as in (&(objectClass=user)(mail=*))."
COPY_IDENTIFIER = "Copy the identifier from your account with the service; it contains no uppercase letters or spaces."
URI_FORM = (
    "it is not of the form ldaps://HOST or ldaps://HOST:PORT. Use one of these forms, and set the"
    " search base in search_base and the account in bind_dn."
)
NAME_A_FILE = "Set dest to a file in an existing directory that this user can write to."


@dataclass(frozen=True)
class Listener:
    """A listening socket that detects connections."""

    socket: socket.socket

    @property
    def address(self) -> str:
        """The host and port of the socket."""
        return f"127.0.0.1:{self.socket.getsockname()[1]}"

    @property
    def was_contacted(self) -> bool:
        """Whether a client has connected."""
        try:
            self.socket.accept()[0].close()
        except BlockingIOError:
            return False
        return True


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A server to which the module must not connect."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.setblocking(False)
        yield Listener(server)


def one_source(**overrides: Any) -> dict[str, Any]:
    return {"sources": [{"location": "oslo-hq", "search_base": BASE, **overrides}]}


def email_column(value: str) -> dict[str, Any]:
    return {"columns": [{"header": "Email", "value": value}]}


def location_error(location: str, problem: str) -> str:
    return f"Cannot use the location {location!r} of source 1: {problem}. {COPY_IDENTIFIER}"


def base_error(base: str) -> str:
    where = "source 1 (location 'oslo-hq')"
    cause = f"it is not a valid distinguished name. {WRITE_DN}"
    return f"Cannot use search_base {base!r} of {where}: {cause}"


def filter_error(search_filter: str, where: str, problem: str, remedy: str = WRITE_FILTER) -> str:
    cause = f"it is not a valid filter as defined in RFC 4515 ({problem}). {remedy}"
    return f"Cannot use the filter {search_filter!r} of {where}: {cause}"


def value_error(value: str, problem: str) -> str:
    return f"Cannot use the expression {value!r} of column 'Email': {problem}. {ALLOWED}"


FIRST_SOURCE = "source 1 (location 'oslo-hq')"

CASES: list[tuple[dict[str, Any], str]] = [
    (one_source(location="Oslo-HQ"), location_error("Oslo-HQ", "it contains an uppercase letter")),
    (one_source(location="oslo hq"), location_error("oslo hq", "it contains whitespace")),
    (one_source(location="oslo-hq\n"), location_error("oslo-hq\n", "it contains whitespace")),
    (one_source(location=""), location_error("", "it is empty")),
    (
        {"sources": [*one_source()["sources"], {"search_base": BASE}]},
        (
            "Cannot mix sources with and without a location: source 2 has no location. Set a"
            " location in all sources, or in none of them to assign all contacts to all locations."
        ),
    ),
    ({"sources": []}, "Cannot read people: sources is empty. Add at least one source."),
    (
        one_source(minimum=-1),
        f"Cannot use minimum -1 of {FIRST_SOURCE}: it must not be negative. Set it to 0 or more.",
    ),
    (one_source(search_base="Oslo"), base_error("Oslo")),
    (
        one_source(search_base="OU=Bergen, Harbour,DC=corp"),
        base_error("OU=Bergen, Harbour,DC=corp"),
    ),
    (
        one_source(search_base=" "),
        f"Cannot search {FIRST_SOURCE}: its search_base is empty. Set it to the DN of an OU.",
    ),
    (
        one_source(filter="(&(mail=*)"),
        filter_error(
            "(&(mail=*)", FIRST_SOURCE, "a closing parenthesis is missing at character 11"
        ),
    ),
    (
        {"filter": "mail=*"},
        filter_error("mail=*", "all sources", "an opening parenthesis is missing at character 1"),
    ),
    (
        {"filter": "(&(mail=*)(sn))"},
        filter_error(
            *("(&(mail=*)(sn))", "all sources"),
            "a condition such as (mail=*) is missing at character 12",
        ),
    ),
    # ldap3 would send this filter without its last condition, and could not send the next filter in this list.
    (
        {"exclude_filter": "(!(ou=a)(|(ou=b)(ou=c)))"},
        filter_error(
            *("(!(ou=a)(|(ou=b)(ou=c)))", "exclude_filter of all sources"),
            "a second condition follows ! at character 9",
            "Put a single condition after each !, as in (!(|(a=1)(b=2))).",
        ),
    ),
    (
        one_source(filter="(mail = *)"),
        filter_error(
            *("(mail = *)", FIRST_SOURCE, "an asterisk has no text next to it at character 9"),
            "Write a single asterisk without spaces, as in (mail=*) or (cn=A*), and an asterisk in a value as \\2a.",
        ),
    ),
    (
        one_source(exclude_filter="(memberOf=CN=Guides (Oslo),DC=corp)"),
        filter_error(
            *("(memberOf=CN=Guides (Oslo),DC=corp)", f"exclude_filter of {FIRST_SOURCE}"),
            "a condition contains a parenthesis at character 21",
            "Write the characters ( ) * \\ within a value as \\28 \\29 \\2a \\5c, or select the members of a group"
            " with member_of.",
        ),
    ),
    (
        email_column("mail |"),
        value_error(
            "mail |",
            "it is not a valid Jinja expression (unexpected end of template, expected 'name')",
        ),
    ),
    (email_column("mail | b64"), value_error("mail | b64", "the filter 'b64' does not exist")),
    (
        email_column("mail.__class__"),
        value_error(
            "mail.__class__", "access to '__class__' is not allowed; only all.NAME is allowed"
        ),
    ),
    (
        email_column("lookup('pipe', 'id')"),
        value_error("lookup('pipe', 'id')", "calling 'lookup' is not allowed; use filters"),
    ),
    (
        email_column("mail | lower(1)"),
        value_error(
            "mail | lower(1)",
            "the arguments of the filter 'lower' are not valid: too many positional arguments",
        ),
    ),
    (
        email_column("mail | regex_replace('(@', '')"),
        value_error(
            "mail | regex_replace('(@', '')",
            "the pattern '(@' is not valid: missing ), unterminated subpattern at position 0",
        ),
    ),
    (
        {"phone_region": False},
        (
            "Cannot use phone_region 'False': it is not a country code that the phonenumbers library supports. Use an"
            " uppercase ISO 3166-1 alpha-2 code in quotes: without quotes, YAML reads NO as false."
        ),
    ),
    (
        {"location_pattern": "[a-z]+-[0-9]+"},
        (
            "Cannot use the location 'oslo-hq' of source 1: it does not match location_pattern '[a-z]+-[0-9]+'."
            " Correct the location or location_pattern."
        ),
    ),
    (
        email_column("all.mail"),
        value_error("all.mail", "the result is a list: use first, last or join"),
    ),
    (
        {"columns": []},
        (
            "Cannot create a roster: columns is empty, or contains only the location, which no source has. Add a column"
            " that contains an attribute."
        ),
    ),
    (
        {"columns": [{"header": "A", "value": "mail"}, {"header": "A", "value": "sn"}]},
        "Cannot use the column title 'A': two columns have this title. Rename one of them.",
    ),
    (
        {"columns": [{"header": "A", "value": "mail", "required_unless": "B"}]},
        (
            "Cannot use required_unless of column 'A': there is no other column 'B'. "
            "Use the title of another column, or remove required_unless."
        ),
    ),
    (
        {"server_uri": ["ldap://{listener}"]},
        (
            "Cannot bind to ldap://{listener} with a password: it would be sent unencrypted."
            " Use ldaps://, or start_tls: true."
        ),
    ),
    (
        {"start_tls": True},
        (
            "Cannot use start_tls with ldaps://{listener}: LDAPS is already encrypted."
            " Use either ldaps:// or start_tls: true."
        ),
    ),
    ({"server_uri": ["dc1"]}, f"Cannot use the server_uri 'dc1': {URI_FORM}"),
    (
        {"server_uri": []},
        (
            "Cannot connect: server_uri and domain are both empty. Set server_uri, or set domain to"
            " look up its servers in DNS."
        ),
    ),
    (
        {"bind_pw": ""},
        (
            "Cannot bind: bind_pw is empty. Set bind_pw, or the environment variable"
            " FRONTDESK_BIND_PW."
        ),
    ),
    (
        {"ca_path": "{root}/ca.pem", "validate_certs": False},
        (
            "Cannot use ca_path {root}/ca.pem with validate_certs: false: certificates are"
            " not verified. Set only one of the two options."
        ),
    ),
    (
        one_source(search_scope="base", minimum=2),
        (
            f"Cannot use minimum 2 of {FIRST_SOURCE}: search_scope base returns at most one entry. Use"
            " search_scope subtree or one_level, or reduce minimum."
        ),
    ),
    (
        {"receive_timeout": 0},
        "Cannot use receive_timeout 0: it must be between 1 and 86400 seconds.",
    ),
    (
        {"page_size": 0},
        "Cannot use page_size 0: it must be between 1 and 100000. Correct page_size.",
    ),
    (
        {"ca_path": "{root}/none.pem"},
        (
            "Cannot read the certificates in ca_path {root}/none.pem: No such file or"
            " directory. Set ca_path to a readable file in PEM format."
        ),
    ),
    ({"dest": "{root}"}, f"Cannot write {{root}}: it is a directory. {NAME_A_FILE}"),
    (
        {"dest": "{root}/none/a.csv"},
        f"Cannot write {{root}}/none/a.csv: {{root}}/none is not a directory. {NAME_A_FILE}",
    ),
    (
        {"dest": "{root}/contacts.csv/a.csv"},
        (
            "Cannot write {root}/contacts.csv/a.csv: {root}/contacts.csv is not a directory."
            f" {NAME_A_FILE}"
        ),
    ),
    (
        {"dest": "{root}/locked/a.csv"},
        (
            "Cannot write {root}/locked/a.csv: this user cannot write to {root}/locked."
            f" {NAME_A_FILE}"
        ),
    ),
]


@pytest.mark.parametrize(
    ("overrides", "message"), CASES, ids=[next(iter(overrides)) for overrides, _message in CASES]
)
def test_an_invalid_option_is_an_error_before_any_connection(
    overrides: dict[str, Any], message: str, workspace: Workspace, listener: Listener
) -> None:
    substitutions = {"{root}": str(workspace.root), "{listener}": listener.address}
    options: dict[str, Any] = {
        "server_uri": ["ldaps://{listener}"],
        "bind_dn": "reader@corp.example",
        "bind_pw": "Pw7.never-sent",
        "dest": str(workspace.dest),
        **one_source(),
        **overrides,
    }
    options = {name: _substitute(value, substitutions) for name, value in options.items()}
    workspace.dest.write_text("the old roster", encoding="utf-8")
    (workspace.root / "locked").mkdir(mode=0o500)
    before = workspace.files()
    result = run_module(workspace, "ad_contacts_export", options)
    assert result.message == _substitute(message, substitutions)
    assert workspace.files() == before
    assert not listener.was_contacted


def _substitute(value: Any, substitutions: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_substitute(item, substitutions) for item in value]
    for name, replacement in substitutions.items() if isinstance(value, str) else ():
        value = value.replace(name, replacement)
    return value


def test_check_mode_accepts_a_dest_directory_that_does_not_exist_yet(
    workspace: Workspace, listener: Listener
) -> None:
    """In check mode, an earlier task has only reported that it would create the directory.

    The module accepts the missing directory, and then fails because the name of the server does not resolve.
    """
    options = {
        "server_uri": "ldaps://no-such-host.invalid",
        "bind_dn": "a",
        "bind_pw": "Pw7.never-sent",
        "dest": str(workspace.root / "later/contacts.csv"),
        **one_source(),
        **CHECK_MODE,
    }
    result = run_module(workspace, "ad_contacts_export", options)
    assert result.message.startswith("Cannot connect to ldaps://no-such-host.invalid: its name")
    assert not listener.was_contacted
