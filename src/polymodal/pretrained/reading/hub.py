"""Models that the Hugging Face hub has, fetched by their name."""

from __future__ import annotations

import re
from pathlib import Path

from polymodal.core.disk.paths import user_path
from polymodal.core.errors import BundleError
from polymodal.core.printed.visible import one_line

__all__ = ["fetched"]

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
# Settings, tokenizers and weights that hold numbers alone; never pickles, nor code.
_WANTED = ("*.json", "*.txt", "*.jinja", "*.safetensors", "README.md")
_OF_OTHERS = ("onnx/*", "openvino/*", "original/*", "consolidated*", "coreml/*", "*.onnx.json")


def fetched(source: str | Path) -> str | Path:
    """Returns the folder of a model: `source` where it is there, else what the hub has of that
    name.

    Args:
        source: path, or a name such as "sentence-transformers/all-MiniLM-L6-v2". The library keeps
            what it fetched, and takes it from there the next time.

    Raises:
        BundleError: nothing is there, and the hub cannot be reached or has no such model.
    """
    name = str(source)
    if (
        user_path(source).exists()
        or not _NAME.fullmatch(name)
        or user_path(source).suffix in (".onnx", ".gguf")
    ):
        return source
    missing = f"No folder {name} is here"
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise BundleError(
            f"{missing}, and huggingface_hub, which fetches models by name, is not "
            "installed. Give the folder of a checkpoint, or: pip install "
            "huggingface_hub."
        ) from None
    try:
        folder = Path(
            snapshot_download(name, allow_patterns=list(_WANTED), ignore_patterns=list(_OF_OTHERS))
        )
    except Exception as error:  # of the network, of the library and of what both need
        raise BundleError(f"{missing}, and {_why(name, error)}") from error
    if not any(folder.glob("*.safetensors")):
        raise BundleError(
            f"{name} needs weights as safetensors on the hub. Found none; pickles "
            "are not fetched, because they may run code. Choose another version of "
            "the model."
        )
    return folder


def _why(name: str, error: Exception) -> str:
    """Returns why nothing was fetched, and what to do."""
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    if isinstance(error, GatedRepoError):
        return (
            f"the hub has {name} only for those who accepted its terms. Accept them on "
            f"huggingface.co/{name}, then: hf auth login."
        )
    if isinstance(error, RepositoryNotFoundError):
        return f"the hub has no model of that name, or a private one. Check the name {name}."
    return (
        f"the hub cannot be reached ({one_line(error)[:200]}). Check the network, or give the "
        "folder of a checkpoint."
    )
