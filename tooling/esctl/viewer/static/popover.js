// A button that opens a small dialog below it: Escape or a click elsewhere closes it, the focus goes back.

import { h } from "./dom.js";

export class Popover {
  constructor(button, label, onopen) {
    this.button = button;
    this.onopen = onopen;
    button.setAttribute("aria-haspopup", "dialog");
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => this.toggle());
    // A press on what takes no focus gives it to the dialog, not to the page behind.
    this.inside = h("div", { class: "popover", role: "dialog", "aria-label": label, tabindex: -1, hidden: true });
    this.element = h("div", { class: "popover-place" }, button, this.inside);
    this.outside = (event) => { if (!this.element.contains(event.target)) this.hide(); };
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !this.inside.hidden) { this.hide(); button.focus(); }
    });
    this.element.addEventListener("focusout", (event) => {
      if (event.relatedTarget && !this.element.contains(event.relatedTarget)) this.hide();
    });
  }

  async toggle() {
    if (!this.inside.hidden) return this.hide();
    this.inside.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", this.outside);
    this.inside.replaceChildren(h("p", { class: "quiet", role: "status" }, "Loading…"));
    try {
      await this.onopen(this.inside);
    } catch (error) {
      this.inside.replaceChildren(h("p", { class: "problem", role: "alert" }, error.message));
    }
    // Near the right edge it opens to the left.
    this.inside.classList.toggle("to-left", this.inside.getBoundingClientRect().right > document.documentElement.clientWidth);
  }

  hide() {
    this.inside.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", this.outside);
  }
}
