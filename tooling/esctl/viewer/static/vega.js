// Vega panels and Lens charts: drawn by Vega, filtered by click, with Kibana's own functions for specs that use them.

import { brushTime } from "./brush.js";
import { h } from "./dom.js";
import { currentTheme } from "./theme.js";

// The dashboard that is looked at, for Kibana's functions inside Vega specs.
export const kibanaHandlers = { current: null };
const tell = (name) => (...values) => { kibanaHandlers.current?.[name](...values); };
const FUNCTIONS = {
  kibanaAddFilter: tell("addFilter"),
  kibanaRemoveFilter: tell("removeFilter"),
  kibanaRemoveAllFilters: tell("removeAllFilters"),
  kibanaSetTimeFilter: tell("setTimeFilter"),
};
const WARN = 2;
let loaded = null;

function loadVega(site) {
  loaded ??= import(new URL(site.vega, document.baseURI)).then(viewClass);
  return loaded;
}

// Vega's own View class, which the bundle does not give out but every view has; ours keeps warnings for the panel.
async function viewClass() {
  const { view, finalize } = await window.vegaEmbed(document.createElement("div"), { marks: [] }, { mode: "vega", actions: false, defaultStyle: false });
  const View = view.constructor;
  finalize();
  return (said) => class extends View {
    constructor(runtime, options) {
      super(runtime, { ...options, logger: collector(said) });
    }
  };
}

function collector(said) {
  const keep = (list) => (...values) => { list.push(values.map((value) => value?.message ?? value).join(" ")); return logger; };
  const ignore = () => logger;
  const logger = { level: (value) => (value === undefined ? WARN : logger), error: keep(said.errors), warn: keep(said.warnings), info: ignore, debug: ignore };
  return logger;
}

export async function drawVega(content, chart, addFilters, site, say, setTime) {
  const quiet = await loadVega(site);
  const place = h("div", { class: "drawing" });
  const legend = chart.legend?.length ? legendList(chart, addFilters) : null;
  content.classList.add(`legend-${legend ? chart.legend_position : "none"}`);
  content.append(place, ...(legend ? [legend] : []));

  const spec = structuredClone(chart.spec);
  const resize = chart.own ? chart.resize : true;
  if (resize) Object.assign(spec, room(place));
  if (!chart.own) Object.assign(spec, { autosize: { type: "fit", contains: "padding" }, padding: 4, description: chart.summary });
  const said = { errors: [], warnings: [] };
  const { view, finalize } = await window.vegaEmbed(place, spec, {
    mode: chart.kind, actions: false, defaultStyle: false, viewClass: quiet(said), expressionFunctions: FUNCTIONS, config: site.themes[currentTheme()],
    renderer: chart.own ? "canvas" : "svg", tooltip: { disableDefaultStyle: true },
  }).catch((error) => { throw new Error(`Vega: ${error.message}`); });
  // What goes wrong while a spec runs is only logged by Vega: half a picture without a word is worse than none.
  if (said.errors.length) {
    finalize();
    throw new Error(`Vega: ${said.errors[0]}`);
  }
  if (chart.own) say(said.warnings);
  place.view = view;

  if (!chart.own) {
    const brushed = brushTime(place, view, setTime);
    view.addEventListener("click", (_, item) => {
      if (brushed()) return;
      const position = item?.datum?.filters;
      if (position !== undefined) addFilters(chart.model.filters[position] ?? []);
    });
  }
  // Fitting makes the signals `width` and `height` the inner size: compare with what was last asked for, not with them.
  let { width, height } = spec;
  const observer = new ResizeObserver(() => {
    const now = room(place);
    if (now.width === width && now.height === height) return;
    ({ width, height } = now);
    view.width(width).height(height).resize().runAsync();
  });
  if (resize) observer.observe(place);
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
