"""``check_pair`` says in words what is wrong with a pair, and takes a pair of plain Pyro."""

import pyro
import pyro.distributions as dist
import pytest
import torch
from pyro import poutine
from torch.nn import functional as F

from pyrodgm.models import M2, VAE
from pyrodgm.testing import check_enumeration, check_generates, check_pair, check_round_trip, check_sites

X, Y = torch.rand(5, 4, generator=torch.Generator().manual_seed(0)).round(), torch.tensor([0, 1, 2, 0, 1])
ENUMERATED = {"enumerate": "parallel"}


class Slips(M2):
    """An M2 with one mistake, which ``slip`` names."""

    def __init__(self, slip=None):
        super().__init__(x_size=4, num_classes=3, z_size=2, hidden=(5,))
        self.slip = slip

    def model(self, x=None, y=None, size=1):
        with self.batch(x, y, size) as y:
            z = pyro.sample("z", self.standard_normal(self.z_size))
            if self.slip == "a latent of the model alone":
                pyro.sample("v", self.standard_normal(1))
            y = pyro.sample("y", self.uniform_one_hot(), obs=None if self.slip == "y not observed" else y)
            return pyro.sample("x", self.p_x(z, y), obs=None if self.slip == "x not observed" else x)

    def guide(self, x, y=None, size=1):
        indices = y
        with self.batch(x, y, size) as y:
            if self.slip == "y as it comes":
                y = indices
            if self.slip == "y not summed":
                y = pyro.sample("y", self.q_y(x)) if y is None else y
            elif y is None or self.slip == "y drawn again":
                y = self.sample_class(self.q_y(x))
            pyro.sample("z", self.q_z(x, y))
            if self.slip == "a latent of the guide alone":
                pyro.sample("v", self.standard_normal(1))
            if self.slip == "an auxiliary site":
                pyro.sample("v", dist.Delta(x.new_zeros(len(x))), infer={"is_auxiliary": True})


MESSAGES = {
    "x not observed": "the model does not observe x: write pyro.sample('x', ..., obs=x)",
    "y not observed": "the model does not observe a y that is given: write pyro.sample('y', ..., obs=y)",
    "y drawn again": "the guide draws a y that is given: write `if y is None:` above its site y",
    "y not summed": "a y that is not given is not enumerated in parallel: draw it with self.sample_class, or with "
    "infer={'enumerate': 'parallel'}",
    "a latent of the guide alone": "the guide draws v, but the model has no such site",
    "a latent of the model alone": "the model draws v, but the guide has no such site",
    "y as it comes": "y as class indices raises an error, and y as one-hot rows does not: write "
    "`with self.batch(x, y, size) as y:` in model and guide, or give one-hot rows",
}


@pytest.mark.parametrize("slip", MESSAGES)
def test_a_slip_is_named(slip):
    with pytest.raises(AssertionError) as raised:
        check_pair(Slips(slip), X, Y)
    assert str(raised.value) == MESSAGES[slip]


@pytest.mark.parametrize("part", ["guide", "model"])
def test_a_pair_without_a_plate_is_told_to_open_one(part):
    class Unplated(Slips):
        """An M2 whose guide or model has no plate."""

        def model(self, x=None, y=None, size=1):
            if part == "guide":
                return super().model(x, y, size)
            y = pyro.sample("y", self.uniform_one_hot(), obs=y)
            z = pyro.sample("z", self.standard_normal(self.z_size))
            return pyro.sample("x", self.p_x(z, y), obs=x)

        def guide(self, x, y=None, size=1):
            if part == "model":
                return super().guide(x, y, size)
            y = self.sample_class(self.q_y(x)) if y is None else y
            pyro.sample("z", self.q_z(x, y))

    sites = {"guide": "y, z", "model": "y, z, x"}[part]
    with pytest.raises(AssertionError, match=rf"^the {part} has no plate around {sites}: write `with self.batch"):
        check_pair(Unplated(), X, Y)


def test_a_pair_that_makes_single_precision_is_told_to_take_the_dtype_of_x():
    class Single(Slips):
        """An M2 that converts the classes with ``float()``."""

        def sample_class(self, q_y):
            return super().sample_class(q_y).float()

    with pytest.raises(AssertionError, match=r"double precision, .* write `\.to\(x\)` in place of `\.float\(\)`"):
        check_pair(Single(), X, Y)


@pytest.mark.parametrize(("site", "num_classes"), [("c", None), ("c", 2), ("y", None)])
def test_a_class_that_brute_force_does_not_know_is_named(site, num_classes):
    class Mixture(VAE):
        """A VAE with a mixture of two normals as prior."""

        def model(self, x=None, y=None, size=1):
            with self.batch(x, y, size):
                c = pyro.sample(site, dist.Categorical(torch.ones(2)))
                z = pyro.sample("z", dist.Normal(c[..., None].float().expand(*c.shape, 2), 1.0).to_event(1))
                return pyro.sample("x", self.p_x(z), obs=x)

        def guide(self, x, y=None, size=1):
            with self.batch(x, y, size):
                pyro.sample("z", self.q_z(x))
                pyro.sample(site, dist.Categorical(torch.ones(2)), infer=ENUMERATED)

    model = Mixture(x_size=4, z_size=2, hidden=(5,))
    model.num_classes = num_classes
    with pytest.raises(AssertionError, match=f"^{site} is enumerated, and only a class y is compared"):
        check_pair(model, X)


@pytest.mark.parametrize("classes", ["sampled", ("sampled", {"top": 1}), "relaxed"])
def test_a_pair_that_does_not_sum_all_classes_is_told_how_to_be_checked(classes):
    with pytest.raises(AssertionError, match="check the pair with classes='enumerated'") as raised:
        check_pair(M2(x_size=4, num_classes=3, z_size=2, hidden=(5,), classes=classes), X, Y)
    assert str(raised.value).startswith(f"y is not summed over all classes with classes={classes!r}: ")


@pytest.mark.parametrize("slip", [None, "an auxiliary site"])
def test_a_sound_pair_passes(slip):
    check_pair(Slips(slip), X, Y)


def test_an_error_that_one_hot_rows_do_not_cure_is_passed_on():
    model = Slips()
    model.q_z.loc = torch.nn.Linear(1, 2)
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        check_pair(model, X, Y)


class Plain(torch.nn.Module):
    """An M2 in plain Pyro: a name of its own in the store, constants in single precision, and one-hot labels."""

    num_classes = 3

    def __init__(self):
        super().__init__()
        self.p_x, self.q_y, self.q_z = torch.nn.Linear(5, 4), torch.nn.Linear(4, 3), torch.nn.Linear(7, 4)

    def model(self, x=None, y=None, size=1):
        pyro.module("plain", self)
        with pyro.plate("rows", size if x is None and y is None else len(y if x is None else x)):
            z = pyro.sample("z", dist.Normal(torch.zeros(2), 1.0).to_event(1))
            y = pyro.sample("y", dist.OneHotCategorical(torch.ones(3) / 3), obs=y)
            return pyro.sample("x", dist.StudentT(4.0, self.p_x(joined(z, y)), 1.0).to_event(1), obs=x)

    def guide(self, x, y=None, size=1):
        pyro.module("plain", self)
        with pyro.plate("rows", len(x)):
            if y is None:
                y = pyro.sample("y", dist.OneHotCategorical(logits=self.q_y(x)), infer=ENUMERATED)
            loc, log_sigma = self.q_z(joined(x, y)).chunk(2, -1)
            pyro.sample("z", dist.Normal(loc, log_sigma.exp()).to_event(1))


def joined(*parents):
    shape = torch.broadcast_shapes(*(parent.shape[:-1] for parent in parents))
    return torch.cat([parent.expand(*shape, -1) for parent in parents], -1)


def test_a_plain_pair_passes_and_leaves_no_trace():
    check_pair(Plain(), X, F.one_hot(Y).float())
    assert not list(pyro.get_param_store().keys())
    assert torch.get_default_dtype() == torch.float32


class NoClasses(torch.nn.Module):
    """A VAE in plain Pyro that says nothing of classes, with a mask, a scale and a factor."""

    def __init__(self):
        super().__init__()
        self.p_x, self.q_z = torch.nn.Linear(2, 4), torch.nn.Linear(4, 4)

    def model(self, x=None, y=None, size=1):
        pyro.module("no_classes", self)
        with pyro.plate("rows", size if x is None else len(x)) as rows:
            with poutine.mask(mask=rows < 3), poutine.scale(scale=0.5):
                z = pyro.sample("z", dist.Normal(torch.zeros(2), 1.0).to_event(1))
            pyro.factor("f", -z.pow(2).sum(-1))
            return pyro.sample("x", dist.Normal(self.p_x(z), 1.0).to_event(1), obs=x)

    def guide(self, x, y=None, size=1):
        pyro.module("no_classes", self)
        with pyro.plate("rows", len(x)) as rows, poutine.mask(mask=rows < 3), poutine.scale(scale=0.5):
            loc, log_sigma = self.q_z(x).chunk(2, -1)
            pyro.sample("z", dist.Normal(loc, log_sigma.exp()).to_event(1))


def test_a_plain_pair_with_masks_and_scales_and_no_word_of_classes_passes():
    check_pair(NoClasses(), X)


def test_a_plain_pair_is_told_to_take_one_hot_rows():
    with pytest.raises(AssertionError, match="or give one-hot rows"):
        check_pair(Plain(), X, Y)


class Indices(torch.nn.Module):
    """A pair of plain Pyro whose class is an index."""

    num_classes = 3

    def __init__(self):
        super().__init__()
        self.p_x, self.q_y = torch.nn.Embedding(3, 4), torch.nn.Linear(4, 3)

    def model(self, x=None, y=None, size=1):
        pyro.module("indices", self)
        with pyro.plate("rows", size if x is None else len(x)):
            y = pyro.sample("y", dist.Categorical(torch.ones(3)), obs=y)
            return pyro.sample("x", dist.Normal(self.p_x(y), 1.0).to_event(1), obs=x)

    def guide(self, x, y=None, size=1):
        pyro.module("indices", self)
        with pyro.plate("rows", len(x)):
            if y is None:
                pyro.sample("y", dist.Categorical(logits=self.q_y(x)), infer=ENUMERATED)


@pytest.mark.parametrize("y", [None, Y])
def test_a_pair_of_class_indices_is_told_to_draw_one_hot_rows(y):
    with pytest.raises(AssertionError, match="^y is a class index, .*: draw it from a OneHotCategorical$"):
        check_pair(Indices(), X, y)


class HalfTheNoise(Plain):
    """A mistake that only the loss can show: the noise of z is smaller where y is summed."""

    def guide(self, x, y=None, size=1):
        if y is not None:
            return super().guide(x, y)
        pyro.module("plain", self)
        with pyro.plate("rows", len(x)):
            y = pyro.sample("y", dist.OneHotCategorical(logits=self.q_y(x)), infer=ENUMERATED)
            loc, log_sigma = self.q_z(joined(x, y)).chunk(2, -1)
            return pyro.sample("z", dist.Normal(loc, log_sigma.exp() / 2).to_event(1))


def test_one_hot_rows_are_compared_by_brute_force():
    check_enumeration(Plain(), X, one_hot=True)
    with pytest.raises(AssertionError, match="brute force"):
        check_enumeration(HalfTheNoise(), X, one_hot=True)


class Forgetful(M2):
    """A mistake that shows after a state-dict round trip: one network keeps its parameters."""

    def load_state_dict(self, state, *args, **options):
        return super().load_state_dict({key: state[key] for key in state if not key.startswith("q_y")}, strict=False)


def test_a_parameter_that_is_not_restored_is_noticed():
    with pytest.raises(AssertionError, match="after a state-dict round trip"):
        check_round_trip(Forgetful(x_size=4, num_classes=3, z_size=2, hidden=(5,)), X)


def test_generated_rows_of_the_wrong_shape_are_told_in_all_three_cases():
    pair = Plain()
    pair.p_x = torch.nn.Linear(5, 3)
    message = "Predictive gave x of shape without data: (3, 1, 3), want (3, 1, 4); "
    message += "with labels: (3, 5, 3), want (3, 5, 4); given latents: (3, 5, 3), want (3, 5, 4)"
    with pytest.raises(AssertionError) as raised:
        check_generates(pair, X, F.one_hot(Y).float())
    assert str(raised.value) == message


def test_a_check_feeds_no_batch_statistics():
    m = VAE(4, z_size=2, hidden=(5,), batch_norm=True)
    before = {name: value.clone() for name, value in m.state_dict().items()}
    check_sites(m, torch.rand(5, 4))
    torch.testing.assert_close(m.state_dict(), before, rtol=0, atol=0)
