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
