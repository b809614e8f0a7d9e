"""Training steps of the same models in other libraries: pythae (VAE, IWAE, VAE with a flow) and pixyz (M2).

The networks, the batch, the data and Adam are those of the case. The library computes the loss of a batch. Its losses
are means over the rows, and ours are sums. Each function describes the other differences. The libraries are imported
only where they are used.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F

ADAM = {"lr": 3e-4}


class Network(torch.nn.Module):
    """Linear and ReLU layers over the concatenated parents, with one linear output for each of ``sizes``."""

    def __init__(self, parents, hidden, *sizes):
        super().__init__()
        layers = [torch.nn.Linear(*pair) for pair in pairwise([sum(parents), *hidden])]
        self.hidden = torch.nn.Sequential(*(module for layer in layers for module in (layer, torch.nn.ReLU())))
        self.outputs = torch.nn.ModuleList(torch.nn.Linear(hidden[-1], size) for size in sizes)

    def forward(self, *parents):
        h = self.hidden(torch.cat(parents, -1))
        return [output(h) for output in self.outputs]


def check(case, model):
    """Raise if a case asks for something that these steps do not compute."""
    if (case.model, case.precision, case.num_particles) != (model, "float32", 1):
        raise ValueError(f"case: got {case}, want {model} in float32 with one particle")


def pythae_step(case, model_class, config_class, **options):
    """A step of a pythae model on the unlabelled rows, with its own forward and loss but without its trainer."""
    check(case, "VAE")
    from pythae.data.datasets import DatasetOutput
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder

    class Encoder(BaseEncoder):
        def __init__(self):
            super().__init__()
            self.network = Network((case.x_size,), case.hidden, case.z_size, case.z_size)

        def forward(self, x):
            loc, log_variance = self.network(x)
            return ModelOutput(embedding=loc, log_covariance=log_variance)

    class Decoder(BaseDecoder):
        def __init__(self):
            super().__init__()
            self.network = Network((case.z_size,), case.hidden, case.x_size)

        def forward(self, z):
            (logits,) = self.network(z)
            return ModelOutput(reconstruction=logits.sigmoid())

    torch.manual_seed(0)
    sizes = {"input_dim": (case.x_size,), "latent_dim": case.z_size}
    config = config_class(**sizes, reconstruction_loss="bce", **options)
    model = model_class(config, encoder=Encoder(), decoder=Decoder()).to(case.device)
    optimiser = torch.optim.Adam(model.parameters(), **ADAM)
    batch = DatasetOutput(data=case.data()[2])

    def step():
        optimiser.zero_grad()
        loss = model(batch).loss
        loss.backward()
        optimiser.step()
        return loss.detach()

    return step


def pythae_vae(case):
    """pythae's VAE. KL(q(z|x) || p(z)) is in closed form; ours is estimated at the sample of z."""
    from pythae.models import VAE, VAEConfig

    return pythae_step(case, VAE, VAEConfig)


def pythae_iwae(case, num_samples):
    """pythae's IWAE, the importance-weighted bound. With one sample, it is the ELBO at the sample of z, like ours.

    Its loss is sum_s w_s log w_s with normalised weights held constant. This has the gradient of the bound, but not its
    value.
    """
    from pythae.models import IWAE, IWAEConfig

    return pythae_step(case, IWAE, IWAEConfig, number_samples=num_samples)


def pythae_vae_iaf(case):
    """pythae's VAE with an inverse autoregressive flow of two steps, each with one hidden layer.

    Its steps do not read x; ours take a context from the encoder. Its steps are z exp(s) + m; ours are gated. The
    hidden layer is as wide as the last one of the networks, like ours.
    """
    from pythae.models import VAE_IAF, VAE_IAF_Config

    flow = {"n_made_blocks": 2, "n_hidden_in_made": 1, "hidden_size": case.hidden[-1]}
    return pythae_step(case, VAE_IAF, VAE_IAF_Config, **flow)


def pixyz_m2(case):
    """pixyz's M2, arranged as in its example ``m2.ipynb``: one unlabelled pass at a relaxed sample of y.

    Ours sums over the K classes, so the unlabelled half of a step takes several times as much work as here. There are
    two other differences. The constant log p(y) is left out. pixyz 0.3.3 scores log q(y|x) of the relaxed categorical
    as K independent Bernoulli variables. The class term has weight 1, and the scale of z is exp(log variance / 2), like
    ours.
    """
    check(case, "M2")
    from pixyz.distributions import Bernoulli, Normal, RelaxedCategorical
    from pixyz.losses import ELBO
    from pixyz.models import Model

    class Decoder(Bernoulli):
        def __init__(self):
            super().__init__(var=["x"], cond_var=["z", "y"], name="p")
            self.network = Network((case.z_size, case.num_classes), case.hidden, case.x_size)

        def forward(self, z, y):
            (logits,) = self.network(z, y)
            return {"probs": logits.sigmoid()}

    class Encoder(Normal):
        def __init__(self):
            super().__init__(var=["z"], cond_var=["x", "y"], name="q")
            self.network = Network((case.x_size, case.num_classes), case.hidden, case.z_size, case.z_size)

        def forward(self, x, y):
            loc, log_variance = self.network(x, y)
            return {"loc": loc, "scale": (0.5 * log_variance).exp()}

    class Classifier(RelaxedCategorical):
        def __init__(self):
            super().__init__(var=["y"], cond_var=["x"], name="q")
            self.network = Network((case.x_size,), case.hidden, case.num_classes)

        def forward(self, x):
            (logits,) = self.network(x)
            return {"probs": logits.softmax(-1)}

    torch.manual_seed(0)
    p_x, q_z, q_y = (distribution().to(case.device) for distribution in (Decoder, Encoder, Classifier))
    p_z = Normal(var=["z"], features_shape=[case.z_size], loc=torch.tensor(0.0), scale=torch.tensor(1.0))
    p_z = p_z.to(case.device)
    p_x_u, q_z_u, q_y_u = (distribution.replace_var(x="x_u", y="y_u") for distribution in (p_x, q_z, q_y))
    bounds = ELBO(p_x * p_z, q_z).mean() + ELBO(p_x_u * p_z, q_z_u * q_y_u).mean()
    distributions = [p_x, q_z, q_y]
    model = Model(-bounds - q_y.log_prob().mean(), None, distributions, torch.optim.Adam, optimizer_params=ADAM)
    labelled, y, unlabelled = case.data()
    rows = {"x": labelled, "y": F.one_hot(y, case.num_classes).to(labelled.dtype), "x_u": unlabelled}

    def step():
        fresh = {name: value.detach() for name, value in rows.items()}  # pixyz caches networks' outputs by tensor
        return model.train(fresh).detach()

    return step
