"""Deep generative models for semi-supervised and unsupervised learning, as Pyro model/guide pairs.

It exports the names that a first program needs, including all models. Each is loaded when it is first used.
"""

from importlib import import_module

__version__ = "0.2.0"

_HOMES = {
    "ADGM": "models",
    "AVAE": "models",
    "AdversarialM2": "models",
    "AuxiliaryLadderVAE": "models",
    "Batches": "data",
    "BayesianMLP": "models",
    "BayesianVAE": "models",
    "CaGeM": "models",
    "ClusterLadderVAE": "models",
    "CompiledSVI": "infer",
    "DeepGenerativeClassifier": "estimators",
    "DeepGenerativeModel": "models",
    "DensityModel": "models",
    "FAME": "models",
    "FreeBits": "infer",
    "HierarchicalVAE": "models",
    "IAFVAE": "models",
    "ImportanceWeightedELBO": "infer",
    "LadderVAE": "models",
    "LatentClassifierVAE": "models",
    "M1": "estimators",
    "M1M2": "models",
    "M2": "models",
    "Optimizer": "infer",
    "ResNetVAE": "models",
    "SDGM": "models",
    "SemiSupervisedELBO": "infer",
    "SemiSupervisedFAME": "models",
    "SplitLatentClassifierVAE": "models",
    "VAE": "models",
    "active_units": "evaluate",
    "alpha": "infer",
    "bound": "evaluate",
    "classification_error": "evaluate",
    "elbo_parts": "evaluate",
    "fit": "train",
    "likelihood_net": "nn",
    "load": "data",
    "local_reparameterisation": "handlers",
    "log_likelihood": "evaluate",
    "posterior_net": "nn",
    "select_labels": "data",
    "step_decay": "train",
    "to_inference_data": "evaluate",
    "warm_up": "handlers",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__():
    return sorted({*globals(), *_HOMES})
