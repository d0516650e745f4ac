// The page's own server: every answer is JSON, every failure one line.

async function ask(path, options) {
  let response;
  try {
    response = await fetch(`viewer/api/${path}`, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("the viewer cannot be reached");
  }
  const body = await response.json().catch(() => ({ error: `the viewer answered ${response.status}` }));
  if (body.error) throw new Error(body.error);
  return body;
}

const post = (path, body, signal) =>
  ask(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), signal });

export const api = {
  site: () => ask("site"),
  dashboards: () => ask("dashboards"),
  dashboard: (id) => ask(`dashboard/${encodeURIComponent(id)}`),
  panel: (wanted, signal) => post("panel", wanted, signal),
  control: (wanted, signal) => post("control", wanted, signal),
};
