"""Modules import only from floors below their own: the diagram that cannot rot."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1] / "src" / "polymodal"
ORDER = (
    ("core",),
    ("text",),
    ("tables",),
    ("media",),
    ("profile",),
    ("splits",),
    ("feed",),
    ("preprocess",),
    ("layers",),
    ("encoders", "fusion", "sequence", "decoders"),
    ("model",),
    ("speech",),
    ("evaluation",),
    ("tasks",),
    ("recipe",),
    ("bundle",),
    ("pretrained",),
    ("inference",),
    ("training", "export"),
    ("questions",),
    ("serve",),
    ("cli",),
    ("estimators",),
)
FLOORS = {folder: floor for floor, folders in enumerate(ORDER) for folder in folders}
FLOORS["scenes"] = FLOORS["serve"]  # the demo's world: no other floor knows it
ENGINES = {"keras", "tensorflow", "jax", "torch"}
ENGINE_FREE = {
    "core",
    "text",
    "tables",
    "media",
    "profile",
    "splits",
    "feed",
    "preprocess",
    "speech",
    "scenes",
}


def imports(path: Path):
    """Yields (line, module) for every import of the file, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module
            if node.module == "polymodal":
                yield from ((node.lineno, f"polymodal.{alias.name}") for alias in node.names)


def broken_rules():
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).parts
        folder = parts[0]
        if len(parts) == 1:
            continue  # polymodal/__init__ and the API above all floors
        for line, module in imports(path):
            where = f"{path.relative_to(ROOT)}:{line} imports {module}"
            names = module.split(".")
            if folder in ENGINE_FREE and names[0] in ENGINES:
                yield f"{where}: {folder} loads no engine"
            if names[0] == "polymodal" and len(names) > 1 and names[1] in FLOORS:
                other = names[1]
                if other != folder and FLOORS[other] >= FLOORS[folder]:
                    yield f"{where}: floor {FLOORS[folder]} may not use floor {FLOORS[other]}"


def test_modules_import_only_from_lower_floors():
    found = list(broken_rules())
    assert not found, "\n".join(found)


def test_every_folder_has_a_floor():
    folders = {p.name for p in ROOT.iterdir() if p.is_dir() and p.name != "__pycache__"}
    assert folders <= FLOORS.keys()


def test_no_file_imports_itself_through_others():
    files = {_name(path): path for path in ROOT.rglob("*.py")}
    uses = {name: _files_used(path, files.keys()) - {name} for name, path in files.items()}
    while free := [name for name, found in uses.items() if not found & uses.keys()]:
        for name in free:
            del uses[name]
    assert not uses, f"These files import each other in a circle: {sorted(uses)}"


def _files_used(path: Path, files) -> set[str]:
    """Returns the files that one imports. `from package import file` is the file; the package
    itself is counted where the name is one of its own."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inside = {alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            found |= {full if full in files else node.module for full in inside.values()}
    return found & set(files)


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
