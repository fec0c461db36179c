"""How pages look, in light and in dark: all of them, and that of a run."""

from __future__ import annotations

BASE = """\
:root {
  color-scheme: light dark;
  --paper: #fff; --ink: #1b1f24; --soft: #5b6470; --rule: #dde1e6; --note: #b3261e;
  --c0: #0072b2; --c1: #c04f00; --c2: #00805d; --c3: #a8487f; --c4: #8a6d00; --c5: #5a5fc7;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b; --ink: #e6e9ed; --soft: #9aa4b0; --rule: #323943; --note: #ff8a80;
    --c0: #56b4e9; --c1: #ff9f5a; --c2: #3ecf9f; --c3: #f09ac8; --c4: #f0d442; --c5: #a5a9ff;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 760px; margin: 0 auto; padding: 24px 20px 60px; }
h1 { font-size: 1.6rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.2em 0 .6em; }
h3 { font-size: 1rem; margin: 0; }
.facts { display: flex; flex-wrap: wrap; gap: 12px 36px; margin: 0; }
.facts dt { color: var(--soft); font-size: .85rem; }
.facts dd { margin: 0; font-size: 1.3rem; font-variant-numeric: tabular-nums; }
.notes li { border-left: 3px solid var(--note); padding-left: 10px; margin: .4em 0; }
figure { margin: 0 0 28px; }
figcaption { color: var(--soft); font-size: .9rem; }
figcaption h3 { color: var(--ink); }
img { max-width: 100%; height: auto; image-rendering: pixelated; border: 1px solid var(--rule); }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: 3px 8px 3px 0; font-weight: normal; }
tbody tr { border-top: 1px solid var(--rule); }
tbody th { color: var(--soft); }
td { overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
@media print { figure { break-inside: avoid; } }
"""
"""A style sheet: colours, text, tables, figures. A page adds its own to it."""

STYLE = (
    BASE
    + """\
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--soft); font-size: 12px; }
svg .over { paint-order: stroke; stroke: var(--paper); stroke-width: 4px; }
.grid { stroke: var(--rule); }
.level { stroke: var(--soft); stroke-dasharray: 6 4; }
.mark line { stroke: var(--note); stroke-dasharray: 2 3; }
.mark text { fill: var(--note); font-weight: bold; }
.curve { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
.dashed { stroke-dasharray: 5 3; }
.curve.c0 { stroke: var(--c0); } .dot.c0 { fill: var(--c0); } .b0 { background: var(--c0); }
.curve.c1 { stroke: var(--c1); } .dot.c1 { fill: var(--c1); } .b1 { background: var(--c1); }
.curve.c2 { stroke: var(--c2); } .dot.c2 { fill: var(--c2); } .b2 { background: var(--c2); }
.curve.c3 { stroke: var(--c3); } .dot.c3 { fill: var(--c3); } .b3 { background: var(--c3); }
.curve.c4 { stroke: var(--c4); } .dot.c4 { fill: var(--c4); } .b4 { background: var(--c4); }
.curve.c5 { stroke: var(--c5); } .dot.c5 { fill: var(--c5); } .b5 { background: var(--c5); }
.swatch { display: inline-block; width: 14px; height: 4px; margin-right: 8px; vertical-align: middle; }
.legend td, .legend thead th:not(:first-child) { text-align: right; width: 15%; }
"""
)
"""A run's. Curves and their keys have the classes c0 to c5 and b0 to b5."""
