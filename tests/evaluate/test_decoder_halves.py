"""What the two halves of a decoder that draws pixel by pixel contribute, by hand."""

import copy

import pyro
import pytest
import torch

from pyrodgm.evaluate import decoder_halves, latents
from pyrodgm.models import FAME, SemiSupervisedFAME
from tests import by_hand, by_hand_images

SIZES = {"z_sizes": (4, 3), "hidden": (7,), "maps": (3, 4), "pixel_maps": 6}


def made(num_classes=(), **options):
    model_class = SemiSupervisedFAME if num_classes else FAME
    torch.manual_seed(1)
    model = model_class((5, 3), *num_classes, **SIZES | options).double()
    for name, parameter in model.p_x.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(parameter)
    return model


def pixel_logits(decoder, x, z):
    return by_hand_images.pixel_logits(decoder, x, by_hand.mlp(decoder.maps.dense, z))


def binary(rows=4):
    return torch.bernoulli(torch.full((rows, 15), 0.5, dtype=torch.float64))


@pytest.mark.parametrize("num_classes", [(), (3,)], ids=["FAME", "SemiSupervisedFAME"])
def test_each_half_is_the_decoder_without_the_other_by_hand(num_classes):
    model, x = made(num_classes, batch_norm=True), binary()
    torch.manual_seed(0)
    halves = decoder_halves(model, x)
    assert model.training
    model.eval()
    torch.manual_seed(0)
    z = latents(model, x)["z1"]
    deaf = copy.deepcopy(model.p_x)
    deaf.pixels.first.of_maps[0].data.zero_()
    with torch.no_grad():
        logits = {
            "both": pixel_logits(model.p_x, x, z),
            "latents alone": pixel_logits(model.p_x, 0 * x, z),
            "pixels alone": pixel_logits(deaf, x, z),
        }
    assert list(halves) == list(logits)
    for name, want in logits.items():
        torch.testing.assert_close(halves[name].mean, want.sigmoid(), rtol=1e-9, atol=0)
        log_p = -torch.nn.functional.binary_cross_entropy_with_logits(want, x, reduction="none").sum(-1)
        torch.testing.assert_close(halves[name].log_prob(x), log_p, rtol=1e-9, atol=0)
    assert (logits["latents alone"][0] - logits["both"][0]).abs().max() > 1e-3
    assert (logits["pixels alone"][0] - logits["both"][0]).abs().max() > 1e-3


def test_labels_are_those_given():
    model, x, y = made((3,)), binary(), torch.tensor([0, 1, 2, 0])
    torch.manual_seed(0)
    z = latents(model, x, y)["z1"]
    torch.manual_seed(0)
    mean = decoder_halves(model, x, y)["latents alone"].mean
    with torch.no_grad():
        torch.testing.assert_close(mean, pixel_logits(model.p_x, 0 * x, z).sigmoid(), rtol=1e-9, atol=0)


def test_a_decoder_that_reads_the_class_gets_the_given_labels():
    model, x, y = made((3,), z_sizes=(4,), maps=(3,)), binary(20), torch.arange(20) % 3
    torch.manual_seed(0)
    z = latents(model, x, y)["z1"]
    torch.manual_seed(0)
    mean = decoder_halves(model, x, y)["latents alone"].mean
    with torch.no_grad():
        parents = torch.cat([z, torch.nn.functional.one_hot(y, 3)], -1)
        torch.testing.assert_close(mean, pixel_logits(model.p_x, 0 * x, parents).sigmoid(), rtol=1e-9, atol=0)


def test_models_and_figures_that_it_refuses():
    with pytest.raises(ValueError, match="model: got FAME with a p.* want a decoder that draws pixel by pixel"):
        decoder_halves(made(concatenation=False), binary())
    model = made()
    model.p_x.pixels.first.of_maps[0].data[0] = float("nan")
    with pytest.raises(ValueError, match="x: got 4 rows whose reconstruction by both is NaN, the first is row 0; want"):
        decoder_halves(model, binary())


def test_a_reconstruction_that_is_nan_in_some_pixels_is_refused():
    torch.manual_seed(1)
    model, x = FAME((24, 3), **SIZES).double(), torch.zeros(2, 72, dtype=torch.float64)
    model.p_x.maps.dense.layers[-1].bias.data[-1] = float("nan")  # a map at the last place
    with pyro.validation_enabled(False):
        wrong = model.p_x(torch.zeros(4, dtype=torch.float64)).mean_given(x).isnan()
    assert not wrong[:, 0].any() and wrong[:, -1].all()
    with pytest.raises(ValueError, match="x: got 2 rows whose reconstruction by both is NaN, the first is row 0; want"):
        decoder_halves(model, x)


def test_a_single_row_that_is_nan_is_named():
    model, x = made(), binary()
    x[2, 0] = float("nan")
    with pyro.validation_enabled(False), pytest.raises(ValueError, match=r"x: got 1 rows .*, the first is row 2; want"):
        decoder_halves(model, x)
