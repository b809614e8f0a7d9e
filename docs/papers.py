"""The papers by their short names, which docstrings and recipes cite, and the page that lists models by paper."""

import inspect
import re

from figures import REPRODUCED, link, source_of
from rst import heading, slug

PAPERS = {
    "Kingma and Welling 2014": "Auto-encoding variational Bayes. ICLR. arXiv:1312.6114.",
    "Kingma et al. 2014": "Kingma, Rezende, Mohamed and Welling. Semi-supervised learning with deep generative models. "
    "NeurIPS. arXiv:1406.5298.",
    "Kingma, Salimans and Welling 2015": "Variational dropout and the local reparameterization trick. NeurIPS. "
    "arXiv:1506.02557.",
    "Rezende and Mohamed 2015": "Variational inference with normalizing flows. ICML. arXiv:1505.05770.",
    "Burda, Grosse and Salakhutdinov 2016": "Importance weighted autoencoders. ICLR. arXiv:1509.00519.",
    "Kingma et al. 2016": "Kingma, Salimans, Jozefowicz, Chen, Sutskever and Welling. Improved variational inference "
    "with inverse autoregressive flow. NeurIPS. arXiv:1606.04934.",
    "Maaløe et al. 2016": "Maaløe, Sønderby, Sønderby and Winther. Auxiliary deep generative models. ICML. "
    "arXiv:1602.05473. Equations are cited by their numbers in the preprint. The final version, in Maaløe 2018, app. "
    "A, has others.",
    "Sønderby et al. 2016": "Sønderby, Raiko, Maaløe, Sønderby and Winther. Ladder variational autoencoders. NeurIPS. "
    "arXiv:1602.02282.",
    "Kingma 2017": "Variational inference and deep learning: a new synthesis. PhD thesis, University of Amsterdam.",
    "Maaløe, Fraccaro and Winther 2017": "Semi-supervised generation with cluster-aware generative models. "
    "arXiv:1704.00637.",
    "Maaløe 2018": "Deep generative models for semi-supervised machine learning. PhD thesis, Technical University of "
    "Denmark.",
    "Maaløe and Winther 2018": "Feature map variational auto-encoders. In Maaløe 2018, app. E.",
    "Maaløe et al. 2018": "Maaløe, Winther, Spataru and Sera. Condition monitoring in photovoltaic systems by "
    "semi-supervised machine learning. Energies 13(3), 2020.",
    "Jurasiński 2019": "Towards deeper understanding of semi-supervised learning with variational autoencoders. "
    "MSc thesis, Delft University of Technology.",
}


def cited(text):
    """The short names of the papers that a text names, in the order of ``PAPERS``."""
    return [name for name in PAPERS if name in text]


def papers_of(model_class):
    """The short names of a model's papers, from the first paragraph of its module."""
    return cited(inspect.getmodule(model_class).__doc__.split("\n\n")[0])


def paper_link(name):
    """A short name as a link to its paper."""
    return f":ref:`{name} <papers-{slug(name)}>`"


def papers_page(models, measured):
    """The page of papers: every paper with its models and its recipes.

    Args:
        models: dict from name to model class.
        measured: all records of results by label.
    """
    page = heading("Papers")
    for name, reference in PAPERS.items():
        page += f".. _papers-{slug(name)}:\n\n" + heading(name, "-") + with_address(reference) + "\n\n"
        of_it = [f":doc:`{model} </models/{model}>`" for model, c in models.items() if name in papers_of(c)]
        if of_it:
            page += f"Models: {', '.join(of_it)}.\n\n"
        of_it = [label for label in sorted({*REPRODUCED, *measured}) if name in cited(source_of(label, measured))]
        for title, which in (("Results", True), ("Recipes and experiments without a result", False)):
            links = [link(label, measured) for label in of_it if (label in measured) == which]
            if links:
                page += f"{title}: {', '.join(links)}.\n\n"
    return page


def with_address(reference):
    """A reference with its arXiv number as a link."""
    return re.sub(r"arXiv:([\d.]+\d)", r"`arXiv:\1 <https://arxiv.org/abs/\1>`__", reference)
