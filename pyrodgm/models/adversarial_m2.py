"""AdversarialM2, an M2 whose style is kept from telling the class. Jurasiński 2019, app. E.

    min_psi max_theta,phi  J(theta, phi) + E_q(z|x,y)[-log f_psi(y | z)]

J is M2's objective, maximised; model and guide are M2's. The adversary f reads y off a draw of z, and the encoder
q(z | x, y) fools it. One optimiser plays both sides: between z and f the gradient is reversed, so that a step down the
cross-entropy of f is a step up for the encoder (Ganin and Lempitsky 2015). The game is over the labelled rows, whose y
it reads; its weight is 1. The author found no difference in the error.
"""

from pyrodgm.models.m2 import M2
from pyrodgm.models.networks import Networks


class AdversarialM2(M2):
    """M2 with an adversary f(y | z), ``f_y``, that plain ``SVI`` leaves as it is and ``SemiSupervisedELBO.of`` trains.

    Arguments as for ``M2``; the adversary's hidden layers are those of ``hidden``.

    Example::

        m = AdversarialM2(x_size=784, num_classes=10, z_size=50, hidden=(500,))
        elbo = TraceEnum_ELBO(max_plate_nesting=1)
        svi = SVI(m.model, m.guide, Adam({"lr": 1e-3}), SemiSupervisedELBO.of(m, elbo, alpha=1.0))
        svi.step(labelled=(x[:100], y), unlabelled=x)
    """

    def __init__(
        self,
        x_size,
        num_classes,
        z_size=50,
        hidden=(500,),
        classes="enumerated",
        classifier_hidden=None,
        **options,
    ):
        super().__init__(x_size, num_classes, z_size, hidden, classes, classifier_hidden, **options)
        self.f_y = Networks(x_size, num_classes, hidden, **options).categorical(z_size)

    def adversarial_loss(self, x, y):
        """-log f(y | z) at a draw of z from q(z | x, y), summed over the rows: f descends it, q(z | x, y) ascends."""
        y = self.one_hot(y)
        z = self.q_z(self.scaled(x), y).rsample()
        return -self.f_y(_reversed(z)).log_prob(y).sum()


def _reversed(z):
    """z, with its gradient turned round."""
    return 2 * z.detach() - z
