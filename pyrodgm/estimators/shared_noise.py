"""The same noise for every row, so that what is said of a row does not depend on its neighbours."""

import torch
from pyro.poutine.messenger import Messenger
from pyro.poutine.util import site_is_subsample
from torch.overrides import TorchFunctionMode

IN_PLACE = (torch.Tensor.normal_, torch.Tensor.uniform_, torch.Tensor.exponential_)


class SharedNoise(Messenger):
    """Draw the noise of every site in the plate over the rows once, for all of them.

    An estimate of one row is as unbiased as with noise of its own; those of two rows are correlated, so that their
    difference is the steadier for it.

    Example::

        with SharedNoise():
            row_bounds(m, x)
    """

    def __init__(self):
        super().__init__()
        self.draws = _SharedDraws()

    def __enter__(self):
        self.draws.__enter__()
        return super().__enter__()

    def __exit__(self, *error):
        super().__exit__(*error)
        return self.draws.__exit__(*error)

    def _pyro_sample(self, msg):
        rows = [frame.dim for frame in msg["cond_indep_stack"] if frame.vectorized]
        if rows and not site_is_subsample(msg):
            self.draws.row_dim = max(rows) - msg["fn"].event_dim

    def _pyro_post_sample(self, msg):
        self.draws.row_dim = None


class _SharedDraws(TorchFunctionMode):
    """Torch's random functions, drawn for one row along ``row_dim`` and repeated for the others."""

    def __init__(self):
        super().__init__()
        self.row_dim = None

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if self.row_dim is None or function not in IN_PLACE:
            return function(*args, **kwargs)
        own, *rest = args
        return own.copy_(function(own.narrow(self.row_dim, 0, 1).clone(), *rest, **kwargs))
