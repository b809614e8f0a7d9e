"""Networks whose forward returns a distribution, and their building blocks."""

from pyrodgm.nn.batch_norm import BatchNorm, MapBatchNorm, paused_statistics
from pyrodgm.nn.categorical import CategoricalNet
from pyrodgm.nn.convolution import Convolution, TransposedConvolution
from pyrodgm.nn.discretized_logistic import DiscretizedLogisticNet
from pyrodgm.nn.flows import flow_net
from pyrodgm.nn.likelihoods import BernoulliNet, BinomialNet, LevelsNet, NormalNet, likelihood_net
from pyrodgm.nn.map_posteriors import MapFlowNet, MapNormalNet, map_posterior_net
from pyrodgm.nn.masked import MaskedNet
from pyrodgm.nn.masked_conv import MaskedConv, MaskedConvNet
from pyrodgm.nn.mixed_columns import MixedNet
from pyrodgm.nn.pixel_cnn import PixelCNN
from pyrodgm.nn.posteriors import FlowNet, FullNormalNet, posterior_net
from pyrodgm.nn.precision import fast_bfloat16
from pyrodgm.nn.residual import ResidualDecoder, ResidualEncoder
from pyrodgm.nn.trunk import MLP, Linear, Trunk
from pyrodgm.nn.weights import give_posteriors, posteriors_of, priors_of

__all__ = [
    "MLP",
    "BatchNorm",
    "BernoulliNet",
    "BinomialNet",
    "CategoricalNet",
    "Convolution",
    "DiscretizedLogisticNet",
    "FlowNet",
    "FullNormalNet",
    "LevelsNet",
    "Linear",
    "MapBatchNorm",
    "MapFlowNet",
    "MapNormalNet",
    "MaskedConv",
    "MaskedConvNet",
    "MaskedNet",
    "MixedNet",
    "NormalNet",
    "PixelCNN",
    "ResidualDecoder",
    "ResidualEncoder",
    "TransposedConvolution",
    "Trunk",
    "fast_bfloat16",
    "flow_net",
    "give_posteriors",
    "likelihood_net",
    "map_posterior_net",
    "paused_statistics",
    "posterior_net",
    "posteriors_of",
    "priors_of",
]
