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
