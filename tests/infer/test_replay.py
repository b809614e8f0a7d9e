"""The functions that a replay calls compute what the operations of the graph compute, to the last bit."""

import pytest
import torch

from pyrodgm.infer.compiled.backends import FUNCTIONS

A, B = torch.randn(2, 4, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
WHOLE, MASK, SCALAR = torch.arange(16).reshape(4, 4), A > 0, torch.tensor(2.5)
CALLS = {
    "abs.default": [((A,), {})],
    "add.Tensor": [((A, B), {}), ((A, B), {"alpha": -2}), ((WHOLE, 1.5), {}), ((A.float(), SCALAR), {})],
    "addcmul.default": [((A, A, B), {}), ((A, A, B), {"value": -0.5})],
    "addmm.default": [((A[0], A, B), {}), ((A, A, B), {"beta": 2, "alpha": 3})],
    "bmm.default": [((A.reshape(1, 4, 4), B.reshape(1, 4, 4)), {})],
    "cat.default": [(([A, B],), {}), (([A, B], -1), {})],
    "clamp.default": [((A, -0.1), {}), ((A, None, 0.3), {}), ((WHOLE, 2.5, 7.5), {})],
    "div.Tensor": [((A, B), {}), ((WHOLE, 2), {})],
    "exp.default": [((A,), {})],
    "expand.default": [((A[:1], [4, 4]), {}), ((A, [2, -1, 4]), {})],
    "gather.default": [((A, 1, WHOLE % 4), {})],
    "log.default": [((A.abs(),), {})],
    "logsumexp.default": [((A, [0]), {}), ((A, [0, 1], True), {})],
    "masked_fill.Scalar": [((A, MASK, -1.0), {})],
    "mm.default": [((A, B), {})],
    "mul.Scalar": [((A, 0.1), {}), ((WHOLE, 1.5), {}), ((A.float(), 0.1), {}), ((SCALAR, 3), {})],
    "mul.Tensor": [((A, B), {}), ((WHOLE, 0.1), {}), ((WHOLE, SCALAR), {}), ((A, MASK), {})],
    "neg.default": [((A,), {})],
    "permute.default": [((A.reshape(2, 2, 4), [2, 0, 1]), {})],
    "pow.Tensor_Scalar": [((A, 2), {}), ((A.abs(), 0.5), {}), ((WHOLE, 2), {})],
    "relu.default": [((A,), {})],
    "reshape.default": [((A.t(), [2, -1]), {})],
    "select.int": [((A, 1, -1), {})],
    "sigmoid.default": [((A,), {})],
    "softplus.default": [((A,), {}), ((30 * A, 2, 10), {})],
    "sqrt.default": [((A.abs(),), {})],
    "sub.Tensor": [((A, B), {}), ((A, B), {"alpha": 3}), ((WHOLE, 1.5), {})],
    "sum.default": [((A,), {}), ((MASK,), {})],
    "sum.dim_IntList": [((A, [0], True), {}), ((A, [0, 1]), {}), ((A, []), {}), ((MASK, [1]), {"dtype": A.dtype})],
    "t.default": [((A,), {}), ((A[0],), {})],
    "tanh.default": [((A,), {})],
    "unsqueeze.default": [((A, -1), {})],
    "where.self": [((MASK, A, B), {}), ((MASK, A, SCALAR.double()), {})],
}


@pytest.mark.parametrize("operation", FUNCTIONS, ids=lambda operation: operation.name().removeprefix("aten::"))
def test_a_function_computes_what_the_operation_does(operation):
    for args, kwargs in CALLS[str(operation).removeprefix("aten.")]:
        got, want = FUNCTIONS[operation](*args, **kwargs), operation(*args, **kwargs)
        assert got.dtype == want.dtype and got.stride() == want.stride()
        assert torch.equal(got, want)
