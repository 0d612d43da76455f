# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A callback plugin that shares AnsiballZ module archives between runs of ansible-playbook.

Ansible packs each module and the code that the module imports into a ZIP archive, and caches the archive for one run
only. Finding these imports takes a seventh of the run time of a playbook. This plugin links the archives into the
directory specified by MODULE_ARCHIVE_CACHE, and from there into the caches of later runs. The file name of an archive
does not depend on its contents, so each collections path needs its own cache directory. The cache directory must be on
the same file system as Ansible's local temporary directory.
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
short_description: Share module archives between runs
description: Caches module archives in the directory specified by the environment variable MODULE_ARCHIVE_CACHE.
author: Contributors to the frontdesk.contacts project
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]  # ansible-core has no types
    """A callback that links cached archives into a run before its tasks, and new archives into the cache afterwards."""

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
        """Add the archives of this run to the cache."""
        _link(self._run_cache, self._shared_cache)


def _link(source: Path, target: Path) -> None:
    # If all runs shared one directory, a run could read archives that another run is still writing.
    for archive in source.iterdir():
        if archive.suffix == ".lock":
            continue
        with suppress(FileExistsError):
            os.link(archive, target / archive.name)
