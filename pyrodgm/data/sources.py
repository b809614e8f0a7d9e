"""The source address, files and checksums of each data set."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Source:
    """The source and the files of a data set.

    Args:
        home: the base URL of the files; for data without files, a description of the source.
        files: dict from a file's name to its checksum, ``sha256:...`` or ``md5:...``.
        optional: dict from an option of the loader to the additional files it needs.
        stand_ins: alternative files that the user's folder may hold instead; they are never downloaded.
    """

    home: str
    files: dict[str, str] = field(default_factory=dict)
    optional: dict[str, dict[str, str]] = field(default_factory=dict)
    stand_ins: tuple[str, ...] = ()


# Sources of the checksums. MNIST: SHA-256 of files whose MD5 match those of torchvision. OMNIGLOT's chardata.mat and
# Frey faces: no SHA-256 was found, so these are the MD5 that public loaders use for downloads from the same addresses.
# All others: tensorflow/datasets, url_checksums (binarized_mnist, cifar10, fashion_mnist, smallnorb, svhn_cropped).
SOURCES = {
    "binarised-mnist": Source(
        home="http://www.cs.toronto.edu/~larocheh/public/datasets/binarized_mnist/",
        files={
            "binarized_mnist_train.amat": "sha256:ad693b29f94c14277b095f5238ddefbbdaaae0939789dd2f4f0205278cee3e4d",
            "binarized_mnist_valid.amat": "sha256:1de3d397c40fe8eeb33dafd4099a1f665ec01e96d9be234aaeeac8a34930e2e2",
            "binarized_mnist_test.amat": "sha256:e6687bfea3f820c174f33b7865140b2a2dd2930ef786f35d45795fc193b5ab2c",
        },
        stand_ins=("binarized_mnist_train.mat", "binarized_mnist_valid.mat", "binarized_mnist_test.mat"),
    ),
    "cifar10": Source(
        home="https://www.cs.toronto.edu/~kriz/",
        files={"cifar-10-binary.tar.gz": "sha256:c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"},
    ),
    "cifar10-subset": Source(home="your own folder", stand_ins=("cifar10_subset.npz",)),
    "circles": Source(home="generated"),
    "digits": Source(home="included in scikit-learn"),
    "fashion-mnist": Source(
        home="http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        files={
            "train-images-idx3-ubyte.gz": "sha256:3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            "train-labels-idx1-ubyte.gz": "sha256:a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            "t10k-images-idx3-ubyte.gz": "sha256:346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            "t10k-labels-idx1-ubyte.gz": "sha256:67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        },
    ),
    "freyfaces": Source(
        home="https://cs.nyu.edu/~roweis/data/",
        files={"frey_rawface.mat": "md5:5aeb024d42b8a6091f30e5eb18c8a48d"},
        stand_ins=("freyfaces.npz",),
    ),
    "mnist": Source(
        home="https://ossci-datasets.s3.amazonaws.com/mnist/",
        files={
            "train-images-idx3-ubyte.gz": "sha256:440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "train-labels-idx1-ubyte.gz": "sha256:3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "t10k-images-idx3-ubyte.gz": "sha256:8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "t10k-labels-idx1-ubyte.gz": "sha256:f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        },
    ),
    "moons": Source(home="generated"),
    "omniglot": Source(
        home="https://raw.githubusercontent.com/yburda/iwae/master/datasets/OMNIGLOT/",
        files={"chardata.mat": "md5:21ecaf34373511aa7691cf2e0802aa3d"},
        stand_ins=("omniglot_28x28_box.npz",),
    ),
    "potential": Source(home="generated"),
    "pv": Source(home="generated"),
    "small-norb": Source(
        home="https://cs.nyu.edu/~ylclab/data/norb-v1.0-small/",
        files={
            "smallnorb-5x46789x9x18x6x2x96x96-training-dat.mat.gz": (
                "sha256:5ffd6272a07d32695ee1082a26a41a93a37aab8c28da047f8c34ed348d214873"
            ),
            "smallnorb-5x46789x9x18x6x2x96x96-training-cat.mat.gz": (
                "sha256:2784e542c1922060691090952b6cd6278879a216c90f81476f0f00256d42cdaa"
            ),
            "smallnorb-5x01235x9x18x6x2x96x96-testing-dat.mat.gz": (
                "sha256:cf7104eed3e51174d2f65b66d1e5878b9da233b886f161b0d88f4510ba2c7474"
            ),
            "smallnorb-5x01235x9x18x6x2x96x96-testing-cat.mat.gz": (
                "sha256:ecaf6d5bb8c3bc5eab9cf0258f6d2198dd474e016e374836fc097f2e5ff509ff"
            ),
        },
    ),
    "svhn": Source(
        home="http://ufldl.stanford.edu/housenumbers/",
        files={
            "train_32x32.mat": "sha256:435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8",
            "test_32x32.mat": "sha256:cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b",
        },
        optional={
            "extra": {"extra_32x32.mat": "sha256:a133a4beb38a00fcdda90c9489e0c04f900b660ce8a316a5e854838379a71eb3"}
        },
    ),
}
