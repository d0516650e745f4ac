// Pinned options lists: choose values of a field, with counts; each adds one filter to the dashboard.

import { api } from "./api.js";
import { h, icon } from "./dom.js";

export class Control {
  constructor(definition, view) {
    this.definition = definition;
    this.view = view;
    this.options = [];
    this.summary = h("span", { class: "control-value" });
    this.button = h("button", { class: "control-button", "aria-haspopup": "dialog", "aria-expanded": "false", onclick: () => this.toggle() },
      h("span", { class: "control-title" }, definition.title), this.summary, icon("chevron"));
    this.popover = h("div", { class: "popover", role: "dialog", "aria-label": definition.title, hidden: true });
    this.element = h("div", { class: `control${definition.grow ? " grow" : ""}`, "data-width": definition.width ?? "medium" }, this.button, this.popover);
    this.outside = (event) => { if (!this.element.contains(event.target)) this.hide(); };
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !this.popover.hidden) { this.hide(); this.button.focus(); }
    });
    this.show();
  }

  get chosen() { return this.view.state.controls[this.definition.id]?.values ?? []; }
  get exclude() { return this.view.state.controls[this.definition.id]?.exclude ?? false; }

  show() {
    const text = this.chosen.map(String).join(", ");
    this.summary.textContent = this.chosen.length ? (this.exclude ? `NOT ${text}` : text) : this.definition.placeholder;
    this.button.classList.toggle("active", this.chosen.length > 0);
  }

  async toggle() {
    if (!this.popover.hidden) return this.hide();
    this.popover.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", this.outside);
    this.popover.replaceChildren(h("p", { class: "quiet", role: "status" }, "Loading…"));
    try {
      const found = await api.control({ dashboard: this.view.dashboard.id, control: this.definition.id, ...this.view.scope(this.definition.id) });
      this.options = found.options;
      this.list(found.more);
    } catch (error) {
      this.popover.replaceChildren(h("p", { class: "problem", role: "alert" }, error.message));
    }
  }

  hide() {
    this.popover.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", this.outside);
  }

  list(more) {
    const shown = h("ul", { class: "options" });
    const search = h("input", { type: "search", placeholder: "Search", "aria-label": `Search ${this.definition.title}`, oninput: () => fill() });
    const fill = () => {
      const wanted = search.value.toLowerCase();
      const known = new Set(this.options.map((option) => option.text));
      const gone = this.chosen.filter((value) => !known.has(String(value))).map((value) => ({ value, text: String(value), count: 0 }));
      const options = [...gone, ...this.options].filter((option) => option.text.toLowerCase().includes(wanted));
      shown.replaceChildren(...options.map((option) => this.option(option)));
      if (!options.length) shown.replaceChildren(h("li", { class: "quiet" }, "No values"));
    };
    const tools = h("div", { class: "option-tools" },
      h("label", {}, h("input", { type: "checkbox", checked: this.exclude, onchange: (event) => this.choose(this.chosen, event.target.checked) }), " Exclude"),
      h("button", { class: "link", onclick: () => { this.choose([], false); this.list(more); } }, "Clear"));
    this.popover.replaceChildren(search, shown, more ? h("p", { class: "quiet" }, `and ${more.toLocaleString()} documents with other values`) : "", tools);
    fill();
    search.focus();
  }

  option(option) {
    const change = (event) => {
      const rest = this.definition.single ? [] : this.chosen.filter((value) => value !== option.value);
      this.choose(event.target.checked ? [...rest, option.value] : rest, this.exclude);
      if (this.definition.single) this.hide();
    };
    const box = h("input", { type: "checkbox", checked: this.chosen.includes(option.value), onchange: change });
    return h("li", {}, h("label", {}, box, h("span", {}, option.text), h("span", { class: "count" }, option.count.toLocaleString())));
  }

  choose(values, exclude) {
    this.view.setControl(this.definition.id, values, exclude);
    this.show();
  }

  filter() {
    const { filter } = this.definition;
    const should = this.chosen.map((value) => ({ match_phrase: { [filter.meta.key]: value } }));
    return { meta: { ...filter.meta, params: this.chosen, negate: this.exclude }, query: { bool: { should, minimum_should_match: 1 } } };
  }
}

export function unknownControl(definition) {
  return h("div", { class: "control" }, h("span", { class: "control-button quiet" }, `${definition.title}: ${definition.kind.replaceAll("_", " ")} is not drawn yet`));
}
