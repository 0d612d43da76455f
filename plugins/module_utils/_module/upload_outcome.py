# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The outcome of contact_upload, and the module's result."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from .._errors import FrontdeskError
from .._roster.diff import DiffSide, plan_diff
from .._roster.plan import Plan
from .._service.answer import Answer
from .._service.refusals import RefusalCause
from .._service.verdict import CONFIRMED, PARTIAL, UNCONFIRMED, Verdict, explain_acceptance
from .._state.receipt import Receipt, State
from .._text import make_printable, make_values_printable


@dataclass(frozen=True)
class Outcome:
    """Outcome of an upload.

    :ivar plan: differences between the first known roster, which is the baseline if there is one, and the new roster.
    :ivar before: the roster that the plan starts from, as one side of the diff.
    :ivar after: the new roster, as the other side.
    :ivar changed: whether the service accepted at least part of the roster, or new identities were stored without an
        upload; in check mode, whether this would happen.
    :ivar uploaded: whether the service accepted the complete roster; in check mode, whether it would be sent.
    :ivar state: content of the state directory after the run.
    :ivar answer: parsed response of the service; None if nothing was sent or no response was received.
    :ivar verdict: meaning of the response; None if there is none.
    :ivar attempts: number of attempts to send the roster.
    :ivar duration: time in seconds from the start of the first attempt to the end of the last one.
    :ivar warnings: problems that did not prevent the upload.
    :ivar error: error with which the module must fail, in addition to returning the other fields; None on success.
    """

    plan: Plan
    before: DiffSide
    after: DiffSide
    changed: bool = False
    uploaded: bool = False
    state: State = field(default_factory=State)
    answer: Answer | None = None
    verdict: Verdict | None = None
    attempts: int = 0
    duration: float = 0.0
    warnings: tuple[str, ...] = ()
    error: FrontdeskError | None = None

    @property
    def receipt(self) -> Receipt | None:
        """Receipt in the state directory, marked as incomplete if an upload is unresolved; None if there is none."""
        receipt = self.state.receipt
        return receipt and replace(receipt, complete=self.state.is_settled)

    @property
    def message(self) -> str:
        """The message of a successful upload that the service has not confirmed; otherwise empty."""
        if self.answer is None or self.verdict is None or self.verdict.outcome != UNCONFIRMED:
            return ""
        return explain_acceptance(self.answer)

    def result(self, show_diff: bool) -> dict[str, Any]:
        """Return the module's result.

        Apart from identities, only the diff contains personal data.

        :param show_diff: whether to include the diff.
        """
        result: dict[str, Any] = {
            "changed": self.changed,
            "uploaded": self.uploaded,
            "plan": {
                **self.plan.summary(),
                "invalid": [person._asdict() for person in self.plan.invalid],
            },
            "service": _service_result(self.answer, self.verdict),
            "receipt": _receipt_result(self.receipt),
            "unresolved": [
                {"sent_at": each.sent_at, "rows": each.rows, "plan": each.plan}
                for each in self.state.unresolved
            ],
            "attempts": self.attempts,
            "duration": round(self.duration, 1),
        }
        if show_diff:
            result["diff"] = plan_diff(self.plan, self.before, self.after)
        return result


def _service_result(answer: Answer | None, verdict: Verdict | None) -> dict[str, Any] | None:
    if answer is None or verdict is None:
        return None
    return {
        "status": answer.status,
        "confirmed": verdict.outcome in (CONFIRMED, PARTIAL),
        "message": make_printable(answer.message),
        "counts": make_values_printable(answer.counts),
        "errors": make_values_printable([asdict(error) for error in answer.errors]),
        "error_count": answer.error_count,
        "causes": make_values_printable([_cause_result(cause) for cause in answer.causes]),
        "refused": answer.refused_count,
    }


def _cause_result(cause: RefusalCause) -> dict[str, Any]:
    locations = [{"location": name, "rows": rows} for name, rows in cause.locations]
    return {**asdict(cause), "locations": locations}


def _receipt_result(receipt: Receipt | None) -> dict[str, Any] | None:
    if receipt is None:
        return None
    result = {
        key: value
        for key, value in vars(receipt).items()
        if key not in ("binding", "history", "previous", "summary")
    }
    return {**result, "counts": dict(receipt.counts), **vars(receipt.binding)}
