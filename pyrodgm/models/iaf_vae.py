"""IAF-VAE, a convolutional VAE of images. Kingma 2017, sec. 5.6.1 and app. 5.A (Kingma et al. 2016).

    p(x, z) = p(z) p(x | z)            p(z) = N(0, I)
    q(z | x) = N(mu, sigma^2)          "diagonal covariance" of table 5.1; or its flow (eqs 5.25, 5.30-5.32)

    log p(x) >= E_q(z|x)[log p(x, z) - log q(z | x)]                    as VAE's

    encoder    blocks of stride 2 with 16, 32 and 32 maps, a block of stride 1 between consecutive ones, 450 units
    decoder    the same from the top down, with transposed convolutions
    block      f(W_2 * f(W_1 * h) + h), f an ELU; W_s * h in place of h where the shape changes (He et al. 2015)

All kernels are 3 x 3, and all layers have weight normalisation, see ``initialise``. The paper has a block of stride 1
"between every other strided convolution", read here as one between consecutive ones. Not stated in the paper, and
chosen here: the activation follows the sum, as in He et al. 2015; W_s has the kernel size of W_1; the decoder ends with
16 feature maps and a 3 x 3 convolution that gives the logits. Heads give log sigma^2.
"""

from collections.abc import Sequence
from typing import Any

import pyro
import torch

from pyrodgm.models.base import DeepGenerativeModel
from pyrodgm.models.networks import ImageNetworks


class IAFVAE(DeepGenerativeModel):
    """Convolutional variational autoencoder of images, with a posterior by name.

    Args:
        image_shape: ``(H, W)``, or ``(H, W, C)`` with the C channels of a pixel side by side. Each row of x has
            H W C values.
        z_size: number of latent units.
        hidden: sizes of the dense layers between feature maps and latents.
        maps: numbers of feature maps of the blocks that halve height and width, in the encoder's order.
        activation, weight_norm: of every network, see ``Trunk``.
        options: ``likelihood``, ``posterior`` and the other options of every network, see ``Networks``.

    Raises:
        ValueError: if ``image_shape`` is not two or three positive ints, or the image is too small for that many
            strides.

    Example::

        steps = {"num_steps": 2, "made_hidden": (320, 320), "reverse_every": 2}
        m = IAFVAE(image_shape=(28, 28), posterior=("iaf", steps))
        m.initialise(x[:100])                                       # x (B, 784)
        SVI(m.model, m.guide, Adam({"lr": 1e-3}), Trace_ELBO()).step(x[:100])
    """

    def __init__(
        self,
        image_shape: Sequence[int],
        z_size: int = 32,
        hidden: Sequence[int] = (450,),
        maps: Sequence[int] = (16, 32, 32),
        activation: str = "elu",
        weight_norm: bool = True,
        **options: Any,
    ) -> None:
        nets = ImageNetworks(image_shape, None, hidden, maps, activation=activation, weight_norm=weight_norm, **options)
        super().__init__(nets.x_size, None, z_size)
        self.image_shape = tuple(image_shape)
        self.p_x = nets.likelihood(z_size)
        self.q_z = nets.posterior(size=z_size)

    def model(self, x: torch.Tensor | None = None, y: torch.Tensor | None = None, size: int = 1) -> torch.Tensor:
        with self.batch(x, y, size):
            z = pyro.sample("z", self.standard_normal(self.z_size))  # (B, z)
            return pyro.sample("x", self.p_x(z), obs=x)  # (B, x)

    def guide(self, x: torch.Tensor, y: torch.Tensor | None = None, size: int = 1) -> None:
        with self.batch(x, y, size):
            pyro.sample("z", self.q_z(self.scaled(x)))  # (B, z)
