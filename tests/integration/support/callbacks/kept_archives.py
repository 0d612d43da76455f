# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make once what Ansible sends to a host with each module.

That is a ZIP archive of the module and all that it imports. Each run of Ansible makes it anew and keeps it for its
own tasks; to find out what is imported takes a seventh of what a playbook does. This plugin hands the archives on
to later runs, in the folder that KEPT_ARCHIVES names. An archive's name says nothing of what is in it: each place
of collections needs a folder of its own, which lies in the file system of Ansible's local temporary directory.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: kept_archives
type: aggregate
short_description: Hand on what Ansible sends with modules
description: From one run to the next, in the folder that KEPT_ARCHIVES names.
author: Contributors to the frontdesk.contacts project
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]  # ansible-core has no types
    """Brings archives to a run before its tasks, and takes from it what it made."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "kept_archives"

    def __init__(self) -> None:
        super().__init__()
        self._kept = Path(os.environ["KEPT_ARCHIVES"])
        self._own = Path(constants.DEFAULT_LOCAL_TMP) / "ansiballz_cache"
        self._own.mkdir(exist_ok=True)
        _link(self._kept, self._own)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """All tasks are done."""
        _link(self._own, self._kept)


def _link(source: Path, target: Path) -> None:
    # Not one folder for all runs: of two that write at the same time, one would read half an archive.
    for archive in source.iterdir():
        if archive.suffix == ".lock":
            continue
        with suppress(FileExistsError):
            os.link(archive, target / archive.name)
