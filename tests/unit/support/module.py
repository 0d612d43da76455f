# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for AnsibleModule, and parameters as ansible-core fills them in."""

from __future__ import annotations

import os
import shutil
import stat
from typing import Any

from ansible_collections.frontdesk.contacts.plugins.module_utils._module.export_options import (
    export_spec,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.source_options import (
    source_spec,
)


class FakeModule:
    """What the collection uses of AnsibleModule when it writes files."""

    def __init__(self, *, check_mode: bool = False, diff: bool = False, **params: Any) -> None:
        self.check_mode = check_mode
        self._diff = diff
        self.params: dict[str, Any] = {
            "dest": "contacts.csv",
            "backup": False,
            "mode": None,
            **params,
        }
        self.backups: list[str] = []

    def backup_local(self, fn: str) -> str:
        self.backups.append(fn)
        shutil.copy2(fn, f"{fn}.bak")
        return f"{fn}.bak"

    def load_file_common_arguments(self, params: dict[str, Any], path: str) -> dict[str, Any]:
        return {"path": path, "mode": params["mode"]}

    def set_fs_attributes_if_different(self, file_args: dict[str, Any], changed: bool) -> bool:
        mode = int(str(file_args["mode"]), 8)
        if stat.S_IMODE(os.stat(file_args["path"]).st_mode) == mode:
            return changed
        if not self.check_mode:
            os.chmod(file_args["path"], mode)
        return True


def filled_in(spec: dict[str, Any], **given: Any) -> dict[str, Any]:
    """A module's parameters: defaults of the spec, and what the user gave."""
    unknown = set(given) - set(spec)
    assert not unknown, unknown
    return {**{name: option.get("default") for name, option in spec.items()}, **given}


def source(base: str | None, **given: Any) -> dict[str, Any]:
    """One source of an export."""
    return filled_in(source_spec()["sources"]["options"], search_base=base, **given)


def export_params(*sources: dict[str, Any], **given: Any) -> dict[str, Any]:
    """Parameters of ad_contacts_export."""
    return filled_in(
        export_spec(),
        **{
            "server_uri": ["ldaps://dc1"],
            "bind_dn": "svc",
            "bind_pw": "pw",
            "dest": "/x",
            "sources": list(sources),
            **given,
        },
    )
