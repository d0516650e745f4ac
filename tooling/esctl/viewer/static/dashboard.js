// One dashboard: what narrows it down (filters, query, controls, time), its grid, and loading its panels side by side.

import { api } from "./api.js";
import { controlOf } from "./controls.js";
import { h, icon } from "./dom.js";
import { pills, sameFilter, textFilter, withFilter } from "./filters.js";
import { PanelView } from "./panel.js";
import { onThemeChange } from "./theme.js";
import { timePicker } from "./time.js";
import { kibanaHandlers } from "./vega.js";

const MARGIN = 8;

export class DashboardView {
  constructor(dashboard, site, encoded, old = null) {
    this.dashboard = dashboard;
    this.site = site;
    this.id = dashboard.id;
    this.state = old ? this.inherited(old) : this.decode(encoded);
    this.controls = dashboard.controls.map((control) => controlOf(control, this));
    this.panels = dashboard.panels.map((panel) => old?.kept(panel, dashboard.hide_titles)?.moved(panel, this) ?? new PanelView(panel, this));
    this.fresh = this.panels.filter((panel) => !old?.panels.includes(panel));
    this.asked = old?.asked;
    this.open = old ? new Map([...old.element.querySelectorAll(".section")].map((section) => [section.dataset.section, section.open])) : new Map();
    old?.leave(this.panels);
    this.bar = h("ul", { class: "pills", "aria-label": "Filters" });
    this.time = h("div", { class: "time-place" });
    this.queryNote = h("p", { class: "problem query-problem", role: "alert", hidden: true });
    this.element = h("div", { class: "dashboard" },
      h("h1", { class: "visually-hidden" }, dashboard.title),
      h("section", { class: "narrow", "aria-label": "Narrow down" },
        h("div", { class: "narrow-row" }, this.controls.filter((control) => control.definition.pinned).map((control) => control.element), this.queryForm(), this.time),
        this.queryNote, this.bar),
      this.layout());
    this.stopTheme = onThemeChange(() => this.panels.forEach((panel) => panel.redraw()));
    this.kibana = {
      addFilter: (query, index, alias) => this.addFilters([textFilter(query, this.dataView(index), alias)]),
      removeFilter: (query, index) => this.removeFilter(textFilter(query, this.dataView(index))),
      removeAllFilters: () => this.update({ filters: [] }),
      setTimeFilter: (from, to) => this.update({ time: { from: new Date(from).toISOString(), to: new Date(to).toISOString() } }),
    };
    kibanaHandlers.current = this.kibana;
    this.pills();
  }

  close() {
    this.stopTheme();
    this.panels.forEach((panel) => panel.close());
  }

  // Make room for the same dashboard drawn anew, which goes on with `kept`.
  leave(kept) {
    this.stopTheme();
    this.loading?.abort();
    this.panels.filter((panel) => !kept.includes(panel)).forEach((panel) => panel.close());
  }

  kept(definition, hideTitles) {
    const drawn = (panel) => panel.chart !== null && !panel.element.hasAttribute("aria-busy");
    const same = (panel) => panel.definition.id === definition.id && panel.definition.digest === definition.digest
      && this.dashboard.hide_titles === hideTitles;
    return this.panels.find((panel) => same(panel) && drawn(panel));
  }

  // What the reader chose stays; what was as stored follows what is stored now.
  inherited(old) {
    const [before, now] = [old.initial(), this.initial()];
    const same = (name) => JSON.stringify(old.state[name]) === JSON.stringify(before[name]);
    return Object.fromEntries(Object.keys(now).map((name) => [name, same(name) ? now[name] : old.state[name]]));
  }

  tools() {
    return [
      h("button", { class: "tool text", onclick: () => this.reset() }, "Reset"),
      h("button", { class: "tool", "aria-label": "Refresh", title: "Refresh", onclick: () => this.refresh() }, icon("refresh")),
    ];
  }

  // What every panel is asked with; a control's own list leaves its own filter out.
  scope(without = null) {
    const { filters, query, time } = this.state;
    const controls = Object.fromEntries(Object.entries(this.state.controls).filter(([id]) => id !== without));
    return { filters, query, controls, ...(time?.from ? { time_range: time } : {}) };
  }

  addFilters(added) {
    if (added.length) this.update({ filters: added.reduce(withFilter, this.state.filters) });
  }

  removeFilter(unwanted) {
    this.update({ filters: this.state.filters.filter((filter) => !sameFilter(filter, unwanted)) });
  }

  setControl(id, choice) {
    const { [id]: before, ...rest } = this.state.controls;
    this.update({ controls: choice ? { ...rest, [id]: choice } : rest });
  }

  reset() {
    this.update(this.initial());
    this.controls.forEach((control) => control.show());
    this.queryInput.value = this.state.query.query ?? "";
  }

  update(change) {
    this.state = { ...this.state, ...change };
    const same = JSON.stringify(this.state) === JSON.stringify(this.initial());
    const hash = `#/view/${encodeURIComponent(this.id)}${same ? "" : `?state=${encodeURIComponent(JSON.stringify(this.state))}`}`;
    if (hash !== location.hash) history.pushState(null, "", hash);
    this.pills();
    this.load();
  }

  // The reader went back or forward: same dashboard, another state. False where the page has to start anew.
  adopt(encoded) {
    this.state = this.decode(encoded);
    this.controls.forEach((control) => control.show());
    this.queryInput.value = this.state.query.query ?? "";
    this.pills();
    this.load();
    return true;
  }

  initial() {
    const controls = Object.fromEntries(this.dashboard.controls.filter((control) => control.chosen).map((control) => [control.id, control.chosen]));
    const time = this.dashboard.timed ? this.dashboard.time_range ?? { from: "now-15m", to: "now" } : null;
    return { filters: this.dashboard.filters, query: this.dashboard.query, controls, time };
  }

  decode(encoded) {
    try {
      return { ...this.initial(), ...JSON.parse(new URLSearchParams(encoded ?? "").get("state") ?? "{}") };
    } catch {
      return this.initial();
    }
  }

  dataView(index) {
    const found = Object.entries(this.dashboard.data_views).find(([id, title]) => id === index || title === index);
    return found?.[0] ?? index ?? Object.keys(this.dashboard.data_views)[0];
  }

  // What the reader sees of the state: filters as pills, and the time range.
  pills() {
    this.bar.replaceChildren(...pills(this.state.filters, (filters) => this.update({ filters })));
    this.bar.hidden = !this.state.filters.length;
    if (this.dashboard.timed || this.state.time) timePicker(this.time, this.state.time, (time) => this.update({ time }));
  }

  queryForm() {
    this.queryInput = h("input", { type: "search", name: "query", placeholder: "Filter with KQL, for example  cluster: 3 and label: \"cat\"",
      "aria-label": "Query (KQL)", value: this.state.query.query ?? "", autocomplete: "off", spellcheck: "false" });
    const submit = (event) => {
      event.preventDefault();
      this.update({ query: { query: this.queryInput.value, language: "kuery" } });
    };
    this.queryInput.addEventListener("search", submit);
    return h("form", { class: "query", role: "search", onsubmit: submit }, icon("search"), this.queryInput);
  }

  // Top-level panels and sections share one column of rows; each run between two sections is a grid of its own.
  layout() {
    const { sections, panels } = this.dashboard;
    if (!panels.length) return h("p", { class: "page-note" }, "This dashboard has no panels.");
    const top = this.panels.filter((panel) => !panel.definition.section);
    const parts = [];
    const ordered = [...sections].sort((a, b) => a.y - b.y);
    let after = -Infinity;
    for (const section of [...ordered, null]) {
      const until = section ? section.y : Infinity;
      const run = top.filter(({ definition: { grid } }) => grid.y >= after && grid.y < until);
      if (run.length) parts.push(h("h2", { class: "visually-hidden" }, "Panels"), this.grid(run));
      if (section) parts.push(this.section(section));
      after = until;
    }
    return h("div", { class: this.dashboard.margins ? "grids" : "grids tight" }, parts);
  }

  section(section) {
    const inside = this.panels.filter((panel) => panel.definition.section === section.id);
    return h("details", { class: "section", "data-section": section.id, open: this.open.get(section.id) ?? !section.collapsed }, h("summary", {}, h("h2", {}, section.title)), this.grid(inside));
  }

  grid(panels) {
    const top = Math.min(...panels.map(({ definition: { grid } }) => grid.y));
    const ordered = [...panels].sort((a, b) => a.definition.grid.y - b.definition.grid.y || a.definition.grid.x - b.definition.grid.x);
    for (const { element, definition: { grid } } of ordered) {
      element.style.gridColumn = `${grid.x + 1} / span ${grid.w}`;
      element.style.gridRow = `${grid.y - top + 1} / span ${grid.h}`;
      element.style.setProperty("--height", `${grid.h * 20 + (grid.h - 1) * MARGIN}px`);
    }
    return h("div", { class: "grid" }, ordered.map((panel) => panel.element));
  }

  async loadNew() {
    const same = JSON.stringify(this.scope()) === this.asked;
    await this.load(same ? this.fresh : this.panels);
  }

  async refresh() {
    this.panels.forEach((panel) => { panel.unscoped = false; });
    await this.load();
  }

  async load(panels = this.panels) {
    this.loading?.abort();
    const loading = new AbortController();
    this.loading = loading;
    this.queryNote.hidden = true;
    const scope = this.scope();
    this.asked = JSON.stringify(scope);
    document.body.setAttribute("aria-busy", "true");
    await Promise.all(panels.map((panel) => panel.load(scope, loading.signal)));
    if (this.loading === loading) document.body.removeAttribute("aria-busy");
  }

  // A query that cannot be read is said once, under the query, not by every panel.
  queryProblem(message) {
    this.queryNote.textContent = message;
    this.queryNote.hidden = false;
  }
}
