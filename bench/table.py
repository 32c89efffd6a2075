"""The figures as a table of ratios, and whether they keep their bounds."""

from __future__ import annotations

from typing import Any

from .section import Section

Rows = list[tuple[Section, dict[str, Any]]]


def markdown(rows: Rows) -> str:
    """A table for people and for the README."""
    lines = [
        "| what | official | antiphon | times less | bare socket | antiphon / bare | bound |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    for section, row in rows:
        official, ours, bare = (row.get(client) for client in ("openai", "antiphon", "bare"))
        if section.bare is None and not section.probe:  # nothing but an interpreter, or no figure of its own
            bare = None
        cells = [
            section.name,
            _figure(official, section.unit),
            _figure(ours, section.unit),
            _ratio(official, ours),
            _figure(bare, section.unit),
            _ratio(ours, bare),
            _bound(section),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def regressions(rows: Rows) -> list[str]:
    """The ratios that fell below their floor, and the limits passed twice over, one sentence each."""
    fallen: list[str] = []
    for section, row in rows:
        official, ours, bare = (row.get(client) for client in ("openai", "antiphon", "bare"))
        if ours is None:
            continue
        if section.floor and official and official / ours < section.floor:
            fallen.append(
                f"FELL {section.name}: {official / ours:.1f} times less than the official package, not {section.floor:g}"
            )
        above = ours - (bare or 0.0) if section.unit == "ms" else ours
        if section.limit and above > 2 * section.limit:
            fallen.append(f"FELL {section.name}: {above:.1f} {section.unit}, more than twice {section.limit:g}")
    return fallen


def judge(rows: Rows) -> list[str]:
    """The design's bounds that were missed, one sentence each."""
    misses: list[str] = []
    for section, row in rows:
        official, ours, bare = (row.get(client) for client in ("openai", "antiphon", "bare"))
        if ours is None:
            continue
        if section.ratio and official and official / ours < section.ratio:
            misses.append(
                f"MISS {section.name}: {official / ours:.1f} times less than the official package, not {section.ratio:g}"
            )
        above = ours - (bare or 0.0) if section.unit == "ms" else ours
        if section.limit and above > section.limit:
            misses.append(f"MISS {section.name}: {above:.1f} {section.unit}, not {section.limit:g}")
        if section.bare and bare and ours / bare > section.bare:
            misses.append(f"MISS {section.name}: {ours / bare:.2f} times the bare socket, not {section.bare:g}")
    return misses


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:,.2f} {unit}" if value < 10 else f"{value:,.1f} {unit}"


def _ratio(more: float | None, less: float | None) -> str:
    return f"{more / less:.1f}×" if more is not None and less else "–"


def _bound(section: Section) -> str:
    bounds = [f"≥ {section.ratio:g}×"] if section.ratio else []
    bounds += [f"≤ {section.limit:g} {section.unit}"] if section.limit else []
    bounds += [f"≤ {section.bare:g}× bare"] if section.bare else []
    return ", ".join(bounds)
