// The time range: quick ranges, or two moments.

import { h } from "./dom.js";

const TIMES = [["now-15m", "Last 15 minutes"], ["now-1h", "Last hour"], ["now-24h", "Last 24 hours"], ["now-7d", "Last 7 days"],
  ["now-30d", "Last 30 days"], ["now-90d", "Last 90 days"], ["now-1y", "Last year"], ["", "All time"]];
const BETWEEN = "between";

export function timePicker(place, time, change) {
  const known = !time || (time.to === "now" && TIMES.some(([from]) => from === time.from));
  const own = known ? [] : [[time.from, `${shown(time.from)} – ${shown(time.to)}`]];
  const dialog = absolute(time, change);
  const choose = (event) => {
    const from = event.target.value;
    if (from !== BETWEEN) return change(from ? { from, to: "now" } : null);
    event.target.value = time?.from ?? "";
    dialog.show();
  };
  const options = [...own, ...TIMES, [BETWEEN, "From … to …"]];
  const select = h("select", { class: "time", "aria-label": "Time range", onchange: choose },
    options.map(([from, label]) => h("option", { value: from, selected: from === (time?.from ?? "") }, label)));
  dialog.element.addEventListener("close", () => select.focus());
  place.replaceChildren(select, dialog.element);
}

// Two fields of the browser's own kind, in the reader's time zone.
function absolute(time, change) {
  const [start, end] = ["From", "To"].map((label) => ({ label, input: h("input", { type: "datetime-local", step: "1", required: true }) }));
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const element = h("dialog", { class: "between", "aria-label": "From … to …" });
  const apply = (event) => {
    event.preventDefault();
    const [from, to] = [start, end].map(({ input }) => new Date(input.value));
    problem.hidden = from < to;
    problem.textContent = "The end must be after the start.";
    if (from < to) {
      element.close();
      change({ from: from.toISOString(), to: to.toISOString() });
    }
  };
  element.append(h("form", { onsubmit: apply }, [start, end].map(({ label, input }) => h("label", {}, label, input)), problem,
    h("div", { class: "option-tools" },
      h("button", { type: "button", class: "link", onclick: () => element.close() }, "Cancel"), h("button", { class: "link strong" }, "Apply"))));
  const show = () => {
    start.input.value = local(moment(time?.from) ?? new Date(Date.now() - 86400000));
    end.input.value = local(moment(time?.to) ?? new Date());
    element.showModal();
  };
  return { element, show };
}

const UNITS = { s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5, M: 2592e6, y: 31536e6 };

// What stands in the fields at first; date math that is rounded is taken as if it were not.
function moment(text) {
  if (!text) return null;
  const [, sign, number, unit] = text.match(/^now(?:([+-])(\d+)([smhdwMy]))?/) ?? [];
  if (text.startsWith("now")) return new Date(Date.now() + (number ? (sign === "-" ? -1 : 1) * Number(number) * UNITS[unit] : 0));
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? null : date;
}

const local = (date) => new Date(date.getTime() - date.getTimezoneOffset() * 6e4).toISOString().slice(0, 19);

function shown(text) {
  const date = /^\d{4}-/.test(text) ? new Date(text) : null;
  return date && !Number.isNaN(date.getTime()) ? local(date).replace("T", " ") : text;
}
