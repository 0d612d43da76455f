# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make once what Ansible sends to a host with each module.

That is a ZIP archive of the module and all that it imports. Each run of Ansible makes it anew and keeps it for its
own tasks; to find out what is imported takes a seventh of what a playbook does. This plugin hands the archives on
to later runs, in the folder that MODULE_ARCHIVE_CACHE names. An archive's name says nothing of what is in it: each
place of collections needs a folder of its own, which lies in the file system of Ansible's local temporary directory.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: module_archive_cache
type: aggregate
short_description: Hand on what Ansible sends with modules
description: From one run to the next, in the folder that MODULE_ARCHIVE_CACHE names.
author: Contributors to the frontdesk.contacts project
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]  # ansible-core has no types
    """Brings archives to a run before its tasks, and takes from it what it made."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "module_archive_cache"

    def __init__(self) -> None:
        super().__init__()
        self._shared_cache = Path(os.environ["MODULE_ARCHIVE_CACHE"])
        self._run_cache = Path(constants.DEFAULT_LOCAL_TMP) / "ansiballz_cache"
        self._run_cache.mkdir(exist_ok=True)
        _link(self._shared_cache, self._run_cache)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """All tasks are done."""
        _link(self._run_cache, self._shared_cache)


def _link(source: Path, target: Path) -> None:
    # Not one folder for all runs: of two that write at the same time, one would read half an archive.
    for archive in source.iterdir():
        if archive.suffix == ".lock":
            continue
        with suppress(FileExistsError):
            os.link(archive, target / archive.name)
