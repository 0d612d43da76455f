# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the test gate: all default sessions of noxfile.py, or the given sessions, in parallel.

    tests/bootstrap.sh gate tests/gate.py [SESSION...]

The output of each session is written to .nox/logs, and printed if the session fails or is skipped. The last line is
a summary.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOGS = ROOT / ".nox" / "logs"
WORKERS = 4
"""Number of parallel sessions. It can exceed the number of processors, because the tests spend much of their time
waiting for timeouts and processes."""
NOX = (sys.executable, "-m", "nox", "--noxfile", str(ROOT / "noxfile.py"), "--non-interactive")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The result of a session."""

    name: str
    result: str
    """`passed`, `failed` or `skipped`."""
    log: str
    """Output of the session."""


def list_sessions(names: list[str]) -> list[str]:
    """Return the sessions to run.

    :param names: names of sessions; empty for all default sessions.
    """
    command = [*NOX, "--list", "--json", *(["--session", *names] if names else [])]
    listed = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    # lint only runs other sessions, which nox lists as well.
    return [entry["session"] for entry in listed if entry["session"] != "lint"]


def build_queues(sessions: list[str]) -> list[list[str]]:
    """Divide the sessions into queues that can run in parallel, the slowest first.

    The sanity sessions share one queue, because ansible-test creates the environments of all releases in one directory.
    """
    sanity = [name for name in sessions if name.startswith("sanity-")]
    others = [[name] for name in sessions if name not in sanity]
    others.sort(key=lambda queue: not queue[0].startswith(("integration-", "units-")))
    return [sanity, *others]


def run_queue(sessions: list[str]) -> list[Outcome]:
    """Run sessions one after another."""
    return [run_session(name) for name in sessions]


def run_session(name: str) -> Outcome:
    """Run one session, and print its result."""
    started = time.monotonic()
    report = LOGS / f"{name}.json"
    report.unlink(missing_ok=True)
    log = LOGS / f"{name}.log"
    with log.open("w") as output:
        subprocess.run(
            [*NOX, "--report", str(report), "--session", name],
            check=False,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    outcome = Outcome(name=name, result=read_report(report), log=log.read_text(errors="replace"))
    tests = re.findall(r"^=+ (.*?) in [\d.]+s.* =+$", outcome.log, re.MULTILINE)
    note = f": {', '.join(tests)}" if tests else ""
    print(f"{outcome.result:8}{name} ({time.monotonic() - started:.0f} s){note}", flush=True)
    return outcome


def read_report(report: Path) -> str:
    """Return the result of a session from nox's report, or `failed` if there is no report."""
    if not report.exists():
        return "failed"
    (session,) = json.loads(report.read_text())["sessions"]
    return {"success": "passed", "skipped": "skipped"}.get(session["result"], "failed")


def main() -> int:
    """Run the sessions, and return 1 if any of them failed."""
    LOGS.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(WORKERS) as pool:
        finished = pool.map(run_queue, build_queues(list_sessions(sys.argv[1:])))
        outcomes = [outcome for queue in finished for outcome in queue]
    for outcome in outcomes:
        if outcome.result != "passed":
            print(f"\n=== {outcome.name}: {outcome.result} ===\n{outcome.log}")
    count = Counter(outcome.result for outcome in outcomes)
    skipped = f", {count['skipped']} skipped" if count["skipped"] else ""
    print(f"\nsessions: {count['passed']} passed, {count['failed']} failed{skipped}")
    return 1 if count["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
