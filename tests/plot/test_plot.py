import matplotlib
import numpy as np
import pyro
import pyro.distributions as dist
import pytest
import torch

matplotlib.use("Agg")

from matplotlib import pyplot as plt

from pyrodgm.models import ADGM, M1M2, M2, VAE
from pyrodgm.plot import (
    analogies,
    class_samples,
    decision_regions,
    image_grid,
    kl_bars,
    kl_curves,
    kl_heat_map,
    kl_heat_maps,
    kl_of_units,
    latent_pca,
    learning_curve,
    manifold,
    reconstructions,
    samples,
    training_curves,
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


def colour(ax):
    """The colours that are drawn, after matplotlib has had its say."""
    return np.asarray(ax.images[0].get_array())


@pytest.mark.parametrize("largest", [1.0, 255.0])
def test_image_grid_draws_colours(largest, caplog):
    images = torch.zeros(3, 2, 1, 3)
    images[0, :, :, 0] = largest  # red
    images[1, 0, :, 1] = largest / 2  # dark green above
    images[2, 1, :, 2] = -0.1  # what a normal likelihood may have for a mean
    grid = colour(image_grid(images.flatten(1), columns=2, image_shape=(2, 1, 3)))
    assert grid.shape == (2 * 3 + 1, 2 * 2 + 1, 3)
    np.testing.assert_allclose(grid[1:3, 1], [[1, 0, 0]] * 2)
    np.testing.assert_allclose(grid[1:3, 3], [[0, 0.5, 0], [0, 0, 0]])
    np.testing.assert_allclose(grid[4:6, 1], 0)
    np.testing.assert_allclose(grid[4:6, 3], 1)  # white where there is no image
    np.testing.assert_allclose(grid[0], 1)
    assert not caplog.records  # matplotlib would tell that it clips


@pytest.mark.parametrize("image_shape", [(2, 3), (1, 2, 3)])
def test_image_grid_draws_levels_on_their_scale(image_shape):
    """Not on that of the largest there is: half of 255 is half of the ink, or of a colour."""
    ax = image_grid(torch.tensor([[0.0, 63.75, 127.5] * 2]), 1, image_shape, largest=255)
    drawn = np.asarray(ax.images[0].norm(colour(ax)) if len(image_shape) == 2 else colour(ax))
    np.testing.assert_allclose(drawn[1, 1:4].flat[:3], [0, 0.25, 0.5])


@pytest.mark.parametrize("missing", [None, "zeros"])
@pytest.mark.parametrize(
    ("likelihood", "largest"),
    [
        ("normal", None),
        ("bernoulli", 1),
        (("binomial", {"total_count": 16}), 16),
        (("discretized_logistic", {}), 255),
    ],
)
def test_images_of_a_model_have_the_scale_of_its_likelihood(likelihood, largest, missing):
    """A model of bounded values has the scale of these, also if its means are all near the middle."""
    model = small(M2, likelihood=likelihood, missing=missing)
    x, shape = torch.full((2, 6), 0.0 if largest in (None, 1) else 10.0), (2, 3)
    axes = [reconstructions(model, x, shape), samples(model, 4, 2, shape), analogies(model, x, shape)]
    for ax in [*axes, class_samples(model, 2, shape), manifold(model, 2, shape)]:
        drawn = pixels(ax)
        limits = (np.nanmin(drawn), np.nanmax(drawn)) if largest is None else (0, largest)
        assert ax.images[0].get_clim() == pytest.approx(limits)


def test_image_grid_draws_a_single_channel_as_grey():
    images = torch.rand(2, 6)
    drawn = [pixels(image_grid(images, 2, shape)) for shape in ((2, 3), (2, 3, 1))]
    np.testing.assert_array_equal(*drawn)


def test_image_grid_leaves_missing_pixels_white(caplog):
    images = torch.tensor([[0.2, 0.4, 0.6, float("nan"), 0.0, 1.0]] * 2)
    assert np.isnan(pixels(image_grid(images, 2, (2, 3)))[2, 1])  # as between the images
    np.testing.assert_allclose(colour(image_grid(images, 2, (1, 2, 3)))[1, 1:3], [[0.2, 0.4, 0.6], [1, 0, 1]])
    assert not caplog.records


@pytest.mark.parametrize("image_shape", [(6,), (2, 4), (1, 3, 2), (2, 2, 3)])
def test_image_grid_refuses_other_shapes(image_shape):
    with pytest.raises(ValueError, match=r"image_shape: got .* for 6 features, want \(H, W\) or \(H, W, 3\)"):
        image_grid(torch.zeros(1, 6), 1, image_shape)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"columns": 0}, "columns: got 0, want a positive int"),
        ({"gap": -1}, "gap: got -1, want at least 0 pixels"),
        ({"images": torch.zeros(6)}, "images: got shape (6,), want (N, D) with at least one image"),
        ({"images": torch.zeros(0, 6)}, "images: got shape (0, 6), want (N, D) with at least one image"),
    ],
)
def test_image_grid_refuses(changes, message):
    with pytest.raises(ValueError) as error:
        image_grid(**{"images": torch.zeros(2, 6), "columns": 1, "image_shape": (2, 3)} | changes)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("figure", "message"),
    [
        (lambda m: samples(m, 0, 1, (2, 3)), "num_samples: got 0, want a positive int"),
        (lambda m: manifold(m, 0, (2, 3)), "steps: got 0, want a positive int"),
        (lambda m: class_samples(small(M2), 0, (2, 3)), "samples: got 0, want a positive int"),
        (lambda m: class_samples(m, 1, (2, 3)), "model: got VAE, which has no classes, want a model with num_classes"),
        (
            lambda m: analogies(m, torch.zeros(1, 6), (2, 3)),
            "model: got VAE, which has no classes, want a model with num_classes",
        ),
    ],
)
def test_images_of_a_model_refuse(figure, message):
    with pytest.raises(ValueError) as error:
        figure(small(VAE))
    assert str(error.value) == message
    assert not plt.get_fignums()


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


class EchoStack(M1M2):
    """An M1+M2 whose mean images are those of ``Echo``: z1 is z2 and y side by side."""

    def __init__(self):
        super().__init__(6, 3, z_size=3, z1_size=6, hidden=())
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.zero_()
            self.p_x.logits.weight.copy_(torch.eye(6))
            self.p_z1.loc.weight.copy_(torch.eye(6))
            self.q_z1.loc.weight.copy_(8 * torch.eye(6))
            self.q_z2.loc.weight[:, :3] = torch.eye(3)
            for net in (self.p_z1, self.q_z1, self.q_z2):
                net.log_variance.bias.fill_(-60)


@pytest.mark.parametrize("echo", [Echo, EchoStack])
def test_analogies_keep_the_style_and_change_the_class(echo):
    x = torch.tensor([[1.0, 0, 0, 1, 0, 0], [0, 1, 0, 0, 1, 0]])
    grid = pixels(analogies(echo(), x, image_shape=(1, 6)))
    lines = [[grid[1 + 2 * i, 1 + 7 * j : 7 + 7 * j] for j in range(4)] for i in range(2)]
    for line, row in zip(lines, x, strict=True):
        np.testing.assert_array_equal(line[0], row)
        for k in range(3):
            style, classes = line[1 + k][:3], line[1 + k][3:]
            assert style.argmax() == row[:3].argmax() and style.max() > 0.99
            assert classes.argmax() == k


@pytest.mark.parametrize("echo", [Echo, EchoStack])
def test_class_samples_share_a_style_a_line(echo):
    grid = pixels(class_samples(echo(), samples=2, image_shape=(1, 6)))
    for i in range(2):
        line = [grid[1 + 2 * i, 1 + 7 * k : 7 + 7 * k] for k in range(3)]
        for k in range(3):
            np.testing.assert_allclose(line[k][:3], line[0][:3], rtol=1e-5)
            assert line[k][3:].argmax() == k
    assert not np.array_equal(grid[1, 1:4], grid[3, 1:4])


class Mixture(Echo):
    """An ``Echo`` whose z has the prior N(2 e_y, 0.5^2), with e_y the class as one-hot rows."""

    def __init__(self):
        super().__init__()
        with torch.no_grad():
            self.q_z.loc.weight[:, :3] = torch.eye(3)

    def model(self, x=None, y=None, size=1):
        with self.batch(x, y, size) as y:
            y = pyro.sample("y", self.uniform_one_hot(), obs=y)
            z = pyro.sample("z", dist.Normal(2 * y, 0.5).to_event(1))
            return pyro.sample("x", self.p_x(z, y), obs=x)


def test_class_samples_and_analogies_of_a_prior_that_depends_on_the_class():
    grid = torch.from_numpy(pixels(class_samples(Mixture(), samples=2, image_shape=(1, 6))))
    for i in range(2):
        noise = [(grid[1 + 2 * i, 1 + 7 * k : 4 + 7 * k].logit() - 2 * torch.eye(3)[k]) / 0.5 for k in range(3)]
        torch.testing.assert_close(noise[1:], [noise[0]] * 2, rtol=1e-3, atol=1e-3)
    x = torch.tensor([[1.0, 0, 0, 1, 0, 0], [0, 1, 0, 0, 1, 0]])
    model = Mixture()
    found = model.classifier(x).argmax(-1)
    grid = torch.from_numpy(pixels(analogies(model, x, image_shape=(1, 6))))
    for i in range(2):
        for k in range(3):
            z = grid[1 + 2 * i, 8 + 7 * k : 11 + 7 * k].logit()
            wanted = x[i, :3] + 2 * torch.eye(3)[k] - 2 * torch.eye(3)[found[i]]
            torch.testing.assert_close(z, wanted.to(z), rtol=1e-3, atol=1e-3)


def test_a_prior_that_is_not_normal_is_refused():
    class Uniform(Echo):
        def model(self, x=None, y=None, size=1):
            with self.batch(x, y, size) as y:
                z = pyro.sample("z", dist.Uniform(torch.zeros(3), 1.0).to_event(1))
                return pyro.sample("x", self.p_x(z, pyro.sample("y", self.uniform_one_hot(), obs=y)), obs=x)

    with pytest.raises(ValueError, match="model: got a prior of z that is not normal, want a normal top latent"):
        class_samples(Uniform(), samples=2, image_shape=(1, 6))


class Copy(VAE):
    """A VAE whose mean image is its z plus one; the guide takes the row for z, without noise."""

    def __init__(self):
        super().__init__(6, z_size=6, hidden=(), likelihood="normal")
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.zero_()
            self.p_x.loc.weight.copy_(torch.eye(6))
            self.p_x.loc.bias.fill_(1.0)
            self.q_z.loc.weight.copy_(torch.eye(6))
            self.q_z.log_variance.bias.fill_(-40)


def test_reconstructions_are_below_their_rows():
    x = torch.rand(4, 6)
    model = Copy()
    grid = pixels(reconstructions(model, x, image_shape=(2, 3)))
    assert grid.shape == (2 * 3 + 1, 4 * 4 + 1)
    for i, row in enumerate(x):
        for top, want in ((1, row), (4, row + 1)):
            np.testing.assert_allclose(grid[top : top + 2, 1 + 4 * i : 4 + 4 * i], want.reshape(2, 3), atol=1e-6)
    assert model.training


def test_samples_are_means_at_draws_from_the_prior():
    grid = pixels(samples(Copy(), num_samples=400, columns=20, image_shape=(2, 3)))
    z = grid[~np.isnan(grid)] - 1
    assert z.shape == (2400,)
    assert abs(z.mean()) < 4 / 2400**0.5 and abs(z.std() - 1) < 4 / 4800**0.5  # standard errors of N(0, 1)


def test_samples_draw_a_class_where_there_is_one():
    ax = samples(Echo(), num_samples=300, columns=300, image_shape=(1, 6))
    classes = pixels(ax)[1, 1:].reshape(300, 7)[:, 3:6].argmax(-1)
    assert (np.bincount(classes, minlength=3) > 65).all()  # 100 expected, four standard deviations are 33


@pytest.mark.parametrize("kind", [torch.tensor, np.array, list, lambda rows: [torch.tensor(row) for row in rows]])
def test_kl_heat_map_sorts_units_by_their_last_kl(kind):
    ax = kl_heat_map(kind([[0.0, 3.0, 0.5], [0.0, 1.0, 2.0]]), every=5)
    image = ax.collections[0]
    np.testing.assert_array_equal(image.get_array(), [[0.5, 2.0], [3.0, 1.0], [0.0, 0.0]])
    assert ax.get_xlim() == (2.5, 12.5) and ax.get_ylim() == (3.5, 0.5)  # epochs 5 and 10, units 1 to 3
    inactive, half = image.to_rgba(np.array([0.01, 0.02]))
    np.testing.assert_array_equal(image.to_rgba(np.array([0.0, -0.1])), [inactive, inactive])
    np.testing.assert_array_equal(inactive, [1, 1, 1, 1])
    assert half[0] < 1
    assert ax.get_xlabel() == "epoch" and ax.figure.axes[1].get_ylabel() == "KL (nats)"


@pytest.mark.parametrize(
    ("kl", "message"),
    [
        ([1.0, 2.0], "kl: got shape (2,), want (epochs, units)"),
        ([], "kl: got shape (0,), want (epochs, units)"),
        ([[1.0, float("nan")]], "kl: got 1 NaN or infinite values, want nats"),
        ([[1.0, 2.0], [1.0]], "kl: got rows of different lengths, want (epochs, units)"),
    ],
)
def test_kl_heat_map_refuses(kl, message):
    with pytest.raises(ValueError) as error:
        kl_heat_map(kl)
    assert str(error.value) == message


def test_kl_heat_map_refuses_other_epochs_than_rows():
    with pytest.raises(ValueError, match="epochs: got 3, want 2, one for each row of kl"):
        kl_heat_map([[1.0], [2.0]], epochs=[1, 2, 3])


@pytest.mark.parametrize("epochs", [[2, 1], [1, 1]])
def test_kl_heat_map_refuses_epochs_that_do_not_increase(epochs):
    with pytest.raises(ValueError, match=rf"epochs: got \[{epochs[0]}, 1\], want increasing numbers"):
        kl_heat_map([[1.0], [2.0]], epochs=epochs)
    with pytest.raises(ValueError, match="every: got 0, want a positive int"):
        kl_heat_map([[1.0], [2.0]], every=0)


@pytest.mark.parametrize(("options", "limits"), [({"every": 4}, (2, 6)), ({"epochs": [7]}, (6.5, 7.5))])
def test_kl_heat_map_of_one_epoch_has_a_column(options, limits):
    ax = kl_heat_map([[3.0, 1.0]], **options)
    assert ax.get_xlim() == limits
    assert set(ax.get_yticks()) >= {1, 2} and all(tick % 1 == 0 for tick in ax.get_yticks())  # units are whole


HISTORY = [  # measured at every second epoch and at the last
    {"epoch": 1, "loss": 9.0},
    {"epoch": 2, "loss": 8.0, "KL of z1": torch.tensor([1.0, 2.0]), "KL of z2": torch.tensor([0.5])},
    {"epoch": 4, "loss": 7.0, "KL of z1": torch.tensor([4.0, 3.0]), "KL of z2": torch.tensor([0.25])},
    {"epoch": 5, "loss": 7.0, "KL of z1": torch.tensor([5.0, 6.0]), "KL of z2": torch.tensor([0.125])},
]


def test_heat_maps_of_a_history_have_a_map_for_each_latent_at_its_epochs():
    axes = kl_heat_maps(HISTORY)
    assert [ax.get_title() for ax in axes] == ["z1", "z2"]
    np.testing.assert_array_equal(axes[0].collections[0].get_array(), [[2.0, 3.0, 6.0], [1.0, 4.0, 5.0]])
    edges = axes[0].collections[0].get_coordinates()[0, :, 0]
    np.testing.assert_array_equal(edges, [1.0, 3.0, 4.5, 5.5])
    np.testing.assert_array_equal(axes[1].collections[0].get_array(), [[0.5, 0.25, 0.125]])
    assert [ax.collections[0].get_clim() for ax in axes] == [(0.01, 6.0)] * 2  # the same grey is the same KL


def test_kl_curves_are_sums_over_the_units_of_each_latent():
    lines = kl_curves(HISTORY).get_lines()
    assert [line.get_label() for line in lines] == ["z1", "z2"]
    assert [line.get_xydata().tolist() for line in lines] == [
        [[2, 3.0], [4, 7.0], [5, 11.0]],
        [[2, 0.5], [4, 0.25], [5, 0.125]],
    ]


@pytest.mark.parametrize("figure", [kl_of_units, kl_heat_maps, kl_curves])
def test_a_history_without_kl_is_refused(figure):
    with pytest.raises(ValueError, match="history: got no column 'KL of ...', want the history of a recipe with kl"):
        figure([{"epoch": 1, "loss": 9.0}])


@pytest.mark.parametrize("kl", [[torch.ones(2), torch.ones(3)], [1.0, 2.0]])
def test_a_history_with_other_units_is_refused(kl):
    with pytest.raises(ValueError, match=r"history: got shapes .* of KL of z, want \(units,\) in all"):
        kl_of_units([{"epoch": epoch, "KL of z": value} for epoch, value in enumerate(kl)])


@pytest.mark.parametrize("kl", [{}, {"VAE": {}}])
def test_kl_bars_refuse_nothing(kl):
    with pytest.raises(ValueError, match=r"kl: got .*, want one or more models with one or more sites each"):
        kl_bars(kl)


def test_a_curve_of_one_point_is_a_dot():
    """One point has no line, so without a marker nothing is drawn."""
    history = [HISTORY[1] | {"error": 1.0}, HISTORY[2]]
    run = [{"samples": 100, "train": -9.0, "test": -8.0}]
    axes = [learning_curve(history, ["error", "loss"], "nats"), kl_curves(history[:1]), kl_curves(history)]
    axes += training_curves({"3 latents": {"AEVB": [run]}, "5 latents": {"AEVB": [run * 2]}}, "nats")
    markers = [[line.get_marker() for line in ax.lines] for ax in axes]
    assert markers == [["o", "None"], ["o"] * 2, ["None"] * 2, ["o"] * 2, ["None"] * 2]


def test_kl_bars_sum_the_units_of_each_layer_of_each_model():
    kl = {"VAE": {"z1": torch.tensor([3.0, 1.0]), "z2": [0.5]}, "LVAE": {"z2": 2.0, "z3": np.ones(3)}}
    ax = kl_bars(kl)
    bars = [[(round(b.get_x() + b.get_width() / 2, 3), b.get_height()) for b in group] for group in ax.containers]
    assert bars == [[(-0.2, 4.0), (0.8, 0.5)], [(1.2, 2.0), (2.2, 3.0)]]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["z1", "z2", "z3"]
    assert ax.get_legend_handles_labels()[1] == ["VAE", "LVAE"] and ax.get_ylabel() == "KL (nats)"
    assert [text.get_text() for text in ax.texts] == ["4.0", "0.5", "2.0", "3.0"]


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


def test_latent_pca_draws_the_two_axes_of_largest_variance_in_the_colours_of_the_classes(monkeypatch):
    """Rows on a cross, turned, in three dimensions: a variance of 8 along one arm and of 2 along the other."""
    turn = torch.tensor([[0.6, 0.8, 0.0], [-0.8, 0.6, 0.0]])
    values = {"a": torch.tensor([[4.0, 0], [-4, 0], [0, 2], [0, -2]]) @ turn, "z": torch.randn(4, 3)}
    monkeypatch.setattr("pyrodgm.plot.plane.latents", lambda model, x: values)
    ax = latent_pca(None, None, torch.tensor([0, 0, 1, 1]), site="a")
    drawn = [np.abs(part.get_offsets()).round(5).tolist() for part in ax.collections]
    assert drawn == [[[4, 0]] * 2, [[0, 2]] * 2]
    assert ax.get_xlabel() == "first component of a (80 %)" and ax.get_ylabel() == "second component (20 %)"
    assert [tuple(part.get_facecolor()[0, :3]) for part in ax.collections] == list(plt.get_cmap("tab10").colors[:2])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["0", "1"]


@pytest.mark.parametrize("classes", [10, 11, 20, 21, 60])
def test_every_class_has_a_colour_of_its_own(classes, monkeypatch):
    values = torch.randn(classes, 3)
    monkeypatch.setattr("pyrodgm.plot.plane.latents", lambda model, x: {"z": values})
    ax = latent_pca(None, None, torch.arange(classes))
    colours = {tuple(part.get_facecolor()[0]) for part in ax.collections}
    assert len(colours) == classes
    ax.figure.canvas.draw()
    beside = ax.get_legend().get_window_extent().x0 >= ax.get_window_extent().x1
    assert beside == (classes > 10)  # a long legend would cover the rows


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"site": "q"}, "site: got 'q', want one of z"),
        ({"model": small(VAE, z_size=1)}, "site: got values of shape (4, 1) of z, want two or more rows and units"),
        ({"x": torch.rand(1, 6)}, "site: got values of shape (1, 2) of z, want two or more rows and units"),
        (
            {"y": torch.zeros(3, dtype=torch.long)},
            "y: got torch.int64 of shape (3,), want class indices (4,), one for each row of x",
        ),
        ({"y": torch.zeros(4)}, "y: got torch.float32 of shape (4,), want class indices (4,), one for each row of x"),
        ({"y": torch.tensor([0, 1, -1, 0])}, "y: got a label -1, want class indices from 0"),
    ],
)
def test_latent_pca_refuses(changes, message):
    usual = {"model": small(VAE, z_size=2), "x": torch.rand(4, 6), "y": torch.tensor([0, 1, 0, 1])}
    with pytest.raises(ValueError) as error:
        latent_pca(**usual | changes)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x": torch.rand(4, 3)}, "x: got shape (4, 3), want finite rows (B, 2)"),
        ({"x": torch.full((4, 2), torch.nan)}, "x: got shape (4, 2), want finite rows (B, 2)"),
        ({"x": torch.rand(0, 2)}, "x: got no rows, want at least one"),
        ({"labelled": torch.tensor([0, 2])}, "labelled: got shape (2,), want finite rows (B, 2)"),
        ({"y": torch.tensor([0, 1, 2, 5])}, "y: got labels up to 5, want 0 to 2"),
        ({"y": torch.tensor([0, 1, -1, 0])}, "y: got a label -1, want class indices from 0"),
        ({"steps": 0}, "steps: got 0, want a positive int"),
    ],
)
def test_decision_regions_refuse(changes, message):
    usual = {"model": M2(2, 3, z_size=1, hidden=(3,)), "x": torch.rand(4, 2), "y": torch.tensor([0, 1, 0, 1])}
    with pytest.raises(ValueError) as error:
        decision_regions(**usual | changes)
    assert str(error.value) == message


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


def test_decision_regions_are_drawn_where_the_rows_are():
    """Class 1 is at the bottom right."""

    class Corner(torch.nn.Linear):
        num_classes = 2

        def classifier(self, x):
            inside = (x[:, 0] > 4) & (x[:, 1] < 0)
            return torch.stack([~inside, inside], -1).to(x.dtype)

    x, y = torch.tensor([[0.0, 1], [10, -1]]), torch.tensor([0, 1])
    ax = decision_regions(Corner(1, 1), x, y, labelled=x[:1], steps=20)
    (image,) = ax.images
    colours = image.get_array()
    corners = [colours[i, j, 0] > colours[i, j, 2] for i, j in ((0, 0), (0, -1), (-1, 0), (-1, -1))]
    assert image.origin == "lower" and corners == [False, True, False, False]  # orange, in the first line
    assert image.get_extent() == pytest.approx([-0.3, 10.3, -1.3, 1.3])
    drawn = [(part.get_offsets().tolist(), tuple(part.get_facecolor()[0, :3])) for part in ax.collections]
    blue, orange = plt.get_cmap("tab10").colors[:2]
    assert [rows for rows, _ in drawn] == [[[0, 1]], [[10, -1]], [[0, 1]]]
    np.testing.assert_allclose([colour for _, colour in drawn], [blue, orange, (0, 0, 0)], atol=1e-6)


def test_learning_curve_draws_what_was_measured():
    history = [{"epoch": 1, "loss": 3.0}, {"epoch": 2, "loss": 2.0, "error": 9.0}]
    ax = learning_curve(history, ["loss", "error"], "nats", reference={"paper": 1.0})
    assert [line.get_xydata().tolist() for line in ax.lines[:2]] == [[[1, 3], [2, 2]], [[2, 9]]]
    assert ax.get_legend_handles_labels()[1] == ["loss", "error", "paper"]


def test_learning_curve_refuses_a_column_that_is_not_there():
    with pytest.raises(ValueError, match=r"keys: got \['lost'\], want one or more of the columns \['loss'\]"):
        learning_curve([{"epoch": 1, "loss": 3.0}], ["loss", "lost"], "nats")
    assert not plt.get_fignums()


def test_training_curves_have_a_colour_for_each_name_in_all_panels():
    run = [{"samples": 100, "train": -9.0, "test": -8.0}, {"samples": 200, "train": -7.0, "test": -6.0}]
    axes = training_curves({"3": {"AEVB": [run]}, "5": {"wake-sleep": [run], "AEVB": [run]}}, "nats")
    colours = [{line.get_label(): line.get_color() for line in ax.lines} for ax in axes]
    assert colours[0] == {"AEVB (train)": "C0", "AEVB (test)": "C0"}
    assert colours[1] == colours[0] | {"wake-sleep (train)": "C1", "wake-sleep (test)": "C1"}
    labels = [text.get_text() for text in axes[0].get_legend().get_texts()]
    assert labels == ["AEVB (train)", "AEVB (test)", "wake-sleep (train)", "wake-sleep (test)"]


@pytest.mark.parametrize("panels", [{}, {"3": {}}, {"3": {"AEVB": [[]]}}])
def test_training_curves_refuse_nothing(panels):
    with pytest.raises(ValueError, match=rf"panels: got {len(panels)} with the curves .*, want one or more, and rows"):
        training_curves(panels, "nats")


def test_training_curves_are_of_both_parts_by_the_rows_seen():
    runs = [[{"samples": 100, "train": -9.0, "test": -8.0}, {"samples": 200, "train": -7.0, "test": -6.0}]] * 2
    axes = training_curves({"3 latents": {"AEVB": runs, "wake-sleep": runs[:1]}, "5 latents": {"AEVB": runs}}, "nats")
    assert [ax.get_title() for ax in axes] == ["3 latents", "5 latents"]
    assert [len(ax.lines) for ax in axes] == [6, 4] and axes[0].get_xscale() == "log"
    drawn = {(line.get_linestyle(), *line.get_ydata()) for line in axes[0].lines}
    assert drawn == {("-", -9.0, -7.0), ("--", -8.0, -6.0)}
    assert all(list(line.get_xdata()) == [100, 200] for line in axes[0].lines)
    labels = [text.get_text() for text in axes[0].get_legend().get_texts()]
    assert labels == ["AEVB (train)", "AEVB (test)", "wake-sleep (train)", "wake-sleep (test)"]
