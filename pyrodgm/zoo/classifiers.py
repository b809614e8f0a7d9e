"""scikit-learn's classifiers on the labelled rows, or on features of them, with settings chosen by validation."""

from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

CLASSIFIERS = {
    "SVM": [make_pipeline(StandardScaler(), SVC(C=c)) for c in (0.1, 1.0, 10.0, 100.0, 1000.0)],
    "nearest neighbours": [KNeighborsClassifier(k) for k in (1, 3, 5, 10)],
}


def chosen_error(name, labelled, validation, test):
    """Test error, in per cent, of the one among the classifiers of a name that errs least on the validation rows.

    Args:
        name: of ``CLASSIFIERS``.
        labelled: ``Rows`` to train on, x ``(N, D)`` and y ``(N,)``.
        validation: ``Rows`` to choose by.
        test: ``Rows`` to measure on.

    Returns:
        A float from 0 to 100.
    """
    x, y = _arrays(labelled)
    fitted = [classifier.fit(x, y) for classifier in CLASSIFIERS[name]]
    best = max(fitted, key=lambda classifier: classifier.score(*_arrays(validation)))
    return 100 * (1 - float(best.score(*_arrays(test))))


def _arrays(rows):
    return rows.x.cpu().numpy(), rows.y.cpu().numpy()
