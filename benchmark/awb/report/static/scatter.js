"use strict";
/* Explainers by cost and quality; calls on a logarithmic axis, with 0 beside it. */

awb.scatter = (container, board, width) => {
  const metric = board.metrics[0];
  const rows = board.rows.filter((row) => row.cells[0][0] !== null && row.calls !== null);
  const small = width < 520;
  const size = small ? 10.5 : 12;
  const radius = 4.5;
  const height = Math.min(small ? 620 : width * 0.58, 300 + rows.length * 9, 620);
  const [left, right, top, bottom] = [small ? 34 : 44, width - 8, 12, height - 44];
  const values = rows.map((row) => row.cells[0][0]);
  const spread = Math.max(...values) - Math.min(...values) || 1;
  const [low, high] = [Math.min(...values) - 0.04 * spread, Math.max(...values) + 0.04 * spread];
  const y = awb.linear(low, high, bottom, top);
  const costly = rows.map((row) => row.calls).filter((calls) => calls > 0);
  const free = rows.length > costly.length;
  const most = Math.log10(Math.max(2, ...costly) * 1.6);
  const least = Math.log10(Math.min(...(costly.length ? costly : [1])) * 0.75);
  const lane = free ? (small ? 26 : 46) : 0;
  const log = awb.linear(least, most, left + lane + (free ? 14 : 6), right);
  const x = (calls) => (calls > 0 ? log(Math.log10(calls)) : left + lane / 2);

  const svg = awb.draw("svg", {
    viewBox: `0 0 ${width} ${height}`, role: "group",
    "aria-label": `${metric.name} against model calls, ${rows.length} explainers`,
  });
  const pattern = awb.unique("hatch");
  svg.append(awb.draw("defs", {}, awb.hatch(pattern, "var(--ink)", { gap: 3, width: 1, back: "var(--paper)" })));
  const { ticks, digits } = awb.ticks(low, high, 6);
  for (const tick of ticks) {
    svg.append(
      awb.draw("line", { class: "axis", x1: left, x2: right, y1: y(tick), y2: y(tick) }),
      awb.draw("text", { class: "soft", x: left - 6, y: y(tick) + 4, "font-size": 11, "text-anchor": "end" },
        awb.format(tick, digits)),
    );
  }
  const steps = most - least < 2.2 ? [1, 2, 5] : [1];
  for (let power = Math.floor(least); power <= most; power += 1) {
    for (const calls of steps.map((step) => step * 10 ** power)) {
      const place = Math.log10(calls);
      if (place < least || place > most) continue;
      svg.append(
        awb.draw("line", { class: "axis", x1: log(place), x2: log(place), y1: top, y2: bottom }),
        awb.draw("text", { class: "soft", x: log(place), y: bottom + 16, "font-size": 11, "text-anchor": "middle" },
          calls.toLocaleString("en")),
      );
    }
  }
  if (free) {
    svg.append(
      awb.draw("line", { x1: left + lane + 2, x2: left + lane + 2, y1: top, y2: bottom, stroke: "var(--faint)", "stroke-dasharray": "2 3" }),
      awb.draw("text", { class: "soft", x: left + lane / 2, y: bottom + 16, "font-size": 11, "text-anchor": "middle" }, "0"),
    );
  }
  svg.append(
    awb.draw("text", { class: "soft", x: (left + right) / 2, y: height - 6, "font-size": 12, "text-anchor": "middle" }, "model calls per instance"),
  );

  const better = (one, other) => (metric.higher ? one > other : one < other);
  const front = [];
  for (const row of rows.filter((each) => !each.baseline).sort((one, other) =>
    one.calls - other.calls || (better(one.cells[0][0], other.cells[0][0]) ? -1 : 1))) {
    const last = front[front.length - 1];
    if (!last || better(row.cells[0][0], last.cells[0][0])) front.push(row);
  }
  const lines = front.slice(1).flatMap((row, place) => {
    const [from, to] = [front[place], row].map((each) => [x(each.calls), y(each.cells[0][0])]);
    return [[from[0], from[1], to[0], from[1]], [to[0], from[1], to[0], to[1]]];
  });
  for (const [x1, y1, x2, y2] of lines) {
    svg.append(awb.draw("line", { x1, y1, x2, y2, stroke: "var(--faint)", "stroke-width": 1.2 }));
  }

  const first = [...rows].sort((one, other) =>
    front.includes(other) - front.includes(one) || other.baseline - one.baseline ||
    (better(one.cells[0][0], other.cells[0][0]) ? -1 : 1));
  const points = first.map((row) => ({
    at: [x(row.calls), y(row.cells[0][0])], width: awb.textWidth(row.explainer, size, front.includes(row) ? 600 : 400) + 3,
  }));
  const spots = awb.placeLabels(points, { left: left + 1, right: width - 1, top: 0, bottom: bottom + 2 }, size, radius, lines);
  const readout = awb.make("p", { class: "readout", "aria-live": "polite" });
  const groups = new Map();
  const hidden = [];
  first.forEach((row, place) => {
    const [px, py] = points[place].at;
    const spot = spots[place];
    const [mean, from, to] = row.cells[0];
    const text = `${row.explainer}: ${metric.name} ${awb.format(mean)}` +
      `${from === null ? "" : ` (${awb.interval(from, to)})`}, ${row.calls.toLocaleString("en")} calls`;
    if (spot && spot.far) {
      const [x1, y1, x2, y2] = awb.leader(px, py, spot);
      svg.append(awb.draw("line", { x1, y1, x2, y2, stroke: "var(--faint)", "stroke-width": 0.8 }));
    }
    const mark = row.baseline
      ? awb.draw("path", { d: `M${px} ${py - 5.5}l5.5 5.5l-5.5 5.5l-5.5 -5.5z`, fill: `url(#${pattern})`, stroke: "var(--ink)" })
      : awb.draw("circle", { cx: px, cy: py, r: radius, fill: "var(--c0)", stroke: "var(--paper)" });
    const group = awb.draw("g", {
      class: "point", role: "img", tabindex: "-1", "aria-label": text,
      onmouseenter: () => { readout.textContent = text; },
      onfocus: () => { readout.textContent = text; },
    }, awb.draw("title", {}, text), mark);
    if (spot) {
      group.append(awb.draw("text", {
        class: "point-label", x: spot.left + 1.5, y: spot.top + size * 0.92, "font-size": size,
        "font-style": row.baseline ? "italic" : null,
        "font-weight": front.includes(row) ? 600 : null,
      }, row.explainer));
    } else hidden.push(row.explainer);
    groups.set(row, group);
    svg.append(group);
  });

  const walk = [...rows].sort((one, other) => one.calls - other.calls || other.cells[0][0] - one.cells[0][0]);
  if (walk.length) groups.get(walk[0]).setAttribute("tabindex", "0");
  svg.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const now = walk.findIndex((row) => groups.get(row) === document.activeElement);
    if (!step || now < 0) return;
    event.preventDefault();
    const next = groups.get(walk[(now + step + walk.length) % walk.length]);
    groups.get(walk[now]).setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
  });
  const note = hidden.length
    ? awb.make("p", { class: "note" }, `Not labelled, for lack of space: ${hidden.join(", ")}.`) : null;
  container.replaceChildren(
    awb.make("p", { class: "axis-title", "aria-hidden": "true" }, `${metric.name} ${metric.arrow}`), svg, readout);
  if (note) container.append(note);
};
