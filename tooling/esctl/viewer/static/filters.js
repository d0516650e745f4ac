// Stored filters (Kibana's form) as pills: what each says, inverting and removing them.

import { h, icon } from "./dom.js";

// The same by what they ask for, whoever made them; a combined filter has no query of its own.
const asked = ({ query, meta }) => JSON.stringify([query ?? [meta?.relation, meta?.params], meta?.index]);
export const sameFilter = (a, b) => asked(a) === asked(b);

export function filterLabel(filter) {
  const { alias, key, type, params, relation, value } = filter.meta ?? {};
  if (alias) return alias;
  if (type === "combined") return (params ?? []).map(filterLabel).join(` ${String(relation ?? "AND").toUpperCase()} `);
  if (type === "phrase") return `${key}: ${params?.query ?? value ?? ""}`;
  if (type === "phrases") return `${key}: ${(params ?? []).join(", ")}`;
  if (type === "exists") return `${key}: exists`;
  if (type === "range" && params) return `${key}: ${params.gte ?? params.gt ?? "−∞"} to ${params.lt ?? params.lte ?? "+∞"}`;
  const [kind, inner] = Object.entries(filter.query ?? {})[0] ?? [];
  const [field, wanted] = inner && typeof inner === "object" ? Object.entries(inner)[0] ?? [] : [];
  if (["match_phrase", "match", "term"].includes(kind) && field) return `${field}: ${wanted?.query ?? wanted?.value ?? wanted}`;
  return value ?? key ?? JSON.stringify(filter.query);
}

// A phrase and its opposite take each other's place; the same filter twice is one.
export function withFilter(filters, added) {
  const rest = filters.filter((filter) => !sameFilter(filter, added));
  return [...rest, added];
}

export function pills(filters, change) {
  return filters.map((filter, position) => {
    const { negate, disabled } = filter.meta ?? {};
    const label = (negate ? "NOT " : "") + filterLabel(filter);
    const flipped = { ...filter, meta: { ...filter.meta, negate: !negate } };
    const switched = { ...filter, meta: { ...filter.meta, disabled: !disabled } };
    const replace = (inner) => change(filters.flatMap((other, i) => (i === position ? inner : [other])));
    return h("li", { class: `pill${negate ? " negated" : ""}${disabled ? " disabled" : ""}` },
      h("button", { class: "label", title: negate ? "Include instead" : "Exclude instead", onclick: () => replace([flipped]) }, label),
      h("button", { class: "switch", role: "switch", "aria-checked": String(!disabled), "aria-label": `Filter ${label} applies`, title: disabled ? "Enable" : "Disable",
        onclick: () => replace([switched]) }, icon(disabled ? "off" : "on")),
      h("button", { class: "remove", "aria-label": `Remove filter ${label}`, title: "Remove", onclick: () => replace([]) }, icon("close")));
  });
}

export function textFilter(query, index, alias) {
  const body = query?.query && Object.keys(query).length === 1 ? query.query : query;
  return { meta: { index, alias: alias || null, type: "custom", negate: false, disabled: false }, query: body };
}
