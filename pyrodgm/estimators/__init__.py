"""scikit-learn estimators: ``fit(X, y)`` with -1 for "no label", and a VAE as a feature extractor."""

from pyrodgm.estimators.classifier import DeepGenerativeClassifier
from pyrodgm.estimators.m1 import M1

__all__ = ["M1", "DeepGenerativeClassifier"]
