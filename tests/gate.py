# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the whole gate: every session of noxfile.py, four at a time.

    tests/bootstrap.sh gate tests/gate.py [SESSION...]

A session's output goes to .nox/logs and is shown when the session fails. The last line counts sessions.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
LOGS = ROOT / ".nox" / "logs"
WORKERS = 4
"""For two processors: tests wait for much of their time, until something falls silent or ends. With more
at a time, each takes longer than all gain by it: with six, 670 seconds of computing instead of 594."""
SLOWEST = ("integration", "units", "sanity")
"""What is begun first, in this order, of sessions that wait for no others, so that none runs alone at the end."""
NOX = [sys.executable, "-m", "nox", "--noxfile", str(ROOT / "noxfile.py"), "--non-interactive"]
# What the sessions' environments are made from: as long as it stays, they are used as they are.
ENVIRONMENT_INPUTS = (
    *("noxfile.py", "tests/sessions.py", "antsibull-nox.toml"),
    *("meta/*requirements.txt", "tests/**/*.txt"),
)


@dataclass(frozen=True)
class Session:
    """A session of noxfile.py."""

    name: str
    tags: frozenset[str]
    """Sessions that share a tag make environments in one place, and must not do so at the same time."""


@dataclass(frozen=True)
class Outcome:
    """How a session ended."""

    name: str
    result: str
    """`passed`, `failed` or `skipped`."""
    seconds: float
    cpu_seconds: float
    """Seconds that it kept a processor busy."""
    log: str


def list_sessions(names: list[str]) -> list[Session]:
    """Ask nox for the sessions: those named, else all that it runs by default."""
    command = [*NOX, "--list", "--json", *(["--session", *names] if names else [])]
    listed = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    sessions = [Session(entry["session"], frozenset(entry["tags"])) for entry in listed]
    return sorted(sessions, key=_rank)


def _rank(session: Session) -> int:
    kind = session.name.partition("-")[0]
    return SLOWEST.index(kind) if kind in SLOWEST else len(SLOWEST)


def hash_environment_inputs() -> str:
    """Return a hash of what the environments are made from."""
    files = sorted(path for pattern in ENVIRONMENT_INPUTS for path in ROOT.glob(pattern))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def has_current_environment(session: Session, inputs_hash: str) -> bool:
    """Tell whether a session has passed with an environment that was made from the same."""
    stamp = _stamp(session)
    return stamp.exists() and stamp.read_text() == inputs_hash


def _stamp(session: Session) -> Path:
    return LOGS / f"{session.name}.stamp"


def run(session: Session, inputs_hash: str) -> Outcome:
    """Run one session. Its environment is taken as it is if the session passed with it before."""
    started = time.monotonic()
    report = LOGS / f"{session.name}.json"
    log = LOGS / f"{session.name}.log"
    report.unlink(missing_ok=True)
    is_current = has_current_environment(session, inputs_hash)
    with log.open("w") as output:
        process = subprocess.Popen(
            [
                *NOX,
                "-R" if is_current else "-r",
                "--report",
                str(report),
                "--session",
                session.name,
            ],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _pid, _status, used = os.wait4(process.pid, 0)
    result = read_report(report)
    if result == "passed":
        _stamp(session).write_text(inputs_hash)
    text = log.read_text(errors="replace")
    seconds = time.monotonic() - started
    return Outcome(session.name, result, seconds, used.ru_utime + used.ru_stime, text)


def read_report(report: Path) -> str:
    """Return what nox says of the one session that it ran."""
    if not report.exists():
        return "failed"
    results = {entry["result"] for entry in json.loads(report.read_text())["sessions"]}
    return {frozenset({"success"}): "passed", frozenset({"skipped"}): "skipped"}.get(
        frozenset(results), "failed"
    )


def run_all(sessions: list[Session]) -> Iterator[Outcome]:
    """Run sessions, four at a time, and give each as it ends; none makes environments beside one of the same tag."""
    inputs_hash = hash_environment_inputs()
    waiting = [
        replace(session, tags=frozenset())
        if has_current_environment(session, inputs_hash)
        else session
        for session in sessions
    ]
    # Environments in one place are made one after the other; in a fresh clone that takes longest.
    waiting.sort(key=lambda session: not session.tags)
    running: dict[Future[Outcome], Session] = {}
    pool = ThreadPoolExecutor(WORKERS)
    try:
        while waiting or running:
            for session in list(waiting):
                busy = {tag for other in running.values() for tag in other.tags}
                if len(running) < WORKERS and not session.tags & busy:
                    waiting.remove(session)
                    running[pool.submit(run, session, inputs_hash)] = session
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                del running[future]
                yield future.result()
    finally:
        pool.shutdown()


def main() -> int:
    """Run the sessions, and return 1 if one failed."""
    LOGS.mkdir(parents=True, exist_ok=True)
    outcomes = []
    for outcome in run_all(list_sessions(sys.argv[1:])):
        outcomes.append(outcome)
        tests = re.findall(r"^=+ (.*?) in [\d.]+s.* =+$", outcome.log, re.MULTILINE)
        note = f": {', '.join(tests)}" if tests else ""
        print(
            f"{outcome.result:8}{outcome.name} ({outcome.seconds:.0f} s, {outcome.cpu_seconds:.0f} of computing){note}",
            flush=True,
        )
    for outcome in outcomes:
        if outcome.result != "passed":
            print(f"\n=== {outcome.name}: {outcome.result} ===\n{outcome.log}")
    count = Counter(outcome.result for outcome in outcomes)
    skipped = f", {count['skipped']} skipped" if count["skipped"] else ""
    print(f"\nsessions: {count['passed']} passed, {count['failed']} failed{skipped}")
    return 1 if count["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
