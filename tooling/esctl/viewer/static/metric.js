// Big numbers: one tile each, clickable where a tile stands for a value.

import { h } from "./dom.js";

export function drawMetric(content, chart, addFilters) {
  const { tiles, columns } = chart.model;
  const list = h("div", { class: "tiles", style: { gridTemplateColumns: `repeat(${Math.min(columns, tiles.length)}, 1fr)` } });
  for (const tile of tiles) {
    const clickable = tile.filters.length > 0;
    const style = tile.background ? { background: tile.background, color: tile.ink } : {};
    list.append(h(clickable ? "button" : "div", { class: "tile", style, onclick: clickable ? () => addFilters(tile.filters) : null },
      h("span", { class: "tile-title" }, tile.title),
      tile.subtitle && h("span", { class: "tile-subtitle" }, tile.subtitle),
      tile.secondary && h("span", { class: "tile-secondary" }, tile.secondary.label ? `${tile.secondary.label} ` : "", h("b", {}, tile.secondary.text)),
      tile.progress !== null && h("span", { class: "tile-bar", "aria-hidden": "true" },
        h("i", { style: { width: `${Math.max(0, Math.min(1, tile.progress)) * 100}%`, background: tile.colour ?? "var(--accent)" } })),
      h("span", { class: "tile-value", style: { color: tile.colour ?? "", "--length": tile.text.length } }, tile.text)));
    list.lastChild.style.setProperty("--length", Math.max(tile.text.length, 3));
  }
  content.append(list);
}
