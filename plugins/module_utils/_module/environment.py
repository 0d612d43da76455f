# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Argument specs. Each is the twin of a documentation fragment or of a module's own documentation."""

from __future__ import annotations

import os
from typing import Any

from ansible.module_utils.basic import AnsibleFallbackNotFound


def nonempty_env_fallback(*names: str) -> str:
    """The first of the environment variables that is set and not empty.

    AWX sets an empty variable for a field left blank; ansible-core's own fallback would take it.

    :raises AnsibleFallbackNotFound: when there is none.
    """
    for name in names:
        if os.environ.get(name):
            return os.environ[name]
    raise AnsibleFallbackNotFound


def _secret(variable: str, **more: Any) -> dict[str, Any]:
    return {"type": "str", "no_log": True, "fallback": (nonempty_env_fallback, [variable]), **more}
