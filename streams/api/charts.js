// Small charts in plain SVG. Every one says its numbers in text as well: a title on hover, a label for screen readers.

const NS = "http://www.w3.org/2000/svg";

export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const title = (text) => { const t = svg("title"); t.textContent = text; return t; };
const clamp = (x) => Math.max(0, Math.min(1, x));

// A number with its interval on a scale from `from` to `to`.
export function interval({ value, low, high, from, to, tone = "", label }) {
  const x = (v) => `${(2 + 96 * clamp((v - from) / (to - from))).toFixed(2)}%`;
  const parts = [title(label), svg("line", { class: "track", x1: "2%", x2: "98%", y1: 7, y2: 7 })];
  if (from < 0) parts.push(svg("line", { class: "zero", x1: x(0), x2: x(0), y1: 1, y2: 13 }));
  if (low !== null && high !== null) parts.push(svg("line", { class: "range", x1: x(low), x2: x(high), y1: 7, y2: 7 }));
  parts.push(svg("circle", { class: "dot", cx: x(value), cy: 7, r: 4 }));
  return svg("svg", { class: `interval ${tone}`, role: "img", "aria-label": label }, ...parts);
}

const H = 190, LEFT = 38, RIGHT = 6, BOTTOM = 22, TOP = 8;  // pixels: a chart is drawn for the width it gets, not stretched
const PLOT_H = H - BOTTOM - TOP;

function frame(label, width, children) {
  return svg("svg", { class: "chart", viewBox: `0 0 ${width} ${H}`, role: "img", "aria-label": label }, ...children);
}

function at(x, y, text, anchor) {
  const t = svg("text", { x, y, "text-anchor": anchor });
  t.textContent = text;
  return t;
}

function times(labels, step) {
  const every = Math.max(1, Math.ceil(80 / step));
  return labels.map((text, i) => (i % every || i * step > labels.length * step - 40 ? null : at(LEFT + i * step, H - 4, text, "start"))).filter(Boolean);
}

function ceiling(max) {
  const size = 10 ** Math.floor(Math.log10(Math.max(1, max)));
  return [1, 2, 5, 10].map((n) => n * size).find((n) => n >= max) || 10 * size;
}

// Stacked columns: `stacks` is a list of {parts: [[class, number], …], label, tick}.
export function columns(stacks, label, write, width) {
  const top = ceiling(Math.max(1, ...stacks.map((s) => s.parts.reduce((sum, [, n]) => sum + n, 0))));
  const step = (width - LEFT - RIGHT) / stacks.length;
  const gap = Math.min(2, step * 0.2);
  const y = (n) => TOP + PLOT_H * (1 - n / top);
  const grid = [0, top / 2, top].filter((n) => Number.isInteger(n)).flatMap((n) => [
    svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(n), y2: y(n) }), at(LEFT - 6, y(n) + 4, write(n), "end")]);
  const bars = stacks.map((stack, i) => {
    let sum = 0;
    const parts = stack.parts.filter(([, n]) => n > 0).map(([kind, n]) => {
      const rect = svg("rect", { class: kind, x: LEFT + i * step + gap / 2, width: step - gap, y: y(sum + n), height: PLOT_H * n / top });
      sum += n;
      return rect;
    });
    return svg("g", { class: "column" }, title(stack.label), ...parts);
  });
  return frame(label, width, [...grid, ...bars, ...times(stacks.map((s) => s.tick), step)]);
}

// A line with its band, on −1 … +1; `dots` is a list of {value, low, high, label, tick}, value null where nothing can be said.
export function line(dots, label, width) {
  const step = (width - LEFT - RIGHT) / dots.length;
  const x = (i) => LEFT + (i + 0.5) * step;
  const y = (v) => TOP + PLOT_H * (1 - (Math.max(-1, Math.min(1, v)) + 1) / 2);
  const grid = [[-1, "−100"], [0, "0"], [1, "+100"]].flatMap(([v, text]) => [
    svg("line", { class: v ? "grid" : "zero", x1: LEFT, x2: width - RIGHT, y1: y(v), y2: y(v) }), at(LEFT - 6, y(v) + 4, text, "end")]);
  const runs = [];
  dots.forEach((dot, i) => {
    if (dot.value === null) return;
    const last = runs[runs.length - 1];
    if (last && last[last.length - 1] === i - 1) last.push(i); else runs.push([i]);
  });
  const path = (points) => points.map(([px, py], k) => `${k ? "L" : "M"}${px.toFixed(1)} ${py.toFixed(1)}`).join("");
  const bands = runs.filter((run) => run.length > 1 && run.every((i) => dots[i].low !== null)).map((run) => svg("path", {
    class: "band", d: `${path([...run.map((i) => [x(i), y(dots[i].high)]), ...[...run].reverse().map((i) => [x(i), y(dots[i].low)])])}Z` }));
  const lines = runs.filter((run) => run.length > 1).map((run) => svg("path", { class: "line", d: path(run.map((i) => [x(i), y(dots[i].value)])) }));
  const points = runs.flat().map((i) => svg("circle", { class: "point", cx: x(i), cy: y(dots[i].value), r: runs.some((r) => r.length > 1 && r.includes(i)) ? 1.5 : 2.5 }, title(dots[i].label)));
  return frame(label, width, [...grid, ...bands, ...lines, ...points, ...times(dots.map((d) => d.tick), step)]);
}

// One share of a whole with its interval.
export function share({ value, low, high, here, label }) {
  const x = (v) => `${(100 * clamp(v)).toFixed(2)}%`;
  const parts = [title(label), svg("rect", { class: "track", width: "100%", height: 10, rx: 5 }),
    svg("rect", { class: `part ${here ? "here" : ""}`, width: x(value), height: 10, rx: 5 })];
  if (low !== null && high !== null) parts.push(svg("line", { class: "whisker", x1: x(low), x2: x(high), y1: 5, y2: 5 }));
  return svg("svg", { class: "share", role: "img", "aria-label": label }, ...parts);
}
