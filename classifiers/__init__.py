"""Sentiment, relevance and stage of a post: one multilingual model, run locally."""

from classifiers.base import LABELS, Classifier, Confusion, Request, Verdict
from classifiers.load import BadModel, load

__all__ = ["LABELS", "BadModel", "Classifier", "Confusion", "Request", "Verdict", "load"]
