// The frame of one panel: title, loading, error, notes; what is inside is drawn by its kind.

import { api } from "./api.js";
import { h, icon } from "./dom.js";
import { drawMetric, drawTags } from "./metric.js";
import { drawTable } from "./table.js";
import { drawVega } from "./vega.js";

export class PanelView {
  constructor(definition, view) {
    this.definition = definition;
    this.view = view;
    this.chart = null;
    this.drawn = null;
    this.unscoped = false;
    const hidden = definition.kind.endsWith("_control") || definition.hide_title || view.dashboard.hide_titles || !definition.title;
    const heading = h("h3", { id: `panel-${definition.id}`, class: hidden ? "visually-hidden" : "" }, definition.title || `${definition.kind} panel`);
    this.notes = h("span", { class: "notes", hidden: true });
    this.body = h("div", { class: "panel-body" }, h("div", { class: "skeleton", "aria-hidden": "true" }));
    this.element = h("section", { class: `panel kind-${definition.kind}${hidden ? " untitled" : ""}`, "aria-labelledby": `panel-${definition.id}`,
      "aria-busy": "true", "data-panel": definition.id, title: null }, h("header", { title: definition.description || null }, heading, this.notes), this.body);
  }

  // The same panel on the dashboard drawn anew: what was drawn of it stays.
  moved(definition, view) {
    this.definition = definition;
    this.view = view;
    if (this.chart.kind === "control") {
      this.body.firstChild.replaceChildren();
      this.placeControl(this.body.firstChild);
    }
    return this;
  }

  async load(scope, signal) {
    if (this.unscoped) return;
    this.element.setAttribute("aria-busy", "true");
    try {
      const chart = await api.panel({ dashboard: this.view.id, panel: this.definition.id, ...scope }, signal);
      if (signal.aborted) return;
      this.unscoped = chart.scoped === false;
      this.chart = chart;
      await this.draw();
    } catch (error) {
      if (signal.aborted || error.name === "AbortError") return;
      this.fail(error.message);
    }
    this.element.removeAttribute("aria-busy");
  }

  redraw() {
    if (this.chart && this.drawn?.themed) this.draw().catch((error) => this.fail(error.message));
  }

  async draw() {
    const content = h("div", { class: `content kind-${this.chart.kind}` });
    const previous = this.drawn;
    const add = (filters) => this.view.addFilters(filters);
    const inside = this.inside(content);
    this.body.replaceChildren(content);
    previous?.close?.();
    this.drawn = null;
    this.drawn = (await inside(add)) ?? null;
    this.say(this.chart.notes ?? []);
  }

  inside(content) {
    const { chart } = this;
    switch (chart.kind) {
      case "metric": return (add) => drawMetric(content, chart, add);
      case "tags": return (add) => drawTags(content, chart, add);
      case "table": return (add) => drawTable(content, chart, add, this.definition.title);
      case "vega":
      case "vega-lite": return (add) => drawVega(content, chart, add, this.view.site, (notes) => this.say(notes), (time) => this.view.update({ time }));
      case "markdown": return () => { content.innerHTML = chart.html; };
      case "control": return () => this.placeControl(content);
      case "empty": return () => { content.append(h("p", { class: "panel-note" }, "No results found")); };
      default: return () => {
        content.append(h("p", { class: "panel-note" }, icon("note"), chart.model.reason),
          h("details", { class: "definition" }, h("summary", {}, "Definition"), h("pre", { tabindex: 0 }, JSON.stringify(chart.model.definition, null, 2))));
      };
    }
  }

  placeControl(content) {
    const control = this.view.controls.find(({ definition }) => definition.id === this.definition.id);
    if (control) content.append(control.element);
  }

  say(notes) {
    this.notes.hidden = !notes.length;
    this.notes.title = notes.join("\n");
    this.notes.replaceChildren(...(notes.length ? [icon("warning"), h("span", { class: "visually-hidden" }, notes.join("; "))] : []));
  }

  fail(message) {
    this.drawn?.close?.();
    this.drawn = null;
    this.chart = null;
    if (message.startsWith('query "')) this.view.queryProblem(message);
    this.body.replaceChildren(h("p", { class: "panel-note problem", role: "alert" }, icon("warning"), message));
    this.element.removeAttribute("aria-busy");
  }

  close() {
    this.drawn?.close?.();
  }
}
