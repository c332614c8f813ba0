"""Sentiment, relevance and stage of a post: one multilingual model, run locally."""

from classifiers.bad_model import BadModel
from classifiers.base import LABELS, Classifier, Confusion, Request, Verdict
from classifiers.load import configured, load

__all__ = ["LABELS", "BadModel", "Classifier", "Confusion", "Request", "Verdict", "configured", "load"]
