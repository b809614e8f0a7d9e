"""Flow steps: values by the papers' formulas, log-determinants and inverses by automatic differentiation."""

import math

import pyro.distributions as dist
import pytest
import torch

from pyrodgm.distributions import Autoregressive, Planar, Radial
from pyrodgm.distributions.planar import one_to_one

ROWS = 6


def planar(w, u, b):
    v, slope = one_to_one(u, w)
    return Planar(v, w, b, slope)


def radial(centre, size, c):
    return Radial(centre, size.norm(dim=-1) + 0.1, c)


def arguments(size, scale=1.0):
    """Two vectors and a number for every row."""
    vectors = (scale * torch.randn(ROWS, size, dtype=torch.float64) for _ in range(2))
    return *vectors, scale * torch.randn(ROWS, dtype=torch.float64)


@pytest.mark.parametrize("make", [planar, radial])
@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("scale", [0.5, 3.0])
class TestBothWays:
    def test_log_determinants_are_those_of_automatic_differentiation(self, make, size, scale):
        given, z = arguments(size, scale), 2 * torch.randn(ROWS, size, dtype=torch.float64)
        found = make(*given).log_abs_det_jacobian(z, make(*given)(z))
        for row in range(ROWS):
            step = make(*(part[row] for part in given))
            jacobian = torch.autograd.functional.jacobian(step, z[row])
            torch.testing.assert_close(found[row], torch.linalg.slogdet(jacobian).logabsdet, rtol=1e-8, atol=1e-8)

    def test_inverses_are_exact(self, make, size, scale):
        given, z = arguments(size, scale), 2 * torch.randn(ROWS, size, dtype=torch.float64)
        step, other = make(*given), make(*given)
        y = step(z)
        torch.testing.assert_close(other.inv(y.clone()), z, rtol=1e-9, atol=1e-9)
        log_det = other.log_abs_det_jacobian(other.inv(y.clone()), y)
        torch.testing.assert_close(log_det, step.log_abs_det_jacobian(z, y), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("make", [planar, radial])
def test_a_log_determinant_is_that_of_the_value_asked_for_and_not_of_the_last(make):
    given, (z, other) = arguments(2), torch.randn(2, ROWS, 2, dtype=torch.float64)
    step = make(*given)
    step(z)
    fresh = make(*given).log_abs_det_jacobian(other, make(*given)(other))
    torch.testing.assert_close(step.log_abs_det_jacobian(other, make(*given)(other)), fresh, rtol=1e-12, atol=0)


@pytest.mark.parametrize("make", [planar, radial])
def test_gradients_pass_the_inverse(make):
    y = torch.randn(ROWS, 2, dtype=torch.float64)

    def inverse(y, *given):
        return make(*given).inverse_and_log_det(y)

    inputs = [part[:2].requires_grad_() for part in (y, *arguments(2))]
    assert torch.autograd.gradcheck(inverse, inputs, raise_exception=False)


def test_a_planar_step_is_equation_5_17_with_its_constraint():
    u, w, b = arguments(3)
    step, z = planar(w, u, b), torch.randn(ROWS, 3, dtype=torch.float64)
    for row in range(ROWS):
        a = float(w[row] @ u[row])
        m = math.log1p((math.e - 1) * math.exp(a)) - 1
        v = u[row] + (m - a) * w[row] / (w[row] @ w[row])
        torch.testing.assert_close(step.v[row], v)
        torch.testing.assert_close(step(z)[row], z[row] + v * math.tanh(float(w[row] @ z[row] + b[row])))
        assert float(w[row] @ step.v[row]) > -1
        torch.testing.assert_close(step.slope[row], 1 + w[row] @ v)


def test_a_planar_step_leaves_u_as_it_is_where_w_is_zero():
    for dtype, tiny in ((torch.float32, 1e-18), (torch.float64, 1e-150)):
        u, z = torch.randn(5, 3, dtype=dtype, requires_grad=True), torch.randn(5, 3, dtype=dtype)
        for scale in (0.0, tiny, 1e-6):
            w = torch.full((5, 3), scale, dtype=dtype, requires_grad=True)
            step = planar(w, u, torch.full((5,), 0.3, dtype=dtype))
            along = (u.detach() * w.detach()).sum(-1, keepdim=True) * w.detach() / (3 * scale**2 or 1.0)
            torch.testing.assert_close(step.v, u - along / math.e, rtol=1e-4, atol=1e-4)
            y = step(z)
            gradients = torch.autograd.grad(y.sum() + step.log_abs_det_jacobian(z, y).sum(), [u, w])
            assert all(bool(gradient.isfinite().all()) for gradient in gradients)
            torch.testing.assert_close(planar(w, u, torch.full((5,), 0.3, dtype=dtype)).inv(y.clone()), z)


@pytest.mark.parametrize("a", [-1e4, -100.0, -40.0, -3.0, 40.0, 1e4])
def test_a_planar_step_bears_any_u(a):
    """y returns from the inverse and back, even where the step is all but flat."""
    w, z = torch.tensor([1.0, 0.0]), torch.tensor([[0.5, 1.0], [-0.2, 3.0], [7.0, 0.0], [0.0, 0.0]])
    w, z = w.double(), z.double()
    u = (a * w).requires_grad_()
    step, b = planar(w, u, torch.tensor(0.1).double()), torch.tensor(0.1).double()
    y = step(z)
    log_det = step.log_abs_det_jacobian(z, y)
    back = planar(w, u, b).inv(y.clone())
    torch.testing.assert_close(planar(w, u, b)(back.clone()), y, rtol=1e-9, atol=1e-9)
    gradients = [log_det, *torch.autograd.grad((y + back).sum() + log_det.sum(), [u])]
    assert all(bool(part.isfinite().all()) for part in gradients)


def test_a_radial_step_is_its_formula():
    centre, size, c = arguments(3)
    step, z = radial(centre, size, c), torch.randn(ROWS, 3, dtype=torch.float64)
    for row in range(ROWS):
        alpha = float(size[row].norm()) + 0.1
        beta = alpha * (math.log1p((math.e - 1) * math.exp(float(c[row]))) - 1)
        away = z[row] - centre[row]
        torch.testing.assert_close(step(z)[row], z[row] + beta * away / (alpha + float(away.norm())))
    still = radial(centre, size, torch.zeros(ROWS, dtype=torch.float64))
    torch.testing.assert_close(still(z), z)


def test_a_radial_step_has_its_centre_in_place():
    centre, size, c = (part.requires_grad_() for part in arguments(3))
    step = radial(centre, size, c)
    y = step(centre)
    torch.testing.assert_close(y, centre)
    back = radial(centre, size, c).inv(y.clone())
    torch.testing.assert_close(back, centre)
    total = (y + back).sum() + step.log_abs_det_jacobian(centre, y).sum()
    assert all(bool(part.isfinite().all()) for part in torch.autograd.grad(total, [centre, size, c]))


def lower(z):
    """mu and log sigma of which unit i reads the units before it."""
    before = z.cumsum(-1) - z
    return torch.sin(before), 0.3 * torch.cos(before)


def test_an_autoregressive_step_is_equation_5_27_and_its_inverse_leaves_the_log_scales():
    calls, z = [], torch.randn(ROWS, 4, dtype=torch.float64)

    def network(z):
        calls.append(z)
        return lower(z)

    step = Autoregressive(network, range(4))
    y = step(z)
    mu, log_sigma = lower(z)
    torch.testing.assert_close(y, mu + log_sigma.exp() * z)
    assert torch.equal(step.log_abs_det_jacobian(z, y), log_sigma.sum(-1)) and step.inv(y) is z and len(calls) == 1
    back = step.inv(y.clone())
    torch.testing.assert_close(back, z, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(step.log_scales(back), log_sigma)
    torch.testing.assert_close(step.log_abs_det_jacobian(back, y), log_sigma.sum(-1))
    assert len(calls) == 5  # one for every unit, and none for the log-determinant
    torch.testing.assert_close(step.log_scales(z.clone()), log_sigma)  # of a value it does not know
    jacobian = torch.autograd.functional.jacobian(step, z[0].clone())
    torch.testing.assert_close(log_sigma[0].sum(), torch.linalg.slogdet(jacobian).logabsdet, rtol=1e-8, atol=1e-8)


def test_an_autoregressive_inverse_passes_gradients():
    y = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda y: Autoregressive(lower, range(3)).inverse_and_log_det(y), [y], raise_exception=False
    )


@pytest.mark.parametrize("make", [planar, radial])
def test_a_base_takes_the_batch_shape_of_the_step(make):
    base = dist.Normal(torch.zeros(2).double(), 1.0).to_event(1)
    q = dist.TransformedDistribution(base, [make(*arguments(2)), make(*arguments(2))])
    z = q.rsample()
    assert q.batch_shape == (ROWS,) and z.shape == (ROWS, 2) and len(z.unique(dim=0)) == ROWS
    torch.testing.assert_close(q.log_prob(z), q.log_prob(z.clone()))
    assert q.expand((3, ROWS)).log_prob(q.expand((3, ROWS)).rsample()).shape == (3, ROWS)
    assert q.log_prob(torch.zeros(2).double()).shape == (ROWS,)


@pytest.mark.parametrize("alone", range(3))
def test_a_step_has_the_batch_shape_of_any_of_its_parameters(alone):
    rows = [(4,) if i == alone else () for i in range(3)]
    vectors, numbers = [torch.ones(*shape, 2) for shape in rows], [torch.ones(shape) for shape in rows]
    slope = 1 + (vectors[0] * vectors[1]).sum(-1)
    for step in (Planar(*vectors[:2], numbers[2], slope), Radial(vectors[0], *numbers[1:])):
        q = dist.TransformedDistribution(dist.Normal(torch.zeros(2), 1.0).to_event(1), [step])
        assert q.batch_shape == (4,) and len(q.sample().unique(dim=0)) == 4


def test_an_autoregressive_inverse_takes_the_batch_shape_of_the_step():
    h = torch.randn(4, 1)
    step = Autoregressive(lambda z: (h + 0 * z, h.tanh() + 0 * z), (0, 1, 2), batch_shape=(4,))
    y = torch.randn(3)
    torch.testing.assert_close(step.inv(y), (y - h) * torch.exp(-h.tanh()))
