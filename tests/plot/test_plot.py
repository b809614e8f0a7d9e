import matplotlib
import numpy as np
import pytest
import torch

matplotlib.use("Agg")

from matplotlib import pyplot as plt

from pyrodgm.models import ADGM, M2, VAE
from pyrodgm.plot import (
    analogies,
    class_samples,
    decision_regions,
    image_grid,
    latent_pca,
    learning_curve,
    manifold,
)
from tests.pairs import rows, small


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def pixels(ax):
    return ax.images[0].get_array().filled(np.nan)


def test_image_grid_places_every_image():
    images = torch.arange(5.0)[:, None].expand(5, 6)
    grid = pixels(image_grid(images, columns=3, image_shape=(2, 3)))
    assert grid.shape == (2 * 3 + 1, 3 * 4 + 1)
    assert [grid[1, 1], grid[1, 5], grid[1, 9], grid[4, 1], grid[4, 5]] == [0, 1, 2, 3, 4]
    assert np.isnan(grid[4, 9]) and np.isnan(grid[0, 0])


class Echo(M2):
    """An M2 whose mean image shows its latents: the style in the first pixels, the class in the others."""

    def __init__(self):
        super().__init__(6, 3, z_size=3, hidden=())
        for parameter in self.parameters():
            torch.nn.init.zeros_(parameter)
        with torch.no_grad():
            self.p_x.logits.weight.copy_(torch.eye(6))
            self.q_z.loc.weight[:, :3] = 8 * torch.eye(3)
            self.q_z.log_variance.bias.fill_(-20)


def test_analogies_keep_the_style_and_change_the_class():
    x = torch.tensor([[1.0, 0, 0, 1, 0, 0], [0, 1, 0, 0, 1, 0]])
    grid = pixels(analogies(Echo(), x, image_shape=(1, 6)))
    lines = [[grid[1 + 2 * i, 1 + 7 * j : 7 + 7 * j] for j in range(4)] for i in range(2)]
    for line, row in zip(lines, x, strict=True):
        np.testing.assert_array_equal(line[0], row)
        for k in range(3):
            style, classes = line[1 + k][:3], line[1 + k][3:]
            assert style.argmax() == row[:3].argmax() and style.max() > 0.99
            assert classes.argmax() == k


def test_class_samples_share_a_style_a_line():
    grid = pixels(class_samples(Echo(), samples=2, image_shape=(1, 6)))
    for i in range(2):
        line = [grid[1 + 2 * i, 1 + 7 * k : 7 + 7 * k] for k in range(3)]
        for k in range(3):
            np.testing.assert_array_equal(line[k][:3], line[0][:3])
            assert line[k][3:].argmax() == k
    assert not np.array_equal(grid[1, 1:4], grid[3, 1:4])


def test_manifold_runs_through_the_quantiles_of_the_normal():
    model = VAE(2, z_size=2, hidden=())
    with torch.no_grad():
        model.p_x.logits.weight.copy_(torch.eye(2))
    grid = pixels(manifold(model, steps=3, image_shape=(1, 2)))
    z = torch.logit(torch.tensor(grid)).reshape(3, 3, 2)
    quartile = 0.67449
    torch.testing.assert_close(z[0, 0], torch.tensor([-quartile, quartile]), atol=1e-4, rtol=0)
    torch.testing.assert_close(z[2, 1], torch.tensor([0.0, -quartile]), atol=1e-4, rtol=0)


def test_manifold_needs_a_plane():
    with pytest.raises(ValueError, match="model: got z_size=3, want 2"):
        manifold(small(VAE, z_size=3), 3, (2, 3))


def test_latent_pca_shows_every_row_once():
    model = small(ADGM)
    x, y = rows(model)
    ax = latent_pca(model, x, y, site="a")
    assert sum(len(c.get_offsets()) for c in ax.collections) == 7
    assert ax.get_legend().get_title().get_text() == "class"


def test_decision_regions_colour_the_plane_by_the_classifier():
    class Half(torch.nn.Linear):
        num_classes = 2

        def classifier(self, x):
            return torch.stack([x[:, 0] < 0, x[:, 0] >= 0], -1).to(x.dtype)

    x, y = torch.tensor([[-1.0, 0], [1, 1]]), torch.tensor([0, 1])
    ax = decision_regions(Half(1, 1), x, y, labelled=x, steps=20)
    colours = ax.images[0].get_array()
    assert np.allclose(colours[:, 0], colours[0, 0]) and not np.allclose(colours[0, 0], colours[0, -1])
    assert colours[0, 0, 2] > colours[0, 0, 0]  # class 0 is blue, and on the left


def test_learning_curve_draws_what_was_measured():
    history = [{"epoch": 1, "loss": 3.0}, {"epoch": 2, "loss": 2.0, "error": 9.0}]
    ax = learning_curve(history, ["loss", "error"], "nats", reference={"paper": 1.0})
    assert [line.get_xydata().tolist() for line in ax.lines[:2]] == [[[1, 3], [2, 2]], [[2, 9]]]
    assert ax.get_legend_handles_labels()[1] == ["loss", "error", "paper"]
