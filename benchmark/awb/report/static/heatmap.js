"use strict";
/* Kendall's tau between all pairs of metrics: a coloured triangle, hatched where negative. */

awb.heatmap = (container, board, every, width) => {
  const { taus, metrics: names } = board.agreement;
  const shownOn = new Map(board.metrics.map((metric) => [metric.name, metric]));
  const at = (one, other) => {
    const [row, column] = one < other ? [one, other] : [other, one];
    return taus[row * names.length - (row * (row + 1)) / 2 + column - row - 1];
  };
  const shown = names.map((_, place) => place).filter((place) =>
    every ? shownOn.has(names[place]) : shownOn.get(names[place])?.headline);
  const count = shown.length;
  const size = 12;
  const labels = shown.map((place) => names[place]);
  const left = Math.min(width * 0.4, Math.max(...labels.map((name) => awb.textWidth(name, size))) + 10);
  const wide = Math.max(every ? 19 : 34, Math.min(every ? 26 : 92, (width - left - 4) / count));
  const tall = every ? wide : Math.min(wide, 44);
  const turned = labels.some((name) => awb.textWidth(name, size) > wide - 6);
  const foot = turned ? Math.max(...labels.map((name) => awb.textWidth(name, size))) + 14 : 26;
  const total = Math.max(width, left + wide * (count - 1) + 6);
  const height = tall * (count - 1) + foot;
  const pattern = awb.unique("hatch");
  const svg = awb.draw("svg", {
    viewBox: `0 0 ${total} ${height}`, role: "img", style: `width:${total}px;max-width:none`,
    "aria-label": "Kendall's tau between metrics; the numbers are in the table that follows",
  }, awb.draw("defs", {}, awb.hatch(pattern, "var(--ink)", { gap: 6, width: 0.7 })));
  for (let row = 1; row < count; row += 1) {
    const top = (row - 1) * tall;
    svg.append(awb.draw("text", {
      x: left - 8, y: top + tall / 2 + 4, "font-size": size, "text-anchor": "end",
    }, awb.cut(labels[row], size, left - 10)));
    for (let column = 0; column < row; column += 1) {
      const [tau, from, to] = at(shown[row], shown[column]);
      const x = left + column * wide;
      const strength = tau === null ? 0 : Math.abs(tau);
      const cell = { x, y: top, width: wide - 1.5, height: tall - 1.5 };
      svg.append(awb.draw("rect", {
        ...cell, fill: `rgb(var(${tau < 0 ? "--contradict" : "--agree"}) / ${(0.05 + 0.5 * strength).toFixed(3)})`,
      }, awb.draw("title", {}, `${labels[row]} and ${labels[column]}: τ ${awb.format(tau, 2)} (${awb.interval(from, to)})`)));
      if (tau !== null && tau <= -0.05) svg.append(awb.draw("rect", { ...cell, fill: `url(#${pattern})`, opacity: 0.35, "pointer-events": "none" }));
      const brief = every || wide < 40
        ? awb.format(tau, 1).replace("0.", ".").replace(/^−?\.0$/, "0") : awb.format(tau, 2);
      const roomy = wide >= 66 && from !== null;
      svg.append(awb.draw("text", {
        x: x + (wide - 1.5) / 2, y: top + tall / 2 + (roomy ? -1 : 4), "text-anchor": "middle",
        "font-size": every ? 9.5 : 13, "font-weight": every ? null : 600, "pointer-events": "none",
      }, brief));
      if (roomy) {
        svg.append(awb.draw("text", {
          x: x + (wide - 1.5) / 2, y: top + tall / 2 + 13, "text-anchor": "middle", "font-size": 10, "pointer-events": "none",
        }, `${awb.format(from, 2)} to ${awb.format(to, 2)}`));
      }
    }
  }
  for (let column = 0; column < count - 1; column += 1) {
    const x = left + (column + 0.5) * wide;
    const y = (count - 1) * tall + (turned ? 8 : 16);
    svg.append(awb.draw("text", {
      "font-size": size, "text-anchor": turned ? "end" : "middle",
      transform: `translate(${turned ? x + 4 : x} ${y}) rotate(${turned ? -90 : 0})`,
    }, labels[column]));
  }
  const holder = awb.make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Agreement between metrics" }, svg);
  const table = awb.make("table", { class: "visually-hidden" },
    awb.make("caption", {}, "Kendall's tau between metrics"),
    awb.make("tr", {}, awb.make("td"), labels.slice(0, -1).map((name) => awb.make("th", { scope: "col" }, name))),
    labels.slice(1).map((name, place) => awb.make("tr", {}, awb.make("th", { scope: "row" }, name),
      labels.slice(0, place + 1).map((_, column) =>
        awb.make("td", {}, awb.format(at(shown[place + 1], shown[column])[0], 2))))));
  container.replaceChildren(holder, awb.make("div", { class: "visually-hidden" }, table));
};
