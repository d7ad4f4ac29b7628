"""Opens an ONNX graph that nobody vouches for: it reads no other file and runs no foreign code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from polymodal.core.errors import MissingDependencyError, RecipeError
from polymodal.core.printed.visible import one_line

__all__ = ["inlined", "num_parameters", "opened", "weight_files"]

_DOMAINS = {"", "ai.onnx", "ai.onnx.ml"}


def opened(path: Path, output: str | None) -> Any:
    """Returns an onnxruntime session that takes images and gives one output.

    Args:
        path: Path of the .onnx file.
        output: str, name of an output, or of a tensor inside; None is the first output.

    Raises:
        RecipeError: no graph, one that reads other files or needs foreign code, or no such tensor.
        MissingDependencyError: onnx or onnxruntime is not installed.
    """
    model = _read(path)
    outside = [one.name for one in _tensors(model.graph) if _is_outside(one)]
    if outside:
        raise RecipeError(
            f'{path} needs its weights inside. Got "{outside[0]}" in another file. '
            "Save it as one file, or import it with polymodal import."
        )
    _keep_needed(path, model, output)
    contents = model.SerializeToString()
    del model  # the session makes a copy of its own
    return _session(contents)


def weight_files(path: Path) -> list[str]:
    """Returns the names of the files next to a graph that hold weights of it.

    Raises:
        RecipeError: as `opened`, or its weights are in a file of another folder.
    """
    model = _read(path)
    files = sorted({_location(one) for one in _tensors(model.graph) if _is_outside(one)})
    for name in files:
        _check_beside(path, name)
    return files


def inlined(path: Path) -> bytes:
    """Returns the graph with the weights of `weight_files` inside."""
    from onnx.external_data_helper import load_external_data_for_model

    model = _read(path)
    load_external_data_for_model(model, str(path.parent))
    return model.SerializeToString()


def num_parameters(path: Path) -> int:
    """Returns how many numbers the weights of a graph are."""
    import math

    return sum(math.prod(one.dims) for one in _read(path).graph.initializer)


def _read(path: Path) -> Any:
    """Returns the graph of a file, without the contents of others."""
    try:
        import onnx
        import onnxruntime  # noqa: F401 - said before anything is read
    except ImportError:
        raise MissingDependencyError(
            'An ONNX graph needs onnx and onnxruntime. Run: pip install "polymodal[onnx]".'
        ) from None
    if not path.is_file():
        raise RecipeError(f"{path} needs to be an ONNX graph. Found no file. Give its path.")
    try:
        model = onnx.load(str(path), load_external_data=False)
    except Exception as error:  # of protobuf, many kinds
        raise RecipeError(
            f"{path} is not an ONNX graph ({one_line(error)[:200]}). Give another file."
        ) from None
    domains = {node.domain for node in _nodes(model.graph)}
    domains |= {node.domain for function in model.functions for node in function.node}
    foreign = sorted(domains - _DOMAINS - {function.domain for function in model.functions})
    if foreign:
        raise RecipeError(
            f"{path} needs operators that ONNX defines. Got some of "
            f'"{foreign[0]}". Export it without custom operators.'
        )
    return model


def _keep_needed(path: Path, model: Any, output: str | None) -> None:
    """Removes what an output does not depend on, so that its input is the only one."""
    import onnx

    graph = model.graph
    stated = [one.name for one in graph.output]
    wanted = stated[0] if output is None else output
    needed, nodes = _needed(graph, wanted)
    if not nodes:
        raise RecipeError(
            f'{path} has no tensor "{wanted}". Its outputs are {", ".join(stated)}. '
            "Name one of them, or a tensor inside."
        )
    constants = {one.name for one in graph.initializer}
    inputs = [one for one in graph.input if one.name in needed and one.name not in constants]
    if len(inputs) != 1:
        raise RecipeError(
            f'{path}: "{wanted}" needs to depend on one input, of images. Got '
            f"{', '.join(one.name for one in inputs) or 'none'}. Name another "
            "output, or export the part that encodes images."
        )
    for part, found in ((graph.node, nodes), (graph.input, inputs)):
        copies = [type(one).FromString(one.SerializeToString()) for one in found]
        del part[:]
        part.extend(copies)
    for one in [one for one in graph.initializer if one.name not in needed]:
        graph.initializer.remove(one)
    del graph.output[:]
    graph.output.append(onnx.helper.make_empty_tensor_value_info(wanted))


def _needed(graph: Any, output: str) -> tuple[set[str], list[Any]]:
    """Returns the names of tensors that an output depends on, and the nodes that make them."""
    made = {name: node for node in graph.node for name in node.output}
    needed: set[str] = set()
    kept: set[int] = set()
    left = [output]
    while left:
        name = left.pop()
        if name in needed:
            continue
        needed.add(name)
        if name in made:
            kept.add(id(made[name]))
            left += _names_read(made[name])
    return needed, [node for node in graph.node if id(node) in kept]


def _session(contents: bytes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(contents, options, providers=["CPUExecutionProvider"])


def _names_read(node: Any) -> list[str]:
    """Returns the names of tensors that a node reads, those of graphs inside it too."""
    found = [*node.input]
    for graph in _graphs_of(node):
        for inner in graph.node:
            found += _names_read(inner)
        found += [one.name for one in graph.output]
    return found


def _graphs_of(node: Any) -> Iterator[Any]:
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def _nodes(graph: Any) -> Iterator[Any]:
    """Yields all nodes, those of graphs inside nodes too."""
    for node in graph.node:
        yield node
        for inner in _graphs_of(node):
            yield from _nodes(inner)


def _tensors(graph: Any) -> Iterator[Any]:
    """Yields all constant tensors, those of graphs inside nodes too."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
        for inner in _graphs_of(node):
            yield from _tensors(inner)


def _is_outside(tensor: Any) -> bool:
    return bool(tensor.external_data) or tensor.data_location == type(tensor).EXTERNAL


def _location(tensor: Any) -> str:
    found: Iterable[str] = (one.value for one in tensor.external_data if one.key == "location")
    return next(iter(found), "")


def _check_beside(path: Path, name: str) -> None:
    plain = bool(name) and Path(name).name == name and "\\" not in name
    file = path.parent / name
    if not plain or file.is_symlink() or not file.is_file():
        raise RecipeError(
            f"{path} needs its weights inside, or in a file next to it. Got "
            f"{one_line(name)!r}. Save it as one file."
        )
