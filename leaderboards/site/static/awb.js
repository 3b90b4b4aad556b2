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

"use strict";
/* A sortable table whose rows can be filtered. Columns may be added and removed. */

awb.table = (section) => {
  const table = awb.part(section, "ranking");
  const body = table.tBodies[0];
  const headers = () => [...table.tHead.rows[0].cells];
  const rows = [...body.rows];
  const original = new Map(rows.map((row, place) => [row, place]));

  const value = (row, column, kind) => {
    const text = row.cells[column].dataset.value;
    if (kind === "text") return text.toLowerCase();
    return text === "" ? null : Number(text);
  };

  const compare = (column, kind, sign) => (one, other) => {
    const [first, second] = [value(one, column, kind), value(other, column, kind)];
    if (first === null || second === null) {
      if (first !== second) return first === null ? 1 : -1;
    } else if (first !== second) return first < second ? -sign : sign;
    return original.get(one) - original.get(other);
  };

  const unmark = () => {
    for (const each of headers().filter((one) => one.dataset.sort)) {
      each.removeAttribute("aria-sort");
      each.querySelector(".direction").textContent = "";
      each.classList.remove("sorted");
    }
  };

  const sort = (header) => {
    const { sort: kind, first } = header.dataset;
    const now = header.getAttribute("aria-sort");
    const other = first === "ascending" ? "descending" : "ascending";
    const direction = now === first ? other : first;
    unmark();
    header.setAttribute("aria-sort", direction);
    header.classList.add("sorted");
    header.querySelector(".direction").textContent = direction === "ascending" ? " ▲" : " ▼";
    rows.sort(compare(header.cellIndex, kind, direction === "ascending" ? 1 : -1));
    body.append(...rows);
  };

  /** Add buttons to headers that have none yet. */
  const prepare = () => {
    for (const header of headers().filter((one) => one.dataset.sort)) {
      const head = header.querySelector(".head");
      if (!head) continue;
      const button = awb.make("button", { type: "button", class: head.classList.contains("tight") ? "tight" : null, onclick: () => sort(header) });
      button.append(...head.childNodes, awb.make("span", { class: "direction", "aria-hidden": "true" }));
      head.replaceWith(button);
    }
  };

  /** Restore the original order of the rows. */
  const restore = () => {
    unmark();
    rows.sort((one, other) => original.get(one) - original.get(other));
    body.append(...rows);
  };

  prepare();
  const handle = { table, rows, prepare, restore };
  const filter = awb.part(section, "filter");
  if (!filter) return handle;
  const baselines = awb.part(section, "baselines");
  const count = awb.part(section, "count");
  const apply = () => {
    const words = filter.value.toLowerCase().split(/[\s,]+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const name = row.dataset.explainer.toLowerCase();
      const fits = words.length === 0 || words.some((word) => name.includes(word));
      row.hidden = !fits || (baselines && !baselines.checked && row.classList.contains("baseline"));
      shown += row.hidden ? 0 : 1;
    }
    count.textContent = `${shown} of ${rows.length} ${count.dataset.noun || "explainers"}`;
  };
  filter.addEventListener("input", apply);
  baselines?.addEventListener("change", apply);
  apply();
  awb.part(section, "board-controls").hidden = false;
  return handle;
};

"use strict";
/* The metrics shown as columns of the board: a family, or any selection. */

/** Format an interval as in the static table: ".98–1.00", "−.20 to .31". */
awb.narrow = (low, high) => {
  if (low === null || high === null) return "";
  const short = (value) => {
    const text = awb.rounded(value, 2).replace("-0.00", "0.00");
    return Math.abs(value) < 0.995 ? text.replace("0.", ".").replace("-", "−") : text;
  };
  return `${short(low)}${low < 0 ? " to " : "–"}${short(high)}`;
};

/** The metrics with at least one value, and always the ranking metric. */
awb.valued = (board) => board.metrics.filter((metric, place) =>
  place === 0 || metric.headline || board.rows.some((row) => row.cells[place][0] !== null));

/** The metrics by heading: the main ones, then each family. */
awb.families = (metrics) => {
  const found = new Map([["main", metrics.filter((metric) => metric.headline)]]);
  for (const metric of metrics) {
    if (!found.has(metric.family)) found.set(metric.family, []);
    found.get(metric.family).push(metric);
  }
  return found;
};

/** Fill a select with a board's metrics, under their families; the main ones come first. */
awb.metricOptions = (select, board) => {
  const option = (metric) => awb.make("option", { value: board.metrics.indexOf(metric) }, `${metric.name} ${metric.arrow}`);
  const groups = [...awb.families(awb.valued(board))].map(([family, ones]) =>
    [family, family === "main" ? ones : ones.filter((metric) => !metric.headline)]);
  select.append(...groups.filter(([, ones]) => ones.length).map(([family, ones]) =>
    awb.make("optgroup", { label: family }, ones.map(option))));
};

awb.metricHead = (metric) => {
  const first = metric.higher ? "descending" : "ascending";
  const arrow = awb.make("span", { role: "img", "aria-label": metric.higher ? "higher is better" : "lower is better" }, metric.arrow);
  return awb.make("th", { scope: "col", class: "value", "data-sort": "number", "data-first": first, title: metric.summary },
    awb.make("span", { class: metric.name.length < 10 ? "head tight" : "head" }, `${metric.name}\u00a0`, arrow));
};

awb.metricCell = ([mean, low, high, count], total) =>
  awb.make("td", { class: "value", "data-value": mean === null ? "" : String(mean) },
    count ? awb.format(mean) : "–", awb.make("span", { class: "span" }, count ? awb.narrow(low, high) + (count < total ? ` n=${count}` : "") : ""));

/** The meaning of each column, with links if there is a page of metrics. */
awb.columnKey = (list, metrics) => {
  const { page } = list.dataset;
  list.replaceChildren(...metrics.flatMap((metric) => {
    const link = page ? awb.make("a", { href: `${page}#metric-${metric.slug}` }, metric.name) : metric.name;
    return [
      awb.make("dt", {}, link, ` ${metric.arrow}`),
      awb.make("dd", {}, `${metric.summary}. ${metric.reading}`),
    ];
  }));
};

/**
 * Let users choose the columns of a board; `changed` receives the choice, for the fragment.
 * Returns a function that shows a choice: a family, "all", or comma-separated names.
 */
awb.columns = (section, board, handle, changed) => {
  const { table, rows, prepare, restore } = handle;
  const valued = awb.valued(board);
  const families = awb.families(valued);
  if (valued.every((metric) => metric.headline)) return { show: () => {} };
  families.set("all", valued);
  const cells = new Map(board.rows.map((row) => [row.explainer, row.cells]));
  const status = awb.part(section, "columns-count");
  const radios = new Map();
  const boxes = new Map();

  const draw = (metrics) => {
    const places = metrics.map((metric) => board.metrics.indexOf(metric));
    const fill = (row, ones) => {
      for (const old of row.querySelectorAll(".value")) old.remove();
      row.querySelector(".name").after(...ones);
    };
    restore();
    fill(table.tHead.rows[0], metrics.map(awb.metricHead));
    for (const row of rows) fill(row, places.map((place) => awb.metricCell(cells.get(row.dataset.explainer)[place], board.n)));
    prepare();
    table.closest(".scroll").scrollLeft = 0;
    awb.columnKey(awb.part(section, "columns-key"), metrics);
  };

  const choose = (metrics, family) => {
    draw(metrics);
    for (const [name, radio] of radios) radio.checked = name === family;
    for (const [metric, box] of boxes) box.checked = metrics.includes(metric);
    status.textContent = `${metrics.length} of ${valued.length} metrics`;
  };
  const state = () => {
    const family = [...radios].find(([, radio]) => radio.checked);
    if (family) return family[0] === "main" ? null : family[0];
    return [...boxes].filter(([, box]) => box.checked).map(([metric]) => metric.name).join(",") || null;
  };

  const name = awb.unique("columns");
  const radio = ([family, metrics]) => {
    const input = awb.make("input", { type: "radio", name, value: family });
    input.addEventListener("change", () => { choose(metrics, family); changed(state()); });
    radios.set(family, input);
    return awb.make("label", { class: "check" }, input, ` ${family}`, awb.make("span", { class: "count" }, ` ${metrics.length}`));
  };
  const box = (metric) => {
    const input = awb.make("input", { type: "checkbox", value: metric.name });
    input.addEventListener("change", () => {
      choose(valued.filter((each) => boxes.get(each).checked), null);
      changed(state());
    });
    boxes.set(metric, input);
    return awb.make("label", { class: "check", title: metric.summary }, input, ` ${metric.name} ${metric.arrow}`);
  };
  awb.part(section, "families").append(...[...families].map(radio));
  awb.part(section, "choice").append(...[...families].filter(([family]) => family !== "main" && family !== "all")
    .map(([family, metrics]) => awb.make("fieldset", {}, awb.make("legend", {}, family), metrics.map(box))));
  awb.part(section, "columns").hidden = false;
  radios.get("main").checked = true;
  for (const [metric, input] of boxes) input.checked = metric.headline;
  status.textContent = `${families.get("main").length} of ${valued.length} metrics`;

  return {
    show: (text) => {
      if (text === state() || !text) return;
      if (families.has(text)) choose(families.get(text), text);
      else {
        const names = text.split(",");
        const metrics = valued.filter((metric) => names.includes(metric.name));
        if (metrics.length) choose(metrics, null);
      }
    },
  };
};

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

"use strict";
/* Labels of points that overlap neither labels nor points; labels without space are left out. */

awb.overlap = (one, other, gap = 1) =>
  one.left < other.right + gap && other.left < one.right + gap &&
  one.top < other.bottom + gap && other.top < one.bottom + gap;

/**
 * Place labels one after another, the most important first.
 *
 * points: [{at: [x, y], width}], in order of importance; box: {left, right, top, bottom};
 * lines: [[x1, y1, x2, y2]] that labels avoid if possible.
 * Returns the label's box for each point, or null if there is no space.
 */
awb.placeLabels = (points, box, size, radius, lines = []) => {
  const height = size * 1.15;
  const taken = points.map(({ at: [x, y] }) => ({
    left: x - radius, right: x + radius, top: y - radius, bottom: y + radius,
  }));
  const placed = [];
  const leaders = [];
  const same = (one, other) => points[one].at.every((part, axis) => Math.abs(part - points[other].at[axis]) < 2 * radius);
  const find = (place, kept) => {
    const { at: [x, y], width } = points[place];
    for (let reach = 0; reach < 16; reach += 1) {
      const shift = reach * height * 0.55;
      const side = radius + 3 + reach * 4;
      const corners = [
        [x + side, y - height / 2], [x - side - width, y - height / 2],
        [x + side, y - height / 2 - shift], [x + side, y - height / 2 + shift],
        [x - side - width, y - height / 2 - shift], [x - side - width, y - height / 2 + shift],
        [x - width / 2, y - radius - height - 1 - shift], [x - width / 2, y + radius + 1 + shift],
      ];
      for (const [left, top] of corners) {
        const spot = { left, top, right: left + width, bottom: top + height, far: reach > 0 };
        const line = awb.leader(x, y, spot);
        const inside = left >= box.left && spot.right <= box.right && top >= box.top && spot.bottom <= box.bottom;
        const free = inside && !kept.some((each) => awb.cutsBox(each, spot)) &&
          taken.every((other, index) => index === place ||
            (!awb.overlap(spot, other, 1) && (reach === 0 || same(place, index) || !awb.cutsBox(line, other)))) &&
          placed.every((other) => !other || (!awb.overlap(spot, other, 2) && !awb.cutsBox(line, other)));
        if (free) return spot;
      }
    }
    return null;
  };
  for (const [place, { at: [x, y] }] of points.entries()) {
    const spot = find(place, [...lines, ...leaders]) || find(place, leaders);
    placed.push(spot);
    if (spot && spot.far) leaders.push(awb.leader(x, y, spot));
  }
  return placed;
};

/** From a point to the nearest place on a label's edge: [x1, y1, x2, y2]. */
awb.leader = (x, y, spot) => [
  x, y,
  Math.min(Math.max(x, spot.left), spot.right),
  x > spot.left && x < spot.right
    ? Math.min(Math.max(y, spot.top + 1), spot.bottom - 1) : (spot.top + spot.bottom) / 2,
];

/** Whether a line passes through a box (Liang and Barsky's clipping, 1984). */
awb.cutsBox = ([x1, y1, x2, y2], box) => {
  let [enter, leave] = [0, 1];
  const sides = [
    [x1 - x2, x1 - box.left], [x2 - x1, box.right - x1], [y1 - y2, y1 - box.top], [y2 - y1, box.bottom - y1],
  ];
  for (const [slope, room] of sides) {
    if (slope === 0 && room <= 0) return false;
    if (slope < 0) enter = Math.max(enter, room / slope);
    if (slope > 0) leave = Math.min(leave, room / slope);
  }
  return enter < leave;
};

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

"use strict";
/* The state of the page is stored in the URL's fragment, so that links restore it. */

/** Read: {board, clip, target, explainers, metrics}; null where the fragment does not say. */
awb.readAddress = () => {
  const parts = new URLSearchParams(window.location.hash.slice(1));
  const explainers = parts.getAll("explainer");
  return {
    board: Number(parts.get("board")) || null,
    clip: parts.get("clip"),
    target: parts.get("target"),
    explainers: explainers.length ? explainers : null,
    metrics: parts.get("metrics"),
  };
};

/** The fragment of an instance, with the explainers shown. */
awb.address = ({ board, clip, target, explainers, metrics }) => {
  const parts = new URLSearchParams();
  if (board > 1 || clip === undefined) parts.set("board", board);
  if (clip !== undefined) {
    parts.set("clip", clip);
    parts.set("target", target);
  }
  for (const name of explainers || []) parts.append("explainer", name);
  if (metrics) parts.set("metrics", metrics);
  return `#${parts}`;
};

/** Replace the fragment without adding a history entry. */
awb.writeAddress = (state) => {
  const fragment = awb.address(state);
  if (fragment !== window.location.hash) window.history.replaceState(null, "", fragment);
};

"use strict";
/* Sounds of the page: decoded on demand, masked here, played from memory. */

awb.bytes = (base64) => {
  const text = window.atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place += 1) bytes[place] = text.charCodeAt(place);
  return bytes;
};

/** Find an encoded sound by name. */
awb.encoded = (name) => {
  for (const script of document.querySelectorAll("script.sound-data")) {
    if (script.dataset.name === name) return awb.bytes(script.textContent);
  }
  return null;
};

awb.decode = async (bytes) => {
  const context = new OfflineAudioContext(1, 1, 48000);
  const buffer = await context.decodeAudioData(bytes.buffer.slice(0));
  return { samples: buffer.getChannelData(0), rate: buffer.sampleRate };
};

/** Keep the cells marked 1 and replace the others, as the run's masker did. */
awb.masked = (sound, fill, edges, kept) => {
  const out = new Float32Array(sound.samples.length);
  for (let cell = 0; cell < kept.length; cell += 1) {
    const start = Math.round(edges[cell] * sound.rate);
    const stop = cell + 1 === kept.length ? out.length : Math.round(edges[cell + 1] * sound.rate);
    if (kept[cell] === "1") out.set(sound.samples.subarray(start, stop), start);
    else if (typeof fill === "number") out.fill(fill, start, stop);
    else out.set(fill.subarray(start, Math.min(stop, out.length)), start);
  }
  return out;
};

/** Encode samples as a 16-bit WAV file. */
awb.wav = (samples, rate) => {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (at, letters) => [...letters].forEach((letter, place) => view.setUint8(at + place, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + 2 * samples.length, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((sample, place) =>
    view.setInt16(44 + 2 * place, Math.round(32767 * Math.max(-1, Math.min(1, sample))), true));
  return new Blob([view], { type: "audio/wav" });
};

/** The sounds of one instance by source; only the last few stay in memory. */
awb.sounds = (instance) => {
  const made = new Map();
  let whole = null;
  const decoded = async () => {
    whole ||= Promise.all([
      awb.decode(awb.encoded(instance.sound)),
      instance.fillSound ? awb.decode(awb.encoded(instance.fillSound)).then((fill) => fill.samples) : instance.fill,
    ]);
    return whole;
  };
  const blob = async (explainer, amount) => {
    const [sound, fill] = await decoded();
    if (!explainer) return awb.wav(sound.samples, sound.rate);
    const found = instance.explanations.find((each) => each.explainer === explainer);
    return awb.wav(awb.masked(sound, fill, instance.edges, found.kept[amount]), sound.rate);
  };
  return {
    address: async (explainer, amount) => {
      const key = JSON.stringify([explainer, amount]);
      if (!made.has(key)) made.set(key, blob(explainer, amount).then((file) => URL.createObjectURL(file)));
      return made.get(key);
    },
    forget: () => {
      for (const address of made.values()) address.then((text) => URL.revokeObjectURL(text), () => {});
      made.clear();
    },
  };
};

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

"use strict";
/* A check box per explainer, with a sample of its line and its score on the instance. */

awb.legend = (holder, instance, state, change) => {
  const rows = instance.explanations.map((explanation) => {
    const name = explanation.explainer;
    const slot = state.explainers.indexOf(name);
    const box = awb.make("input", { type: "checkbox", checked: slot >= 0, "data-explainer": name });
    box.addEventListener("change", () => change(name, box.checked));
    const style = awb.styleOf(Math.max(0, slot));
    const sample = awb.draw("svg", { viewBox: "0 0 34 8", width: 34, height: 8, "aria-hidden": "true" },
      slot < 0 ? null : awb.draw("line", {
        x1: 1, x2: 33, y1: 4, y2: 4, stroke: style.color, "stroke-width": 2.5, "stroke-dasharray": style.dash,
      }));
    return awb.make("label", { class: explanation.baseline ? "baseline" : null },
      box, sample, awb.make("span", { class: "name" }, name),
      awb.make("span", { class: "score" }, awb.format(explanation.scores[state.metric], 3)));
  });
  holder.replaceChildren(...rows);
};

"use strict";
/* The player of one instance. */

awb.player = (section, board, metric, tell) => {
  const part = (role) => awb.part(section, role);
  const [figure, seek, play, source, amount] = ["figure", "seek", "play", "source", "amount"].map(part);
  const audio = new Audio();
  audio.preload = "auto";
  const state = { explainers: [], background: "wave", layout: "over", metric: metric.name, kept: null };
  let instance = null;
  let sounds = null;
  let drawn = null;
  let position = 0;
  let wanted = 0;

  const moveTo = (seconds) => {
    position = Math.max(0, Math.min(drawn.end, seconds));
    seek.value = position;
    const text = `${position.toFixed(1)} of ${drawn.end.toFixed(1)} s`;
    seek.setAttribute("aria-valuetext", text);
    part("time").textContent = text;
    const at = drawn.x(position);
    drawn.cursor.setAttribute("x1", at);
    drawn.cursor.setAttribute("x2", at);
  };

  const redraw = awb.onWidth(figure, (width) => {
    if (!instance) return;
    drawn = awb.instanceFigure(figure, instance, state, width);
    moveTo(position);
  });

  const seekTo = (seconds) => {
    moveTo(seconds);
    if (audio.src) audio.currentTime = position;
  };

  const show = (playing) => {
    part("play-sign").textContent = playing ? "❚❚" : "▶";
    part("play-word").textContent = playing ? "Pause" : "Play";
  };

  const follow = () => {
    if (audio.paused) return;
    moveTo(audio.currentTime);
    window.requestAnimationFrame(follow);
  };

  const load = async () => {
    const turn = (wanted += 1);
    const address = await sounds.address(source.value, amount.value);
    if (turn !== wanted) return;
    if (audio.dataset.address !== address) {
      const playing = !audio.paused;
      audio.src = address;
      audio.dataset.address = address;
      audio.currentTime = position;
      if (playing) await audio.play();
    }
  };

  const toggle = async () => {
    if (!audio.paused) {
      audio.pause();
      return;
    }
    await load();
    if (position >= drawn.end - 0.05) seekTo(0);
    await audio.play();
  };

  const stop = () => {
    wanted += 1;
    audio.pause();
    audio.removeAttribute("src");
    delete audio.dataset.address;
    show(false);
  };

  const listSources = () => {
    const before = source.value;
    const able = instance.sound && !instance.onlyWhole ? state.explainers.filter((name) =>
      instance.explanations.some((each) => each.explainer === name && each.kept)) : [];
    source.replaceChildren(awb.make("option", { value: "" }, "the whole clip"),
      ...able.map((name) => awb.make("option", { value: name }, `what ${name} keeps`)));
    source.value = able.includes(before) ? before : "";
  };

  const showKept = () => {
    const found = instance.explanations.find((each) => each.explainer === source.value);
    amount.disabled = !found;
    state.kept = found ? found.kept[amount.value] : null;
    redraw();
  };

  const choose = (name, chosen) => {
    state.explainers = chosen ? [...state.explainers, name] : state.explainers.filter((each) => each !== name);
    refresh();
    part("legend").querySelector(`input[data-explainer="${CSS.escape(name)}"]`)?.focus();
    tell(state.explainers);
  };

  const refresh = () => {
    const before = source.value;
    listSources();
    part("legend-title").textContent = `Explainers, with their ${metric.name} on this instance`;
    awb.legend(part("legend"), instance, state, choose);
    showKept();
    if (before !== source.value && audio.src) load();
  };

  const open = (next, explainers) => {
    stop();
    if (sounds) sounds.forget();
    instance = next;
    sounds = awb.sounds(instance);
    position = 0;
    state.explainers = explainers.filter((name) => instance.explanations.some((each) => each.explainer === name));
    const end = instance.edges[instance.edges.length - 1];
    part("title").textContent = instance.target;
    const seconds = instance.intervals.reduce((sum, [start, stopped]) => sum + stopped - start, 0);
    part("about").textContent = [
      `clip ${instance.clip}`,
      instance.intervals.length ? `sounds for ${seconds.toFixed(1)} of ${end.toFixed(1)} s` : `${end.toFixed(1)} s`,
      `model's log-odds ${awb.format(instance.score, 1)}`,
      instance.level === null ? null : `mean ${metric.name} ${awb.format(instance.level, 2)}`,
    ].filter(Boolean).join(" · ");
    part("shaded").hidden = !instance.intervals.length;
    seek.max = end;
    const silent = part("silent");
    silent.hidden = !instance.silent && !instance.onlyWhole;
    silent.textContent = instance.silent ? `No sound: ${instance.silent}.`
      : instance.onlyWhole ? `Only the whole clip can be played: ${instance.onlyWhole}.` : "";
    for (const control of [play, source]) control.disabled = !instance.sound;
    const counts = instance.keptCounts;
    amount.options[0].hidden = !counts || counts.annotated === 0;
    if (amount.options[0].hidden) amount.value = "fifth";
    refresh();
    redraw();
  };

  play.addEventListener("click", () => toggle().catch((error) => {
    part("silent").hidden = false;
    part("silent").textContent = `This browser cannot play the sound (${error.message}).`;
  }));
  audio.addEventListener("play", () => { show(true); follow(); });
  audio.addEventListener("pause", () => show(false));
  audio.addEventListener("ended", () => { show(false); if (drawn) moveTo(drawn.end); });
  seek.addEventListener("input", () => seekTo(Number(seek.value)));
  source.addEventListener("change", () => { showKept(); load(); });
  amount.addEventListener("change", () => { showKept(); load(); });
  for (const input of section.querySelectorAll('[data-role="background"], [data-role="layout"]')) {
    input.addEventListener("change", () => { state[input.dataset.role] = input.value; redraw(); });
  }
  const point = (event) => {
    const box = figure.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * drawn.width;
    seekTo(((at - drawn.left) / (drawn.right - drawn.left)) * drawn.end);
  };
  figure.addEventListener("pointerdown", (event) => { if (event.button === 0) point(event); });
  figure.addEventListener("pointermove", (event) => { if (event.buttons === 1) point(event); });
  return { open, audio, position: () => position };
};

"use strict";
/* Save a chart as SVG or PNG: a copy with the colours and fonts that it has on the page. */

awb.savedStyles = [
  "fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linejoin",
  "opacity", "font-family", "font-size", "font-style", "font-weight", "text-anchor", "paint-order", "filter",
];

/** A copy of a chart that looks the same without the page's style sheet. */
awb.standalone = (svg) => {
  const copy = svg.cloneNode(true);
  const from = [svg, ...svg.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll("*")].forEach((node, place) => {
    const style = getComputedStyle(from[place]);
    for (const name of awb.savedStyles) node.style.setProperty(name, style.getPropertyValue(name));
  });
  for (const cursor of copy.querySelectorAll(".cursor")) cursor.remove();
  const { width, height } = svg.viewBox.baseVal;
  const paper = getComputedStyle(document.body).backgroundColor;
  const edge = 12;
  copy.prepend(awb.draw("rect", { x: -edge, y: -edge, width: width + 2 * edge, height: height + 2 * edge, fill: paper }));
  awb.fill(copy, {
    xmlns: "http://www.w3.org/2000/svg", width: width + 2 * edge, height: height + 2 * edge,
    viewBox: `${-edge} ${-edge} ${width + 2 * edge} ${height + 2 * edge}`, style: null,
  }, []);
  copy.removeAttribute("style");
  return copy;
};

awb.svgFile = (svg) =>
  new Blob([new XMLSerializer().serializeToString(awb.standalone(svg))], { type: "image/svg+xml" });

awb.pngFile = async (svg, scale = 2) => {
  const address = URL.createObjectURL(awb.svgFile(svg));
  try {
    const picture = new Image();
    picture.src = address;
    await picture.decode();
    const canvas = awb.make("canvas", { width: picture.width * scale, height: picture.height * scale });
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    return await new Promise((done) => { canvas.toBlob(done, "image/png"); });
  } finally {
    URL.revokeObjectURL(address);
  }
};

awb.download = (file, name) => {
  const address = URL.createObjectURL(file);
  awb.make("a", { href: address, download: name }).click();
  window.setTimeout(() => URL.revokeObjectURL(address), 10_000);
};

/** Add the buttons below a figure that scripts draw. */
awb.savable = (figure) => {
  const what = figure.dataset.role;
  const name = () => `${document.title} ${what}`.toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 60);
  const button = (kind, make) => awb.make("button", {
    type: "button", class: "quiet", "aria-label": `Save this chart as ${kind.toUpperCase()}`,
    onclick: async () => {
      const svg = figure.querySelector("svg");
      if (svg) awb.download(await make(svg), `${name()}.${kind}`);
    },
  }, kind.toUpperCase());
  const bar = awb.make("p", { class: "save" }, "Save as ", button("svg", awb.svgFile), button("png", awb.pngFile));
  const holder = awb.make("div", { class: "savable" });
  figure.replaceWith(holder);
  holder.append(figure, bar);
};

for (const role of ["bars", "scatter", "heatmap", "diagram", "figure"]) {
  for (const figure of document.querySelectorAll(`[data-role="${role}"]`)) awb.savable(figure);
}

"use strict";
/* Say that a table goes on to the right, as long as it does. */

awb.scrolling = (box) => {
  const hint = awb.make("p", { class: "more", "aria-hidden": "true" }, "more columns →");
  box.before(hint);
  const look = () => {
    const rest = box.scrollWidth - box.clientWidth - box.scrollLeft;
    hint.classList.toggle("there", box.clientWidth > 0 && rest > 4);
    hint.hidden = box.scrollWidth - box.clientWidth <= 4;
  };
  box.addEventListener("scroll", look, { passive: true });
  new ResizeObserver(() => window.requestAnimationFrame(look)).observe(box);
  look();
};

for (const box of document.querySelectorAll(".scroll")) awb.scrolling(box);

"use strict";
/* Light and dark. */

/** Store a choice for the next page, if the browser allows it. */
awb.keepTheme = (theme) => {
  try {
    window.localStorage.setItem("awb-theme", theme);
  } catch {
    // a private window, or a page opened as a file
  }
};

/** A button that switches between light and dark. */
awb.theme = (button) => {
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const kept = "remember" in root.dataset; // one page of a site: the choice applies to all of its pages
  const now = () => root.dataset.theme || (dark.matches ? "dark" : "light");
  const name = () => { button.textContent = now() === "dark" ? "Light" : "Dark"; };
  button.addEventListener("click", () => {
    root.dataset.theme = now() === "dark" ? "light" : "dark";
    if (kept) awb.keepTheme(root.dataset.theme);
    name();
  });
  dark.addEventListener("change", name);
  name();
  button.hidden = false;
};

"use strict";
/* A clip and the parts that explainers point at: played from one sound, which is loaded on demand. */

/** Load the site's sound once; scripts can be read where a page is opened as a file. */
awb.loadSound = (address) => {
  awb.clipDecoded ||= new Promise((done, failed) => {
    const script = awb.make("script", { src: address });
    script.addEventListener("load", () => done(awb.decode(awb.bytes(awb.clipSound))));
    script.addEventListener("error", () => failed(new Error("the sound is missing")));
    document.head.append(script);
  });
  return awb.clipDecoded;
};

awb.stage = (stage) => {
  const [seekLine, seek, time, heard] = ["seek-line", "seek", "time", "heard"].map((role) => awb.part(stage, role));
  const buttons = [...stage.querySelectorAll('[data-role="hear"]')];
  const edges = stage.dataset.edges.split(" ").map(Number);
  const end = Number(stage.dataset.end);
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  const audio = new Audio();
  const made = new Map();
  let playing = null;
  let position = 0;

  const moveTo = (seconds) => {
    position = Math.max(0, Math.min(end, seconds));
    stage.style.setProperty("--at", `${(100 * position) / end}%`);
    seek.value = position;
    time.textContent = `${position.toFixed(1)} s`;
    seek.setAttribute("aria-valuetext", `${position.toFixed(1)} of ${end.toFixed(1)} s`);
  };
  const follow = () => {
    if (audio.paused) return;
    moveTo(audio.currentTime);
    window.requestAnimationFrame(follow);
  };
  const show = (button) => {
    playing = button;
    for (const each of buttons) {
      each.firstElementChild.textContent = each === button ? "❚❚" : "▶";
      each.setAttribute("aria-pressed", String(each === button));
      each.closest(".lane").classList.toggle("heard", each === button);
    }
  };
  const address = async (button) => {
    if (!made.has(button)) {
      const sound = await awb.loadSound(stage.dataset.sound);
      const samples = button.dataset.kept ? awb.masked(sound, 0, edges, button.dataset.kept) : sound.samples;
      made.set(button, URL.createObjectURL(awb.wav(samples, sound.rate)));
    }
    return made.get(button);
  };
  const toggle = async (button) => {
    if (button === playing) {
      audio.pause();
      return;
    }
    const source = await address(button);
    audio.pause();
    if (position >= end - 0.05) moveTo(0);
    if (audio.src !== source) audio.src = source;
    audio.currentTime = position;
    await audio.play();
    show(button);
    heard.textContent = `Playing ${button.dataset.what}.`;
  };

  for (const button of buttons) {
    button.hidden = false;
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => toggle(button).catch((error) => {
      heard.textContent = `This browser cannot play the sound (${error.message}).`;
    }));
  }
  seekLine.hidden = false;
  audio.addEventListener("play", () => { if (!still.matches) follow(); });
  audio.addEventListener("timeupdate", () => { if (still.matches) moveTo(audio.currentTime); });
  audio.addEventListener("pause", () => { show(null); heard.textContent = ""; });
  audio.addEventListener("ended", () => moveTo(end));
  const seekTo = (seconds) => {
    moveTo(seconds);
    if (audio.src) audio.currentTime = position;
  };
  seek.addEventListener("input", () => seekTo(Number(seek.value)));
  for (const plot of stage.querySelectorAll('[data-role="plot"]')) {
    plot.addEventListener("pointerdown", (event) => {
      const box = plot.getBoundingClientRect();
      if (event.button === 0) seekTo((end * (event.clientX - box.left)) / box.width);
    });
  }
  moveTo(0);
};

for (const stage of document.querySelectorAll('[data-role="stage"][data-sound]')) awb.stage(stage);

"use strict";
/* Two explainers side by side: the table of the page, for any pair, and the address that names it. */

/** The place of a pair, first below second, in the upper triangle of n rows. */
awb.pairPlace = (n, first, second) => first * n - (first * (first + 1)) / 2 + second - first - 1;

/** The differences of two explainers on every board that has both, by metric. */
awb.gaps = (boards, first, second) => {
  const found = new Map();
  for (const board of boards) {
    for (const metric of board.metrics) {
      const [one, other] = [first, second].map((name) => metric.names.indexOf(name));
      if (one < 0 || other < 0 || one === other) continue;
      const place = 3 * awb.pairPlace(metric.names.length, Math.min(one, other), Math.max(one, other));
      const [mean, low, high] = metric.gaps.slice(place, place + 3).map((end) => (end === null ? null : end / 1000));
      const turned = one < other ? [mean, low, high] : [-mean, low === null ? null : -high, high === null ? null : -low];
      if (!found.has(metric.name)) found.set(metric.name, []);
      found.get(metric.name).push({ board, metric, ends: turned, means: [metric.means[one] / 1000, metric.means[other] / 1000] });
    }
  }
  return found;
};

/** The difference and its interval; better for the first is to the right. */
awb.gapDrawing = ([mean, low, high], higher, wide) => {
  const scale = (higher ? 72 : -72) / (wide || 1);
  return awb.draw("svg", { class: "gap", width: 160, height: 16, viewBox: "-80 0 160 16", "aria-hidden": "true" },
    awb.draw("path", { class: "axis", d: "M0 0V16" }),
    ...(low === null ? [] : [awb.draw("path", { class: "ends", d: `M${low * scale} 8H${high * scale}` })]),
    awb.draw("circle", { cx: mean * scale, cy: 8, r: 4 }));
};

awb.gapRow = ({ board, metric, ends, means }, wide) => {
  const [mean, low, high] = ends;
  const side = low === null || (low <= 0 && high >= 0) ? "" : (low > 0) === metric.higher ? "first" : "second";
  const text = (value) => awb.format(value, 3);
  return awb.make("tr", { class: side },
    awb.make("th", { scope: "row", class: "name" }, awb.make("a", { href: board.page }, board.title)),
    awb.make("td", { class: "value" }, `${mean > 0 ? "+" : ""}${text(mean)}`,
      awb.make("span", { class: "span" }, low === null ? "" : `${text(low)} to ${text(high)}`)),
    awb.make("td", { class: "drawn" }, awb.gapDrawing(ends, metric.higher, wide)),
    ...means.map((value) => awb.make("td", { class: "value" }, text(value))));
};

/** Both curves on the clip of the site, one above the other. */
awb.twoLanes = (figure, data, names) => {
  const shown = names.filter((name) => data.lanes[name]);
  figure.hidden = shown.length === 0;
  const end = data.edges[data.edges.length - 1];
  figure.replaceChildren(...shown.map((name) => {
    const values = data.lanes[name];
    const lowest = Math.min(0, ...values) / 1000;
    const zero = 6 + 88 / (1 - lowest);
    const steps = values.map((value, cell) => `V${zero - ((zero - 6) * value) / 1000}H${data.edges[cell + 1]}`).join("");
    const curve = awb.draw("svg", { viewBox: `0 0 ${end} 100`, preserveAspectRatio: "none", role: "img", "aria-label": `Relevance by ${name} on the clip of the first page` },
      ...data.spans.map(([from, to]) => awb.draw("rect", { class: "event", x: from, y: 0, width: to - from, height: 100 })),
      awb.draw("path", { class: "relevance", d: `M0 ${zero}${steps}V${zero}Z` }),
      awb.draw("line", { class: "axis", x1: 0, x2: end, y1: zero, y2: zero }));
    return awb.make("div", { class: "lane" },
      awb.make("div", { class: "lane-head" }, awb.make("b", {}, name)),
      awb.make("div", { class: "lane-plot" }, curve));
  }));
};

awb.compare = (section) => {
  const data = JSON.parse(section.querySelector(".compare-data").textContent);
  const pages = JSON.parse(section.querySelector(".compare-pages").textContent);
  const [a, b, swap, told] = ["a", "b", "swap", "compare-told"].map((role) => awb.part(section, role));
  const table = section.querySelector("table");
  const lanes = section.querySelector('[data-role="lanes"]');
  const known = (name) => [...a.options].some((option) => option.value === name);

  const render = (announce) => {
    const names = [a.value, b.value];
    const linked = (name) => (pages[name] ? awb.make("a", { href: pages[name] }, name) : name);
    awb.part(section, "first").replaceChildren(linked(names[0]));
    awb.part(section, "second").replaceChildren(linked(names[1]));
    for (const role of ["first-head", "first-mean"]) awb.part(section, role).textContent = names[0];
    for (const role of ["second-head", "second-mean"]) awb.part(section, role).textContent = names[1];
    const found = awb.gaps(data.boards, ...names);
    for (const body of table.tBodies.length ? [...table.tBodies] : []) body.remove();
    for (const [name, gaps] of found) {
      const wide = Math.max(...gaps.flatMap(({ ends }) => ends.map((each) => Math.abs(each ?? 0))));
      const { slug, arrow } = gaps[0].metric;
      const link = awb.make("a", { href: `metrics.html#metric-${slug}` }, name);
      table.append(awb.make("tbody", { "data-metric": name },
        awb.make("tr", {}, awb.make("th", { scope: "rowgroup", colspan: 5, class: "name group" }, link, ` ${arrow}`)),
        gaps.map((gap) => awb.gapRow(gap, wide))));
    }
    const few = names[0] === names[1] ? "Choose two different explainers." : "No board has values of both.";
    if (!found.size) table.append(awb.make("tbody", {}, awb.make("tr", {}, awb.make("td", { colspan: 5, class: "text" }, few))));
    if (lanes) awb.twoLanes(lanes, data, names);
    if (announce) told.textContent = found.size ? `${names[0]} and ${names[1]} compared.` : few;
  };
  const read = () => {
    const words = new URLSearchParams(window.location.hash.slice(1));
    if (known(words.get("a"))) a.value = words.get("a");
    if (known(words.get("b"))) b.value = words.get("b");
    if (a.value === b.value) b.value = [...b.options].find((option) => option.value !== a.value).value;
    render(false);
  };
  const write = () => {
    window.history.replaceState(null, "", `#${new URLSearchParams({ a: a.value, b: b.value })}`);
    render(true);
  };
  for (const select of [a, b]) select.addEventListener("change", write);
  swap.addEventListener("click", () => {
    [a.value, b.value] = [b.value, a.value];
    write();
  });
  window.addEventListener("hashchange", read);
  awb.part(section, "compare-controls").hidden = false;
  read();
};

for (const section of document.querySelectorAll('[data-role="compare"]')) awb.compare(section);

"use strict";
/* A button on every block of commands that copies it. */

awb.copyText = async (text) => {
  if (navigator.clipboard && window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = awb.make("textarea", { class: "visually-hidden" }); // without https, the old way
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("copying is not allowed");
};

awb.copyable = (block) => {
  const button = awb.make("button", { type: "button", class: "copy" }, "Copy");
  const told = awb.make("span", { class: "visually-hidden", role: "status" });
  const say = (text, aloud) => {
    button.textContent = text;
    told.textContent = aloud;
    window.setTimeout(() => { button.textContent = "Copy"; told.textContent = ""; }, 2000);
  };
  button.addEventListener("click", () => awb.copyText(block.textContent.trim())
    .then(() => say("Copied", "Copied to the clipboard."), () => say("Press Ctrl+C", "Copying is not allowed here.")));
  const holder = awb.make("div", { class: "copyable" });
  block.replaceWith(holder);
  holder.append(block, button, told);
};

for (const block of document.querySelectorAll("pre")) awb.copyable(block);

"use strict";
/* Pages without boards: tables, and bars of one explainer on all boards. */

awb.across = (section) => {
  const board = JSON.parse(section.querySelector(".across-data").textContent);
  const select = awb.part(section, "metric");
  awb.metricOptions(select, board);
  section.hidden = false;
  const bars = awb.part(section, "bars");
  const redraw = awb.onWidth(bars, (width) => awb.bars(bars, board, Number(select.value), width));
  const facts = () => awb.metricFacts(awb.part(section, "metric-facts"), board.metrics[Number(select.value)]);
  select.addEventListener("change", () => { facts(); redraw(); });
  facts();
};

for (const section of document.querySelectorAll('[data-role="sortable"]')) awb.table(section);
for (const section of document.querySelectorAll('[data-role="across"]')) awb.across(section);

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

"use strict";
/* Assemble the parts of the page. */

/** The list of instances; returns a function that marks the current one. */
awb.instanceList = (nav, order, board, list, link) => {
  const level = (one) => (one.level === null ? Infinity : one.level * (board.metrics[0].higher ? 1 : -1));
  const entry = (one) => awb.make("li", {}, awb.make("a", { href: link(one), "data-key": one.key },
    awb.make("span", {}, one.target), awb.make("span", { class: "level" }, awb.format(one.level, 2)),
    awb.make("span", { class: "clip" }, one.clip)));
  const group = (heading, ones) => (ones.length ? [
    heading ? awb.make("p", { class: "group" }, heading) : null, awb.make("ol", {}, ones.map(entry)),
  ] : []);
  let current = null;
  const mark = (key) => {
    current = key;
    for (const each of nav.querySelectorAll("a")) {
      if (each.dataset.key === String(key)) each.setAttribute("aria-current", "true");
      else each.removeAttribute("aria-current");
    }
  };
  const render = () => {
    const worst = [...list].sort((one, other) => level(one) - level(other));
    const few = Math.min(5, Math.floor(list.length / 2));
    const groups = {
      extremes: () => [
        ...group("Worst", worst.slice(0, few)), ...group("Best", worst.slice(worst.length - few).reverse()),
        ...group(few ? "Between" : "", worst.slice(few, worst.length - few)),
      ],
      worst: () => group("", worst),
      best: () => group("", [...worst].reverse()),
      clip: () => group("", [...list].sort((one, other) =>
        one.clip.localeCompare(other.clip, "en", { numeric: true }) || one.target.localeCompare(other.target, "en"))),
    };
    nav.replaceChildren(...groups[order.value]().filter(Boolean));
    if (current !== null) mark(current);
  };
  order.addEventListener("change", render);
  render();
  return mark;
};

awb.charts = (article, board) => {
  if (board.rows.every((row) => row.cells[0][0] === null)) return;
  const select = awb.part(article, "metric");
  awb.metricOptions(select, board);
  for (const section of article.querySelectorAll('[data-role="charts"]')) section.hidden = false;
  const bars = awb.part(article, "bars");
  const redraw = awb.onWidth(bars, (width) => awb.bars(bars, board, Number(select.value), width));
  const facts = () => awb.metricFacts(awb.part(article, "metric-facts"), board.metrics[Number(select.value)]);
  select.addEventListener("change", () => { facts(); redraw(); });
  facts();
  const scatter = awb.part(article, "scatter");
  awb.onWidth(scatter, (width) => awb.scatter(scatter, board, width));
  if (!board.agreement) return;
  awb.part(article, "agreement-section").hidden = false;
  const every = awb.part(article, "all-metrics");
  const main = board.metrics.filter((metric) => metric.headline).map((metric) => metric.name);
  every.parentElement.hidden = board.agreement.metrics.every((name) => main.includes(name));
  const map = awb.part(article, "heatmap");
  const again = awb.onWidth(map, (width) => awb.heatmap(map, board, every.checked, width));
  every.addEventListener("change", again);
};

awb.board = (article) => {
  const number = Number(article.dataset.number);
  const board = JSON.parse(article.querySelector(".board-data").textContent);
  const leaderboard = article.querySelector(".leaderboard");
  const handle = awb.table(leaderboard);
  const list = board.instances.map((one, key) => ({ ...one, key }));
  awb.charts(article, board);
  const section = awb.part(article, "listening");
  const chosen = { explainers: [], key: null, metrics: null };
  const write = () => {
    const one = chosen.key === null ? {} : list[chosen.key];
    awb.writeAddress({ board: number, clip: one.clip, target: one.target, explainers: chosen.explainers, metrics: chosen.metrics });
  };
  const columns = awb.columns(leaderboard, board, handle, (metrics) => {
    chosen.metrics = metrics;
    write();
  });
  const showColumns = (address) => {
    if (address.metrics) chosen.metrics = address.metrics;
    columns.show(address.metrics);
  };
  if (!section) return { number, article, open: showColumns };
  section.hidden = false;
  const scripts = [...article.querySelectorAll(".instance-data")];
  const best = board.rows.filter((row) => row.rank !== null).slice(0, 3).map((row) => row.explainer);
  chosen.explainers = best.length ? best : board.rows.slice(0, 3).map((row) => row.explainer);
  const player = awb.player(section, board, board.metrics[0], (explainers) => {
    chosen.explainers = explainers;
    write();
  });
  const link = (one) => awb.address({ board: number, clip: one.clip, target: one.target });
  const mark = awb.instanceList(awb.part(section, "instances"), awb.part(section, "order"), board, list, link);
  const open = (address) => {
    showColumns(address);
    const found = list.find((one) => one.clip === address.clip && one.target === address.target);
    if (address.explainers) chosen.explainers = address.explainers;
    const key = found ? found.key : (chosen.key ?? awb.part(section, "instances").querySelector("a").dataset.key);
    if (Number(key) === chosen.key && !address.explainers) return;
    chosen.key = Number(key);
    player.open(JSON.parse(scripts[chosen.key].textContent), chosen.explainers);
    mark(chosen.key);
    if (found) write();
  };
  return { number, article, open, player, section };
};

awb.start = () => {
  const boards = [...document.querySelectorAll("article.board")].map(awb.board);
  const go = (scroll) => {
    const address = awb.readAddress();
    const shown = boards.find((board) => board.number === address.board) || boards[0];
    for (const board of boards) board.article.hidden = board !== shown;
    for (const link of document.querySelectorAll(".boards-nav a")) {
      if (Number(link.dataset.board) === shown.number) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    shown.open(address);
    if (scroll && (address.clip || address.explainers) && shown.section) shown.section.scrollIntoView();
  };
  if (boards.length) {
    window.addEventListener("hashchange", () => go(false));
    go(true);
  }
  awb.theme(document.getElementById("theme"));
  awb.boards = boards;
};

awb.start();
