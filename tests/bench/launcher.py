# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a program and print a JSON list: exit status, elapsed seconds, CPU seconds, and peak memory in KiB.

    launcher.py STDOUT STDERR PROGRAM [ARGUMENT...]

The reported peak memory of a program is at least that of the process that starts it (getrusage(2)). This script
therefore imports few modules, and runs without the site module.
"""

import json
import os
import sys
import time

stdout, stderr, *command = sys.argv[1:]
flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
started = time.monotonic()
pid = os.posix_spawnp(
    command[0],
    command,
    os.environ,
    file_actions=[
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, stdout, flags, 0o600),
        (os.POSIX_SPAWN_OPEN, 2, stderr, flags, 0o600),
    ],
)
status, usage = os.wait4(pid, 0)[1:]
seconds = time.monotonic() - started
exit_status = os.waitstatus_to_exitcode(status)
print(json.dumps([exit_status, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss]))
