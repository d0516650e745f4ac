// Controls: lists of values, ranges of numbers and of time, variables of ES|QL. What is chosen goes to the dashboard's state.

import { api } from "./api.js";
import { h, icon } from "./dom.js";
import { Popover } from "./popover.js";

export function controlOf(definition, view) {
  switch (definition.kind) {
    case "options_list_control":
    case "esql_control": return new OptionsList(definition, view);
    case "range_slider_control": return new Slider(definition, view, { key: "range", text: (value) => value.toLocaleString(undefined, { maximumFractionDigits: 6 }) });
    case "time_slider_control": return new Slider(definition, view, { key: "share", text: (value) => new Date(value).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" }) });
    default: return { definition, show() {}, element: h("div", { class: "control" },
      h("span", { class: "control-button quiet" }, `${definition.title}: ${definition.kind.replaceAll("_", " ")} is not drawn yet`)) };
  }
}

class Control {
  constructor(definition, view) {
    this.definition = definition;
    this.view = view;
    this.summary = h("span", { class: "control-value" });
    this.button = h("button", { class: "control-button" }, h("span", { class: "control-title" }, definition.title), this.summary, icon("chevron"));
    this.popover = new Popover(this.button, definition.title, () => this.open());
    this.element = this.popover.element;
    this.element.classList.add("control", ...(definition.grow ? ["grow"] : []));
    this.element.dataset.width = definition.width ?? "medium";
    this.show();
  }

  get choice() { return this.view.state.controls[this.definition.id] ?? null; }

  show() {
    const said = this.choice ? this.words(this.choice) : "";
    this.summary.textContent = said || this.definition.placeholder;
    this.button.classList.toggle("active", Boolean(said));
  }

  choose(choice) {
    this.view.setControl(this.definition.id, choice);
    this.show();
  }

  offer() {
    return api.control({ dashboard: this.view.dashboard.id, control: this.definition.id, ...this.view.scope(this.definition.id) });
  }
}

class OptionsList extends Control {
  words({ values, exclude, exists }) {
    const text = exists ? "exists" : (values ?? []).map(String).join(", ");
    return exclude && text ? `NOT ${text}` : text;
  }

  get values() { return this.choice?.values ?? []; }
  get exclude() { return this.choice?.exclude ?? false; }
  get exists() { return this.choice?.exists ?? false; }

  async open() {
    const { options, more } = await this.offer();
    this.options = options;
    this.list(more);
  }

  list(more) {
    const lists = this.definition.kind === "options_list_control";
    const shown = h("ul", { class: "options", "aria-label": this.definition.title });
    const search = h("input", { type: "search", placeholder: "Search", "aria-label": `Search ${this.definition.title}`, oninput: () => fill() });
    const fill = () => {
      const wanted = search.value.toLowerCase();
      const known = new Set(this.options.map((option) => option.text));
      const gone = this.values.filter((value) => !known.has(String(value))).map((value) => ({ value, text: String(value), count: lists ? 0 : null }));
      const options = [...gone, ...this.options].filter((option) => option.text.toLowerCase().includes(wanted));
      const exists = this.definition.exists && !wanted ? [this.existence(fill)] : [];
      shown.replaceChildren(...exists, ...options.map((option) => this.option(option, fill)));
      if (!options.length && !exists.length) shown.replaceChildren(h("li", { class: "quiet" }, "No values"));
    };
    const clear = h("button", { class: "link", onclick: () => { this.choose(null); this.list(more); } }, "Clear");
    const exclude = () => h("label", {}, h("input", { type: "checkbox", checked: this.exclude, onchange: (event) => this.pick(this.values, this.exists, event.target.checked) }), " Exclude");
    const tools = h("div", { class: "option-tools" }, lists ? exclude() : h("span"), lists || !this.definition.single ? clear : null);
    this.popover.inside.replaceChildren(search, shown, more ? h("p", { class: "quiet" }, `and ${more.toLocaleString()} documents with other values`) : "", tools);
    fill();
    search.focus();
  }

  option(option, fill) {
    const change = (event) => {
      const rest = this.definition.single ? [] : this.values.filter((value) => value !== option.value);
      const variable = this.definition.kind === "esql_control" && this.definition.single;
      this.pick(event.target.checked || variable ? [...rest, option.value] : rest, false, this.exclude);
      if (this.definition.single) { this.popover.hide(); this.button.focus(); } else if (this.options.length < 50) keepFocus(event.target, fill);
    };
    const box = h("input", { type: "checkbox", "data-value": option.text, checked: this.values.includes(option.value), onchange: change });
    const count = option.count === null ? null : h("span", { class: "count" }, option.count.toLocaleString());
    return h("li", {}, h("label", {}, box, h("span", {}, option.text), count));
  }

  existence(fill) {
    const change = (event) => { this.pick([], event.target.checked, this.exclude); keepFocus(event.target, fill); };
    return h("li", { class: "existence" }, h("label", {}, h("input", { type: "checkbox", "data-value": "", checked: this.exists, onchange: change }), h("em", {}, "Exists")));
  }

  pick(values, exists, exclude) {
    const kept = this.definition.kind === "esql_control" ? { values } : { values, exclude, exists };
    this.choose(values.length || exists || exclude ? kept : null);
  }
}

// A list that is made anew leaves the reader's place in it.
function keepFocus(box, fill) {
  const list = box.closest("ul");
  fill();
  [...list.querySelectorAll("input")].find((other) => other.dataset.value === box.dataset.value)?.focus();
}

// Two handles on one track, and for numbers two fields. `share`: of the time range, 0 to 1; `range`: the field's own numbers.
class Slider extends Control {
  constructor(definition, view, form) {
    super(definition, view);
    this.form = form;
    this.show();
  }

  words(choice) {
    if (!this.form) return "";
    const [low, high] = choice[this.form.key] ?? [];
    if (this.form.key === "share") {
      const span = this.span;
      const percent = (share) => (span ? this.form.text(span.min + share * (span.max - span.min)) : `${Math.round(share * 100)} %`);
      return `${percent(low)} – ${percent(high)}`;
    }
    return `${low === null || low === undefined ? "−∞" : this.form.text(low)} – ${high === null || high === undefined ? "+∞" : this.form.text(high)}`;
  }

  async open() {
    const { min, max } = await this.offer();
    if (min === null || max === null || min === undefined) throw new Error("No values");
    this.span = { min, max };
    const shares = this.form.key === "share";
    const [lowest, highest] = shares ? [0, 1] : [min, max];
    const step = shares ? 0.01 : this.definition.step ?? nice((max - min) / 100);
    const chosen = this.choice?.[this.form.key] ?? [];
    const values = [chosen[0] ?? lowest, chosen[1] ?? highest];
    const names = shares ? ["Start", "End"] : ["Minimum", "Maximum"];
    const said = (value) => (shares ? this.form.text(min + value * (max - min)) : this.form.text(value));
    const track = h("i", { class: "track", "aria-hidden": "true" });
    const numbers = names.map((name, i) => (shares ? h("output", {}, said(values[i]))
      : h("input", { type: "number", step: "any", "aria-label": name, value: values[i], onchange: (event) => set(i, event.target.value === "" ? [lowest, highest][i] : Number(event.target.value), true) })));
    const handles = names.map((name, i) => h("input", { type: "range", "aria-label": name, min: lowest, max: highest, step: shares ? step : "any", value: values[i],
      oninput: (event) => set(i, Number(event.target.value), false), onchange: () => done(),
      onkeydown: (event) => this.arrows(event, step, (by) => set(i, values[i] + by, true)) }));
    const set = (i, value, whole) => {
      const rounded = shares ? value : Math.min(highest, Math.max(lowest, lowest + Math.round((value - lowest) / step) * step));
      values[i] = i === 0 ? Math.min(whole ? value : rounded, values[1]) : Math.max(whole ? value : rounded, values[0]);
      values[i] = Number(values[i].toPrecision(12));
      paint();
      if (whole) done();
    };
    const paint = () => {
      handles.forEach((handle, i) => { handle.value = values[i]; handle.setAttribute("aria-valuetext", said(values[i])); });
      numbers.forEach((number, i) => { if (shares) number.textContent = said(values[i]); else number.value = values[i]; });
      const part = (value) => `${Math.max(0, Math.min(100, ((value - lowest) / (highest - lowest || 1)) * 100))}%`;
      track.style.setProperty("--from", part(values[0]));
      track.style.setProperty("--to", part(values[1]));
    };
    const done = () => {
      const all = values[0] <= lowest && values[1] >= highest;
      this.choose(all ? null : { [this.form.key]: [...values] });
    };
    const clear = () => { this.choose(null); values.splice(0, 2, lowest, highest); paint(); };
    this.popover.inside.replaceChildren(
      h("div", { class: `bounds${shares ? " moments" : ""}` }, numbers[0], h("span", { "aria-hidden": "true" }, "–"), numbers[1]),
      h("div", { class: "slider" }, track, handles),
      h("div", { class: "option-tools" }, h("span", { class: "quiet" }, shares ? "" : `${said(min)} – ${said(max)}`), h("button", { class: "link", onclick: clear }, "Clear")));
    paint();
    handles[0].focus();
  }

  // A handle without steps of its own moves by one step, ten with Page Up and Page Down.
  arrows(event, step, move) {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[event.key];
    if (!by) return;
    event.preventDefault();
    move(by * step);
  }
}

// 1, 2 or 5 times a power of ten, not above what is wanted.
function nice(wanted) {
  if (!(wanted > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(wanted));
  return power * ([5, 2].find((times) => times * power <= wanted) ?? 1);
}
