// While the project's files are watched: what is wrong with them, and word of each change.

import { h, icon } from "./dom.js";

// `changed` is called with the ids of dashboards to draw anew (null: any may have changed) and whether the list is another.
export function watchChanges(place, changed) {
  let revision = null;
  const source = new EventSource("viewer/api/changes");
  source.addEventListener("message", (message) => {
    const event = JSON.parse(message.data);
    tell(place, event.problems);
    const missed = revision !== null && event.revision !== revision + 1;
    if (revision !== null && event.revision !== revision) changed(missed ? null : event.changed, missed || event.listed);
    revision = event.revision;
  });
  source.addEventListener("error", () => tell(place, null));
}

function tell(place, problems) {
  if (problems === null) {
    place.replaceChildren(h("p", { class: "problems-head" }, icon("warning"), "esctl dev has ended; the page shows what was last drawn."));
    return;
  }
  const errors = problems.filter((problem) => problem.severity === "error");
  const warnings = problems.filter((problem) => problem.severity !== "error");
  const parts = [];
  if (errors.length) {
    parts.push(h("p", { class: "problems-head" }, icon("warning"), `${counted(errors, "error")}: what is wrong stays as it was last right`), list(errors));
  }
  if (warnings.length) parts.push(h("details", {}, h("summary", {}, counted(warnings, "warning")), list(warnings)));
  place.replaceChildren(...parts);
}

const counted = (problems, word) => `${problems.length} ${word}${problems.length === 1 ? "" : "s"}`;

function list(problems) {
  return h("ul", {}, problems.map(({ severity, file, line, message, hint, rule }) => h("li", { class: severity },
    file && h("code", {}, line ? `${file}:${line}` : file), h("span", {}, message, hint && `; ${hint}`, rule && h("small", {}, ` ${rule}`)))));
}
