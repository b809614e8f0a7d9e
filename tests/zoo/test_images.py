"""Image recipes: settings by hand, and the model with the image shape of the data."""

from dataclasses import replace

import pytest
import torch
from pyro.infer import SVI

from pyrodgm.data import Dataset, Rows, load
from pyrodgm.evaluate import kl_per_unit
from pyrodgm.models.catalogue import is_of_images
from pyrodgm.zoo import RECIPES, prepare, train
from tests import by_hand

FLOW = {"reverse_every": 2, "num_steps": 2}
MNIST = {
    "data": ("mnist", {}), "epochs": 150, "batch_size": 100, "learning_rate": 1e-3, "objective": ("elbo", {}),
    "schedule": ("linear", {"start": 75, "end": 150}), "resample": ("binarise", {}), "importance_samples": 128,
    "importance_rows": None, "monitor": None, "ema": None, "optimizer": ("Adam", {}), "warm_up_epochs": 0,
    "preprocess": (), "posterior": ("iaf", FLOW | {"made_hidden": (1920, 1920)}),
    "maps": (16, 32, 32), "hidden": (450,), "z_size": 32, "likelihood": "bernoulli", "activation": "elu",
    "weight_norm": True, "precision": "bfloat16",
}  # fmt: skip
BY_HAND = {
    "mnist-iafvae-normal": MNIST | {"posterior": "normal"},
    "mnist-iafvae-iaf-2-320": MNIST | {"posterior": ("iaf", FLOW | {"made_hidden": (320, 320)})},
    "mnist-iafvae-iaf-2-1920": MNIST,
    "binarised-mnist-iafvae": MNIST | {"data": ("binarised-mnist", {}), "resample": None},
    "digits-iafvae": MNIST | {
        "data": ("digits", {"counts": True}), "epochs": 100, "learning_rate": 2e-3,
        "schedule": ("linear", {"start": 50, "end": 100}), "importance_samples": 1000,
        "resample": ("resample_counts", {"total_count": 16, "draws": 4}), "maps": (16, 32), "hidden": (128,),
        "z_size": 16, "posterior": ("iaf", FLOW | {"made_hidden": (64, 64)}),
        "likelihood": ("binomial", {"total_count": 16}), "precision": "float32",
    },
}  # fmt: skip
FAME = {
    "data": ("mnist", {}), "epochs": 40, "batch_size": 100, "learning_rate": 1e-3, "objective": ("elbo", {}),
    "schedule": ("linear", {"start": 20, "end": 40}), "resample": ("binarise", {}), "importance_samples": 500,
    "importance_rows": 200, "monitor": None, "ema": None, "optimizer": ("Adam", {}), "warm_up_epochs": 8,
    "warm_up_start": 0.3, "preprocess": (), "posterior": "normal", "z_sizes": (64, 32, 16, 8, 4), "maps": (32, 64, 64),
    "hidden": ((256,), (256,), (128,), (64,), (32,)), "pixel_maps": 32, "concatenation": True, "batch_norm": True,
    "scale_head": "softplus_sigma", "likelihood": "bernoulli", "precision": "bfloat16",
}  # fmt: skip
BY_HAND |= {
    "mnist-fame": FAME,
    "mnist-fame-no-concatenation": FAME | {"concatenation": False},
    "binarised-mnist-fame": FAME | {"data": ("binarised-mnist", {}), "resample": None},
    "omniglot-box-fame": FAME | {
        "data": ("omniglot", {"box": True}), "epochs": 80, "schedule": ("linear", {"start": 40, "end": 80}),
        "warm_up_epochs": 16,
    },
    "digits-fame": FAME | {
        "data": ("digits", {}), "epochs": 60, "learning_rate": 2e-3, "schedule": ("linear", {"start": 30, "end": 60}),
        "importance_samples": 200, "importance_rows": None, "warm_up_epochs": 10, "z_sizes": (16, 8, 4),
        "maps": (16, 32), "hidden": ((64,), (64,), (32,)), "pixel_maps": 16, "precision": "float32",
    },
    "digits-fame-100": FAME | {
        "data": ("digits", {"counts": True}), "epochs": 200, "learning_rate": 2e-3, "num_labels": 100, "beta": 1.0,
        "schedule": ("linear", {"start": 100, "end": 200}),
        "resample": ("resample_counts", {"total_count": 16, "draws": 4}),
        "importance_samples": 0, "importance_rows": None, "warm_up_epochs": 50, "warm_up_start": 0.0,
        "z_sizes": (16, 8, 4), "maps": (16, 32), "hidden": ((64,), (64,), (32,)), "pixel_maps": 16,
        "concatenation": False, "likelihood": ("binomial", {"total_count": 16}), "precision": "float32",
    },
}  # fmt: skip
BY_HAND |= {
    "cifar10-subset-resnet": MNIST | {
        "data": ("cifar10-subset", {"levels": True}), "epochs": 60, "batch_size": 50, "learning_rate": 2e-3,
        "objective": ("free_bits", {"nats": 0.25, "groups": "map"}), "optimizer": ("Adamax", {}), "ema": 0.999,
        "schedule": ("linear", {"start": 30, "end": 60}), "resample": None, "importance_samples": 100,
        "importance_rows": 50, "posterior": ("iaf", {"made_hidden": (64,)}), "depth": 4, "maps": 64, "z_maps": 32,
        "inference": "bidirectional", "likelihood": "discretized_logistic",
    },
    "digits-resnet": MNIST | {
        "data": ("digits", {"counts": True}), "epochs": 60, "learning_rate": 5e-3, "optimizer": ("Adamax", {}),
        "objective": ("free_bits", {"nats": 0.25, "groups": "map"}), "ema": 0.99, "resample": None,
        "schedule": ("linear", {"start": 30, "end": 60}), "importance_samples": 100, "depth": 2, "maps": 16,
        "z_maps": 4, "posterior": ("iaf", {"made_hidden": (16,)}), "inference": "bidirectional",
        "likelihood": ("discretized_logistic", {"num_levels": 17}), "precision": "float32",
    },
}  # fmt: skip
BY_HAND["cifar10-resnet"] = BY_HAND["cifar10-subset-resnet"] | {"data": ("cifar10", {"levels": True})}
for of_maps in ("cifar10-subset-resnet", "cifar10-resnet", "digits-resnet"):  # without dense layers, and z by its maps
    BY_HAND[of_maps] = {key: value for key, value in BY_HAND[of_maps].items() if key not in ("hidden", "z_size")}
SHAPES = {"mnist": (28, 28), "binarised-mnist": (28, 28), "digits": (8, 8)}


@pytest.mark.parametrize("name", [name for name, recipe in RECIPES.items() if is_of_images(recipe.model[0])])
def test_settings_by_hand(name):
    assert name in BY_HAND, f"write the settings of {name} by hand in BY_HAND of tests/zoo/test_images.py"
    recipe, numbers = RECIPES[name], dict(BY_HAND[name])
    signature = {p.name: p.default for p in type.__getattribute__(recipe.model[0], "__signature__").parameters.values()}
    of_model = {key: numbers.pop(key) for key in list(numbers) if key in signature}
    assert {key: getattr(recipe, key) for key in numbers} == numbers
    assert {key: recipe.model[1].get(key, signature[key]) for key in of_model} == of_model
    assert recipe.model[1].keys() <= of_model.keys()
    assert ("counts" in recipe.data[1]) == ("original counts" in recipe.deviations)


def test_the_model_gets_the_shape_of_the_images():
    _, rows, model = prepare(RECIPES["digits-iafvae"])
    assert model.image_shape == (8, 8) and model.x_size == 64 and rows is None


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"image_shape": None}, "data: got digits, rows that are not images, want whole images"),
        ({"columns": torch.arange(64)}, "data: got digits, images without some of their pixels, want whole images"),
    ],
)
def test_rows_that_are_no_whole_images_are_refused(changed, message, monkeypatch):
    data = load("digits")._replace(**changed)
    monkeypatch.setattr("pyrodgm.zoo.preparation.load", lambda name, **options: data)
    with pytest.raises(ValueError, match=message):
        prepare(RECIPES["digits-iafvae"])


@pytest.mark.usefixtures("plain_svi")
def test_the_history_has_the_kl_of_every_map():
    recipe = RECIPES["digits-resnet"]
    few = recipe.model[1] | {"maps": 4, "posterior": "normal"}
    recipe = replace(recipe, model=(recipe.model[0], few), epochs=1, batch_size=500, importance_samples=0)
    data, _, model, history = train(recipe, progress=False)
    with torch.no_grad():
        kl = kl_per_unit(model.eval(), data.validation.x[:1000], "z2")
    torch.testing.assert_close(history[0]["KL of z2"], kl.sum((1, 2)))  # of the top layer no draw is asked
    assert history[0]["KL of z1"].shape == (4,) and kl.shape == (4, 4, 4)


def test_a_first_step_by_hand(monkeypatch):
    """The loss of the initialised model is minus the bound of binarised images, at the step's noise."""
    x = torch.rand(200, 36, generator=torch.Generator().manual_seed(0))
    data = Dataset("mnist", *3 * [Rows(x, torch.zeros(200).long())], num_classes=10, image_shape=(6, 6))
    monkeypatch.setattr("pyrodgm.zoo.preparation.load", lambda name, **options: data)
    monkeypatch.setattr("pyrodgm.zoo.training.bound", lambda *args: -1.0)
    losses = []

    class Noted(SVI):
        def step(self, x):
            model, state = self.model.__self__, torch.get_rng_state()
            assert x.shape == (100, 36) and set(x.unique().tolist()) == {0.0, 1.0}
            assert bool(model.p_x.logits.bias.any())
            expected = by_hand.unlabelled_loss(model, x, {"z": torch.randn(100, 4)}).item()
            torch.set_rng_state(state)
            losses.append((super().step(x), expected))
            return losses[-1][0]

    monkeypatch.setattr("pyrodgm.zoo.training.CompiledSVI", Noted)
    recipe = RECIPES["mnist-iafvae-normal"]
    few = {"maps": (2, 3), "hidden": (5,), "z_size": 4, "precision": "float32"}
    train(replace(recipe, model=(recipe.model[0], recipe.model[1] | few), epochs=1), seed=1, progress=False)
    assert len(losses) == 2
    for found, expected in losses:
        assert found == pytest.approx(expected, rel=1e-5)
