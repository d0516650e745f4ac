// Where the page starts: header, banner, and which of the two views is shown.

import { api } from "./api.js";
import { watchChanges } from "./changes.js";
import { DashboardView } from "./dashboard.js";
import { h, icon } from "./dom.js";
import { currentTheme, onThemeChange, toggleTheme } from "./theme.js";

const main = document.getElementById("main");
let site = null;
let view = null;

async function start() {
  site = await api.site().catch((error) => ({ banner: null, version: "", problem: error.message, themes: {} }));
  if (site.banner) {
    const banner = document.getElementById("banner");
    banner.textContent = site.banner;
    banner.hidden = false;
  }
  addEventListener("hashchange", route);
  if (site.changes) watchChanges(document.getElementById("problems"), drawAnew);
  await route();
}

async function route() {
  const found = location.hash.match(/^#\/view\/([^?]+)(?:\?(.*))?$/);
  const id = found ? decodeURIComponent(found[1]) : null;
  if (view && view.id === id && view.adopt(found[2])) return;
  view?.close();
  view = null;
  main.replaceChildren(h("p", { class: "page-note loading", role: "status" }, "Loading…"));
  try {
    if (id) await openDashboard(id, found[2]);
    else await listDashboards();
  } catch (error) {
    header(["Dashboards"]);
    main.replaceChildren(note("This page cannot be shown", error.message, "problem"));
  }
}

// A file was saved: the dashboard stays where it is, with all that the reader chose; only what differs is drawn.
async function drawAnew(changed, listed) {
  if (view && (changed === null || changed.includes(view.id))) {
    const old = view;
    const dashboard = await api.dashboard(old.id).catch(() => null);
    if (!dashboard || view !== old) return;
    const [top, left] = [scrollY, scrollX];
    document.title = dashboard.title;
    view = new DashboardView(dashboard, site, null, old);
    header([h("a", { href: "#/" }, "Dashboards"), dashboard.title], view);
    main.replaceChildren(view.element);
    scrollTo(left, top);
    await view.loadNew();
  } else if (!view && listed) {
    await route();
  }
}

async function openDashboard(id, state) {
  const dashboard = await api.dashboard(id);
  document.title = dashboard.title;
  view = new DashboardView(dashboard, site, state);
  header([h("a", { href: "#/" }, "Dashboards"), dashboard.title], view);
  main.replaceChildren(view.element);
  await view.refresh();
}

async function listDashboards() {
  document.title = "Dashboards";
  header(["Dashboards"]);
  const { dashboards } = await api.dashboards();
  if (!dashboards.length) {
    main.replaceChildren(note("No dashboards yet", "Apply a project that has one, then refresh this page."));
    return;
  }
  const cards = dashboards.map((dashboard) =>
    h("li", {},
      h("a", { class: "card", href: `#/view/${encodeURIComponent(dashboard.id)}` },
        h("strong", {}, dashboard.title),
        dashboard.description && h("span", {}, dashboard.description),
        dashboard.updated_at && h("time", { datetime: dashboard.updated_at }, `changed ${new Date(dashboard.updated_at).toLocaleString()}`))));
  main.replaceChildren(h("h1", { class: "list-title" }, "Dashboards"), h("ul", { class: "cards" }, cards));
}

function header(crumbs, shown = null) {
  const trail = crumbs.map((crumb, i) => h("li", i === crumbs.length - 1 ? { "aria-current": "page" } : {}, crumb));
  const theme = h("button", { class: "tool", onclick: toggleTheme });
  const label = () => {
    theme.replaceChildren(icon(currentTheme() === "dark" ? "sun" : "moon"));
    theme.setAttribute("aria-label", currentTheme() === "dark" ? "Light theme" : "Dark theme");
    theme.title = theme.getAttribute("aria-label");
  };
  label();
  onThemeChange(label);
  document.getElementById("top").replaceChildren(
    h("a", { class: "logo", href: "#/", "aria-label": "All dashboards" }, h("img", { src: "viewer/static/icon.svg", alt: "", width: 24, height: 24 })),
    h("nav", { "aria-label": "Breadcrumb" }, h("ol", {}, trail)),
    h("span", { class: "version" }, site.problem ? site.problem : site.version && `Elasticsearch ${site.version}`),
    ...(shown ? shown.tools() : []),
    theme);
}

function note(title, text, kind = "") {
  return h("div", { class: `page-note ${kind}`, role: kind ? "alert" : "status" }, h("strong", {}, title), h("p", {}, text));
}

start();
