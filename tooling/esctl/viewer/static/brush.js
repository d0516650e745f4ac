// A drag across a chart over time chooses that time range.

import { h } from "./dom.js";

const LEAST = 6; // pixels: less is a click

// Returns whether the pointer has just brushed: the click that ends a drag is not a click on a mark.
export function brushTime(place, view, setTime) {
  let scale;
  try {
    scale = view.scale("x");
  } catch {
    return () => false;
  }
  if (!["time", "utc"].includes(scale?.type) || !scale.invert) return () => false;
  let from = null;
  let band = null;
  let brushed = false;
  place.classList.add("brushable");
  const at = (event) => {
    const [left] = view.origin();
    const [low, high] = [...view.scale("x").range()].sort((a, b) => a - b);
    return Math.max(low, Math.min(high, event.clientX - place.getBoundingClientRect().left - left));
  };
  const stop = () => { band?.remove(); from = band = null; };
  place.addEventListener("pointerdown", (event) => {
    brushed = false;
    if (event.button === 0) from = at(event);
  });
  place.addEventListener("pointermove", (event) => {
    if (from === null) return;
    if (!(event.buttons & 1)) return stop();
    const to = at(event);
    if (!band && Math.abs(to - from) < LEAST) return;
    if (!band) {
      place.setPointerCapture(event.pointerId);
      band = h("div", { class: "brush", "aria-hidden": "true" });
      place.append(band);
    }
    const [left, top] = view.origin();
    Object.assign(band.style, { left: `${left + Math.min(from, to)}px`, width: `${Math.abs(to - from)}px`, top: `${top}px`, height: `${view.signal("height")}px` });
  });
  place.addEventListener("pointerup", (event) => {
    if (band) {
      brushed = true;
      const [start, end] = [from, at(event)].sort((a, b) => a - b).map((pixel) => new Date(view.scale("x").invert(pixel)).toISOString());
      setTime({ from: start, to: end });
    }
    stop();
  });
  place.addEventListener("pointercancel", stop);
  return () => brushed;
}
