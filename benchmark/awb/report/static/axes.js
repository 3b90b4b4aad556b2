"use strict";
/* Scales and ticks. */

/** Choose round steps between two numbers. */
awb.ticks = (low, high, count) => {
  const raw = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= raw * 0.999);
  const ticks = [];
  for (let tick = Math.ceil(low / step - 1e-9) * step; tick <= high + step * 1e-6; tick += step) {
    ticks.push(Math.abs(tick) < step * 1e-6 ? 0 : tick);
  }
  return { ticks, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
};

/** Map numbers to pixels. */
awb.linear = (low, high, start, stop) => (value) =>
  start + ((value - low) / (high - low || 1)) * (stop - start);

/** Width of a rendered text. */
awb.textWidth = (() => {
  const context = document.createElement("canvas").getContext("2d");
  return (text, size, weight = 400) => {
    const family = getComputedStyle(document.documentElement).getPropertyValue("--sans");
    context.font = `${weight} ${size}px ${family}`;
    return context.measureText(text).width;
  };
})();

/** Shorten a text to a width; the full text belongs in a title. */
awb.cut = (text, size, width) => {
  if (awb.textWidth(text, size) <= width) return text;
  let end = text.length;
  while (end > 1 && awb.textWidth(`${text.slice(0, end)}…`, size) > width) end -= 1;
  return `${text.slice(0, end)}…`;
};
