"""Random data have the stated distribution and are redrawn: resampling, label selection, and batches.

Tolerances are 5 standard errors.
"""

import math

import numpy as np
import pytest
import torch
from scipy.stats import binom, kstest

from pyrodgm.data import Batches, Dataset, Rows, dequantise, select_labels
from pyrodgm.estimators import M1
from pyrodgm.estimators.targets import hold_out
from pyrodgm.zoo.training import RESAMPLE

ROWS, EPOCHS = 500, 8


def bernoulli(x):
    """The two values and their probabilities, each ``(2, *x.shape)``."""
    return torch.stack([torch.zeros_like(x), torch.ones_like(x)]), torch.stack([1 - x, x])


def four_draws_of_sixteen(x):
    """4 n for n of Binomial(4, x / 16): the values and their probabilities."""
    values = torch.arange(5.0).reshape(-1, *[1] * x.dim()).expand(-1, *x.shape)
    return 4 * values, torch.tensor(binom.pmf(values.numpy(), 4, x.numpy() / 16)).float()


STATED = {  # by the names that recipes have: columns of x, options, and the law of a value
    "binarise": (torch.tensor([0.0, 0.02, 0.3, 0.5, 0.9, 1.0]), {}, bernoulli),
    "resample_counts": (torch.arange(0.0, 17.0, 2.0), {"total_count": 16, "draws": 4}, four_draws_of_sixteen),
}


def epochs_of(batches):
    """The rows of every epoch in the order of their first column, ``(E, N, D)``, and labelled ones."""
    found = []
    for _ in range(EPOCHS):
        epoch = list(batches)
        rows = torch.cat([batch["unlabelled"] for batch in epoch])
        found.append((rows[rows[:, 0].argsort()][:, 1:], epoch[0]["labelled"][0][:, 1:]))
    return (torch.stack(part) for part in zip(*found, strict=True))


def check_uncorrelated(a, b):
    """The mean product of two sets of residuals is zero, within 5 standard errors."""
    product = (a * b).double().flatten()
    assert abs(float(product.mean())) < 5 * float(product.std()) / math.sqrt(len(product))
    assert float(product.std()) > 0


@pytest.mark.parametrize("name", RESAMPLE)
def test_rows_are_drawn_anew_from_the_stated_law_at_every_epoch(name):
    columns, options, law = STATED[name]
    x = torch.cat([torch.arange(float(ROWS))[:, None], columns.expand(ROWS, -1)], 1)  # the first column numbers them

    def resample(x, generator):
        return torch.cat([x[:, :1], RESAMPLE[name](x[:, 1:], generator=generator, **options)], 1)

    batches = Batches(x, 100, (x, torch.zeros(ROWS)), resample=resample, seed=1)
    unlabelled, labelled = epochs_of(batches)
    values, probabilities = law(columns)
    mean = (values * probabilities).sum(0)
    for drawn in (unlabelled, labelled):
        count = drawn[..., 0].numel()
        shares = (drawn == values[:, None, None]).float().mean((1, 2))
        torch.testing.assert_close(shares.sum(0), torch.ones(len(columns)))  # there are no other values
        error = (probabilities * (1 - probabilities) / count).sqrt()
        assert bool(((shares - probabilities).abs() <= 5 * error + 1e-6).all())
        noise = drawn - mean
        check_uncorrelated(noise[1:], noise[:-1])  # the epochs
        check_uncorrelated(noise[:, 1:], noise[:, :-1])  # the rows of one
        check_uncorrelated(noise[..., 1:], noise[..., :-1])  # the columns of a row
        assert bool((noise.sum((1, 2)).diff() != 0).all())
    check_uncorrelated(unlabelled - mean, labelled - mean)
    again, _ = epochs_of(Batches(x, 100, (x, torch.zeros(ROWS)), resample=resample, seed=1))
    other, _ = epochs_of(Batches(x, 100, (x, torch.zeros(ROWS)), resample=resample, seed=2))
    assert torch.equal(again, unlabelled)
    check_uncorrelated(unlabelled - mean, other - mean)


def test_measured_columns_get_fresh_noise_of_a_tenth_of_their_deviation(watched):
    table = np.random.RandomState(0).randn(200, 5) * [1, 2, 3, 4, 500]
    M1(z_size=1, hidden=(2,), epochs=1).fit(table)
    (run,) = watched
    x, generator = run.batches.x, torch.Generator().manual_seed(0)
    assert 0.8 < float(x.std()) < 1.2  # standardised
    noise = torch.stack([run.batches.resample(x, generator=generator) - x for _ in range(EPOCHS)])
    assert kstest(noise.flatten().numpy() / 0.1, "norm").pvalue > 1e-4
    for a, b in ((noise[1:], noise[:-1]), (noise[:, 1:], noise[:, :-1]), (noise[..., 1:], noise[..., :-1])):
        check_uncorrelated(a, b)
    M1(z_size=1, hidden=(2,), epochs=1).fit(np.arange(60).reshape(20, 3) % 7)
    assert watched[1].batches.resample is None  # counts stay as they are


def test_dequantising_noise_is_one_of_its_own_for_every_value():
    x = torch.randint(0, 8, (600, 20), generator=torch.Generator().manual_seed(0)) / 7
    parts = [Rows(x.clone()) for _ in range(3)]
    noisy = dequantise(Dataset("levels", *parts), levels=8)
    u = torch.stack([8 * rows.x - (7 * x).round() for rows in noisy.parts.values()])
    assert kstest(u.flatten().numpy(), "uniform").pvalue > 1e-4
    for a, b in ((u[1:], u[:-1]), (u[:, 1:], u[:, :-1]), (u[..., 1:], u[..., :-1])):
        check_uncorrelated(a - 0.5, b - 0.5)


SEEDS = 400
CLASSES = torch.tensor([0] * 20 + [1] * 40 + [2] * 60)


def check_every_row_of_a_class_is_as_likely(chosen, shares):
    """``chosen (seeds, N)`` of bool: each class has its share of the rows, and each row that of its class."""
    found = chosen.float().mean(0)
    error = (shares * (1 - shares) / len(chosen)).sqrt()
    score = (found - shares) / error
    assert float(score.abs().max()) < 5
    assert float(score.square().mean()) == pytest.approx(1, abs=5 * math.sqrt(2 / len(shares)))
    assert len({tuple(row.nonzero().flatten().tolist()) for row in chosen}) == len(chosen)


def test_labels_to_keep_are_spread_over_the_classes_and_differ_from_seed_to_seed():
    y = CLASSES[torch.randperm(120, generator=torch.Generator().manual_seed(0))]
    chosen = torch.zeros(SEEDS, 120, dtype=torch.bool)
    more = torch.zeros(3)
    for seed in range(SEEDS):
        rows = select_labels(y, 10, 3, seed)
        counts = torch.bincount(y[rows], minlength=3)
        assert sorted(counts.tolist()) == [3, 3, 4] and len(set(rows.tolist())) == 10
        chosen[seed, rows], more = True, more + (counts == 4)
    assert bool(((more / SEEDS - 1 / 3).abs() < 5 * math.sqrt(2 / 9 / SEEDS)).all())
    shares = (10 / 3) / torch.bincount(y)[y]
    check_every_row_of_a_class_is_as_likely(chosen, shares)


def test_labels_held_out_are_a_share_of_every_class_and_differ_from_seed_to_seed():
    y = torch.cat([CLASSES, torch.full((30,), -1)])
    chosen = torch.zeros(SEEDS, 150, dtype=torch.bool)
    for seed in range(SEEDS):
        learn, stop = hold_out(y.numpy(), 0.25, [0, 1, 2], seed)
        assert np.bincount(y[stop]).tolist() == [5, 10, 15] and sorted([*learn, *stop]) == list(range(120))
        chosen[seed, stop] = True
    check_every_row_of_a_class_is_as_likely(chosen[:, :120], torch.full((120,), 0.25))


@pytest.mark.parametrize(("rows", "visited"), [(60, 60), (70, 60)])
def test_every_row_is_visited_once_an_epoch_in_another_order(rows, visited):
    batches = Batches(torch.arange(float(rows))[:, None], 20, seed=1)
    epochs = torch.stack([torch.cat([b["x"] for b in batches]).flatten().long() for _ in range(SEEDS)])
    assert epochs.shape == (SEEDS, visited) and all(len(set(epoch.tolist())) == visited for epoch in epochs)
    assert len({tuple(epoch.tolist()) for epoch in epochs}) == SEEDS
    place = torch.full((SEEDS, rows), float("nan")).scatter(1, epochs, torch.arange(float(visited)).expand(SEEDS, -1))
    seen = ~place.isnan()
    error = math.sqrt((visited / rows) * (1 - visited / rows) / SEEDS)
    assert bool(((seen.float().mean(0) - visited / rows).abs() <= 5 * error).all())
    mean, deviation = (visited - 1) / 2, math.sqrt((visited**2 - 1) / 12)
    assert bool(((place.nanmean(0) - mean).abs() < 5 * deviation / seen.sum(0).sqrt()).all())
    both = seen[1:] & seen[:-1]
    check_uncorrelated((place[1:] - mean)[both], (place[:-1] - mean)[both])


@pytest.mark.parametrize("size", [4, 7])
def test_labelled_rows_take_turns_in_another_order(size):
    x = torch.arange(10.0)[:, None]
    batches = Batches(torch.rand(20, 1), 2, (x, torch.arange(10)), size, seed=1)
    rounds = torch.cat([batch["labelled"][1] for _ in range(70) for batch in batches]).reshape(-1, 10)
    assert bool((rounds.sort(1).values == torch.arange(10)).all())
    assert bool((rounds[1:] != rounds[:-1]).any(1).all())
    place = rounds.argsort(1).float()
    assert bool(((place.mean(0) - 4.5).abs() < 5 * math.sqrt(99 / 12 / len(rounds))).all())
    check_uncorrelated(place[1:] - 4.5, place[:-1] - 4.5)
