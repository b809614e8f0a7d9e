"""Train as one of several processes, or alone, and write parameters, gradients and the loss curve.

Run as ``python -m tests.train.two_processes BACKEND PAIR FILE``, alone or with torchrun.
"""

import sys
from pathlib import Path

import pyro
import torch
from pyro.infer import SVI, Trace_ELBO, TraceEnum_ELBO
from safetensors.torch import save_file

from pyrodgm.data import Batches, binarise
from pyrodgm.infer import CompiledSVI, Optimizer, SemiSupervisedELBO
from pyrodgm.models import ADGM, VAE
from pyrodgm.train import fit
from pyrodgm.train.parallel import is_first, joined, joint_gradients, share

PAIRS = {
    "adgm": lambda: ADGM(12, 3, z_size=2, a_size=3, hidden=(8,), posterior="full"),
    "sampled": lambda: ADGM(12, 6, z_size=2, a_size=3, hidden=(8,), classes=("sampled", {"top": 2})),
    "iaf": lambda: VAE(12, z_size=2, hidden=(8,), posterior=("iaf", {"num_steps": 2})),
}


def main(backend, pair, path):
    torch.set_default_dtype(torch.float64)
    pyro.set_rng_seed(0)
    model = PAIRS[pair]()
    x, y = torch.rand(60, 12, generator=torch.Generator().manual_seed(1)), torch.arange(8) % 3
    classes = model.num_classes is not None
    elbo = TraceEnum_ELBO(max_plate_nesting=1) if classes else Trace_ELBO(max_plate_nesting=1, num_particles=3)
    elbo = SemiSupervisedELBO(elbo, alpha=2.0) if classes else elbo
    seen = []

    def reduce(gradients):
        seen.append(joint_gradients(gradients))
        return seen[-1]

    optim = Optimizer(torch.optim.Adam, {"lr": 1e-2}, max_norm=30.0, reduce=reduce)
    svi = SVI(model.model, model.guide, optim, elbo)
    if backend != "svi":
        svi = CompiledSVI(model.model, model.guide, optim, elbo, backend=backend)
    batches = Batches(x, 10, (x[:8], y) if classes else None, resample=binarise, share=share())
    history = fit(svi, batches, 4, warm_up_epochs=2, folder=Path(path).with_suffix(""), progress=False)
    if is_first():
        curve = {"curve": torch.tensor([row["loss"] for row in history])}
        gradients = {f"gradient {i}": torch.cat([g.flatten() for g in step]) for i, step in enumerate(seen[:3])}
        save_file(curve | gradients | dict(model.state_dict()), path)


if __name__ == "__main__":
    with joined("cpu"):
        main(*sys.argv[1:])
