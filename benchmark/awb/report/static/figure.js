"use strict";
/* The picture of one instance: sound, events, curves of relevance, time. */

/** Steps of a curve over the cells: value 1 is at `top`, 0 at `zero`. */
awb.steps = (relevance, edges, x, zero, top) => {
  const y = (value) => (zero + (top - zero) * (value / 1000)).toFixed(1);
  return relevance
    .map((value, cell) => `${cell ? "V" : `M${x(edges[0]).toFixed(1)} `}${y(value)}H${x(edges[cell + 1]).toFixed(1)}`)
    .join("");
};

awb.wavePath = (outline, x, end, middle, half) => {
  const at = (place) => x((end * (place + 0.5)) / outline.length).toFixed(1);
  const up = outline.map(([, high], place) => `${at(place)} ${(middle - (half * high) / 100).toFixed(1)}`);
  const down = outline.map(([low], place) => `${at(place)} ${(middle - (half * low) / 100).toFixed(1)}`);
  return `M${up.join("L")}L${down.reverse().join("L")}Z`;
};

awb.drawSound = (svg, instance, state, x, top, height) => {
  const end = instance.edges[instance.edges.length - 1];
  if (state.background === "picture" && instance.picture) {
    svg.append(awb.draw("image", {
      class: "picture", href: `data:image/webp;base64,${instance.picture}`, preserveAspectRatio: "none",
      x: x(0), y: top, width: x(end) - x(0), height, opacity: state.layout === "rows" ? 0.9 : 0.6,
    }));
    for (const [start, stop, low, high] of instance.boxes || []) {
      svg.append(awb.draw("rect", {
        class: "event-box", x: x(start), width: x(stop) - x(start), y: top + height * (1 - high), height: height * (high - low),
      }));
    }
    let free = Infinity;
    for (const [part, name] of [...instance.ticks].reverse()) {
      const distance = height * part;
      if (free - distance < 12) continue;
      free = distance;
      svg.append(awb.draw("text", {
        class: "soft", x: x(0) - 5, y: top + height * (1 - part) + 4, "font-size": 10, "text-anchor": "end",
      }, name));
    }
  } else if (instance.outline) {
    svg.append(awb.draw("path", {
      d: awb.wavePath(instance.outline, x, end, top + height / 2, height * 0.46), fill: "var(--wave)",
    }));
  }
};

awb.drawEvents = (svg, instance, x, top, bottom) => {
  for (const [start, stop] of instance.intervals) {
    svg.append(
      awb.draw("rect", { class: "event", x: x(start), y: top, width: x(stop) - x(start), height: bottom - top }),
      awb.draw("line", { class: "event-edge", x1: x(start), x2: x(start), y1: top, y2: bottom }),
      awb.draw("line", { class: "event-edge", x1: x(stop), x2: x(stop), y1: top, y2: bottom }),
    );
  }
};

/** Lanes above the picture: the target first, then other events. Returns their height. */
awb.drawLanes = (svg, instance, x, left, right) => {
  const lanes = new Map(instance.intervals.length ? [[instance.target, instance.intervals]] : []);
  for (const [start, stop, label] of instance.events || []) {
    lanes.set(label, [...(lanes.get(label) || []), [start, stop]]);
  }
  const line = 16;
  [...lanes].forEach(([label, spans], place) => {
    const target = label === instance.target;
    const middle = place * line + 8;
    for (const [start, stop] of spans) {
      svg.append(awb.draw("rect", {
        x: x(start), y: middle - 4, width: Math.max(2, x(stop) - x(start)), height: 8,
        fill: target ? "var(--event)" : "none", stroke: target ? "var(--event)" : "var(--faint)",
      }));
    }
    const size = 11;
    const last = x(Math.max(...spans.map(([, stop]) => stop)));
    const first = x(Math.min(...spans.map(([start]) => start)));
    const roomRight = right - last - 6;
    const roomLeft = first - left - 6;
    const after = roomRight >= Math.min(roomLeft, awb.textWidth(label, size, 600));
    svg.append(awb.draw("text", {
      x: after ? last + 5 : first - 5, y: middle + 4, "font-size": size, "text-anchor": after ? "start" : "end",
      "font-weight": target ? 600 : null, class: target ? null : "soft",
    }, awb.draw("title", {}, label), awb.cut(label, size, Math.max(20, after ? roomRight : roomLeft))));
  });
  return lanes.size * line + (lanes.size ? 4 : 0);
};

awb.drawTime = (svg, end, x, y, width) => {
  const { ticks, digits } = awb.ticks(0, end, width / 70);
  svg.append(awb.draw("line", { class: "axis", x1: x(0), x2: x(end), y1: y, y2: y }));
  for (const tick of ticks) {
    svg.append(
      awb.draw("line", { x1: x(tick), x2: x(tick), y1: y, y2: y + 4, stroke: "var(--faint)" }),
      awb.draw("text", { class: "soft", x: x(tick), y: y + 16, "font-size": 11, "text-anchor": tick > end * 0.97 ? "end" : tick === 0 ? "start" : "middle" },
        `${tick.toFixed(digits)}${tick === 0 ? " s" : ""}`),
    );
  }
};

awb.drawCurve = (svg, explanation, style, edges, x, zero, top, area) => {
  const path = awb.steps(explanation.relevance, edges, x, zero, top);
  if (area) {
    svg.append(awb.draw("path", {
      d: `${path}V${zero}H${x(edges[0])}Z`, fill: style.color, "fill-opacity": 0.22,
    }));
  }
  if (!area) {
    svg.append(awb.draw("path", {
      d: path, fill: "none", stroke: "var(--paper)", "stroke-width": 4.5, "stroke-opacity": 0.6, "stroke-linejoin": "round",
    }));
  }
  svg.append(awb.draw("path", {
    class: "curve", d: path, fill: "none", stroke: style.color, "stroke-width": area ? 1.4 : 2,
    "stroke-dasharray": area ? null : style.dash, "stroke-linejoin": "round",
  }, awb.draw("title", {}, explanation.explainer)));
};

/** A bar over every cell, as far as its relevance is uncertain (standard error), within the row. */
awb.drawUncertainty = (svg, explanation, color, edges, x, zero, top, lowest) => {
  const y = (value) => (zero + (top - zero) * Math.min(1, Math.max(lowest, value / 1000))).toFixed(1);
  const d = explanation.relevance.map((value, cell) => {
    const error = explanation.uncertainty[cell];
    return `M${((x(edges[cell]) + x(edges[cell + 1])) / 2).toFixed(1)} ${y(value - error)}V${y(value + error)}`;
  }).join("");
  svg.append(awb.draw("path", { class: "uncertainty", d, fill: "none", stroke: color, "stroke-width": 1.2, "stroke-opacity": 0.55 },
    awb.draw("title", {}, `${explanation.explainer}: relevance ± standard error`)));
};

awb.drawKept = (svg, kept, edges, x, y) => {
  [...kept].forEach((mark, cell) => {
    if (mark === "1") {
      svg.append(awb.draw("rect", {
        x: x(edges[cell]), y, width: Math.max(0.5, x(edges[cell + 1]) - x(edges[cell]) - 0.3), height: 5, fill: "var(--ink)",
      }));
    }
  });
};

/** Names of curves at the right edge, without overlap. */
awb.drawEndLabels = (svg, entries, x, size) => {
  const sorted = [...entries].sort((one, other) => one.y - other.y);
  for (let place = 1; place < sorted.length; place += 1) {
    sorted[place].y = Math.max(sorted[place].y, sorted[place - 1].y + size * 1.2);
  }
  const over = sorted.length ? Math.max(0, sorted[sorted.length - 1].y - sorted[0].limit) : 0;
  for (let place = sorted.length - 1, bound = Infinity; place >= 0; place -= 1) {
    if (over > 0) sorted[place].y = Math.min(sorted[place].y, Math.min(bound, sorted[0].limit));
    bound = sorted[place].y - size * 1.2;
  }
  for (const { y, text, color } of sorted) {
    svg.append(awb.draw("text", { x, y: y + size * 0.35, "font-size": size, style: `fill:${color}` }, text));
  }
};

/** Draw an instance; returns the cursor and the scale of time. */
awb.instanceFigure = (holder, instance, state, width) => {
  const end = instance.edges[instance.edges.length - 1];
  const shown = state.explainers
    .map((name, slot) => ({ slot, found: instance.explanations.find((each) => each.explainer === name) }))
    .filter(({ found }) => found);
  const rows = state.layout === "rows";
  const size = 12;
  const names = rows || width < 560 ? [] : shown.map(({ found }) => awb.textWidth(found.explainer, size));
  const left = state.background === "picture" && instance.ticks ? 42 : 4;
  const right = width - (names.length ? Math.min(width * 0.26, Math.max(...names)) + 10 : 6);
  const x = awb.linear(0, end, left, right);
  const svg = awb.draw("svg", { role: "img" });
  const top = awb.drawLanes(svg, instance, x, left, right);
  const soundHeight = rows ? (width < 560 ? 70 : 90) : (width < 560 ? 190 : 250);
  const rowHeight = 58;
  const keptRoom = state.kept ? 9 : 0;
  const bottom = top + soundHeight + (rows ? shown.length * rowHeight : 0) + keptRoom;
  awb.drawSound(svg, instance, state, x, top, soundHeight);
  awb.drawEvents(svg, instance, x, top, bottom - keptRoom);
  if (rows) {
    shown.forEach(({ found, slot }, place) => {
      const begin = top + soundHeight + place * rowHeight;
      const lowest = Math.min(0, ...found.relevance) / 1000;
      const zero = begin + 18 + (rowHeight - 22) / (1 - lowest);
      svg.append(awb.draw("line", { class: "axis", x1: left, x2: right, y1: zero, y2: zero }));
      awb.drawCurve(svg, found, awb.styleOf(slot), instance.edges, x, zero, begin + 18, true);
      if (found.uncertainty) awb.drawUncertainty(svg, found, awb.styleOf(slot).color, instance.edges, x, zero, begin + 18, lowest);
      svg.append(awb.draw("text", { x: left, y: begin + 13, "font-size": size, "font-weight": 600, "paint-order": "stroke", stroke: "var(--paper)", "stroke-width": 3 },
        `${found.explainer}  `, awb.draw("tspan", { "font-weight": 400 }, awb.format(found.scores[state.metric], 3))));
    });
  } else {
    const lowest = Math.min(0, ...shown.flatMap(({ found }) => found.relevance)) / 1000;
    const zero = top + 6 + (soundHeight - 12) / (1 - lowest);
    svg.append(awb.draw("line", { x1: left, x2: right, y1: zero, y2: zero, stroke: "var(--faint)", "stroke-width": 0.8 }));
    for (const { found, slot } of shown) {
      awb.drawCurve(svg, found, awb.styleOf(slot), instance.edges, x, zero, top + 6, false);
    }
    if (names.length) {
      awb.drawEndLabels(svg, shown.map(({ found, slot }) => ({
        y: zero + (top + 6 - zero) * (found.relevance[found.relevance.length - 1] / 1000),
        limit: top + soundHeight - 4, text: awb.cut(found.explainer, size, width - right - 8), color: awb.styleOf(slot).color,
      })), right + 6, size);
    }
  }
  if (state.kept) awb.drawKept(svg, state.kept, instance.edges, x, bottom - 7);
  awb.drawTime(svg, end, x, bottom, right - left);
  const cursor = awb.draw("line", { class: "cursor", x1: x(0), x2: x(0), y1: 0, y2: bottom });
  svg.append(cursor);
  svg.setAttribute("viewBox", `0 0 ${width} ${bottom + 22}`);
  svg.setAttribute("aria-label", `${instance.target} in ${instance.clip}: ` +
    `${instance.intervals.map(([start, stop]) => `sounds from ${start.toFixed(1)} to ${stop.toFixed(1)} s`).join(", ") || "no events are annotated"}. ` +
    `Highest relevance: ${shown.map(({ found }) => {
      const cell = found.relevance.indexOf(Math.max(...found.relevance));
      return `${found.explainer} at ${instance.edges[cell].toFixed(1)} s`;
    }).join(", ") || "no explainer is chosen"}.`);
  holder.replaceChildren(svg);
  return { svg, cursor, x, end, left, right, width };
};
