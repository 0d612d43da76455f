# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fake AnsibleModule, and module parameters in which the default values are filled in."""

from __future__ import annotations

import os
import shutil
import stat
from typing import Any

from ansible_collections.frontdesk.contacts.plugins.module_utils._module.export_spec import (
    export_spec,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.source_spec import (
    source_spec,
)


class FakeModule:
    """A fake AnsibleModule with only the members that are used to install or stage a roster.

    :ivar backups: paths of the files that were backed up.
    """

    def __init__(
        self, *, check_mode: bool = False, diff: bool = False, mode: str | None = None
    ) -> None:
        self.check_mode = check_mode
        self._diff = diff
        self.params: dict[str, Any] = {"mode": mode}
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


def complete_params(spec: dict[str, Any], **options: Any) -> dict[str, Any]:
    """Return the parameters of a module: the given options, and the default values of all others.

    :param spec: argument spec of the module.
    """
    unknown = set(options) - set(spec)
    assert not unknown, unknown
    return {**{name: option.get("default") for name, option in spec.items()}, **options}


def source(base: str | None, **options: Any) -> dict[str, Any]:
    """Return the parameters of one source.

    :param base: search base; None if it is not set.
    :param options: other options of the source.
    """
    return complete_params(source_spec()["sources"]["options"], search_base=base, **options)


def export_params(*sources: dict[str, Any], **options: Any) -> dict[str, Any]:
    """Return the parameters of ad_contacts_export.

    :param sources: elements of the option ``sources``.
    :param options: options that differ from the defaults of these tests.
    """
    return complete_params(
        export_spec(),
        **{
            "server_uri": ["ldaps://dc1"],
            "bind_dn": "svc",
            "bind_pw": "pw",
            "dest": "/x",
            "sources": list(sources),
            **options,
        },
    )
