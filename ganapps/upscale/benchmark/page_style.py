"""How the page of a benchmark looks, on top of the common style of pages."""

from __future__ import annotations

STYLE = """\
main { max-width: 1040px; }
p, .legend-list { max-width: 46em; }
.wide { overflow-x: auto; margin: 0 0 12px; }
.wide table { white-space: nowrap; }
.wide th, .wide td { padding: 4px 14px 4px 0; }
.wide thead th { color: var(--soft); border-bottom: 1px solid var(--rule); }
.wide .number { text-align: right; }
.wide tbody th { color: var(--ink); }
.best { font-weight: bold; }
.explained dt { font-weight: bold; }
.explained dd { margin: 0 0 .5em; color: var(--soft); }
.choice { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 20px; margin: 10px 0; }
.choice label { display: flex; gap: 8px; align-items: center; min-width: 0; max-width: 100%; }
select { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--soft);
  border-radius: 6px; padding: 6px 8px; min-width: 0; max-width: 100%; }
select:focus-visible, .wide:focus-visible { outline: 3px solid var(--c0); outline-offset: 2px; }
.all { position: sticky; top: 0; z-index: 2; margin: 0; padding: 10px 0; background: var(--paper);
  border-bottom: 1px solid var(--rule); }
.exhibit { margin: 0 0 56px; }
.exhibit h3 { margin: 2em 0 .6em; overflow-wrap: anywhere; }
.exhibit h3 span { color: var(--soft); font-weight: normal; }
.compare { position: relative; --at: 50%; background: var(--rule); overflow: hidden; }
.compare:focus-within { outline: 3px solid var(--c0); outline-offset: 2px; }
.compare img { display: none; position: absolute; inset: 0; width: 100%; height: 100%; border: 0; }
.compare .left, .compare .right { display: block; }
.compare .left { clip-path: inset(0 calc(100% - var(--at)) 0 0); }
.compare .right { clip-path: inset(0 0 0 var(--at)); }
.compare::after { content: ""; position: absolute; inset: 0 auto 0 var(--at); width: 2px; margin-left: -1px;
  background: #fff; box-shadow: 0 0 0 1px rgb(0 0 0 / .6); pointer-events: none; }
.compare::before { content: "\\2194"; position: absolute; z-index: 1; top: calc(50% - 16px);
  left: calc(var(--at) - 16px); width: 32px; height: 32px; border-radius: 50%; color: #1b1f24;
  background: #fff; box-shadow: 0 0 0 1px rgb(0 0 0 / .6); text-align: center; line-height: 32px;
  pointer-events: none; }
.compare .tag { position: absolute; bottom: 8px; max-width: 45%; padding: 1px 8px; border-radius: 4px;
  background: rgb(0 0 0 / .65); color: #fff; font-size: .8rem; overflow-wrap: anywhere;
  pointer-events: none; }
.tag.on-left { left: 8px; } .tag.on-right { right: 8px; }
.compare input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0;
  cursor: ew-resize; touch-action: pan-y; -webkit-appearance: none; appearance: none; }
.compare input::-webkit-slider-thumb { -webkit-appearance: none; width: 1px; height: 100%; }
.compare input::-moz-range-thumb { width: 1px; height: 100%; border: 0; }
.crops { display: flex; flex-wrap: wrap; gap: 14px 12px; margin: 16px 0 0; }
.crops figure { margin: 0; width: 128px; }
.crops img { display: block; max-width: none; border: 0; }
.crops figcaption { font-size: .8rem; line-height: 1.35; margin-top: 4px; overflow-wrap: anywhere;
  font-variant-numeric: tabular-nums; }
.crops b { display: block; color: var(--ink); font-weight: normal; }
@media (max-width: 1040px) { .compare img:not(.low) { image-rendering: auto; } }
@media (max-width: 480px) { main { padding: 16px 14px 40px; } .all { position: static; } }
"""
"""A style sheet, to follow `ganapps.runs.page_style.BASE`."""
