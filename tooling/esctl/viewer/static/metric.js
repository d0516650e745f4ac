// Big numbers (one tile each) and tag clouds: clickable where they stand for a value.

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
      h("span", { class: "tile-value", style: { color: tile.colour ?? "" } }, tile.text)));
    list.lastChild.lastChild.style.setProperty("--length", Math.max(tile.text.length, 3));
  }
  content.append(list);
}

export function drawTags(content, chart, addFilters) {
  const { tags, caption } = chart.model;
  const words = tags.map((tag) => h("li", {},
    h("button", { style: { fontSize: `${tag.size}px`, color: tag.colour }, title: `${tag.text}: ${tag.value}`, onclick: () => addFilters(tag.filters) }, tag.text)));
  content.append(h("ul", { class: "tags", "aria-label": caption || "Tags" }, words), caption && h("p", { class: "tags-caption" }, caption));
}
