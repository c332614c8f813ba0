"""Sentiment, relevance and stage of a post: one multilingual model, run locally."""

from classifiers.base import LABELS, Classifier, Confusion, Request, Verdict
from classifiers.load import load

__all__ = ["LABELS", "Classifier", "Confusion", "Request", "Verdict", "load"]
