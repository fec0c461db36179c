"""How the page of an expanded set looks, on top of the style of a run's page."""

from __future__ import annotations

STYLE = """\
main { max-width: 980px; }
p, .said { max-width: 46em; }
.verdict { font-size: 1.25rem; line-height: 1.4; border-left: 4px solid var(--c0); padding: 2px 0 2px 14px;
  margin: 0 0 1em; overflow-wrap: anywhere; }
.verdict.helps { border-color: var(--c2); } .verdict.hurts { border-color: var(--note); }
.wide { overflow-x: auto; margin: 0 0 18px; }
.wide th, .wide td { padding: 4px 14px 4px 0; }
.wide thead th { color: var(--soft); border-bottom: 1px solid var(--rule); white-space: nowrap; }
.wide .number { text-align: right; white-space: nowrap; }
.wide tbody th { color: var(--ink); overflow-wrap: anywhere; min-width: 5em; }
.wide tfoot td, .wide tfoot th { border-top: 1px solid var(--soft); }
.class { margin: 0 0 34px; }
.class h3, .reason h3 { margin: 1.6em 0 .5em; overflow-wrap: anywhere; }
.row { display: flex; flex-wrap: wrap; gap: 10px; margin: 0 0 12px; }
.row figure { margin: 0; width: 96px; }
.row img { display: block; border: 0; width: 96px; }
.row .pair img + img, .row .pair .gone + img { margin-top: 3px; opacity: .72; }
.row figcaption { font-size: .75rem; line-height: 1.3; margin-top: 3px; overflow-wrap: anywhere;
  font-variant-numeric: tabular-nums; }
.gone { display: block; width: 96px; padding: 6px 0; color: var(--soft); font-size: .75rem; }
.label { color: var(--soft); font-size: .85rem; margin: 0 0 4px; }
svg .bar { stroke: var(--c0); stroke-width: 2.4; } svg .mean { fill: var(--c0); }
svg .zero { stroke: var(--soft); stroke-dasharray: 4 3; }
svg .said { fill: var(--ink); }
pre { overflow-x: auto; padding: 10px 12px; border: 1px solid var(--rule); font-size: .85rem; }
@media print { .class, .row figure { break-inside: avoid; } }
"""
"""A style sheet, to follow `ganapps.runs.page_style.STYLE`."""
