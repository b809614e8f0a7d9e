"""Under another default device of torch, what works on the CPU stays there: data sets, seeded draws, estimators.

The other device is meta, whose tensors have no numbers: whatever goes there fails.
"""

from contextlib import contextmanager

import numpy as np
import pytest
import torch

from pyrodgm.data import Dataset, Rows, dequantise, load, select_labels
from pyrodgm.estimators import M1, DeepGenerativeClassifier
from pyrodgm.models import ADGM
from tests.pairs import accepted, small


@contextmanager
def another_default_device():
    with accepted(RuntimeError, TypeError, ValueError), torch.device("meta"):
        yield


@pytest.mark.parametrize("name", ["circles", "digits", "moons", "potential", "pv"])
def test_a_data_set_is_loaded_on_the_cpu(name):
    if name == "pv":
        pytest.importorskip("pvlib")
    with another_default_device():
        data = load(name)
    assert data.train.x.device.type == "cpu"


def test_a_file_is_loaded_on_the_cpu(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a,b,label\n" + "".join(f"{i},{i % 5},{i % 2}\n" for i in range(40)))
    with another_default_device():
        data = load(path, label="label")
    assert {t.device.type for rows in data.parts.values() for t in (rows.x, rows.y)} == {"cpu"}


def test_the_same_labels_are_chosen():
    y = torch.arange(40) % 4
    expected = select_labels(y, 9, 4, seed=1)
    with another_default_device():
        chosen = select_labels(y, 9, 4, seed=1)
    assert chosen.device.type == "cpu" and torch.equal(chosen, expected)


def test_the_same_noise_dequantises():
    images = Rows(torch.arange(12.0).reshape(4, 3) / 255)
    data = Dataset("table", images, images, images)
    expected = dequantise(data).train.x
    with another_default_device():
        noisy = dequantise(data).train.x
    assert torch.equal(noisy, expected)


def test_the_same_samples_classify():
    model, x = small(ADGM), torch.rand(3, 6)
    expected = model.classifier(x)
    with another_default_device():
        probabilities = model.classifier(x)
    assert torch.equal(probabilities, expected)


def test_the_classifier_gives_the_same():
    rows = np.random.default_rng(0).normal(size=(30, 4))
    y, rows[3, 1] = np.where(rows[:, 0] > 0, 1, 0), np.nan
    y[20:] = -1

    def results():
        classifier = DeepGenerativeClassifier(epochs=3, random_state=0).fit(rows, y)
        latents, filled = classifier.transform(rows), classifier.impute(rows)
        return classifier.predict_proba(rows), classifier.score_samples(rows), latents, filled, *classifier.sample(3)

    expected = results()
    with another_default_device():
        same = results()
    for got, want in zip(same, expected, strict=True):
        np.testing.assert_array_equal(got, want)


def test_m1_gives_the_same():
    rows = np.random.default_rng(0).normal(size=(30, 4))
    expected = M1(epochs=3, random_state=0).fit_transform(rows)
    with another_default_device():
        same = M1(epochs=3, random_state=0).fit_transform(rows)
    np.testing.assert_array_equal(same, expected)
