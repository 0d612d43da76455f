# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Building blocks of argument specs.

The argument specs are in the files *_spec.py, and the functions that parse the options in *_options.py. Each argument
spec must match a documentation fragment or the documentation of a module.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleFallbackNotFound

from .._environment import VARIABLES
from .._errors import InputError


def nonempty_env_fallback(*names: str) -> str:
    """Return the value of the first environment variable that is set and not empty.

    AWX sets an empty variable for a field that is left blank. ``env_fallback`` of ansible-core would return the empty
    value.

    :raises AnsibleFallbackNotFound: if all of the variables are unset or empty.
    """
    for name in names:
        if os.environ.get(name):
            return os.environ[name]
    raise AnsibleFallbackNotFound


def option_names_spec() -> dict[str, Any]:
    """Return the argument spec of ``option_names``, which must match the fragment ``option_names``."""
    return {"option_names": {"type": "dict", "default": {}}}


def env_option_spec(option: str, **more: Any) -> dict[str, Any]:
    """Return the spec of a string option that falls back to its environment variable.

    :param more: additional keys of the spec.
    """
    return {"type": "str", "fallback": (nonempty_env_fallback, [VARIABLES[option]]), **more}


def secret_spec(option: str, **more: Any) -> dict[str, Any]:
    """Return the spec of a secret string option that falls back to its environment variable.

    :param more: additional keys of the spec.
    """
    return env_option_spec(option, no_log=True, **more)


def describe(value: object) -> str:
    """Describe the type of a value and, if YAML may have changed it, the value."""
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    if isinstance(value, dt.date):
        return f"the date {value}"
    if isinstance(value, str):
        return "a string"
    return {list: "a list", dict: "a dictionary", type(None): "null"}.get(
        type(value), "not a plain value"
    )


def check_paths(params: Mapping[str, Any], *options: str) -> None:
    """Check that no path option contains a NUL byte.

    :param options: names of the options; options that are not set are skipped.
    :raises InputError: if a value contains a NUL byte; the error names the option.
    """
    for option in options:
        if "\0" in (params[option] or ""):
            raise InputError(
                f"Cannot use O({option})", "it contains a NUL byte", f"Correct O({option})"
            )
