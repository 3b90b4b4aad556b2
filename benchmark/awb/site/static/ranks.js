"use strict";
/* Mean ranks over boards with their intervals; bars join explainers without significant differences. */

awb.ranks = (container, data, width) => {
  const size = 12;
  const line = 18;
  const top = 26;
  const names = data.rows.map(([name]) => awb.cut(name, size, width * 0.4));
  const left = Math.max(...names.map((name) => awb.textWidth(name, size))) + 12;
  const gap = 9;
  const lanes = data.bars.length * gap;
  const right = width - 44 - lanes;
  const bottom = top + data.rows.length * line;
  const most = Math.max(data.rows.length, ...data.rows.map((row) => row[3] ?? row[1]));
  const scale = awb.linear(1, most, left + 4, right);
  const svg = awb.draw("svg", {
    viewBox: `0 0 ${width} ${bottom + 6}`, role: "img",
    "aria-label": `Mean rank by ${data.metric} of ${data.rows.length} explainers; the numbers are in the table that follows`,
  });
  const ticks = awb.ticks(1, most, (right - left) / 70).ticks.filter((tick) => tick >= 1);
  for (const tick of [1, ...ticks.filter((each) => each > 2)]) {
    svg.append(
      awb.draw("line", { class: "axis", x1: scale(tick), x2: scale(tick), y1: top - 6, y2: bottom }),
      awb.draw("text", { class: "soft", x: scale(tick), y: top - 11, "font-size": 11, "text-anchor": "middle" }, awb.format(tick, 0)),
    );
  }
  data.rows.forEach(([name, rank, low, high], place) => {
    const y = top + (place + 0.5) * line;
    svg.append(awb.draw("text", { x: left - 8, y: y + 4, "font-size": size, "text-anchor": "end" },
      awb.draw("title", {}, name), names[place]));
    if (low !== null && high !== null) {
      svg.append(awb.draw("path", {
        d: `M${scale(low)} ${y - 3}v6M${scale(low)} ${y}H${scale(high)}M${scale(high)} ${y - 3}v6`,
        stroke: "var(--faint)", "stroke-width": 1.3, fill: "none", "pointer-events": "none",
      }));
    }
    const told = `${name}: mean rank ${awb.format(rank, 1)}${low === null ? "" : `, 95 %: ${awb.interval(low, high, 1)}`}`;
    svg.append(
      awb.draw("rect", { class: "whole", x: left, y: y - line / 2, width: right - left, height: line, fill: "transparent" }, awb.draw("title", {}, told)),
      awb.draw("circle", { cx: scale(rank), cy: y, r: 4, fill: "var(--c0)", "pointer-events": "none" }),
      awb.draw("text", { x: width, y: y + 4, "font-size": size, "text-anchor": "end" }, awb.format(rank, 1)),
    );
  });
  data.bars.forEach((members, lane) => {
    const x = right + 12 + lane * gap;
    const at = (place) => top + (place + 0.5) * line;
    // thick beside its members, thin beside those that it leaves out
    const thick = members.map((place) => `M${x} ${top + place * line + 3}V${members.includes(place + 1) ? top + (place + 1) * line + 3 : top + (place + 1) * line - 3}`);
    const bar = awb.draw("g", { class: "same", stroke: "var(--ink)", fill: "none" },
      awb.draw("title", {}, `${members.map((place) => data.rows[place][0]).join(", ")}: no significant difference`),
      awb.draw("path", { d: `M${x} ${at(members[0])}V${at(members.at(-1))}`, "stroke-width": 1 }),
      awb.draw("path", { d: thick.join(""), "stroke-width": 3.5 }));
    svg.append(bar);
  });
  container.replaceChildren(svg);
};

for (const section of document.querySelectorAll('[data-role="ranks"]')) {
  const data = JSON.parse(section.querySelector(".ranks-data").textContent);
  const figure = awb.part(section, "diagram");
  figure.hidden = false;
  awb.onWidth(figure, (width) => awb.ranks(figure, data, width));
}
