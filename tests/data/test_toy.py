import pytest
import torch

from pyrodgm.data import load


class TestCircles:
    def test_without_noise_the_rows_lie_on_two_circles(self):
        data = load("circles", noise=0.0, factor=0.3)
        assert [len(rows.x) for rows in data.parts.values()] == [10_000, 1_000, 10_000]
        radius = torch.where(data.test.y == 0, 1.0, 0.3)
        torch.testing.assert_close(data.test.x.norm(dim=-1), radius)
        for y in (0, 1):
            mean, error = data.test.x[data.test.y == y].mean(0), (0.5 / 5000) ** 0.5
            assert float(mean.abs().max()) < 4 * error

    def test_noise_has_its_standard_deviation_and_the_seed_fixes_it(self):
        noisy, again, other = load("circles"), load("circles"), load("circles", seed=1)
        radius = noisy.train.x[noisy.train.y == 0].norm(dim=-1)
        assert float(radius.std()) == pytest.approx(0.05, rel=0.05)
        assert torch.equal(noisy.test.x, again.test.x) and not torch.equal(noisy.test.x, other.test.x)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"noise": -1}, "noise: got -1, want a standard deviation"),
            ({"factor": 1.5}, "factor: got 1.5, want the inner"),
            ({"factor": 1}, "factor: got 1, want the inner"),
        ],
    )
    def test_bad_options(self, options, message):
        with pytest.raises(ValueError, match=message):
            load("circles", **options)


class TestPotential:
    def test_two_halves_on_a_ring_without_labels(self):
        data = load("potential").to("cpu")
        assert data.num_classes is None and data.train.y is None and data.x_size == 2
        x = torch.cat([rows.x for rows in data.parts.values()])
        assert float((x[:, 0] > 0).float().mean()) == pytest.approx(0.5, abs=4 * 0.5 / len(x) ** 0.5)
        assert 1.8 < float(x.norm(dim=-1).mean()) < 2.2

    def test_the_seed_fixes_it_and_leaves_the_callers_alone(self):
        torch.manual_seed(5)
        expected = torch.rand(1)
        torch.manual_seed(5)
        first, again, other = load("potential"), load("potential"), load("potential", seed=1)
        assert torch.equal(torch.rand(1), expected)
        assert torch.equal(first.test.x, again.test.x) and not torch.equal(first.test.x, other.test.x)
