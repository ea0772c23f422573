"""Draw the packages and their imports as docs/img/architecture.svg.

    python -m tools.architecture

The rows of the picture are the layers in .importlinter, from top to bottom. The arrows are the
imports that the code has.
"""

from __future__ import annotations

import configparser
from collections.abc import Iterable, Sequence
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "img" / "architecture.svg"
PROGRAM = "voyagent"
CONTRACT = "importlinter:contract:packages"

ROW, GAP, BOX, LANE, MARGIN = 28, 6, 170, 22, 16
STYLE = """
    text { font: 13px system-ui, sans-serif; fill: #1f2933; }
    .layer { fill: #eef2f6; }
    .box { fill: #ffffff; stroke: #52606d; }
    .lane { stroke: #2f6fb0; stroke-width: 1.2; fill: none; }
    .guide { stroke: #c3ccd5; stroke-width: 0.7; }
    .arrow { fill: #2f6fb0; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e4e9ee; }
      .layer { fill: #242c35; }
      .box { fill: #12181f; stroke: #9aa5b1; }
      .lane { stroke: #7db4ec; }
      .guide { stroke: #46525f; }
      .arrow { fill: #7db4ec; }
    }"""


def main() -> None:
    """Write the picture to PICTURE, docs/img/architecture.svg."""
    PICTURE.write_text(picture())


def picture() -> str:
    """Return the SVG of the packages as .importlinter and the code now have them."""
    return draw(layers((ROOT / ".importlinter").read_text()), imports())


def layers(config: str) -> list[list[str]]:
    """Return the packages of each layer of an import-linter configuration, top first."""
    parser = configparser.ConfigParser()
    parser.read_string(config)
    lines = parser[CONTRACT]["layers"].split("\n")
    return [_names(line) for line in lines if line.strip()]


def imports() -> set[tuple[str, str]]:
    """Return the imports between packages as pairs: importing and imported package."""
    graph = grimp.build_graph(PROGRAM, exclude_type_checking_imports=True, cache_dir=None)
    between = {
        (_package(module), _package(imported))
        for module in graph.modules
        for imported in graph.find_modules_directly_imported_by(module)
    }
    return {(source, target) for source, target in between if source != target and source}


def draw(rows: Sequence[Sequence[str]], edges: Iterable[tuple[str, str]]) -> str:
    """Return an SVG of the packages in layers, with arrows for their imports.

    Each package with imports has one vertical line.

    Raises:
        ValueError: a package that imports or is imported is in no layer.
    """
    tops, bands, y = {}, [], MARGIN
    targets: dict[str, set[str]] = {}
    for source, target in edges:
        targets.setdefault(source, set()).add(target)
    across = BOX + LANE * (len(targets) + 1)
    for layer in rows:
        bands.append(_band(y, across, len(layer)))
        for name in layer:
            tops[name] = y + GAP
            y += ROW
        y += 2 * GAP
    if unknown := (targets.keys() | set().union(*targets.values())) - tops.keys():
        raise ValueError(f"no layer of .importlinter has {', '.join(sorted(unknown))}")
    order = sorted(tops, key=lambda name: tops[name])
    lanes = [name for name in reversed(order) if name in targets]
    guides = [_guide(tops[name], across) for name in order]
    arrows = [
        line
        for number, name in enumerate(lanes, 1)
        for line in _lane(name, MARGIN + BOX + LANE * number, tops, targets[name])
    ]
    boxes = [line for name in order for line in _box(name, tops[name])]
    body = "\n".join(f"  {line}" for line in (*bands, *guides, *arrows, *boxes))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across + 2 * MARGIN} {y + MARGIN}"'
        f' role="img" aria-labelledby="title description">\n'
        f'  <title id="title">Packages of {PROGRAM} and their imports</title>\n'
        '  <desc id="description">Each box is a package, each band a layer. The line that begins at'
        " a box ends in an arrow at each package that it imports.</desc>\n"
        f"  <style>{STYLE}\n  </style>\n{body}\n</svg>\n"
    )


def _names(line: str) -> list[str]:
    return [name.strip().strip("()") for name in line.replace(":", "|").split("|")]


def _package(module: str) -> str:
    return module.removeprefix(PROGRAM).lstrip(".").split(".")[0]


def _middle(top: int) -> float:
    return top + (ROW - GAP) / 2


def _band(y: int, width: int, packages: int) -> str:
    height = packages * ROW + GAP
    return f'<rect class="layer" x="{MARGIN}" y="{y}" width="{width}" height="{height}" rx="4"/>'


def _guide(top: int, width: int) -> str:
    x, y = MARGIN, _middle(top)
    return f'<line class="guide" x1="{x + BOX}" y1="{y}" x2="{x + width - LANE}" y2="{y}"/>'


def _box(name: str, top: int) -> list[str]:
    x, height = MARGIN + GAP, ROW - GAP
    return [
        f'<rect class="box" x="{x}" y="{top}" width="{BOX - GAP}" height="{height}" rx="3"/>',
        f'<text x="{x + 10}" y="{_middle(top) + 4.5}">{name}</text>',
    ]


def _lane(name: str, x: int, tops: dict[str, int], targets: set[str]) -> list[str]:
    """Return the SVG of a package's line, with an arrowhead at each imported package.

    The line goes from the package's box to the right and then down.
    """
    y, ends = _middle(tops[name]), sorted(_middle(tops[target]) for target in targets)
    first, last = min(y, ends[0]), max(y, ends[-1])
    heads = " ".join(f"M{x - 9} {end}l9 -4.5v9z" for end in ends)
    listed = ", ".join(sorted(targets, key=lambda target: tops[target]))
    return [
        f"<g><title>{name} imports {listed}</title>",
        f'<path class="lane" d="M{MARGIN + BOX} {y}H{x}M{x} {first}V{last}"/>',
        f'<path class="arrow" d="{heads}"/></g>',
    ]


if __name__ == "__main__":
    main()
