"""A day on one map, as SVG: zones, planned routes, flown tracks, hubs, alternates and drops."""

import html
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mission.airspace import footprint_polygon
from mission.geodesy.local_frame import LocalFrame
from mission.model.airspace import GeoZone, Restriction
from mission.model.geo import GeoPoint

WIDTH_PX = 900
MARGIN_M = 250.0
ZONE_FILL = {
    Restriction.PROHIBITED: "#d62728",
    Restriction.REQ_AUTHORISATION: "#ff7f0e",
    Restriction.CONDITIONAL: "#e7ba52",
}
SMALL_TEXT = 'font-size="11" font-family="sans-serif"'
TRACK_COLOURS = ("#1f77b4", "#2ca02c", "#9467bd", "#17becf", "#8c564b", "#e377c2")


@dataclass(frozen=True)
class MapLine:
    """A route or track: `label` groups lines of one colour (a vehicle)."""

    label: str
    points: Sequence[GeoPoint]
    planned: bool


@dataclass(frozen=True)
class MapMark:
    """A labelled place: ``hub``, ``alternate``, ``drop``, ``refused`` or ``diverted``."""

    kind: str
    label: str
    point: GeoPoint


@dataclass
class DayMap:
    """What is drawn. Zones that do not bind are drawn as outlines only."""

    frame: LocalFrame
    binding: Sequence[GeoZone]
    not_binding: Sequence[GeoZone] = ()
    lines: list[MapLine] = field(default_factory=list)
    marks: list[MapMark] = field(default_factory=list)

    def svg(self) -> str:
        """Draw the map; north is up, the scale bar is in metres."""
        everything = [p for line in self.lines for p in line.points] + [mark.point for mark in self.marks]
        local = self.frame.to_local(everything)
        low, high = local.min(axis=0) - MARGIN_M, local.max(axis=0) + MARGIN_M
        scale = WIDTH_PX / float(high[0] - low[0])
        height_px = float(high[1] - low[1]) * scale
        sheet = _Sheet(low, high, scale)
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH_PX} {height_px:.0f}" '
            f'role="img" aria-label="Map of zones, routes and drops">',
            f'<rect width="{WIDTH_PX}" height="{height_px:.0f}" fill="#f7f7f2"/>',
            *(self._zone(sheet, zone, bound=False) for zone in self.not_binding),
            *(self._zone(sheet, zone, bound=True) for zone in self.binding),
            *self._all_lines(sheet),
            *(self._mark(sheet, mark) for mark in self.marks),
            _scale_bar(sheet, height_px),
            "</svg>",
        ]
        return "\n".join(part for part in parts if part)

    def _zone(self, sheet: "_Sheet", zone: GeoZone, *, bound: bool) -> str:
        fill = ZONE_FILL.get(zone.restriction, "#7f7f7f")
        shapes = []
        for volume in zone.volumes:
            ring = np.asarray(footprint_polygon(volume.footprint, self.frame).exterior.coords)
            style = f'fill="{fill}" fill-opacity="0.28" stroke="{fill}"'
            if not bound:
                style = f'fill="none" stroke="{fill}" stroke-dasharray="2 5" stroke-opacity="0.6"'
            shapes.append(f'<polygon points="{sheet.path(ring)}" {style}/>')
        if bound:
            x, y = sheet.xy(ring[:-1].mean(axis=0))
            name = html.escape(zone.name)
            shapes.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" {SMALL_TEXT} fill="#633">{name}</text>')
        title = html.escape(f"{zone.identifier} {zone.name}: {zone.restriction}")
        return f"<g><title>{title}</title>{''.join(shapes)}</g>"

    def _all_lines(self, sheet: "_Sheet") -> list[str]:
        labels = list(dict.fromkeys(line.label for line in self.lines))
        drawn = []
        for line in sorted(self.lines, key=lambda item: not item.planned):
            colour = TRACK_COLOURS[labels.index(line.label) % len(TRACK_COLOURS)]
            style = 'stroke-width="1.2" stroke-dasharray="6 4"' if line.planned else 'stroke-width="2.4"'
            points = sheet.path(self.frame.to_local(line.points))
            title = html.escape(f"{line.label}, {'planned' if line.planned else 'flown'}")
            drawn.append(
                f'<polyline points="{points}" fill="none" stroke="{colour}" {style}><title>{title}</title></polyline>'
            )
        return drawn

    def _mark(self, sheet: "_Sheet", mark: MapMark) -> str:
        x, y = sheet.xy(self.frame.to_local([mark.point])[0])
        shape = {
            "hub": f'<rect x="{x - 7:.1f}" y="{y - 7:.1f}" width="14" height="14" fill="#222"/>',
            "alternate": f'<path d="M{x:.1f} {y - 8:.1f} l8 14 h-16 z" fill="#444"/>',
            "refused": f'<path d="M{x - 6:.1f} {y - 6:.1f} l12 12 m0 -12 l-12 12" stroke="#b00" stroke-width="3"/>',
        }.get(
            mark.kind,
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{"#c80" if mark.kind == "diverted" else "#060"}"/>',
        )
        text = html.escape(mark.label)
        font = 'font-size="13" font-family="sans-serif"'
        return f'<g>{shape}<text x="{x + 10:.1f}" y="{y + 4:.1f}" {font}>{text}</text></g>'


class _Sheet:
    """Metres east and north to pixels right and down."""

    def __init__(self, low: NDArray[np.float64], high: NDArray[np.float64], scale: float) -> None:
        self.low, self.high, self.scale = low, high, scale

    def xy(self, point: NDArray[np.float64]) -> tuple[float, float]:
        return float(point[0] - self.low[0]) * self.scale, float(self.high[1] - point[1]) * self.scale

    def path(self, points: NDArray[np.float64]) -> str:
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in map(self.xy, points))


def _scale_bar(sheet: _Sheet, height_px: float) -> str:
    bar_m = 500.0
    length_px = bar_m * sheet.scale
    y = height_px - 14
    return (
        f'<path d="M16 {y:.0f} h{length_px:.0f}" stroke="#222" stroke-width="3"/>'
        f'<text x="16" y="{y - 6:.0f}" font-size="12" font-family="sans-serif">{bar_m:.0f} m</text>'
    )
