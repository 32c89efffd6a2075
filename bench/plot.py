"""The ratios as a picture."""

from __future__ import annotations

from pathlib import Path

from .table import Rows


def draw(rows: Rows, path: Path) -> None:
    """A bar for each section: how many times less than the official package, and the bound as a mark."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    shown = [(s, row["openai"] / row["antiphon"]) for s, row in rows if row.get("openai") and row.get("antiphon")]
    if not shown:
        return
    figure, axes = plt.subplots(figsize=(9, 0.45 * len(shown) + 1.2))
    names = [section.name for section, _ in shown][::-1]
    ratios = [ratio for _, ratio in shown][::-1]
    bars = axes.barh(names, ratios, color="#2f6f8f")
    axes.bar_label(bars, labels=[f"{ratio:.0f}×" for ratio in ratios], padding=4)
    marks = [(n, section.ratio) for n, (section, _) in enumerate(shown[::-1]) if section.ratio]
    axes.scatter(
        [ratio for _, ratio in marks], [n for n, _ in marks], marker="|", s=300, color="#b5462f", label="bound"
    )
    axes.set_xlabel("times less than the official package")
    axes.set_xscale("log")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    figure.tight_layout()
    figure.savefig(path, dpi=130)
    plt.close(figure)
