"""Use cases of PPAPs: elements, submission, the customer's answer, its push to the PLM, reopening by a change."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from enghub.core import ids
from enghub.core.claims import Claim
from enghub.core.clock import Clock
from enghub.core.commits import Command, Commit, Kept
from enghub.core.errors import VersionConflict
from enghub.core.identity import Origin
from enghub.plm import published
from enghub.plm.ppaps.errors import PpapNotFound
from enghub.plm.ppaps.model import TOUCHED, Element, ElementStatus, Ppap, PpapApproval, PpapStatus
from enghub.plm.ppaps.repository import FoundPpaps, PlmPpaps, Ppaps
from enghub.plm.pushes.model import PlmSync, Push, action_of

QUEUE = "push_ppap_approval"
WORKER = "system:push-ppap-approval"
MOST_OF_PRODUCT = 100


@dataclass(frozen=True, slots=True)
class PpapBook:
    """The PPAPs of all tenants."""

    ppaps: Ppaps
    plm: PlmPpaps
    clock: Clock
    new_id: Callable[[datetime], str] = ids.new_id

    def get(self, tenant_id: str, ppap_id: str) -> Kept[Ppap]:
        """Return one.

        Raises:
            PpapNotFound
        """
        found = self.ppaps.get(tenant_id, ppap_id)
        if found is None:
            raise PpapNotFound(ppap_id=ppap_id)
        return found

    def of_product(self, tenant_id: str, product_code: str, limit: int, cursor: str | None) -> FoundPpaps:
        """Return a page of a product's PPAPs."""
        return self.ppaps.of_product(tenant_id, product_code, limit, cursor)

    def create(self, wanted: Ppap, origin: Origin, claim: Claim | None) -> Kept[Ppap]:
        """Store a new one; raises Replayed."""
        return self.ppaps.save(Commit(origin, "created", wanted, claim=claim))

    def put_element(self, ppap_id: str, element: Element, origin: Origin) -> Kept[Ppap]:
        """Store what an element is now; raises as ``get``, ReasonMissing, VersionConflict."""
        before = self.get(origin.tenant_id, ppap_id)
        known = before.value.elements[element.number - 1]
        if replace(known, changed_at=element.changed_at) == element:
            return before
        return self.ppaps.save(Commit(origin, "element_changed", before.value.with_element(element), before))

    def submit(self, ppap_id: str, origin: Origin) -> Kept[Ppap]:
        """Submit; again it stays submitted. Raises as ``get``, PpapNotReady, PpapStatusRefused, VersionConflict."""
        before = self.get(origin.tenant_id, ppap_id)
        if before.value.status is PpapStatus.SUBMITTED:
            return before
        return self.ppaps.save(Commit(origin, "submitted", before.value.submitted(), before))

    def decide(self, ppap_id: str, approval: PpapApproval, origin: Origin) -> Kept[Ppap]:
        """Keep the customer's answer and send it to the PLM; the same answer again changes nothing.

        Raises as ``get``, PpapStatusRefused, InterimUnbounded, VersionConflict.
        """
        before = self.get(origin.tenant_id, ppap_id)
        if before.value.approval == approval and before.value.status is approval.status:
            return before
        decided = before.value.decided(approval, self.new_id(origin.at), origin.at)
        event = published.PpapDecided(
            ppap_id=ppap_id,
            project_code=decided.project_code,
            product_code=decided.product_code,
            status=approval.status.value,
            approved_on=approval.approved_on,
        ).envelope(origin)
        commands = (Command(QUEUE, {"ppap_id": ppap_id}),)
        return self.ppaps.save(Commit(origin, "decided", decided, before, (event,), commands))

    def ship(self, ppap_id: str, pieces: int, origin: Origin) -> Kept[Ppap]:
        """Keep how many pieces were shipped in all under an interim approval; never fewer than before."""
        before = self.get(origin.tenant_id, ppap_id)
        if pieces <= before.value.shipped:
            return before
        return self.ppaps.save(Commit(origin, "shipped", replace(before.value, shipped=pieces), before))

    def take_documents(self, ppap_id: str, origin: Origin) -> Kept[Ppap]:
        """Take the documents' status over from the PLM; when none is missing then, submit (source document 2.3.2).

        Raises as ``get``, PlmUnavailable, PlmRefused, VersionConflict.
        """
        before = self.get(origin.tenant_id, ppap_id)
        ppap = before.value
        for told in self.plm.documents(ppap.connection, ppap.tenant_id, ppap.project_code):
            number, status = told.get("element"), told.get("status")
            if isinstance(number, int) and 1 <= number <= len(ppap.elements) and status in {"READY", "NOT_READY"}:
                known = ppap.elements[number - 1]
                wanted = replace(known, status=ElementStatus(status), document=str(told.get("document") or "")[:500])
                if wanted != known:
                    ppap = ppap.with_element(replace(wanted, changed_at=origin.at))
        if not ppap.missing and ppap.status is PpapStatus.PREPARING:
            ppap = ppap.submitted()
        return before if ppap == before.value else self.ppaps.save(Commit(origin, "documents_taken", ppap, before))

    def push(self, tenant_id: str, ppap_id: str) -> PlmSync:
        """Tell the PLM the approval, if it is due; what does not arrive is tried again later, under the same id."""
        before = self.get(tenant_id, ppap_id)
        ppap, push, now = before.value, before.value.push, self.clock()
        approval = ppap.approval
        if push is None or approval is None:
            return PlmSync.NONE
        if not push.is_due(now):
            return push.state
        made = push.attempted(lambda: self._send(ppap, push, approval), now)
        origin = Origin(tenant_id, "", WORKER, now, push.push_id)
        action = action_of(made)
        try:
            self.ppaps.save(Commit(origin, action, replace(ppap, push=made), before))
        except VersionConflict:
            return PlmSync.PENDING  # it changed meanwhile: what is due then is pushed by the sweep
        return made.state

    def _send(self, ppap: Ppap, push: Push, approval: PpapApproval) -> None:
        body = {
            "projectCode": ppap.project_code,
            "approvalStatus": approval.status.value,
            "approvalDate": approval.approved_on.isoformat(),
            "approver": approval.approver,
            "comments": approval.comments,
            "customerFeedback": approval.customer_feedback,
        }
        self.plm.push(ppap.connection, ppap.tenant_id, push.push_id, body)

    def sweep(self) -> dict[str, int]:
        """Push what is due; returns how many arrived and how many wait on."""
        states = [self.push(*found) for found in list(self.ppaps.due(self.clock(), 100))]
        return {"arrived": states.count(PlmSync.SYNCED), "waiting": states.count(PlmSync.PENDING)}

    def reopen(self, product_code: str, ecn_number: str, point_type: str, origin: Origin) -> int:
        """Reopen the elements that a change touches, in every PPAP of a product; returns how many were reopened."""
        reopened = 0
        page = self.ppaps.of_product(origin.tenant_id, product_code, MOST_OF_PRODUCT, None)
        for found in page.ppaps:
            before = self.get(origin.tenant_id, found.ppap_id)
            after = before.value.reopened(ecn_number, TOUCHED.get(point_type, ()), origin.at)
            if after is not before.value:
                self.ppaps.save(Commit(origin, "reopened", after, before, reason=ecn_number))
                reopened += 1
        return reopened
