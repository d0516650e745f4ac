// Light or dark: as the system says, until the reader says otherwise.

const KEY = "esctl-viewer-theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set();

export const currentTheme = () => localStorage.getItem(KEY) ?? (system.matches ? "dark" : "light");

export function toggleTheme() {
  localStorage.setItem(KEY, currentTheme() === "dark" ? "light" : "dark");
  apply();
}

export function onThemeChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function apply() {
  document.documentElement.dataset.theme = currentTheme();
  listeners.forEach((listener) => listener(currentTheme()));
}

system.addEventListener("change", apply);
apply();
