"use strict";
/* Helpers for all parts of a page. Text from data only ever becomes text nodes. */
const awb = {};

awb.fill = (node, attributes, children) => {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined) node.append(child);
  }
  return node;
};

/** Make an HTML element. */
awb.make = (name, attributes, ...children) =>
  awb.fill(document.createElement(name), attributes, children);

/** Make an SVG element. */
awb.draw = (name, attributes, ...children) =>
  awb.fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);

/** Find the part of a container with a role. */
awb.part = (container, role) => container.querySelector(`[data-role="${role}"]`);

/** Round a number, half to even, as in the other tables. */
awb.rounded = (value, digits) => {
  const exact = value.toFixed(digits + 30);
  const cut = exact.slice(0, digits ? -30 : -31);
  return /^50*$/.test(exact.slice(-30)) && "02468".includes(cut.at(-1)) ? cut : value.toFixed(digits);
};

/** Format a number with a minus sign unless it rounds to zero, or a dash if there is none. */
awb.format = (value, digits = 3) =>
  value === null || value === undefined
    ? "–"
    : awb.rounded(value, digits).replace(/^-(?=[0.]+$)/, "").replace("-", "−");

/** Format an interval; empty if there is none. */
awb.interval = (low, high, digits = 2) =>
  low === null || high === null ? "" : `${awb.format(low, digits)} to ${awb.format(high, digits)}`;

/** Six colours that are distinguishable with colour blindness, times four dashes. */
awb.styleOf = (slot) => ({
  color: `var(--c${slot % 6})`,
  dash: ["", "7 3", "2 2.5", "9 2.5 2 2.5"][(slot + Math.floor(slot / 6)) % 4],
});

/** Redraw whenever the width of an element changes. */
awb.onWidth = (element, render) => {
  let last = 0;
  const look = () => {
    const width = Math.round(element.clientWidth);
    if (width > 0 && width !== last) {
      last = width;
      render(width);
    }
  };
  new ResizeObserver(() => window.requestAnimationFrame(look)).observe(element);
  look();
  return () => {
    last = 0;
    look();
  };
};

awb.unique = (() => {
  let count = 0;
  return (stem) => `${stem}-${(count += 1)}`;
})();

/** Diagonal lines, for distinctions that do not rely on colour. */
awb.hatch = (id, color, { gap = 5, width = 1.4, back = "none" } = {}) =>
  awb.draw(
    "pattern",
    { id, width: gap, height: gap, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    awb.draw("rect", { width: gap, height: gap, fill: back }),
    awb.draw("line", { x1: 0, y1: 0, x2: 0, y2: gap, stroke: color, "stroke-width": width }),
  );
