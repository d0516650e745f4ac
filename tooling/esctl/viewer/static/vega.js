// Vega panels and Lens charts: drawn by Vega, filtered by click, with Kibana's own functions for specs that use them.

import { h } from "./dom.js";
import { currentTheme } from "./theme.js";

const ELASTIC = ["#54B399", "#6092C0", "#D36086", "#9170B8", "#CA8EAE", "#D6BF57", "#B9A888", "#DA8B45", "#AA6556", "#E7664C"];

// The dashboard that is looked at; Vega's functions are registered once for the whole page.
export const kibanaHandlers = { current: null };
let loaded = null;

function loadVega(site) {
  loaded ??= import(new URL(site.vega, document.baseURI)).then(() => {
    const { vega } = window;
    const tell = (name) => (...values) => { kibanaHandlers.current?.[name](...values); };
    vega.expressionFunction("kibanaAddFilter", tell("addFilter"));
    vega.expressionFunction("kibanaRemoveFilter", tell("removeFilter"));
    vega.expressionFunction("kibanaRemoveAllFilters", tell("removeAllFilters"));
    vega.expressionFunction("kibanaSetTimeFilter", tell("setTimeFilter"));
    vega.scheme("elastic", ELASTIC);
  });
  return loaded;
}

export async function drawVega(content, chart, addFilters, site, say) {
  await loadVega(site);
  const place = h("div", { class: "drawing" });
  const legend = chart.legend?.length ? legendList(chart, addFilters) : null;
  content.classList.add(`legend-${legend ? chart.legend_position : "none"}`);
  content.append(place, ...(legend ? [legend] : []));

  const spec = structuredClone(chart.spec);
  const resize = chart.own ? chart.resize : true;
  if (resize) Object.assign(spec, room(place));
  if (!chart.own) Object.assign(spec, { autosize: { type: "fit", contains: "padding" }, padding: 4, description: chart.summary });
  const warnings = [];
  const logger = window.vega.logger(window.vega.Warn, "log", (_, __, values) => { warnings.push(values.join(" ")); });
  const { view, finalize } = await window.vegaEmbed(place, spec, {
    mode: chart.kind, actions: false, defaultStyle: false, logger, config: site.themes[currentTheme()],
    renderer: chart.own ? "canvas" : "svg", tooltip: { disableDefaultStyle: true },
  }).catch((error) => { throw new Error(`Vega: ${error.message}`); });
  if (chart.own) say(warnings);
  place.view = view;

  if (!chart.own) {
    view.addEventListener("click", (_, item) => {
      const position = item?.datum?.filters;
      if (position !== undefined) addFilters(chart.model.filters[position] ?? []);
    });
  }
  const observer = new ResizeObserver(() => {
    const { width, height } = room(place);
    if (resize && (Math.abs(view.width() - width) > 1 || Math.abs(view.height() - height) > 1)) view.width(width).height(height).resize().runAsync();
  });
  observer.observe(place);
  return { themed: true, close: () => { observer.disconnect(); finalize(); } };
}

const room = (place) => ({ width: Math.max(40, place.clientWidth), height: Math.max(40, place.clientHeight) });

function legendList(chart, addFilters) {
  return h("ul", { class: "legend", "aria-label": "Legend" }, chart.legend.map((item) => {
    const inner = [h("i", { class: "swatch", style: { background: item.colour }, "aria-hidden": "true" }), h("span", {}, item.label), item.value && h("small", {}, item.value)];
    return h("li", {}, item.filters.length
      ? h("button", { onclick: () => addFilters(item.filters), title: `Filter for ${item.label}` }, inner)
      : h("span", {}, inner));
  }));
}
