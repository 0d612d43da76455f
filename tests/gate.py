# Copyright (c) Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the whole gate: every session of noxfile.py, two at a time.

    tests/bootstrap.sh gate tests/gate.py [SESSION...]

A session's output goes to .nox/logs and is shown when the session fails. The last line counts sessions.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOGS = ROOT / ".nox" / "logs"
WORKERS = 2
NOX = [sys.executable, "-m", "nox", "--noxfile", str(ROOT / "noxfile.py"), "--non-interactive"]
# What the sessions' environments are made from: as long as it stays, they are used as they are.
INGREDIENTS = ("noxfile.py", "antsibull-nox.toml", "meta/*requirements.txt", "tests/**/*.txt")


@dataclass(frozen=True)
class Session:
    """A session of noxfile.py."""

    name: str
    tags: frozenset[str]
    """Sessions that share a tag must not run at the same time."""


@dataclass(frozen=True)
class Outcome:
    """How a session ended."""

    name: str
    result: str
    """`passed`, `failed` or `skipped`."""
    seconds: float
    log: str


class Queue:
    """Gives each session once, and never two at a time that share a tag."""

    def __init__(self, sessions: list[Session]) -> None:
        self._waiting = sessions
        self._running: list[Session] = []
        self._change = threading.Condition()

    def take(self) -> Session:
        """Wait for a session that may run now. There must be one left."""
        with self._change:
            while True:
                busy = frozenset[str]().union(*(session.tags for session in self._running))
                for session in self._waiting:
                    if not session.tags & busy:
                        self._waiting.remove(session)
                        self._running.append(session)
                        return session
                self._change.wait()

    def done(self, session: Session) -> None:
        """Let those go on that waited for this session."""
        with self._change:
            self._running.remove(session)
            self._change.notify_all()


def list_sessions(names: list[str]) -> list[Session]:
    """Ask nox for the sessions: those named, else all that it runs by default."""
    command = [*NOX, "--list", "--json", *(["--session", *names] if names else [])]
    listed = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return [Session(entry["session"], frozenset(entry["tags"])) for entry in listed]


def fingerprint() -> str:
    """Return a hash of what the environments are made from."""
    files = sorted(path for pattern in INGREDIENTS for path in ROOT.glob(pattern))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def run(session: Session, made_from: str) -> Outcome:
    """Run one session. Its environment is taken as it is if the session passed with it before."""
    started = time.monotonic()
    stamp = LOGS / f"{session.name}.stamp"
    report = LOGS / f"{session.name}.json"
    log = LOGS / f"{session.name}.log"
    report.unlink(missing_ok=True)
    ready = stamp.exists() and stamp.read_text() == made_from
    with log.open("w") as output:
        subprocess.run(
            [*NOX, "-R" if ready else "-r", "--report", str(report), "--session", session.name],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    result = read_report(report)
    if result == "passed":
        stamp.write_text(made_from)
    text = log.read_text(errors="replace")
    return Outcome(session.name, result, time.monotonic() - started, text)


def read_report(report: Path) -> str:
    """Return what nox says of the one session that it ran."""
    if not report.exists():
        return "failed"
    results = {entry["result"] for entry in json.loads(report.read_text())["sessions"]}
    return {frozenset({"success"}): "passed", frozenset({"skipped"}): "skipped"}.get(
        frozenset(results), "failed"
    )


def main() -> int:
    """Run the sessions, and return 1 if one failed."""
    LOGS.mkdir(parents=True, exist_ok=True)
    sessions = list_sessions(sys.argv[1:])
    queue = Queue(list(sessions))
    made_from = fingerprint()

    def run_next() -> Outcome:
        session = queue.take()
        try:
            return run(session, made_from)
        finally:
            queue.done(session)

    outcomes = []
    with ThreadPoolExecutor(WORKERS) as pool:
        for future in as_completed([pool.submit(run_next) for session in sessions]):
            outcome = future.result()
            outcomes.append(outcome)
            print(f"{outcome.result:8}{outcome.name} ({outcome.seconds:.0f} s)", flush=True)
    for outcome in outcomes:
        if outcome.result != "passed":
            print(f"\n=== {outcome.name}: {outcome.result} ===\n{outcome.log}")
    count = Counter(outcome.result for outcome in outcomes)
    line = f"{count['passed']} passed, {count['failed']} failed"
    print(f"\n{line}, {count['skipped']} skipped" if count["skipped"] else f"\n{line}")
    return 1 if count["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
