import os
from pathlib import Path

import numpy as np
import pytest
import torch

from pyrodgm.data import dequantise, from_arrays, keep_varying, load, project, standardise


def colours(rows=500, channels=3, seed=0):
    """Images of 4x5 pixels on 256 levels whose channels differ in mean and deviation, with labels."""
    generator = np.random.default_rng(seed)
    scale, shift = np.array([1.0, 0.5, 0.25])[:channels], np.array([0.0, 0.25, 0.7])[:channels]
    images = (255 * (generator.random((rows, 4, 5, channels)) * scale + shift)).round() / 255
    return from_arrays(images.clip(0, 1), np.arange(rows) % 2)


class TestKeepVarying:
    def test_the_columns_below_the_threshold_go_and_come_back_as_zeros(self):
        images = torch.rand(100, 3, 4)
        images[:, :, [0, 2]] *= 0.01
        kept = keep_varying(data := from_arrays(images))
        assert kept.x_size == 6 and kept.columns.tolist() == [1, 3, 5, 7, 9, 11] and kept.image_shape == (3, 4)
        for name in kept.parts:
            shown = kept.images(kept.parts[name].x)
            expected = data.images(data.parts[name].x).clone()
            expected[:, :, [0, 2]] = 0
            assert torch.equal(shown, expected)
        twice = keep_varying(kept, threshold=float(kept.train.x.std(0).median()))
        assert 0 < twice.x_size < 6 and torch.equal(twice.test.x, data.test.x[:, twice.columns])

    def test_a_last_column_that_went_comes_back_as_zeros(self):
        images = torch.rand(20, 3, 4)
        images[:, :, 3] = 0
        kept = keep_varying(data := from_arrays(images))
        assert kept.columns.tolist() == [0, 1, 2, 4, 5, 6, 8, 9, 10]
        assert kept.images(kept.test.x).shape == (len(data.test.x), 3, 4)

    def test_only_the_rows_to_train_on_decide(self):
        data = from_arrays([[0.0, 0.0], [1.0, 0.0]], x_validation=[[0, 9]], x_test=[[9, 9]])
        assert keep_varying(data).x_size == 1 and keep_varying(data).columns is None

    def test_the_threshold_is_a_standard_deviation(self):
        x = torch.tensor([[-1.0], [1.0]]) * torch.tensor([0.02, 0.09, 0.11, 0.5])
        kept = keep_varying(from_arrays(x, x_validation=x, x_test=x)).train.x
        torch.testing.assert_close(kept[1], torch.tensor([0.11, 0.5]))

    def test_no_column_remains(self):
        with pytest.raises(ValueError, match="threshold: got 5, above the deviation of every column"):
            keep_varying(colours(), threshold=5)

    @pytest.mark.skipif(
        not (Path(os.environ.get("PYRODGM_DATA", "nowhere")) / "mnist").exists(), reason="no MNIST in $PYRODGM_DATA"
    )
    def test_mnist_leaves_444_over_50_000_rows_and_over_60_000(self):
        data = load("mnist")
        assert keep_varying(data).x_size == 444
        x = torch.cat([data.train.x, data.validation.x])
        assert keep_varying(data._replace(train=data.train._replace(x=x))).x_size == 444


class TestDequantise:
    def test_the_noise_is_uniform_within_each_level(self):
        data = colours()
        noisy = dequantise(data)
        for name, rows in noisy.parts.items():
            level = (data.parts[name].x * 255).round()
            assert torch.equal((rows.x * 256).floor(), level)
        u = (noisy.train.x * 256).frac().flatten().double()
        error = 1 / (12 * len(u)) ** 0.5
        assert float(u.mean()) == pytest.approx(0.5, abs=4 * error)
        assert float(u.square().mean()) == pytest.approx(1 / 3, abs=4 * (4 / 45 / len(u)) ** 0.5)

    def test_the_largest_level_stays_below_one(self):
        """(255 + u) / 256 rounds to 1 in single precision for the largest of a million draws."""
        assert float(dequantise(from_arrays(torch.ones(1000, 1000))).train.x.max()) < 1

    def test_the_seed_fixes_it_and_the_labels_stay(self):
        data = colours()
        first, again, other = (dequantise(data, seed=seed) for seed in (1, 1, 2))
        assert torch.equal(first.test.x, again.test.x) and not torch.equal(first.test.x, other.test.x)
        assert torch.equal(first.train.y, data.train.y) and first.image_shape == data.image_shape

    def test_other_levels(self):
        noisy = dequantise(load("digits"), levels=17)
        assert torch.equal((noisy.test.x * 17).floor(), (load("digits").test.x * 16).round())

    @pytest.mark.parametrize(
        "make", [lambda: load("digits", counts=True), lambda: load("moons"), lambda: load("digits")]
    )
    def test_values_off_the_levels(self, make):
        with pytest.raises(ValueError, match="data: got values that are not on 256 levels, want k / 255"):
            dequantise(make())

    @pytest.mark.parametrize("level", [-1, 256])
    def test_a_level_beside_the_others_is_refused(self, level):
        data = colours()
        data.test.x[0, 0] = level / 255
        with pytest.raises(ValueError, match="data: got values that are not on 256 levels, want k / 255"):
            dequantise(data)


class TestStandardise:
    def test_each_colour_has_mean_zero_and_deviation_one(self):
        data = colours()
        images = standardise(data).images(standardise(data).train.x)
        torch.testing.assert_close(images.mean((0, 1, 2)), torch.zeros(3), atol=1e-5, rtol=0)
        torch.testing.assert_close(images.std((0, 1, 2), correction=0), torch.ones(3))
        raw = data.images(data.test.x)
        train = data.images(data.train.x)
        expected = (raw - train.mean((0, 1, 2))) / train.std((0, 1, 2), correction=0)
        torch.testing.assert_close(standardise(data).images(standardise(data).test.x), expected, atol=1e-5, rtol=1e-5)

    def test_without_centring_it_only_divides(self):
        data = colours()
        deviation = data.images(data.train.x).std((0, 1, 2), correction=0)
        scaled = standardise(data, centre=False)
        torch.testing.assert_close(scaled.images(scaled.test.x), data.images(data.test.x) / deviation)

    def test_a_grey_image_is_one_channel(self):
        data = standardise(load("digits"))
        assert float(data.train.x.mean()) == pytest.approx(0, abs=1e-5)
        assert float(data.train.x.std(correction=0)) == pytest.approx(1, rel=1e-5)
        assert float(data.train.x[:, 0].std()) < 1e-5  # the corner that has no ink

    def test_a_table_has_a_channel_a_column_and_a_constant_one_is_shifted(self):
        generator = torch.Generator().manual_seed(0)
        x = torch.randn(200, 4, generator=generator) * torch.tensor([1e-4, 1e4, 0.0, 0.0])
        x += torch.tensor([0.0, 5.0, 7.0, 0.0])
        train = standardise(from_arrays(x)).train.x
        torch.testing.assert_close(train.mean(0), torch.zeros(4), atol=1e-5, rtol=0)
        torch.testing.assert_close(train.std(0, correction=0), torch.tensor([1.0, 1.0, 0.0, 0.0]))

    def test_a_column_of_small_numbers_is_divided_too(self):
        x = torch.randn(200, 1, generator=torch.Generator().manual_seed(0)) * 1e-9
        for shift in (0, 5e-9):
            train = standardise(from_arrays(x + shift)).train.x
            torch.testing.assert_close(train.std(0, correction=0), torch.ones(1))

    def test_a_column_that_varies_by_rounding_alone_is_only_shifted(self):
        x = torch.full((40, 1), 1000.0)
        x[::2] = x[::2].nextafter(torch.tensor(2000.0))
        found = standardise(from_arrays(x)).train.x
        assert float(found.abs().max()) < 1e-3

    def test_colours_stay_apart_after_columns_were_dropped(self):
        data = colours()
        images = data.images(data.train.x).clone()
        images[:, 0, 0, 1] = 0
        data = keep_varying(data._replace(train=data.train._replace(x=images.flatten(1))), threshold=0.05)
        assert data.x_size == 59
        train = standardise(data).train.x
        for colour in range(3):
            values = train[:, data.columns % 3 == colour]
            assert float(values.mean()) == pytest.approx(0, abs=1e-5)
            assert float(values.std(correction=0)) == pytest.approx(1, rel=1e-5)


class TestProject:
    def test_all_components_keep_distances_and_the_first_hold_the_variance(self):
        data = load("digits")
        whole = project(data, 64)
        torch.testing.assert_close(
            torch.cdist(whole.test.x, whole.train.x), torch.cdist(data.test.x, data.train.x), atol=2e-3, rtol=1e-3
        )
        x = data.train.x.double()
        eigenvalues = torch.linalg.eigvalsh(torch.cov(x.T, correction=0)).flip(0)
        torch.testing.assert_close(
            project(data, 5).train.x.double().var(0, correction=0), eigenvalues[:5], rtol=1e-3, atol=0
        )
        torch.testing.assert_close(project(data, 5).train.x.mean(0), torch.zeros(5), atol=1e-4, rtol=0)
        assert whole.image_shape is None and whole.columns is None and torch.equal(whole.train.y, data.train.y)

    @pytest.mark.parametrize("components", [0, 65])
    def test_bad_components(self, components):
        with pytest.raises(ValueError, match=f"components: got {components}, want 1 to 64"):
            project(load("digits"), components)


def test_rows_that_are_no_images():
    with pytest.raises(ValueError, match="data: got moons without image_shape, want a data set whose rows are images"):
        load("moons").images(torch.zeros(1, 2))
    with pytest.raises(ValueError, match=r"x: got shape \(1, 3\), want \(B, 64\)"):
        load("digits").images(torch.zeros(1, 3))


@pytest.mark.parametrize("function", [keep_varying, dequantise, standardise, lambda data: project(data, 2)])
def test_rows_alone_are_refused(function):
    with pytest.raises(ValueError, match="data: got Tensor, want a Dataset, as load gives"):
        function(torch.rand(3, 2))
