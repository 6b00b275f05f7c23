"""The rules of the house that no linter knows."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
HEAVY = {"numba", "torch", "sklearn", "pandas", "rich"}
LONGEST_FILE, LONGEST_FUNCTION = 400, 80
DISTRIBUTIONS = {
    "PIL": "pillow",
    "openTSNE": "opentsne",
    "prometheus_client": "prometheus-client",
    "sklearn": "scikit-learn",
}
"""What brings a module, where the names differ."""
SOMEONES_FOLDER = re.compile(r"(?<![\w.}])/(?:home|Users|root|work|workspace|tmp|opt|mnt|srv)/")


@cache
def tree(source: Path) -> ast.Module:
    return ast.parse(source.read_text(encoding="utf-8"))


def nodes(*kinds: type[ast.AST]) -> Iterator[tuple[str, ast.AST]]:
    """All nodes of these kinds in the sources, each with its place."""
    for source in SOURCES:
        for node in ast.walk(tree(source)):
            if isinstance(node, kinds):
                yield f"{source.relative_to(ROOT)}:{node.lineno}", node


def lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How long a function is without its decorators and its docstring."""
    first = function.body[0]
    docstring = first.end_lineno - first.lineno + 1 if ast.get_docstring(function) is not None else 0
    return function.end_lineno - function.lineno + 1 - docstring


def extras() -> dict[str, list[str]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["optional-dependencies"]


def test_importing_lilliput_imports_no_heavy_library():
    program = f"import sys, lilliput; print(*({HEAVY!r} & sys.modules.keys()))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


def test_a_file_holds_one_idea():
    lengths = {str(source): len(source.read_text(encoding="utf-8").splitlines()) for source in SOURCES}
    assert {source: length for source, length in lengths.items() if length > LONGEST_FILE} == {}


def test_a_function_holds_one_idea():
    functions = nodes(ast.FunctionDef, ast.AsyncFunctionDef)
    assert [f"{place} {node.name}" for place, node in functions if lines(node) > LONGEST_FUNCTION] == []


def test_a_module_says_what_it_is():
    assert [str(source) for source in SOURCES if not ast.get_docstring(tree(source))] == []


def test_no_source_names_somebodys_folder():
    texts = {str(source): source.read_text(encoding="utf-8") for source in SOURCES}
    assert [source for source, text in texts.items() if SOMEONES_FOLDER.search(text)] == []


def test_an_extra_brings_what_is_asked_of_it():
    brought = {extra: {re.split(r"[^\w-]", need)[0] for need in needs} for extra, needs in extras().items()}
    wrong = []
    for place, node in nodes(ast.Call):
        if ast.unparse(node.func).rpartition(".")[2] == "require_extra":
            module, extra = (ast.literal_eval(argument) for argument in node.args[:2])
            package = module.partition(".")[0]
            if DISTRIBUTIONS.get(package, package) not in brought.get(extra, ()):
                wrong.append(f"{place}: {extra!r} does not bring {package}")
    assert wrong == []


def test_every_extra_named_in_a_pip_line_exists():
    files = [*SOURCES, *ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    named = re.findall(r"lilliput\[([\w,-]+)\]", "\n".join(file.read_text(encoding="utf-8") for file in files))
    assert {extra for names in named for extra in names.split(",")} <= extras().keys()


def test_all_brings_every_extra_but_that_of_developers():
    (everything,) = extras()["all"]
    assert set(re.findall(r"\w+", everything)) - {"lilliput"} == extras().keys() - {"all", "dev"}
