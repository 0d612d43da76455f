# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Argument spec of the connection options.

Like the other files *_spec.py, this file does not load ldap3, because the role reads the argument specs on the control
node, where ldap3 might be missing.
"""

from __future__ import annotations

from typing import Any

from .._directory.account import PROTOCOLS
from .arguments import env_option_spec, secret_spec

DIRECTORY_CONSTRAINTS: dict[str, list[tuple[str, ...]]] = {
    "mutually_exclusive": [("server_uri", "domain"), ("keytab", "ccache")],
    "required_one_of": [("server_uri", "domain")],
}
"""Constraints between connection options, as keyword arguments of AnsibleModule.

Options with an environment variable are not included, because ansible-core reads the variables before it checks the
constraints.
"""


def directory_spec() -> dict[str, Any]:
    """Return the argument spec of the connection options, which must match the fragment ``directory``."""
    return {
        "server_uri": {"type": "list", "elements": "str"},
        "domain": {"type": "str"},
        "site": {"type": "str"},
        "dns_servers": {"type": "list", "elements": "str"},
        "auth_protocol": {"type": "str", "choices": list(PROTOCOLS), "default": "simple"},
        "bind_dn": env_option_spec("bind_dn"),
        "bind_pw": secret_spec("bind_pw"),
        "keytab": {"type": "path", "no_log": False},
        "ccache": {"type": "str"},
        "client_cert": {"type": "path"},
        "client_key": {"type": "path", "no_log": False},
        "start_tls": {"type": "bool", "default": False},
        "validate_certs": {"type": "bool", "default": True},
        "ca_path": {"type": "path", "aliases": ["ca_cert"]},
        "connection_timeout": {"type": "int", "default": 10},
        "receive_timeout": {"type": "int", "default": 120},
        "page_size": {"type": "int", "default": 1000},
    }
