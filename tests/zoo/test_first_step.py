"""The first steps of every recipe (except images) by hand, with numbers that are not read from the recipe."""

import inspect
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import pytest
import torch

from pyrodgm.data import Batches, Dataset, Rows, load
from pyrodgm.infer import CompiledSVI
from pyrodgm.models.catalogue import has_classes, is_of_images
from pyrodgm.zoo import RECIPES, train
from pyrodgm.zoo.training import RESAMPLE
from tests.zoo import hand

# --- The numbers ---
#
# nets: sizes of every network from its input to its heads, at the full size of the data.
# rows, labels, batch: rows to train on, labels kept, (labelled, unlabelled) rows of a batch.
# weight, alpha: what a labelled row's bound and its class term weigh in a batch, where a row without a label weighs 1.
# decay: B / N for a prior N(0, 1) on the parameters, B of N rows in a batch.
# steps: by epoch, from 1, the learning rate and the weight of the KL terms.

PLAIN = {
    "act": "relu", "norm": False, "init": "glorot", "precision": "float32", "decay": 0.0, "kl_of_y": 1.0,
    "preprocess": (), "monitor": None, "particles": 1, "resample": None, "measure_every": 1, "objective": ("elbo", {}),
    "optimiser": hand.Adam, "variance": "log", "posterior": "normal",
}  # fmt: skip
MNIST = PLAIN | {
    "data": ("mnist", {}), "classes": 10, "rows": 50_000, "likelihood": ("binomial", 1), "labels": 100,
    "batch": (100, 100), "epochs": 100, "resample": ("binarise", {}),
}  # fmt: skip

# Kingma 2017, sec. 3.4: RMSProp with momentum and bias correction is Adam; 0.0003; softplus; z of 50; N(0, 0.001^2).
KINGMA = MNIST | {"act": "softplus", "precision": "bfloat16", "steps": {1: (3e-4, 1.0), 2: (3e-4, 1.0), 3: (3e-4, 1.0)}}
# Eq. 3.10, a label once an epoch of 500 batches: alpha = 0.1 * 50,000 over N_l labels, each 500 * 100 / N_l times.
M2 = KINGMA | {
    "model": "M2", "sizes": {"z": 50}, "init": 0.001, "decay": 0.002,
    "nets": {"q_y": (784, 500, 10), "q_z": (794, 500, 50), "p_x": (60, 500, 784)},
}  # fmt: skip
M1 = {"sizes": {"z": 50}, "nets": {"q_z": (784, 600, 600, 50), "p_x": (50, 600, 600, 784)}}
M1_FAST = MNIST | {
    "model": "VAE", "measure_every": 5, "norm": True, "precision": "bfloat16", "sizes": {"z": 50},
    "batch": (None, 200), "epochs": 50, "nets": {"q_z": (444, 500, 500, 50), "p_x": (50, 500, 500, 444)},
    "preprocess": (("keep_varying", {"threshold": 0.1}),), "schedule": ("linear", {"start": 25, "end": 50}),
    "steps": {1: (1.5e-3, 1 / 3), 2: (1.5e-3, 2 / 3), 3: (1.5e-3, 1.0), 26: (1.5e-3, 1.0), 50: (6e-5, 1.0)},
}  # fmt: skip

# Maaløe et al. 2016, sec. 3: 0.0003, two layers of 500, a and z of 100; beta 0.1: alpha = 0.1 * 50,000 / 100.
AUXILIARY = MNIST | {
    "norm": True, "precision": "bfloat16", "sizes": {"z": 100, "a": 100}, "weight": 1.0, "alpha": 50.0,
    "steps": {1: (3e-4, 1.0), 2: (3e-4, 1.0), 3: (3e-4, 1.0)},
}  # fmt: skip


def auxiliary(x, hidden, latent, classes, p_x):
    layers = (hidden, hidden)
    return {
        "q_a": (x, *layers, latent), "q_y": (latent + x, *layers, classes),
        "q_z": (latent + classes + x, *layers, latent), "p_a": (latent + classes, *layers, latent),
        "p_x": (p_x, *layers, x),
    }  # fmt: skip


# Two layers of 1,000, a and z of 300; half of a batch labelled: 2,000 rows (SVHN), 200 (NORB).
LARGE = AUXILIARY | {"precision": "float32", "sizes": {"z": 300, "a": 300}, "labels": 1000, "epochs": 1000}
LARGE |= {"likelihood": ("normal", None), "resample": None, "steps": {1: (3e-4, 1.0), 2: (3e-4, 1.0)}}
# 73,257 - 5,000 rows and the 531,131 of the extra set: alpha = 0.1 * 599,388 / 1,000.
SVHN = LARGE | {
    "data": ("svhn", {"extra": True}), "rows": 599_388, "batch": (1000, 1000), "alpha": 59.9388,
    "preprocess": (("dequantise", {}), ("standardise", {"centre": False})),
}  # fmt: skip
# 24,300 - 2,300 rows: alpha = 0.1 * 22,000 / 1,000.
NORB = LARGE | {
    "data": ("small-norb", {"size": 32, "pairs": True}), "classes": 5, "rows": 22_000, "alpha": 2.2,
    "preprocess": (("dequantise", {}),),
}  # fmt: skip

# Maaløe et al. 2016, sec. 4.2: 10,000 rows in batches of 100, six labels in all. alpha = 0.006 * 10,000 / 6 = 10.
MOONS = PLAIN | {
    "data": ("moons", {"noise": 0.1}), "classes": 2, "rows": 10_000, "likelihood": ("normal", None), "labels": 6,
    "batch": (6, 100), "epochs": 100, "weight": 1.0, "alpha": 10.0,
    "steps": {1: (3e-3, 0.2), 2: (3e-3, 0.4), 4: (3e-3, 0.8), 5: (3e-3, 1.0), 6: (3e-3, 1.0)},
}  # fmt: skip

# Maaløe et al. 2018, experiment (i): two layers of 50, every label. beta = 10: alpha = 10 * 10,500 / 10,500.
PV = PLAIN | {
    "model": "SDGM", "classes": 10, "rows": 10_500, "likelihood": ("normal", None), "labels": None, "batch": (200, 200),
    "epochs": 120, "weight": 1.0, "alpha": 10.0, "sizes": {"z": 10, "a": 10}, "preprocess": (("standardise", {}),),
    "monitor": "validation error",
    "steps": {1: (3e-3, 0.05), 2: (3e-3, 0.1), 20: (3e-3, 1.0), 61: (3e-3, 1.0), 76: (2.25e-3, 1.0)},
}  # fmt: skip

# Jurasiński 2019, secs 3.1 and 5.1, app. B: batches of 100 and 100, 0.001, one layer of 500 softplus, z of 50.
LATENT = MNIST | {
    "model": "LatentClassifierVAE", "act": "softplus", "precision": "bfloat16", "likelihood": ("normal", 0.4),
    "alpha": None, "weight": 0.5, "monitor": "validation error", "resample": None, "sizes": {"z": 50, "bound": "exact"},
    "nets": {"q_z": (784, 500, 50), "p_y": (50, 500, 10), "p_x": (60, 500, 784)},
    "steps": {1: (1e-3, 1.0), 2: (1e-3, 1.0), 3: (1e-3, 1.0)},
}  # fmt: skip
CIRCLES = PLAIN | {
    "model": "M2", "act": "softplus", "data": ("circles", {}), "classes": 2, "rows": 10_000, "labels": 50,
    "batch": (50, 100), "epochs": 150, "weight": 1.0, "alpha": 0.1, "sizes": {"z": 1}, "measure_every": 10,
    "nets": {"q_y": (2, 50, 2), "q_z": (4, 50, 50, 50, 1), "p_x": (3, 50, 50, 50, 2)},
    "steps": {1: (3e-3, 0.05), 2: (3e-3, 0.1), 19: (3e-3, 0.95), 20: (3e-3, 1.0), 76: (3e-3, 1.0), 91: (2.4e-3, 1.0)}
    | {150: (4e-5, 1.0)},
}  # fmt: skip

# Maaløe, Fraccaro and Winther 2017, sec. 5: 0.001 x 0.75 every 50 epochs, z1 of 64, z2 of 32, layers of 1024 and 512,
# the warm-up of every KL term. No labelled bound; beta 0.1.
CAGEM = MNIST | {
    "model": "CaGeM", "norm": True, "precision": "bfloat16", "sizes": {"z1": 64, "z": 32}, "weight": None,
    "kl_of_y": "kl",
    "nets": {
        "p_y": (32, 1024, 512, 10), "p_z1": (42, 1024, 512, 64), "p_x": (74, 1024, 512, 784),
        "q_z1": (784, 1024, 512, 64), "q_y": (848, 1024, 512, 10), "q_z2": (858, 1024, 512, 32),
    },
    "steps": {1: (1e-3, 0.1), 2: (1e-3, 0.2), 9: (1e-3, 0.9), 10: (1e-3, 1.0), 11: (1e-3, 1.0), 50: (1e-3, 1.0)}
    | {51: (7.5e-4, 1.0)},
}  # fmt: skip

DIGITS = PLAIN | {
    "data": ("digits", {"counts": True}), "classes": 10, "rows": 1097, "likelihood": ("binomial", 16), "labels": 100,
    "batch": (100, 100), "weight": 1.0, "resample": ("resample_counts", {"total_count": 16, "draws": 4}),
}  # fmt: skip
DIGITS_CAGEM = CAGEM | DIGITS | {
    "epochs": 300, "precision": "float32", "norm": False, "sizes": {"z1": 16, "z": 8}, "weight": None,
    "nets": {
        "p_y": (8, 128, 64, 10), "p_z1": (18, 128, 64, 16), "p_x": (26, 128, 64, 64),
        "q_z1": (64, 128, 64, 16), "q_y": (80, 128, 64, 10), "q_z2": (90, 128, 64, 8),
    },
    "steps": {1: (2e-3, 0.01), 2: (2e-3, 0.02), 50: (2e-3, 0.5), 51: (1.5e-3, 0.51), 99: (1.5e-3, 0.99)}
    | {100: (1.5e-3, 1.0), 101: (1.125e-3, 1.0)},
}  # fmt: skip

# Maaløe 2018, app. B, sec. 3: 0.001, batches of 256, leaky ReLU, batch normalisation; warm-up over a tenth.
LVAE = MNIST | {
    "act": "leaky_relu", "norm": True, "labels": None, "batch": (None, 256), "measure_every": 5,
    "steps": {1: (1e-3, 0.1), 2: (1e-3, 0.2), 9: (1e-3, 0.9), 10: (1e-3, 1.0), 11: (1e-3, 1.0)},
}  # fmt: skip

# The same, sec. 3: z1 to z5 of 64, 32, 16, 8 and 4 units, MLPs of two layers of 512, 256, 128, 64 and 32; the variance
# is a softplus (eqs 12 and 15), batch normalisation is of the heads too (Maaløe 2018, sec. 5.1.1). "Complete" is sec.
# 3's length, 2,000 epochs with a warm-up of 200. No number depends on how many rows there are.
MNIST_LAYERS = LVAE | {"variance": "softplus", "norm": "heads", "rows": 512}
COMPLETE = MNIST_LAYERS | {
    "epochs": 2000, "measure_every": 20,
    "steps": {1: (1e-3, 0.005), 2: (1e-3, 0.01), 20: (1e-3, 0.1)},
}  # fmt: skip
NO_WARM_UP = {"steps": {1: (1e-3, 1.0), 2: (1e-3, 1.0)}}


def layered(model, x=784, z=(64, 32, 16, 8, 4), h=(512, 256, 128, 64, 32), widths=2):
    """Sizes of the latents and the networks: bottom up, or by a ladder, whose heads read d_i."""
    layers, hidden = range(len(z)), [(width,) * widths for width in h]
    nets = {f"p_z.{i}": (z[i + 1], *hidden[i + 1], z[i]) for i in layers[:-1]} | {"p_x": (z[0], *hidden[0], x)}
    if model == "LadderVAE":
        nets |= {f"d.trunks.{i}": ((x, *h)[i], *hidden[i]) for i in layers}
        nets |= {f"q_z.{i}.heads": (h[i], z[i]) for i in layers}
    else:
        nets |= {f"q_z.{i}": ((x, *z)[i], *hidden[i], z[i]) for i in layers}
    return {"model": model, "layers": len(z), "sizes": {f"z{i + 1}": z[i] for i in layers}, "nets": nets}


def depth(model, num_layers, **changed):
    """A model of so many layers for 100 epochs."""
    return MNIST_LAYERS | layered(model, z=(64, 32, 16, 8, 4)[:num_layers]) | changed


# Burda et al. 2016: tanh; z of 50, two layers of 200; or z1 of 100, z2 of 50, the second MLP of 100. 0.001 x 10^(-i/7).
IWAE = LVAE | {
    "act": "tanh", "norm": False, "rows": 512, "batch": (None, 100), "epochs": 200, "measure_every": 10,
    "steps": {1: (1e-3, 1.0), 2: (1e-3, 1.0), 25: (1e-3, 1.0), 26: (7.196856730011521e-4, 1.0)},
}  # fmt: skip
ONE = IWAE | layered("HierarchicalVAE", z=(50,), h=(200,))
TWO = IWAE | layered("HierarchicalVAE", z=(100, 50), h=(200, 100))


def iwae(numbers, num_samples):
    return numbers | {"objective": ("importance_weighted", {"num_samples": num_samples})}


# Kingma 2017, sec. 2.11: tanh, 200 hidden units, Adagrad, batches of 100, N(0, 0.01), a prior N(0, I): 100 / 1,565.
FREY = PLAIN | {
    "model": "VAE", "data": ("freyfaces", {}), "classes": 10, "rows": 1565, "labels": None, "batch": (None, 100),
    "act": "tanh", "init": 0.01, "optimiser": hand.Adagrad, "decay": 0.06389776357827476, "epochs": 6400,
    "measure_every": 100, "likelihood": ("normal", "sigmoid"), "sizes": {"z": 10},
    "nets": {"q_z": (560, 200, 10), "p_x": (10, 200, 560)}, "steps": {1: (0.02, 1.0), 2: (0.02, 1.0), 3: (0.02, 1.0)},
}  # fmt: skip
ANALYTIC = {"objective": ("mean_field", {})}  # eq. 2.77
# App. 5.A: z of 32, 450 dense units, ELU; table 5.1: a flow of two networks of 320 units.
POSTERIOR = MNIST | {
    "model": "VAE", "act": "elu", "labels": None, "batch": (None, 100), "rows": 512, "measure_every": 5,
    "sizes": {"z": 32}, "nets": {"q_z": (784, 450, 32), "p_x": (32, 450, 784)},
    "steps": {1: (1e-3, 1.0), 51: (1e-3, 1.0), 56: (9e-4, 1.0)},
}  # fmt: skip

DIGITS_3 = DIGITS | layered("HierarchicalVAE", 64, (16, 8, 4), (128, 64, 32)) | {
    "labels": None, "batch": (None, 100), "epochs": 200, "measure_every": 5,
    "steps": {1: (2e-3, 1.0), 2: (2e-3, 1.0), 3: (2e-3, 1.0)},
}  # fmt: skip
# The same of three layers, of 16, 8 and 4 units, on digits; heads normalised, variances by a softplus.
LAYERS = DIGITS | {
    "act": "leaky_relu", "norm": "heads", "labels": None, "batch": (None, 100), "epochs": 300, "layers": 3,
    "variance": "softplus",
    "sizes": {"z1": 16, "z2": 8, "z3": 4},
    "steps": {1: (1e-3, 1 / 30), 2: (1e-3, 2 / 30), 29: (1e-3, 29 / 30), 30: (1e-3, 1.0), 31: (1e-3, 1.0)},
}  # fmt: skip
DOWN = {"p_x": (16, 128, 128, 64), "p_z.0": (8, 64, 64, 16), "p_z.1": (4, 32, 32, 8)}
UP = {"d.trunks.0": (64, 128, 128), "d.trunks.1": (128, 64, 64), "d.trunks.2": (64, 32, 32)}
AUXILIARY_LAYERS = {"z1": 16, "z2": 8, "z3": 4, "a1": 16, "a2": 8, "a3": 4}
P_A = {"p_a.0": (28, 128, 128, 16), "p_a.1": (12, 64, 64, 8), "p_a.2": (4, 32, 32, 4)}

DIGITS_M1 = DIGITS | {
    "model": "VAE", "labels": 100, "batch": (None, 100), "epochs": 200, "sizes": {"z": 16},
    "nets": {"q_z": (64, 128, 128, 16), "p_x": (16, 128, 128, 64)},
    "steps": {1: (2e-3, 1.0), 2: (2e-3, 1.0), 3: (2e-3, 1.0)},
}  # fmt: skip

BY_HAND = {
    "digits": DIGITS | {
        "model": "SDGM", "sizes": {"z": 16, "a": 16}, "nets": auxiliary(64, 128, 16, 10, 42), "alpha": 10.97,
        "epochs": 400,
        "steps": {1: (2e-3, 0.01), 2: (2e-3, 0.02), 99: (2e-3, 0.99), 100: (2e-3, 1.0), 201: (2e-3, 1.0)}
        | {301: (1e-3, 1.0), 400: (2e-5, 1.0)},
    },
    "digits-m2": DIGITS | {
        "model": "M2", "sizes": {"z": 16}, "epochs": 200, "alpha": 32.91,
        "nets": {"q_y": (64, 128, 128, 10), "q_z": (74, 128, 128, 16), "p_x": (26, 128, 128, 64)},
        "steps": {1: (1e-3, 1.0), 2: (1e-3, 1.0), 3: (1e-3, 1.0)},
    },
    "digits-m1": DIGITS_M1,
    "digits-m1m2": DIGITS | {
        "model": "M1M2", "sizes": {"z1": 16, "z": 16}, "epochs": 200, "alpha": 10.97, "first": DIGITS_M1,
        "nets": {
            "q_z1": (64, 128, 128, 16), "p_x": (16, 128, 128, 64), "p_z1": (26, 128, 128, 16),
            "q_y": (16, 128, 128, 10), "q_z2": (26, 128, 128, 16),
        },
        "steps": {1: (1e-3, 1.0), 2: (1e-3, 1.0), 3: (1e-3, 1.0)},
    },
    "digits-hierarchical": LAYERS | {
        "model": "HierarchicalVAE",
        "nets": DOWN | {"q_z.0": (64, 128, 128, 16), "q_z.1": (16, 64, 64, 8), "q_z.2": (8, 32, 32, 4)},
    },
    "digits-lvae": LAYERS | {
        "model": "LadderVAE",
        "nets": DOWN | UP | {"q_z.0.heads": (128, 16), "q_z.1.heads": (64, 8), "q_z.2.heads": (32, 4)},
    },
    "digits-avae": LAYERS | {
        "model": "AVAE", "sizes": AUXILIARY_LAYERS,
        "nets": DOWN | P_A | {
            "q_a.0": (64, 128, 128, 16), "q_a.1": (80, 64, 64, 8), "q_a.2": (72, 32, 32, 4),
            "q_z.0": (80, 128, 128, 16), "q_z.1": (24, 64, 64, 8), "q_z.2": (12, 32, 32, 4),
        },
    },
    "digits-auxiliary-ladder": LAYERS | {
        "model": "AuxiliaryLadderVAE", "sizes": AUXILIARY_LAYERS,
        "nets": DOWN | UP | P_A | {
            "q_a.0": (128, 16), "q_a.1": (64, 8), "q_a.2": (32, 4),
            "q_z.0.heads": (144, 16), "q_z.1.heads": (72, 8), "q_z.2.heads": (36, 4),
        },
    },
    "digits-cluster-ladder": DIGITS_CAGEM | {  # beta 1.0: alpha = 1,097 / 100, and the labelled bound
        "model": "ClusterLadderVAE", "layers": 2, "sizes": {"z1": 16, "z2": 8}, "alpha": 10.97, "weight": 1.0,
        "nets": {
            "d.trunks.0": (64, 128, 64), "d.trunks.1": (64, 128, 64), "q_z.0.heads": (64, 16), "q_z.1.heads": (64, 8),
            "q_y": (72, 128, 64, 10), "p_y": (8, 128, 64, 10), "p_z.0": (18, 128, 64, 16), "p_x": (16, 128, 64, 64),
        },
    },
    "digits-cagem-0": DIGITS_CAGEM | {"labels": 0, "batch": (None, 100), "alpha": None},
    "digits-cagem-20": DIGITS_CAGEM | {"labels": 20, "batch": (20, 100), "alpha": 54.85},
    "digits-cagem-50": DIGITS_CAGEM | {"labels": 50, "batch": (50, 100), "alpha": 21.94},
    "digits-cagem-100": DIGITS_CAGEM | {"alpha": 10.97},
    "moons-adgm": MOONS | {
        "model": "ADGM", "sizes": {"z": 1, "a": 10},
        "nets": {
            "q_a": (2, 100, 100, 10), "q_y": (12, 100, 100, 2), "q_z": (14, 100, 100, 1), "p_a": (3, 100, 100, 10),
            "p_x": (3, 100, 100, 2),
        },
    },
    "moons-m2": MOONS | {
        "model": "M2", "sizes": {"z": 1},
        "nets": {"q_y": (2, 100, 100, 2), "q_z": (4, 100, 100, 1), "p_x": (3, 100, 100, 2)},
    },
    "moons-adgm-plain": MOONS | {  # a and z of 10, 3e-4, as sec. 4.2 has it; beta 0.1: alpha = 0.1 * 10,000 / 6
        "model": "ADGM", "sizes": {"z": 10, "a": 10}, "nets": auxiliary(2, 100, 10, 2, 12), "alpha": 166.66666666666666,
        "steps": {1: (3e-4, 1.0), 2: (3e-4, 1.0), 3: (3e-4, 1.0)},
    },
    "pv-sdgm": PV | {"data": ("pv", {}), "nets": auxiliary(6, 50, 10, 10, 30)},
    "pv-sdgm-iv": PV | {"data": ("pv", {"columns": "iv"}), "nets": auxiliary(2, 50, 10, 10, 30)},
    "pv-days": PV | {
        "data": ("pv", {"arrangement": "days", "held_out": "days"}), "nets": auxiliary(6, 50, 10, 10, 30),
    },
    "pv-days-ratios": PV | {
        "data": ("pv", {"arrangement": "days", "held_out": "days", "columns": "ratios"}),
        "nets": auxiliary(3, 50, 10, 10, 30),
    },
    "mnist-m2": M2 | {"labels": 100, "weight": 0.002, "alpha": 0.1},
    "mnist-m2-600": M2 | {"labels": 600, "weight": 0.012, "alpha": 0.1},
    "mnist-m2-1000": M2 | {"labels": 1000, "weight": 0.02, "alpha": 0.1},
    "mnist-m2-3000": M2 | {"labels": 3000, "weight": 0.06, "alpha": 0.1},
    "mnist-m2-every-batch": M2 | {"weight": 1.0, "alpha": 50.0},
    "mnist-m1": KINGMA | M1 | {"model": "VAE", "batch": (None, 100)},
    "mnist-m1m2": KINGMA | {
        "model": "M1M2", "sizes": {"z1": 50, "z": 50}, "weight": 0.002, "alpha": 0.1, "decay": 0.002,
        "nets": {
            "q_z1": (784, 600, 600, 50), "p_x": (50, 600, 600, 784), "p_z1": (60, 500, 50), "q_y": (50, 500, 10),
            "q_z2": (60, 500, 50),
        },
        "first": KINGMA | M1 | {"model": "VAE", "batch": (None, 100)},
    },
    "mnist-avae-1": LVAE | {
        "model": "AVAE", "layers": 1, "sizes": {"z1": 64, "a1": 64},
        "nets": {
            "q_a.0": (784, 512, 512, 64), "q_z.0": (848, 512, 512, 64), "p_a.0": (64, 512, 512, 64),
            "p_x": (64, 512, 512, 784),
        },
    },
    "mnist-avae-2": LVAE | {
        "model": "AVAE", "layers": 2, "sizes": {"z1": 64, "a1": 64, "z2": 32, "a2": 32},
        "nets": {
            "q_a.0": (784, 512, 512, 64), "q_z.0": (848, 512, 512, 64), "q_a.1": (848, 256, 256, 32),
            "q_z.1": (96, 256, 256, 32), "p_z.0": (32, 256, 256, 64), "p_a.0": (96, 512, 512, 64),
            "p_a.1": (32, 256, 256, 32), "p_x": (64, 512, 512, 784),
        },
    },
    "mnist-vae": LVAE | {
        "model": "VAE", "sizes": {"z": 64}, "nets": {"q_z": (784, 512, 512, 64), "p_x": (64, 512, 512, 784)},
    },
    "mnist-adgm": AUXILIARY | {"model": "ADGM", "nets": auxiliary(784, 500, 100, 10, 110)},
    "mnist-sdgm": AUXILIARY | {"model": "SDGM", "nets": auxiliary(784, 500, 100, 10, 210)},
    "mnist-sdgm-fast": AUXILIARY | {  # 444 inputs, 200 rows; every class summed for 8 epochs
        "model": "SDGM", "nets": auxiliary(444, 500, 100, 10, 210), "batch": (100, 200), "epochs": 150,
        "preprocess": (("keep_varying", {"threshold": 0.1}),), "measure_every": 2,
        "steps": {1: (1.5e-3, 1.0), 2: (1.5e-3, 1.0), 3: (1.5e-3, 1.0)},
        "schedule": ("linear", {"start": 75, "end": 150}),
        "classes_by_epoch": ((0, "enumerated"), (8, ("sampled", {"top": 2}))),
    },
    "mnist-m2-fast": AUXILIARY | {
        "model": "M2", "sizes": {"z": 10}, "batch": (100, 200), "epochs": 30, "measure_every": 2,
        "nets": {"q_y": (444, 500, 500, 10), "q_z": (454, 500, 500, 10), "p_x": (20, 500, 500, 444)},
        "preprocess": (("keep_varying", {"threshold": 0.1}),), "schedule": ("linear", {"start": 15, "end": 30}),
        # 20 - 19 / 5 and 20 - 4 * 19 / 5
        "steps": {1: (1.5e-3, 16.2), 4: (1.5e-3, 4.8), 5: (1.5e-3, 1.0), 16: (1.5e-3, 1.0), 30: (1e-4, 1.0)},
    },
    "mnist-m1-fast": M1_FAST,
    "mnist-m1m2-fast": AUXILIARY | {
        "model": "M1M2", "sizes": {"z1": 50, "z": 10}, "batch": (100, 200), "epochs": 60, "measure_every": 5,
        "summed": ("sampled", {"top": 2}),
        "nets": {
            "q_z1": (444, 500, 500, 50), "p_x": (50, 500, 500, 444), "p_z1": (20, 500, 500, 50),
            "q_y": (50, 500, 500, 10), "q_z2": (60, 500, 500, 10),
        },
        "preprocess": (("keep_varying", {"threshold": 0.1}),), "schedule": ("linear", {"start": 30, "end": 60}),
        # 20 - e * 19 / 60 after e epochs
        "steps": {1: (1.5e-3, 20 - 19 / 60), 30: (1.5e-3, 10.5), 31: (1.5e-3, 20 - 31 * 19 / 60), 45: (8e-4, 5.75)}
        | {60: (5e-5, 1.0)},
        "first": M1_FAST | {"steps": {1: (1.5e-3, 1 / 3), 30: (1.26e-3, 1.0), 31: (1.2e-3, 1.0), 45: (3.6e-4, 1.0)}
                  | {60: (1.5e-5, 1.0)}},  # after its last epoch, a hundredth of the rate
    },
    "mnist-cagem-0": CAGEM | {"labels": 0, "batch": (None, 100), "alpha": None},
    "mnist-cagem-20": CAGEM | {"labels": 20, "batch": (20, 100), "alpha": 250.0},
    "mnist-cagem-50": CAGEM | {"labels": 50, "batch": (50, 100), "alpha": 100.0},
    "mnist-cagem-100": CAGEM | {"alpha": 50.0},
    "mnist-cagem-fast": CAGEM | {
        "nets": {
            "p_y": (32, 500, 500, 10), "p_z1": (42, 500, 500, 64), "p_x": (74, 500, 500, 444),
            "q_z1": (444, 500, 500, 64), "q_y": (508, 500, 500, 10), "q_z2": (518, 500, 500, 32),
        },
        "alpha": 50.0, "batch": (100, 200), "kl_of_y": 1.0, "measure_every": 5,
        "preprocess": (("keep_varying", {"threshold": 0.1}),), "schedule": ("linear", {"start": 50, "end": 100}),
        "classes_by_epoch": ((0, "enumerated"), (8, ("sampled", {"top": 2}))),
        # 0.5 + 0.5 e / 2000 after e epochs; after 8 of them, classes are sampled
        "steps": {1: (1.5e-3, 0.50025), 2: (1.5e-3, 0.5005), 8: (1.5e-3, 0.502)},
    },
    "circles-m2": CIRCLES | {"likelihood": ("normal", 1.0)},
    "circles-m2-tuned": CIRCLES | {"likelihood": ("normal", 0.03)},
    "mnist-m2-alpha-10000": LATENT | {
        "model": "M2", "sizes": {"z": 50}, "alpha": 10_000.0, "weight": 1.0, "epochs": 40, "milestones": (10, 20),
        "nets": {"q_y": (784, 500, 10), "q_z": (794, 500, 50), "p_x": (60, 500, 784)},
    },
    "mnist-latent-classifier": LATENT | {"sizes": {"z": 50, "bound": "jensen"}},
    "mnist-latent-classifier-bernoulli": AUXILIARY | {
        "model": "LatentClassifierVAE", "sizes": {"z": 50, "bound": "jensen"}, "epochs": 30,
        "monitor": "validation error", "reads": {"p_y": 2},  # by the guide and by the model
        "nets": {"q_z": (784, 500, 500, 50), "p_y": (50, 500, 500, 10), "p_x": (60, 500, 500, 784)},
        "schedule": ("linear", {"start": 15, "end": 30}),
        "steps": {1: (1e-3, 1.0), 15: (1e-3, 1.0), 16: (1e-3, 1.0), 21: (2e-3 / 3, 1.0), 30: (2e-3 / 30, 1.0)},
    },
    "mnist-latent-classifier-exact": LATENT,
    "mnist-latent-classifier-simplified": LATENT | {
        "sizes": {"z": 50, "bound": "simplified"}, "weight": 0.001,
        "nets": {"q_z": (784, 500, 50), "p_y": (50, 500, 10), "p_x": (50, 500, 784)},
    },
    "svhn-adgm": SVHN | {"model": "ADGM", "nets": auxiliary(3072, 1000, 300, 10, 310)},
    "svhn-sdgm": SVHN | {"model": "SDGM", "nets": auxiliary(3072, 1000, 300, 10, 610)},
    "svhn-sdgm-no-extra": SVHN | {  # 73,257 - 5,000 rows
        "model": "SDGM", "nets": auxiliary(3072, 1000, 300, 10, 610), "data": ("svhn", {}), "rows": 68_257,
        "alpha": 6.8257,
    },
    "norb-adgm": NORB | {"model": "ADGM", "nets": auxiliary(2048, 1000, 300, 5, 305)},
    "norb-sdgm": NORB | {"model": "SDGM", "nets": auxiliary(2048, 1000, 300, 5, 605)},
    "mnist-lvae": COMPLETE | layered("LadderVAE"),
    "mnist-vae-5": COMPLETE | layered("HierarchicalVAE"),
    "mnist-lvae-finetuned": iwae(COMPLETE, 10) | layered("LadderVAE") | {
        "start": COMPLETE | layered("LadderVAE"), "steps": {1: (1e-3, 1.0), 2: (1e-3, 1.0), 20: (1e-3, 1.0)},
        "schedule": ("step", {"factor": 0.75, "every": 200}),
    },
    **{f"mnist-depth-vae-{n}": depth("HierarchicalVAE", n, norm=False, **NO_WARM_UP) for n in range(1, 6)},
    **{f"mnist-depth-bn-{n}": depth("HierarchicalVAE", n, **NO_WARM_UP) for n in range(1, 6)},
    **{f"mnist-depth-bn-wu-{n}": depth("HierarchicalVAE", n) for n in range(1, 6)},
    **{f"mnist-depth-lvae-{n}": depth("LadderVAE", n) for n in range(2, 6)},
    "omniglot-lvae": COMPLETE | layered("LadderVAE") | {"data": ("omniglot", {"box": False}), "epochs": 1500},
    "omniglot-vae-5": COMPLETE | layered("HierarchicalVAE") | {"data": ("omniglot", {"box": False}), "epochs": 1500},
    "omniglot-box": depth("LadderVAE", 5, data=("omniglot", {"box": True})),
    **{
        f"norb-{name}": COMPLETE | layered(model, 1024) | {
            "data": ("small-norb", {"size": 32, "pairs": False}), "act": "tanh", "likelihood": ("normal", None),
            "resample": None, "classes": 5,
        }
        for name, model in (("lvae", "LadderVAE"), ("vae-5", "HierarchicalVAE"))
    },
    **{f"mnist-iwae-{k}": iwae(ONE, k) for k in (1, 5, 50)},
    **{f"mnist-iwae-2-{k}": iwae(TWO, k) for k in (1, 5, 50)},
    "freyfaces-vae-2": FREY | ANALYTIC | {"sizes": {"z": 2}, "nets": {"q_z": (560, 200, 2), "p_x": (2, 200, 560)}},
    "freyfaces-vae-10": FREY | ANALYTIC,
    "freyfaces-levels": FREY | {
        "data": ("freyfaces", {"levels": True}), "init": "glorot", "optimiser": hand.Adam, "decay": 0.0, "epochs": 300,
        "measure_every": 10, "likelihood": ("discretized_logistic", 256),
        "steps": {1: (1e-3, 1.0), 151: (1e-3, 1.0), 166: (9e-4, 1.0)},
    },
    "freyfaces-bayesian-vae": FREY | {  # app. 2.C: N(0, I) of every weight, a density and no penalty
        "model": "BayesianVAE", "init": "glorot", "optimiser": hand.Adam, "decay": 0.0, "epochs": 1500,
        "measure_every": 50, **ANALYTIC,
        "steps": {1: (1e-3, 1.0), 2: (1e-3, 1.0), 751: (1e-3, 1.0), 826: (9e-4, 1.0)},
    },
    "mnist-normal": POSTERIOR,
    "mnist-full": POSTERIOR | {"posterior": "full"},
    "mnist-planar": POSTERIOR | {"posterior": ("planar", {"num_steps": 8})},
    "mnist-iaf": POSTERIOR | {"posterior": ("iaf", {"num_steps": 2, "made_hidden": (320,)})},
    "digits-vae-3": DIGITS_3,
    "digits-free-bits": DIGITS_3 | {"objective": ("free_bits", {"nats": 0.25})},
}  # fmt: skip

# Kingma 2017, sec. 6.5: three hidden layers of ReLUs, p = 0.2 for the inputs and 0.5 for the hidden units, so that
# alpha = p / (1 - p) is 0.25 and 1; Adam's defaults with averaging; A2's divergence over 3. All 50,000 labels.
DROPOUT = MNIST | {
    "model": "BayesianMLP", "labels": None, "batch": (None, 100), "epochs": 50, "resample": None, "sizes": {},
    "objective": ("mean_field", {}), "monitor": "validation error", "ema": 0.999,
    "steps": {1: (1e-3, 1.0), 2: (1e-3, 1.0)},
}  # fmt: skip
RATES = (0.25, 1.0, 1.0, 1.0)
KINDS = {
    "none": {"kind": "point"}, "binary": {"kind": "point", "dropout": (0.2, 0.5)},
    "gaussian-a": {"kind": "A", "alpha": RATES}, "gaussian-b": {"kind": "B", "alpha": RATES},
    "variational-a": {"kind": "A"},
    "variational-a2": {"kind": "A", "steps": {1: (1e-3, 1 / 3), 2: (1e-3, 1 / 3)}}, "variational-b": {"kind": "B"},
}  # fmt: skip
for h in (150, 300, 600, 1200):
    for method, kind in KINDS.items():
        BY_HAND[f"mnist-dropout-{method}-{h}"] = DROPOUT | {"nets": {"p_y": (784, h, h, h, 10)}} | kind

# --- The data ---


def largest(numbers):
    """The value of a one in the rows: so that half of it is a count too."""
    name, options = numbers["data"]
    return 16.0 if name == "digits" else 254.0 if options.get("levels") else 1.0


def stand_in(name, numbers):
    """As many rows as the data set has, with few columns; the first ones spell the class in binary."""
    if name in ("moons", "circles"):
        return load(name, **numbers["data"][1])
    generator, columns, top = torch.Generator().manual_seed(3), 12, largest(numbers)

    def part(rows):
        y = torch.arange(rows) % numbers["classes"]
        x = torch.randint(0, 2, (rows, columns), generator=generator).to(torch.get_default_dtype())
        x[:, :4] = (y[:, None] >> torch.arange(4)) & 1
        if name == "pv":
            return Rows(3 + 2 * torch.randn(rows, columns, generator=generator), y)
        x[:, -1] = 0.5 if top > 1 or not dequantised(numbers) else 51 / 255
        if "keep_varying" in dict(numbers["preprocess"]):
            x[:, -1], x[:, -2] = 0.3 + 0.4 * (y % 2), 0.0  # the last but one is left out
        return Rows(top * x, y)

    shape = None if name == "pv" else (2, 2, 3) if name == "svhn" else (3, 4)
    parts = part(numbers["rows"]), part(20), part(20)
    return Dataset(name, *parts, num_classes=numbers["classes"], image_shape=shape)


def dequantised(numbers):
    return "dequantise" in dict(numbers["preprocess"])


def check_batch(batch, data, rows, numbers):
    """Raise unless the rows of a batch are among ``rows``, those of the data by hand, with their own labels."""
    name, (labelled, unlabelled) = data.name, numbers["batch"]
    parts = [(batch["x"] if labelled is None else batch["unlabelled"], batch.get("y"), unlabelled)]
    if labelled is not None:
        parts.append((*batch["labelled"], labelled))
    for x, y, size in parts:
        assert len(x) == size
        if name not in ("moons", "circles", "pv") and not dequantised(numbers):
            assert x.shape[1] == 12 - ("keep_varying" in dict(numbers["preprocess"]))
            top = largest(numbers)
            found = ((x[:, :4] / top).long() << torch.arange(4)).sum(-1)
            if numbers["resample"] is None:
                assert (x[:, -1] == 0.5 * top).all()
            else:
                levels = [0.0, 4.0, 8.0, 12.0, 16.0] if name == "digits" else [0.0, 1.0]
                seen = x[:, -1].unique().tolist()
                assert len(seen) > 1 and set(seen) <= set(levels)
        else:
            column = rows[:, -1].contiguous()
            order = column.argsort()
            place = order[torch.searchsorted(column[order], x[:, -1] - 1e-12).clamp(max=len(rows) - 1)]
            torch.testing.assert_close(x, rows[place], rtol=0, atol=1e-12)
            found = data.train.y[place]
        if y is not None:
            assert torch.equal(y, found)
            if labelled is not None and labelled == numbers["labels"]:  # every class as often as the others
                assert (found.bincount(minlength=numbers["classes"]) == labelled // numbers["classes"]).all()


def prepared(data, numbers):
    """The rows to train on: k of 256 levels plus noise, over the deviation of each colour (SVHN) or over 256 (NORB).

    The string's columns have mean 0 and deviation 1.
    """
    x = data.train.x
    if data.name == "pv":
        return (x - x.mean(0)) / x.std(0, correction=0)
    if not dequantised(numbers):
        return x
    noisy = (255 * x).round() + torch.rand(x.shape, generator=torch.Generator().manual_seed(0))
    if data.name == "small-norb":
        return noisy / 256
    colours = noisy.reshape(len(x), -1, 3)
    return (colours / colours.std((0, 1), correction=0)).reshape(x.shape)


# --- The run ---


class Step(NamedTuple):
    """What went into a step and what came out of it."""

    epoch: int
    batch: dict
    noise: list
    before: dict
    loss: float
    after: dict
    optimiser: dict


class OneBatch(Batches):
    """The first batch of every epoch."""

    def __iter__(self):
        yield next(super().__iter__())


@pytest.fixture
def recorded(monkeypatch):
    """A function that trains a recipe through ``pyrodgm.zoo.train`` and returns its steps at some epochs, by model.

    An epoch is one step long; where it is none of those asked for, the step does nothing. Rows that are resampled as
    they were the last time are an error.
    """
    noise, runs = [], {}
    torch.set_default_dtype(torch.float64)

    def draw(shape, dtype, device):
        noise.append(torch.randn(shape, dtype=dtype, device=device))
        return noise[-1]

    def record(recipe, numbers, recipes=RECIPES):
        class Recorder(CompiledSVI):
            def __init__(self, model, guide, optim, loss):
                super().__init__(model, guide, optim, loss, backend="off")
                self.module, self.epoch = model.__self__, 0
                name = type(self.module).__name__
                self.steps = runs.setdefault(name + "'" * (name in runs), (self.module, []))[1]

            def step_async(self, **batch):
                self.epoch += 1
                if self.epoch not in numbers["steps"]:
                    return torch.zeros(())
                before = {name: p.detach().clone() for name, p in self.module.state_dict().items()}
                noise.clear()
                loss = super().step(**batch)
                after = {name: p.detach().clone() for name, p in self.module.state_dict().items()}
                state = {name.split("$$$")[-1]: s for name, s in self.optim.get_state().items()}
                state = {name: {k: v.clone() for k, v in s["optimizer"]["state"][0].items() if k != "step"}
                         for name, s in state.items() if s["optimizer"]["state"]}  # fmt: skip
                self.steps.append(Step(self.epoch, batch, list(noise), before, loss, after, state))
                return torch.tensor(loss)

        def loaded(name, **options):
            assert (name, options) == numbers["data"]
            return stand_in(name, numbers)

        def anew(resample, last):
            def checked(x, **options):
                drawn = resample(x, **options)
                assert len(x) not in last or not torch.equal(last[len(x)], drawn)
                last[len(x)] = drawn
                return drawn

            return checked

        for name, resample in list(RESAMPLE.items()):
            monkeypatch.setitem(RESAMPLE, name, anew(resample, {}))

        def toss(probs, bernoulli=torch.bernoulli, **options):
            noise.append(bernoulli(probs, **options))
            return noise[-1]

        monkeypatch.setattr("torch.distributions.normal._standard_normal", draw)
        monkeypatch.setattr("torch.bernoulli", toss)
        monkeypatch.setattr("pyrodgm.zoo.preparation.load", loaded)
        monkeypatch.setattr("pyrodgm.zoo.training.Batches", OneBatch)
        monkeypatch.setattr("pyrodgm.zoo.training.CompiledSVI", Recorder)
        monkeypatch.setattr("pyrodgm.zoo.stages.RECIPES", recipes)
        monkeypatch.setattr("pyrodgm.zoo.training.kl_by_site", lambda *args: {})
        monkeypatch.setattr("pyrodgm.zoo.training.bound", lambda *args, **options: 0.0)
        monkeypatch.setattr("pyrodgm.zoo.training.classification_error", lambda *args, **options: 0.0)
        train(recipe, seed=1, progress=False)
        return runs

    yield record
    torch.set_default_dtype(torch.float32)


def few(sizes):
    """The same number of units or layers, of eight units at most."""
    if isinstance(sizes, dict):
        return {site: few(size) for site, size in sizes.items()}
    return tuple(map(few, sizes)) if isinstance(sizes, tuple) else min(sizes, 8) if isinstance(sizes, int) else sizes


def narrow(recipe, epochs):
    """A recipe with layers and latents of few units in full precision, that many epochs long; else as it is.

    A class that is sampled is summed here. For its draws, see ``distributions/test_sum_and_sample.py``.
    """
    model, options = recipe.model
    changed = {key: few(size) for key, size in options.items() if "hidden" in key or "size" in key}
    if "precision" in inspect.signature(model).parameters:
        changed["precision"] = "float32"
    if "classes" in options:
        changed["classes"] = "enumerated"
    return replace(recipe, model=(model, options | changed), epochs=epochs)


def check_steps(model, steps, numbers, optimiser, data):
    """Raise unless the loss, the update and the statistics of every step are those by hand."""
    assert [step.epoch for step in steps] == list(numbers["steps"])
    check_anew(steps, numbers)
    rows = prepared(data, numbers)
    trained = {name for name, p in model.named_parameters() if p.requires_grad}
    for step in steps:
        rate, kl = numbers["steps"][step.epoch]
        check_batch(step.batch, data, rows, numbers)
        parameters = {name: p.clone().requires_grad_(name in trained) for name, p in step.before.items()
                      if p.is_floating_point()}  # fmt: skip
        left = list(step.noise)

        def noise(*shape, left=left):
            assert left and left[0].shape == shape
            return left.pop(0)

        posterior = numbers["posterior"] if isinstance(numbers["posterior"], str) else numbers["posterior"][0]
        fixed = {name.partition(".")[0] for name, p in model.named_parameters() if not p.requires_grad}
        nets = hand.Networks(parameters, numbers["act"], numbers["norm"], numbers["variance"], posterior, fixed)
        kl_of_y = kl if numbers["kl_of_y"] == "kl" else 1.0
        sizes = few(numbers["sizes"])
        loss = hand.Loss(nets, numbers["model"], numbers["classes"], numbers["likelihood"], sizes, noise, kl,
                         kl_of_y, numbers.get("layers", 1))  # fmt: skip
        unlabelled = step.batch.get("unlabelled", step.batch.get("x"))
        weights = numbers.get("weight"), numbers.get("alpha")
        objective, options = numbers["objective"]
        if objective == "mean_field" and numbers["model"] == "BayesianVAE":
            loss = loss.of_decoder(numbers, step.batch["x"])
        elif objective == "mean_field" and numbers["model"] == "BayesianMLP":
            loss = loss.of_weights(numbers, step.batch["x"], step.batch["y"])
        elif objective == "elbo":
            loss = loss(step.batch.get("labelled"), unlabelled, *weights, numbers["particles"])
        elif "labelled" in step.batch:
            loss = loss(step.batch["labelled"], unlabelled, *weights, options["num_samples"], weighted=True)
        else:
            loss = getattr(loss, objective)(unlabelled, **options)
        assert not left
        assert step.loss == pytest.approx(loss.item(), rel=1e-9)

        of_trained = {name: parameters[name] for name in sorted(trained)}
        gradients = torch.autograd.grad(loss, list(of_trained.values()), allow_unused=True)
        present = {name: g for name, g in zip(of_trained, gradients, strict=True) if g is not None}
        if numbers.get("max_norm"):
            norm = sum(g.square().sum() for g in present.values()).sqrt()
            assert norm > numbers["max_norm"]
            present = {name: g * numbers["max_norm"] / norm for name, g in present.items()}
        present = {name: g + numbers["decay"] * step.before[name] for name, g in present.items()}
        for kind, values in optimiser.take(present).items():
            largest = max(float(value.abs().max()) for value in values.values())
            for name, value in values.items():  # a bias before batch normalisation has no gradient but rounding's
                torch.testing.assert_close(step.optimiser[name][kind], value, rtol=1e-6, atol=1e-12 * largest)
        for name, value in step.after.items():
            if name in present:
                update = optimiser.update(step.optimiser[name], rate, present[name])
                torch.testing.assert_close(value - step.before[name], -update, rtol=1e-6, atol=1e-9 * rate)
            elif "running_" in name and (norm := name.rpartition(".")[0]) in nets.statistics:
                seen = nets.statistics[norm]["running_var" in name]
                kept = 0.9 ** numbers.get("reads", {}).get(norm.partition(".")[0], 1)  # once for every reading
                torch.testing.assert_close(value, kept * step.before[name] + (1 - kept) * seen)
            elif "num_batches" not in name:
                assert torch.equal(value, step.before[name])


def check_anew(steps, numbers):
    """Raise unless noise and order are other ones in every epoch; ``recorded`` sees to the resampling."""
    for first, second in pairwise(steps):
        assert not any(torch.equal(*noise) for noise in zip(first.noise, second.noise, strict=True))
        one, other = (step.batch.get("unlabelled", step.batch.get("x")) for step in (first, second))
        own = slice(None) if numbers["resample"] is None else slice(-1)  # what is not resampled
        assert not torch.equal(one[:, own], other[:, own])


def full_size(recipe, numbers):
    """The shapes of every network at full size, on no device."""
    nets = numbers["nets"]
    sizes = {"x_size": nets["p_x"][-1] if "p_x" in nets else nets["p_y"][0]}
    if numbers["model"] in ("BayesianMLP", "BayesianVAE"):
        sizes["data_size"] = numbers["rows"]
    if has_classes(recipe.model[0]):
        sizes["num_classes"] = numbers["classes"]
    with torch.device("cpu" if numbers["model"] == "BayesianVAE" else "meta"):  # its variances depend on its weights
        model = recipe.model[0](**sizes, **recipe.model[1])
    found = {}
    for name, net in model.named_modules():
        if hasattr(net, "trunk"):
            layers = [*net.trunk.layers, next(m for n, m in net.named_children() if n != "trunk")]
            assert all(len(layer.bias) == len(layer.weight) for layer in layers)
            found[name] = (layers[0].weight.shape[1], *(len(layer.weight) for layer in layers))
        elif name.startswith("d.trunks."):
            layers = getattr(net, "layers", ())
            found |= {name: (layers[0].weight.shape[1], *(len(layer.weight) for layer in layers))} if layers else {}
    return found


def check_initial(parameters, init):
    """Raise unless the weights are from N(0, init^2), or Glorot's uniform, and the biases zero."""
    weights = {name: p for name, p in parameters.items() if name.endswith(".weight") and ".norm" not in name}
    for name in weights:
        assert not parameters[name.replace("weight", "bias")].any()
    if init == "glorot":
        relative = torch.cat([(w * (sum(w.shape) / 6) ** 0.5).flatten() for w in weights.values()])
        assert 0.9 < relative.abs().max() <= 1
        assert relative.std() == pytest.approx(3**-0.5, rel=0.1)
    else:
        assert torch.cat([w.flatten() for w in weights.values()]).std() == pytest.approx(init, rel=0.1)


OF_ROWS = [name for name, recipe in RECIPES.items() if not is_of_images(recipe.model[0])]


def numbers_of(name):
    assert name in BY_HAND, f"write the numbers of {name} by hand in BY_HAND of tests/zoo/test_first_step.py"
    return BY_HAND[name]


@pytest.mark.parametrize("name", OF_ROWS)
def test_first_steps_by_hand(name, recorded):
    recipe, numbers = RECIPES[name], numbers_of(name)
    for field in ("data", "preprocess", "resample", "epochs", "monitor", "measure_every", "objective"):
        assert getattr(recipe, field) == numbers[field], field
    assert recipe.schedule == numbers.get("schedule", recipe.schedule)
    assert recipe.classes_by_epoch == numbers.get("classes_by_epoch", ())
    assert recipe.model[1].get("classes") == numbers.get("summed")
    assert (recipe.num_labels, recipe.ema, recipe.patience) == (numbers["labels"], numbers.get("ema"), None)
    assert recipe.model[1].get("precision", "float32") == numbers["precision"]
    assert recipe.model[1].get("posterior", "normal") == numbers["posterior"]
    assert full_size(recipe, numbers) == numbers["nets"]
    epochs = max(numbers["steps"])
    small = {other: narrow(RECIPES[other], epochs) for other in RECIPES}
    runs = recorded(small[name], numbers, small)
    data = stand_in(numbers["data"][0], numbers)
    model, steps = runs[numbers["model"] + "'" * ("start" in numbers)]
    check_steps(model, steps, numbers, numbers["optimiser"](), data)
    if "start" in numbers:
        first, of_first = runs[numbers["model"]]
        check_steps(first, of_first, numbers["start"], hand.Adam(), data)
        assert all(torch.equal(steps[0].before[key], value) for key, value in of_first[-1].after.items())
    elif "first" in numbers:
        first = runs["VAE"][1]
        check_steps(runs["VAE"][0], first, numbers["first"], hand.Adam(), data)
        for step in steps:
            for net, of_vae in (("p_x", "p_x"), ("q_z1", "q_z")):
                trained = {key: p for key, p in first[-1].after.items() if key.startswith(f"{of_vae}.")}
                assert all(torch.equal(step.after[net + key.removeprefix(of_vae)], p) for key, p in trained.items())
        check_initial({key: p for key, p in steps[0].before.items() if key[:4] in ("p_z1", "q_y.", "q_z2")}, "glorot")
    else:
        check_initial(steps[0].before, numbers["init"])


OTHER = BY_HAND["digits"] | {"epochs": 3, "steps": {1: (2e-3, 0.01), 2: (2e-3, 0.02), 3: (2e-3, 0.03)}}


@pytest.mark.parametrize(
    ("changed", "numbers", "optimiser"),
    [
        ({"max_norm": 5.0}, {"max_norm": 5.0}, hand.Adam),
        ({"num_particles": 3}, {"particles": 3}, hand.Adam),
        (
            {"objective": ("importance_weighted", {"num_samples": 3}), "warm_up_epochs": 0},
            {
                "objective": ("importance_weighted", {"num_samples": 3}),
                "steps": {1: (2e-3, 1.0), 2: (2e-3, 1.0), 3: (2e-3, 1.0)},
            },
            hand.Adam,
        ),
        ({"weight_prior": 0.5}, {"decay": 100 / 1097 / 0.25}, hand.Adam),
        ({"warm_up_discrete": True}, {"kl_of_y": "kl"}, hand.Adam),
        # 0.3 + 0.7 * 0.01, 0.02 and 0.03
        ({"warm_up_start": 0.3}, {"steps": {1: (2e-3, 0.307), 2: (2e-3, 0.314), 3: (2e-3, 0.321)}}, hand.Adam),
        ({"labelled_weight": 0.3}, {"weight": 0.3}, hand.Adam),
        # ten batches of 30 labels: three turns an epoch
        (
            {"labelled_batch_size": 30, "labels_once": True},
            {"batch": (30, 100), "weight": 1 / 3, "alpha": 10.97 / 3},
            hand.Adam,
        ),
        # five batches with all labels: five turns
        (
            {"batch_size": 200, "labels_once": True},
            {"batch": (100, 200), "weight": 1 / 5, "alpha": 10.97 / 5},
            hand.Adam,
        ),
        ({"optimizer": ("RMSprop", {"momentum": 0.5, "alpha": 0.9})}, {}, hand.RMSprop),
        (
            {"optimizer": ("Adam", {"lr": 1e-3})},
            {"steps": {1: (1e-3, 0.01), 2: (1e-3, 0.02), 3: (1e-3, 0.03)}},
            hand.Adam,
        ),
    ],
    ids=[
        "clip",
        "samples",
        "importance-weighted",
        "prior",
        "warm-up of y",
        "warm-up from",
        "labelled weight",
        "labels once",
        "all labels once",
        "optimiser",
        "rate of the optimiser",
    ],
)
def test_settings_that_few_recipes_have(changed, numbers, optimiser, recorded):
    numbers = OTHER | numbers
    recipe = replace(narrow(RECIPES["digits"], 3), **changed)
    model, steps = recorded(recipe, numbers)["SDGM"]
    check_steps(model, steps, numbers, optimiser(), stand_in("digits", numbers))


def test_wake_sleep_in_a_recipe(recorded):
    numbers = POSTERIOR | {"objective": ("wake_sleep", {}), "steps": {1: (1e-3, 1.0)}}
    recipe = replace(narrow(RECIPES["mnist-normal"], 1), objective=numbers["objective"])
    model, steps = recorded(recipe, numbers)["VAE"]
    check_steps(model, steps, numbers, hand.Adam(), stand_in("mnist", numbers))


@pytest.mark.parametrize("name", OF_ROWS)
def test_a_recipe_says_where_its_rows_are_not_its_papers(name):
    recipe, numbers = RECIPES[name], numbers_of(name)
    said = recipe.deviations
    if numbers["batch"][0] is not None:
        assert "including the labelled ones" in said
        assert numbers["resample"] is None or "grey" in said or "original counts" in said
    if recipe.milestones and numbers["model"] != "M2" and numbers["batch"][0] is not None:
        assert "milestones" in said
