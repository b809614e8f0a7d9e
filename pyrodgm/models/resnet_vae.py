"""ResNet VAE, residual networks with many layers of latents. Kingma 2017, sec. 5.6.2 and app. 5.B (Kingma et al. 2016).

    p(x, z) = p(x | h_0) prod_{l=1}^L p(z_l | h_l)                          app. 5.B; h_L is learned
    h_{l-1} = h_l + V_l * [f(z_l); f(U_l * f(h_l))]                         top-down, figure 5.B.1
    p(z_l | h_l) = N(mu, sigma^2)                                           linear in f(h_l)

    g_1 = W * x,  g_{l+1} = g_l + V'_l * f(U'_l * f(g_l))                   bottom-up, of x alone
    q(z | x) = prod_l q(z_l | g_l, h_l)                                     ``"bidirectional"``, secs 5.B.1-5.B.2

or

    g_{l+1} = g_l + V'_l * [f(z_l); f(U'_l * f(g_l))]
    q(z | x) = prod_l q(z_l | g_l)                                          ``"bottom_up"``

    log p(x) >= E_q(z|x)[log p(x, z) - log q(z | x)]                        as VAE's

h is the paper's h^(p), g its h^(q), and f an ELU. q(z_l | ...) is N(mu, sigma^2), linear in f(g_l) and f(h_l), or its
flow by masked convolutions with f(g_l) and f(h_l) as context (sec. 5.B.3). For q(z_l | g_l), sec. 5.B.2 prints
h^(p) of layer l + 1 in place of g_l; sec. 5.B.3 has h^(q). The bidirectional guide computes h with the networks of the
model, and leaves it in a note, so that the model does not compute it again (see ``guide_notes``). Layers have weight
normalisation, see ``initialise``; there is no batch normalisation (sec. 5.B.6).

The paper leaves the details to its figures, which are not in the text, and to its source code. Chosen here:

- The first and the last convolution, which halve and double height and width, are 5 x 5; the others are 3 x 3.
- h_L is one number per feature map, the same at every position. It starts as a draw from N(0, 1), the scale of
  normalised activations.
- The bottom-up unit above the last latent is left out, because nothing uses it.
- A flow orders its units position by position, and map by map within a position.
- The heads of latents and pixels start with a tenth of the usual standard deviation, so that the first steps do not
  diverge. Heads give log sigma^2.

Deviation: masked convolutions have no weight normalisation.
"""

import math
from collections.abc import Sequence
from typing import Any, Literal

import pyro
import torch
from torch.nn import ModuleList

from pyrodgm.checks import check_choice, check_size
from pyrodgm.models.base import DeepGenerativeModel
from pyrodgm.models.guide_notes import GuideNote, sample_and_note
from pyrodgm.nn import Convolution, TransposedConvolution, likelihood_net
from pyrodgm.nn.convolution import check_image_shape, halved, maps_of, rows_of
from pyrodgm.nn.likelihoods import per_channel
from pyrodgm.nn.map_posteriors import INITIAL_SCALE, MapNormalNet, map_posterior_net
from pyrodgm.nn.precision import in_precision
from pyrodgm.nn.trunk import ACTIVATIONS
from pyrodgm.types import Option

INFERENCE = ("bidirectional", "bottom_up")
ENDS = 5  # the size of the first and the last kernel


class ResNetVAE(DeepGenerativeModel):
    """VAE of images with residual units. The latents z1, ..., zL are feature maps of half the height and width.

    Args:
        image_shape: ``(H, W)``, or ``(H, W, C)`` with the C channels of a pixel side by side. Each row of x has
            H W C values.
        depth: number L of layers.
        maps: number of feature maps of every residual unit.
        z_maps: number of feature maps of every latent.
        inference: ``"bidirectional"`` or ``"bottom_up"``.
        posterior: the posterior of every layer, ``"normal"`` or ``"iaf"``, alone or with options, see ``MapFlowNet``.
        likelihood: see ``likelihood_net``; ``"discretized_logistic"`` learns one scale per channel, unless
            ``num_channels`` says otherwise.
        activation, weight_norm, precision: options of every network, see ``Trunk``.

    Raises:
        ValueError: if ``image_shape`` is not two or three positive ints, or has a side of 1; if the depth or a number
            of maps is below 1; for any other inference or posterior.

    Example::

        m = ResNetVAE((32, 32, 3), posterior=("iaf", {"made_hidden": (64,)}))
        m.initialise(x[:100])                                       # x (B, 3072), levels 0 to 255
        SVI(m.model, m.guide, Adamax({"lr": 2e-3}), FreeBits(0.25, groups="map")).step(x[:100])
    """

    def __init__(
        self,
        image_shape: Sequence[int],
        depth: int = 4,
        maps: int = 64,
        z_maps: int = 32,
        inference: Literal["bidirectional", "bottom_up"] = "bidirectional",
        posterior: Option = "normal",
        likelihood: Option = "discretized_logistic",
        activation: str = "elu",
        weight_norm: bool = True,
        precision: str = "float32",
    ) -> None:
        *shape, channels = check_image_shape(image_shape, strides=1)
        for argument, value in (("depth", depth), ("maps", maps), ("z_maps", z_maps)):
            check_size(argument, value)
        check_choice("inference", inference, INFERENCE)
        check_choice("activation", activation, ACTIVATIONS)
        super().__init__(math.prod(shape) * channels, None, None)
        self.image_shape, self.depth, self.inference, self.top = tuple(image_shape), depth, inference, f"z{depth}"
        self.activation, self.precision = activation, precision
        network: dict[str, Any] = {"weight_norm": weight_norm, "precision": precision}
        self.places = tuple(halved(shape))

        def units(count, *parents):
            return ModuleList(ResidualUnit(maps, parents, activation, **network) for _ in range(count))

        self.start = torch.nn.Parameter(torch.randn(maps))
        self.p_z = ModuleList(MapNormalNet((maps,), z_maps, **network) for _ in range(depth))
        self.down = units(depth, z_maps)
        self.p_x = likelihood_net(
            per_channel(likelihood, channels), Upsampling(maps, shape, activation, **network), None, self.x_size
        )
        both = inference == "bidirectional"
        self.first = Convolution((channels,), maps, kernel=ENDS, stride=2, **network)
        self.up = units(depth - 1, *(() if both else (z_maps,)))
        read = (maps, maps) if both else (maps,)
        self.q_z = ModuleList(map_posterior_net(posterior, read, z_maps, **network) for _ in range(depth))

    def model(self, x: torch.Tensor | None = None, y: torch.Tensor | None = None, size: int = 1) -> torch.Tensor:
        with self.batch(x, y, size):
            h, above = self._start(), self.start
            for i in reversed(range(self.depth)):
                z, noted = sample_and_note(f"z{i + 1}", self.p_z[i](self._f(h)), above)  # (B, C, H / 2, W / 2)
                h = above = self.down[i](h, z) if noted is None else noted
            return pyro.sample("x", self.p_x(h), obs=x)  # (B, x)

    def guide(self, x: torch.Tensor, y: torch.Tensor | None = None, size: int = 1) -> None:
        with self.batch(x, y, size):
            g = self.first(maps_of(self.scaled(x), check_image_shape(self.image_shape)))
            if self.inference == "bottom_up":
                self._sample_upward(g)
            else:
                self._sample_downward(g)

    def _sample_upward(self, g):
        for i in range(self.depth):
            z = pyro.sample(f"z{i + 1}", self.q_z[i](self._f(g)))
            if i < self.depth - 1:
                g = self.up[i](g, z)

    def _sample_downward(self, g):
        below = [g]  # g_1, ..., g_L
        for unit in self.up:
            below.append(unit(below[-1]))
        h, above = self._start(), self.start
        for i in reversed(range(self.depth)):
            note = GuideNote(self)
            z = pyro.sample(f"z{i + 1}", self.q_z[i](self._f(below[i]), self._f(h)), infer={"note": note})
            if i > 0:
                below_z = self.down[i](h, z)
                note.write(below_z, z, above)
                h = above = below_z

    def _start(self):
        (start,) = in_precision(self.precision, self.start)
        return start[:, None, None].expand(-1, *self.places)

    def _f(self, h):
        return ACTIVATIONS[self.activation](h)


class ResidualUnit(torch.nn.Module):
    """h + V * [f(U * f(h)); f(z)], with the activation before the convolutions (Kingma 2017, app. 5.B).

    Args:
        maps: number of feature maps of h and of the hidden layer.
        parents: numbers of feature maps of other inputs of the outer convolution, such as z.
        activation: f, see ``Trunk``.
        network: ``weight_norm`` and ``precision``, see ``Linear``.

    Shapes:
        h ``(..., maps, H, W)``, z ``(..., parents[0], H, W)``; out as h.
    """

    def __init__(self, maps: int, parents: Sequence[int], activation: str, **network: Any) -> None:
        super().__init__()
        self.activation = activation
        self.inner = Convolution((maps,), maps, **network)
        self.outer = Convolution((maps, *parents), maps, **network)

    def forward(self, h: torch.Tensor, *z: torch.Tensor) -> torch.Tensor:
        f = ACTIVATIONS[self.activation]
        return h + self.outer(f(self.inner(f(h))), *map(f, z))


class Upsampling(torch.nn.Module):
    """The trunk of p(x | h): its feature is f(h), and its heads are transposed convolutions that return rows.

    Args:
        maps: number of feature maps of h.
        shape: height and width of the image.
        activation, network: as for ``ResidualUnit``.

    Shapes:
        h ``(..., maps, ceil(H / 2), ceil(W / 2))``; a tuple of one set of maps of that shape.

    Attributes:
        sizes, linear: as for ``Trunk``.
    """

    def __init__(self, maps: int, shape: Sequence[int], activation: str, **network: Any) -> None:
        super().__init__()
        self.sizes, self.shape, self.activation, self.linear = (maps,), tuple(shape), activation, network

    def head(self, size: int) -> "UpsamplingHead":
        """A transposed convolution to the size of the image that returns rows of ``size`` values."""
        return UpsamplingHead(*self.sizes, size, self.shape, **self.linear)

    moment_head = head

    def forward(self, h: torch.Tensor) -> tuple[torch.Tensor]:
        return (ACTIVATIONS[self.activation](h),)


class UpsamplingHead(TransposedConvolution):
    """A transposed convolution that returns rows ``(..., size)``, with the values of a position side by side.

    The rows have the parameters' dtype. Data-dependent initialisation gives its outputs a tenth of the usual standard
    deviation, because the location of a level is on a scale from 0 to 1.
    """

    first_spread = INITIAL_SCALE

    def __init__(self, maps: int, size: int, shape: Sequence[int], **options: Any) -> None:
        super().__init__((maps,), size // math.prod(shape), shape, kernel=ENDS, **options)

    def forward(self, *parents: torch.Tensor) -> torch.Tensor:
        return rows_of(super().forward(*parents)).to(self.weight.dtype)
