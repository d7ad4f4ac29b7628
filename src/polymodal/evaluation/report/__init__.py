"""The report of a run: one page that opens offline, its plots as PNG, and a model card."""

from polymodal.evaluation.report.content import ReportContent
from polymodal.evaluation.report.examples import choose_examples
from polymodal.evaluation.report.model_card import write_model_card
from polymodal.evaluation.report.page import write_report
from polymodal.evaluation.report.sentences import describe_run, far_above
from polymodal.evaluation.report.verdict import fusion_verdict

__all__ = [
    "ReportContent",
    "choose_examples",
    "describe_run",
    "far_above",
    "fusion_verdict",
    "write_model_card",
    "write_report",
]
