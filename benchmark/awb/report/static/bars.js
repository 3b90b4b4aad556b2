"use strict";
/* One metric of every explainer: a bar, its 95 % interval, and the number. */

awb.bars = (container, board, column, width) => {
  const metric = board.metrics[column];
  const sign = metric.higher ? -1 : 1;
  const rows = board.rows
    .map((row) => ({ row, cell: row.cells[column] }))
    .filter(({ cell }) => cell[0] !== null)
    .sort((one, other) => sign * (one.cell[0] - other.cell[0]));
  if (rows.length === 0) {
    container.replaceChildren(awb.make("p", { class: "note" }, "No explainer has a value."));
    return;
  }
  const size = 12;
  const top = 22;
  const widest = Math.max(...rows.map(({ row }) => awb.textWidth(row.explainer, size)));
  const above = widest > width * 0.36;  // long names are placed above their bars, so that none is cut
  const line = above ? 36 : 19;
  const names = rows.map(({ row }) => awb.cut(row.explainer, size, width));
  const left = above ? 10 : widest + 10;
  const right = width - awb.textWidth("−0.000", size) - 12;
  const ends = rows.flatMap(({ cell }) => cell.slice(0, 3).filter((end) => end !== null));
  const low = Math.min(0, ...ends);
  const bound = metric.highest !== null && metric.highest <= 1 ? metric.highest : -Infinity;
  const high = Math.max(bound, ...ends, low + 1e-6);
  const scale = awb.linear(low, high, left, right);
  const bottom = top + rows.length * line;
  const pattern = awb.unique("hatch");
  const svg = awb.draw("svg", {
    viewBox: `0 0 ${width} ${bottom + 6}`, role: "img",
    "aria-label": `${metric.name} of ${rows.length} ${board.noun || "explainers"}, best first: ${rows
      .map(({ row, cell }) => `${row.explainer} ${awb.format(cell[0])}`).join(", ")}`,
  }, awb.draw("defs", {}, awb.hatch(pattern, "var(--faint)")));
  const { ticks, digits } = awb.ticks(low, high, (right - left) / 90);
  for (const tick of ticks) {
    const at = scale(tick);
    svg.append(
      awb.draw("line", { class: "axis", x1: at, x2: at, y1: top - 4, y2: bottom }),
      awb.draw("text", { class: "soft", x: at, y: top - 9, "font-size": 11, "text-anchor": "middle" },
        awb.format(tick, digits)),
    );
  }
  rows.forEach(({ row, cell }, place) => {
    const [mean, from, to] = cell;
    const middle = top + place * line + (above ? 25 : line / 2);
    const [start, stop] = [scale(0), scale(mean)].sort((one, other) => one - other);
    svg.append(
      awb.draw("text", {
        class: above ? "halo" : null, x: above ? left : left - 8, y: above ? middle - 10 : middle + 4,
        "font-size": size, "text-anchor": above ? "start" : "end",
        "font-style": row.baseline ? "italic" : null,
      }, awb.draw("title", {}, row.explainer), names[place]),
      awb.draw("rect", {
        class: "whole", x: left, y: middle - line / 2, width: width - left, height: line, fill: "transparent",
      }, awb.draw("title", {}, `${row.explainer}: ${awb.format(mean)}${from === null ? "" : `, 95 %: ${awb.interval(from, to, 3)}`}, n = ${cell[3]}`)),
      awb.draw("rect", {
        x: start, y: middle - 5.5, width: Math.max(1, stop - start), height: 11,
        fill: row.baseline ? `url(#${pattern})` : "var(--c0)", "fill-opacity": row.baseline ? 1 : 0.45,
        stroke: row.baseline ? "var(--faint)" : "none", "pointer-events": "none",
      }),
      awb.draw("line", {
        x1: stop, x2: stop, y1: middle - 5.5, y2: middle + 5.5,
        stroke: row.baseline ? "var(--faint)" : "var(--c0)", "stroke-width": 2, "pointer-events": "none",
      }),
      awb.draw("text", { x: width, y: middle + 4, "font-size": size, "text-anchor": "end" },
        awb.format(mean)),
    );
    if (from !== null) {
      svg.append(awb.draw("path", {
        d: `M${scale(from)} ${middle - 3}v6M${scale(from)} ${middle}H${scale(to)}M${scale(to)} ${middle - 3}v6`,
        stroke: "var(--ink)", "stroke-width": 1.3, fill: "none", "pointer-events": "none",
      }));
    }
  });
  container.replaceChildren(svg);
};

/** Facts about a metric. */
awb.metricFacts = (list, metric) => {
  const range = [metric.lowest, metric.highest].map((end, place) =>
    end === null ? (place ? "∞" : "−∞") : awb.format(end, 0));
  const facts = [
    ["Meaning", metric.summary],
    ["Direction", metric.higher ? "higher is better ↑" : "lower is better ↓"],
    ["Range", `${range[0]} to ${range[1]}${metric.unit ? `, ${metric.unit}` : ""}`],
    ["Family", metric.family],
    ["No value", metric.undefined],
    ["Source", metric.citation],
  ];
  list.replaceChildren(...facts.filter(([, text]) => text).flatMap(([term, text]) => [
    awb.make("dt", {}, term), awb.make("dd", {}, text),
  ]));
};
