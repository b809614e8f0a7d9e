import math

import pytest
import torch
import torch.nn.functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from pyrodgm.distributions.one_hot import remember_classes
from pyrodgm.nn import MLP, BatchNorm, Linear, Trunk, paused_statistics
from pyrodgm.nn.trunk import MANY_CLASSES, sum_of_terms

SHAPES = [
    ((5, 4), (5, 3)),  # rows
    ((5, 4), (3, 1, 3)),  # y enumerated
    ((2, 5, 4), (3, 1, 1, 3)),  # particles and y enumerated
    ((4,), (7, 5, 3)),
]


@pytest.mark.parametrize(("x_shape", "y_shape"), SHAPES)
def test_split_layer_equals_the_concatenated_one(x_shape, y_shape):
    layer = Linear((4, 3), 6).double()
    torch.nn.init.normal_(layer.bias)
    x, y = torch.randn(x_shape, dtype=torch.float64), torch.randn(y_shape, dtype=torch.float64)
    shape = torch.broadcast_shapes(x_shape[:-1], y_shape[:-1])
    joint = torch.cat([x.expand(*shape, 4), y.expand(*shape, 3)], -1)
    want = torch.nn.functional.linear(joint, layer.weight, layer.bias)
    torch.testing.assert_close(layer(x, y), want, rtol=1e-12, atol=1e-12)


def test_split_layer_multiplies_each_parent_at_its_own_shape(monkeypatch):
    rows, plain = [], torch.nn.functional.linear

    def linear(x, *args):
        rows.append(x.numel() // x.shape[-1])
        return plain(x, *args)

    monkeypatch.setattr("pyrodgm.nn.trunk.F.linear", linear)
    Linear((784, 10), 5)(torch.randn(20, 784), torch.eye(10)[:, None])
    assert sorted(rows) == [10, 20]  # not 200


def many_classes(num_classes=MANY_CLASSES):
    """A layer over x and classes, x, and classes as rows that are known, none of them twice where it can be."""
    torch.manual_seed(0)
    layer = Linear((4, num_classes), 3).double()
    y = torch.cat([torch.arange(6), torch.tensor([2, 5, 2, 2])])[:10].reshape(2, 5)
    known = remember_classes(F.one_hot(y, num_classes).double(), y)
    return layer, torch.randn(5, 4, dtype=torch.float64, requires_grad=True), known


def test_rows_of_many_known_classes_are_read_from_the_weight(monkeypatch):
    """The value and all gradients are those of the product; a class that comes again adds to its gradient."""
    layer, x, known = many_classes()
    upstream = torch.randn(2, 5, 3, dtype=torch.float64)
    inputs = [x, layer.weight, layer.bias]
    product = layer(x, known.clone())
    expected = torch.autograd.grad((product * upstream).sum(), inputs)
    seen = []
    linear = F.linear
    monkeypatch.setattr(F, "linear", lambda p, *rest: seen.append(p.shape) or linear(p, *rest))
    found = layer(x, known)
    assert seen == [x.shape]
    torch.testing.assert_close(found, product, rtol=1e-12, atol=1e-14)
    for got, want in zip(torch.autograd.grad((found * upstream).sum(), inputs), expected, strict=True):
        torch.testing.assert_close(got, want, rtol=1e-12, atol=1e-14)


def test_a_parent_of_many_known_classes_must_have_the_size_of_the_layer():
    _, _, known = many_classes(MANY_CLASSES + 1)
    with pytest.raises(ValueError, match="parents: got shapes .*, want last dimensions"):
        Linear((MANY_CLASSES,), 5).double()(known)


def test_a_single_parent_of_known_classes():
    y = torch.tensor([7, 0, 7])
    layer = Linear((MANY_CLASSES,), 3).double()
    known = remember_classes(F.one_hot(y, MANY_CLASSES).double(), y)
    torch.testing.assert_close(layer(known), layer(known.clone()), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("case", ["few classes", "a gradient is asked for", "written to", "another tensor"])
def test_a_product_is_made_where_classes_are_few_or_not_known(case, monkeypatch):
    layer, x, known = many_classes(MANY_CLASSES - 1 if case == "few classes" else MANY_CLASSES)
    if case == "a gradient is asked for":
        known.requires_grad_()
    elif case == "written to":
        known.mul_(0.5)
    elif case == "another tensor":
        known = known * 0.5
    monkeypatch.setattr(F, "embedding", lambda *args: pytest.fail("read from the weight"))
    want = F.linear(torch.cat([x.expand(2, 5, 4), known], -1), layer.weight, layer.bias)
    torch.testing.assert_close(layer(x, known), want, rtol=1e-12, atol=1e-14)


def test_glorot_takes_the_concatenated_fan_in():
    weight = Linear((60, 40), 100).weight.detach()
    assert float(weight.abs().max()) <= (6 / 200) ** 0.5
    assert float(weight.std()) == pytest.approx((2 / 200) ** 0.5, rel=0.05)


def test_small_normal_initialisation():
    layer = Linear((100,), 200, init=0.001)
    assert float(layer.weight.detach().std()) == pytest.approx(0.001, rel=0.05)
    assert not layer.bias.any()


@pytest.mark.parametrize(
    ("name", "at_minus_one"),
    [("relu", 0.0), ("softplus", 0.313262), ("tanh", -0.761594), ("leaky_relu", -0.1), ("elu", -0.632121)],
)
def test_activations(name, at_minus_one):
    trunk = Trunk((1,), (1,), activation=name)
    torch.nn.init.ones_(trunk.layers[0].weight)
    assert trunk(torch.tensor([[-1.0]]))[0].item() == pytest.approx(at_minus_one, abs=1e-5)


@pytest.mark.parametrize("hidden", [(), (5,), (5, 4, 3)])
def test_any_depth(hidden):
    net = MLP((4, 3), hidden, 2)
    assert len(net.trunk.layers) == len(hidden)
    assert net(torch.randn(5, 4), torch.randn(3, 1, 3)).shape == (3, 5, 2)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Trunk((4,), (5,), activation="swish"), r"activation: got 'swish', want one of elu, leaky_relu"),
        (lambda: Linear((4,), 5, precision="half"), "precision: got 'half', want one of bfloat16, float32"),
        (lambda: Linear((4,), 5, init="he"), r"init: got 'he', want one of a positive standard deviation, glorot"),
        (lambda: Linear((4,), 5, init=0.0), "init: got 0.0, want one of a positive standard deviation, glorot"),
        (lambda: Linear((4,), 5, init=math.inf), "init: got inf, want one of a positive standard deviation, glorot"),
        (lambda: Linear((4, 3), 5)(torch.zeros(2, 7)), r"parents: got 1 tensors, want 2 of sizes \(4, 3\)"),
        (
            lambda: Linear((4, 3), 5)(torch.zeros(2, 3), torch.zeros(2, 4)),
            r"parents: got shapes \(2, 3\), \(2, 4\), want last dimensions \(4, 3\)",
        ),
        (lambda: Linear((4,), 5)(torch.zeros(2, 3)), r"parents: got shapes \(2, 3\), want last dimensions \(4,\)"),
        (lambda: Trunk((4,), (5,), dropout=1), "dropout: got 1, want a rate of at least 0 and below 1, or two of them"),
        (lambda: Trunk((4,), (5,), dropout=(0.1, -0.1)), r"dropout: got \(0.1, -0.1\), want a rate of at least 0"),
        (lambda: Trunk((4,), (5, 0)), r"hidden: got \(5, 0\), want a tuple of positive ints"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_an_error_that_is_not_of_the_sizes_is_passed_on():
    with pytest.raises(RuntimeError, match="dtype"):
        Linear((4,), 5)(torch.zeros(2, 4, dtype=torch.float64))


class TestBatchNorm:
    def test_leading_dimensions_are_rows(self):
        h = torch.randn(3, 5, 4)
        norm, plain = BatchNorm(4), torch.nn.BatchNorm1d(4)
        torch.testing.assert_close(norm(h).reshape(15, 4), plain(h.reshape(15, 4)))
        torch.testing.assert_close(norm.running_mean, plain.running_mean)

    def test_paused_statistics_stay_while_rows_are_normalised_by_their_batch(self):
        norm, h = BatchNorm(4), torch.randn(50, 4) + 3
        with paused_statistics():
            with paused_statistics():  # a guide in a labelled pass, which calls networks of the model
                pass
            out = norm(h)
        assert not norm.running_mean.any() and int(norm.num_batches_tracked) == 0
        torch.testing.assert_close(out.mean(0), torch.zeros(4), atol=1e-5, rtol=0)
        norm(h)
        assert bool(norm.running_mean.all())

    @pytest.mark.parametrize("shape", [(1, 4), (1, 1, 4)])
    def test_a_single_row_is_refused_in_training_alone(self, shape):
        norm, row = BatchNorm(4), torch.randn(shape)
        with pytest.raises(
            ValueError, match="x: got a single row while training with batch_norm=True, want at least two"
        ):
            norm(row)
        with paused_statistics(), pytest.raises(ValueError, match="labelled: got a single row .* labelled_batch_size"):
            norm(row)
        assert norm.eval()(row).shape == shape and not norm.running_mean.any()
        two = norm.train()(torch.tensor([[0.0], [2.0]]).expand(2, 4))
        torch.testing.assert_close(two, torch.tensor([[-1.0], [1.0]]).expand(2, 4), rtol=1e-4, atol=0)

    def test_paused_statistics_leave_scale_and_shift_in_use(self):
        norm, h = BatchNorm(4), torch.randn(50, 4)
        torch.nn.init.normal_(norm.weight)
        torch.nn.init.normal_(norm.bias)
        with paused_statistics():
            paused = norm(h)
        torch.testing.assert_close(paused, norm(h))

    def test_evaluation_uses_the_running_statistics(self):
        norm = BatchNorm(4).eval()
        h = torch.randn(5, 4)
        with paused_statistics():
            torch.testing.assert_close(norm(h), h, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("batch_norm", [True, "heads"])
@pytest.mark.parametrize("depth", [1, 2])
def test_the_input_of_every_activation_is_normalised(batch_norm, depth):
    (features,) = Trunk((3,), (4, 5)[:depth], "leaky_relu", batch_norm)(torch.randn(50, 3))
    before = torch.where(features < 0, features / 0.1, features)
    torch.testing.assert_close(before.mean(0), torch.zeros(3 + depth), atol=1e-5, rtol=0)
    torch.testing.assert_close(before.var(0, correction=0), torch.ones(3 + depth), atol=1e-2, rtol=0)


@pytest.mark.parametrize(("terms", "additions"), [("full row classes", 20 + 60 + 60), ("full classes", 12 + 60)])
def test_terms_of_small_shapes_are_added_first(terms, additions):
    class Counted(TorchDispatchMode):
        added = 0

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            out = func(*args, **kwargs or {})
            self.added += out.numel() * (func is torch.ops.aten.add.Tensor)
            return out

    shapes = {"full": (3, 5, 4), "row": (5, 4), "classes": (3, 1, 4)}
    terms = [torch.randn(shapes[term]) for term in terms.split()] + [torch.randn(4)]
    with Counted() as counted:
        out = sum_of_terms(terms)
    assert counted.added == additions
    torch.testing.assert_close(out, sum(terms))


@pytest.mark.parametrize("dropout", [0.5, (0.5, 0.5)])
def test_one_rate_of_dropout_is_for_parents_and_hidden_units(dropout):
    trunk = Trunk((40,), (400,), "tanh", dropout=dropout)
    assert trunk.dropout == (0.5, 0.5)
    (features,) = trunk(torch.randn(100, 40))
    assert float((features == 0).float().mean()) == pytest.approx(0.5, abs=0.02)
    assert bool((trunk.eval()(torch.randn(100, 40))[0] != 0).all())


@pytest.mark.parametrize("init", [0.03, 2, 2.5])
def test_a_number_for_init_is_the_standard_deviation_of_the_weights(init):
    assert float(Linear((300,), 300, init=init).weight.detach().std()) == pytest.approx(init, rel=0.02)


@pytest.mark.parametrize("hidden", [(), (64,), (64, 32)])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_bfloat16_rounds_the_products_and_nothing_else(hidden, batch_norm):
    network = MLP((20, 3), hidden, 5, precision="bfloat16", batch_norm=batch_norm)
    exact = MLP((20, 3), hidden, 5, batch_norm=batch_norm)
    exact.load_state_dict(network.state_dict())
    assert {p.dtype for p in network.parameters()} == {torch.float32}
    x, y = torch.rand(50, 20), torch.eye(3)[:, None]
    out = network(x, y)
    assert out.dtype == torch.float32
    assert not torch.equal(out, exact(x, y))
    torch.testing.assert_close(out, exact(x, y), rtol=0.05, atol=0.05)
    out.sum().backward()
    assert {p.grad.dtype for p in network.parameters()} == {torch.float32}
    features = network.trunk(x, y)
    assert all(h.dtype == torch.bfloat16 for h in features) == bool(hidden)


@torch.no_grad()
def test_dropout_keeps_the_mean_and_ends_with_training():
    trunk = Trunk((4,), (), dropout=(0.2, 0.5))
    x = torch.ones(20_000, 4)
    (dropped,) = trunk(x)
    assert set(dropped.unique().tolist()) <= {0.0, 1.25}
    assert float(dropped.mean()) == pytest.approx(1, abs=5 * (0.25 / dropped.numel()) ** 0.5)
    assert trunk.eval()(x)[0] is x


@torch.no_grad()
def test_hidden_units_are_dropped_at_the_second_rate():
    trunk = Trunk((4,), (5,), dropout=(0.0, 0.5))
    torch.nn.init.zeros_(trunk.layers[0].weight)
    torch.nn.init.ones_(trunk.layers[0].bias)
    assert set(trunk(torch.ones(1000, 4))[0].unique().tolist()) == {0.0, 2.0}
