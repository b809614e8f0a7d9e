"""A trained model and its optimiser as plain values and safetensors bytes: nothing in a pickle of them is executed."""

from safetensors.torch import load, save

from pyrodgm.train.checkpoint import pack, unpack


def to_plain(model):
    """The class, the arguments, the dtype and the tensors of a model, the latter as bytes.

    The class stands for itself: pickle writes its name.
    """
    tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in model.state_dict().items()}
    return {"class": type(model), "arguments": model.arguments, "tensors": save(tensors)}


def from_plain(plain):
    """The model of ``to_plain``, on the CPU, in evaluation mode."""
    tensors = load(plain["tensors"])
    model = plain["class"](**plain["arguments"])
    dtype = next(tensor.dtype for tensor in tensors.values() if tensor.is_floating_point())
    model.to(dtype).load_state_dict(tensors)
    return model.eval()


def state_to_plain(state):
    """Nested plain values with tensors among them, such as an optimiser's state, without tensors."""
    tensors, rest = pack(state)
    return {"tensors": save({key: tensor.cpu() for key, tensor in tensors.items()}), "rest": rest}


def state_from_plain(plain):
    """The state of ``state_to_plain``, on the CPU."""
    return unpack(load(plain["tensors"]), plain["rest"])
