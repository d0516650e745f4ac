// A data table: sorted by a click on a header, paged, cells coloured; a click on a value filters by it.

import { h } from "./dom.js";

const DEFAULT_PAGE = 100;

export function drawTable(content, chart, addFilters, title) {
  const { columns, rows, sorting, row_numbers: numbers, density } = chart.model;
  const size = chart.model.page_size ?? DEFAULT_PAGE;
  let sort = sorting?.column ? { column: columns.findIndex((column) => column.id === sorting.column), direction: sorting.direction } : null;
  let page = 0;

  const body = h("tbody");
  const head = h("tr");
  const pager = h("nav", { class: "pager", "aria-label": `Pages of ${title || "the table"}` });
  const footer = columns.some((column) => column.summary)
    ? h("tfoot", {}, h("tr", {}, numbers && h("td"), columns.map((column) => h("td", { class: column.alignment }, column.summary)))) : null;
  content.append(h("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": title || "Table" },
    h("table", { class: density }, h("caption", { class: "visually-hidden" }, chart.summary), h("thead", {}, head), body, footer)), pager);

  function sorted() {
    if (!sort || sort.column < 0) return rows;
    const sign = sort.direction === "desc" ? -1 : 1;
    return [...rows].sort((a, b) => compare(a[sort.column].value, b[sort.column].value, sign));
  }

  function show() {
    const all = sorted();
    const pages = Math.max(1, Math.ceil(all.length / size));
    page = Math.min(page, pages - 1);
    head.replaceChildren(...(numbers ? [h("th", { class: "number", scope: "col" }, "#")] : []), ...columns.map(header));
    body.replaceChildren(...all.slice(page * size, (page + 1) * size).map((row, i) =>
      h("tr", {}, numbers && h("td", { class: "number" }, String(page * size + i + 1)), row.map(cell))));
    pager.hidden = pages < 2;
    if (pages < 2) return;
    const go = (to) => () => { page = to; show(); };
    pager.replaceChildren(
      h("button", { class: "link", disabled: page === 0, onclick: go(page - 1), "aria-label": "Previous page" }, "‹"),
      h("span", { "aria-live": "polite" }, `${page * size + 1}–${Math.min((page + 1) * size, all.length)} of ${all.length.toLocaleString()}`),
      h("button", { class: "link", disabled: page === pages - 1, onclick: go(page + 1), "aria-label": "Next page" }, "›"));
  }

  function header(column, position) {
    const own = sort?.column === position ? sort.direction : null;
    const next = own === "asc" ? "desc" : own === "desc" ? null : "asc";
    const click = () => { sort = next ? { column: position, direction: next } : null; page = 0; show(); head.children[position + (numbers ? 1 : 0)].firstChild.focus(); };
    const arrow = own === "asc" ? " ↑" : own === "desc" ? " ↓" : "";
    return h("th", { scope: "col", class: column.alignment, "aria-sort": own ? `${own}ending` : "none", style: column.width ? { width: `${column.width}px` } : {} },
      h("button", { onclick: click, title: `Sort by ${column.label}` }, column.label, h("span", { "aria-hidden": "true" }, arrow)));
  }

  function cell(value, position) {
    const column = columns[position];
    const colours = { background: value.background ?? "", color: value.colour ?? "" };
    const inner = column.badge && value.background ? h("span", { class: "badge", style: colours }, value.text) : value.text;
    const content = value.filters?.length
      ? h("button", { class: "value", onclick: () => addFilters(value.filters), title: `Filter for ${column.label}: ${value.text}` }, inner) : inner;
    return h("td", { class: column.alignment, style: column.badge ? {} : colours }, content);
  }

  show();
}

function compare(a, b, sign) {
  if (a === b) return 0;
  if (a === null || a === undefined) return 1;
  if (b === null || b === undefined) return -1;
  if (typeof a === "number" && typeof b === "number") return sign * (a - b);
  return sign * String(a).localeCompare(String(b), undefined, { numeric: true });
}
