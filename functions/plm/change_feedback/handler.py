"""Keeps the rules of quality feedback, records issues, decides suggestions, makes a day's feedback at once (PLM-16).

Trigger: PUT /api/v1/plm/feedback/rules, POST .../issues, .../issues/{issueId}/withdrawal,
.../suggestions/{suggestionId}/decision, .../runs. Runbook: docs/runbooks/plm-feedback.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from enghub.core import entrypoints, http, ids, wire
from enghub.core.commits import Kept
from enghub.plm import rights
from enghub.plm.feedback import api
from enghub.plm.feedback.model import SuggestionStatus
from enghub.plm.gateways.feedback import feedback

app = http.resolver()
Id = Annotated[wire.PathId, Path()]


@app.put(f"{api.BASE}/rules", right=rights.CHANGE_SETUP)
def put_feedback_rules(request: api.PutFeedbackRulesRequest) -> api.FeedbackRulesResponse:
    """Replace the rules; the daily run moves to 02:00 of their zone."""
    origin = http.call(app).origin
    kept = feedback().put_rules(request.to_rules(origin.tenant_id), request.revision, origin)
    return api.FeedbackRulesResponse.of(kept)


@app.post(f"{api.BASE}/issues", right=rights.CHANGE_FEEDBACK, key="optional", status_code=201)
def record_quality_issue(request: api.RecordIssueRequest) -> api.IssueResponse:
    """201 with an issue that counts from now on."""
    call = http.call(app)
    claim = call.claim(lambda made: api.IssueResponse.of(Kept(made)))
    issue = request.to_issue(call.principal.tenant_id, ids.new_id(call.origin.at))
    return api.IssueResponse.of(feedback().record(issue, call.origin, claim))


@app.post(f"{api.BASE}/issues/<issue_id>/withdrawal", right=rights.CHANGE_FEEDBACK)
def withdraw_quality_issue(issue_id: Id, request: api.WithdrawIssueRequest) -> api.IssueResponse:
    """Take an issue back; it counts no more."""
    return api.IssueResponse.of(feedback().withdraw(issue_id, request.reason, http.call(app).origin))


@app.post(f"{api.BASE}/suggestions/<suggestion_id>/decision", right=rights.CHANGE_FEEDBACK)
def decide_suggestion(suggestion_id: Id, request: api.DecideSuggestionRequest) -> api.SuggestionResponse:
    """Keep what becomes of a suggestion."""
    status = SuggestionStatus(request.status)
    return api.SuggestionResponse.of(feedback().decide(suggestion_id, status, request.reason, http.call(app).origin))


@app.post(f"{api.BASE}/runs", right=rights.CHANGE_FEEDBACK, status_code=202)
def run_feedback_now(request: api.RunFeedbackRequest) -> api.FeedbackAsked:
    """202: the feedback of a day is made now, unless it was; a day has one."""
    feedback().ask(request.day, http.call(app).origin)
    return api.FeedbackAsked(day=request.day)


lambda_handler = entrypoints.http(app)
