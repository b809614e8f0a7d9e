"""The models: one file per paper, with model and guide side by side."""

from pyrodgm.models.adgm import ADGM
from pyrodgm.models.adversarial_m2 import AdversarialM2
from pyrodgm.models.auxiliary_ladder_vae import AuxiliaryLadderVAE
from pyrodgm.models.avae import AVAE
from pyrodgm.models.base import DeepGenerativeModel, Model
from pyrodgm.models.bayesian_mlp import BayesianMLP
from pyrodgm.models.bayesian_vae import BayesianVAE
from pyrodgm.models.cagem import CaGeM
from pyrodgm.models.cluster_ladder_vae import ClusterLadderVAE
from pyrodgm.models.density import DensityModel
from pyrodgm.models.fame import FAME
from pyrodgm.models.hierarchical_vae import HierarchicalVAE
from pyrodgm.models.iaf_vae import IAFVAE
from pyrodgm.models.ladder_vae import LadderVAE
from pyrodgm.models.latent_classifier import LatentClassifierVAE
from pyrodgm.models.m1m2 import M1M2
from pyrodgm.models.m2 import M2
from pyrodgm.models.resnet_vae import ResNetVAE
from pyrodgm.models.sdgm import SDGM
from pyrodgm.models.semi_supervised_fame import SemiSupervisedFAME
from pyrodgm.models.split_latent_classifier import SplitLatentClassifierVAE
from pyrodgm.models.vae import VAE

__all__ = [
    "ADGM",
    "AVAE",
    "FAME",
    "IAFVAE",
    "M1M2",
    "M2",
    "SDGM",
    "VAE",
    "AdversarialM2",
    "AuxiliaryLadderVAE",
    "BayesianMLP",
    "BayesianVAE",
    "CaGeM",
    "ClusterLadderVAE",
    "DeepGenerativeModel",
    "DensityModel",
    "HierarchicalVAE",
    "LadderVAE",
    "LatentClassifierVAE",
    "Model",
    "ResNetVAE",
    "SemiSupervisedFAME",
    "SplitLatentClassifierVAE",
]
